// The arithmetic of the software MLU270, once and for all (docs/numerics.md says where it comes
// from). Every kernel of device mlu, fast or plain, computes these functions bit for bit; they are
// scalar so that they can be read.
//
//   * Tensors between operators are halves. An operator computes in float, and its result is
//     rounded once: to the nearest half, ties to even, saturating at +-65504. There is no infinity
//     and no NaN: NaN becomes 65504.
//   * A convolution quantizes its input by its scale, halves away from zero, adds up integers
//     exactly, and the sum over the scales is rounded to half once.
//   * Mean reduces one axis at a time, the last one first. Each sum is exact, becomes a half, which
//     saturates, and only then is multiplied by 1/n. So no mean over 256 values exceeds 65504/256.
//   * A squared difference is a half difference times itself; a power of a difference is a half
//     after each of its multiplications.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/half.h"

namespace picabia::kernels::mlu {

constexpr float kLargestHalf = 65504.f;

// NaN: kLargestHalf.
inline float Saturate(float v) {
  const float below = v < kLargestHalf ? v : kLargestHalf;
  return below > -kLargestHalf ? below : -kLargestHalf;
}

inline uint16_t ToHalf(float v) { return FloatToHalf(Saturate(v)); }

// The half as a float.
inline float RoundHalf(float v) { return HalfToFloat(ToHalf(v)); }

// A double rounded once: on the way through float, what is cut off leaves its mark in the last bit
// ("round to odd"), which lies two places or more below the last bit of the half.
inline uint16_t ToHalf(double v) {
  const double limit = static_cast<double>(kLargestHalf);
  if (!(v < limit)) return ToHalf(kLargestHalf);
  if (!(v > -limit)) return ToHalf(-kLargestHalf);
  const float nearest = static_cast<float>(v);
  uint32_t bits = std::bit_cast<uint32_t>(nearest);
  if (static_cast<double>(nearest) != v) {
    if (std::fabs(static_cast<double>(nearest)) > std::fabs(v)) --bits;  // towards zero
    bits |= 1;
  }
  return FloatToHalf(std::bit_cast<float>(bits));
}

inline float RoundHalf(double v) { return HalfToFloat(ToHalf(v)); }

// The factor that stands for x in a convolution: clamp(round(x * scale), low, high), halves away
// from zero. x is no NaN.
inline int32_t Quantize(float x, float scale, int32_t low, int32_t high) {
  const float scaled = x * scale;
  const float clamped =
      std::min(std::max(scaled, static_cast<float>(low)), static_cast<float>(high));
  return static_cast<int32_t>(std::round(clamped));
}

// What a convolution makes of the sum of its products; divisor: input scale times filter scale.
inline uint16_t SumToHalf(double sum, double divisor) { return ToHalf(sum / divisor); }

// The mean of `count` values along one axis, from their exact sum.
inline float Mean(double sum, int64_t count) {
  return RoundHalf(RoundHalf(sum) * (1.f / static_cast<float>(count)));
}

// (x - y)^2.
inline float SquaredDifference(float x, float y) {
  const float d = RoundHalf(x - y);
  return RoundHalf(d * d);
}

// The difference d to the power p: integral powers multiply, negative ones take the reciprocal at
// the end (0: 1); others are computed in float.
inline float Power(float d, float p) {
  constexpr float kMostFactors = 1024;
  if (p != std::floor(p) || std::fabs(p) > kMostFactors) return RoundHalf(std::pow(d, p));
  if (p == 0) return 1;
  float y = d;
  for (int i = 1; i < static_cast<int>(std::fabs(p)); ++i) y = RoundHalf(y * d);
  return p > 0 ? y : RoundHalf(1 / y);
}

// One value of an instance norm: `deviation` is RoundHalf(sqrt(RoundHalf(variance + epsilon))).
inline float Normalize(float x, float mean, float deviation, float scale, float shift) {
  const float z = RoundHalf(RoundHalf(x - mean) / deviation);
  return RoundHalf(RoundHalf(z * scale) + shift);
}

}  // namespace picabia::kernels::mlu
