// Shapes of operators that walk pictures with a window, and of those that resize, pad or regroup
// pictures.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/checked.h"
#include "ops/shape_rule.h"

namespace picabia::ops {
namespace {

// Adds "which axis" to an error of the window rules.
Result<WindowExtent> OnAxis(int axis, Result<WindowExtent> extent) {
  if (extent.ok()) return extent;
  return extent.status().WithContext(axis == 0 ? "height" : "width");
}

Status CheckFilter(Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 1, "filter", 4));
  const Shape& f = in[1].shape;
  if (std::all_of(f.begin(), f.end(), [](int64_t d) { return d >= 1; })) return OkStatus();
  return InvalidArgument(InputLabel(1, "filter") + "found shape " + ShapeString(f) +
                         ", expected no empty dimension");
}

// `filter_channels`: what the filter has for one group of input channels.
Status CheckGroups(Types in, int64_t groups, int64_t filter_channels, int64_t outputs) {
  const int64_t channels = in[0].shape[3];
  const auto expected = CheckedMul(filter_channels, groups);
  if (!expected || *expected != channels) {
    return InvalidArgument(InputLabel(1, "filter") + "found shape " + ShapeString(in[1].shape) +
                           " in " + std::to_string(groups) + " groups, expected it to take the " +
                           std::to_string(channels) + " channels of input 0");
  }
  if (outputs % groups == 0) return OkStatus();
  return InvalidArgument(InputLabel(1, "filter") + "found " + std::to_string(outputs) +
                         " output channels, expected a multiple of the " + std::to_string(groups) +
                         " groups");
}

Result<Shape> ConvShape(const Window& window, int64_t groups, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckFilter(in));
  const Shape &x = in[0].shape, &f = in[1].shape;
  PICABIA_RETURN_IF_ERROR(CheckGroups(in, groups, f[2], f[3]));
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent v, OnAxis(0, ConvExtent(window, 0, x[1], f[0])));
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent h, OnAxis(1, ConvExtent(window, 1, x[2], f[1])));
  return Shape{x[0], v.output, h.output, f[3]};
}

Result<Shape> ConvTransposeShape(const ConvTranspose2D& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckFilter(in));
  const Shape &x = in[0].shape, &f = in[1].shape;
  const auto outputs = CheckedMul(f[2], op.groups);
  // The filter's last dimension holds the channels of all groups, so one "group" takes them all.
  if (!outputs || x[3] % op.groups != 0 || f[3] != x[3]) {
    return InvalidArgument(InputLabel(1, "filter") + "found shape " + ShapeString(f) + " in " +
                           std::to_string(op.groups) + " groups, expected it to take the " +
                           std::to_string(x[3]) + " channels of input 0");
  }
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent v,
                           OnAxis(0, ConvTransposeExtent(op.window, 0, x[1], f[0],
                                                         op.output_pads[0], op.output_shrink[0])));
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent h,
                           OnAxis(1, ConvTransposeExtent(op.window, 1, x[2], f[1],
                                                         op.output_pads[1], op.output_shrink[1])));
  return Shape{x[0], v.output, h.output, *outputs};
}

Result<Shape> WithBias(Types in, Result<Shape> y) {
  if (!y.ok() || in.size() < 3) return y;
  PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, 2, "bias", (*y)[3]));
  return y;
}

// Whether `before` and `after` elements beside a dimension can be made from what it holds.
Status CheckPadSource(PadMode mode, int64_t dim, int64_t before, int64_t after, size_t axis) {
  int64_t limit = 0;  // the longest padding a side of this dimension can have
  if (mode == PadMode::kReflect) limit = dim - 1;
  if (mode == PadMode::kSymmetric || mode == PadMode::kWrap) limit = dim;
  if (mode == PadMode::kConstant || (mode == PadMode::kEdge && dim > 0)) return OkStatus();
  if (std::max(before, after) <= std::max<int64_t>(limit, 0)) return OkStatus();
  return InvalidArgument("padding of axis " + std::to_string(axis) + ": found " +
                         std::to_string(before) + " and " + std::to_string(after) +
                         ", expected at most " + std::to_string(std::max<int64_t>(limit, 0)) +
                         " for a dimension of " + std::to_string(dim));
}

// Negative numbers crop.
Result<int64_t> PaddedSize(int64_t dim, int64_t before, int64_t after, size_t axis) {
  const auto part = CheckedAdd(dim, before);
  const auto whole = part ? CheckedAdd(*part, after) : std::nullopt;
  if (whole && *whole >= 0 && (before >= 0 || -before <= dim) && (after >= 0 || -after <= dim))
    return *whole;
  return InvalidArgument("padding of axis " + std::to_string(axis) + ": found " +
                         std::to_string(before) + " and " + std::to_string(after) +
                         " for a dimension of " + std::to_string(dim) +
                         ", expected a size >= 0 that fits in 64 bits");
}

