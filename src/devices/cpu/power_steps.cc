// PowerDifference on all threads: the vector kernel where the exponent is whole, pow() otherwise.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/checked.h"
#include "devices/cpu/fast_steps.h"
#include "ops/power.h"

namespace picabia::cpu {
namespace {

// The two operands as the kernel wants them: `full` has the output's shape, `repeated` goes on in
// it from the start again every `period` elements.
struct PowerOperands {
  const float* full = nullptr;
  const float* repeated = nullptr;
  int64_t period = 1;
  bool reversed = false;      // full is y
  std::vector<float> copies;  // of a short y, behind each other
};

std::optional<PowerOperands> OperandsOf(const Tensor& x, const Tensor& y, const Shape& out) {
  constexpr int64_t kLongPeriod = 512;  // of it, the kernel's blocks of 64 waste nothing much
  const Operand left = OperandOf(x, out), right = OperandOf(y, out);
  if (left == Operand::kOther || right == Operand::kOther) return std::nullopt;
  const bool left_full = x.num_elements() >= y.num_elements();
  const Tensor& full = left_full ? x : y;
  const Tensor& repeated = left_full ? y : x;
  if (full.num_elements() != CheckedProduct(out)) return std::nullopt;
  PowerOperands operands{
      full.data<float>(), repeated.data<float>(), repeated.num_elements(), !left_full, {}};
  if (operands.period >= kLongPeriod || operands.period == full.num_elements()) return operands;
  const int64_t times = CeilDiv(kLongPeriod, operands.period);
  for (int64_t i = 0; i < times; ++i)
    operands.copies.insert(operands.copies.end(), operands.repeated,
                           operands.repeated + operands.period);
  operands.repeated = operands.copies.data();
  operands.period *= times;
  return operands;
}

float PowerOf(float d, float power) {
  return static_cast<float>(std::pow(static_cast<double>(d), static_cast<double>(power)));
}

}  // namespace

FastResult TryPower(const StepInputs& s, const ops::Op& op) {
  const auto* power_difference = std::get_if<ops::PowerDifference>(&op);
  if (power_difference == nullptr) return std::optional<Tensor>();
  const auto operands = OperandsOf(s.in[0], s.in[1], s.output.shape);
  if (!operands) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(const float power, ops::ExponentOf(*power_difference, s.in[2]));
  const auto whole = kernels::WholePowerOf(power);
  PICABIA_ASSIGN_OR_RETURN(Tensor z, s.Allocate());
  const int64_t total = z.num_elements(), period = operands->period;
  // Parts begin where the repeated operand does.
  constexpr int64_t kPart = 16 << 10;
  const int64_t part = std::max<int64_t>(1, kPart / period) * period;
  float* out = z.MutableData<float>();
  s.context.threads.For(CeilDiv(total, part), [&](int64_t i, int) {
    const int64_t at = i * part, n = std::min(total - at, part);
    if (whole) {
      s.context.kernels.power({operands->full + at, operands->repeated, n, period,
                               operands->reversed, *whole, out + at});
      return;
    }
    for (int64_t k = 0; k < n; ++k) {
      const float u = operands->full[at + k], v = operands->repeated[k % period];
      out[at + k] = PowerOf(operands->reversed ? v - u : u - v, power);
    }
  });
  return std::optional<Tensor>(std::move(z));
}

}  // namespace picabia::cpu
