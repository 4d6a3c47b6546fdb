// Reference operators between channels, batch and blocks of pixels.
#include <cstring>

#include "kernels/reference/reference.h"
#include "kernels/reference/strided_copy.h"

namespace picabia::kernels::reference {

void DepthToSpace(const ops::DepthToSpace& op, const Tensor& x, Tensor& y) {
  const int64_t height = x.shape()[1], width = x.shape()[2], depth = x.shape()[3], b = op.block;
  const int64_t channels = y.shape()[3];
  const bool crd = op.order == ops::BlockOrder::kCrd;
  // Axes of y: picture, row of blocks, row in the block, column of blocks, column in it, channel.
  const int64_t in_block = crd ? 1 : channels;
  CopyStrided(
      {x.shape()[0], height, b, width, b, channels},
      {height * width * depth, width * depth, b * in_block, depth, in_block, crd ? b * b : 1}, 0, x,
      y);
}

void SpaceToDepth(const ops::SpaceToDepth& op, const Tensor& x, Tensor& y) {
  const int64_t row = x.shape()[2] * x.shape()[3], channels = x.shape()[3], b = op.block;
  // Axes of y: picture, row, column, row in the block, column in the block, channel.
  CopyStrided({x.shape()[0], y.shape()[1], y.shape()[2], b, b, channels},
              {x.shape()[1] * row, b * row, b * channels, row, channels, 1}, 0, x, y);
}

void SpaceToBatch(const ops::SpaceToBatch& op, const Tensor& x, Tensor& y) {
  const Shape &xs = x.shape(), &ys = y.shape();
  const size_t pixel = static_cast<size_t>(xs[3]) * DTypeSize(x.dtype());
  if (pixel == 0) return;
  std::byte* out = y.MutableData<std::byte>();  // zeros already, as the padding is
  for (int64_t picture = 0; picture < ys[0]; ++picture)
    for (int64_t oy = 0; oy < ys[1]; ++oy)
      for (int64_t ox = 0; ox < ys[2]; ++ox, out += pixel) {
        const int64_t n = picture % xs[0], grid = picture / xs[0];
        const int64_t iy = oy * op.block[0] + grid / op.block[1] - op.pads[0];
        const int64_t ix = ox * op.block[1] + grid % op.block[1] - op.pads[1];
        if (iy < 0 || iy >= xs[1] || ix < 0 || ix >= xs[2]) continue;
        const int64_t from = (n * xs[1] + iy) * xs[2] + ix;
        std::memcpy(out, x.bytes() + static_cast<size_t>(from) * pixel, pixel);
      }
}

void BatchToSpace(const ops::BatchToSpace& op, const Tensor& x, Tensor& y) {
  const Shape &xs = x.shape(), &ys = y.shape();
  const size_t pixel = static_cast<size_t>(xs[3]) * DTypeSize(x.dtype());
  if (pixel == 0) return;
  std::byte* out = y.MutableData<std::byte>();
  for (int64_t n = 0; n < ys[0]; ++n)
    for (int64_t oy = 0; oy < ys[1]; ++oy)
      for (int64_t ox = 0; ox < ys[2]; ++ox, out += pixel) {
        const int64_t full_y = oy + op.crops[0], full_x = ox + op.crops[1];
        const int64_t grid = full_y % op.block[0] * op.block[1] + full_x % op.block[1];
        const int64_t picture = grid * ys[0] + n;
        const int64_t from =
            (picture * xs[1] + full_y / op.block[0]) * xs[2] + full_x / op.block[1];
        std::memcpy(out, x.bytes() + static_cast<size_t>(from) * pixel, pixel);
      }
}

}  // namespace picabia::kernels::reference
