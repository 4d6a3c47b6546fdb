// What the tests of the fast kernels share: the tables of this machine, random data, and arrays
// with a guard behind them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/table.h"

namespace picabia::kernels {

inline std::vector<const KernelTable*> Tables() {
  std::vector<const KernelTable*> tables;
  for (const Isa isa : MachineIsas()) tables.push_back(&KernelsFor(isa));
  return tables;
}

// Around the widths of all vectors: 16 and 32 lanes.
inline const std::vector<int64_t> kNastyChannels = {1, 3, 15, 16, 17, 31, 32, 33, 48, 128};

inline int64_t RoundUpTo(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

template <typename T>
std::vector<T> RandomIntegers(int64_t n, int64_t low, int64_t high, std::mt19937& rng) {
  std::uniform_int_distribution<int64_t> d(low, high);
  std::vector<T> v(static_cast<size_t>(n));
  for (T& x : v) x = static_cast<T>(d(rng));
  return v;
}

inline std::vector<float> RandomFloats(size_t n, float low, float high, std::mt19937& rng) {
  std::uniform_real_distribution<float> d(low, high);
  std::vector<float> v(n);
  for (float& x : v) x = d(rng);
  return v;
}

// Room for a kernel's result. What lies behind it must stay.
template <typename T>
class Guarded {
 public:
  explicit Guarded(int64_t n) : n_(static_cast<size_t>(n)), v_(n_ + kGuard, T{77}) {}
  T* data() { return v_.data(); }
  T operator[](int64_t i) const { return v_[static_cast<size_t>(i)]; }
  // The result, after a look at the guard.
  std::vector<T> Take() const {
    EXPECT_TRUE(std::all_of(v_.begin() + static_cast<std::ptrdiff_t>(n_), v_.end(), [](T x) {
      return x == T{77};
    })) << "wrote behind its end";
    return {v_.begin(), v_.begin() + static_cast<std::ptrdiff_t>(n_)};
  }

 private:
  static constexpr size_t kGuard = 64;
  size_t n_;
  std::vector<T> v_;
};

// Ties to even; the rounding mode is the default one.
inline float RoundHalfEven(float v) { return std::nearbyint(v); }

// One channel of LevelStatistics.
struct ChannelStatistics {
  double mean = 0, squares = 0;
  float low = 1e9f, high = -1e9f;
};

// `found` against what `levels`, added to `before` pixels with the statistics `start`, have.
inline void ExpectStatistics(const std::vector<float>& levels, int64_t before,
                             const ChannelStatistics& start, const ChannelStatistics& found) {
  double sum = 0, square = 0;
  float least = start.low, most = start.high;
  for (const float v : levels) {
    sum += static_cast<double>(v);
    least = std::min(least, v);
    most = std::max(most, v);
  }
  ASSERT_EQ(found.low, least);
  ASSERT_EQ(found.high, most);
  const auto m = static_cast<double>(before), n = static_cast<double>(levels.size());
  const double mean = (start.mean * m + sum) / (n + m);
  for (const float v : levels)
    square += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
  square += start.squares + m * (start.mean - mean) * (start.mean - mean);
  // Floats d with |d| <= range, and their squares, are summed at most 192 at a time: each of the
  // additions and products loses at most 2^-24 of a partial sum, which is at most 192 * range
  // (range^2); so a mean loses 384 * 2^-24 of the range. Doubles lose 1e-9 of what they hold.
  const double range = static_cast<double>(most) - static_cast<double>(least);
  const double loss = 384 * std::ldexp(1.0, -24);
  ASSERT_NEAR(found.mean, mean, loss * range + 1e-9 * std::fabs(mean));
  ASSERT_NEAR(found.squares, square, loss * range * range * n + 1e-9 * square + 1e-6);
}

}  // namespace picabia::kernels
