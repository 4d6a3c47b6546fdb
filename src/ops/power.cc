// The three ways to read an exponent; see power.h.
#include "ops/power.h"

#include <algorithm>
#include <cmath>

namespace picabia::ops {

Result<float> ExponentOf(const PowerDifference& op, const Tensor& power) {
  if (power.num_elements() < 1)
    return InvalidArgument("input 2 (power): found no element, expected one");
  if (op.convention == PowerConvention::kCambriconMlu && power.rank() > 0)
    return static_cast<float>(power.shape()[0]);
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> values, FloatValues(power));
  if (op.convention != PowerConvention::kCambriconCpu) return values[0];
  // Converts to int (NaN and what does not fit are undefined there), multiplies exponent - 1 times.
  return std::isnan(values[0]) ? 1 : std::clamp(std::trunc(values[0]), 1.0f, 2147483648.0f);
}

}  // namespace picabia::ops
