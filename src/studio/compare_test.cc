// Measures of a comparison where pictures of networks do not reach.
#include "studio/compare.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace picabia::studio {
namespace {

Tensor Of(const std::vector<float>& values) {
  auto tensor = *Tensor::Create(DType::kF32, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.MutableData<float>());
  return tensor;
}

TEST(Compare, DeviationByHand) {
  const auto d = Deviate(Of({1.5F, -4, 0.25F, 8}), Of({1, -2, 0, 8}), 1e-6);
  ASSERT_TRUE(d.ok());
  EXPECT_DOUBLE_EQ(d->diff1, 2.75 / 11);
  EXPECT_DOUBLE_EQ(d->diff2 * d->diff2, 4.3125 / 69);
  EXPECT_DOUBLE_EQ(d->diff3_relative, 1);
  EXPECT_DOUBLE_EQ(d->diff3_absolute, 0.25);
  EXPECT_EQ(d->above, 2);
  EXPECT_EQ(d->below, 1);
  EXPECT_EQ(d->equal, 1);
  EXPECT_DOUBLE_EQ(d->bias(), 2.0 / 3);
}

TEST(Compare, ZerosDeviateByNothingFromZeros) {
  const auto d = Deviate(Of({0, 0}), Of({0, 0}), 1e-6);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->diff1, 0);
  EXPECT_EQ(d->diff2, 0);
  EXPECT_EQ(d->bias(), 0);
  EXPECT_GT(Deviate(Of({1, 0}), Of({0, 0}), 1e-6)->diff1, 1e300);
}

TEST(Compare, ShapesMustBeThose) {
  const auto d = Deviate(Of({0, 0}), Of({0, 0, 0}), 1e-6);
  ASSERT_FALSE(d.ok());
  EXPECT_NE(d.status().message().find("[3]"), std::string::npos);
}

TEST(Compare, PercentilesAreOfTheNearestRank) {
  VariantTime time;
  EXPECT_EQ(time.Percentile(0.5), 0);
  time.ms = {1, 2, 3, 4};
  EXPECT_EQ(time.Percentile(0.5), 2);
  EXPECT_EQ(time.Percentile(0.51), 3);
  EXPECT_EQ(time.Percentile(0.99), 4);
  EXPECT_EQ(time.Percentile(1), 4);
}

// Saturated rows of both signs: their mean is nothing, which is less wrong than a variance of
// millions.
TEST(Compare, CancelledRowsAreNotTheWorst) {
  const mlu::SaturatedMean mean{"a", "mean", 64, 64, -9433, 0, 60};
  const mlu::SaturatedMean variance{"a", "variance", 64, 64, 1.2e9, 60, 60};
  EXPECT_DOUBLE_EQ(mean.factor(), 9433.0 / 60);
  EXPECT_DOUBLE_EQ(variance.factor(), 2e7);
}

}  // namespace
}  // namespace picabia::studio
