// Pixels into a model's input and a model's output into pixels, by the model's picture convention.
#pragma once

#include "apps/cli/picture.h"
#include "base/picture.h"
#include "base/status.h"
#include "base/tensor.h"

namespace picabia::cli {

// float32 [1, height, width, 3], or [1, 3, height, width] where the convention says so:
// pixel * scale + shift. `height` and `width` are at least those of the picture; what is missing at
// the bottom and at the right is reflected.
Result<Tensor> PictureToTensor(const Picture& picture, const PictureConvention& convention,
                               int64_t height, int64_t width);

// The top left `height` x `width` pixels of a float32 output of the same layout (the batch may be
// missing): value * out_scale + out_shift, rounded half to even, saturated to 0..255, NaN to 0.
Result<Picture> TensorToPicture(const Tensor& tensor, const PictureConvention& convention,
                                int64_t height, int64_t width);

// Height and width of a picture tensor of the convention's layout; the error says what is wrong.
struct PictureExtent {
  int64_t height = 0;
  int64_t width = 0;
};
Result<PictureExtent> ExtentOf(const Tensor& tensor, const PictureConvention& convention);

}  // namespace picabia::cli
