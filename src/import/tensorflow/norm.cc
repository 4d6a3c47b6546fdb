// Biases and batch normalisation. Called by the table in operators.cc.
#include <string>

#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

Result<ir::ValueId> ConvertBiasAdd(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_RETURN_IF_ERROR(c.builder.CheckFinite(c.inputs[1]));
  if (layout == Layout::kNchw) {  // the channels' vector broadcasts over the axes behind them
    PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
    Shape column(rank > 2 ? rank - 1 : 1, 1);
    column[0] = -1;
    PICABIA_ASSIGN_OR_RETURN(
        c.inputs[1], AddStep(c, "column", ops::Reshape{std::move(column), false}, {c.inputs[1]}));
  }
  return AddNode(c, ops::Binary{ops::BinaryKind::kAdd});
}

Result<ir::ValueId> ConvertFusedBatchNorm(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, c.attributes.Float("epsilon", 1e-4f));
  PICABIA_ASSIGN_OR_RETURN(const bool training, c.attributes.Bool("is_training", true));
  if (training) {
    return Unsupported("a batch normalisation is in training mode; freeze the graph for inference");
  }
  PICABIA_RETURN_IF_ERROR(c.builder.CheckVariance(c.inputs[4], epsilon));
  c.attributes.Ignore("exponential_avg_factor");  // acts in training only
  c.attributes.Ignore("U");
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  return AddSpatial(c, layout, ops::BatchNorm{epsilon});
}

}  // namespace picabia::import::tensorflow
