// The scale rules and the choice of ranges, on numbers worked out by hand.
#include "quant/scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "quant/histogram.h"

namespace picabia::quant {
namespace {

TEST(Scale, TheFartherEndDecides) {
  EXPECT_EQ(SymmetricScale({-1, 2}, 8), 63.5F);
  EXPECT_EQ(SymmetricScale({-2, 1}, 8), 64);
  EXPECT_EQ(SymmetricScale({-2, 2}, 8), 63.5F);
  EXPECT_EQ(SymmetricScale({1, 128}, 8), 127.0F / 128);
  EXPECT_EQ(SymmetricScale({-2, 1}, 16), 16384);
  EXPECT_EQ(SymmetricScale({0, 0}, 8), 1);
}

TEST(Scale, AffineIncludesZeroExactly) {
  const AffineScale affine = AffineScaleOf({-1, 4.1F}, 8);
  EXPECT_FLOAT_EQ(affine.scale, 0.02F);
  EXPECT_EQ(affine.zero, 50);
  EXPECT_EQ(AffineScaleOf({2, 4}, 8).zero, 0);
  EXPECT_EQ(AffineScaleOf({-4, -2}, 8).zero, 255);
  EXPECT_EQ(AffineScaleOf({0, 0}, 8).scale, 1);
}

TEST(Scale, FilterRoundsHalfToEvenAndSaturates) {
  const Tensor filter = *Tensor::From<float>({3, 2}, {0.5F, 1, 1.5F, 200, -0.5F, -200});
  const auto both = QuantizeFilter(filter, 1, {{-127, 127}, {-63.5F, 63.5F}}, 8);
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->scales, (std::vector<float>{1, 2}));
  const auto* q = both->integers.data<int8_t>();
  EXPECT_EQ(std::vector<int>(q, q + 6), (std::vector<int>{0, 2, 2, 127, 0, -128}));
}

TEST(Histogram, DoesNotDependOnTheOrder) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> values(10000);
  for (float& value : values) value = normal(random);
  Histogram one, other;
  ASSERT_TRUE(one.Add(values).ok());
  std::shuffle(values.begin(), values.end(), random);
  ASSERT_TRUE(other.Add(std::span(values).first(3000)).ok());
  ASSERT_TRUE(other.Add(std::span(values).subspan(3000)).ok());
  for (const auto algorithm :
       {Algorithm::kMax, Algorithm::kPercentile, Algorithm::kMse, Algorithm::kEntropy}) {
    for (const bool affine : {false, true}) {
      const Range a = ChooseRange(one, algorithm, 8, affine);
      const Range b = ChooseRange(other, algorithm, 8, affine);
      EXPECT_EQ(a.low, b.low);
      EXPECT_EQ(a.high, b.high);
    }
  }
}

TEST(Histogram, RefusesNumbersThatAreNone) {
  Histogram histogram;
  EXPECT_EQ(histogram.Add(std::vector<float>{1, NAN}).message(),
            "a value is NaN, expected numbers");
  EXPECT_FALSE(histogram.Add(std::vector<float>{-INFINITY}).ok());
}

// A million values of a narrow bell and one far away: only max keeps the latter.
TEST(ChooseRange, SearchesLeaveAnOutlierOut) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  std::vector<float> values(1000000);
  for (float& value : values) value = normal(random);
  values[5] = 100;
  Histogram histogram;
  ASSERT_TRUE(histogram.Add(values).ok());
  for (const bool affine : {false, true}) {
    EXPECT_EQ(ChooseRange(histogram, Algorithm::kMax, 8, affine).high, 100);
    EXPECT_LT(ChooseRange(histogram, Algorithm::kMse, 8, affine).high, 60);
    // The least that it tries: 256 of 2048 parts of 100.
    EXPECT_LE(ChooseRange(histogram, Algorithm::kEntropy, 8, affine).high, 12.5F);
    EXPECT_LT(ChooseRange(histogram, Algorithm::kPercentile, 8, affine).high, 5);
  }
  // The least of (100 - t)^2 + 1e6 * (t / 127)^2 / 12.
  EXPECT_NEAR(ChooseRange(histogram, Algorithm::kMse, 8, false).high, 16.2, 0.5);
  // 3.89 standard deviations leave out one in ten thousand.
  EXPECT_NEAR(ChooseRange(histogram, Algorithm::kPercentile, 8, false).high, 3.89, 0.1);
}

// The error of each candidate, measured on the values themselves.
TEST(ChooseRange, LeastSquareErrorIsNearTheTrueLeast) {
  std::mt19937 random(13);
  std::exponential_distribution<float> exponential(1);
  std::vector<float> values(200000);
  for (float& value : values) value = exponential(random);
  Histogram histogram;
  ASSERT_TRUE(histogram.Add(values).ok());
  const auto error = [&](float high) {
    const float scale = 127 / high;
    double sum = 0;
    for (const float x : values) {
      const double d = std::min(std::nearbyint(x * scale), 127.0F) / scale - x;
      sum += d * d;
    }
    return sum;
  };
  double least = error(histogram.range().high);
  for (float high = 1; high < histogram.range().high; high += 0.1F)
    least = std::min(least, error(high));
  const float chosen = ChooseRange(histogram, Algorithm::kMse, 8, false).high;
  EXPECT_LT(error(chosen), 1.05 * least);
}

}  // namespace
}  // namespace picabia::quant
