// Operators that move elements, make constants or speak of shapes. Called by the table in
// operators.cc.
#include <algorithm>
#include <numeric>
#include <string>

#include "import/names.h"
#include "import/onnx/operators.h"
#include "ops/parameters.h"

namespace picabia::import::onnx {
namespace {

// Squeeze and Unsqueeze: axes are an attribute up to opset 12, an input later.
template <typename Op>
Result<ir::ValueId> ConvertAxes(NodeContext& c, Op op, bool of_result) {
  if (c.HasInput(1)) return AddNode(c, std::move(op));
  c.inputs.resize(1);
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, c.attributes.Ints("axes", {}));
  if (!of_result) {
    PICABIA_ASSIGN_OR_RETURN(op.axes, SortedAxes(c, axes));
    return AddNode(c, std::move(op));
  }
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  PICABIA_ASSIGN_OR_RETURN(op.axes, ops::NormalizeAxes(axes, rank + axes.size()));
  return AddNode(c, std::move(op));
}

Result<ops::PadMode> ParsePadMode(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode, c.attributes.String("mode", "constant"));
  if (mode == "constant") return ops::PadMode::kConstant;
  if (mode == "reflect") return ops::PadMode::kReflect;
  if (mode == "edge") return ops::PadMode::kEdge;
  if (mode == "wrap") return ops::PadMode::kWrap;
  return Unsupported("attribute 'mode' is " + Quoted(mode) +
                     ", expected 'constant', 'reflect', 'edge' or 'wrap'");
}

Status CheckPads(const std::vector<int64_t>& pads) {
  if (pads.empty() || pads.size() % 2 != 0 || pads.size() > 2 * kMaxRank) {
    return InvalidModel("it has " + std::to_string(pads.size()) +
                        " pads, expected two for each dimension");
  }
  for (const int64_t p : pads) {
    if (p < -INT32_MAX || p > INT32_MAX) return InvalidModel("a pad is " + std::to_string(p));
  }
  return OkStatus();
}

// Up to opset 10 pads and value are attributes; makes them the inputs of newer opsets.
Status PadsAsInputs(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, c.attributes.Ints("pads", {}));
  PICABIA_ASSIGN_OR_RETURN(const float value, c.attributes.Float("value", 0));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId pads_id, AddIntegers(c, "pads", pads));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId value_id,
      AddScalar(c, "value", c.builder.dtype(c.inputs[0]), static_cast<double>(value)));
  c.inputs = {c.inputs[0], pads_id, value_id};
  return OkStatus();
}

// From NCHW to NHWC.
void PermutePads(std::vector<int64_t>& pads) { pads = {pads[0], pads[2], pads[3], pads[1]}; }

// The value of a Constant node, which each type of it holds in an attribute of its own.
Result<Tensor> ConstantValue(NodeContext& c) {
  Attributes& a = c.attributes;
  if (const Attribute* v = a.Find("value", Attribute::Kind::kTensor)) {
    return ParseTensor(v->bytes, c.owner, c.log);
  }
  if (const Attribute* v = a.Find("value_float", Attribute::Kind::kFloat)) {
    return Tensor::From<float>({}, {v->number});
  }
  if (const Attribute* v = a.Find("value_int", Attribute::Kind::kInt)) {
    return Tensor::From<int64_t>({}, {v->integer});
  }
  if (const Attribute* v = a.Find("value_floats", Attribute::Kind::kFloats)) {
    return Tensor::From<float>({static_cast<int64_t>(v->floats.size())}, v->floats);
  }
  if (const Attribute* v = a.Find("value_ints", Attribute::Kind::kInts)) {
    return Tensor::From<int64_t>({static_cast<int64_t>(v->ints.size())}, v->ints);
  }
  return Unsupported("a Constant has no tensor, float or integer value");
}

Result<int64_t> BlockSize(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t block, c.attributes.Int("blocksize", 0));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  if (rank == 4) return block;
  return InvalidModel("its input has rank " + std::to_string(rank) + ", expected 4");
}

}  // namespace

Result<ir::ValueId> ConvertTranspose(NodeContext& c) {
  const int rank = c.builder.Rank(c.inputs[0]);
  std::vector<int64_t> reversed;
  for (int i = rank - 1; i >= 0; --i) reversed.push_back(i);
  if (rank < 0 && !c.attributes.Has("perm")) {
    return Unsupported("it reverses the axes of a tensor whose rank is not known");
  }
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> perm, c.attributes.Ints("perm", reversed));
  std::vector<int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<int64_t>(i)) {
      return InvalidModel("attribute 'perm' is " + ShapeString(perm) +
                          ", which is no permutation of the axes");
    }
  }
  return AddNode(c, ops::Transpose{std::move(perm)});
}

