// From input types to output types: the entry, and the rules of operators that keep or broadcast
// shapes. Called by the verifier of ir/, by the reference interpreter, by the binder of runtime/
// when a picture's size becomes known, and by tests.
#include "ops/shape.h"

#include <algorithm>
#include <string>

#include "base/checked.h"
#include "ops/parameters.h"
#include "ops/shape_rule.h"

namespace picabia::ops {
namespace {

// Overloads that are not in shape_rule.h are here; what has none keeps the shape of input 0.
struct ShapeRule {
  Types in;

  template <typename T>
  Result<Shape> operator()(const T& op) const {
    if constexpr (requires { OutputShape(op, in); }) return OutputShape(op, in);
    return in[0].shape;
  }

  Result<Shape> operator()(const InstanceNorm&) const {
    PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
    PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, 1, "scale", in[0].shape[3]));
    PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, 2, "shift", in[0].shape[3]));
    return in[0].shape;
  }
  Result<Shape> operator()(const BatchNorm&) const {
    PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", 4));
    static constexpr const char* kRoles[] = {"x", "scale", "shift", "mean", "variance"};
    for (size_t i = 1; i < 5; ++i)
      PICABIA_RETURN_IF_ERROR(CheckPerChannel(in, i, kRoles[i], in[0].shape[3]));
    return in[0].shape;
  }
  Result<Shape> operator()(const Normalize& op) const {
    for (int64_t axis : op.axes) PICABIA_RETURN_IF_ERROR(CheckAxis(in, axis));
    return in[0].shape;
  }
  Result<Shape> operator()(const CumSum& op) const {
    PICABIA_RETURN_IF_ERROR(CheckAxis(in, op.axis));
    return in[0].shape;
  }
  Result<Shape> operator()(const Softmax& op) const {
    PICABIA_RETURN_IF_ERROR(CheckAxis(in, op.axis));
    return in[0].shape;
  }
  Result<Shape> operator()(const Binary&) const {
    return BroadcastShapes(in[0].shape, in[1].shape);
  }
  Result<Shape> operator()(const QuantizedBinary&) const {
    return BroadcastShapes(in[0].shape, in[1].shape);
  }
  Result<Shape> operator()(const Lookup&) const {
    if (in[1].shape == Shape{256}) return in[0].shape;
    return InvalidArgument(InputLabel(1, "table") + "found shape " + ShapeString(in[1].shape) +
                           ", expected [256]");
  }
  Result<Shape> operator()(const Where&) const {
    PICABIA_ASSIGN_OR_RETURN(const Shape xy, BroadcastShapes(in[1].shape, in[2].shape));
    return BroadcastShapes(in[0].shape, xy);
  }
  Result<Shape> operator()(const Custom& op) const {
    if (op.implementation == nullptr) return NotLoaded(op.type);
    PICABIA_ASSIGN_OR_RETURN(Shape shape, op.implementation->OutputShape(in, op.attributes));
    for (const int64_t d : shape)
      if (d < 0)
        return InvalidArgument("operator '" + op.type + "' gives a size of " + std::to_string(d) +
                               ", expected >= 0");
    return shape;
  }
  Result<Shape> operator()(const PowerDifference&) const {
    if (CheckedProduct(in[2].shape).value_or(0) < 1)
      return InvalidArgument(InputLabel(2, "power") + "found shape " + ShapeString(in[2].shape) +
                             ", expected at least one element");
    return BroadcastShapes(in[0].shape, in[1].shape);
  }
  Result<Shape> operator()(const QuantizeLinear& op) const { return Quantized(op.axis); }
  Result<Shape> operator()(const DequantizeLinear& op) const { return Quantized(op.axis); }

 private:
  // Scale and zero point: one number, or one each index of the axis.
  Result<Shape> Quantized(int64_t axis) const {
    static constexpr const char* kRoles[] = {"x", "scale", "zero point"};
    for (size_t i = 1; i < in.size(); ++i) {
      const Shape& p = in[i].shape;
      if (CheckedProduct(p) == 1 && p.size() <= 1) continue;
      PICABIA_RETURN_IF_ERROR(CheckAxis(in, axis));
      PICABIA_RETURN_IF_ERROR(CheckRank(in, i, kRoles[i], 1));
      if (p[0] != in[0].shape[static_cast<size_t>(axis)])
        return InvalidArgument(InputLabel(i, kRoles[i]) + "found " + std::to_string(p[0]) +
                               " elements, expected one each of axis " + std::to_string(axis) +
                               " of input 0, " + ShapeString(in[0].shape));
      if (p != in[1].shape)
        return InvalidArgument(InputLabel(i, kRoles[i]) + "found shape " + ShapeString(p) +
                               ", expected that of the scale, " + ShapeString(in[1].shape));
    }
    return in[0].shape;
  }
};

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