Result<int64_t> Times(int64_t a, int64_t b, const char* what) {
  if (const auto product = CheckedMul(a, b)) return *product;
  return InvalidArgument(std::string(what) + ": the size does not fit in 64 bits");
}

Result<int64_t> Divide(int64_t a, int64_t b, const char* what) {
  if (a % b == 0) return a / b;
  return InvalidArgument(std::string(what) + ": found " + std::to_string(a) +
                         ", expected a multiple of the block, " + std::to_string(b));
}

}  // namespace

Result<Shape> OutputShape(const Conv2D& op, Types in) {
  return WithBias(in, ConvShape(op.window, op.groups, in));
}
Result<Shape> OutputShape(const ConvTranspose2D& op, Types in) {
  return WithBias(in, ConvTransposeShape(op, in));
}
namespace {

Result<Shape> WithScales(const std::vector<float>& scales, Result<Shape> y) {
  if (!y.ok() || scales.empty() || static_cast<int64_t>(scales.size()) == (*y)[3]) return y;
  return InvalidArgument("attribute filter_scales has " + std::to_string(scales.size()) +
                         " values, expected " + std::to_string((*y)[3]) +
                         ", one an output channel");
}

}  // namespace

Result<Shape> OutputShape(const Int8Conv2D& op, Types in) {
  return WithScales(op.filter_scales, ConvShape(op.window, 1, in));
}
Result<Shape> OutputShape(const Int8ConvTranspose2D& op, Types in) {
  return WithScales(op.filter_scales,
                    ConvTransposeShape({op.window, {0, 0}, op.output_shrink, 1}, in));
}

Result<Shape> OutputShape(const QuantizedConv2D& op, Types in) {
  PICABIA_ASSIGN_OR_RETURN(const Shape y, ConvShape(op.window, op.groups, in));
  PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, 2, "scale", y[3]));
  PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, 3, "bias", y[3]));
  const Shape& f = in[1].shape;
  const auto products = CheckedProduct(std::array{f[0], f[1], f[2]});
  constexpr int64_t kMaxProducts = ((int64_t{1} << 31) - 1) / (255 * 128);
  if (products && *products <= kMaxProducts) return y;
  return InvalidArgument(InputLabel(1, "filter") + "found shape " + ShapeString(f) +
                         ", expected at most " + std::to_string(kMaxProducts) +
                         " products a sum, which fit in 32 bits");
}

Result<Shape> OutputShape(const ConvBlock& op, Types in) {
  PICABIA_ASSIGN_OR_RETURN(
      Shape y, op.transposed
                   ? ConvTransposeShape({op.window, op.output_pads, op.output_shrink, 1}, in)
                   : ConvShape(op.window, 1, in));
  if (op.pad_mode != PadMode::kConstant) {
    const auto& p = op.window.pads;
    PICABIA_RETURN_IF_ERROR(CheckPadSource(op.pad_mode, in[0].shape[1], p[0], p[2], 1));
    PICABIA_RETURN_IF_ERROR(CheckPadSource(op.pad_mode, in[0].shape[2], p[1], p[3], 2));
  }
  size_t next = 2;
  const int64_t channels = y[3];
  PICABIA_RETURN_IF_ERROR(WithScales(op.filter_scales, y).status());
  if (op.has_bias) PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, next++, "bias", channels));
  if (op.norm == Norm::kInstance) {
    PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, next++, "norm scale", channels));
    PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, next++, "norm shift", channels));
  }
  if (op.has_residual && in[next].shape != y) {
    return InvalidArgument(InputLabel(next, "residual") + "found shape " +
                           ShapeString(in[next].shape) + ", expected " + ShapeString(y));
  }
  return y;
}

Result<Shape> OutputShape(const Pool2D& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
  const Shape& x = in[0].shape;
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent v, OnAxis(0, PoolExtent(op, 0, x[1])));
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent h, OnAxis(1, PoolExtent(op, 1, x[2])));
  return Shape{x[0], v.output, h.output, x[3]};
}

Result<Shape> OutputShape(const Pad& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", op.before.size()));
  Shape y = in[0].shape;
  for (size_t i = 0; i < y.size(); ++i) {
    PICABIA_RETURN_IF_ERROR(CheckPadSource(op.mode, y[i], op.before[i], op.after[i], i));
    PICABIA_ASSIGN_OR_RETURN(y[i], PaddedSize(y[i], op.before[i], op.after[i], i));
  }
  return y;
}