Result<ir::ValueId> ConvertReshape(NodeContext& c) {
  ops::Reshape op;
  PICABIA_ASSIGN_OR_RETURN(op.allow_zero, c.attributes.Bool("allowzero", false));
  return AddNode(c, std::move(op));
}

Result<ir::ValueId> ConvertFlatten(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(int64_t axis, c.attributes.Int("axis", 1));
  if (axis < 0) {
    PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
    PICABIA_ASSIGN_OR_RETURN(axis, ops::NormalizeAxis(axis, rank));
  }
  return AddNode(c, ops::Flatten{axis});
}

Result<ir::ValueId> ConvertSqueeze(NodeContext& c) { return ConvertAxes(c, ops::Squeeze{}, false); }
Result<ir::ValueId> ConvertUnsqueeze(NodeContext& c) {
  return ConvertAxes(c, ops::Unsqueeze{}, true);
}
Result<ir::ValueId> ConvertExpand(NodeContext& c) { return AddNode(c, ops::Expand{}); }
Result<ir::ValueId> ConvertTile(NodeContext& c) { return AddNode(c, ops::Tile{}); }
Result<ir::ValueId> ConvertRange(NodeContext& c) { return AddNode(c, ops::Range{}); }

Result<ir::ValueId> ConvertConcat(NodeContext& c) {
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (!c.HasInput(i)) return InvalidModel("input " + std::to_string(i) + " is left out");
  }
  if (!c.attributes.Has("axis")) return InvalidModel("attribute 'axis' is missing");
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, AxisAttribute(c, "axis", 0));
  return AddNode(c, ops::Concat{axis});
}

Result<ir::ValueId> ConvertSplit(NodeContext& c) {
  ops::Split op;
  const auto outputs = static_cast<int64_t>(c.more_outputs.size()) + 1;
  PICABIA_ASSIGN_OR_RETURN(op.axis, AxisAttribute(c, "axis", 0));
  PICABIA_ASSIGN_OR_RETURN(op.parts, c.attributes.Int("num_outputs", outputs));
  if (c.opset < 13) {
    PICABIA_ASSIGN_OR_RETURN(op.sizes, c.attributes.Ints("split", {}));
  }
  const bool sizes_given = !op.sizes.empty() || c.HasInput(1);
  if (!op.sizes.empty() && static_cast<int64_t>(op.sizes.size()) != outputs)
    return InvalidModel("attribute 'split' is " + ShapeString(op.sizes) + " for " +
                        std::to_string(outputs) + " outputs");
  if (!sizes_given && op.parts != outputs)
    return InvalidModel("attribute 'num_outputs' is " + std::to_string(op.parts) + " for " +
                        std::to_string(outputs) + " outputs");
  if (!c.HasInput(1)) c.inputs.resize(1);
  op.parts = outputs;
  const ops::Split first = op;
  for (MoreOutput& more : c.more_outputs) {
    ++op.index;
    if (more.name.empty()) continue;
    PICABIA_ASSIGN_OR_RETURN(more.value, c.builder.AddNode(std::string(more.name),
                                                           std::string(more.name), op, c.inputs));
  }
  return AddNode(c, first);
}

Result<ir::ValueId> ConvertSlice(NodeContext& c) {
  ops::Slice op;
  if (c.opset < 10) {
    PICABIA_ASSIGN_OR_RETURN(op.starts, c.attributes.Ints("starts", {}));
    PICABIA_ASSIGN_OR_RETURN(op.ends, c.attributes.Ints("ends", {}));
    PICABIA_ASSIGN_OR_RETURN(op.axes, c.attributes.Ints("axes", {}));
    for (int64_t& axis : op.axes) {
      PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
      PICABIA_ASSIGN_OR_RETURN(axis, ops::NormalizeAxis(axis, rank));
    }
    return AddNode(c, std::move(op));
  }
  for (size_t i = 1; i < 3; ++i) {
    if (!c.HasInput(i)) return InvalidModel("input " + std::to_string(i) + " is left out");
  }
  if (c.HasInput(4) && !c.HasInput(3)) {  // steps without axes are for the first axes
    const Shape* starts = c.builder.ProbeShape(c.inputs[1]);
    if (starts == nullptr || starts->size() != 1)
      return Unsupported("it has steps without axes, and the number of its starts is not known");
    std::vector<int64_t> axes(std::min<size_t>(static_cast<size_t>((*starts)[0]), kMaxRank));
    std::iota(axes.begin(), axes.end(), 0);
    PICABIA_ASSIGN_OR_RETURN(c.inputs[3], AddIntegers(c, "axes", axes));
  }
  while (c.inputs.back().index < 0) c.inputs.pop_back();
  return AddNode(c, std::move(op));
}

