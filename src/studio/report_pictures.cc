// Pictures of pages; see report_pictures.h.
#include "studio/report_pictures.h"

#include <algorithm>
#include <cmath>

namespace picabia::studio {
namespace {

std::string Base64(const std::string& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

}  // namespace

Result<std::string> PngBase64(const Picture& picture) {
  PICABIA_ASSIGN_OR_RETURN(const std::string bytes, EncodePicture(picture, {}));
  return Base64(bytes);
}

Picture DifferenceMap(const Picture& a, const Picture& b, double full) {
  Picture map{a.width, a.height, {}, {}, nullptr};
  for (size_t i = 0; i + 2 < a.rgb.size(); i += 3) {
    int most = 0;
    for (size_t c = i; c < i + 3; ++c) most = std::max(most, std::abs(a.rgb[c] - b.rgb[c]));
    const double heat = 3 * std::min(most / full, 1.0);
    for (int c = 0; c < 3; ++c)
      map.rgb.push_back(static_cast<uint8_t>(255 * std::clamp(heat - c, 0.0, 1.0)));
  }
  return map;
}

}  // namespace picabia::studio
