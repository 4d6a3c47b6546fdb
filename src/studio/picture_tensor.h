// Pixels into a model's input and a model's output into pixels, by the model's picture convention.
#pragma once

#include "base/picture.h"
#include "base/status.h"
#include "base/tensor.h"
#include "studio/picture.h"

namespace picabia::studio {

// Whether a model's picture may have so many channels: gray, colours, colours and alpha.
constexpr bool IsPictureChannels(int64_t n) { return n == 1 || n == 3 || n == 4; }

// The brightness of a pixel as JPEG defines it (ITU-R BT.601), rounded; that of a gray pixel is its
// value.
uint8_t Luminance(const uint8_t* rgb);

// float32 [1, height, width, channels], or [1, channels, height, width] where the convention says
// so: pixel * scale + shift. One channel is the luminance; four are the colours and alpha, which is
// 255 in a picture that has none. `height` and `width` are at least those of the picture; what is
// missing at the bottom and at the right is reflected.
Result<Tensor> PictureToTensor(const Picture& picture, const PictureConvention& convention,
                               int64_t channels, int64_t height, int64_t width);

// A picture of another size, its transparency with it.
Picture ResizePicture(const Picture& picture, int64_t height, int64_t width);

// The top left `height` x `width` pixels of a float32 output (the batch may be missing): value *
// out_scale + out_shift, rounded half to even, saturated to 0..255, NaN to 0. One channel becomes
// three equal ones; of four the last becomes the alpha channel.
Result<Picture> TensorToPicture(const Tensor& tensor, const PictureConvention& convention,
                                int64_t height, int64_t width);

// The same of an output with one channel that is the luminance of `colours`: the picture takes its
// colour differences (red, green and blue less luminance) from there, enlarged or reduced where the
// sizes differ.
Result<Picture> LuminanceToPicture(const Tensor& tensor, const PictureConvention& convention,
                                   const Picture& colours, int64_t height, int64_t width);

// Size of a picture tensor of the convention's output layout; the error says what is wrong.
struct PictureExtent {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
};
Result<PictureExtent> ExtentOf(const Tensor& tensor, const PictureConvention& convention);

}  // namespace picabia::studio
