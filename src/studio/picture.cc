// Names of picture formats, and the way to the library that reads and writes them.
#include "studio/picture.h"

#include <dlfcn.h>

#include <cctype>
#include <future>
#include <string_view>

#include "base/file.h"
#include "studio/pictures/module.h"
#include "studio/plain_png.h"

namespace picabia::studio {
namespace {

using pictures::Module;

// Never unloaded: pictures hold objects of it. Found beside the program, as its run path says.
Result<const Module*> Load() {
  void* library = dlopen(pictures::kModuleFile, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr)
    return Unsupported(std::string("pictures cannot be read or written: ") + dlerror());
  const auto* module = static_cast<const Module*>(dlsym(library, pictures::kModuleSymbol));
  if (module == nullptr || std::string_view(module->version) != PICABIA_VERSION)
    return Unsupported(std::string(pictures::kModuleFile) + " is of another version, expected " +
                       PICABIA_VERSION);
  return module;
}

const Result<const Module*>& TheModule() {
  static const Result<const Module*> module = Load();
  return module;
}

Status Start(const char* program, int threads) {
  PICABIA_ASSIGN_OR_RETURN(const Module* module, TheModule());
  return module->start(program, threads);
}

// The library on its way; the first caller begins to load it.
std::shared_future<Status> Begun(const char* program, int threads) {
  static const std::shared_future<Status> begun =
      std::async(std::launch::async, Start, program, threads);
  return begun;
}

// For callers that did not wait, since most of what they read needs no libvips.
Result<const Module*> StartedModule() {
  PICABIA_RETURN_IF_ERROR(StartPictures("picabia", 0));
  return TheModule();
}

}  // namespace

void BeginPictures(const char* program, int threads) { Begun(program, threads); }

Status StartPictures(const char* program, int threads) { return Begun(program, threads).get(); }

bool LooksLikePicture(const std::string& path) {
  const auto file = FileBytes::Open(path);
  if (!file.ok()) return false;
  if (IsPlainPng((*file)->bytes())) return true;
  const auto module = StartedModule();
  return module.ok() && (*module)->accepts((*file)->bytes());
}

bool NeedsLibvips(const std::string& path) {
  const auto file = FileBytes::Open(path);
  return !file.ok() || !IsPlainPng((*file)->bytes());
}

Result<Picture> ReadPicture(const std::string& path, int64_t max_pixels) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  auto picture = DecodePicture(file->bytes(), max_pixels);
  if (!picture.ok()) return picture.status().WithContext(path);
  return picture;
}

Result<Picture> DecodePicture(std::span<const std::byte> bytes, int64_t max_pixels) {
  if (auto picture = DecodePlainPng(bytes, max_pixels)) return *std::move(picture);
  PICABIA_ASSIGN_OR_RETURN(const Module* module, StartedModule());
  return module->decode(bytes, max_pixels);
}

Result<std::string> EncodePicture(const Picture& picture, const EncodeOptions& options) {
  if (options.format == PictureFormat::kPng)
    if (auto bytes = EncodePlainPng(picture)) return *std::move(bytes);
  PICABIA_ASSIGN_OR_RETURN(const Module* module, StartedModule());
  auto bytes = module->encode(picture, options);
  if (!bytes.ok()) return bytes.status().WithContext(FormatExtension(options.format));
  return bytes;
}

Result<PictureFormat> ParsePictureFormat(const std::string& name) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "png") return PictureFormat::kPng;
  if (lower == "jpg" || lower == "jpeg") return PictureFormat::kJpeg;
  if (lower == "webp") return PictureFormat::kWebp;
  if (lower == "tif" || lower == "tiff") return PictureFormat::kTiff;
  return InvalidArgument("unknown picture format \"" + name +
                         "\", expected png, jpg, jpeg, webp, tif or tiff");
}

Result<PictureFormat> FormatOfPath(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  const size_t start = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = path.find_last_of('.');
  if (dot == std::string::npos || dot <= start) {
    return InvalidArgument(path +
                           ": has no extension, expected .png, .jpg, .jpeg, .webp, .tif or "
                           ".tiff (or --format)");
  }
  return ParsePictureFormat(path.substr(dot + 1));
}

const char* FormatExtension(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return "png";
    case PictureFormat::kJpeg:
      return "jpg";
    case PictureFormat::kWebp:
      return "webp";
    case PictureFormat::kTiff:
      return "tif";
  }
  return "png";
}

}  // namespace picabia::studio
