// The report on a quantized model: one HTML page that needs nothing else, and the same as JSON.
// Called by the command line.
#pragma once

#include <string>
#include <vector>

#include "quant/evaluate.h"

namespace picabia::quant {

struct Report {
  std::string model, output;  // names of the files
  size_t bytes_before = 0, bytes_after = 0;
  std::string record;               // JSON: how the file came about
  std::vector<std::string> search;  // what the search for a target has tried
  std::vector<std::string> notes;   // layers that stay float, and why
  std::vector<std::string> calibration_files;
  const Calibration* calibration = nullptr;
  const std::vector<LayerPlan>* plans = nullptr;
  const Evaluation* evaluation = nullptr;  // with EvaluateOptions::alone
  // PNG files in base64, of the first picture.
  std::string expected_png, found_png, difference_png;
  double difference_full = 0;  // the difference, of 255, that the map shows as white
};

std::string ReportJson(const Report& report);
std::string ReportHtml(const Report& report);

}  // namespace picabia::quant
