// What converters share: nodes, transposes around spatial ones, constants and axes. Called by all
// converters.
#include <algorithm>

#include "base/element.h"
#include "import/onnx/operators.h"

namespace picabia::import::onnx {

Result<ir::ValueId> AddNode(NodeContext& c, ops::Op op) {
  return c.builder.AddNode(c.name, c.output, std::move(op), c.inputs);
}

Result<ir::ValueId> AddSpatial(NodeContext& c, ops::Op op) {
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0], c.builder.ToNhwc(c.inputs[0]));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId nhwc,
      c.builder.AddNode(c.name, c.builder.FreshName(c.output + "/nhwc"), std::move(op), c.inputs));
  return c.builder.ToNchw(nhwc, c.output);
}

Result<ir::ValueId> AddStep(NodeContext& c, const char* what, ops::Op op,
                            std::vector<ir::ValueId> inputs) {
  return c.builder.AddNode(c.name, c.builder.FreshName(c.output + "/" + what), std::move(op),
                           std::move(inputs));
}

Result<ir::ValueId> AddScalar(NodeContext& c, const char* what, DType dtype, double value) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(dtype, {}));
  VisitElementType(dtype, [&]<typename T>(ElementType<T>) {
    if constexpr (std::is_same_v<T, Half>) {
      *tensor.MutableData<T>() = Half(static_cast<float>(value));
    } else if constexpr (std::is_same_v<T, Bool>) {
      *tensor.MutableData<T>() = Bool(value != 0);
    } else {
      *tensor.MutableData<T>() = static_cast<T>(value);
    }
  });
  return c.builder.AddConstant(c.builder.FreshName(c.output + "/" + what), std::move(tensor));
}

Result<ir::ValueId> AddIntegers(NodeContext& c, const char* what,
                                const std::vector<int64_t>& values) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor,
                           Tensor::From<int64_t>({static_cast<int64_t>(values.size())}, values));
  return c.builder.AddConstant(c.builder.FreshName(c.output + "/" + what), std::move(tensor));
}

Result<ir::ValueId> AddShape(NodeContext& c, ir::ValueId of) {
  return AddStep(c, "shape", ops::ShapeOf{}, {of});
}

Result<size_t> RankOf(const NodeContext& c, size_t input) {
  const int rank = c.builder.Rank(c.inputs[input]);
  if (rank >= 0) return static_cast<size_t>(rank);
  return Unsupported("the rank of input " + std::to_string(input) + " is not known");
}

Result<int64_t> AxisAttribute(NodeContext& c, const char* name, int64_t fallback) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, c.attributes.Int(name, fallback));
  if (axis >= 0 && c.builder.Rank(c.inputs[0]) < 0) return axis;
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  return ops::NormalizeAxis(axis, rank);
}

Result<std::vector<int64_t>> SortedAxes(const NodeContext& c, std::vector<int64_t> axes) {
  const bool from_the_end =
      std::any_of(axes.begin(), axes.end(), [](int64_t axis) { return axis < 0; });
  if (!from_the_end && c.builder.Rank(c.inputs[0]) < 0)
    return ops::NormalizeAxes(std::move(axes), kMaxRank);
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  return ops::NormalizeAxes(std::move(axes), rank);
}

int64_t NhwcAxis(int64_t nchw_axis) {
  constexpr int64_t kAxes[] = {0, 3, 1, 2};
  return kAxes[nchw_axis];
}

Result<const Tensor*> ConstantInput(const NodeContext& c, size_t input, const char* what) {
  const Tensor* tensor = c.HasInput(input) ? c.builder.FixedValue(c.inputs[input]) : nullptr;
  if (tensor != nullptr) return tensor;
  return Unsupported(std::string(what) + " (input " + std::to_string(input) +
                     ") must be a constant");
}

bool IsGiven(const NodeContext& c, size_t input) {
  if (!c.HasInput(input)) return false;
  const Tensor* tensor = c.builder.FixedValue(c.inputs[input]);
  return tensor == nullptr || tensor->num_elements() != 0;
}

Result<std::vector<int64_t>> ConstantIntegers(const NodeContext& c, size_t input,
                                              const char* what) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor* tensor, ConstantInput(c, input, what));
  const bool integers = tensor->dtype() == DType::kI32 || tensor->dtype() == DType::kI64;
  if (integers && tensor->num_elements() <= int64_t{2 * kMaxRank}) return IntegerValues(*tensor);
  return InvalidModel(std::string(what) + " (input " + std::to_string(input) + ") is a " +
                      DTypeName(tensor->dtype()) + " tensor of shape " +
                      ShapeString(tensor->shape()) + ", expected a few int64");
}

Status CheckFiniteInputs(NodeContext& c, size_t first) {
  for (size_t i = first; i < c.inputs.size(); ++i) {
    if (c.HasInput(i)) PICABIA_RETURN_IF_ERROR(c.builder.CheckFinite(c.inputs[i]));
  }
  return OkStatus();
}

}  // namespace picabia::import::onnx
