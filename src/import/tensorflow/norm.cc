// Biases and batch normalisation. Called by the table in operators.cc.
#include <string>

#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

Result<ir::ValueId> ConvertBiasAdd(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  const int bias = c.builder.Rank(c.inputs[1]);
  if (bias >= 0 && bias != 1)
    return InvalidModel("the bias (input 1) has rank " + std::to_string(bias) + ", expected 1");
  if (layout == Layout::kNchw) {
    // Shaped so that it broadcasts over the axes behind the channels.
    const int rank = c.builder.Rank(c.inputs[0]);
    if (rank >= 0 && rank < 3)
      return InvalidModel("its input has rank " + std::to_string(rank) + ", expected at least 3");
    Shape column(rank < 0 ? 3 : static_cast<size_t>(rank) - 1, 1);
    column[0] = -1;
    PICABIA_ASSIGN_OR_RETURN(c.inputs[1],
                             AddStep(c, "column", ops::Reshape{std::move(column)}, {c.inputs[1]}));
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
