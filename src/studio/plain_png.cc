#include "studio/plain_png.h"

#include <spng.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace picabia::studio {
namespace {

using Context = std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)>;

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr size_t kLengthAndType = 8, kChecksum = 4;
constexpr size_t kBitDepth = 24, kColorType = 25;  // places in the file: IHDR comes first

// Chunks that change nothing here: what libvips passes over, too.
constexpr std::string_view kPlainChunks[] = {"IHDR", "IDAT", "IEND", "sRGB", "gAMA", "cHRM"};

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

uint32_t Checksum(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// Whether it is 8-bit RGB and the chunks are plain ones, whole, and with `checked` as their
// checksums say (which libspng does not look at everywhere).
bool HasPlainChunks(std::span<const std::byte> bytes, bool checked) {
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!rest.starts_with(kSignature) || rest.size() <= kColorType || rest[kBitDepth] != 8 ||
      rest[kColorType] != SPNG_COLOR_TYPE_TRUECOLOR)
    return false;
  rest.remove_prefix(kSignature.size());
  while (rest.size() >= kLengthAndType + kChecksum) {
    const size_t end = kLengthAndType + BigEndian(rest);
    const std::string_view type = rest.substr(4, 4);
    const bool plain =
        std::find(std::begin(kPlainChunks), std::end(kPlainChunks), type) != std::end(kPlainChunks);
    if (!plain || rest.size() - kChecksum < end) return false;
    if (checked && Checksum(rest.substr(4, end - 4)) != BigEndian(rest.substr(end))) return false;
    if (type == "IEND") return true;
    rest.remove_prefix(end + kChecksum);
  }
  return false;
}

}  // namespace

bool IsPlainPng(std::span<const std::byte> bytes) { return HasPlainChunks(bytes, false); }

std::optional<Picture> DecodePlainPng(std::span<const std::byte> bytes, int64_t max_pixels) {
  if (!HasPlainChunks(bytes, true)) return std::nullopt;
  const Context context(spng_ctx_new(0), &spng_ctx_free);
  spng_ihdr header{};
  size_t size = 0;
  if (context == nullptr || spng_set_png_buffer(context.get(), bytes.data(), bytes.size()) != 0 ||
      spng_get_ihdr(context.get(), &header) != 0 ||
      int64_t{header.width} * header.height > max_pixels ||
      spng_decoded_image_size(context.get(), SPNG_FMT_RGB8, &size) != 0)
    return std::nullopt;
  Picture picture{header.width, header.height, {}, {}, nullptr};
  picture.rgb.resize(size);
  if (spng_decode_image(context.get(), picture.rgb.data(), size, SPNG_FMT_RGB8, 0) != 0)
    return std::nullopt;
  return picture;
}

std::optional<std::string> EncodePlainPng(const Picture& picture) {
  if (!picture.alpha.empty() || picture.metadata != nullptr) return std::nullopt;
  const Context context(spng_ctx_new(SPNG_CTX_ENCODER), &spng_ctx_free);
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(picture.width);
  header.height = static_cast<uint32_t>(picture.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  // As in pictures/encode.cc.
  if (context == nullptr || spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1) != 0 ||
      spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, 1) != 0 ||
      spng_set_option(context.get(), SPNG_FILTER_CHOICE, SPNG_FILTER_CHOICE_PAETH) != 0 ||
      spng_set_ihdr(context.get(), &header) != 0 ||
      spng_encode_image(context.get(), picture.rgb.data(), picture.rgb.size(), SPNG_FMT_PNG,
                        SPNG_ENCODE_FINALIZE) != 0)
    return std::nullopt;
  size_t size = 0;
  int error = 0;
  const std::unique_ptr<void, decltype(&std::free)> data(
      spng_get_png_buffer(context.get(), &size, &error), &std::free);
  if (data == nullptr || error != 0) return std::nullopt;
  return std::string(static_cast<const char*>(data.get()), size);
}

}  // namespace picabia::studio
