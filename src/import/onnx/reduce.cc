// Reductions, softmax and matrix products. Called by the table in operators.cc.
#include <numeric>

#include "import/onnx/operators.h"

namespace picabia::import::onnx {

Result<ir::ValueId> ConvertReduceBy(NodeContext& c, ops::ReduceKind kind) {
  ops::Reduce op{kind, {}, true, true};
  PICABIA_ASSIGN_OR_RETURN(op.keep_dims, c.attributes.Bool("keepdims", true));
  PICABIA_ASSIGN_OR_RETURN(const bool none_is_noop,
                           c.attributes.Bool("noop_with_empty_axes", false));
  op.empty_is_all = !none_is_noop;
  if (c.HasInput(1)) return AddNode(c, std::move(op));
  c.inputs.resize(1);
  PICABIA_ASSIGN_OR_RETURN(op.axes, c.attributes.Ints("axes", {}));
  PICABIA_ASSIGN_OR_RETURN(op.axes, SortedAxes(c, std::move(op.axes)));
  const int rank = c.builder.Rank(c.inputs[0]);
  if (op.axes.empty() && op.empty_is_all && rank > 0) {
    op.axes.resize(static_cast<size_t>(rank));
    std::iota(op.axes.begin(), op.axes.end(), 0);
  }
  if (!op.axes.empty()) op.empty_is_all = false;
  return AddNode(c, std::move(op));
}

Result<ir::ValueId> ConvertArg(NodeContext& c, ops::ArgKind kind) {
  ops::ArgReduce op{kind, 0, true, false};
  PICABIA_ASSIGN_OR_RETURN(op.axis, AxisAttribute(c, "axis", 0));
  PICABIA_ASSIGN_OR_RETURN(op.keep_dims, c.attributes.Bool("keepdims", true));
  PICABIA_ASSIGN_OR_RETURN(op.select_last, c.attributes.Bool("select_last_index", false));
  return AddNode(c, op);
}

// Before opset 13 all axes from `axis` on count as one.
Result<ir::ValueId> ConvertSoftmaxBy(NodeContext& c, ops::SoftmaxKind kind) {
  const bool as_matrix = c.opset < 13;
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, AxisAttribute(c, "axis", as_matrix ? 1 : -1));
  if (!as_matrix || axis + 1 == c.builder.Rank(c.inputs[0]))
    return AddNode(c, ops::Softmax{kind, axis});
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shape, AddShape(c, c.inputs[0]));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId matrix,
                           AddStep(c, "matrix", ops::Flatten{axis}, {c.inputs[0]}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId rows,
                           AddStep(c, "rows", ops::Softmax{kind, 1}, {matrix}));
  c.inputs = {rows, shape};
  return AddNode(c, ops::Reshape{{}, true});
}

Result<ir::ValueId> ConvertMatMul(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 0));
  return AddNode(c, ops::MatMul{});
}

// alpha * a b + beta * c
Result<ir::ValueId> ConvertGemm(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha, c.attributes.Float("alpha", 1));
  PICABIA_ASSIGN_OR_RETURN(const float beta, c.attributes.Float("beta", 1));
  ops::MatMul product;
  PICABIA_ASSIGN_OR_RETURN(product.transpose_a, c.attributes.Bool("transA", false));
  PICABIA_ASSIGN_OR_RETURN(product.transpose_b, c.attributes.Bool("transB", false));
  for (size_t i = 0; i < 2; ++i) {
    PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, i));
    if (rank != 2)
      return InvalidModel("input " + std::to_string(i) + " has rank " + std::to_string(rank) +
                          ", expected 2");
  }
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  const bool has_c = c.HasInput(2);
  const auto scaled = [&c](const char* what, ir::ValueId x, float by) -> Result<ir::ValueId> {
    if (by == 1) return x;
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId factor,
                             AddScalar(c, what, c.builder.dtype(x), static_cast<double>(by)));
    return AddStep(c, "scaled", ops::Binary{ops::BinaryKind::kMul}, {x, factor});
  };
  if (!has_c && alpha == 1) {
    c.inputs.resize(2);
    return AddNode(c, product);
  }
  PICABIA_ASSIGN_OR_RETURN(ir::ValueId y,
                           AddStep(c, "product", product, {c.inputs[0], c.inputs[1]}));
  PICABIA_ASSIGN_OR_RETURN(y, scaled("alpha", y, alpha));
  if (!has_c) {
    c.inputs = {y};
    return AddNode(c, ops::Identity{});
  }
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId bias, scaled("beta", c.inputs[2], beta));
  c.inputs = {y, bias};
  return AddNode(c, ops::Binary{ops::BinaryKind::kAdd});
}

}  // namespace picabia::import::onnx
