// Steps, constants and axes for converters. Called by those of both formats.
#include "import/compose.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "base/element.h"
#include "import/tensor_data.h"

namespace picabia::import {
namespace {

// An integer type's nearest number; a file may bound int16 by 1e20.
template <typename T>
T Nearest(double value) {
  if constexpr (std::is_integral_v<T>) {
    if (value != value) return T{0};
    if (value <= static_cast<double>(std::numeric_limits<T>::min()))
      return std::numeric_limits<T>::min();
    if (value >= static_cast<double>(std::numeric_limits<T>::max()))
      return std::numeric_limits<T>::max();
  }
  return static_cast<T>(value);
}

}  // namespace

Result<ir::ValueId> AddNode(ConverterContext& c, ops::Op op) {
  return c.builder.AddNode(c.name, c.output, std::move(op), c.inputs);
}

Result<ir::ValueId> AddStep(ConverterContext& c, const char* what, ops::Op op,
                            std::vector<ir::ValueId> inputs) {
  return c.builder.AddNode(c.name, c.builder.FreshName(c.output + "/" + what), std::move(op),
                           std::move(inputs));
}

Result<ir::ValueId> AddScalar(ConverterContext& c, const char* what, DType dtype, double value) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(dtype, {}));
  VisitElementType(dtype, [&]<typename T>(ElementType<T>) {
    if constexpr (std::is_same_v<T, Half>) {
      *tensor.MutableData<T>() = Half(static_cast<float>(value));
    } else if constexpr (std::is_same_v<T, Bool>) {
      *tensor.MutableData<T>() = Bool(value != 0);
    } else {
      *tensor.MutableData<T>() = Nearest<T>(value);
    }
  });
  return c.builder.AddConstant(c.builder.FreshName(c.output + "/" + what), std::move(tensor));
}

Result<ir::ValueId> AddIntegers(ConverterContext& c, const char* what,
                                const std::vector<int64_t>& values, DType dtype) {
  const Shape shape = {static_cast<int64_t>(values.size())};
  auto tensor = dtype == DType::kI32 ? Tensor::From<int32_t>(shape, {values.begin(), values.end()})
                                     : Tensor::From<int64_t>(shape, values);
  if (!tensor.ok()) return tensor.status();
  return c.builder.AddConstant(c.builder.FreshName(c.output + "/" + what), *std::move(tensor));
}

Result<ir::ValueId> AddShape(ConverterContext& c, ir::ValueId of) {
  return AddStep(c, "shape", ops::ShapeOf{}, {of});
}

Result<ir::ValueId> AddSelu(ConverterContext& c, float alpha, float gamma) {
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId elu,
      AddStep(c, "elu", ops::Unary{ops::UnaryKind::kElu, alpha}, {c.inputs[0]}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId factor,
                           AddScalar(c, "gamma", c.builder.dtype(elu), static_cast<double>(gamma)));
  c.inputs = {elu, factor};
  return AddNode(c, ops::Binary{ops::BinaryKind::kMul});
}

Result<ir::ValueId> AddChain(ConverterContext& c, ops::BinaryKind kind) {
  const std::vector<ir::ValueId> inputs = c.inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!c.HasInput(i)) return InvalidModel("input " + std::to_string(i) + " is left out");
  }
  if (inputs.size() == 1) return AddNode(c, ops::Identity{});
  ir::ValueId sum = inputs[0];
  for (size_t i = 1; i + 1 < inputs.size(); ++i) {
    PICABIA_ASSIGN_OR_RETURN(
        sum, AddStep(c, std::to_string(i).c_str(), ops::Binary{kind}, {sum, inputs[i]}));
  }
  c.inputs = {sum, inputs.back()};
  return AddNode(c, ops::Binary{kind});
}

Result<size_t> RankOf(const ConverterContext& c, size_t input) {
  const int rank = c.builder.Rank(c.inputs[input]);
  if (rank >= 0) return static_cast<size_t>(rank);
  return Unsupported("the rank of input " + std::to_string(input) + " is not known");
}

Result<int64_t> AxisOf(const ConverterContext& c, size_t input, int64_t axis) {
  if (axis >= 0 && c.builder.Rank(c.inputs[input]) < 0) return axis;
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, input));
  return ops::NormalizeAxis(axis, rank);
}

Result<std::vector<int64_t>> SortedAxes(const ConverterContext& c, std::vector<int64_t> axes) {
  const bool from_the_end =
      std::any_of(axes.begin(), axes.end(), [](int64_t axis) { return axis < 0; });
  if (!from_the_end && c.builder.Rank(c.inputs[0]) < 0)
    return ops::NormalizeAxes(std::move(axes), kMaxRank);
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  return ops::NormalizeAxes(std::move(axes), rank);
}

Result<const Tensor*> ConstantInput(const ConverterContext& c, size_t input, const char* what) {
  const Tensor* tensor = c.HasInput(input) ? c.builder.FixedValue(c.inputs[input]) : nullptr;
  if (tensor != nullptr) return tensor;
  return Unsupported(std::string(what) + " (input " + std::to_string(input) +
                     ") must be a constant");
}

Result<std::vector<int64_t>> ConstantIntegers(const ConverterContext& c, size_t input,
                                              const char* what) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor* tensor, ConstantInput(c, input, what));
  const bool integers = tensor->dtype() == DType::kI32 || tensor->dtype() == DType::kI64;
  if (integers && tensor->num_elements() <= int64_t{2 * kMaxRank}) return IntegerValues(*tensor);
  return InvalidModel(std::string(what) + " (input " + std::to_string(input) + ") is a " +
                      DTypeName(tensor->dtype()) + " tensor of shape " +
                      ShapeString(tensor->shape()) + ", expected a few int32 or int64");
}

Status CheckFiniteInputs(ConverterContext& c, size_t first) {
  for (size_t i = first; i < c.inputs.size(); ++i) {
    if (c.HasInput(i)) PICABIA_RETURN_IF_ERROR(c.builder.CheckFinite(c.inputs[i]));
  }
  return OkStatus();
}

Status FollowPicture(const ConverterContext& c, ir::ValueId sizes_id, ops::Resize& op) {
  const Tensor* sizes = c.builder.FixedValue(sizes_id);
  const Shape* x = c.builder.FrozenShape(c.inputs[0]);
  if (sizes == nullptr || x == nullptr || !c.builder.FollowsPicture(c.inputs[0]) ||
      op.aspect_policy != ops::AspectPolicy::kStretch)
    return OkStatus();
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values, IntegerValues(*sizes));
  const size_t axes = op.axes.empty() ? x->size() : op.axes.size();
  if (values.size() != axes)
    return InvalidModel("it has " + std::to_string(values.size()) + " sizes, expected " +
                        std::to_string(axes));
  for (size_t i = 0; i < axes; ++i) {
    const size_t axis = op.axes.empty() ? i : static_cast<size_t>(op.axes[i]);
    if (axis >= x->size())
      return InvalidModel("its input has rank " + std::to_string(x->size()) +
                          ", expected at least " + std::to_string(axis + 1));
    if (values[i] < 1 || values[i] > 1 << 24)  // larger ones are no exact floats
      return InvalidModel("a size is " + std::to_string(values[i]) + ", expected 1 to 16777216");
    PICABIA_ASSIGN_OR_RETURN(const float scale, ResizeScale((*x)[axis], values[i]));
    op.scales.push_back(scale);
  }
  return OkStatus();
}

}  // namespace picabia::import
