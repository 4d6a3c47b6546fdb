// One model to quantize, whether an ini file or options say how: the work behind `picabia quantize`
// and Python's quantize().
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ops/custom.h"
#include "quant/config.h"
#include "quant/evaluate.h"
#include "quant/first_convolution.h"
#include "quant/quantize.h"
#include "studio/calibration_set.h"
#include "studio/models.h"
#include "studio/set_inputs.h"

namespace picabia::studio {

using Json = nlohmann::ordered_json;

// What is said while a job runs; each may be empty. The library itself prints nothing.
struct QuantizeEvents {
  std::function<void(const std::string& text)> note;        // a warning, one line
  std::function<void(const std::string& text)> print;       // what Cambricon's tool prints
  std::function<void(size_t done, size_t total)> progress;  // pictures; done == total: no more

  void Note(const std::string& text) const {
    if (note) note(text);
  }
  void Print(const std::string& text) const {
    if (print) print(text);
  }
};

// What the options of the command line say of a model.
struct ModelJobOptions {
  std::string model, output;
  std::string calibration;            // a folder or a list; "": `pictures`
  std::vector<std::string> pictures;  // files; empty: a made picture
  std::string fetch;                  // the output that is the picture; "": the first
  quant::Options quantizing;
  Preprocess preprocess;
  std::vector<SetOption> sets;
  int64_t height = 0, width = 0;  // of the pictures; 0: the model's own
};

struct QuantizeRequest {
  ModelJobOptions
      model;  // of an ini file of Cambricon's quantizer, `model` alone: it says the rest
  bool as_cambricon = false;
  std::string report;          // a folder, or ""
  double target_psnr = 0;      // dB; 0: none
  double target_seconds = 0;   // for the search
  int threads = 0;             // 0: one per core
  ops::OperatorSet operators;  // custom ones that the model may have
  QuantizeEvents events;
};

// Whether a path names an ini file.
bool IsQuantizeConfig(const std::string& path);

struct QuantizeSummary {
  Json json;
  std::string text;
};

// Calibrates, plans, writes the model, and says what came of it. StartPictures() has been called.
// The error names the file; nothing is written then.
Result<QuantizeSummary> Quantize(const QuantizeRequest& request);

// ---- the parts of a job: quantize_config.cc and quantize_model.cc make one, quantize_job.cc runs
// it

struct QuantizeJob {
  std::string model, output;
  Model opened;  // the float model
  std::vector<std::string> feeds;
  std::string picture_output;  // the tensor that is the picture
  quant::Options options;
  quant::Kinds wanted;
  quant::DeviceMode devices = quant::DeviceMode::kOrigin;
  std::optional<quant::PixelScaling> first_pixels;  // goes into the first convolution
  CalibrationSet set;
  quant::Pictures pictures;
  Json preprocess;            // how pictures become tensors, for the record
  std::string report;         // a folder, or ""
  double target_psnr = 0;     // dB; 0: none
  double target_seconds = 0;  // for the search
  int threads = 0;
  ops::OperatorSet operators;
  bool cambricon_text = false;  // also say what Cambricon's tool prints
  bool make_folders = false;    // that the output lies in
  bool debug = false;           // note what was measured of each layer
  QuantizeEvents events;
};

Result<QuantizeJob> JobOfConfig(const std::string& path, const ops::OperatorSet& operators,
                                const QuantizeEvents& events);
Result<QuantizeJob> JobOfModel(const ModelJobOptions& options, const ops::OperatorSet& operators,
                               const QuantizeEvents& events);

}  // namespace picabia::studio
