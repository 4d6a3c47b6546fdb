// The fast path of an operator where there is one, the scalar reference of kernels/ otherwise.
#include "devices/cpu/steps.h"

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
  for (const auto try_fast : {TryLayout, TryElementwise, TryWindow, TryQuantized, TryProduct}) {
    *kernel = "row";
    PICABIA_ASSIGN_OR_RETURN(std::optional<Tensor> fast, try_fast(step, op));
    if (fast) return *std::move(fast);
  }
  *kernel = "reference";
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, kernels::RunReference(op, inputs));
  return std::move(outputs[0]);
}

}  // namespace picabia::cpu
