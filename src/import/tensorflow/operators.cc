// The table of TensorFlow's operators and the converters of the simple ones. Called by importer.cc;
// a new operator is one row here and, if it is not simple, a converter in a file of its own.
#include "import/tensorflow/operators.h"

#include <algorithm>
#include <iterator>

#include "import/names.h"

namespace picabia::import::tensorflow {
namespace {

Result<ir::ValueId> ConvertConst(NodeContext& c) {
  c.attributes.Ignore("dtype");  // the tensor has its own
  const Attribute* value = c.attributes.Find("value", Attribute::Kind::kTensor);
  if (value == nullptr) return InvalidModel("a Const has no tensor in attribute 'value'");
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, ParseTensor(value->bytes, c.owner, c.log));
  return c.builder.AddConstant(c.name, std::move(tensor));
}

Result<ir::ValueId> ConvertPlaceholder(NodeContext& c) {
  const Attribute* type = c.attributes.Find("dtype", Attribute::Kind::kType);
  if (type == nullptr) return InvalidModel("a Placeholder has no attribute 'dtype'");
  PICABIA_ASSIGN_OR_RETURN(const DType dtype, ToDType(type->integer));
  const Attribute* attribute = c.attributes.Find("shape", Attribute::Kind::kShape);
  std::optional<Shape> shape;
  if (attribute != nullptr) shape = attribute->shape;
  // Before version 24 of the format, an empty shape meant an unknown one.
  if (shape && shape->empty() && c.producer < 24) shape.reset();
  if (shape) PICABIA_RETURN_IF_ERROR(CheckDeclaredShape(dtype, *shape));
  return c.builder.AddInput(c.name, dtype, std::move(shape), Layout::kNhwc);
}

Result<ir::ValueId> ConvertIdentity(NodeContext& c) {
  c.attributes.Ignore("dtype");  // of PlaceholderWithDefault: feeding it replaces the default
  c.attributes.Ignore("shape");
  return AddNode(c, ops::Identity{});
}

template <ops::BinaryKind kKind>
Result<ir::ValueId> ConvertBinary(NodeContext& c) {
  return AddNode(c, ops::Binary{kKind});
}

template <ops::UnaryKind kKind>
Result<ir::ValueId> ConvertUnary(NodeContext& c) {
  return AddNode(c, ops::Unary{kKind, 0});
}

Result<ir::ValueId> ConvertLeakyRelu(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha, c.attributes.Float("alpha", 0.2f));
  return AddNode(c, ops::Unary{ops::UnaryKind::kLeakyRelu, alpha});
}

Result<ir::ValueId> ConvertRelu6(NodeContext& c) { return AddNode(c, ops::Clip{0, 6}); }

// x * x
Result<ir::ValueId> ConvertSquare(NodeContext& c) {
  c.inputs.push_back(c.inputs[0]);
  return AddNode(c, ops::Binary{ops::BinaryKind::kMul});
}

// 1 / sqrt(x)
Result<ir::ValueId> ConvertRsqrt(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor one, Tensor::From<float>({}, {1.0f}));
  const ir::ValueId one_id = c.builder.AddConstant(c.builder.FreshName(c.name + "/one"), one);
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId root,
                           c.builder.AddNode(c.builder.FreshName(c.name + "/sqrt"),
                                             ops::Unary{ops::UnaryKind::kSqrt, 0}, c.inputs));
  c.inputs = {one_id, root};
  return AddNode(c, ops::Binary{ops::BinaryKind::kDiv});
}

Result<ir::ValueId> ConvertElu(NodeContext& c) {
  return AddNode(c, ops::Unary{ops::UnaryKind::kElu, 1});
}

Result<ir::ValueId> ConvertPowerDifference(NodeContext& c) {
  return AddNode(c, ops::PowerDifference{});
}

