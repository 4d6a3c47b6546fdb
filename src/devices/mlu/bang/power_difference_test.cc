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

void Fill(std::mt19937& random, uint16_t* v, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    v[i] = mlu::FloatToHalfSaturating(static_cast<float>(random() % 4000) / 300);
}

TEST(PowerDifference, EqualsTheRule) {
  std::mt19937 random(2026);
  for (const int64_t n : {1, 63, 64, 65, 16384, 16385, 32768, 32769, 300000})
    for (const int power : {1, 2, 3, 4}) {
      auto call = *PowerDifference::Create(n);
      Fill(random, call->x(), n);
      Fill(random, call->y(), n);
      const std::vector<uint16_t> x(call->x(), call->x() + n), y(call->y(), call->y() + n);
      ASSERT_TRUE(call->Run(power, n, power % 2).ok());
      const uint16_t* out = call->out();
      double wrong = 0, all = 0;
      for (int64_t i = 0; i < n; ++i) {
        const auto round = [](float v) {
          return mlu::DeviceHalfToFloat(mlu::FloatToHalfSaturating(v));
        };
        const auto k = static_cast<size_t>(i);
        const float d = round(HalfToFloat(x[k]) - HalfToFloat(y[k]));
        float expected = d;
        for (int p = 1; p < power; ++p) expected = round(expected * d);
        ASSERT_EQ(mlu::DeviceHalfToFloat(out[i]), expected) << n << ' ' << power << ' ' << i;
        const double exact = std::pow(double{HalfToFloat(x[k])} - HalfToFloat(y[k]), power);
        wrong += std::fabs(expected - exact);
        all += std::fabs(exact);
      }
      // The limit that the operator is given. Single elements, and higher powers, may be off by
      // 2^-11 a rounding.
      if (n > 1000 && power <= 2) EXPECT_LE(wrong, 0.001 * all);
      EXPECT_LE(wrong, (2 * power - 1) * 0x1p-11 * all);
    }
}

TEST(PowerDifference, OperandsOneAfterTheOtherAndRefusals) {
  auto call = *PowerDifference::Create(100);
  for (const int count : {100, 7, 0}) {
    std::fill_n(call->x(), count, mlu::FloatToHalfSaturating(3));
    std::fill_n(call->y(), count, mlu::FloatToHalfSaturating(5 + static_cast<float>(count)));
    ASSERT_TRUE(call->Run(1, count, 0).ok());
    if (count > 0) EXPECT_EQ(HalfToFloat(call->out()[count - 1]), -2 - count);
  }
  EXPECT_EQ(HalfToFloat(call->out()[7]), -102) << "what is behind the end stays";
  EXPECT_FALSE(call->Run(0, 100, 0).ok());
  EXPECT_FALSE(call->Run(2, 101, 0).ok());
  EXPECT_FALSE(call->Run(2, -1, 0).ok());
  EXPECT_FALSE(PowerDifference::Create(0).ok());
  EXPECT_FALSE(PowerDifference::Create(int64_t{1} << 31).ok());
}

}  // namespace
}  // namespace picabia::bang
