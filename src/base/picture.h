// How pictures go in and out of a model: part of graphs and of compiled programs.
#pragma once

#include <array>
#include <string>

namespace picabia {

// One number for each channel of a model's picture, in the model's own order (BGR networks: blue
// first). Pictures with fewer channels use the first ones.
using PerChannel = std::array<float, 4>;
constexpr PerChannel EveryChannel(float value) { return {value, value, value, value}; }

// pixel (0..255) -> model input = pixel * scale[c] + shift[c]; model output * out_scale[c] +
// out_shift[c] -> pixel, rounded half to even and saturated to 0..255.
struct PictureConvention {
  bool nchw = false;      // layout of the model's picture input; false: NHWC
  bool out_nchw = false;  // layout of its picture output
  bool bgr = false;       // channel order of both; false: RGB. Alpha is the last in either
  PerChannel scale = EveryChannel(1);
  PerChannel shift = EveryChannel(0);
  PerChannel out_scale = EveryChannel(1);
  PerChannel out_shift = EveryChannel(0);
  bool operator==(const PictureConvention&) const = default;
};

// Why a convention is what it is, for people to read: "assumed", "from the graph: it ends with
// Sigmoid", "from sidecar file x.json". No part of compiled programs.
struct PictureOrigins {
  std::string layout = "assumed";
  std::string out_layout = "assumed";
  std::string order = "assumed";
  std::string range = "assumed";  // scale and shift
  std::string out_range = "assumed";
  bool operator==(const PictureOrigins&) const = default;
};

}  // namespace picabia
