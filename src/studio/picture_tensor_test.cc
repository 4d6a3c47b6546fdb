// Tests of pixels into tensors and back.
#include "studio/picture_tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace picabia::studio {
namespace {

// Pixel (y, x) has red 100 + 10 y + x, green 1, blue 2.
Picture Small(int64_t height, int64_t width) {
  Picture picture{width, height, {}, {}, nullptr};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      picture.rgb.push_back(static_cast<uint8_t>(100 + 10 * y + x));
      picture.rgb.push_back(1);
      picture.rgb.push_back(2);
    }
  }
  return picture;
}

TEST(PictureToTensor, PadsByReflectionBelowAndAtTheRight) {
  const auto tensor = PictureToTensor(Small(2, 3), {}, 3, 4, 4);
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->shape(), (Shape{1, 4, 4, 3}));
  std::vector<float> red;
  for (int i = 0; i < 16; ++i) red.push_back(tensor->data<float>()[i * 3]);
  EXPECT_EQ(red, (std::vector<float>{100, 101, 102, 101, 110, 111, 112, 111,  //
                                     100, 101, 102, 101, 110, 111, 112, 111}));
}

TEST(PictureToTensor, FollowsTheConvention) {
  const PictureConvention convention{
      .nchw = true, .bgr = true, .scale = EveryChannel(0.5f), .shift = EveryChannel(-1)};
  const auto tensor = PictureToTensor(Small(1, 2), convention, 3, 1, 2);
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->shape(), (Shape{1, 3, 1, 2}));
  const std::vector<float> values(tensor->data<float>(), tensor->data<float>() + 6);
  EXPECT_EQ(values, (std::vector<float>{0, 0, -0.5f, -0.5f, 49, 49.5f}));
}

TEST(PictureToTensor, ScalesEachChannelInTheModelsOrder) {
  PictureConvention convention{.bgr = true, .scale = {1, 10, 100, 1000}, .shift = {5, 6, 7, 8}};
  Picture picture{1, 1, {1, 2, 3}, {4}, nullptr};
  const auto rgba = PictureToTensor(picture, convention, 4, 1, 1);
  ASSERT_TRUE(rgba.ok());
  EXPECT_EQ(rgba->shape(), (Shape{1, 1, 1, 4}));
  EXPECT_EQ(std::vector<float>(rgba->data<float>(), rgba->data<float>() + 4),
            (std::vector<float>{3 + 5, 20 + 6, 100 + 7, 4000 + 8}));
  picture.alpha.clear();  // opaque
  const auto opaque = PictureToTensor(picture, convention, 4, 1, 1);
  ASSERT_TRUE(opaque.ok());
  EXPECT_EQ(opaque->data<float>()[3], 255'008);
}

TEST(PictureToTensor, OneChannelIsTheLuminance) {
  const Picture picture{3, 1, {255, 0, 0, 10, 20, 30, 77, 77, 77}, {}, nullptr};
  const auto gray = PictureToTensor(picture, {.nchw = true, .bgr = true}, 1, 1, 3);
  ASSERT_TRUE(gray.ok());
  EXPECT_EQ(gray->shape(), (Shape{1, 1, 1, 3}));
  // 0.299 * 255 = 76.2; 2.99 + 11.74 + 3.42 = 18.15.
  EXPECT_EQ(std::vector<float>(gray->data<float>(), gray->data<float>() + 3),
            (std::vector<float>{76, 18, 77}));
  for (int v = 0; v < 256; ++v) {
    const auto level = static_cast<uint8_t>(v);
    const uint8_t pixel[] = {level, level, level};
    EXPECT_EQ(Luminance(pixel), v);
  }
}

TEST(TensorToPicture, RoundsHalfToEvenAndSaturates) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const auto tensor =
      Tensor::From<float>({1, 1, 4, 3}, {0.5f, 1.5f, 2.5f, -1, 254.5f, 255.5f,  //
                                         1e9f, -1e9f, nan, infinity, -infinity, 3.4999f});
  ASSERT_TRUE(tensor.ok());
  const auto picture = TensorToPicture(*tensor, {}, 1, 4);
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(picture->rgb, (std::vector<uint8_t>{0, 2, 2, 0, 254, 255, 255, 0, 0, 255, 0, 3}));
}

