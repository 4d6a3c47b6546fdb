// Constants of a program as tensors in their logical layout.
#pragma once

#include "base/status.h"
#include "base/tensor.h"
#include "ops/ops.h"
#include "program/program.h"

namespace picabia::cpu {

// A plain constant as the tensor of `dtype` that its users expect.
Result<Tensor> UnpackConstant(const program::Constant& constant, DType dtype);
// A packed filter as HWIO or HWOI, for the reference.
Result<Tensor> UnpackFilter(const ops::ConvBlock& op, const program::Constant& constant);

// Whether devices can run a block with this filter (null: it is no constant): the constant is
// packed, and a transposed convolution has strides of at most 64.
Status CheckFilter(const ops::ConvBlock& op, const program::Constant* filter);

}  // namespace picabia::cpu
