// The table of ONNX's operators and the converters of the simple ones. Called by importer.cc; a new
// operator is one row here and, if it is not simple, a converter in a file of its own.
#include "import/onnx/operators.h"

#include <algorithm>
#include <iterator>

namespace picabia::import::onnx {
namespace {

template <ops::UnaryKind kKind>
Result<ir::ValueId> ConvertUnary(NodeContext& c) {
  return AddNode(c, ops::Unary{kKind, 0});
}

template <ops::BinaryKind kKind>
Result<ir::ValueId> ConvertBinary(NodeContext& c) {
  if (kKind == ops::BinaryKind::kPRelu) PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
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

template <ops::BinaryKind kKind>
Result<ir::ValueId> ConvertVariadic(NodeContext& c) {
  return AddChain(c, kKind);
}

// Operators that compute in float32 only: float16 is converted, and their result is rounded to it.
template <Converter kConvert>
Result<ir::ValueId> InFloat32(NodeContext& c) {
  if (!c.HasInput(0) || c.builder.dtype(c.inputs[0]) != DType::kF16) return kConvert(c);
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (!c.HasInput(i) || c.builder.dtype(c.inputs[i]) != DType::kF16) continue;
    PICABIA_ASSIGN_OR_RETURN(c.inputs[i],
                             AddStep(c, "float32", ops::Cast{DType::kF32}, {c.inputs[i]}));
  }
  const std::string output = c.output;
  c.output = c.builder.FreshName(output + "/float32");
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId result, kConvert(c));
  c.output = output;
  c.inputs = {result};
  return AddNode(c, ops::Cast{DType::kF16});
}

Result<ir::ValueId> ConvertIdentity(NodeContext& c) { return AddNode(c, ops::Identity{}); }

Result<ir::ValueId> ConvertThresholdedRelu(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha, c.attributes.Float("alpha", 1.0f));
  return AddNode(c, ops::Unary{ops::UnaryKind::kThresholdedRelu, alpha});
}

Result<ir::ValueId> ConvertCumSum(NodeContext& c) {
  ops::CumSum op;
  PICABIA_ASSIGN_OR_RETURN(op.exclusive, c.attributes.Bool("exclusive", false));
  PICABIA_ASSIGN_OR_RETURN(op.reverse, c.attributes.Bool("reverse", false));
  return AddNode(c, op);
}

Result<ir::ValueId> ConvertWhere(NodeContext& c) { return AddNode(c, ops::Where{}); }

template <ops::ReduceKind kKind>
Result<ir::ValueId> ConvertReduce(NodeContext& c) {
  return ConvertReduceBy(c, kKind);
}

template <ops::ArgKind kKind>
Result<ir::ValueId> ConvertArgReduce(NodeContext& c) {
  return ConvertArg(c, kKind);
}

template <ops::SoftmaxKind kKind>
Result<ir::ValueId> ConvertSoftmax(NodeContext& c) {
  return ConvertSoftmaxBy(c, kKind);
}

// Inputs of Min, Max and Sum, whose number ONNX does not bound.
constexpr int kMaxVariadic = 1 << 20;

