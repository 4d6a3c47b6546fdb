// Plain PNG files against libvips: the same pixels, and everything that is not plain left to it.
#include "studio/plain_png.h"

#include <gtest/gtest.h>

#include <random>

namespace picabia::studio {
namespace {

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

Picture Noise(int64_t width, int64_t height, uint32_t seed) {
  std::mt19937 rng(seed);
  Picture picture{width, height, {}, {}, nullptr};
  for (int64_t i = 0; i < width * height * 3; ++i)
    picture.rgb.push_back(static_cast<uint8_t>(i % 5 == 0 ? rng() : i / 7));
  return picture;
}

TEST(PlainPng, IsWhatLibvipsReads) {
  for (const auto [width, height] : {std::pair{1, 1}, {3, 2}, {64, 33}, {257, 100}}) {
    const Picture picture = Noise(width, height, 7);
    const auto bytes = EncodePlainPng(picture);
    ASSERT_TRUE(bytes);
    EXPECT_TRUE(IsPlainPng(Bytes(*bytes)));
    const auto own = DecodePlainPng(Bytes(*bytes), kDefaultMaxPixels);
    ASSERT_TRUE(own);
    EXPECT_EQ(own->rgb, picture.rgb);
    // A note behind the header makes it a file for libvips, which reads the same pixels.
    std::string noted = *bytes;
    noted.insert(33, std::string("\0\0\0\0tEXt\xe6\x9e\x34\x58", 12));
    EXPECT_FALSE(IsPlainPng(Bytes(noted)));
    EXPECT_FALSE(DecodePlainPng(Bytes(noted), kDefaultMaxPixels));
    const auto theirs = DecodePicture(Bytes(noted), kDefaultMaxPixels);
    ASSERT_TRUE(theirs.ok()) << theirs.status().message();
    EXPECT_EQ(theirs->rgb, picture.rgb);
    EXPECT_EQ(theirs->width, width);
    EXPECT_EQ(theirs->height, height);
  }
}

TEST(PlainPng, DamageAndSizeAreLeftToLibvips) {
  const std::string bytes = *EncodePlainPng(Noise(40, 30, 8));
  EXPECT_FALSE(DecodePlainPng(Bytes(bytes), 40 * 30 - 1));
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    EXPECT_FALSE(DecodePlainPng(Bytes(cut), kDefaultMaxPixels)) << size;
  }
  // Every changed byte breaks a checksum.
  for (size_t at = 8; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_FALSE(DecodePlainPng(Bytes(changed), kDefaultMaxPixels)) << at;
  }
}

TEST(PlainPng, MoreThanPixelsIsLeftToLibvips) {
  Picture picture = Noise(8, 8, 9);
  picture.alpha.assign(64, 100);
  EXPECT_FALSE(EncodePlainPng(picture));
  const auto bytes = EncodePicture(picture, {.format = PictureFormat::kPng});
  ASSERT_TRUE(bytes.ok());
  EXPECT_FALSE(DecodePlainPng(Bytes(*bytes), kDefaultMaxPixels));
  const auto back = DecodePicture(Bytes(*bytes), kDefaultMaxPixels);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->alpha, picture.alpha);
}

}  // namespace
}  // namespace picabia::studio
