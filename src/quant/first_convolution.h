// Cambricon's key use_convfirst: the first convolution of a graph prepares its picture itself, so
// that the graph takes raw pixels. Called by the command line.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/status.h"

namespace picabia::quant {

// The node that convolves `input`: the only one that reads it, but for Identity nodes in between.
// The error names what reads it instead.
Result<std::string> FindFirstConvolution(std::string_view model, const std::string& input);

// What becomes of a pixel: (pixel - mean) / std, with a mean for each of three channels.
struct PixelScaling {
  std::array<float, 3> mean{0, 0, 0};
  float std = 1;
};
// A TensorFlow graph from WriteModel() with `scaling` in its first convolution, as the attributes
// use_convfirst, mean_r, mean_g, mean_b (of the first, second and third channel) and std.
Result<std::string> PrepareInFirstConvolution(std::string_view model, const std::string& input,
                                              const PixelScaling& scaling);

}  // namespace picabia::quant
