// Normalisations. Called by the table in operators.cc. Those of pictures have operators of their
// own; the others are a Normalize with a scale and a shift behind it.
#include <cmath>
#include <numeric>
#include <string>

#include "import/onnx/operators.h"

namespace picabia::import::onnx {
namespace {

constexpr ops::Binary kAdd{ops::BinaryKind::kAdd};
constexpr ops::Binary kSub{ops::BinaryKind::kSub};
constexpr ops::Binary kMul{ops::BinaryKind::kMul};
constexpr ops::Binary kDiv{ops::BinaryKind::kDiv};

Result<float> Epsilon(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, c.attributes.Float("epsilon", 1e-5f));
  if (std::isfinite(epsilon) && epsilon >= 0) return epsilon;
  return InvalidModel("attribute 'epsilon' is " + std::to_string(epsilon) +
                      ", expected at least 0");
}

std::vector<int64_t> AxesFrom(size_t first, size_t rank) {
  std::vector<int64_t> axes(rank > first ? rank - first : 0);
  std::iota(axes.begin(), axes.end(), static_cast<int64_t>(first));
  return axes;
}

// A vector, one element a channel, shaped so that it broadcasts over `dims` axes behind it.
Result<ir::ValueId> AsColumn(NodeContext& c, ir::ValueId vector, size_t dims) {
  Shape shape(dims + 1, 1);
  shape[0] = -1;
  return AddStep(c, "column", ops::Reshape{std::move(shape), false}, {vector});
}

// x * scale + shift as the node itself; without shift: x * scale.
Result<ir::ValueId> AddScaleAndShift(NodeContext& c, ir::ValueId x, ir::ValueId scale,
                                     ir::ValueId shift) {
  if (shift.index < 0) {
    c.inputs = {x, scale};
    return AddNode(c, kMul);
  }
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId scaled, AddStep(c, "scaled", kMul, {x, scale}));
  c.inputs = {scaled, shift};
  return AddNode(c, kAdd);
}

// 1 / sqrt(x + epsilon)
Result<ir::ValueId> InverseRoot(NodeContext& c, ir::ValueId x, float epsilon) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId small, AddScalar(c, "epsilon", c.builder.dtype(x),
                                                              static_cast<double>(epsilon)));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId sum, AddStep(c, "sum", kAdd, {x, small}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId root,
                           AddStep(c, "root", ops::Unary{ops::UnaryKind::kSqrt, 0}, {sum}));
  return AddStep(c, "inverse", ops::Unary{ops::UnaryKind::kReciprocal, 0}, {root});
}

bool Wants(const NodeContext& c, size_t more_output) {
  return more_output < c.more_outputs.size() && !c.more_outputs[more_output].name.empty();
}

}  // namespace

Result<ir::ValueId> ConvertInstanceNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, Epsilon(c));
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  if (rank == 4) return AddSpatial(c, ops::InstanceNorm{epsilon});
  if (rank < 3)
    return InvalidModel("its input has rank " + std::to_string(rank) + ", expected at least 3");
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId normal,
      AddStep(c, "normal", ops::Normalize{AxesFrom(2, rank), epsilon}, {c.inputs[0]}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId scale, AsColumn(c, c.inputs[1], rank - 2));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shift, AsColumn(c, c.inputs[2], rank - 2));
  return AddScaleAndShift(c, normal, scale, shift);
}

Result<ir::ValueId> ConvertBatchNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, Epsilon(c));
  PICABIA_ASSIGN_OR_RETURN(const bool training, c.attributes.Bool("training_mode", false));
  PICABIA_ASSIGN_OR_RETURN(const int64_t spatial, c.attributes.Int("spatial", 1));
  c.attributes.Ignore("momentum");  // acts in training only
  if (training)
    return Unsupported("attribute 'training_mode' is 1; export the model for inference");
  if (spatial != 1) return Unsupported("attribute 'spatial' is not 1");
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  PICABIA_RETURN_IF_ERROR(c.builder.CheckVariance(c.inputs[4], epsilon));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  if (rank == 4) return AddSpatial(c, ops::BatchNorm{epsilon});
  if (rank < 2)
    return InvalidModel("its input has rank " + std::to_string(rank) + ", expected at least 2");
  ir::ValueId column[5];
  for (size_t i = 1; i < 5; ++i) {
    PICABIA_ASSIGN_OR_RETURN(column[i], AsColumn(c, c.inputs[i], rank - 2));
  }
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId inverse, InverseRoot(c, column[4], epsilon));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId centered,
                           AddStep(c, "centered", kSub, {c.inputs[0], column[3]}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId normal,
                           AddStep(c, "normal", kMul, {centered, inverse}));
  return AddScaleAndShift(c, normal, column[1], column[2]);
}