// Axes counted from the end need the rank, which is that at the frozen size.
Status NormalizeAxes(const NodeContext& c, std::vector<int64_t>& axes) {
  const int rank = c.builder.Rank(c.inputs[0]);
  for (int64_t& axis : axes) {
    if (axis < 0 && rank < 0) {
      return Unsupported("axis " + std::to_string(axis) +
                         " counts from the end of a tensor whose rank is not known");
    }
    if (axis < (rank < 0 ? 0 : -rank) || axis >= (rank < 0 ? int64_t{kMaxRank} : rank)) {
      return InvalidModel("axis " + std::to_string(axis) + " does not exist in a tensor of rank " +
                          (rank < 0 ? "at most 32" : std::to_string(rank)));
    }
    if (axis < 0) axis += rank;
  }
  std::sort(axes.begin(), axes.end());
  const auto twice = std::adjacent_find(axes.begin(), axes.end());
  if (twice != axes.end()) {
    return InvalidModel("axis " + std::to_string(*twice) + " is given twice");
  }
  return OkStatus();
}

template <ops::ReduceKind kKind>
Result<ir::ValueId> ConvertReduce(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const bool keep_dims, c.attributes.Bool("keep_dims", false));
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> axes, ConstantIntegers(c, 1, "the axes"));
  PICABIA_RETURN_IF_ERROR(NormalizeAxes(c, axes));
  c.inputs.resize(1);
  return AddNode(c, ops::Reduce{kKind, std::move(axes), keep_dims});
}

Result<ir::ValueId> ConvertReshape(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> shape, ConstantIntegers(c, 1, "the shape"));
  for (const int64_t d : shape) {
    // Picabia's own 0 copies a dimension, as ONNX's does.
    if (d < -1 || d == 0) {
      return Unsupported("a dimension of " + std::to_string(d) + " in the shape of a Reshape");
    }
  }
  if (std::count(shape.begin(), shape.end(), -1) > 1) {
    return InvalidModel("the shape " + ShapeString(shape) + " has more than one -1");
  }
  c.inputs.resize(1);
  return AddNode(c, ops::Reshape{std::move(shape)});
}

Result<ir::ValueId> ConvertTranspose(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> perm, ConstantIntegers(c, 1, "the permutation"));
  std::vector<int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<int64_t>(i)) {
      return InvalidModel(ShapeString(perm) + " is no permutation of the axes");
    }
  }
  c.inputs.resize(1);
  return AddNode(c, ops::Transpose{std::move(perm)});
}

