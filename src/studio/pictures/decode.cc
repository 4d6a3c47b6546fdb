// Reading pictures, by libvips. Its C++ interface throws; every exception becomes a Status here.
#include <dlfcn.h>
#include <gmodule.h>

#include <array>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vips/vips8>

#include "studio/pictures/module.h"
#include "studio/pictures/vips_support.h"

namespace picabia::studio::pictures {
namespace {

using vips::VImage;

// The readers that stay open. libvips has many more (SVG, PDF, ImageMagick's hundreds): programs
// in disguise, slow, or with a history of holes. Nobody's photos need them.
constexpr std::array kReaders = {
    "VipsForeignLoadJpeg",  "VipsForeignLoadPng",  "VipsForeignLoadWebp", "VipsForeignLoadTiff",
    "VipsForeignLoadNsgif", "VipsForeignLoadHeif", "VipsForeignLoadJxl",  "VipsForeignLoadPpm"};

VImage Open(std::span<const std::byte> bytes) {
  const auto source = vips::VSource::new_from_memory(bytes.data(), bytes.size());
  return VImage::new_from_source(
      source, "",
      VImage::option()->set("access", VIPS_ACCESS_SEQUENTIAL)->set("fail_on", VIPS_FAIL_ON_ERROR));
}

Status CheckSize(const VImage& image, int64_t max_pixels) {
  const int64_t width = image.width(), height = image.height();
  if (width * height <= max_pixels) return OkStatus();
  return ResourceError("is " + std::to_string(width) + "x" + std::to_string(height) +
                       ", more than " + std::to_string(max_pixels) + " pixels (--max-pixels)");
}

// The colour space that an embedded ICC profile is for, as its header says ("RGB ", "GRAY"), or "".
std::string ProfileSpace(const VImage& image) {
  if (image.get_typeof(VIPS_META_ICC_NAME) == 0) return "";
  size_t length = 0;
  const void* data = image.get_blob(VIPS_META_ICC_NAME, &length);
  constexpr size_t kSpaceOffset = 16;  // ICC.1 specification, section 7.2
  if (length < kSpaceOffset + 4) return "";
  return {static_cast<const char*>(data) + kSpaceOffset, 4};
}

VImage WithoutProfile(const VImage& image) {
  VImage copy = image.copy();
  copy.remove(VIPS_META_ICC_NAME);
  return copy;
}

// Through the embedded profile (or libvips' own CMYK one) where there is one, else by the formula.
VImage ToSrgb(const VImage& image, bool has_profile) {
  if (has_profile) {
    try {
      return image.icc_transform("srgb", VImage::option()
                                             ->set("embedded", true)
                                             ->set("input_profile", "cmyk")
                                             ->set("intent", VIPS_INTENT_RELATIVE));
    } catch (const vips::VError&) {
      vips_error_clear();  // a broken profile must not keep the picture from being read
    }
  }
  return WithoutProfile(image.colourspace(VIPS_INTERPRETATION_sRGB));
}

// Gray or RGB samples of 8 or 16 bits stay as they are; every other space becomes sRGB.
VImage ToKnownSpace(const VImage& image) {
  const VipsInterpretation space = image.interpretation();
  const std::string profile = ProfileSpace(image);
  const bool small_integer =
      image.format() == VIPS_FORMAT_UCHAR || image.format() == VIPS_FORMAT_USHORT;
  const bool rgb = space == VIPS_INTERPRETATION_sRGB || space == VIPS_INTERPRETATION_RGB16 ||
                   space == VIPS_INTERPRETATION_RGB;
  const bool gray = space == VIPS_INTERPRETATION_B_W || space == VIPS_INTERPRETATION_GREY16;
  if (rgb && small_integer && image.bands() >= 3) {
    return profile.empty() || profile == "RGB " ? image : WithoutProfile(image);
  }
  if (gray && small_integer) {
    // A profile for grey cannot stay on a picture that will have colours.
    return profile == "GRAY" ? ToSrgb(image, true) : WithoutProfile(image);
  }
  return ToSrgb(image, space == VIPS_INTERPRETATION_CMYK || !profile.empty());
}

// All samples of `image`, which has 8 or 16 bits, interleaved, in 8 bits.
std::vector<uint8_t> EightBitSamples(const VImage& image) {
  size_t size = 0;
  const std::unique_ptr<void, decltype(&g_free)> data(image.write_to_memory(&size), &g_free);
  if (image.format() != VIPS_FORMAT_USHORT) {
    const auto* bytes = static_cast<const uint8_t*>(data.get());
    return {bytes, bytes + size};
  }
  const auto* wide = static_cast<const uint16_t*>(data.get());
  std::vector<uint8_t> narrow(size / sizeof(uint16_t));
  for (size_t i = 0; i < narrow.size(); ++i) {
    narrow[i] = static_cast<uint8_t>((wide[i] * 255u + 32767u) / 65535u);  // to nearest
  }
  return narrow;
}

// Fills rgb and alpha from interleaved samples of `bands` channels, of which the last may be alpha.
void Separate(std::vector<uint8_t> samples, size_t bands, bool has_alpha, Picture& picture) {
  if (bands == 3 && !has_alpha) {
    picture.rgb = std::move(samples);
    return;
  }
  const size_t pixels = samples.size() / bands;
  const bool gray = bands - (has_alpha ? 1 : 0) < 3;
  picture.rgb.resize(pixels * 3);
  if (has_alpha) picture.alpha.resize(pixels);
  for (size_t i = 0; i < pixels; ++i) {
    const uint8_t* from = &samples[i * bands];
    for (size_t c = 0; c < 3; ++c) picture.rgb[i * 3 + c] = from[gray ? 0 : c];
    if (has_alpha) picture.alpha[i] = from[bands - 1];
  }
}

// Turning needs the whole picture in memory; everything else streams.
VImage Upright(const VImage& image) {
  const bool turned =
      image.get_typeof(VIPS_META_ORIENTATION) != 0 && image.get_int(VIPS_META_ORIENTATION) > 1;
  return turned ? image.copy_memory().autorot() : image.autorot();
}

Picture FromImage(const VImage& source) {
  VImage image = ToKnownSpace(Upright(source));
  if (image.format() != VIPS_FORMAT_USHORT) image = image.cast(VIPS_FORMAT_UCHAR);
  Picture picture;
  picture.width = image.width();
  picture.height = image.height();
  Separate(EightBitSamples(image), static_cast<size_t>(image.bands()), image.has_alpha(), picture);
  PictureMetadata metadata{VImage::black(1, 1)};
  CopyMetadata(image, metadata.fields);
  picture.metadata = std::make_shared<const PictureMetadata>(std::move(metadata));
  return picture;
}

// Why bytes that no reader accepts are not a picture.
Status NotAPicture(std::span<const std::byte> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (head.empty()) return InvalidArgument("is empty, expected a picture");
  if (head.starts_with("version https://git-lfs")) {
    return InvalidArgument("is a Git LFS pointer, not the picture itself: git lfs pull fetches it");
  }
  return InvalidArgument(
      "is not a picture that can be read here (JPEG, PNG, WebP, TIFF, GIF, HEIF, JPEG XL, PPM)");
}

// Readers that are not wanted stay closed, those of modules, too.
void OpenReaders() {
  vips_operation_block_set("VipsForeignLoad", 1);
  for (const char* reader : kReaders) vips_operation_block_set(reader, 0);
}

// libvips loads its modules when it starts, ImageMagick among them, which takes longer than a small
// picture. There are none where it looks for them now; LoadModules() gets two when they are needed.
int StartWithoutModules(const char* program) {
  constexpr char kHome[] = "VIPSHOME", kNowhere[] = "/nonexistent";
  const char* set = g_getenv(kHome);
  const std::string before = set == nullptr ? "" : set;
  g_setenv(kHome, kNowhere, TRUE);
  const int failed = vips_init(program);
  set == nullptr ? g_unsetenv(kHome) : static_cast<void>(g_setenv(kHome, before.c_str(), TRUE));
  return failed;
}

// The readers of HEIF and JPEG XL, which Debian's libvips keeps in modules beside itself.
void LoadModules() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&vips_init), &info) == 0) return;
  const std::string library = info.dli_fname;
  const std::string folder = library.substr(0, library.rfind('/') + 1) + "vips-modules-" +
                             std::to_string(vips_version(0)) + "." +
                             std::to_string(vips_version(1)) + "/";
  for (const char* name : {"vips-heif.so", "vips-jxl.so"}) {
    GModule* module = g_module_open((folder + name).c_str(), G_MODULE_BIND_LAZY);
    if (module != nullptr) g_module_make_resident(module);
  }
  OpenReaders();
}

