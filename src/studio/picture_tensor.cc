// Pixels and tensors; see picture_tensor.h.
#include "studio/picture_tensor.h"

#include <algorithm>
#include <cmath>

#include "studio/resample.h"
#include "studio/sizes.h"

namespace picabia::studio {
namespace {

constexpr size_t kAlpha = 3;  // alpha's place in tensors of four channels, in either colour order

// How far apart neighbours stand in a tensor of one picture.
struct Strides {
  int64_t row, column, channel;
};

Strides StridesOf(bool nchw, int64_t channels, int64_t height, int64_t width) {
  if (nchw) return {width, 1, height * width};
  return {channels * width, channels, 1};
}

// Where red (0), green, blue or alpha (3) stands among a tensor's channels.
size_t ChannelOf(size_t c, bool bgr) { return bgr && c < kAlpha ? 2 - c : c; }

uint8_t ToPixel(float value) {
  if (!(value > 0)) return 0;  // NaN, too
  return static_cast<uint8_t>(std::nearbyint(std::min(value, 255.0f)));
}

// A row of one channel of a picture: red, green, blue, alpha, or the luminance in `channels` = 1.
void CopyRow(const Picture& picture, int64_t row, size_t c, int64_t channels,
             std::vector<uint8_t>& out) {
  const size_t width = static_cast<size_t>(picture.width);
  const size_t start = static_cast<size_t>(row) * width;
  out.resize(width);
  for (size_t x = 0; x < width; ++x) {
    const uint8_t* pixel = &picture.rgb[(start + x) * 3];
    if (channels == 1) {
      out[x] = Luminance(pixel);
    } else if (c < kAlpha) {
      out[x] = pixel[c];
    } else {
      out[x] = picture.alpha.empty() ? 255 : picture.alpha[start + x];
    }
  }
}

Status CheckCovers(const PictureExtent& extent, int64_t height, int64_t width) {
  if (extent.height >= height && extent.width >= width) return OkStatus();
  return Unsupported("the model gives a picture of " + ShapeString({extent.height, extent.width}) +
                     ", expected at least " + ShapeString({height, width}));
}

// Red, green and blue less the luminance.
Samples ColourDifferences(const Picture& picture) {
  Samples samples{picture.height, picture.width, 3, {}};
  samples.values.resize(picture.rgb.size());
  for (size_t i = 0; i < picture.rgb.size(); i += 3) {
    const int luminance = Luminance(&picture.rgb[i]);
    for (size_t c = 0; c < 3; ++c) {
      samples.values[i + c] = static_cast<float>(picture.rgb[i + c] - luminance);
    }
  }
  return samples;
}

}  // namespace

uint8_t Luminance(const uint8_t* rgb) {
  // 0.299, 0.587 and 0.114 in 65536ths, which they sum up to; plus a half, to round.
  return static_cast<uint8_t>((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 32768u) >> 16);
}

Result<Tensor> PictureToTensor(const Picture& picture, const PictureConvention& convention,
                               int64_t channels, int64_t height, int64_t width) {
  const Shape shape =
      convention.nchw ? Shape{1, channels, height, width} : Shape{1, height, width, channels};
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(DType::kF32, shape));
  const std::vector<int64_t> rows = ReflectIndices(picture.height, height);
  const std::vector<int64_t> columns = ReflectIndices(picture.width, width);
  const Strides strides = StridesOf(convention.nchw, channels, height, width);
  float* to = tensor.MutableData<float>();
  std::vector<uint8_t> row;
  for (int64_t y = 0; y < height; ++y) {
    for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
      CopyRow(picture, rows[static_cast<size_t>(y)], c, channels, row);
      const size_t channel = channels == 1 ? 0 : ChannelOf(c, convention.bgr);
      float* out = to + y * strides.row + static_cast<int64_t>(channel) * strides.channel;
      for (int64_t x = 0; x < width; ++x) {
        const uint8_t pixel = row[static_cast<size_t>(columns[static_cast<size_t>(x)])];
        out[x * strides.column] =
            static_cast<float>(pixel) * convention.scale[channel] + convention.shift[channel];
      }
    }
  }
  return tensor;
}