// Sorted by name.
constexpr Operator kOperators[] = {
    {"Abs", 1, 1, ConvertUnary<ops::UnaryKind::kAbs>},
    {"Add", 2, 2, ConvertBinary<ops::BinaryKind::kAdd>},
    {"AddV2", 2, 2, ConvertBinary<ops::BinaryKind::kAdd>},
    {"BiasAdd", 2, 2, ConvertBiasAdd},
    {"Ceil", 1, 1, ConvertUnary<ops::UnaryKind::kCeil>},
    {"Const", 0, 0, ConvertConst},
    {"Conv2D", 2, 2, ConvertConv2D},
    {"Conv2DBackpropInput", 3, 3, ConvertConv2DBackpropInput, 0},
    {"Elu", 1, 1, ConvertElu},
    {"Erf", 1, 1, ConvertUnary<ops::UnaryKind::kErf>},
    {"Exp", 1, 1, ConvertUnary<ops::UnaryKind::kExp>},
    {"Floor", 1, 1, ConvertUnary<ops::UnaryKind::kFloor>},
    {"FusedBatchNorm", 5, 5, ConvertFusedBatchNorm},
    {"FusedBatchNormV2", 5, 5, ConvertFusedBatchNorm},
    {"FusedBatchNormV3", 5, 5, ConvertFusedBatchNorm},
    {"Identity", 1, 1, ConvertIdentity},
    {"Int8Conv2D", 2, 2, ConvertInt8Conv2D},
    {"Int8Conv2DBackpropInput", 3, 3, ConvertInt8Conv2DBackpropInput, 0},
    {"Inv", 1, 1, ConvertUnary<ops::UnaryKind::kReciprocal>},
    {"LeakyRelu", 1, 1, ConvertLeakyRelu},
    {"Log", 1, 1, ConvertUnary<ops::UnaryKind::kLog>},
    {"Max", 2, 2, ConvertReduce<ops::ReduceKind::kMax>},
    {"Maximum", 2, 2, ConvertBinary<ops::BinaryKind::kMax>},
    {"Mean", 2, 2, ConvertReduce<ops::ReduceKind::kMean>},
    {"Min", 2, 2, ConvertReduce<ops::ReduceKind::kMin>},
    {"Minimum", 2, 2, ConvertBinary<ops::BinaryKind::kMin>},
    {"MirrorPad", 2, 2, ConvertMirrorPad},
    {"Mul", 2, 2, ConvertBinary<ops::BinaryKind::kMul>},
    {"Neg", 1, 1, ConvertUnary<ops::UnaryKind::kNeg>},
    {"NoOp", 0, 0, nullptr},
    {"Pad", 2, 2, ConvertPad},
    {"PadV2", 3, 3, ConvertPad},
    {"Placeholder", 0, 0, ConvertPlaceholder},
    {"PlaceholderWithDefault", 1, 1, ConvertIdentity},
    {"Pow", 2, 2, ConvertBinary<ops::BinaryKind::kPow>},
    {"PowerDifference", 3, 3, ConvertPowerDifference},
    {"RealDiv", 2, 2, ConvertBinary<ops::BinaryKind::kDiv>},
    {"Reciprocal", 1, 1, ConvertUnary<ops::UnaryKind::kReciprocal>},
    {"Relu", 1, 1, ConvertUnary<ops::UnaryKind::kRelu>},
    {"Relu6", 1, 1, ConvertRelu6},
    {"Reshape", 2, 2, ConvertReshape},
    {"ResizeNearestNeighbor", 2, 2, ConvertResizeNearestNeighbor},
    {"Rsqrt", 1, 1, ConvertRsqrt},
    {"Sigmoid", 1, 1, ConvertUnary<ops::UnaryKind::kSigmoid>},
    {"Sign", 1, 1, ConvertUnary<ops::UnaryKind::kSign>},
    {"Softplus", 1, 1, ConvertUnary<ops::UnaryKind::kSoftplus>},
    {"Softsign", 1, 1, ConvertUnary<ops::UnaryKind::kSoftsign>},
    {"Sqrt", 1, 1, ConvertUnary<ops::UnaryKind::kSqrt>},
    {"Square", 1, 1, ConvertSquare},
    {"SquaredDifference", 2, 2, ConvertBinary<ops::BinaryKind::kSquaredDifference>},
    {"StopGradient", 1, 1, ConvertIdentity},
    {"Sub", 2, 2, ConvertBinary<ops::BinaryKind::kSub>},
    {"Sum", 2, 2, ConvertReduce<ops::ReduceKind::kSum>},
    {"Tanh", 1, 1, ConvertUnary<ops::UnaryKind::kTanh>},
    {"Transpose", 2, 2, ConvertTranspose},
};
static_assert(std::is_sorted(std::begin(kOperators), std::end(kOperators),
                             [](const Operator& a, const Operator& b) { return a.name < b.name; }));

}  // namespace

std::span<const Operator> Operators() { return kOperators; }

const Operator* FindOperator(std::string_view name) {
  const auto it =
      std::lower_bound(std::begin(kOperators), std::end(kOperators), name,
                       [](const Operator& row, std::string_view n) { return row.name < n; });
  return it != std::end(kOperators) && it->name == name ? it : nullptr;
}

Result<ir::ValueId> AddNode(NodeContext& c, ops::Op op) {
  return c.builder.AddNode(c.name, std::move(op), c.inputs);
}

Result<std::vector<int64_t>> ConstantIntegers(const NodeContext& c, size_t input,
                                              const char* what) {
  const Tensor* tensor = c.builder.Constant(c.inputs[input]);
  if (tensor == nullptr) {
    return Unsupported(std::string(what) + " (input " + std::to_string(input) +
                       ") must be a constant");
  }
  const bool integers = tensor->dtype() == DType::kI32 || tensor->dtype() == DType::kI64;
  if (!integers || tensor->num_elements() > int64_t{2 * kMaxRank}) {
    return InvalidModel(std::string(what) + " (input " + std::to_string(input) + ") is a " +
                        DTypeName(tensor->dtype()) + " tensor of shape " +
                        ShapeString(tensor->shape()) + ", expected a few int32 or int64");
  }
  return IntegerValues(*tensor);
}

}  // namespace picabia::import::tensorflow
