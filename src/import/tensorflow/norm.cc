// Biases, batch normalisation and local response normalisation. Called by the table in
// operators.cc.
#include <cmath>
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

namespace {

// The sum of 2 * radius + 1 neighbours among the channels of an NHWC value, zeros beyond the ends.
Result<ir::ValueId> SumOfNeighbours(NodeContext& c, ir::ValueId x, int64_t radius) {
  if (radius == 0) return x;
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId padded,
      AddStep(c, "padded", ops::Pad{ops::PadMode::kConstant, {0, 0, 0, radius}, {0, 0, 0, radius}},
              {x}));
  ir::ValueId sum;
  for (int64_t k = 0; k <= 2 * radius; ++k) {
    const int64_t end = k == 2 * radius ? INT64_MAX : k - 2 * radius;
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId part,
                             AddStep(c, "part", ops::Slice{{k}, {end}, {3}, {}}, {padded}));
    if (k == 0) {
      sum = part;
      continue;
    }
    PICABIA_ASSIGN_OR_RETURN(sum,
                             AddStep(c, "sum", ops::Binary{ops::BinaryKind::kAdd}, {sum, part}));
  }
  return sum;
}

}  // namespace

// x / (bias + alpha * sum of squares of the neighbours)^beta
Result<ir::ValueId> ConvertLrn(NodeContext& c) {
  constexpr int64_t kMaxRadius = 64;
  PICABIA_ASSIGN_OR_RETURN(const int64_t radius, c.attributes.Int("depth_radius", 5));
  if (radius < 0 || radius > kMaxRadius) {
    return Unsupported("attribute 'depth_radius' is " + std::to_string(radius) +
                       ", expected 0 to " + std::to_string(kMaxRadius));
  }
  const int rank = c.builder.Rank(c.inputs[0]);
  if (rank != 4) return InvalidModel("input 0 has rank " + std::to_string(rank) + ", expected 4");
  double numbers[3] = {1, 1, 0.5};
  const char* const names[3] = {"bias", "alpha", "beta"};
  for (size_t i = 0; i < 3; ++i) {
    PICABIA_ASSIGN_OR_RETURN(numbers[i], c.attributes.Float(names[i], float(numbers[i])));
    if (!std::isfinite(numbers[i])) {
      return InvalidModel("attribute '" + std::string(names[i]) + "' is " +
                          std::to_string(numbers[i]) + ", expected a number");
    }
  }
  const ir::ValueId x = c.inputs[0];
  const auto with = [&](ops::BinaryKind kind, ir::ValueId value,
                        size_t number) -> Result<ir::ValueId> {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId constant,
                             AddScalar(c, names[number], DType::kF32, numbers[number]));
    return AddStep(c, names[number], ops::Binary{kind}, {value, constant});
  };
  using ops::BinaryKind;
  PICABIA_ASSIGN_OR_RETURN(ir::ValueId sum,
                           AddStep(c, "squares", ops::Binary{BinaryKind::kMul}, {x, x}));
  PICABIA_ASSIGN_OR_RETURN(sum, SumOfNeighbours(c, sum, radius));
  PICABIA_ASSIGN_OR_RETURN(sum, with(BinaryKind::kMul, sum, 1));
  PICABIA_ASSIGN_OR_RETURN(sum, with(BinaryKind::kAdd, sum, 0));
  PICABIA_ASSIGN_OR_RETURN(sum, with(BinaryKind::kPow, sum, 2));
  c.inputs = {x, sum};
  return AddNode(c, ops::Binary{BinaryKind::kDiv});
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
