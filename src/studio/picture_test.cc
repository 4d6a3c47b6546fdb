// Tests of picture files: written and read again, and bytes that are no pictures. Colour spaces,
// orientation and metadata are tested from outside, with files that other programs made.
#include "studio/picture.h"

#include <gtest/gtest.h>

namespace picabia::studio {
namespace {

class PictureFiles : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(StartPictures("cli_test", 1).ok()); }
};

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

Picture Gradient(int64_t width, int64_t height, bool alpha) {
  Picture picture{width, height, {}, {}, nullptr};
  for (int64_t i = 0; i < width * height; ++i) {
    for (int64_t c = 0; c < 3; ++c) picture.rgb.push_back(static_cast<uint8_t>(i * 7 + c * 50));
    if (alpha) picture.alpha.push_back(static_cast<uint8_t>(i * 3));
  }
  return picture;
}

TEST_F(PictureFiles, LosslessFormatsReturnEveryPixel) {
  for (const auto format : {PictureFormat::kPng, PictureFormat::kTiff}) {
    for (const bool alpha : {false, true}) {
      for (const auto [width, height] : {std::pair{1, 1}, {3, 2}, {64, 33}}) {
        const Picture picture = Gradient(width, height, alpha);
        const auto bytes = EncodePicture(picture, {.format = format});
        ASSERT_TRUE(bytes.ok()) << bytes.status().message();
        const auto back = DecodePicture(Bytes(*bytes), kDefaultMaxPixels);
        ASSERT_TRUE(back.ok()) << back.status().message();
        EXPECT_EQ(back->width, width);
        EXPECT_EQ(back->height, height);
        EXPECT_EQ(back->rgb, picture.rgb);
        EXPECT_EQ(back->alpha, picture.alpha);
      }
    }
  }
}

TEST_F(PictureFiles, JpegPutsTransparencyOnWhite) {
  Picture picture{16, 16, std::vector<uint8_t>(16 * 16 * 3, 0), std::vector<uint8_t>(256, 0),
                  nullptr};
  const auto bytes = EncodePicture(picture, {.format = PictureFormat::kJpeg});
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  const auto back = DecodePicture(Bytes(*bytes), kDefaultMaxPixels);
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_TRUE(back->alpha.empty());
  for (const uint8_t value : back->rgb) EXPECT_GE(value, 254);
}

TEST_F(PictureFiles, EveryCutIsRefused) {
  const Picture picture = Gradient(32, 32, false);
  for (const auto format :
       {PictureFormat::kPng, PictureFormat::kJpeg, PictureFormat::kWebp, PictureFormat::kTiff}) {
    const auto bytes = EncodePicture(picture, {.format = format});
    ASSERT_TRUE(bytes.ok());
    for (size_t length = 0; length < bytes->size() / 2; length += 7) {
      const std::string cut = bytes->substr(0, length);
      EXPECT_FALSE(DecodePicture(Bytes(cut), kDefaultMaxPixels).ok())
          << FormatExtension(format) << " cut to " << length << " of " << bytes->size();
    }
  }
}

TEST_F(PictureFiles, TooManyPixelsAreRefused) {
  const auto bytes = EncodePicture(Gradient(10, 10, false), {});
  ASSERT_TRUE(bytes.ok());
  EXPECT_TRUE(DecodePicture(Bytes(*bytes), 100).ok());
  const auto refused = DecodePicture(Bytes(*bytes), 99);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("10x10"), std::string::npos);
  EXPECT_EQ(refused.status().code(), StatusCode::kResource);
}

TEST_F(PictureFiles, OtherBytesAreSaidToBeWhatTheyAre) {
  EXPECT_NE(DecodePicture(Bytes(""), 100).status().message().find("empty"), std::string::npos);
  EXPECT_NE(DecodePicture(Bytes("version https://git-lfs.github.com/spec/v1\n"), 100)
                .status()
                .message()
                .find("Git LFS pointer"),
            std::string::npos);
  for (const char* text : {"hello", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.4\n",
                           "#?RADIANCE\n", "# ImageMagick pixel enumeration: 1,1,255,srgb\n"}) {
    EXPECT_FALSE(DecodePicture(Bytes(text), 100).ok()) << text;
  }
}

TEST(PictureFormats, AreToldByTheExtension) {
  EXPECT_EQ(*FormatOfPath("a/b.c/x.PNG"), PictureFormat::kPng);
  EXPECT_EQ(*FormatOfPath("x.jpeg"), PictureFormat::kJpeg);
  EXPECT_EQ(*FormatOfPath("x.y.webp"), PictureFormat::kWebp);
  EXPECT_EQ(*FormatOfPath("./x.tiff"), PictureFormat::kTiff);
  for (const char* path : {"x", "a.png/x", ".png", "x.", "x.gif", "a/.jpg"}) {
    EXPECT_FALSE(FormatOfPath(path).ok()) << path;
  }
}

}  // namespace
}  // namespace picabia::studio
