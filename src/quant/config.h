// The ini files of Cambricon's quantizer. Called by the command line.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "quant/devices.h"
#include "quant/model.h"

namespace picabia::quant {

// Paths are as the file has them: from the file's folder. Names are those of the keys.
struct Config {
  // [preprocess]
  std::array<float, 3> mean{0, 0, 0};
  float std = 1;
  std::string color_mode = "rgb";     // or "bgr"
  std::array<int64_t, 2> crop{0, 0};  // height and width; 0: the model's own
  std::string calibration = "default_preprocess_cali";
  // [config]
  std::string activation_quantization_alg = "naive";  // or "threshold_search"
  std::string weight_quantization_alg = "naive";
  std::string device_mode = "clean";
  std::string quantization_type = "int8";  // or "int16"
  std::string int_op_list = "Conv, FC, LRN";
  bool use_convfirst = false;
  bool debug = false;
  bool channel_quantization = false;
  // [model]
  std::string original_models_path, save_model_path;
  std::vector<std::string> input_tensor_names, output_tensor_names;
  // [data]
  int64_t num_runs = 1;
  int64_t batch_size = 1;
  std::string data_path;

  std::vector<std::string> warnings;  // "line 7: ..."
  std::map<std::string, int> lines;   // of the keys that the file has

  int bits() const { return quantization_type == "int16" ? 16 : 8; }
  Kinds wanted() const;  // by int_op_list
  DeviceMode devices() const;
};

// "line 7: key 'debug' of [config] is True": how a message about a key begins.
std::string WhereIs(const Config& config, const std::string& section, const std::string& key,
                    const std::string& value);

// The error names the line, the key, what was found and what is allowed.
Result<Config> ParseConfig(std::string_view text);

// The lines that Cambricon's tool prints before it calibrates.
std::string Describe(const Config& config);

}  // namespace picabia::quant
