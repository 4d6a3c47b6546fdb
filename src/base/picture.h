// How pictures go in and out of a model: part of graphs and of compiled programs.
#pragma once

namespace picabia {

// pixel (0..255) -> model input = pixel * scale + shift; model output * out_scale + out_shift ->
// pixel, rounded half to even and saturated to 0..255.
struct PictureConvention {
  bool nchw = false;  // layout of the model's picture input and output; false: NHWC
  bool bgr = false;   // channel order; false: RGB
  float scale = 1;
  float shift = 0;
  float out_scale = 1;
  float out_shift = 0;
  bool operator==(const PictureConvention&) const = default;
};

}  // namespace picabia
