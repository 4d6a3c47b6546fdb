// (x - y)^p on device mlu: whole powers by the kernel in BANG C, bang/power_difference.mlu, where
// this build has it. Called by steps.cc.
#pragma once

#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "devices/cpu/conv.h"
#include "ops/shape.h"

namespace picabia::mlu {

// in: x and y, floats that are halves and broadcast to `output`, which is not empty. Each operation
// is rounded to half (kernels/mlu/numerics.h). `kernel` is set to the name of what ran.
Result<Tensor> RunPowerDifference(const cpu::ConvContext& context, const ops::TensorType& output,
                                  const std::vector<Tensor>& in, float power, const char** kernel);

}  // namespace picabia::mlu
