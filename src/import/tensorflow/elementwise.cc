// Elementwise operators that are more than a row of the table. Called by the table in operators.cc.
#include <string>

#include "base/element.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {
namespace {

constexpr ops::Binary kAdd{ops::BinaryKind::kAdd};
constexpr ops::Binary kMul{ops::BinaryKind::kMul};
constexpr ops::Binary kDiv{ops::BinaryKind::kDiv};

ops::Unary Function(ops::UnaryKind kind) { return {kind, 0}; }

// A number of the type of input 0.
Result<ir::ValueId> Number(NodeContext& c, const char* what, double value) {
  return AddScalar(c, what, c.builder.dtype(c.inputs[0]), value);
}

}  // namespace

Result<ir::ValueId> ConvertAddN(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckCount(c, "N", c.inputs.size()));
  return AddChain(c, ops::BinaryKind::kAdd);
}

Result<ir::ValueId> ConvertCast(NodeContext& c) {
  if (!c.attributes.Has("DstT")) return InvalidModel("attribute 'DstT' is missing");
  PICABIA_ASSIGN_OR_RETURN(const DType to, TypeAttribute(c, "DstT", DType::kF32));
  PICABIA_ASSIGN_OR_RETURN(const bool truncate, c.attributes.Bool("Truncate", false));
  const DType from = c.builder.dtype(c.inputs[0]);
  // Between floats, only the narrowing ones round.
  if (truncate && IsFloat(from) && IsFloat(to) && DTypeSize(to) < DTypeSize(from))
    return Unsupported("attribute 'Truncate' is 1, only 0 is supported");
  if (from == to) return AddNode(c, ops::Identity{});
  return AddNode(c, ops::Cast{to});
}

Result<ir::ValueId> ConvertComparison(NodeContext& c, ops::BinaryKind kind) {
  c.attributes.Ignore("incompatible_shape_error");  // shapes that do not broadcast are an error
  return AddNode(c, ops::Binary{kind});
}

Result<ir::ValueId> ConvertLeakyRelu(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha, c.attributes.Float("alpha", 0.2f));
  return AddNode(c, ops::Unary{ops::UnaryKind::kLeakyRelu, alpha});
}

Result<ir::ValueId> ConvertRelu6(NodeContext& c) {
  if (c.builder.dtype(c.inputs[0]) == DType::kF32) return AddNode(c, ops::Clip{0, 6});
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId six, Number(c, "six", 6));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId relu,
                           AddStep(c, "relu", Function(ops::UnaryKind::kRelu), c.inputs));
  c.inputs = {relu, six};
  return AddNode(c, ops::Binary{ops::BinaryKind::kMin});
}

// Integers are round already.
Result<ir::ValueId> ConvertRound(NodeContext& c) {
  if (!IsFloat(c.builder.dtype(c.inputs[0]))) return AddNode(c, ops::Identity{});
  return AddNode(c, Function(ops::UnaryKind::kRound));
}

// 1 / sqrt(x)
Result<ir::ValueId> ConvertRsqrt(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId one, Number(c, "one", 1));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId root,
                           AddStep(c, "sqrt", Function(ops::UnaryKind::kSqrt), c.inputs));
  c.inputs = {one, root};
  return AddNode(c, kDiv);
}

Result<ir::ValueId> ConvertSelu(NodeContext& c) {
  return AddSelu(c, 1.67326319217681884765625f, 1.05070102214813232421875f);
}

// x * x
Result<ir::ValueId> ConvertSquare(NodeContext& c) {
  c.inputs.push_back(c.inputs[0]);
  return AddNode(c, kMul);
}

// elu(x) below 0, and exp(x) * -elu(-x) above, which keep the digits of a small x
Result<ir::ValueId> ConvertExpm1(NodeContext& c) {
  const ir::ValueId x = c.inputs[0];
  const ops::Unary elu{ops::UnaryKind::kElu, 1}, negate = Function(ops::UnaryKind::kNeg);
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId zero, Number(c, "zero", 0));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId below,
                           AddStep(c, "below", ops::Binary{ops::BinaryKind::kLess}, {x, zero}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId left, AddStep(c, "left", elu, {x}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId mirrored, AddStep(c, "mirrored", negate, {x}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId drop, AddStep(c, "drop", elu, {mirrored}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId rise, AddStep(c, "rise", negate, {drop}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId exp,
                           AddStep(c, "exp", Function(ops::UnaryKind::kExp), {x}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId right, AddStep(c, "right", kMul, {exp, rise}));
  c.inputs = {below, left, right};
  return AddNode(c, ops::Where{});
}

// log(1 + x); near 0, 2 * atanh(x / (x + 2)), which keeps the digits of a small x
Result<ir::ValueId> ConvertLog1p(NodeContext& c) {
  const ir::ValueId x = c.inputs[0];
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId one, Number(c, "one", 1));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId two, Number(c, "two", 2));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId half, Number(c, "half", 0.5));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId sum, AddStep(c, "sum", kAdd, {x, one}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId log,
                           AddStep(c, "log", Function(ops::UnaryKind::kLog), {sum}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId below, AddStep(c, "below", kAdd, {x, two}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId ratio, AddStep(c, "ratio", kDiv, {x, below}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId atanh,
                           AddStep(c, "atanh", Function(ops::UnaryKind::kAtanh), {ratio}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId twice, AddStep(c, "twice", kMul, {atanh, two}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId size,
                           AddStep(c, "size", Function(ops::UnaryKind::kAbs), {x}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId small,
                           AddStep(c, "small", ops::Binary{ops::BinaryKind::kLess}, {size, half}));
  c.inputs = {small, twice, log};
  return AddNode(c, ops::Where{});
}

// Neither NaN nor infinite.
Result<ir::ValueId> ConvertIsFinite(NodeContext& c) {
  const ir::ValueId x = c.inputs[0];
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId nan,
                           AddStep(c, "nan", Function(ops::UnaryKind::kIsNan), {x}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId infinite,
                           AddStep(c, "infinite", Function(ops::UnaryKind::kIsInfinite), {x}));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId either,
      AddStep(c, "either", ops::Binary{ops::BinaryKind::kOr}, {nan, infinite}));
  c.inputs = {either};
  return AddNode(c, Function(ops::UnaryKind::kNot));
}

// A vector of conditions chooses whole rows: parts of x and y along the first axis.
Result<ir::ValueId> ConvertSelect(NodeContext& c) {
  const int condition = c.builder.Rank(c.inputs[0]);
  if (condition < 0) return Unsupported("the rank of the condition (input 0) is not known");
  if (condition != 1) return AddNode(c, ops::Where{});
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 1));
  if (rank <= 1) return AddNode(c, ops::Where{});
  Shape rows(rank, 1);
  rows[0] = -1;
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0],
                           AddStep(c, "rows", ops::Reshape{std::move(rows), true}, {c.inputs[0]}));
  return AddNode(c, ops::Where{});
}

}  // namespace picabia::import::tensorflow
