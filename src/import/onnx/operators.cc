// The table of ONNX's operators and the converters of the simple ones. Called by importer.cc; a new
// operator is one row here and, if it is not simple, a converter in a file of its own.
#include "import/onnx/operators.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "import/names.h"

namespace picabia::import::onnx {
namespace {

template <ops::UnaryKind kKind>
Result<ir::ValueId> ConvertUnary(NodeContext& c) {
  return AddNode(c, ops::Unary{kKind, 0});
}

template <ops::BinaryKind kKind>
Result<ir::ValueId> ConvertBinary(NodeContext& c) {
  return AddNode(c, ops::Binary{kKind});
}

Result<ir::ValueId> ConvertLeakyRelu(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha, c.attributes.Float("alpha", 0.01f));
  return AddNode(c, ops::Unary{ops::UnaryKind::kLeakyRelu, alpha});
}

template <ops::UnaryKind kKind>
Result<ir::ValueId> ConvertElu(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha, c.attributes.Float("alpha", 1.0f));
  return AddNode(c, ops::Unary{kKind, alpha});
}

// One input or more, two at a time.
template <ops::BinaryKind kKind>
Result<ir::ValueId> ConvertVariadic(NodeContext& c) {
  const std::vector<ir::ValueId> inputs = c.inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!c.HasInput(i)) return InvalidModel("input " + std::to_string(i) + " is left out");
  }
  ir::ValueId sum = inputs[0];
  for (size_t i = 1; i + 1 < inputs.size(); ++i) {
    const std::string name = c.builder.FreshName(c.output + "/" + std::to_string(i));
    PICABIA_ASSIGN_OR_RETURN(sum,
                             c.builder.AddNode(c.name, name, ops::Binary{kKind}, {sum, inputs[i]}));
  }
  if (inputs.size() == 1) return AddNode(c, ops::Identity{});
  c.inputs = {sum, inputs.back()};
  return AddNode(c, ops::Binary{kKind});
}

Result<ir::ValueId> ConvertIdentity(NodeContext& c) { return AddNode(c, ops::Identity{}); }

// In inference it does nothing.
Result<ir::ValueId> ConvertDropout(NodeContext& c) {
  for (const char* name : {"ratio", "seed", "is_test"}) c.attributes.Ignore(name);
  if (c.HasInput(2)) {
    PICABIA_ASSIGN_OR_RETURN(const Tensor* training, ConstantInput(c, 2, "training_mode"));
    if (training->num_elements() != 1 || training->dtype() != DType::kBool ||
        training->data<uint8_t>()[0] != 0) {
      return Unsupported("training_mode (input 2) must be false");
    }
  }
  c.inputs.resize(1);
  return AddNode(c, ops::Identity{});
}

Result<ir::ValueId> ConvertClip(NodeContext& c) {
  ops::Clip op{-INFINITY, INFINITY};
  if (c.opset < 11) {
    PICABIA_ASSIGN_OR_RETURN(op.low, c.attributes.Float("min", op.low));
    PICABIA_ASSIGN_OR_RETURN(op.high, c.attributes.Float("max", op.high));
  }
  if (c.HasInput(1)) {
    PICABIA_ASSIGN_OR_RETURN(op.low, ConstantFloat(c, 1, "the least value"));
  }
  if (c.HasInput(2)) {
    PICABIA_ASSIGN_OR_RETURN(op.high, ConstantFloat(c, 2, "the greatest value"));
  }
  if (std::isnan(op.low) || std::isnan(op.high)) return InvalidModel("a bound is NaN");
  c.inputs.resize(1);
  return AddNode(c, op);
}

Result<ir::ValueId> ConvertTranspose(NodeContext& c) {
  const int rank = c.builder.Rank(c.inputs[0]);
  std::vector<int64_t> reversed;
  for (int i = rank - 1; i >= 0; --i) reversed.push_back(i);
  if (rank < 0 && !c.attributes.Has("perm")) {
    return Unsupported("it reverses the axes of a tensor whose rank is not known");
  }
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> perm, c.attributes.Ints("perm", reversed));
  std::vector<int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<int64_t>(i)) {
      return InvalidModel("attribute 'perm' is " + ShapeString(perm) +
                          ", which is no permutation of the axes");
    }
  }
  return AddNode(c, ops::Transpose{std::move(perm)});
}

Status NormalizeAxes(int rank, std::vector<int64_t>& axes) {
  for (int64_t& axis : axes) {
    if (axis < 0 && rank < 0) {
      return Unsupported("axis " + std::to_string(axis) +
                         " counts from the end of a tensor whose rank is not known");
    }
    const int64_t limit = rank < 0 ? static_cast<int64_t>(kMaxRank) : rank;
    if (axis < -limit || axis >= limit) {
      return InvalidModel("axis " + std::to_string(axis) + " does not exist in a tensor of rank " +
                          std::to_string(rank));
    }
    if (axis < 0) axis += rank;
  }
  std::sort(axes.begin(), axes.end());
  const auto twice = std::adjacent_find(axes.begin(), axes.end());
  if (twice == axes.end()) return OkStatus();
  return InvalidModel("axis " + std::to_string(*twice) + " is given twice");
}

