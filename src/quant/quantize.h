// The quantizer's course: finds the layers of a model, runs it over pictures to see which values
// they get, decides scales, and writes the model anew. Called by the command line.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "quant/histogram.h"
#include "quant/model.h"

namespace picabia::quant {

// Pictures by number, loaded one at a time: memory does not grow with their number.
struct Pictures {
  size_t count = 0;
  std::function<Result<Feeds>(size_t)> load;
};

// A float model and how to run it.
struct Source {
  Form form = Form::kTensorFlow;
  std::string_view bytes;
  Kinds wanted;
  std::vector<std::string> feeds;  // all that a run needs
  OpenFunction open;
};

struct Options {
  int bits = 8;  // or 16
  bool per_channel = false;
  Algorithm activations = Algorithm::kMax;
  Algorithm weights = Algorithm::kMax;
  // The input scales of transposed convolutions from the constant with their size, as Cambricon's
  // tool has it by mistake.
  bool as_cambricon = false;
};

// What the runs have shown.
struct Calibration {
  std::vector<Layer> layers;
  std::vector<std::string> notes;
  std::vector<size_t> histogram_of;  // of each layer's input: layers may read the same tensor
  std::vector<Histogram> histograms;
  std::vector<Tensor> filters;  // float
  std::vector<Range> sizes;     // of the tensor with the size, for Options::as_cambricon

  const Histogram& histogram(size_t layer) const { return histograms[histogram_of[layer]]; }
};

// `progress` is called with the number of pictures done; it may be empty.
Result<Calibration> Calibrate(const Source& source, const Pictures& pictures,
                              const std::function<void(size_t)>& progress);

// How a layer looks in `bits` bits.
Result<LayerPlan> PlanLayer(const Calibration& calibration, size_t layer, const Options& options,
                            Form form, int bits);
Result<std::vector<LayerPlan>> PlanLayers(const Calibration& calibration, const Options& options,
                                          Form form);

}  // namespace picabia::quant