Result<std::vector<ResizeExtent>> ResolveResize(const Resize& op, const Shape& x) {
  const size_t given = std::max(op.scales.size(), op.sizes.size());
  std::vector<ResizeExtent> extents;
  for (int64_t d : x) extents.push_back({d, 1});
  if (given == 0) return InvalidArgument("resize: found neither scales nor sizes");
  if (op.axes.empty() && given != x.size())
    return InvalidArgument("resize: found " + std::to_string(given) +
                           " scales or sizes, expected one an axis of " + ShapeString(x));
  float common = 0;  // the scale that keeps proportions
  for (size_t i = 0; i < given; ++i) {
    const size_t axis = op.axes.empty() ? i : static_cast<size_t>(op.axes[i]);
    if (axis >= x.size())
      return InvalidArgument("resize: found axis " + std::to_string(axis) + ", expected one of " +
                             ShapeString(x));
    ResizeExtent& e = extents[axis];
    if (!op.scales.empty()) {
      // The product is taken in float, as ONNX Runtime does: 10 * 0.7f is 7 and not 6.9999998.
      const float size = static_cast<float>(x[axis]) * op.scales[i];
      if (!(size < 0x1p40f))
        return InvalidArgument("resize: " + std::to_string(x[axis]) + " * " +
                               std::to_string(op.scales[i]) + " is too large");
      e = {static_cast<int64_t>(size), op.scales[i]};
      continue;
    }
    e.output = op.sizes[i];
    e.scale = static_cast<float>(op.sizes[i]) / static_cast<float>(std::max<int64_t>(x[axis], 1));
    const bool first = i == 0;
    if (op.aspect_policy == AspectPolicy::kNotLarger)
      common = first ? e.scale : std::min(common, e.scale);
    if (op.aspect_policy == AspectPolicy::kNotSmaller)
      common = first ? e.scale : std::max(common, e.scale);
  }
  if (op.sizes.empty() || op.aspect_policy == AspectPolicy::kStretch) return extents;
  for (size_t i = 0; i < given; ++i) {
    const size_t axis = op.axes.empty() ? i : static_cast<size_t>(op.axes[i]);
    const float size = std::floor(common * static_cast<float>(x[axis]) + 0.5f);
    if (!(size < 0x1p40f)) return InvalidArgument("resize: the size is too large");
    extents[axis] = {static_cast<int64_t>(size), common};
  }
  return extents;
}

Result<Shape> OutputShape(const Resize& op, Types in) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<ResizeExtent> extents, ResolveResize(op, in[0].shape));
  Shape y;
  for (size_t i = 0; i < extents.size(); ++i) {
    y.push_back(extents[i].output);
    if (in[0].shape[i] != 0 || y[i] == 0) continue;
    return InvalidArgument("resize: axis " + std::to_string(i) + " of " + ShapeString(in[0].shape) +
                           " is empty");
  }
  return y;
}

Result<Shape> OutputShape(const DepthToSpace& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
  const Shape& x = in[0].shape;
  PICABIA_ASSIGN_OR_RETURN(const int64_t h, Times(x[1], op.block, "height"));
  PICABIA_ASSIGN_OR_RETURN(const int64_t w, Times(x[2], op.block, "width"));
  PICABIA_ASSIGN_OR_RETURN(const int64_t c, Divide(x[3], op.block * op.block, "channels"));
  return Shape{x[0], h, w, c};
}

Result<Shape> OutputShape(const SpaceToDepth& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
  const Shape& x = in[0].shape;
  PICABIA_ASSIGN_OR_RETURN(const int64_t h, Divide(x[1], op.block, "height"));
  PICABIA_ASSIGN_OR_RETURN(const int64_t w, Divide(x[2], op.block, "width"));
  PICABIA_ASSIGN_OR_RETURN(const int64_t c, Times(x[3], op.block * op.block, "channels"));
  return Shape{x[0], h, w, c};
}

Result<Shape> OutputShape(const SpaceToBatch& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
  const Shape& x = in[0].shape;
  PICABIA_ASSIGN_OR_RETURN(int64_t h, PaddedSize(x[1], op.pads[0], op.pads[2], 1));
  PICABIA_ASSIGN_OR_RETURN(int64_t w, PaddedSize(x[2], op.pads[1], op.pads[3], 2));
  PICABIA_ASSIGN_OR_RETURN(h, Divide(h, op.block[0], "padded height"));
  PICABIA_ASSIGN_OR_RETURN(w, Divide(w, op.block[1], "padded width"));
  PICABIA_ASSIGN_OR_RETURN(int64_t n, Times(x[0], op.block[0], "batch"));
  PICABIA_ASSIGN_OR_RETURN(n, Times(n, op.block[1], "batch"));
  return Shape{n, h, w, x[3]};
}

Result<Shape> OutputShape(const BatchToSpace& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
  const Shape& x = in[0].shape;
  PICABIA_ASSIGN_OR_RETURN(int64_t n, Divide(x[0], op.block[0], "batch"));
  PICABIA_ASSIGN_OR_RETURN(n, Divide(n, op.block[1], "batch"));
  PICABIA_ASSIGN_OR_RETURN(int64_t h, Times(x[1], op.block[0], "height"));
  PICABIA_ASSIGN_OR_RETURN(int64_t w, Times(x[2], op.block[1], "width"));
  PICABIA_ASSIGN_OR_RETURN(h, PaddedSize(h, -op.crops[0], -op.crops[2], 1));
  PICABIA_ASSIGN_OR_RETURN(w, PaddedSize(w, -op.crops[1], -op.crops[3], 2));
  return Shape{n, h, w, x[3]};
}

}  // namespace picabia::ops
