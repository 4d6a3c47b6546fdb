// Pictures as planar floats 0..255, by libvips. Networks that OpenCV feeds want blue first.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>
#include <vips/vips8>

// channels: 3, blue first. Throws vips::VError.
inline std::vector<float> ReadPlanar(const std::string& path, int width, int height) {
  vips::VImage image =
      vips::VImage::thumbnail(
          path.c_str(), width,
          vips::VImage::option()->set("height", height)->set("size", VIPS_SIZE_FORCE))
          .colourspace(VIPS_INTERPRETATION_sRGB);
  if (image.has_alpha()) image = image.flatten();
  size_t bytes = 0;
  image = image.extract_band(0, vips::VImage::option()->set("n", 3)).cast(VIPS_FORMAT_UCHAR);
  void* memory = image.write_to_memory(&bytes);
  const auto* pixels = static_cast<const uint8_t*>(memory);
  const size_t count = static_cast<size_t>(width) * static_cast<size_t>(height);
  std::vector<float> planar(3 * count);
  for (size_t i = 0; i < count; ++i)
    for (size_t c = 0; c < 3; ++c) planar[(2 - c) * count + i] = pixels[3 * i + c];
  g_free(memory);
  return planar;
}

inline void WritePlanar(const std::string& path, const std::vector<float>& planar, int width,
                        int height) {
  const size_t count = static_cast<size_t>(width) * static_cast<size_t>(height);
  std::vector<uint8_t> pixels(3 * count);
  for (size_t i = 0; i < count; ++i)
    for (size_t c = 0; c < 3; ++c)
      pixels[3 * i + c] = static_cast<uint8_t>(
          std::clamp(std::nearbyint(planar[(2 - c) * count + i]), 0.0f, 255.0f));
  vips::VImage::new_from_memory(pixels.data(), pixels.size(), width, height, 3, VIPS_FORMAT_UCHAR)
      .copy(vips::VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB))
      .write_to_file(path.c_str());
}
