// The time model against figures worked out by hand from a card's rates.
#include "devices/mlu/time_model.h"

#include <gtest/gtest.h>

namespace picabia::mlu {
namespace {

// x [1,64,64,32] -> Int8Conv2D 3x3 to 64 channels -> y -> relu -> z; filters of `stored`.
program::Program SmallProgram(DType stored) {
  program::Program p;
  p.values = {{"x", DType::kF32}, {"w", stored}, {"y", DType::kF32}, {"z", DType::kF32}};
  program::Constant filter;
  filter.value = 1;
  filter.stored_dtype = stored;
  filter.shape = {3, 3, 32, 64};
  p.constants.push_back(filter);
  p.steps.push_back({"conv", ops::Int8Conv2D{}, {0, 1}, {2}});
  p.steps.push_back({"relu", ops::Unary{ops::UnaryKind::kRelu, 0}, {2}, {3}});
  return p;
}

const std::vector<ops::TensorType> kTypes = {{DType::kF32, {1, 64, 64, 32}},
                                             {DType::kI8, {3, 3, 32, 64}},
                                             {DType::kF32, {1, 64, 64, 64}},
                                             {DType::kF32, {1, 64, 64, 64}}};
constexpr int64_t kMacs = 64 * 64 * 9 * 32 * 64;
constexpr double kRelative = 1e-12;  // a few roundings of doubles

TEST(TimeModel, TakesTheLongestOfThreeUnits) {
  const auto steps = ModelTime(SmallProgram(DType::kI8), kTypes, {kMacs, 0}, 16);
  ASSERT_EQ(steps.size(), 2u);
  // 75.5 M multiply-adds at 4096 a cycle on 16 cores of 1 GHz: 1152 cycles.
  EXPECT_NEAR(steps[0].matrix_ms, 1152e-6, 1152e-6 * kRelative);
  // 131072 halves in, 18432 bytes of filter, 262144 halves out at 102.4 bytes a nanosecond.
  EXPECT_EQ(steps[0].bytes, 262144 + 18432 + 524288);
  EXPECT_NEAR(steps[0].memory_ms, 804864 / 102.4 * 1e-6, 1e-2 * kRelative);
  EXPECT_STREQ(steps[0].bound(), "memory");
  EXPECT_EQ(steps[0].ms(), steps[0].memory_ms);
  // One operation an element, 64 a cycle and core.
  EXPECT_NEAR(steps[1].vector_ms, 262144.0 / 64 / 16 * 1e-6, 256e-6 * kRelative);
  EXPECT_EQ(steps[1].matrix_ms, 0);
}

TEST(TimeModel, FewerCoresAndWiderIntegersTakeLonger) {
  const auto wide = ModelTime(SmallProgram(DType::kI16), kTypes, {kMacs, 0}, 1);
  EXPECT_NEAR(wide[0].matrix_ms, 1152e-6 * 16 * 2, 1e-1 * kRelative);
  EXPECT_STREQ(wide[0].bound(), "matrix");
  const auto one = ModelTime(SmallProgram(DType::kI8), kTypes, {kMacs, 0}, 1);
  EXPECT_EQ(one[0].memory_ms,
            ModelTime(SmallProgram(DType::kI8), kTypes, {kMacs, 0}, 16)[0].memory_ms)
      << "cores share the memory";
}

}  // namespace
}  // namespace picabia::mlu
