// The plainest PNG files, 8-bit RGB without profile, transparency or notes, read and written by
// libspng alone: libvips, which knows all other files, brings a hundred libraries that take longer
// to load than a small picture takes to stylize.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "studio/picture.h"

namespace picabia::studio {

// By its chunks alone, whether the bytes are such a file. One that is damaged may be among them.
bool IsPlainPng(std::span<const std::byte> bytes);

// Nothing where the file is no plain one, is damaged or has more than `max_pixels`: libvips says
// what there is to say then.
std::optional<Picture> DecodePlainPng(std::span<const std::byte> bytes, int64_t max_pixels);

// Nothing where the picture has more than its pixels, or cannot be encoded.
std::optional<std::string> EncodePlainPng(const Picture& picture);

}  // namespace picabia::studio
