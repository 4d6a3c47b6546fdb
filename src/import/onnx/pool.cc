// Pools. Called by the table in operators.cc.
#include <string>

#include "import/onnx/operators.h"

namespace picabia::import::onnx {
namespace {

Result<ir::ValueId> ConvertPool(NodeContext& c, ops::Pool2D op) {
  PICABIA_ASSIGN_OR_RETURN(const size_t axes, SpatialAxes(c));
  if (!c.attributes.Has("kernel_shape")) return InvalidModel("attribute 'kernel_shape' is missing");
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> kernel,
                           WindowInts(c, "kernel_shape", std::vector<int64_t>(axes, 1), 1));
  op.kernel = {axes == 2 ? kernel[0] : 1, kernel.back()};
  PICABIA_ASSIGN_OR_RETURN(op.window, ParseWindow(c, axes));
  PICABIA_ASSIGN_OR_RETURN(op.ceil_mode, c.attributes.Bool("ceil_mode", false));
  for (size_t a = 0; a < 2; ++a) {
    const int64_t reach = (op.kernel[a] - 1) * op.window.dilations[a] + 1;
    if (op.window.pads[a] >= reach || op.window.pads[a + 2] >= reach)
      return InvalidModel("attribute 'pads' has a value of " +
                          std::to_string(std::max(op.window.pads[a], op.window.pads[a + 2])) +
                          ", expected less than the window, " + std::to_string(reach));
  }
  return AddWindowNode(c, axes, op);
}

// All axes behind batch and channels.
Result<ir::ValueId> ConvertGlobalPool(NodeContext& c, ops::ReduceKind kind) {
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  if (rank < 3)
    return InvalidModel("its input has rank " + std::to_string(rank) + ", expected at least 3");
  ops::Reduce op{kind, {}, true, false};
  for (size_t axis = 2; axis < rank; ++axis) op.axes.push_back(static_cast<int64_t>(axis));
  return AddNode(c, std::move(op));
}

}  // namespace

Result<ir::ValueId> ConvertMaxPool(NodeContext& c) {
  c.attributes.Ignore("storage_order");  // of the indices, which are not made
  ops::Pool2D op;
  op.kind = ops::PoolKind::kMax;
  return ConvertPool(c, op);
}

Result<ir::ValueId> ConvertAveragePool(NodeContext& c) {
  ops::Pool2D op;
  op.kind = ops::PoolKind::kAverage;
  PICABIA_ASSIGN_OR_RETURN(op.include_pad, c.attributes.Bool("count_include_pad", false));
  return ConvertPool(c, op);
}

Result<ir::ValueId> ConvertGlobalAveragePool(NodeContext& c) {
  return ConvertGlobalPool(c, ops::ReduceKind::kMean);
}
Result<ir::ValueId> ConvertGlobalMaxPool(NodeContext& c) {
  return ConvertGlobalPool(c, ops::ReduceKind::kMax);
}

}  // namespace picabia::import::onnx
