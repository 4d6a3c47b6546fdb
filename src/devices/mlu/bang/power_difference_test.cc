// The operator by its kernel equals the rule, one rounding to half an operation, bit for bit; and
// doubles within 0.1 %.
#include "devices/mlu/bang/power_difference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "devices/mlu/bang/half_rules.h"

namespace picabia::bang {
namespace {

TEST(PowerDifference, EqualsTheRule) {
  std::mt19937 random(2026);
  for (const int64_t n :
       {int64_t{1}, int64_t{63}, int64_t{64}, int64_t{16384}, int64_t{16385}, int64_t{300000}})
    for (const int power : {1, 2, 4}) {
      std::vector<uint16_t> x(n), y(n), out(n);
      for (auto& v : x) v = mlu::FloatToHalfSaturating(static_cast<float>(random() % 4000) / 300);
      for (auto& v : y) v = mlu::FloatToHalfSaturating(static_cast<float>(random() % 4000) / 300);
      ASSERT_TRUE(PowerDifference(x.data(), y.data(), power, out.data(), n).ok());
      double wrong = 0, all = 0;
      for (int64_t i = 0; i < n; ++i) {
        const auto round = [](float v) {
          return mlu::DeviceHalfToFloat(mlu::FloatToHalfSaturating(v));
        };
        const float d = round(HalfToFloat(x[i]) - HalfToFloat(y[i]));
        float expected = d;
        for (int p = 1; p < power; ++p) expected = round(expected * d);
        ASSERT_EQ(mlu::DeviceHalfToFloat(out[i]), expected) << n << ' ' << power << ' ' << i;
        const double exact = std::pow(double{HalfToFloat(x[i])} - HalfToFloat(y[i]), power);
        wrong += std::fabs(expected - exact);
        all += std::fabs(exact);
      }
      // The limit that the operator is given. Single elements, and higher powers, may be off by
      // 2^-11 a rounding.
      if (n > 1000 && power <= 2) EXPECT_LE(wrong, 0.001 * all);
      EXPECT_LE(wrong, (2 * power - 1) * 0x1p-11 * all);
    }
}

TEST(PowerDifference, InPlaceAndRefusals) {
  std::vector<uint16_t> x(100, mlu::FloatToHalfSaturating(3)),
      y(100, mlu::FloatToHalfSaturating(5));
  ASSERT_TRUE(PowerDifference(x.data(), y.data(), 2, x.data(), 100).ok());
  EXPECT_EQ(HalfToFloat(x[99]), 4);
  EXPECT_TRUE(PowerDifference(nullptr, nullptr, 2, nullptr, 0).ok());
  EXPECT_FALSE(PowerDifference(x.data(), y.data(), 0, x.data(), 100).ok());
  EXPECT_FALSE(PowerDifference(x.data(), y.data(), 2, x.data(), int64_t{1} << 31).ok());
}

}  // namespace
}  // namespace picabia::bang
