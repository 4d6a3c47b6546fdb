// Pictures in files: what the command line reads and writes around a network. libvips does it,
// behind a library of ours that is loaded when the first picture comes (src/studio/pictures/), and
// libspng where a file is plain enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace picabia::studio {

// What a picture carries besides its pixels: colour profile, EXIF, XMP, IPTC, resolution.
struct PictureMetadata;

// An upright 8-bit RGB picture, rows from the top, three bytes a pixel.
struct Picture {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<uint8_t> rgb;
  std::vector<uint8_t> alpha;  // one byte a pixel, or empty: opaque
  std::shared_ptr<const PictureMetadata> metadata;
};

// Same as the limit of other common picture libraries: 512 MiB as RGB.
constexpr int64_t kDefaultMaxPixels = 178'956'970;

// Begins to load libvips on a thread of its own; `program` is for its messages, `threads` 0: one
// per core. May be called again, which changes nothing.
void BeginPictures(const char* program, int threads);

// The same, and waits until it is there; otherwise the functions below do where they need it.
// kUnsupported where it is not installed.
Status StartPictures(const char* program, int threads);

// Whether the bytes begin like a picture of a kind that DecodePicture() reads.
bool LooksLikePicture(const std::string& path);

// Whether reading the file takes libvips: plain PNG files (plain_png.h) do not.
bool NeedsLibvips(const std::string& path);

// Decodes the first picture of a file or of bytes. Turned upright as EXIF says; grey becomes three
// equal channels; 16 bits become 8; CMYK and other spaces become sRGB, RGB values stay as they are
// under their profile. More than `max_pixels` is refused before anything is decoded, and a damaged
// or cut file is refused as a whole. The errors of ReadPicture() name the file.
Result<Picture> ReadPicture(const std::string& path, int64_t max_pixels);
Result<Picture> DecodePicture(std::span<const std::byte> bytes, int64_t max_pixels);

enum class PictureFormat { kPng, kJpeg, kWebp, kTiff };
// "png", "jpg", "jpeg", "webp", "tif", "tiff", in any case. The error lists them.
Result<PictureFormat> ParsePictureFormat(const std::string& name);
// The format that the extension of `path` names.
Result<PictureFormat> FormatOfPath(const std::string& path);
// Its usual extension, without the dot.
const char* FormatExtension(PictureFormat format);

struct EncodeOptions {
  PictureFormat format = PictureFormat::kPng;
  int quality = 92;  // 1..100, for JPEG and WebP; from 90 on JPEG keeps the colour at full size
};
// The bytes of a file. JPEG has no transparency: what is transparent becomes white.
Result<std::string> EncodePicture(const Picture& picture, const EncodeOptions& options);

}  // namespace picabia::studio
