// The conditions of device.cc and grouped_int8.cc that do not depend on the picture.
#include "devices/cpu/float_steps.h"

#include "devices/cpu/conv_weights.h"
#include "devices/cpu/grouped_int8.h"
#include "ops/ops.h"

namespace picabia::cpu {
namespace {

constexpr const char* kOverflow = "a window of so many inputs overflows 32-bit sums";

const program::Constant* ConstantOf(const program::Program& program, int32_t value) {
  for (const program::Constant& c : program.constants)
    if (c.value == value) return &c;
  return nullptr;
}

// Empty: in integers, or without products.
struct Reason {
  const program::Program& program;
  const program::Step& step;

  std::string operator()(const ops::ConvBlock& op) const {
    const program::Constant* filter = ConstantOf(program, step.inputs[1]);
    if (filter == nullptr) return {};
    const auto weights = MakeConvWeights(op, *filter);
    if (!weights.ok() || FitsInt32(**weights, false)) return {};
    return kOverflow;
  }
  std::string operator()(const ops::Conv2D& op) const {
    const program::Constant* filter = ConstantOf(program, step.inputs[1]);
    const Shape one{1, 1, 1, 1};
    if (filter == nullptr || GroupedInt8Fits(op, filter->shape, one)) return {};
    return kOverflow;
  }
  std::string operator()(const ops::ConvTranspose2D& op) const {
    return op.groups > 1 ? "a transposed convolution in groups"
                         : "a transposed convolution whose filter is computed";
  }
  std::string operator()(const ops::MatMul&) const { return "a matrix product"; }
  template <typename Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

}  // namespace

std::vector<FloatStep> StepsInFloat(const program::Program& program) {
  std::vector<FloatStep> steps;
  for (const program::Step& step : program.steps) {
    std::string reason = std::visit(Reason{program, step}, step.op);
    if (!reason.empty()) steps.push_back({step.name, ops::OpName(step.op), std::move(reason)});
  }
  return steps;
}

}  // namespace picabia::cpu