template <ops::ReduceKind kKind>
Result<ir::ValueId> ConvertReduce(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const bool keep_dims, c.attributes.Bool("keepdims", true));
  PICABIA_ASSIGN_OR_RETURN(const bool none_is_noop,
                           c.attributes.Bool("noop_with_empty_axes", false));
  std::vector<int64_t> axes;
  if (c.HasInput(1)) {
    PICABIA_ASSIGN_OR_RETURN(axes, ConstantIntegers(c, 1, "the axes"));
  } else {
    PICABIA_ASSIGN_OR_RETURN(axes, c.attributes.Ints("axes", {}));
  }
  const int rank = c.builder.Rank(c.inputs[0]);
  if (axes.empty() && !none_is_noop) {
    if (rank < 0) return Unsupported("it reduces all axes of a tensor whose rank is not known");
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  }
  PICABIA_RETURN_IF_ERROR(NormalizeAxes(rank, axes));
  c.inputs.resize(1);
  return AddNode(c, ops::Reduce{kKind, std::move(axes), keep_dims});
}

Result<ir::ValueId> ConvertReshape(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const bool allow_zero, c.attributes.Bool("allowzero", false));
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> shape, ConstantIntegers(c, 1, "the shape"));
  int64_t free = 0;
  for (const int64_t d : shape) {
    if (d < -1) return InvalidModel("a dimension of " + std::to_string(d) + " in the shape");
    if (d == 0 && allow_zero) return Unsupported("an empty dimension in the shape");
    free += d == -1 ? 1 : 0;
  }
  if (free > 1) return InvalidModel("the shape " + ShapeString(shape) + " has more than one -1");
  c.inputs.resize(1);
  return AddNode(c, ops::Reshape{std::move(shape)});
}

// Of the network's own values: float to float.
Result<ir::ValueId> ConvertCast(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t to, c.attributes.Int("to", 0));
  c.attributes.Ignore("saturate");
  PICABIA_ASSIGN_OR_RETURN(const DType dtype, ToDType(to));
  if (dtype != DType::kF32 || c.builder.dtype(c.inputs[0]) != DType::kF32) {
    return Unsupported(std::string("a cast from ") + DTypeName(c.builder.dtype(c.inputs[0])) +
                       " to " + DTypeName(dtype) + "; only float32 to float32 is supported");
  }
  return AddNode(c, ops::Identity{});
}

// The value of a Constant node, which each type of it holds in an attribute of its own.
Result<Tensor> ConstantValue(NodeContext& c) {
  Attributes& a = c.attributes;
  if (const Attribute* v = a.Find("value", Attribute::Kind::kTensor)) {
    return ParseTensor(v->bytes, c.owner, c.log);
  }
  if (const Attribute* v = a.Find("value_float", Attribute::Kind::kFloat)) {
    return Tensor::From<float>({}, {v->number});
  }
  if (const Attribute* v = a.Find("value_int", Attribute::Kind::kInt)) {
    return Tensor::From<int64_t>({}, {v->integer});
  }
  if (const Attribute* v = a.Find("value_floats", Attribute::Kind::kFloats)) {
    return Tensor::From<float>({static_cast<int64_t>(v->floats.size())}, v->floats);
  }
  if (const Attribute* v = a.Find("value_ints", Attribute::Kind::kInts)) {
    return Tensor::From<int64_t>({static_cast<int64_t>(v->ints.size())}, v->ints);
  }
  return Unsupported("a Constant has no tensor, float or integer value");
}

Result<ir::ValueId> ConvertConstant(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, ConstantValue(c));
  return c.builder.AddConstant(c.output, std::move(tensor));
}

// Inputs of Min, Max and Sum, whose number ONNX does not bound.
constexpr int kMaxVariadic = 1 << 20;

