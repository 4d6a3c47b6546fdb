// One model to quantize, whether an ini file or options say how: what quantize_command.cc makes and
// quantize_job.cc runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/calibration_set.h"
#include "apps/cli/commands.h"
#include "apps/cli/models.h"
#include "quant/config.h"
#include "quant/evaluate.h"
#include "quant/first_convolution.h"
#include "quant/quantize.h"

namespace picabia::cli {

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
  bool json = false;
  bool cambricon_text = false;  // also print what Cambricon's tool prints
  bool make_folders = false;    // that the output lies in
  bool debug = false;           // say what was measured of each layer
};

// Calibrates, plans, writes the model and says what came of it.
Status RunQuantizeJob(const QuantizeJob& job);

// The job that an ini file describes. Prints what Cambricon's tool prints before it works; warnings
// go to stderr.
Result<QuantizeJob> JobOfConfig(const std::string& path);

// What the options of the command line say of a model.
struct ModelJobOptions {
  std::string model, output;
  std::string calibration;  // a folder or a list; "": a made picture
  std::string fetch;        // the output that is the picture; "": the first
  quant::Options quantizing;
  Preprocess preprocess;
  std::vector<SetOption> sets;
  int64_t height = 0, width = 0;  // of the pictures; 0: the model's own
};
Result<QuantizeJob> JobOfModel(const ModelJobOptions& options);

}  // namespace picabia::cli