TEST(TensorToPicture, CutsAndFollowsTheConvention) {
  PictureConvention convention{.out_nchw = true, .bgr = true};
  convention.out_scale = EveryChannel(2);
  convention.out_shift = EveryChannel(1);
  const auto tensor = Tensor::From<float>({3, 2, 2}, {1, 2, 3, 4, 10, 20, 30, 40, 50, 60, 70, 80});
  ASSERT_TRUE(tensor.ok());
  const auto picture = TensorToPicture(*tensor, convention, 2, 1);
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(picture->rgb, (std::vector<uint8_t>{101, 21, 3, 141, 61, 7}));
}

TEST(TensorToPicture, IsTheInverseForEveryPixel) {
  Picture picture{256, 1, {}, {}, nullptr};
  for (int v = 0; v < 256; ++v) {
    for (int c = 0; c < 3; ++c) picture.rgb.push_back(static_cast<uint8_t>(v));
  }
  PictureConvention convention{.scale = EveryChannel(1 / 127.5f), .shift = EveryChannel(-1)};
  convention.out_scale = EveryChannel(127.5f);
  convention.out_shift = EveryChannel(127.5f);
  const auto tensor = PictureToTensor(picture, convention, 3, 1, 256);
  ASSERT_TRUE(tensor.ok());
  const auto back = TensorToPicture(*tensor, convention, 1, 256);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->rgb, picture.rgb);
}

TEST(TensorToPicture, FourChannelsHaveAlpha) {
  PictureConvention convention{.bgr = true, .out_scale = {1, 1, 1, 255}};
  const auto tensor = Tensor::From<float>({1, 1, 2, 4}, {1, 2, 3, 1, 4, 5, 6, 0.5f});
  ASSERT_TRUE(tensor.ok());
  const auto picture = TensorToPicture(*tensor, convention, 1, 2);
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(picture->rgb, (std::vector<uint8_t>{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(picture->alpha, (std::vector<uint8_t>{255, 128}));
}

TEST(TensorToPicture, OneChannelIsGray) {
  const auto tensor = Tensor::From<float>({1, 1, 2, 1}, {7, 9});
  ASSERT_TRUE(tensor.ok());
  const auto picture = TensorToPicture(*tensor, {}, 1, 2);
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(picture->rgb, (std::vector<uint8_t>{7, 7, 7, 9, 9, 9}));
  EXPECT_TRUE(picture->alpha.empty());
}

TEST(LuminanceToPicture, KeepsTheColours) {
  const Picture picture{2, 2, {255, 0, 0, 10, 20, 30, 77, 77, 77, 1, 250, 3}, {}, nullptr};
  const auto same = PictureToTensor(picture, {}, 1, 2, 2);
  ASSERT_TRUE(same.ok());
  const auto back = LuminanceToPicture(*same, {}, picture, 2, 2);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->rgb, picture.rgb);  // the same luminance: the same picture
  const auto brighter = LuminanceToPicture(*same, {.out_shift = EveryChannel(5)}, picture, 2, 2);
  ASSERT_TRUE(brighter.ok());
  EXPECT_EQ(brighter->rgb, (std::vector<uint8_t>{255, 5, 5, 15, 25, 35, 82, 82, 82, 6, 255, 8}));
  EXPECT_FALSE(LuminanceToPicture(*same, {}, picture, 3, 2).ok());
}

TEST(LuminanceToPicture, EnlargesTheColours) {
  const Picture red{1, 1, {200, 20, 20}, {}, nullptr};  // luminance 73.8: 74
  const auto tensor = Tensor::From<float>({1, 1, 2, 2}, {74, 80, 0, 255});
  ASSERT_TRUE(tensor.ok());
  const auto picture = LuminanceToPicture(*tensor, {.nchw = true, .out_nchw = true}, red, 2, 2);
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(picture->rgb,
            (std::vector<uint8_t>{200, 20, 20, 206, 26, 26, 126, 0, 0, 255, 201, 201}));
}

TEST(TensorToPicture, RefusesWhatIsNoPicture) {
  for (const Shape& shape : {Shape{1, 4, 4, 2}, Shape{2, 4, 4, 3}, Shape{3}, Shape{1, 3, 4, 5}}) {
    const auto tensor = Tensor::Create(DType::kF32, shape);
    ASSERT_TRUE(tensor.ok());
    EXPECT_FALSE(TensorToPicture(*tensor, {}, 4, 4).ok()) << ShapeString(shape);
  }
  const auto small = Tensor::Create(DType::kF32, {1, 4, 4, 3});
  ASSERT_TRUE(small.ok());
  EXPECT_FALSE(TensorToPicture(*small, {}, 5, 4).ok());
}

}  // namespace
}  // namespace picabia::studio
