// Pixels and tensors; see picture_tensor.h.
#include "apps/cli/picture_tensor.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/cli/sizes.h"

namespace picabia::cli {
namespace {

// How far apart neighbours stand in a tensor of one picture.
struct Strides {
  int64_t row, column;
  std::array<int64_t, 3> channel;  // offsets of red, green and blue
};

Strides StridesOf(const PictureConvention& convention, int64_t height, int64_t width) {
  const int64_t step = convention.nchw ? height * width : 1;
  const std::array<int64_t, 3> channel = convention.bgr ? std::array{2 * step, step, int64_t{0}}
                                                        : std::array{int64_t{0}, step, 2 * step};
  return convention.nchw ? Strides{width, 1, channel} : Strides{3 * width, 3, channel};
}

uint8_t ToPixel(float value) {
  if (!(value > 0)) return 0;  // NaN, too
  return static_cast<uint8_t>(std::nearbyint(std::min(value, 255.0f)));
}

}  // namespace

Result<Tensor> PictureToTensor(const Picture& picture, const PictureConvention& convention,
                               int64_t height, int64_t width) {
  const Shape shape = convention.nchw ? Shape{1, 3, height, width} : Shape{1, height, width, 3};
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(DType::kF32, shape));
  const std::vector<int64_t> rows = ReflectIndices(picture.height, height);
  const std::vector<int64_t> columns = ReflectIndices(picture.width, width);
  const Strides strides = StridesOf(convention, height, width);
  float* to = tensor.MutableData<float>();
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* row = picture.rgb.data() + rows[static_cast<size_t>(y)] * picture.width * 3;
    for (int64_t x = 0; x < width; ++x) {
      const uint8_t* pixel = row + columns[static_cast<size_t>(x)] * 3;
      float* out = to + y * strides.row + x * strides.column;
      for (size_t c = 0; c < 3; ++c) {
        out[strides.channel[c]] =
            static_cast<float>(pixel[c]) * convention.scale + convention.shift;
      }
    }
  }
  return tensor;
}

Result<PictureExtent> ExtentOf(const Tensor& tensor, const PictureConvention& convention) {
  Shape shape = tensor.shape();
  if (shape.size() == 4 && shape[0] == 1) shape.erase(shape.begin());
  const bool fits = tensor.dtype() == DType::kF32 && shape.size() == 3 &&
                    shape[convention.nchw ? 0 : 2] == 3 && tensor.num_elements() > 0;
  if (!fits) {
    return Unsupported("the model gives " + std::string(DTypeName(tensor.dtype())) + " " +
                       ShapeString(tensor.shape()) + ", expected one picture: float32 " +
                       (convention.nchw ? "[1, 3, H, W]" : "[1, H, W, 3]"));
  }
  return convention.nchw ? PictureExtent{shape[1], shape[2]} : PictureExtent{shape[0], shape[1]};
}

Result<Picture> TensorToPicture(const Tensor& tensor, const PictureConvention& convention,
                                int64_t height, int64_t width) {
  PICABIA_ASSIGN_OR_RETURN(const PictureExtent extent, ExtentOf(tensor, convention));
  if (extent.height < height || extent.width < width) {
    return Unsupported("the model gives a picture of " +
                       ShapeString({extent.height, extent.width}) + ", expected at least " +
                       ShapeString({height, width}));
  }
  Picture picture;
  picture.width = width;
  picture.height = height;
  picture.rgb.resize(static_cast<size_t>(height * width * 3));
  const Strides strides = StridesOf(convention, extent.height, extent.width);
  const float* from = tensor.data<float>();
  uint8_t* to = picture.rgb.data();
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const float* in = from + y * strides.row + x * strides.column;
      for (size_t c = 0; c < 3; ++c) {
        *to++ = ToPixel(in[strides.channel[c]] * convention.out_scale + convention.out_shift);
      }
    }
  }
  return picture;
}

}  // namespace picabia::cli
