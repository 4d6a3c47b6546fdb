// The steps of a program that are not convolution blocks: fast paths for the common shapes, the
// scalar reference for the rest.
#pragma once

#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "devices/cpu/conv.h"
#include "ops/ops.h"
#include "ops/shape.h"

namespace picabia::cpu {

// Runs one operator, whose parameters are absorbed (ops/parameters.h), into an output of this type.
// `kernel` is set to the name of what ran, for the
// profile.
Result<Tensor> RunStep(const ConvContext& context, const ops::Op& op, const ops::TensorType& output,
                       const std::vector<Tensor>& inputs, const char** kernel);

// Multiply-adds of a convolution that is no block, or 0.
int64_t StepMacs(const ops::Op& op, const std::vector<ops::TensorType>& inputs,
                 const Shape& output);

}  // namespace picabia::cpu