Result<ir::ValueId> ConvertLayerNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, Epsilon(c));
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, AxisAttribute(c, "axis", -1));
  PICABIA_ASSIGN_OR_RETURN(const int64_t stash_type, c.attributes.Int("stash_type", 1));
  if (stash_type != 1) return Unsupported("attribute 'stash_type' is not 1 (float)");
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  const std::vector<int64_t> axes = AxesFrom(static_cast<size_t>(axis), rank);
  const ir::ValueId x = c.inputs[0];
  const ops::Reduce mean{ops::ReduceKind::kMean, axes, true, false};
  if (Wants(c, 0)) {
    PICABIA_ASSIGN_OR_RETURN(
        c.more_outputs[0].value,
        c.builder.AddNode(c.name, std::string(c.more_outputs[0].name), mean, {x}));
  }
  if (Wants(c, 1)) {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId center, AddStep(c, "mean", mean, {x}));
    PICABIA_ASSIGN_OR_RETURN(
        const ir::ValueId square,
        AddStep(c, "square", ops::Binary{ops::BinaryKind::kSquaredDifference}, {x, center}));
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId variance, AddStep(c, "variance", mean, {square}));
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId inverse, InverseRoot(c, variance, epsilon));
    PICABIA_ASSIGN_OR_RETURN(
        c.more_outputs[1].value,
        c.builder.AddNode(c.name, std::string(c.more_outputs[1].name), ops::Identity{}, {inverse}));
  }
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId normal,
                           AddStep(c, "normal", ops::Normalize{axes, epsilon}, {x}));
  return AddScaleAndShift(c, normal, c.inputs[1], c.HasInput(2) ? c.inputs[2] : ir::ValueId{});
}

// x / sqrt(mean(x * x) + epsilon) * scale
Result<ir::ValueId> ConvertRmsNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, Epsilon(c));
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, AxisAttribute(c, "axis", -1));
  PICABIA_ASSIGN_OR_RETURN(const int64_t stash_type, c.attributes.Int("stash_type", 1));
  if (stash_type != 1) return Unsupported("attribute 'stash_type' is not 1 (float)");
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  const ops::Reduce mean{ops::ReduceKind::kMean, AxesFrom(static_cast<size_t>(axis), rank), true,
                         false};
  const ir::ValueId x = c.inputs[0];
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId square, AddStep(c, "square", kMul, {x, x}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId power, AddStep(c, "power", mean, {square}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId inverse, InverseRoot(c, power, epsilon));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId normal, AddStep(c, "normal", kMul, {x, inverse}));
  return AddScaleAndShift(c, normal, c.inputs[1], {});
}

// Up to opset 20 scale and bias have one element a group, later one a channel.
Result<ir::ValueId> ConvertGroupNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, Epsilon(c));
  PICABIA_ASSIGN_OR_RETURN(const int64_t groups, c.attributes.Int("num_groups", 0));
  PICABIA_ASSIGN_OR_RETURN(const int64_t stash_type, c.attributes.Int("stash_type", 1));
  if (stash_type != 1) return Unsupported("attribute 'stash_type' is not 1 (float)");
  if (groups < 1 || groups > INT32_MAX)
    return InvalidModel("attribute 'num_groups' is " + std::to_string(groups) +
                        ", expected at least 1");
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  if (rank < 3)
    return InvalidModel("its input has rank " + std::to_string(rank) + ", expected at least 3");
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shape, AddShape(c, c.inputs[0]));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId grouped,
      AddStep(c, "groups", ops::Reshape{{0, groups, -1}, false}, {c.inputs[0]}));
  PICABIA_ASSIGN_OR_RETURN(ir::ValueId normal,
                           AddStep(c, "normal", ops::Normalize{{2}, epsilon}, {grouped}));
  const ops::Reshape back{{}, true};
  if (c.opset >= 21) {
    PICABIA_ASSIGN_OR_RETURN(normal, AddStep(c, "channels", back, {normal, shape}));
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId scale, AsColumn(c, c.inputs[1], rank - 2));
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shift, AsColumn(c, c.inputs[2], rank - 2));
    return AddScaleAndShift(c, normal, scale, shift);
  }
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId scale, AsColumn(c, c.inputs[1], 1));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shift, AsColumn(c, c.inputs[2], 1));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId scaled, AddStep(c, "scaled", kMul, {normal, scale}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shifted, AddStep(c, "shifted", kAdd, {scaled, shift}));
  c.inputs = {shifted, shape};
  return AddNode(c, back);
}

// (x - mean) / (deviation + 1e-9)
Result<ir::ValueId> ConvertMeanVarianceNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> axes, c.attributes.Ints("axes", {0, 2, 3}));
  PICABIA_ASSIGN_OR_RETURN(axes, SortedAxes(c, std::move(axes)));
  return AddNode(c, ops::Normalize{std::move(axes), 1e-18f});
}

Result<ir::ValueId> ConvertLpNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, AxisAttribute(c, "axis", -1));
  PICABIA_ASSIGN_OR_RETURN(const int64_t p, c.attributes.Int("p", 2));
  if (p != 1 && p != 2)
    return Unsupported("attribute 'p' is " + std::to_string(p) + ", expected 1 or 2");
  const auto kind = p == 1 ? ops::ReduceKind::kL1 : ops::ReduceKind::kL2;
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId norm,
      AddStep(c, "norm", ops::Reduce{kind, {axis}, true, false}, {c.inputs[0]}));
  // What is all zeros stays so.
  const DType dtype = c.builder.dtype(norm);
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId zero, AddScalar(c, "zero", dtype, 0));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId one, AddScalar(c, "one", dtype, 1));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId is_zero,
      AddStep(c, "is_zero", ops::Binary{ops::BinaryKind::kEqual}, {norm, zero}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId divisor,
                           AddStep(c, "divisor", ops::Where{}, {is_zero, one, norm}));
  c.inputs.push_back(divisor);
  return AddNode(c, kDiv);
}

}  // namespace picabia::import::onnx
