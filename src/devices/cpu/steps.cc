// The fast path of an operator where there is one, the scalar reference of kernels/ otherwise.
#include "devices/cpu/steps.h"

#include <array>
#include <optional>

#include "base/checked.h"
#include "devices/cpu/fast_steps.h"
#include "kernels/reference/reference.h"

namespace picabia::cpu {

Result<Tensor> RunStep(const ConvContext& context, const ops::Op& op, const ops::TensorType& output,
                       const std::vector<Tensor>& inputs, const char** kernel) {
  const StepInputs step{context, output, inputs};
  // Nothing to compute; paths that count rows or pixels would count them all the same.
  if (CheckedProduct(output.shape) == 0) {
    *kernel = "row";
    return step.Allocate();
  }
  for (const auto try_fast :
       {TryLayout, TryJoin, TryElementwise, TryPower, TryWindow, TryQuantized, TryProduct}) {
    *kernel = "row";
    PICABIA_ASSIGN_OR_RETURN(std::optional<Tensor> fast, try_fast(step, op));
    if (fast) return *std::move(fast);
  }
  if (const auto* custom = std::get_if<ops::Custom>(&op)) {
    *kernel = "custom";
    PICABIA_ASSIGN_OR_RETURN(Tensor y, step.Allocate());
    PICABIA_RETURN_IF_ERROR(custom->implementation->Compute(inputs, custom->attributes, y));
    return y;
  }
  *kernel = "reference";
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, kernels::RunReference(op, inputs));
  return std::move(outputs[0]);
}

int64_t StepMacs(const ops::Op& op, const std::vector<ops::TensorType>& inputs,
                 const Shape& output) {
  const bool transposed = std::holds_alternative<ops::ConvTranspose2D>(op) ||
                          std::holds_alternative<ops::Int8ConvTranspose2D>(op);
  const bool plain = std::holds_alternative<ops::Conv2D>(op) ||
                     std::holds_alternative<ops::Int8Conv2D>(op) ||
                     std::holds_alternative<ops::QuantizedConv2D>(op);
  if (!transposed && !plain) return 0;
  const Shape& f = inputs[1].shape;
  const auto macs = CheckedProduct(std::array{
      CheckedProduct(transposed ? inputs[0].shape : output).value_or(0), f[0], f[1], f[2]});
  return macs.value_or(0);
}

}  // namespace picabia::cpu
