// The scalar reference of every operator on device mlu: plain loops over the rules of
// kernels/mlu/numerics.h, and the specification of the device's fast paths.
#pragma once

#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "ops/ops.h"

namespace picabia::mlu {

// Runs one operator. Floating-point inputs hold halves, in tensors of their own type; so does the
// output. Inputs are checked as kernels::RunReference does.
Result<Tensor> RunReference(const ops::Op& op, const std::vector<Tensor>& inputs);

// Every element of a tensor of floats, of any width, as the nearest half; others share their bytes.
Result<Tensor> RoundTensor(const Tensor& tensor);

}  // namespace picabia::mlu
