// Geometry from shapes.
#include "devices/cpu/geometry.h"

#include <algorithm>

#include "base/checked.h"
#include "ops/shape.h"

namespace picabia::cpu {

ConvGeometry::ConvGeometry(const ops::ConvBlock& op, const ConvWeights& w, const Shape& x,
                           const Shape& y)
    : batch(x[0]), in_h(x[1]), in_w(x[2]), out_h(y[1]), out_w(y[2]) {
  base_h = CeilDiv(out_h, w.out_stride[0]);
  base_w = CeilDiv(out_w, w.out_stride[1]);
  if (!op.transposed) {
    pad_top = ops::ConvExtent(op.window, 0, in_h, w.kernel_h)->pad_before;
    pad_left = ops::ConvExtent(op.window, 1, in_w, w.kernel_w)->pad_before;
  }
  strip_width = base_w == 0 ? 0 : (base_w - 1) * w.in_stride[1] + 1 + w.dx_max - w.dx_min;
  const int64_t pixels = op.transposed ? in_h * in_w : out_h * out_w;
  macs = batch * pixels * w.kernel_h * w.kernel_w * w.ci * w.co;
}

int64_t SourceIndex(ops::PadMode mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case ops::PadMode::kConstant:
    case ops::PadMode::kWrap:  // no attribute check lets it through to a block
      return -1;
    case ops::PadMode::kEdge:
      return i < 0 ? 0 : size - 1;
    // Beyond one reflection only positions that no window reads are asked for; any pixel will do.
    case ops::PadMode::kReflect:
      return std::clamp<int64_t>(i < 0 ? -i : 2 * (size - 1) - i, 0, size - 1);
    case ops::PadMode::kSymmetric:
      return std::clamp<int64_t>(i < 0 ? -i - 1 : 2 * size - 1 - i, 0, size - 1);
  }
  return -1;
}

}  // namespace picabia::cpu