// The first bytes of the kinds that LoadModules() is for: ISO/IEC 14496-12 (a box "ftyp"), and
// ISO/IEC 18181-2 (a bare codestream, or a box "JXL ").
bool WantsModules(std::span<const std::byte> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return head.starts_with("\xFF\x0A") ||
         (head.size() >= 8 && (head.substr(4, 4) == "ftyp" || head.substr(4, 4) == "JXL "));
}

void IgnoreLog(const char*, GLogLevelFlags, const char*, void*) {}

}  // namespace

Status Start(const char* program, int threads) {
  // Warnings of libvips about odd files would mix with our own messages.
  g_log_set_handler("VIPS", static_cast<GLogLevelFlags>(G_LOG_LEVEL_MASK), IgnoreLog, nullptr);
  if (StartWithoutModules(program) != 0) return VipsFailure(StatusCode::kUnsupported, "libvips");
  OpenReaders();
  vips_cache_set_max(0);  // every picture is read once
  vips_concurrency_set(threads);
  return OkStatus();
}

bool Accepts(std::span<const std::byte> bytes) {
  if (bytes.empty()) return false;
  if (WantsModules(bytes)) {
    static std::once_flag once;
    std::call_once(once, LoadModules);
  }
  const auto source = vips::VSource::new_from_memory(bytes.data(), bytes.size());
  const bool found = vips_foreign_find_load_source(source.get_source()) != nullptr;
  vips_error_clear();
  return found;
}

Result<Picture> Decode(std::span<const std::byte> bytes, int64_t max_pixels) {
  if (!Accepts(bytes)) return NotAPicture(bytes);
  try {
    const VImage image = Open(bytes);
    PICABIA_RETURN_IF_ERROR(CheckSize(image, max_pixels));
    return FromImage(image);
  } catch (const vips::VError&) {
    return VipsFailure(StatusCode::kInvalidArgument, "damaged or cut picture");
  }
}

}  // namespace picabia::studio::pictures
