// Chunks through device memory to the kernel and back; what a kernel of halves has no loop for is
// computed here by the same rule.
#include "devices/mlu/power_steps.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/checked.h"
#include "devices/cpu/steps.h"
#if defined(PICABIA_BANG_OPERATORS)
#include "devices/mlu/bang/power_difference.h"
#endif
#include "kernels/mlu/numerics.h"
#include "kernels/table.h"

namespace picabia::mlu {
namespace {

namespace rules = kernels::mlu;

constexpr int64_t kChunk = 64 << 10;  // elements that a thread takes at a time
constexpr float kMostFactors = 1024;  // up to which rules::Power multiplies

void ForChunks(const cpu::ConvContext& context, int64_t n,
               const std::function<void(int64_t from, int64_t count)>& body) {
  context.threads.For(CeilDiv(n, kChunk),
                      [&](int64_t i, int) { body(i * kChunk, std::min(kChunk, n - i * kChunk)); });
}

// The difference, rounded, and then its power.
Result<Tensor> ByRule(const cpu::ConvContext& context, const ops::TensorType& output,
                      const std::vector<Tensor>& in, float power, const char** kernel) {
  PICABIA_ASSIGN_OR_RETURN(
      Tensor d, cpu::RunStep(context, ops::Binary{ops::BinaryKind::kSub}, output, in, kernel));
  float* v = d.MutableData<float>();
  ForChunks(context, d.num_elements(), [&](int64_t from, int64_t count) {
    context.kernels.mlu.round(v + from, count);
    for (int64_t k = from; k < from + count; ++k) v[k] = rules::Power(v[k], power);
  });
  return d;
}

#if defined(PICABIA_BANG_OPERATORS)

// Elements that go to the kernel at once: a line of its for each of the 16 cores. They stay in the
// cache on their way.
constexpr int64_t kLaunch = 16 * 16384;

Result<Tensor> AsOutput(const cpu::ConvContext& context, const ops::TensorType& output,
                        const Tensor& x) {
  if (x.shape() == output.shape) return x;
  const char* kernel = "";
  return cpu::RunStep(context, ops::Expand{output.shape}, output, {x}, &kernel);
}

Result<Tensor> ByKernel(const cpu::ConvContext& context, const ops::TensorType& output,
                        const std::vector<Tensor>& in, int power) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor x, AsOutput(context, output, in[0]));
  PICABIA_ASSIGN_OR_RETURN(const Tensor y, AsOutput(context, output, in[1]));
  PICABIA_ASSIGN_OR_RETURN(Tensor result, context.pool.AllocateTensor(DType::kF32, output.shape));
  const int64_t n = result.num_elements();
  PICABIA_ASSIGN_OR_RETURN(const auto call, bang::PowerDifference::Create(std::min(n, kLaunch)));
  const auto& kernels = context.kernels.mlu;
  for (int64_t start = 0; start < n; start += kLaunch) {
    const int64_t total = std::min(kLaunch, n - start);
    ForChunks(context, total, [&](int64_t from, int64_t count) {
      kernels.to_half(x.data<float>() + start + from, count, call->x() + from);
      kernels.to_half(y.data<float>() + start + from, count, call->y() + from);
    });
    PICABIA_RETURN_IF_ERROR(call->Run(power, total, context.threads.threads()));
    float* out = result.MutableData<float>() + start;
    ForChunks(context, total, [&](int64_t from, int64_t count) {
      kernels.to_float(call->out() + from, count, out + from);
    });
  }
  return result;
}

#endif  // PICABIA_BANG_OPERATORS

}  // namespace

Result<Tensor> RunPowerDifference(const cpu::ConvContext& context, const ops::TensorType& output,
                                  const std::vector<Tensor>& in, float power, const char** kernel) {
  const std::vector<Tensor> operands = {in[0], in[1]};
#if defined(PICABIA_BANG_OPERATORS)
  if (power >= 1 && power <= kMostFactors && power == std::floor(power)) {
    *kernel = "bang-power-difference";
    return ByKernel(context, output, operands, static_cast<int>(power));
  }
#endif
  return ByRule(context, output, operands, power, kernel);
}

}  // namespace picabia::mlu
