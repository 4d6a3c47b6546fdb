/* Scalar functions of kernels. Functions, not macros: kernels call their parameters pow and max. */
#ifndef PICABIA_BANG_SCALAR_H
#define PICABIA_BANG_SCALAR_H

#include "bang/detail/runtime.h"

#define PICABIA_BANG_EACH_SCALAR(X) X(uint16_t) X(int16_t) X(uint32_t) X(int32_t) X(half) X(float)
#define PICABIA_BANG_MIN_MAX(T)                    \
  inline T max(T a, T b) { return a > b ? a : b; } \
  inline T min(T a, T b) { return a < b ? a : b; }
PICABIA_BANG_EACH_SCALAR(PICABIA_BANG_MIN_MAX)
#undef PICABIA_BANG_MIN_MAX
namespace picabia_bang {
template <typename T>
constexpr bool kNumber = std::is_arithmetic_v<T> || std::is_same_v<T, half>;
}
/* Two types, or one of the rest: as the usual conversions have it. */
template <typename A, typename B,
          typename = std::enable_if_t<picabia_bang::kNumber<A> && picabia_bang::kNumber<B>>>
inline auto max(A a, B b) -> decltype(a + b) {
  const decltype(a + b) x = a, y = b;
  return x > y ? x : y;
}
template <typename A, typename B,
          typename = std::enable_if_t<picabia_bang::kNumber<A> && picabia_bang::kNumber<B>>>
inline auto min(A a, B b) -> decltype(a + b) {
  const decltype(a + b) x = a, y = b;
  return x < y ? x : y;
}

inline int16_t abs(int16_t x) { return static_cast<int16_t>(x < 0 ? -x : x); }
inline half abs(half x) { return x < 0 ? -x : x; }
/* The device rounds by way of a 32-bit integer. */
inline half ceil(half x) {
  return static_cast<half>(static_cast<int32_t>(::ceilf(static_cast<float>(x))));
}
inline half floor(half x) {
  return static_cast<half>(static_cast<int32_t>(::floorf(static_cast<float>(x))));
}
inline half round(half x) {
  return static_cast<half>(static_cast<int32_t>(::roundf(static_cast<float>(x))));
}

namespace picabia_bang {
template <typename To>
inline To Saturate(float rounded) {
  constexpr float low = static_cast<float>(sizeof(To) == 2 ? INT16_MIN : INT32_MIN);
  constexpr float high =
      sizeof(To) == 2 ? 32767.0f : 2147483520.0f; /* the largest float below 2^31 */
  if (!(rounded > low)) return rounded <= low ? static_cast<To>(low) : To{0};
  return rounded > high ? (sizeof(To) == 2 ? To(INT16_MAX) : static_cast<To>(INT32_MAX))
                        : static_cast<To>(rounded);
}
inline float AwayFromZero(float x) { return ::copysignf(::ceilf(::fabsf(x)), x); }
inline half ToHalf(float x, int rounding) {
  half result;
  picabia_bang_convert(PICABIA_HALF, PICABIA_FLOAT, rounding, &result, &x, 1, 0, 0, 0, 1,
                       {nullptr, 0});
  return result;
}
}  // namespace picabia_bang

/* Suffixes: _tz toward zero, _oz away from zero, _up, _dn, _rd nearest with halves away from zero,
 * _rn with halves to even. */
#define PICABIA_BANG_ROUNDINGS(X, NAME, FROM, TO)   \
  X(NAME, FROM, TO, tz, ::truncf)                   \
  X(NAME, FROM, TO, oz, picabia_bang::AwayFromZero) \
  X(NAME, FROM, TO, up, ::ceilf)                    \
  X(NAME, FROM, TO, dn, ::floorf)                   \
  X(NAME, FROM, TO, rd, ::roundf)                   \
  X(NAME, FROM, TO, rn, ::nearbyintf)
#define PICABIA_BANG_SCALAR_CONVERSION(NAME, FROM, TO, SUFFIX, ROUND) \
  inline TO __##NAME##_##SUFFIX(FROM x) {                             \
    return picabia_bang::Saturate<TO>(ROUND(static_cast<float>(x)));  \
  }
PICABIA_BANG_ROUNDINGS(PICABIA_BANG_SCALAR_CONVERSION, half2int, half, int32_t)
PICABIA_BANG_ROUNDINGS(PICABIA_BANG_SCALAR_CONVERSION, half2short, half, int16_t)
PICABIA_BANG_ROUNDINGS(PICABIA_BANG_SCALAR_CONVERSION, float2int, float, int32_t)
PICABIA_BANG_ROUNDINGS(PICABIA_BANG_SCALAR_CONVERSION, float2short, float, int16_t)
#undef PICABIA_BANG_SCALAR_CONVERSION
#undef PICABIA_BANG_ROUNDINGS

inline half __float2half_tz(float x) { return picabia_bang::ToHalf(x, PICABIA_TZ); }
inline half __float2half_oz(float x) { return picabia_bang::ToHalf(x, PICABIA_OZ); }
inline half __float2half_up(float x) { return picabia_bang::ToHalf(x, PICABIA_UP); }
inline half __float2half_dn(float x) { return picabia_bang::ToHalf(x, PICABIA_DN); }
inline half __float2half_rd(float x) { return picabia_bang::ToHalf(x, PICABIA_RD); }
inline half __float2half_rn(float x) { return picabia_bang::ToHalf(x, PICABIA_RN); }
inline half __float2half(float x) { return picabia_bang::ToHalf(x, PICABIA_RD); }
inline float __half2float(half x) { return static_cast<float>(x); }
inline half __int2half_rd(int x) { return picabia_bang::ToHalf(static_cast<float>(x), PICABIA_RD); }
inline float __int2float_rd(int x) { return static_cast<float>(x); }

#endif