// Scalars of one type; InferOutputs knows that they are there.
Result<Shape> RangeShape(std::span<const Tensor* const> values) {
  static constexpr const char* kRoles[] = {"start", "limit", "delta"};
  for (size_t i = 0; i < 3; ++i) {
    if (i >= values.size() || values[i] == nullptr)
      return Unsupported(InputLabel(i, kRoles[i]) +
                         "its contents are not known before the graph runs");
    if (values[i]->num_elements() != 1)
      return InvalidArgument(InputLabel(i, kRoles[i]) + "found shape " +
                             ShapeString(values[i]->shape()) + ", expected one element");
  }
  PICABIA_ASSIGN_OR_RETURN(const int64_t length, RangeLength(*values[0], *values[1], *values[2]));
  return Shape{length};
}

Result<Shape> InferShape(const Op& op, Types inputs, std::span<const Tensor* const> values) {
  if (std::holds_alternative<Range>(op)) return RangeShape(values);
  if (!HasParameters(op, inputs.size())) return std::visit(ShapeRule{inputs}, op);
  PICABIA_ASSIGN_OR_RETURN(const Op absorbed, Absorb(op, inputs, values));
  return std::visit(ShapeRule{inputs.first(DataInputs(op))}, absorbed);
}

}  // namespace

std::string InputLabel(size_t index, const char* role) {
  return "input " + std::to_string(index) + " (" + role + "): ";
}

Status CheckRank(Types in, size_t index, const char* role, size_t rank) {
  if (in[index].shape.size() == rank) return OkStatus();
  return InvalidArgument(InputLabel(index, role) + "found shape " + ShapeString(in[index].shape) +
                         ", expected rank " + std::to_string(rank));
}

Status CheckPerChannel(Types in, size_t index, const char* role, int64_t channels) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, index, role, 1));
  if (in[index].shape[0] == channels) return OkStatus();
  return InvalidArgument(InputLabel(index, role) + "found " + std::to_string(in[index].shape[0]) +
                         " elements, expected one of each of " + std::to_string(channels) +
                         " channels");
}

Status CheckAxis(Types in, int64_t axis) {
  if (axis >= 0 && axis < static_cast<int64_t>(in[0].shape.size())) return OkStatus();
  return InvalidArgument("found axis " + std::to_string(axis) + ", expected one of input 0, " +
                         ShapeString(in[0].shape));
}

Result<int64_t> NormalizeAxis(int64_t axis, size_t rank) {
  const auto n = static_cast<int64_t>(rank);
  if (axis >= -n && axis < n) return axis < 0 ? axis + n : axis;
  return InvalidArgument("axis " + std::to_string(axis) + " does not exist in a tensor of rank " +
                         std::to_string(rank));
}

Result<std::vector<int64_t>> NormalizeAxes(std::vector<int64_t> axes, size_t rank) {
  for (int64_t& axis : axes) {
    PICABIA_ASSIGN_OR_RETURN(axis, NormalizeAxis(axis, rank));
  }
  std::sort(axes.begin(), axes.end());
  const auto twice = std::adjacent_find(axes.begin(), axes.end());
  if (twice == axes.end()) return axes;
  return InvalidArgument("axis " + std::to_string(*twice) + " is given twice");
}

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

Result<std::vector<TensorType>> InferOutputs(const Op& op, std::span<const TensorType> inputs,
                                             std::span<const Tensor* const> values) {
  PICABIA_RETURN_IF_ERROR(CheckInputs(op, inputs));
  std::vector<DType> dtypes;
  dtypes.reserve(inputs.size());
  for (const TensorType& t : inputs) dtypes.push_back(t.dtype);
  PICABIA_ASSIGN_OR_RETURN(const DType dtype, OutputDType(op, dtypes));
  PICABIA_ASSIGN_OR_RETURN(Shape shape, InferShape(op, inputs, values));
  const auto count = CheckedProduct(shape);
  if (!count || *count > Tensor::kMaxBytes / static_cast<int64_t>(DTypeSize(dtype))) {
    return ResourceError(std::string(OpName(op)) + ": the output " + ShapeString(shape) +
                         " is larger than a tensor may be");
  }
  return std::vector<TensorType>{{dtype, std::move(shape)}};
}

}  // namespace picabia::ops
