// Pictures and files of a report; see quantize_report.h.
#include "studio/quantize_report.h"

#include <filesystem>

#include "base/file.h"
#include "studio/picture_tensor.h"
#include "studio/report_pictures.h"

namespace picabia::studio {
namespace {

// Of pixels [1,H,W,C] in the model's colour order.
Result<Picture> PictureOf(const Tensor& pixels, bool bgr) {
  PictureConvention convention;
  convention.bgr = bgr;
  return TensorToPicture(pixels, convention, pixels.shape()[1], pixels.shape()[2]);
}

Status AddPictures(quant::Report& report, bool bgr) {
  PICABIA_ASSIGN_OR_RETURN(const Picture expected, PictureOf(report.evaluation->expected, bgr));
  PICABIA_ASSIGN_OR_RETURN(const Picture found, PictureOf(report.evaluation->found, bgr));
  PICABIA_ASSIGN_OR_RETURN(report.expected_png, PngBase64(expected));
  PICABIA_ASSIGN_OR_RETURN(report.found_png, PngBase64(found));
  PICABIA_ASSIGN_OR_RETURN(report.difference_png,
                           PngBase64(DifferenceMap(expected, found, kFullDifference)));
  report.difference_full = kFullDifference;
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
