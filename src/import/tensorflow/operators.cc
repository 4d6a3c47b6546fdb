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

// Messages say why a check of training failed; there is none here.
Result<ir::ValueId> ConvertChecked(NodeContext& c) {
  c.attributes.Ignore("message");
  return AddNode(c, ops::Identity{});
}

template <ops::BinaryKind kKind>
Result<ir::ValueId> ConvertBinary(NodeContext& c) {
  return AddNode(c, ops::Binary{kKind});
}

template <ops::BinaryKind kKind>
Result<ir::ValueId> ConvertCompare(NodeContext& c) {
  return ConvertComparison(c, kKind);
}

template <ops::UnaryKind kKind>
Result<ir::ValueId> ConvertUnary(NodeContext& c) {
  return AddNode(c, ops::Unary{kKind, 0});
}

Result<ir::ValueId> ConvertElu(NodeContext& c) {
  return AddNode(c, ops::Unary{ops::UnaryKind::kElu, 1});
}

Result<ir::ValueId> ConvertPowerDifference(NodeContext& c) {
  return AddNode(c, ops::PowerDifference{});
}

Result<ir::ValueId> ConvertWhere(NodeContext& c) { return AddNode(c, ops::Where{}); }

Result<ir::ValueId> ConvertZerosLike(NodeContext& c) { return ConvertFilledLike(c, 0); }
Result<ir::ValueId> ConvertOnesLike(NodeContext& c) { return ConvertFilledLike(c, 1); }

template <ops::ReduceKind kKind>
Result<ir::ValueId> ConvertReduce(NodeContext& c) {
  return ConvertReduceBy(c, kKind);
}

template <ops::ArgKind kKind>
Result<ir::ValueId> ConvertArg(NodeContext& c) {
  return ConvertArgBy(c, kKind);
}

template <ops::SoftmaxKind kKind>
Result<ir::ValueId> ConvertSoftmax(NodeContext& c) {
  return ConvertSoftmaxBy(c, kKind);
}

template <ops::PoolKind kKind>
Result<ir::ValueId> ConvertPool(NodeContext& c) {
  return ConvertPoolBy(c, kKind);
}

template <ops::ResizeMode kMode>
Result<ir::ValueId> ConvertResize(NodeContext& c) {
  return ConvertResizeBy(c, kMode);
}

// Inputs of AddN, Concat and the like, whose number TensorFlow does not bound.
constexpr int kMaxVariadic = 1 << 20;

Result<ir::ValueId> ConvertCumsum(NodeContext& c) {
  ops::CumSum op;
  PICABIA_ASSIGN_OR_RETURN(op.exclusive, c.attributes.Bool("exclusive", false));
  PICABIA_ASSIGN_OR_RETURN(op.reverse, c.attributes.Bool("reverse", false));
  return AddNode(c, op);
}