Picture ResizePicture(const Picture& picture, int64_t height, int64_t width) {
  const auto resized = [&](const std::vector<uint8_t>& from, int64_t channels) {
    Samples samples{picture.height, picture.width, channels, {from.begin(), from.end()}};
    if (!from.empty()) samples = Resample(samples, height, width);
    std::vector<uint8_t> out;
    out.reserve(samples.values.size());
    for (const float value : samples.values) out.push_back(ToPixel(value));
    return out;
  };
  return {width, height, resized(picture.rgb, 3), resized(picture.alpha, 1), picture.metadata};
}

Result<PictureExtent> ExtentOf(const Tensor& tensor, const PictureConvention& convention) {
  const bool nchw = convention.out_nchw;
  Shape shape = tensor.shape();
  if (shape.size() == 4 && shape[0] == 1) shape.erase(shape.begin());
  const bool fits = tensor.dtype() == DType::kF32 && shape.size() == 3 &&
                    IsPictureChannels(shape[nchw ? 0 : 2]) && tensor.num_elements() > 0;
  if (!fits) {
    return Unsupported("the model gives " + std::string(DTypeName(tensor.dtype())) + " " +
                       ShapeString(tensor.shape()) + ", expected one picture: float32 " +
                       (nchw ? "[1, C, H, W]" : "[1, H, W, C]") + " with C 1, 3 or 4");
  }
  return nchw ? PictureExtent{shape[1], shape[2], shape[0]}
              : PictureExtent{shape[0], shape[1], shape[2]};
}

Result<Picture> TensorToPicture(const Tensor& tensor, const PictureConvention& convention,
                                int64_t height, int64_t width) {
  PICABIA_ASSIGN_OR_RETURN(const PictureExtent extent, ExtentOf(tensor, convention));
  PICABIA_RETURN_IF_ERROR(CheckCovers(extent, height, width));
  Picture picture;
  picture.width = width;
  picture.height = height;
  picture.rgb.resize(static_cast<size_t>(height * width * 3));
  if (extent.channels == 4) picture.alpha.resize(static_cast<size_t>(height * width));
  const Strides strides =
      StridesOf(convention.out_nchw, extent.channels, extent.height, extent.width);
  for (size_t c = 0; c < (extent.channels == 4 ? 4u : 3u); ++c) {
    const size_t channel = extent.channels == 1 ? 0 : ChannelOf(c, convention.bgr);
    const float scale = convention.out_scale[channel], shift = convention.out_shift[channel];
    uint8_t* to = c == kAlpha ? picture.alpha.data() : picture.rgb.data() + c;
    const int64_t step = c == kAlpha ? 1 : 3;
    for (int64_t y = 0; y < height; ++y) {
      const float* in =
          tensor.data<float>() + y * strides.row + static_cast<int64_t>(channel) * strides.channel;
      for (int64_t x = 0; x < width; ++x, to += step) {
        *to = ToPixel(in[x * strides.column] * scale + shift);
      }
    }
  }
  return picture;
}

Result<Picture> LuminanceToPicture(const Tensor& tensor, const PictureConvention& convention,
                                   const Picture& colours, int64_t height, int64_t width) {
  PICABIA_ASSIGN_OR_RETURN(const PictureExtent extent, ExtentOf(tensor, convention));
  PICABIA_RETURN_IF_ERROR(CheckCovers(extent, height, width));
  const Samples differences = Resample(ColourDifferences(colours), height, width);
  Picture picture;
  picture.width = width;
  picture.height = height;
  picture.rgb.resize(differences.values.size());
  for (int64_t y = 0; y < height; ++y) {
    const float* in = tensor.data<float>() + y * extent.width;  // one channel: the same in NCHW
    for (int64_t x = 0; x < width; ++x) {
      const float luminance = in[x] * convention.out_scale[0] + convention.out_shift[0];
      for (int64_t c = 0; c < 3; ++c) {
        const auto i = static_cast<size_t>((y * width + x) * 3 + c);
        picture.rgb[i] = ToPixel(luminance + differences.values[i]);
      }
    }
  }
  return picture;
}

}  // namespace picabia::studio
