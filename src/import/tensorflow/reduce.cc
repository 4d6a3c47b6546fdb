// Reductions, softmax and matrix products. Called by the table in operators.cc.
#include <string>

#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {
namespace {

// The last axis.
Result<int64_t> LastAxis(const NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  if (rank > 0) return static_cast<int64_t>(rank) - 1;
  return InvalidModel("its input has rank 0, expected at least 1");
}

Result<ir::ValueId> AddProduct(NodeContext& c, const char* transpose_a, const char* transpose_b,
                               bool matrices_only) {
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 0));
  ops::MatMul op;
  PICABIA_ASSIGN_OR_RETURN(op.transpose_a, c.attributes.Bool(transpose_a, false));
  PICABIA_ASSIGN_OR_RETURN(op.transpose_b, c.attributes.Bool(transpose_b, false));
  for (const char* name : {"a", "b", "x", "y"})  // they act in training only
    c.attributes.Ignore("grad_" + std::string(name));
  for (size_t i = 0; i < 2; ++i) {
    const int rank = c.builder.Rank(c.inputs[i]);
    if (rank < 0 || rank == 2 || (rank > 2 && !matrices_only)) continue;
    return InvalidModel("input " + std::to_string(i) + " has rank " + std::to_string(rank) +
                        ", expected " + (matrices_only ? "2" : "at least 2"));
  }
  return AddNode(c, op);
}

}  // namespace

Result<ir::ValueId> ConvertReduceBy(NodeContext& c, ops::ReduceKind kind) {
  ops::Reduce op{kind, {}, false, false};
  PICABIA_ASSIGN_OR_RETURN(op.keep_dims, c.attributes.Bool("keep_dims", false));
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 1, "the axes"));
  if (c.builder.Rank(c.inputs[0]) < 0 && c.builder.FixedValue(c.inputs[1]) != nullptr) {
    // Without a rank, axes that count from the start are known all the same.
    PICABIA_ASSIGN_OR_RETURN(op.axes, ConstantIntegers(c, 1, "the axes"));
    PICABIA_ASSIGN_OR_RETURN(op.axes, SortedAxes(c, std::move(op.axes)));
    c.inputs.resize(1);
  }
  return AddNode(c, std::move(op));
}

Result<ir::ValueId> ConvertArgBy(NodeContext& c, ops::ArgKind kind) {
  ops::ArgReduce op{kind, 0, false, false};
  PICABIA_ASSIGN_OR_RETURN(op.axis, ConstantAxis(c, 1, 0));
  PICABIA_ASSIGN_OR_RETURN(const DType to, TypeAttribute(c, "output_type", DType::kI64));
  c.inputs.resize(1);
  if (to == DType::kI64) return AddNode(c, op);
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId index, AddStep(c, "index", op, c.inputs));
  c.inputs = {index};
  return AddNode(c, ops::Cast{to});
}

Result<ir::ValueId> ConvertSoftmaxBy(NodeContext& c, ops::SoftmaxKind kind) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, LastAxis(c));
  return AddNode(c, ops::Softmax{kind, axis});
}

Result<ir::ValueId> ConvertMatMul(NodeContext& c) {
  return AddProduct(c, "transpose_a", "transpose_b", true);
}

Result<ir::ValueId> ConvertBatchMatMul(NodeContext& c) {
  return AddProduct(c, "adj_x", "adj_y", false);
}

}  // namespace picabia::import::tensorflow