// Sorted by name.
constexpr Operator kOperators[] = {
    {"Abs", 1, 1, ConvertUnary<ops::UnaryKind::kAbs>},
    {"Acos", 1, 1, ConvertUnary<ops::UnaryKind::kAcos>},
    {"Acosh", 1, 1, ConvertUnary<ops::UnaryKind::kAcosh>},
    {"Add", 2, 2, ConvertBinary<ops::BinaryKind::kAdd>},
    {"And", 2, 2, ConvertBinary<ops::BinaryKind::kAnd>},
    {"ArgMax", 1, 1, ConvertArgReduce<ops::ArgKind::kMax>},
    {"ArgMin", 1, 1, ConvertArgReduce<ops::ArgKind::kMin>},
    {"Asin", 1, 1, ConvertUnary<ops::UnaryKind::kAsin>},
    {"Asinh", 1, 1, ConvertUnary<ops::UnaryKind::kAsinh>},
    {"Atan", 1, 1, ConvertUnary<ops::UnaryKind::kAtan>},
    {"Atanh", 1, 1, ConvertUnary<ops::UnaryKind::kAtanh>},
    {"AveragePool", 1, 1, ConvertAveragePool},
    {"BatchNormalization", 5, 5, InFloat32<ConvertBatchNormalization>},
    {"BitShift", 2, 2, ConvertBitShift},
    {"BitwiseAnd", 2, 2, ConvertBinary<ops::BinaryKind::kBitAnd>},
    {"BitwiseNot", 1, 1, ConvertUnary<ops::UnaryKind::kBitNot>},
    {"BitwiseOr", 2, 2, ConvertBinary<ops::BinaryKind::kBitOr>},
    {"BitwiseXor", 2, 2, ConvertBinary<ops::BinaryKind::kBitXor>},
    {"Cast", 1, 1, ConvertCast},
    {"CastLike", 2, 2, ConvertCastLike},
    {"Ceil", 1, 1, ConvertUnary<ops::UnaryKind::kCeil>},
    {"Celu", 1, 1, ConvertElu<ops::UnaryKind::kCelu>},
    {"Clip", 1, 3, ConvertClip},
    {"Concat", 1, kMaxVariadic, ConvertConcat},
    {"Constant", 0, 0, ConvertConstant},
    {"ConstantOfShape", 1, 1, ConvertConstantOfShape},
    {"Conv", 2, 3, InFloat32<ConvertConv>},
    {"ConvTranspose", 2, 3, InFloat32<ConvertConvTranspose>},
    {"Cos", 1, 1, ConvertUnary<ops::UnaryKind::kCos>},
    {"Cosh", 1, 1, ConvertUnary<ops::UnaryKind::kCosh>},
    {"CumSum", 2, 2, ConvertCumSum},
    {"DepthToSpace", 1, 1, ConvertDepthToSpace},
    {"DequantizeLinear", 2, 3, ConvertDequantizeLinear},
    {"Div", 2, 2, ConvertBinary<ops::BinaryKind::kDiv>},
    {"Dropout", 1, 3, ConvertDropout},
    {"Elu", 1, 1, ConvertElu<ops::UnaryKind::kElu>},
    {"Equal", 2, 2, ConvertBinary<ops::BinaryKind::kEqual>},
    {"Erf", 1, 1, ConvertUnary<ops::UnaryKind::kErf>},
    {"Exp", 1, 1, ConvertUnary<ops::UnaryKind::kExp>},
    {"Expand", 2, 2, ConvertExpand},
    {"Flatten", 1, 1, ConvertFlatten},
    {"Floor", 1, 1, ConvertUnary<ops::UnaryKind::kFloor>},
    {"Gather", 2, 2, ConvertGather},
    {"GatherElements", 2, 2, ConvertGatherElements},
    {"GatherND", 2, 2, ConvertGatherNd},
    {"Gelu", 1, 1, ConvertGelu},
    {"Gemm", 2, 3, ConvertGemm},
    {"GlobalAveragePool", 1, 1, ConvertGlobalAveragePool},
    {"GlobalMaxPool", 1, 1, ConvertGlobalMaxPool},
    {"Greater", 2, 2, ConvertBinary<ops::BinaryKind::kGreater>},
    {"GreaterOrEqual", 2, 2, ConvertBinary<ops::BinaryKind::kGreaterOrEqual>},
    {"GroupNormalization", 3, 3, ConvertGroupNormalization},
    {"HardSigmoid", 1, 1, ConvertHardSigmoid},
    {"HardSwish", 1, 1, ConvertUnary<ops::UnaryKind::kHardSwish>},
    {"Hardmax", 1, 1, ConvertSoftmax<ops::SoftmaxKind::kHardmax>},
    {"Identity", 1, 1, ConvertIdentity},
    {"InstanceNormalization", 3, 3, InFloat32<ConvertInstanceNormalization>},
    {"IsInf", 1, 1, ConvertIsInf},
    {"IsNaN", 1, 1, ConvertUnary<ops::UnaryKind::kIsNan>},
    {"LayerNormalization", 2, 3, ConvertLayerNormalization},
    {"LeakyRelu", 1, 1, ConvertLeakyRelu},
    {"Less", 2, 2, ConvertBinary<ops::BinaryKind::kLess>},
    {"LessOrEqual", 2, 2, ConvertBinary<ops::BinaryKind::kLessOrEqual>},
    {"Log", 1, 1, ConvertUnary<ops::UnaryKind::kLog>},
    {"LogSoftmax", 1, 1, ConvertSoftmax<ops::SoftmaxKind::kLogSoftmax>},
    {"LpNormalization", 1, 1, ConvertLpNormalization},
    {"MatMul", 2, 2, ConvertMatMul},
    {"Max", 1, kMaxVariadic, ConvertVariadic<ops::BinaryKind::kMax>},
    {"MaxPool", 1, 1, ConvertMaxPool},
    {"Mean", 1, kMaxVariadic, ConvertMean},
    {"MeanVarianceNormalization", 1, 1, ConvertMeanVarianceNormalization},
    {"Min", 1, kMaxVariadic, ConvertVariadic<ops::BinaryKind::kMin>},
    {"Mish", 1, 1, ConvertUnary<ops::UnaryKind::kMish>},
    {"Mod", 2, 2, ConvertMod},
    {"Mul", 2, 2, ConvertBinary<ops::BinaryKind::kMul>},
    {"Neg", 1, 1, ConvertUnary<ops::UnaryKind::kNeg>},
    {"Not", 1, 1, ConvertUnary<ops::UnaryKind::kNot>},
    {"Or", 2, 2, ConvertBinary<ops::BinaryKind::kOr>},
    {"PRelu", 2, 2, ConvertBinary<ops::BinaryKind::kPRelu>},
    {"Pad", 1, 4, ConvertPad},
    {"Pow", 2, 2, ConvertPow},
    {"QuantizeLinear", 2, 3, ConvertQuantizeLinear},
    {"RMSNormalization", 2, 2, ConvertRmsNormalization},
    {"Range", 3, 3, ConvertRange},
    {"Reciprocal", 1, 1, ConvertUnary<ops::UnaryKind::kReciprocal>},
    {"ReduceL1", 1, 2, ConvertReduce<ops::ReduceKind::kL1>},
    {"ReduceL2", 1, 2, ConvertReduce<ops::ReduceKind::kL2>},
    {"ReduceLogSum", 1, 2, ConvertReduce<ops::ReduceKind::kLogSum>},
    {"ReduceLogSumExp", 1, 2, ConvertReduce<ops::ReduceKind::kLogSumExp>},
    {"ReduceMax", 1, 2, ConvertReduce<ops::ReduceKind::kMax>},
    {"ReduceMean", 1, 2, ConvertReduce<ops::ReduceKind::kMean>},
    {"ReduceMin", 1, 2, ConvertReduce<ops::ReduceKind::kMin>},
    {"ReduceProd", 1, 2, ConvertReduce<ops::ReduceKind::kProduct>},
    {"ReduceSum", 1, 2, ConvertReduce<ops::ReduceKind::kSum>},
    {"ReduceSumSquare", 1, 2, ConvertReduce<ops::ReduceKind::kSumSquare>},
    {"Relu", 1, 1, ConvertUnary<ops::UnaryKind::kRelu>},
    {"Reshape", 2, 2, ConvertReshape},
    {"Resize", 1, 4, ConvertResize},
    {"Round", 1, 1, ConvertUnary<ops::UnaryKind::kRound>},
    {"Selu", 1, 1, ConvertSelu},
    {"Shape", 1, 1, ConvertShape},
    {"Shrink", 1, 1, ConvertShrink},
    {"Sigmoid", 1, 1, ConvertUnary<ops::UnaryKind::kSigmoid>},
    {"Sign", 1, 1, ConvertUnary<ops::UnaryKind::kSign>},
    {"Sin", 1, 1, ConvertUnary<ops::UnaryKind::kSin>},
    {"Sinh", 1, 1, ConvertUnary<ops::UnaryKind::kSinh>},
    {"Size", 1, 1, ConvertSize},
    {"Slice", 1, 5, ConvertSlice},
    {"Softmax", 1, 1, ConvertSoftmax<ops::SoftmaxKind::kSoftmax>},
    {"Softplus", 1, 1, ConvertUnary<ops::UnaryKind::kSoftplus>},
    {"Softsign", 1, 1, ConvertUnary<ops::UnaryKind::kSoftsign>},
    {"SpaceToDepth", 1, 1, ConvertSpaceToDepth},
    {"Split", 1, 2, ConvertSplit},
    {"Sqrt", 1, 1, ConvertUnary<ops::UnaryKind::kSqrt>},
    {"Squeeze", 1, 2, ConvertSqueeze},
    {"Sub", 2, 2, ConvertBinary<ops::BinaryKind::kSub>},
    {"Sum", 1, kMaxVariadic, ConvertVariadic<ops::BinaryKind::kAdd>},
    {"Swish", 1, 1, ConvertElu<ops::UnaryKind::kSwish>},
    {"Tan", 1, 1, ConvertUnary<ops::UnaryKind::kTan>},
    {"Tanh", 1, 1, ConvertUnary<ops::UnaryKind::kTanh>},
    {"ThresholdedRelu", 1, 1, ConvertThresholdedRelu},
    {"Tile", 2, 2, ConvertTile},
    {"Transpose", 1, 1, ConvertTranspose},
    {"Unsqueeze", 1, 2, ConvertUnsqueeze},
    {"Upsample", 1, 2, ConvertUpsample},
    {"Where", 3, 3, ConvertWhere},
    {"Xor", 2, 2, ConvertBinary<ops::BinaryKind::kXor>},
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

}  // namespace picabia::import::onnx
