// Pictures and files of a report; see quantize_report.h.
#include "studio/quantize_report.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "studio/picture_tensor.h"

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

Result<std::string> Png(const Picture& picture) {
  PICABIA_ASSIGN_OR_RETURN(const std::string bytes, EncodePicture(picture, {}));
  return Base64(bytes);
}

// Of pixels [1,H,W,C] in the model's colour order.
Result<Picture> PictureOf(const Tensor& pixels, bool bgr) {
  PictureConvention convention;
  convention.bgr = bgr;
  return TensorToPicture(pixels, convention, pixels.shape()[1], pixels.shape()[2]);
}

// Black, red, yellow, white: how far the farthest channel of each pixel is off, of `full`.
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

Status AddPictures(quant::Report& report, bool bgr) {
  constexpr double kFull = 64;  // of 255: a difference that anybody sees
  PICABIA_ASSIGN_OR_RETURN(const Picture expected, PictureOf(report.evaluation->expected, bgr));
  PICABIA_ASSIGN_OR_RETURN(const Picture found, PictureOf(report.evaluation->found, bgr));
  PICABIA_ASSIGN_OR_RETURN(report.expected_png, Png(expected));
  PICABIA_ASSIGN_OR_RETURN(report.found_png, Png(found));
  PICABIA_ASSIGN_OR_RETURN(report.difference_png, Png(DifferenceMap(expected, found, kFull)));
  report.difference_full = kFull;
  return OkStatus();
}

}  // namespace

Status WriteReport(quant::Report report, const PictureConvention& convention,
                   const std::string& folder) {
  if (report.evaluation->is_picture) PICABIA_RETURN_IF_ERROR(AddPictures(report, convention.bgr));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return IoError(folder + ": cannot make the folder: " + error.message());
  PICABIA_RETURN_IF_ERROR(WriteFileAtomically(folder + "/report.json", quant::ReportJson(report)));
  return WriteFileAtomically(folder + "/report.html", quant::ReportHtml(report));
}

}  // namespace picabia::studio