// Sorted by name.
constexpr Operator kOperators[] = {
    {"Abs", 1, 1, ConvertUnary<ops::UnaryKind::kAbs>},
    {"Acos", 1, 1, ConvertUnary<ops::UnaryKind::kAcos>},
    {"Acosh", 1, 1, ConvertUnary<ops::UnaryKind::kAcosh>},
    {"Add", 2, 2, ConvertBinary<ops::BinaryKind::kAdd>},
    {"AddN", 1, kMaxVariadic, ConvertAddN},
    {"AddV2", 2, 2, ConvertBinary<ops::BinaryKind::kAdd>},
    {"All", 2, 2, ConvertReduce<ops::ReduceKind::kAll>},
    {"Any", 2, 2, ConvertReduce<ops::ReduceKind::kAny>},
    {"ArgMax", 2, 2, ConvertArg<ops::ArgKind::kMax>},
    {"ArgMin", 2, 2, ConvertArg<ops::ArgKind::kMin>},
    {"Asin", 1, 1, ConvertUnary<ops::UnaryKind::kAsin>},
    {"Asinh", 1, 1, ConvertUnary<ops::UnaryKind::kAsinh>},
    {"Assert", 1, kMaxVariadic, nullptr},
    {"Atan", 1, 1, ConvertUnary<ops::UnaryKind::kAtan>},
    {"Atanh", 1, 1, ConvertUnary<ops::UnaryKind::kAtanh>},
    {"AvgPool", 1, 1, ConvertPool<ops::PoolKind::kAverage>},
    {"BatchMatMul", 2, 2, ConvertBatchMatMul},
    {"BatchMatMulV2", 2, 2, ConvertBatchMatMul},
    {"BatchToSpaceND", 3, 3, ConvertBatchToSpaceNd},
    {"BiasAdd", 2, 2, ConvertBiasAdd},
    {"BroadcastTo", 2, 2, ConvertBroadcastTo},
    {"Cast", 1, 1, ConvertCast},
    {"Ceil", 1, 1, ConvertUnary<ops::UnaryKind::kCeil>},
    {"CheckNumerics", 1, 1, ConvertChecked},
    {"Concat", 2, kMaxVariadic, ConvertConcat},
    {"ConcatV2", 2, kMaxVariadic, ConvertConcatV2},
    {"Const", 0, 0, ConvertConst},
    {"Conv2D", 2, 2, ConvertConv2D},
    {"Conv2DBackpropInput", 3, 3, ConvertConv2DBackpropInput, 0},
    {"Cos", 1, 1, ConvertUnary<ops::UnaryKind::kCos>},
    {"Cosh", 1, 1, ConvertUnary<ops::UnaryKind::kCosh>},
    {"Cumsum", 2, 2, ConvertCumsum},
    {"DepthToSpace", 1, 1, ConvertDepthToSpace},
    {"DepthwiseConv2dNative", 2, 2, ConvertDepthwiseConv2d},
    {"Div", 2, 2, ConvertBinary<ops::BinaryKind::kDiv>},
    {"Elu", 1, 1, ConvertElu},
    {"Equal", 2, 2, ConvertCompare<ops::BinaryKind::kEqual>},
    {"Erf", 1, 1, ConvertUnary<ops::UnaryKind::kErf>},
    {"Exp", 1, 1, ConvertUnary<ops::UnaryKind::kExp>},
    {"ExpandDims", 2, 2, ConvertExpandDims},
    {"Expm1", 1, 1, ConvertExpm1},
    {"Fill", 2, 2, ConvertFill},
    {"Floor", 1, 1, ConvertUnary<ops::UnaryKind::kFloor>},
    {"FloorDiv", 2, 2, ConvertBinary<ops::BinaryKind::kFloorDiv>},
    {"FloorMod", 2, 2, ConvertBinary<ops::BinaryKind::kMod>},
    {"FusedBatchNorm", 5, 5, ConvertFusedBatchNorm},
    {"FusedBatchNormV2", 5, 5, ConvertFusedBatchNorm},
    {"FusedBatchNormV3", 5, 5, ConvertFusedBatchNorm},
    {"Gather", 2, 2, ConvertGather},
    {"GatherNd", 2, 2, ConvertGatherNd},
    {"GatherV2", 3, 3, ConvertGatherV2},
    {"Greater", 2, 2, ConvertCompare<ops::BinaryKind::kGreater>},
    {"GreaterEqual", 2, 2, ConvertCompare<ops::BinaryKind::kGreaterOrEqual>},
    {"Identity", 1, 1, ConvertIdentity},
    {"IdentityN", 1, kMaxVariadic, ConvertIdentityN, kNoSize, true},
    {"Int16Conv2D", 2, 2, ConvertInt16Conv2D},
    {"Int16Conv2DBackpropInput", 3, 3, ConvertInt16Conv2DBackpropInput, 0},
    {"Int16MatMul", 2, 2, ConvertInt16MatMul},
    {"Int8Conv2D", 2, 2, ConvertInt8Conv2D},
    {"Int8Conv2DBackpropInput", 3, 3, ConvertInt8Conv2DBackpropInput, 0},
    {"Int8MatMul", 2, 2, ConvertInt8MatMul},
    {"Inv", 1, 1, ConvertUnary<ops::UnaryKind::kReciprocal>},
    {"IsFinite", 1, 1, ConvertIsFinite},
    {"IsInf", 1, 1, ConvertUnary<ops::UnaryKind::kIsInfinite>},
    {"IsNan", 1, 1, ConvertUnary<ops::UnaryKind::kIsNan>},
    {"LRN", 1, 1, ConvertLrn},
    {"LeakyRelu", 1, 1, ConvertLeakyRelu},
    {"Less", 2, 2, ConvertCompare<ops::BinaryKind::kLess>},
    {"LessEqual", 2, 2, ConvertCompare<ops::BinaryKind::kLessOrEqual>},
    {"Log", 1, 1, ConvertUnary<ops::UnaryKind::kLog>},
    {"Log1p", 1, 1, ConvertLog1p},
    {"LogSoftmax", 1, 1, ConvertSoftmax<ops::SoftmaxKind::kLogSoftmax>},
    {"LogicalAnd", 2, 2, ConvertBinary<ops::BinaryKind::kAnd>},
    {"LogicalNot", 1, 1, ConvertUnary<ops::UnaryKind::kNot>},
    {"LogicalOr", 2, 2, ConvertBinary<ops::BinaryKind::kOr>},
    {"MatMul", 2, 2, ConvertMatMul},
    {"Max", 2, 2, ConvertReduce<ops::ReduceKind::kMax>},
    {"MaxPool", 1, 1, ConvertPool<ops::PoolKind::kMax>},
    {"Maximum", 2, 2, ConvertBinary<ops::BinaryKind::kMax>},
    {"Mean", 2, 2, ConvertReduce<ops::ReduceKind::kMean>},
    {"Min", 2, 2, ConvertReduce<ops::ReduceKind::kMin>},
    {"Minimum", 2, 2, ConvertBinary<ops::BinaryKind::kMin>},
    {"MirrorPad", 2, 2, ConvertMirrorPad},
    {"Mod", 2, 2, ConvertBinary<ops::BinaryKind::kFmod>},
    {"Mul", 2, 2, ConvertBinary<ops::BinaryKind::kMul>},
    {"Neg", 1, 1, ConvertUnary<ops::UnaryKind::kNeg>},
    {"NoOp", 0, 0, nullptr},
    {"NotEqual", 2, 2, ConvertCompare<ops::BinaryKind::kNotEqual>},
    {"OnesLike", 1, 1, ConvertOnesLike},
    {"Pack", 1, kMaxVariadic, ConvertPack},
    {"Pad", 2, 2, ConvertPad},
    {"PadV2", 3, 3, ConvertPad},
    {"Placeholder", 0, 0, ConvertPlaceholder},
    {"PlaceholderWithDefault", 1, 1, ConvertIdentity},
    {"Pow", 2, 2, ConvertBinary<ops::BinaryKind::kPow>},
    {"PowerDifference", 3, 3, ConvertPowerDifference},
    {"PreventGradient", 1, 1, ConvertChecked},
    {"Prod", 2, 2, ConvertReduce<ops::ReduceKind::kProduct>},
    {"Range", 3, 3, ConvertRange},
    {"Rank", 1, 1, ConvertRank},
    {"RealDiv", 2, 2, ConvertBinary<ops::BinaryKind::kDiv>},
    {"Reciprocal", 1, 1, ConvertUnary<ops::UnaryKind::kReciprocal>},
    {"Relu", 1, 1, ConvertUnary<ops::UnaryKind::kRelu>},
    {"Relu6", 1, 1, ConvertRelu6},
    {"Reshape", 2, 2, ConvertReshape},
    {"ResizeBicubic", 2, 2, ConvertResize<ops::ResizeMode::kCubic>},
    {"ResizeBilinear", 2, 2, ConvertResize<ops::ResizeMode::kLinear>},
    {"ResizeNearestNeighbor", 2, 2, ConvertResize<ops::ResizeMode::kNearest>},
    {"Rint", 1, 1, ConvertUnary<ops::UnaryKind::kRound>},
    {"Round", 1, 1, ConvertRound},
    {"Rsqrt", 1, 1, ConvertRsqrt},
    {"Select", 3, 3, ConvertSelect},
    {"SelectV2", 3, 3, ConvertWhere},
    {"Selu", 1, 1, ConvertSelu},
    {"Shape", 1, 1, ConvertShape},
    {"Sigmoid", 1, 1, ConvertUnary<ops::UnaryKind::kSigmoid>},
    {"Sign", 1, 1, ConvertUnary<ops::UnaryKind::kSign>},
    {"Sin", 1, 1, ConvertUnary<ops::UnaryKind::kSin>},
    {"Sinh", 1, 1, ConvertUnary<ops::UnaryKind::kSinh>},
    {"Size", 1, 1, ConvertSize},
    {"Slice", 3, 3, ConvertSlice},
    {"Softmax", 1, 1, ConvertSoftmax<ops::SoftmaxKind::kSoftmax>},
    {"Softplus", 1, 1, ConvertUnary<ops::UnaryKind::kSoftplus>},
    {"Softsign", 1, 1, ConvertUnary<ops::UnaryKind::kSoftsign>},
    {"SpaceToBatchND", 3, 3, ConvertSpaceToBatchNd},
    {"SpaceToDepth", 1, 1, ConvertSpaceToDepth},
    {"Split", 2, 2, ConvertSplit, kNoSize, true},
    {"SplitV", 3, 3, ConvertSplitV, kNoSize, true},
    {"Sqrt", 1, 1, ConvertUnary<ops::UnaryKind::kSqrt>},
    {"Square", 1, 1, ConvertSquare},
    {"SquaredDifference", 2, 2, ConvertBinary<ops::BinaryKind::kSquaredDifference>},
    {"Squeeze", 1, 1, ConvertSqueeze},
    {"StopGradient", 1, 1, ConvertIdentity},
    {"StridedSlice", 4, 4, ConvertStridedSlice},
    {"Sub", 2, 2, ConvertBinary<ops::BinaryKind::kSub>},
    {"Sum", 2, 2, ConvertReduce<ops::ReduceKind::kSum>},
    {"Tan", 1, 1, ConvertUnary<ops::UnaryKind::kTan>},
    {"Tanh", 1, 1, ConvertUnary<ops::UnaryKind::kTanh>},
    {"Tile", 2, 2, ConvertTile},
    {"Transpose", 2, 2, ConvertTranspose},
    {"TruncateDiv", 2, 2, ConvertBinary<ops::BinaryKind::kDiv>},
    {"TruncateMod", 2, 2, ConvertBinary<ops::BinaryKind::kFmod>},
    {"Unpack", 1, 1, ConvertUnpack, kNoSize, true},
    {"ZerosLike", 1, 1, ConvertZerosLike},
};
static_assert(std::is_sorted(std::begin(kOperators), std::end(kOperators),
                             [](const Operator& a, const Operator& b) { return a.name < b.name; }));

}  // namespace

const Operator& CustomOperatorRow() {
  static constexpr Operator kRow{"", static_cast<int>(ops::Custom::kArity.min),
                                 static_cast<int>(ops::Custom::kArity.max),
                                 [](NodeContext& c) { return ConvertCustom(c, c.custom); }};
  return kRow;
}

std::span<const Operator> Operators() { return kOperators; }

const Operator* FindOperator(std::string_view name) {
  const auto it =
      std::lower_bound(std::begin(kOperators), std::end(kOperators), name,
                       [](const Operator& row, std::string_view n) { return row.name < n; });
  return it != std::end(kOperators) && it->name == name ? it : nullptr;
}

}  // namespace picabia::import::tensorflow
