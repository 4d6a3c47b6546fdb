// Which exponent a PowerDifference takes from its input.
#pragma once

#include "base/status.h"
#include "base/tensor.h"
#include "ops/elementwise.h"

namespace picabia::ops {

// By op.convention, from the contents of input 2; an error where it has no element. What the
// exponent means: kernels/power/power.h.
Result<float> ExponentOf(const PowerDifference& op, const Tensor& power);

}  // namespace picabia::ops
