// Pictures as the functions of Cambricon's quantizer prepare them, by an ini file.
#pragma once

#include "base/status.h"
#include "base/tensor.h"
#include "quant/config.h"
#include "quant/first_convolution.h"
#include "studio/picture.h"

namespace picabia::studio {

// As OpenCV's resize() does it by default: bilinear in 11-bit fixed point, or the mean of 2x2
// pixels where both sides are halved.
Picture ResizeBilinear(const Picture& picture, int64_t height, int64_t width);

// float32 [1, height, width, 3] by the key `calibration`; height and width are what the function
// makes where the ini has no key `crop` or the function does not use it.
Result<Tensor> CambriconTensor(const Picture& picture, const quant::Config& config, int64_t height,
                               int64_t width);

// What that function does to pixels, in the order of the tensor's channels. An error where it has
// three different std.
Result<quant::PixelScaling> CambriconScaling(const quant::Config& config);

}  // namespace picabia::studio
