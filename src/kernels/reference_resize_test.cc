// The reference of Resize and its tables, on cases worked out by hand from the formulas of ops.h.
#include "kernels/reference_test_util.h"
#include "kernels/resize_table.h"

namespace picabia::kernels {
namespace {

using C = ops::CoordinateMode;
using M = ops::ResizeMode;
using N = ops::NearestMode;

ops::Resize By(float scale, M mode, C coordinates) {
  ops::Resize op;
  op.scales = {scale};
  op.mode = mode;
  op.coordinate_mode = coordinates;
  return op;
}
ops::Resize To(int64_t size, M mode, C coordinates) {
  ops::Resize op = By(1, mode, coordinates);
  op.scales.clear();
  op.sizes = {size};
  return op;
}

const Tensor kFour = Floats({1, 2, 3, 4});

TEST(ReferenceResize, NearestCoordinates) {
  // 4 to 8.
  for (C c : {C::kAsymmetric, C::kTfHalfPixelForNn}) {
    ops::Resize op = By(2, M::kNearest, c);
    op.nearest_mode = N::kFloor;
    EXPECT_EQ(NumbersFrom(op, {kFour}), (Numbers{1, 1, 2, 2, 3, 3, 4, 4}));
  }
  // i * 3 / 7 is 0, 0.43, 0.86, 1.29, 1.71, 2.14, 2.57, 3.
  EXPECT_EQ(NumbersFrom(To(8, M::kNearest, C::kAlignCorners), {kFour}),
            (Numbers{1, 1, 2, 2, 3, 3, 4, 4}));
  // 4 to 2 elements by half pixels: 0.5 and 2.5.
  const std::pair<N, Numbers> rounded[] = {{N::kFloor, {1, 3}},
                                           {N::kCeil, {2, 4}},
                                           {N::kRoundPreferFloor, {1, 3}},
                                           {N::kRoundPreferCeil, {2, 4}}};
  for (const auto& [mode, expected] : rounded) {
    ops::Resize op = To(2, M::kNearest, C::kHalfPixel);
    op.nearest_mode = mode;
    EXPECT_EQ(NumbersFrom(op, {kFour}), expected);
  }
  EXPECT_EQ(NumbersFrom(To(1, M::kNearest, C::kPytorchHalfPixel), {kFour}), Numbers{1});
}

TEST(ReferenceResize, NearestFindsWholeCoordinates) {
  // Element i of 3 comes from 3 i of 9, though 1/3 is no float.
  const Tensor x = Counting(DType::kF32, {9});
  for (ops::Resize op :
       {By(1.0f / 3, M::kNearest, C::kAsymmetric), To(3, M::kNearest, C::kAsymmetric)}) {
    op.nearest_mode = N::kFloor;
    EXPECT_EQ(NumbersFrom(op, {x}), (Numbers{0, 3, 6}));
  }
}

TEST(ReferenceResize, NearestCopiesEveryType) {
  ops::Resize op;
  op.scales = {2, 2};
  op.axes = {1, 2};
  op.coordinate_mode = C::kAsymmetric;
  op.nearest_mode = N::kFloor;
  for (int i = 0; i < kNumDTypes; ++i) {
    const DType d = static_cast<DType>(i);
    const Tensor y = OutputOf(op, {Make(d, {1, 1, 2, 2}, {1, 0, 0, 1})});
    EXPECT_EQ(y.shape(), (Shape{1, 2, 4, 2}));
    EXPECT_EQ(NumbersOf(y), (Numbers{1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1}));
  }
}

TEST(ReferenceResize, LinearCoordinates) {
  // Half pixels from 4 to 8: -0.25, 0.25, 0.75, ...
  const Numbers half = {1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4};
  for (C c : {C::kHalfPixel, C::kPytorchHalfPixel, C::kHalfPixelSymmetric})
    ExpectClose(NumbersFrom(By(2, M::kLinear, c), {kFour}), half);
  ExpectClose(NumbersFrom(By(2, M::kLinear, C::kAsymmetric), {kFour}),
              {1, 1.5, 2, 2.5, 3, 3.5, 4, 4});
  ExpectClose(NumbersFrom(To(7, M::kLinear, C::kAlignCorners), {kFour}),
              {1, 1.5, 2, 2.5, 3, 3.5, 4});
  ExpectClose(NumbersFrom(To(1, M::kLinear, C::kAlignCorners), {kFour}), {1});
  ExpectClose(NumbersFrom(To(1, M::kLinear, C::kHalfPixel), {kFour}), {2.5});
  // 4 by 0.6 is 2: 1/2 / 0.6 - 1/2 = 1/3 and 2; symmetric about the middle adds 2 (1 - 2 / 2.4).
  ExpectClose(NumbersFrom(By(0.6f, M::kLinear, C::kHalfPixel), {kFour}), {4.0 / 3, 3});
  ExpectClose(NumbersFrom(By(0.6f, M::kLinear, C::kHalfPixelSymmetric), {kFour}),
              {5.0 / 3, 10.0 / 3});
}

TEST(ReferenceResize, LinearOverTwoAxes) {
  ops::Resize op;
  op.sizes = {3, 3};
  op.mode = M::kLinear;
  op.coordinate_mode = C::kAlignCorners;
  for (DType d : {DType::kF32, DType::kF64, DType::kF16, DType::kI32, DType::kU8})
    EXPECT_EQ(NumbersFrom(op, {Make(d, {2, 2}, {0, 2, 4, 6})}),
              (Numbers{0, 1, 2, 2, 3, 4, 4, 5, 6}));
}

TEST(ReferenceResize, CubicWeights) {
  // Output 1 of 8 lies at 0.25. With a = -0.75, the weights of -1, 0, 1, 2 are -0.10546875,
  // 0.87890625, 0.26171875 and -0.03515625.
  ops::Resize op = By(2, M::kCubic, C::kHalfPixel);
  const double sum = -0.10546875 + 0.87890625 + 2 * 0.26171875 - 3 * 0.03515625;
  EXPECT_NEAR(NumbersFrom(op, {kFour})[1], sum, 1e-6);
  op.exclude_outside = true;
  EXPECT_NEAR(NumbersFrom(op, {kFour})[1], (sum + 0.10546875) / 1.10546875, 1e-6);
  // In the middle of two neighbours, a = -0.5: -1/16, 9/16, 9/16, -1/16.
  ops::Resize middle = To(7, M::kCubic, C::kAlignCorners);
  middle.cubic_a = -0.5f;
  EXPECT_NEAR(NumbersFrom(middle, {Floats({0, 0, 16, 0})})[3], 9, 1e-6);
}

TEST(ReferenceResize, AntialiasWidensTheFilter) {
  // Half of four: at 0.5 and 2.5 with the weights 1, 3, 3, 1 of 8 around.
  ops::Resize op = By(0.5f, M::kLinear, C::kHalfPixel);
  op.antialias = true;
  ExpectClose(NumbersFrom(op, {kFour}), {1.625, 3.375});
  op.exclude_outside = true;
  ExpectClose(NumbersFrom(op, {kFour}), {12.0 / 7, 23.0 / 7});
  // It changes nothing where the axis grows.
  op = By(2, M::kCubic, C::kHalfPixel);
  const Numbers plain = NumbersFrom(op, {kFour});
  op.antialias = true;
  ExpectClose(NumbersFrom(op, {kFour}), plain);
  // A flat picture stays flat.
  op = By(0.3f, M::kCubic, C::kHalfPixel);
  op.antialias = true;
  EXPECT_EQ(NumbersFrom(op, {Make(DType::kU8, {7}, Numbers(7, 255))}), (Numbers{255, 255}));
}

TEST(ReferenceResize, IntegersRoundAndSaturate) {
  const ops::Resize op = By(2, M::kLinear, C::kHalfPixel);
  EXPECT_EQ(NumbersFrom(op, {Make(DType::kU8, {2}, {0, 10})}), (Numbers{0, 2, 8, 10}));
  EXPECT_EQ(NumbersFrom(op, {Make(DType::kI8, {2}, {0, -5})}), (Numbers{0, -1, -4, -5}));
  // Cubic filters overshoot.
  ops::Resize cubic = By(2, M::kCubic, C::kHalfPixel);
  const Numbers y = NumbersFrom(cubic, {Make(DType::kU8, {4}, {0, 0, 255, 255})});
  EXPECT_EQ(y[2], 0);
  EXPECT_EQ(y[5], 255);
}

TEST(ReferenceResize, CropAndResize) {
  ops::Resize op = To(3, M::kLinear, C::kTfCropAndResize);
  op.roi = {0.5f, 1.5f};
  op.extrapolation_value = 7;
  const Tensor three = Floats({1, 2, 3});
  EXPECT_EQ(NumbersFrom(op, {three}), (Numbers{2, 3, 7}));  // at 1, 2, 3
  op.mode = M::kNearest;
  EXPECT_EQ(NumbersFrom(op, {three}), (Numbers{2, 3, 7}));
  op = To(1, M::kLinear, C::kTfCropAndResize);
  op.roi = {0, 0.5f};
  EXPECT_EQ(NumbersFrom(op, {three}), Numbers{1.5});  // the middle, at 0.5
  op.sizes = {2, 2};
  op.roi = {0, 0.5f, 1, 1.5f};  // rows as they are, columns from the middle on
  op.extrapolation_value = -1;
  EXPECT_EQ(NumbersFrom(op, {Floats({2, 3}, {1, 2, 3, 4, 5, 6})}), (Numbers{2, -1, 5, -1}));
}

TEST(ReferenceResize, KeepsProportions) {
  ops::Resize op;
  op.sizes = {4, 8};
  op.aspect_policy = ops::AspectPolicy::kNotLarger;
  const Tensor x = Floats({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(OutputOf(op, {x}).shape(), (Shape{4, 4}));
  op.aspect_policy = ops::AspectPolicy::kNotSmaller;
  const Tensor y = OutputOf(op, {x});
  EXPECT_EQ(y.shape(), (Shape{8, 8}));
  EXPECT_EQ(NumbersOf(y)[3], 1);
  EXPECT_EQ(NumbersOf(y)[4], 2);
}

TEST(ResizeTables, LeaveOtherAxesAlone) {
  ops::Resize op = To(2, M::kLinear, C::kHalfPixel);
  op.axes = {1};
  const auto tables = ResizeTables(op, {3, 4}, {3, 2});
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_TRUE(tables[0].IsIdentity(3));
  EXPECT_FALSE(tables[1].IsIdentity(4));
  EXPECT_EQ(tables[1].taps, 2);
  EXPECT_EQ(tables[1].index, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(tables[1].weight, (std::vector<double>{0.5, 0.5, 0.5, 0.5}));
}

}  // namespace
}  // namespace picabia::kernels
