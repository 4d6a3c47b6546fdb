// Variants of one network side by side: models, devices and precisions on one photo, each against
// the first model in float on this CPU. Called by `picabia compare`, which measures time and memory
// in processes of their own and hands them in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "devices/mlu/device.h"
#include "ops/custom.h"
#include "runtime/session.h"
#include "studio/host_step.h"
#include "studio/picture.h"
#include "studio/preprocess.h"
#include "studio/set_inputs.h"

namespace picabia::studio {

// What is run. `precision` is empty on device mlu, where the model decides.
struct Variant {
  std::string model, device, precision;
};

struct StepTime {
  std::string name;
  double ms = 0;
};

// Of one variant in a process of its own.
struct VariantTime {
  double first = 0;             // ms of the first call: sizes bound, memory taken
  std::vector<double> ms;       // of the others, ascending
  int64_t peak_bytes = 0;       // of the whole process
  std::vector<StepTime> steps;  // of the last call
  // By the nearest rank, of 0 < share <= 1; 0 without calls.
  double Percentile(double share) const;
  double median() const;  // between two values where their number is even; 0 without calls
};

// How far an output tensor e is from b, as mlu-ops measures it.
struct Deviation {
  double diff1 = 0;                         // sum|e - b| / sum|b|
  double diff2 = 0;                         // sqrt(sum (e - b)^2 / sum b^2)
  double diff3_relative = 0;                // max |e - b| / |b| where |b| > threshold
  double diff3_absolute = 0;                // max |e - b| elsewhere
  double threshold = 0;                     // 1e-6, of device mlu 1e-4
  int64_t above = 0, below = 0, equal = 0;  // diff4: elements with e > b, e < b, e = b
  // The larger of above and below of those that differ: 0.5 is without bias. 0 where none differs.
  double bias() const;
};
Result<Deviation> Deviate(const Tensor& found, const Tensor& expected, double threshold);

// The value in the middle; 0 of none.
double Median(std::vector<double> values);

struct PictureQuality {
  double psnr = 0;  // dB, of the 8-bit pictures; quant::kNoNoise where they are the same
  double ssim = 0;
  int max_level = 0;  // the largest difference of a colour value, of 255
};
Result<PictureQuality> Judge(const Picture& found, const Picture& expected);

// A tensor that variant and reference have under one name.
struct LayerError {
  std::string name;
  double sqnr = 0;  // dB
  double max_error = 0;
};

struct PhotoQuality {
  std::string photo;
  PictureQuality quality;
};

struct VariantResult {
  Variant variant;
  bool is_reference = false;
  std::string problem;     // why it does not run; then nothing below is filled in
  std::string arithmetic;  // what its convolutions compute in
  int64_t file_bytes = 0;
  VariantTime time;
  std::optional<double> card_ms;  // of device mlu: what a card would take, by its time model
  PictureQuality quality;
  Deviation deviation;
  std::vector<LayerError> layers;
  std::vector<PhotoQuality> photos;
  std::vector<mlu::SaturatedMean> saturated;  // of device mlu
  Picture picture;

  bool ok() const { return problem.empty(); }
  std::string Label() const;  // "udnie.pb, cpu int8"
};

struct Comparison {
  std::string image;
  Picture picture;                            // of that file
  int64_t width = 0, height = 0;              // of it
  int64_t layer_width = 0, layer_height = 0;  // of the picture that layers were compared on
  std::string photos;                         // the folder, or empty
  bool wide = false;                          // --mlu-numerics
  std::string isa;
  int runs = 0, threads = 0;
  int cores = 0;                        // of the modelled card
  std::vector<VariantResult> variants;  // the reference first
};

// What is to be timed. `picture` is what the model is fed; `sets` and `hosts` are those options
// that the model has inputs for.
struct TimeRequest {
  Variant variant;
  runtime::Feed picture;
  std::vector<SetOption> sets;
  std::vector<HostOption> hosts;
};
using TimeFunction = std::function<Result<VariantTime>(const TimeRequest& request)>;

struct CompareOptions {
  std::vector<std::string> models, devices, precisions;
  std::string image, photos;
  runtime::SessionOptions session;  // threads and what is for device mlu
  Preprocess preprocess;
  std::vector<SetOption> sets;
  std::vector<HostOption> hosts;
  std::function<Result<ops::OperatorSet>(const std::string& device)> operators;
  TimeFunction time;
  std::function<void(const std::string&)> progress;  // told which variant comes next; may be empty
};

// Every model must open and the reference must run; another variant that does not has a `problem`.
// Pictures of `photos` and the one that layers are compared on are reduced to kCompareSide pixels.
constexpr int64_t kCompareSide = 512;
Result<Comparison> Compare(const CompareOptions& options);

// The conclusion in words, a sentence each.
std::vector<std::string> Conclusions(const Comparison& comparison);
std::string CompareText(const Comparison& comparison);
std::string CompareJson(const Comparison& comparison);
Result<std::string> CompareHtml(const Comparison& comparison);

}  // namespace picabia::studio
