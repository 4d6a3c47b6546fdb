// What the quantizer knows of a model: the layers that have an integer form, and what is decided
// for each. The model itself stays a file in memory, which is edited (tensorflow_model.cc,
// onnx_model.cc) and run by a function that the caller gives.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"

namespace picabia::quant {

using Feeds = std::vector<std::pair<std::string, Tensor>>;

struct StepTime {
  std::string name;  // of the layer, or of the last of the nodes that were run together
  double ms = 0;
};
struct RunResult {
  std::vector<Tensor> outputs;  // in the order of the fetches
  std::vector<StepTime> times;
};
using RunFunction = std::function<Result<RunResult>(const Feeds&)>;
// Prepares a model, given as the bytes of a file, for runs that fetch these tensors.
using OpenFunction = std::function<Result<RunFunction>(const std::string& model,
                                                       const std::vector<std::string>& feeds,
                                                       const std::vector<std::string>& fetches)>;

enum class Form { kTensorFlow, kOnnx };

// Which layers are wanted in integers.
struct Kinds {
  bool convolutions = true;
  bool products = true;  // matrix products; Cambricon's FC
};

// A convolution with a constant filter, or a product with a constant matrix, its filter.
struct Layer {
  std::string node, op;               // in the file
  std::string input, filter, output;  // names of tensors
  std::string sizes;                  // of a transposed one in TensorFlow: the tensor with its size
  int channel_axis = 3;               // of the filter: the output channels; -1: its last axis
};

struct Range {
  float low = 0;
  float high = 0;
};

constexpr int kFloatBits = 32;

// What becomes of a layer.
struct LayerPlan {
  int bits = kFloatBits;  // 8, 16, or kFloatBits: it stays as it is
  Range input;
  Tensor filter;                     // int8 or int16, of the filter's shape
  std::vector<float> filter_scales;  // one, or one an output channel: integer = weight * scale
};

struct Layers {
  std::vector<Layer> layers;
  std::vector<std::string> notes;  // layers that stay float, and why
};

// In the order of the file. An error for a model that is quantized already.
Result<Layers> FindLayers(Form form, std::string_view model, const Kinds& wanted = {});

// The model with the planned layers in integers, and `record` in it as how that came about.
Result<std::string> WriteModel(Form form, std::string_view model, const std::vector<Layer>& layers,
                               const std::vector<LayerPlan>& plans, const std::string& record);

}  // namespace picabia::quant
