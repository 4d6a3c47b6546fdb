// What the shared library libpicabia_pictures.so offers to studio/picture.cc, which loads it when
// the first picture comes: libvips brings a hundred libraries, which would cost every other command
// 15 MB and some 20 ms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/status.h"
#include "studio/picture.h"

namespace picabia::studio::pictures {

// As StartPictures(), DecodePicture() and EncodePicture() of picture.h, and whether a reader
// accepts the bytes.
Status Start(const char* program, int threads);
bool Accepts(std::span<const std::byte> bytes);
Result<Picture> Decode(std::span<const std::byte> bytes, int64_t max_pixels);
Result<std::string> Encode(const Picture& picture, const EncodeOptions& options);

// Built with the program, of one version with it: the types that pass are C++.
struct Module {
  const char* version;  // PICABIA_VERSION
  decltype(&Start) start;
  decltype(&Accepts) accepts;
  decltype(&Decode) decode;
  decltype(&Encode) encode;
};

constexpr char kModuleFile[] = "libpicabia_pictures.so";
constexpr char kModuleSymbol[] = "picabia_pictures_module";  // extern "C" const Module

}  // namespace picabia::studio::pictures