// Sorted by name.
constexpr Operator kOperators[] = {
    {"Abs", 1, 1, ConvertUnary<ops::UnaryKind::kAbs>},
    {"Add", 2, 2, ConvertBinary<ops::BinaryKind::kAdd>},
    {"BatchNormalization", 5, 5, ConvertBatchNormalization},
    {"Cast", 1, 1, ConvertCast},
    {"Ceil", 1, 1, ConvertUnary<ops::UnaryKind::kCeil>},
    {"Celu", 1, 1, ConvertElu<ops::UnaryKind::kCelu>},
    {"Clip", 1, 3, ConvertClip},
    {"Constant", 0, 0, ConvertConstant},
    {"Conv", 2, 3, ConvertConv},
    {"ConvTranspose", 2, 3, ConvertConvTranspose},
    {"Div", 2, 2, ConvertBinary<ops::BinaryKind::kDiv>},
    {"Dropout", 1, 3, ConvertDropout},
    {"Elu", 1, 1, ConvertElu<ops::UnaryKind::kElu>},
    {"Erf", 1, 1, ConvertUnary<ops::UnaryKind::kErf>},
    {"Exp", 1, 1, ConvertUnary<ops::UnaryKind::kExp>},
    {"Floor", 1, 1, ConvertUnary<ops::UnaryKind::kFloor>},
    {"HardSwish", 1, 1, ConvertUnary<ops::UnaryKind::kHardSwish>},
    {"Identity", 1, 1, ConvertIdentity},
    {"InstanceNormalization", 3, 3, ConvertInstanceNormalization},
    {"LeakyRelu", 1, 1, ConvertLeakyRelu},
    {"Log", 1, 1, ConvertUnary<ops::UnaryKind::kLog>},
    {"Max", 1, kMaxVariadic, ConvertVariadic<ops::BinaryKind::kMax>},
    {"Min", 1, kMaxVariadic, ConvertVariadic<ops::BinaryKind::kMin>},
    {"Mish", 1, 1, ConvertUnary<ops::UnaryKind::kMish>},
    {"Mul", 2, 2, ConvertBinary<ops::BinaryKind::kMul>},
    {"Neg", 1, 1, ConvertUnary<ops::UnaryKind::kNeg>},
    {"Pad", 1, 4, ConvertPad},
    {"Pow", 2, 2, ConvertBinary<ops::BinaryKind::kPow>},
    {"Reciprocal", 1, 1, ConvertUnary<ops::UnaryKind::kReciprocal>},
    {"ReduceMax", 1, 2, ConvertReduce<ops::ReduceKind::kMax>},
    {"ReduceMean", 1, 2, ConvertReduce<ops::ReduceKind::kMean>},
    {"ReduceMin", 1, 2, ConvertReduce<ops::ReduceKind::kMin>},
    {"ReduceSum", 1, 2, ConvertReduce<ops::ReduceKind::kSum>},
    {"Relu", 1, 1, ConvertUnary<ops::UnaryKind::kRelu>},
    {"Reshape", 2, 2, ConvertReshape},
    {"Resize", 1, 4, ConvertResize, true},
    {"Sigmoid", 1, 1, ConvertUnary<ops::UnaryKind::kSigmoid>},
    {"Sign", 1, 1, ConvertUnary<ops::UnaryKind::kSign>},
    {"Softplus", 1, 1, ConvertUnary<ops::UnaryKind::kSoftplus>},
    {"Softsign", 1, 1, ConvertUnary<ops::UnaryKind::kSoftsign>},
    {"Sqrt", 1, 1, ConvertUnary<ops::UnaryKind::kSqrt>},
    {"Sub", 2, 2, ConvertBinary<ops::BinaryKind::kSub>},
    {"Sum", 1, kMaxVariadic, ConvertVariadic<ops::BinaryKind::kAdd>},
    {"Tanh", 1, 1, ConvertUnary<ops::UnaryKind::kTanh>},
    {"Transpose", 1, 1, ConvertTranspose},
    {"Upsample", 1, 2, ConvertUpsample, true},
};
static_assert(std::is_sorted(std::begin(kOperators), std::end(kOperators),
                             [](const Operator& a, const Operator& b) {
                               return a.op_type < b.op_type;
                             }));

}  // namespace

std::span<const Operator> Operators() { return kOperators; }

const Operator* FindOperator(std::string_view op_type) {
  const auto it = std::lower_bound(
      std::begin(kOperators), std::end(kOperators), op_type,
      [](const Operator& row, std::string_view name) { return row.op_type < name; });
  return it != std::end(kOperators) && it->op_type == op_type ? it : nullptr;
}

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

Result<const Tensor*> ConstantInput(const NodeContext& c, size_t input, const char* what) {
  const Tensor* tensor = c.HasInput(input) ? c.builder.Constant(c.inputs[input]) : nullptr;
  if (tensor != nullptr) return tensor;
  return Unsupported(std::string(what) + " (input " + std::to_string(input) +
                     ") must be a constant");
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

Result<float> ConstantFloat(const NodeContext& c, size_t input, const char* what) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor* tensor, ConstantInput(c, input, what));
  if (tensor->dtype() == DType::kF32 && tensor->num_elements() == 1) {
    return tensor->data<float>()[0];
  }
  return InvalidModel(std::string(what) + " (input " + std::to_string(input) + ") is a " +
                      DTypeName(tensor->dtype()) + " tensor of shape " +
                      ShapeString(tensor->shape()) + ", expected one float");
}

}  // namespace picabia::import::onnx