Result<ir::ValueId> ConvertGather(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, AxisAttribute(c, "axis", 0));
  return AddNode(c, ops::Gather{axis});
}
Result<ir::ValueId> ConvertGatherElements(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, AxisAttribute(c, "axis", 0));
  return AddNode(c, ops::GatherElements{axis});
}
Result<ir::ValueId> ConvertGatherNd(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t batch_dims, c.attributes.Int("batch_dims", 0));
  return AddNode(c, ops::GatherNd{batch_dims});
}

Result<ir::ValueId> ConvertShape(NodeContext& c) {
  ops::ShapeOf op;
  PICABIA_ASSIGN_OR_RETURN(op.start, c.attributes.Int("start", 0));
  PICABIA_ASSIGN_OR_RETURN(op.end, c.attributes.Int("end", INT64_MAX));
  return AddNode(c, op);
}

Result<ir::ValueId> ConvertSize(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shape, AddShape(c, c.inputs[0]));
  c.inputs = {shape};
  return AddNode(c, ops::Reduce{ops::ReduceKind::kProduct, {0}, false, false});
}

Result<ir::ValueId> ConvertConstant(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, ConstantValue(c));
  return c.builder.AddConstant(c.output, std::move(tensor));
}

Result<ir::ValueId> ConvertConstantOfShape(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(Tensor value, Tensor::From<float>({}, {0.0f}));
  if (const Attribute* a = c.attributes.Find("value", Attribute::Kind::kTensor)) {
    PICABIA_ASSIGN_OR_RETURN(value, ParseTensor(a->bytes, c.owner, c.log));
    if (value.num_elements() != 1)
      return InvalidModel("attribute 'value' has shape " + ShapeString(value.shape()) +
                          ", expected one element");
    PICABIA_ASSIGN_OR_RETURN(value, value.Reshaped({}));
  }
  const ir::ValueId scalar =
      c.builder.AddConstant(c.builder.FreshName(c.output + "/value"), std::move(value));
  c.inputs = {scalar, c.inputs[0]};
  return AddNode(c, ops::Expand{});
}

// A 4-d one with known pads stands among spatial operators and gets their layout, any other stays
// as it is.
Result<ir::ValueId> ConvertPad(NodeContext& c) {
  ops::Pad op;
  PICABIA_ASSIGN_OR_RETURN(op.mode, ParsePadMode(c));
  if (c.opset < 11) PICABIA_RETURN_IF_ERROR(PadsAsInputs(c));
  if (!c.HasInput(1)) return InvalidModel("input 1 (the pads) is left out");
  if (const Tensor* pads = c.builder.FixedValue(c.inputs[1])) {
    PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values, IntegerValues(*pads));
    PICABIA_RETURN_IF_ERROR(CheckPads(values));
  }
  if (c.HasInput(3) && !c.HasInput(2)) {
    PICABIA_ASSIGN_OR_RETURN(c.inputs[2], AddScalar(c, "value", c.builder.dtype(c.inputs[0]), 0));
  }
  while (c.inputs.back().index < 0) c.inputs.pop_back();
  const bool known = std::all_of(c.inputs.begin() + 1, c.inputs.end(), [&](ir::ValueId id) {
    return c.builder.FixedValue(id) != nullptr;
  });
  const Shape* x = c.builder.ProbeShape(c.inputs[0]);
  if (!known || x == nullptr || x->size() != 4) return AddNode(c, std::move(op));
  std::vector<ops::TensorType> types;
  std::vector<const Tensor*> values;
  for (const ir::ValueId id : c.inputs) {
    types.push_back({c.builder.dtype(id), *c.builder.ProbeShape(id)});
    values.push_back(c.builder.FixedValue(id));
  }
  PICABIA_ASSIGN_OR_RETURN(ops::Op absorbed, ops::Absorb(op, types, values));
  auto& pad = std::get<ops::Pad>(absorbed);
  if (pad.before.size() != 4)
    return InvalidModel("it has pads for " + std::to_string(pad.before.size()) +
                        " axes of a 4-d tensor");
  PermutePads(pad.before);
  PermutePads(pad.after);
  c.inputs.resize(1);
  return AddSpatial(c, std::move(absorbed));
}

Result<ir::ValueId> ConvertDepthToSpace(NodeContext& c) {
  ops::DepthToSpace op;
  PICABIA_ASSIGN_OR_RETURN(op.block, BlockSize(c));
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode, c.attributes.String("mode", "DCR"));
  if (mode != "DCR" && mode != "CRD")
    return InvalidModel("attribute 'mode' is " + Quoted(mode) + ", expected 'DCR' or 'CRD'");
  op.order = mode == "DCR" ? ops::BlockOrder::kDcr : ops::BlockOrder::kCrd;
  return AddSpatial(c, op);
}

Result<ir::ValueId> ConvertSpaceToDepth(NodeContext& c) {
  ops::SpaceToDepth op;
  PICABIA_ASSIGN_OR_RETURN(op.block, BlockSize(c));
  return AddSpatial(c, op);
}

}  // namespace picabia::import::onnx
