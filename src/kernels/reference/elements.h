// What the references compute an element in, and the conversions between element types.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/element.h"

namespace picabia::kernels::reference {

template <typename T>
inline constexpr bool kIsFloat = std::is_floating_point_v<T> || std::is_same_v<T, Half>;
template <typename T>
inline constexpr bool kIsInteger = std::is_integral_v<T>;

// Half computes in float and Bool in bool, all others in themselves.
template <typename T>
struct ComputedIn {
  using type = T;
};
template <>
struct ComputedIn<Half> {
  using type = float;
};
template <>
struct ComputedIn<Bool> {
  using type = bool;
};
template <typename T>
using Computed = typename ComputedIn<T>::type;

template <typename T>
Computed<T> Load(T value) {
  return static_cast<Computed<T>>(value);
}
template <typename T>
T Store(Computed<T> value) {
  return static_cast<T>(value);
}

// Rounds once. By way of the nearest float it could round twice; so the float on the way is the one
// nearer to zero with its last bit set, which stands for "a little more".
inline Half HalfOf(double value) {
  const float nearest = static_cast<float>(value);
  const double back = static_cast<double>(nearest);
  if (back == value || value != value) return Half(nearest);
  uint32_t bits = std::bit_cast<uint32_t>(nearest);
  if (std::fabs(back) > std::fabs(value)) --bits;
  return Half(std::bit_cast<float>(bits | 1u));
}

// A float as an integer: without what is behind the point, saturated; NaN gives 0.
template <typename To>
To Truncated(double value) {
  if (value != value) return 0;
  // The bounds are powers of two (or zero), which double holds exactly.
  if (value < static_cast<double>(std::numeric_limits<To>::min()))
    return std::numeric_limits<To>::min();
  if (value >= std::ldexp(1.0, std::numeric_limits<To>::digits))
    return std::numeric_limits<To>::max();
  return static_cast<To>(value);
}

// One element of any type as one of another: the rule of ops::Cast.
template <typename To, typename From>
To Convert(From value) {
  if constexpr (std::is_same_v<From, Half>) {
    return Convert<To>(static_cast<float>(value));
  } else if constexpr (std::is_same_v<From, Bool>) {
    return Convert<To>(static_cast<uint8_t>(static_cast<bool>(value) ? 1 : 0));
  } else if constexpr (std::is_same_v<To, Bool>) {
    return Bool(value != 0);
  } else if constexpr (std::is_same_v<To, Half>) {
    return HalfOf(static_cast<double>(value));
  } else if constexpr (kIsInteger<To> && kIsFloat<From>) {
    return Truncated<To>(static_cast<double>(value));
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace picabia::kernels::reference
