// The shape rule of every operator. Called by the verifier of ir/, by the reference interpreter, by
// the binder of runtime/ when a picture's size becomes known, and by tests.
#include "ops/shape.h"

#include <algorithm>
#include <string>

#include "base/checked.h"

namespace picabia::ops {
namespace {

using Types = std::span<const TensorType>;

std::string InputLabel(size_t index, const char* role) {
  return "input " + std::to_string(index) + " (" + role + "): ";
}

Status CheckDType(Types in, size_t index, const char* role, DType expected) {
  if (in[index].dtype == expected) return OkStatus();
  return InvalidArgument(InputLabel(index, role) + "found type " + DTypeName(in[index].dtype) +
                         ", expected " + DTypeName(expected));
}

Status CheckRank(Types in, size_t index, const char* role, size_t rank) {
  if (in[index].shape.size() == rank) return OkStatus();
  return InvalidArgument(InputLabel(index, role) + "found shape " + ShapeString(in[index].shape) +
                         ", expected rank " + std::to_string(rank));
}

Status CheckTensor(Types in, size_t index, const char* role, DType dtype, size_t rank) {
  PICABIA_RETURN_IF_ERROR(CheckDType(in, index, role, dtype));
  return CheckRank(in, index, role, rank);
}

// A float vector with one element a channel.
Status CheckPerChannel(Types in, size_t index, const char* role, int64_t channels) {
  PICABIA_RETURN_IF_ERROR(CheckTensor(in, index, role, DType::kF32, 1));
  if (in[index].shape[0] == channels) return OkStatus();
  return InvalidArgument(InputLabel(index, role) + "found " + std::to_string(in[index].shape[0]) +
                         " elements, expected one of each of " + std::to_string(channels) +
                         " channels");
}

// Adds "which axis" to an error of the window rules.
Result<WindowExtent> OnAxis(int axis, Result<WindowExtent> extent) {
  if (extent.ok()) return extent;
  return extent.status().WithContext(axis == 0 ? "height" : "width");
}

Status CheckFilter(Types in, DType filter_dtype) {
  PICABIA_RETURN_IF_ERROR(CheckTensor(in, 0, "x", DType::kF32, 4));
  PICABIA_RETURN_IF_ERROR(CheckTensor(in, 1, "filter", filter_dtype, 4));
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

Result<TensorType> ConvType(const Window& window, int64_t groups, Types in, DType filter_dtype) {
  PICABIA_RETURN_IF_ERROR(CheckFilter(in, filter_dtype));
  const Shape &x = in[0].shape, &f = in[1].shape;
  PICABIA_RETURN_IF_ERROR(CheckGroups(in, groups, f[2], f[3]));
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent v, OnAxis(0, ConvExtent(window, 0, x[1], f[0])));
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent h, OnAxis(1, ConvExtent(window, 1, x[2], f[1])));
  return TensorType{DType::kF32, {x[0], v.output, h.output, f[3]}};
}

Result<TensorType> ConvTransposeType(const ConvTranspose2D& op, Types in, DType filter_dtype) {
  PICABIA_RETURN_IF_ERROR(CheckFilter(in, filter_dtype));
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
  return TensorType{DType::kF32, {x[0], v.output, h.output, *outputs}};
}

Result<TensorType> WithBias(Types in, Result<TensorType> y) {
  if (!y.ok() || in.size() < 3) return y;
  PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, 2, "bias", y->shape[3]));
  return y;
}

// Whether `before` and `after` elements beside a dimension can be made from what it holds.
Status CheckPadSource(PadMode mode, int64_t dim, int64_t before, int64_t after, size_t axis) {
  int64_t limit = 0;  // the longest padding a side of this dimension can have
  if (mode == PadMode::kReflect) limit = dim - 1;
  if (mode == PadMode::kSymmetric) limit = dim;
  if (mode == PadMode::kConstant || (mode == PadMode::kEdge && dim > 0)) return OkStatus();
  if (std::max(before, after) <= std::max<int64_t>(limit, 0)) return OkStatus();
  return InvalidArgument("padding of axis " + std::to_string(axis) + ": found " +
                         std::to_string(before) + " and " + std::to_string(after) +
                         ", expected at most " + std::to_string(std::max<int64_t>(limit, 0)) +
                         " for a dimension of " + std::to_string(dim));
}

struct Rule {
  Types in;

