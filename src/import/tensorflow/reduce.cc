// Reductions, softmax and matrix products. Called by the table in operators.cc.
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

// The axes are input 1; none means that nothing is reduced.
Result<ir::ValueId> ConvertReduceBy(NodeContext& c, ops::ReduceKind kind) {
  ops::Reduce op{kind, {}, false, false};
  PICABIA_ASSIGN_OR_RETURN(op.keep_dims, c.attributes.Bool("keep_dims", false));
  if (c.builder.FixedValue(c.inputs[1]) == nullptr) return AddNode(c, std::move(op));
  PICABIA_ASSIGN_OR_RETURN(op.axes, ConstantIntegers(c, 1, "the axes"));
  PICABIA_ASSIGN_OR_RETURN(op.axes, SortedAxes(c, std::move(op.axes)));
  c.inputs.resize(1);
  return AddNode(c, std::move(op));
}

Result<ir::ValueId> ConvertArgBy(NodeContext& c, ops::ArgKind kind) {
  PICABIA_ASSIGN_OR_RETURN(const DType to, TypeAttribute(c, "output_type", DType::kI64));
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantAxis(c, 1, 0));
  std::vector<ops::Op> steps = {ops::ArgReduce{kind, axis, false, false}};
  if (to != DType::kI64) steps.push_back(ops::Cast{to});
  return AddSequence(c, std::move(steps));
}

Result<ir::ValueId> ConvertSoftmaxBy(NodeContext& c, ops::SoftmaxKind kind) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, AxisOf(c, 0, -1));
  return AddNode(c, ops::Softmax{kind, axis});
}

Result<ir::ValueId> ConvertMatMul(NodeContext& c) {
  ops::MatMul op;
  PICABIA_ASSIGN_OR_RETURN(op.transpose_a, c.attributes.Bool("transpose_a", false));
  PICABIA_ASSIGN_OR_RETURN(op.transpose_b, c.attributes.Bool("transpose_b", false));
  for (const char* name : {"grad_a", "grad_b"}) c.attributes.Ignore(name);
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  return AddNode(c, op);
}

Result<ir::ValueId> ConvertBatchMatMul(NodeContext& c) {
  ops::MatMul op;
  PICABIA_ASSIGN_OR_RETURN(op.transpose_a, c.attributes.Bool("adj_x", false));
  PICABIA_ASSIGN_OR_RETURN(op.transpose_b, c.attributes.Bool("adj_y", false));
  for (const char* name : {"grad_x", "grad_y"}) c.attributes.Ignore(name);
  return AddNode(c, op);
}

}  // namespace picabia::import::tensorflow
