// The report as JSON; see report.h.
#include <nlohmann/json.hpp>

#include "quant/report.h"

namespace picabia::quant {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kHistogramParts = 64;

// Null where the output is no picture.
Json PictureJson(const Report& report, double value) {
  return report.evaluation->is_picture ? Json(value) : Json(nullptr);
}

Json LayerJson(const Report& report, size_t i, size_t rank) {
  const Layer& layer = report.calibration->layers[i];
  const LayerPlan& plan = (*report.plans)[i];
  const LayerQuality& quality = report.evaluation->layers[i];
  const Histogram& histogram = report.calibration->histogram(i);
  return {{"node", layer.node},
          {"op", layer.op},
          {"bits", plan.bits},
          {"harm_rank", rank + 1},
          {"picture_psnr_alone", PictureJson(report, quality.picture.psnr())},
          {"output_sqnr_alone", quality.picture.sqnr()},
          {"sqnr_alone", quality.alone.sqnr()},
          {"sqnr_accumulated", quality.together.sqnr()},
          {"max_error_alone", quality.alone.max_error},
          {"max_error_accumulated", quality.together.max_error},
          {"saturated_share", quality.saturated},
          {"time_share", quality.time_share},
          {"filter_scales", plan.filter_scales},
          {"input",
           {{"tensor", layer.input},
            {"least", histogram.range().low},
            {"greatest", histogram.range().high},
            {"range_low", plan.bits == kFloatBits ? histogram.range().low : plan.input.low},
            {"range_high", plan.bits == kFloatBits ? histogram.range().high : plan.input.high},
            {"histogram", histogram.Linear(kHistogramParts)}}}};
}

}  // namespace

std::string ReportJson(const Report& report) {
  std::vector<size_t> rank(report.plans->size());
  const std::vector<size_t> order = ByHarm(*report.evaluation);
  for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  Json json = {{"model", report.model},
               {"output", report.output},
               {"bytes_before", report.bytes_before},
               {"bytes_after", report.bytes_after},
               {"psnr", PictureJson(report, report.evaluation->picture.psnr())},
               {"ssim", PictureJson(report, report.evaluation->ssim)},
               {"output_sqnr", report.evaluation->picture.sqnr()},
               {"record", Json::parse(report.record, nullptr, false)},
               {"calibration_files", report.calibration_files},
               {"search", report.search},
               {"notes", report.notes},
               {"layers", Json::array()}};
  for (size_t i = 0; i < rank.size(); ++i) json["layers"].push_back(LayerJson(report, i, rank[i]));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace picabia::quant
