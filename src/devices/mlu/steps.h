// The steps of device mlu that are no convolution blocks: the fast paths of device cpu with the
// card's rounding, and the operators that have rules of their own.
#pragma once

#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "devices/cpu/conv.h"
#include "ops/ops.h"
#include "ops/shape.h"

namespace picabia::mlu {

// Runs one operator, whose parameters are absorbed (ops/parameters.h), into an output of this type.
// Floats are halves, as is what comes out. `kernel` is set to the name of what ran.
Result<Tensor> RunStep(const cpu::ConvContext& context, const ops::Op& op,
                       const ops::TensorType& output, const std::vector<Tensor>& inputs,
                       const char** kernel);

// The axes of an operator that is a mean under the card's rule, in order; empty for others.
std::vector<int64_t> MeanAxes(const ops::Op& op, const Shape& x);

}  // namespace picabia::mlu
