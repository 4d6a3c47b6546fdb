// Size arithmetic that cannot wrap. Every size that comes from a file or a caller goes through it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace picabia {

// a + b, or nothing when the sum leaves int64.
inline std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t r = 0;
  if (__builtin_add_overflow(a, b, &r)) return std::nullopt;
  return r;
}

// a * b, or nothing when the product leaves int64.
inline std::optional<int64_t> CheckedMul(int64_t a, int64_t b) {
  int64_t r = 0;
  if (__builtin_mul_overflow(a, b, &r)) return std::nullopt;
  return r;
}

// The product of non-negative dims (1 for none), or nothing when a dim is negative or the product
// of those above zero overflows: then the product of any of them fits, also where another one is
// zero.
inline std::optional<int64_t> CheckedProduct(std::span<const int64_t> dims) {
  int64_t product = 1;
  bool zero = false;
  for (int64_t d : dims) {
    if (d < 0) return std::nullopt;
    if (d == 0) {
      zero = true;
      continue;
    }
    const auto next = CheckedMul(product, d);
    if (!next) return std::nullopt;
    product = *next;
  }
  return zero ? 0 : product;
}

// The smallest multiple of `unit` (> 0) that is >= value (>= 0).
constexpr int64_t RoundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

// value / unit rounded up; value >= 0, unit > 0.
constexpr int64_t CeilDiv(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

}  // namespace picabia
