// What PowerDifference computes, (x - y)^p elementwise, and what its vector kernel (power_inl.h) is
// given. Called by devices; src/kernels/reference/ has the scalar form of the same rule.
//
//   d = x - y in float32, rounded once
//   p whole, |p| <= kMaxWholePower:
//     d^|p| in float64 by repeated squaring, from the lowest bit of |p| to the highest; its
//     reciprocal where p < 0; rounded to float32 once
//   any other p: pow(d, p) of the C library in float64, rounded to float32 once
//
// So an odd p keeps the sign of d and an even one drops it; p = 0 gives 1, whatever d is, NaN too;
// a negative p of d = 0 gives infinity; a fractional p of a negative d gives NaN. p = 2 has the
// bits of SquaredDifference, because the float64 product of two float32 is exact. The bits are the
// same in every table of kernels.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace picabia::kernels {

// Above it nearly all float32 are whole, and squaring would have nothing on pow().
constexpr float kMaxWholePower = 65536;

struct WholePower {
  uint32_t exponent = 1;
  bool reciprocal = false;
};

// Nothing where the rule for other p applies.
inline std::optional<WholePower> WholePowerOf(float p) {
  if (!(std::fabs(p) <= kMaxWholePower) || p != std::trunc(p)) return std::nullopt;
  return WholePower{static_cast<uint32_t>(std::fabs(p)), p < 0};
}

// z[i] = (x[i] - y[i % period])^power, or (y[i % period] - x[i])^power. Fast where period is some
// hundred elements or more: callers repeat a shorter y.
struct PowerRow {
  const float* x;
  const float* y;
  int64_t count;
  int64_t period;  // >= 1
  bool reversed;
  WholePower power;
  float* z;  // may be x
};

}  // namespace picabia::kernels