  Result<TensorType> operator()(const Conv2D& op) const {
    return WithBias(in, ConvType(op.window, op.groups, in, DType::kF32));
  }
  Result<TensorType> operator()(const ConvTranspose2D& op) const {
    return WithBias(in, ConvTransposeType(op, in, DType::kF32));
  }
  Result<TensorType> operator()(const Int8Conv2D& op) const {
    return ConvType(op.window, 1, in, DType::kI8);
  }
  Result<TensorType> operator()(const Int8ConvTranspose2D& op) const {
    return ConvTransposeType({op.window, {0, 0}, op.output_shrink, 1}, in, DType::kI8);
  }
  Result<TensorType> operator()(const InstanceNorm&) const {
    PICABIA_RETURN_IF_ERROR(CheckTensor(in, 0, "x", DType::kF32, 4));
    PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, 1, "scale", in[0].shape[3]));
    PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, 2, "shift", in[0].shape[3]));
    return in[0];
  }
  Result<TensorType> operator()(const BatchNorm&) const {
    PICABIA_RETURN_IF_ERROR(CheckTensor(in, 0, "x", DType::kF32, 4));
    static constexpr const char* kRoles[] = {"x", "scale", "shift", "mean", "variance"};
    for (size_t i = 1; i < 5; ++i)
      PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, i, kRoles[i], in[0].shape[3]));
    return in[0];
  }
  Result<TensorType> operator()(const Identity&) const { return in[0]; }
  Result<TensorType> operator()(const Unary&) const {
    PICABIA_RETURN_IF_ERROR(CheckDType(in, 0, "x", DType::kF32));
    return in[0];
  }
  Result<TensorType> operator()(const Clip&) const {
    PICABIA_RETURN_IF_ERROR(CheckDType(in, 0, "x", DType::kF32));
    return in[0];
  }
  Result<TensorType> operator()(const Binary&) const {
    PICABIA_RETURN_IF_ERROR(CheckDType(in, 1, "y", in[0].dtype));
    PICABIA_ASSIGN_OR_RETURN(Shape shape, BroadcastShapes(in[0].shape, in[1].shape));
    return TensorType{in[0].dtype, std::move(shape)};
  }
  Result<TensorType> operator()(const PowerDifference&) const {
    PICABIA_RETURN_IF_ERROR(CheckDType(in, 0, "x", DType::kF32));
    PICABIA_RETURN_IF_ERROR(CheckDType(in, 1, "y", DType::kF32));
    PICABIA_RETURN_IF_ERROR(CheckDType(in, 2, "power", DType::kF32));
    if (CheckedProduct(in[2].shape).value_or(0) < 1)
      return InvalidArgument(InputLabel(2, "power") + "found shape " + ShapeString(in[2].shape) +
                             ", expected at least one element");
    PICABIA_ASSIGN_OR_RETURN(Shape shape, BroadcastShapes(in[0].shape, in[1].shape));
    return TensorType{DType::kF32, std::move(shape)};
  }
  Result<TensorType> operator()(const Reduce& op) const;
  Result<TensorType> operator()(const Pad& op) const;
  Result<TensorType> operator()(const ResizeNearest& op) const;
  Result<TensorType> operator()(const Transpose& op) const {
    PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", op.perm.size()));
    TensorType y{in[0].dtype, {}};
    for (int64_t p : op.perm) y.shape.push_back(in[0].shape[static_cast<size_t>(p)]);
    return y;
  }
  Result<TensorType> operator()(const Reshape& op) const;
  Result<TensorType> operator()(const ConvBlock& op) const;
};

Result<TensorType> Rule::operator()(const Reduce& op) const {
  const Shape& x = in[0].shape;
  if (!op.axes.empty() && op.axes.back() >= static_cast<int64_t>(x.size())) {
    return InvalidArgument("attribute axes: found " + ShapeString(op.axes) +
                           ", expected axes of input 0, " + ShapeString(x));
  }
  TensorType y{in[0].dtype, {}};
  for (size_t i = 0; i < x.size(); ++i) {
    const bool reduced =
        std::binary_search(op.axes.begin(), op.axes.end(), static_cast<int64_t>(i));
    if (!reduced) y.shape.push_back(x[i]);
    if (reduced && op.keep_dims) y.shape.push_back(1);
  }
  return y;
}

Result<TensorType> Rule::operator()(const Pad& op) const {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", op.before.size()));
  TensorType y = in[0];
  for (size_t i = 0; i < y.shape.size(); ++i) {
    PICABIA_RETURN_IF_ERROR(CheckPadSource(op.mode, y.shape[i], op.before[i], op.after[i], i));
    const auto part = CheckedAdd(y.shape[i], op.before[i]);
    const auto whole = part ? CheckedAdd(*part, op.after[i]) : std::nullopt;
    if (!whole)
      return InvalidArgument("padding of axis " + std::to_string(i) +
                             ": the size does not fit in 64 bits");
    y.shape[i] = *whole;
  }
  return y;
}

