// Elementwise operators that are more than a row of the table. Called by the table in operators.cc.
#include "base/element.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

Result<ir::ValueId> ConvertAddN(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckCount(c, "N", c.inputs.size()));
  return AddChain(c, ops::BinaryKind::kAdd);
}

Result<ir::ValueId> ConvertCast(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const DType to, TypeAttribute(c, "DstT", DType::kF32));
  c.attributes.Ignore("Truncate");  // of bfloat16
  if (c.builder.dtype(c.inputs[0]) == to) return AddNode(c, ops::Identity{});
  return AddNode(c, ops::Cast{to});
}

Result<ir::ValueId> ConvertComparison(NodeContext& c, ops::BinaryKind kind) {
  c.attributes.Ignore("incompatible_shape_error");
  return AddNode(c, ops::Binary{kind});
}

Result<ir::ValueId> ConvertLeakyRelu(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha, c.attributes.Float("alpha", 0.2f));
  return AddNode(c, ops::Unary{ops::UnaryKind::kLeakyRelu, alpha});
}

Result<ir::ValueId> ConvertRelu6(NodeContext& c) { return AddNode(c, ops::Clip{0, 6}); }

Result<ir::ValueId> ConvertSelu(NodeContext& c) {
  return AddSelu(c, 1.67326319217681884765625f, 1.05070102214813232421875f);
}

// x * x
Result<ir::ValueId> ConvertSquare(NodeContext& c) {
  c.inputs.push_back(c.inputs[0]);
  return AddNode(c, ops::Binary{ops::BinaryKind::kMul});
}

// 1 / sqrt(x)
Result<ir::ValueId> ConvertRsqrt(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId one,
                           AddScalar(c, "one", c.builder.dtype(c.inputs[0]), 1));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId root,
                           AddStep(c, "sqrt", ops::Unary{ops::UnaryKind::kSqrt, 0}, c.inputs));
  c.inputs = {one, root};
  return AddNode(c, ops::Binary{ops::BinaryKind::kDiv});
}

// log(1 + x)
Result<ir::ValueId> ConvertLog1p(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId one,
                           AddScalar(c, "one", c.builder.dtype(c.inputs[0]), 1));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId sum,
      AddStep(c, "sum", ops::Binary{ops::BinaryKind::kAdd}, {c.inputs[0], one}));
  c.inputs = {sum};
  return AddNode(c, ops::Unary{ops::UnaryKind::kLog, 0});
}

// Halves to even; integers stay.
Result<ir::ValueId> ConvertRound(NodeContext& c) {
  if (!IsFloat(c.builder.dtype(c.inputs[0]))) return AddNode(c, ops::Identity{});
  return AddNode(c, ops::Unary{ops::UnaryKind::kRound, 0});
}

// A vector as condition chooses rows.
Result<ir::ValueId> ConvertSelect(NodeContext& c) {
  const int condition = c.builder.Rank(c.inputs[0]);
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 1));
  if (condition == 1 && rank > 1) {
    std::vector<int64_t> shape(rank, 1);
    shape[0] = -1;
    PICABIA_ASSIGN_OR_RETURN(
        c.inputs[0], AddStep(c, "rows", ops::Reshape{std::move(shape), false}, {c.inputs[0]}));
  }
  return AddNode(c, ops::Where{});
}

}  // namespace picabia::import::tensorflow
