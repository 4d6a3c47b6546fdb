// How the device rounds to half: it has no infinity and no NaN (facts of the card's arithmetic,
// docs/bang.md). Scalar references; the vector kernels of src/devices/mlu/bang/isa equal them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/half.h"

namespace picabia::mlu {

constexpr uint16_t kHalfMax = 0x7BFF;  // 65504

// Nearest, ties to even, saturating; a NaN becomes the largest value of its sign.
inline uint16_t FloatToHalfSaturating(float value) {
  const uint16_t half = FloatToHalf(value);
  return (half & 0x7C00u) == 0x7C00u ? static_cast<uint16_t>((half & 0x8000u) | kHalfMax) : half;
}

// Nearest, ties away from zero, saturating; what is not zero does not become zero. The conversion
// of the host library.
inline uint16_t FloatToHalfAway(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude >= 0x477FF000u) return static_cast<uint16_t>(sign | kHalfMax);  // >= 65520, NaN
  if (magnitude == 0) return static_cast<uint16_t>(sign);
  if (magnitude < 0x38800000u) {  // below 2^-14: a multiple of 2^-24
    const float units = std::floor(std::bit_cast<float>(magnitude) * 0x1p24f + 0.5f);
    return static_cast<uint16_t>(sign | (units < 1 ? 1u : static_cast<uint32_t>(units)));
  }
  return static_cast<uint16_t>(sign | ((magnitude - 0x38000000u + 0x1000u) >> 13));
}

// Infinity counts as the largest value.
inline float DeviceHalfToFloat(uint16_t half) {
  return HalfToFloat((half & 0x7FFFu) == 0x7C00u ? static_cast<uint16_t>(half - 1) : half);
}

}  // namespace picabia::mlu