Result<TensorType> Rule::operator()(const ResizeNearest& op) const {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
  TensorType y = in[0];
  for (size_t a = 0; a < 2; ++a) {
    // The product is taken in float, as ONNX Runtime does: 10 * 0.7f is 7 and not 6.9999998.
    const float size = static_cast<float>(y.shape[a + 1]) * op.scales[a];
    if (!(size < 0x1p40f))
      return InvalidArgument("resize: " + std::to_string(y.shape[a + 1]) + " * " +
                             std::to_string(op.scales[a]) + " is too large");
    y.shape[a + 1] = static_cast<int64_t>(size);
  }
  return y;
}

Result<TensorType> Rule::operator()(const Reshape& op) const {
  const Shape& x = in[0].shape;
  TensorType y{in[0].dtype, op.shape};
  const Status mismatch = InvalidArgument("attribute shape: found " + ShapeString(op.shape) +
                                          ", expected the elements of " + ShapeString(x));
  int64_t known = 1;
  int64_t* rest = nullptr;
  for (size_t i = 0; i < y.shape.size(); ++i) {
    if (y.shape[i] == 0 && i >= x.size()) return mismatch;
    if (y.shape[i] == 0) y.shape[i] = x[i];
    if (y.shape[i] < 0) {
      rest = &y.shape[i];
      continue;
    }
    const auto product = CheckedMul(known, y.shape[i]);
    if (!product) return mismatch;
    known = *product;
  }
  const auto total = CheckedProduct(x);
  if (!total) return mismatch;
  // 0 * ? = 0 has no single answer.
  if (rest != nullptr && (known == 0 || *total % known != 0)) return mismatch;
  if (rest != nullptr) *rest = *total / known;
  if (rest == nullptr && known != *total) return mismatch;
  return y;
}

Result<TensorType> Rule::operator()(const ConvBlock& op) const {
  const DType filter_dtype = op.filter_scale > 0 ? DType::kI8 : DType::kF32;
  PICABIA_ASSIGN_OR_RETURN(
      TensorType y,
      op.transposed
          ? ConvTransposeType({op.window, op.output_pads, op.output_shrink, 1}, in, filter_dtype)
          : ConvType(op.window, 1, in, filter_dtype));
  if (op.pad_mode != PadMode::kConstant) {
    const auto& p = op.window.pads;
    PICABIA_RETURN_IF_ERROR(CheckPadSource(op.pad_mode, in[0].shape[1], p[0], p[2], 1));
    PICABIA_RETURN_IF_ERROR(CheckPadSource(op.pad_mode, in[0].shape[2], p[1], p[3], 2));
  }
  size_t next = 2;
  const int64_t channels = y.shape[3];
  if (op.has_bias) PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, next++, "bias", channels));
  if (op.norm == Norm::kInstance) {
    PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, next++, "norm scale", channels));
    PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, next++, "norm shift", channels));
  }
  if (op.has_residual && in[next] != y) {
    return InvalidArgument(InputLabel(next, "residual") + "found " + DTypeName(in[next].dtype) +
                           " " + ShapeString(in[next].shape) + ", expected float32 " +
                           ShapeString(y.shape));
  }
  return y;
}

Status CheckInputs(const Op& op, Types inputs) {
  const Arity arity = InputArity(op);
  if (inputs.size() < arity.min || inputs.size() > arity.max) {
    const std::string range = arity.min == arity.max
                                  ? std::to_string(arity.min)
                                  : std::to_string(arity.min) + " to " + std::to_string(arity.max);
    return InvalidArgument(std::string(OpName(op)) + ": found " + std::to_string(inputs.size()) +
                           " inputs, expected " + range);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!CheckedProduct(inputs[i].shape))
      return InvalidArgument("input " + std::to_string(i) + ": found shape " +
                             ShapeString(inputs[i].shape) +
                             ", expected sizes >= 0 whose product fits in 64 bits");
  }
  return CheckAttributes(op);
}

}  // namespace

Result<Shape> BroadcastShapes(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {  // i counts from the last dimension
    const int64_t u = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t v = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (u != v && u != 1 && v != 1) {
      return InvalidArgument("shapes " + ShapeString(a) + " and " + ShapeString(b) +
                             " do not broadcast: found " + std::to_string(u) + " against " +
                             std::to_string(v));
    }
    out[out.size() - 1 - i] = u == 1 ? v : u;
  }
  return out;
}

Result<std::vector<TensorType>> InferOutputs(const Op& op, std::span<const TensorType> inputs) {
  PICABIA_RETURN_IF_ERROR(CheckInputs(op, inputs));
  PICABIA_ASSIGN_OR_RETURN(TensorType y, std::visit(Rule{inputs}, op));
  const auto count = CheckedProduct(y.shape);
  if (!count || *count > Tensor::kMaxBytes / static_cast<int64_t>(DTypeSize(y.dtype))) {
    return ResourceError(std::string(OpName(op)) + ": the output " + ShapeString(y.shape) +
                         " is larger than a tensor may be");
  }
  return std::vector<TensorType>{std::move(y)};
}

}  // namespace picabia::ops
