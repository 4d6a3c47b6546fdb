// Tests of resampling.
#include "studio/resample.h"

#include <gtest/gtest.h>

#include <cmath>

namespace picabia::studio {
namespace {

TEST(Resample, TheSameSizeIsTheSamePicture) {
  const Samples samples{2, 2, 1, {1, 2, 3, 4}};
  EXPECT_EQ(Resample(samples, 2, 2).values, samples.values);
}

TEST(Resample, AConstantStaysConstant) {
  const Samples samples{5, 3, 2, std::vector<float>(30, 7.0f)};
  for (const int64_t height : {1, 2, 4, 5, 6, 11}) {
    for (const int64_t width : {1, 2, 3, 9}) {
      const Samples out = Resample(samples, height, width);
      ASSERT_EQ(out.values.size(), static_cast<size_t>(height * width * 2));
      // The weights sum up to 1 but for one rounding each.
      for (const float v : out.values) EXPECT_NEAR(v, 7.0f, 1e-5f);
    }
  }
}

TEST(Resample, DoublesByTheWeightsOfKeys) {
  // Centers stand a quarter off: weights -9, 111, 29, -3 of 128.
  const Samples out = Resample({1, 8, 1, {0, 0, 0, 128, 0, 0, 0, 0}}, 1, 16);
  const std::vector<float> expected{0, 0, 0, -3, -9, 29, 111, 111, 29, -9, -3, 0, 0, 0, 0, 0};
  ASSERT_EQ(out.values.size(), expected.size());
  for (size_t i = 2; i < 14; ++i) EXPECT_NEAR(out.values[i], expected[i], 1e-4f) << i;
}

TEST(Resample, HalvesWithoutAliasing) {
  // The finest pattern there is becomes its mean, but for the edges.
  Samples samples{1, 64, 1, {}};
  for (int i = 0; i < 64; ++i) samples.values.push_back(i % 2 == 0 ? 0.0f : 100.0f);
  const Samples out = Resample(samples, 1, 32);
  for (size_t i = 2; i < 30; ++i) EXPECT_NEAR(out.values[i], 50, 3) << i;
}

}  // namespace
}  // namespace picabia::studio
