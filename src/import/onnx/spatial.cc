// Normalisation and padding. Called by the table in operators.cc.
#include <cmath>
#include <string>

#include "import/names.h"
#include "import/onnx/operators.h"

namespace picabia::import::onnx {
namespace {

Status CheckFiniteInputs(NodeContext& c, size_t first) {
  for (size_t i = first; i < c.inputs.size(); ++i) {
    PICABIA_RETURN_IF_ERROR(c.builder.CheckFinite(c.inputs[i]));
  }
  return OkStatus();
}

Result<ops::PadMode> ParsePadMode(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode, c.attributes.String("mode", "constant"));
  if (mode == "constant") return ops::PadMode::kConstant;
  if (mode == "reflect") return ops::PadMode::kReflect;
  if (mode == "edge") return ops::PadMode::kEdge;
  return Unsupported("attribute 'mode' is " + Quoted(mode) +
                     ", expected 'constant', 'reflect' or 'edge'");
}

// The list of pads covers `axes` only; spreads it over all axes of the tensor.
Status SpreadPads(const NodeContext& c, std::vector<int64_t>& pads) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, ConstantIntegers(c, 3, "the axes"));
  const int rank = c.builder.Rank(c.inputs[0]);
  if (rank < 0) return Unsupported("it pads chosen axes of a tensor whose rank is not known");
  if (pads.size() != 2 * axes.size()) {
    return InvalidModel("it has " + std::to_string(pads.size()) + " pads for " +
                        std::to_string(axes.size()) + " axes, expected two for each");
  }
  const auto n = static_cast<size_t>(rank);
  std::vector<int64_t> all(2 * n, 0);
  std::vector<bool> seen(n, false);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank || seen[static_cast<size_t>(axis)]) {
      return InvalidModel("axis " + std::to_string(axes[i]) + " does not exist or is given twice");
    }
    seen[static_cast<size_t>(axis)] = true;
    all[static_cast<size_t>(axis)] = pads[i];
    all[n + static_cast<size_t>(axis)] = pads[axes.size() + i];
  }
  pads = std::move(all);
  return OkStatus();
}

Result<std::vector<int64_t>> ReadPads(NodeContext& c) {
  std::vector<int64_t> pads;
  if (c.opset < 11) {
    PICABIA_ASSIGN_OR_RETURN(pads, c.attributes.Ints("pads", {}));
  } else {
    PICABIA_ASSIGN_OR_RETURN(pads, ConstantIntegers(c, 1, "the pads"));
  }
  if (c.HasInput(3)) PICABIA_RETURN_IF_ERROR(SpreadPads(c, pads));
  if (pads.empty() || pads.size() % 2 != 0 || pads.size() > 2 * kMaxRank) {
    return InvalidModel("it has " + std::to_string(pads.size()) +
                        " pads, expected two for each dimension");
  }
  for (const int64_t p : pads) {
    if (p < 0) return Unsupported("a pad is " + std::to_string(p) + ", which would crop");
    if (p > INT32_MAX) return InvalidModel("a pad is " + std::to_string(p));
  }
  return pads;
}

Result<float> ReadPadValue(NodeContext& c) {
  if (c.opset < 11) return c.attributes.Float("value", 0);
  if (!c.HasInput(2)) return 0.0f;
  return ConstantFloat(c, 2, "the value to pad with");
}

// From NCHW to NHWC.
void PermutePads(std::vector<int64_t>& pads) { pads = {pads[0], pads[2], pads[3], pads[1]}; }

}  // namespace

Result<ir::ValueId> ConvertInstanceNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, c.attributes.Float("epsilon", 1e-5f));
  if (!std::isfinite(epsilon) || epsilon < 0) {
    return InvalidModel("attribute 'epsilon' is " + std::to_string(epsilon) +
                        ", expected at least 0");
  }
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  return AddSpatial(c, ops::InstanceNorm{epsilon});
}

Result<ir::ValueId> ConvertBatchNormalization(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, c.attributes.Float("epsilon", 1e-5f));
  PICABIA_ASSIGN_OR_RETURN(const bool training, c.attributes.Bool("training_mode", false));
  PICABIA_ASSIGN_OR_RETURN(const int64_t spatial, c.attributes.Int("spatial", 1));
  c.attributes.Ignore("momentum");  // acts in training only
  if (training)
    return Unsupported("attribute 'training_mode' is 1; export the model for inference");
  if (spatial != 1) return Unsupported("attribute 'spatial' is not 1");
  PICABIA_RETURN_IF_ERROR(CheckFiniteInputs(c, 1));
  PICABIA_RETURN_IF_ERROR(c.builder.CheckVariance(c.inputs[4], epsilon));
  return AddSpatial(c, ops::BatchNorm{epsilon});
}

// A 4-d one stands among spatial operators and gets their layout, any other stays as it is.
Result<ir::ValueId> ConvertPad(NodeContext& c) {
  ops::Pad op;
  PICABIA_ASSIGN_OR_RETURN(op.mode, ParsePadMode(c));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, ReadPads(c));
  PICABIA_ASSIGN_OR_RETURN(op.value, ReadPadValue(c));
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(pads.size() / 2);
  op.before.assign(pads.begin(), middle);
  op.after.assign(middle, pads.end());
  c.inputs.resize(1);
  if (op.before.size() != 4) return AddNode(c, std::move(op));
  PermutePads(op.before);
  PermutePads(op.after);
  return AddSpatial(c, std::move(op));
}

}  // namespace picabia::import::onnx
