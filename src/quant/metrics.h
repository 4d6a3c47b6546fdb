// How far two tensors or pictures are apart. Called by evaluate.cc.
#pragma once

#include "base/picture.h"
#include "base/status.h"
#include "base/tensor.h"

namespace picabia::quant {

// Sums over any number of tensors.
struct Difference {
  double signal = 0;  // sum of squares of what is expected
  double noise = 0;   // sum of squares of the difference
  double max_error = 0;
  int64_t count = 0;

  Status Add(const Tensor& expected, const Tensor& found);
  // Signal to noise in dB; kNoNoise where they are equal.
  double sqnr() const;
  // Peak signal to noise in dB for a peak of 255.
  double psnr() const;
};
constexpr double kNoNoise = 200;  // dB: more than float can show

// Whether an output is a picture: of 3 or 4 dimensions, and 1, 3 or 4 channels.
bool IsPicture(const Tensor& output, const PictureConvention& convention);

// An output as a picture is written, before rounding: 0..255, cut there, [N,H,W,C].
Result<Tensor> AsPixels(const Tensor& output, const PictureConvention& convention);

// Structural similarity of two pictures from AsPixels(): the mean over all windows of 7x7 and all
// channels, with Wang's constants (0.01 and 0.03 of 255). 1 where they are equal.
Result<double> Ssim(const Tensor& expected, const Tensor& found);

}  // namespace picabia::quant
