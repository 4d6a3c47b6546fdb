// Operators that move elements or speak of shapes. Called by the table in operators.cc.
#include <algorithm>
#include <string>

#include "import/names.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

// A dimension of 0 is one that is empty.
Result<ir::ValueId> ConvertReshape(NodeContext& c) {
  ops::Reshape op;
  const Tensor* shape = c.builder.FixedValue(c.inputs[1]);
  op.allow_zero = true;
  if (shape != nullptr) {
    PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> dims, ConstantIntegers(c, 1, "the shape"));
    op.allow_zero = std::count(dims.begin(), dims.end(), 0) > 0;
  }
  return AddNode(c, std::move(op));
}
Result<ir::ValueId> ConvertTile(NodeContext& c) { return AddNode(c, ops::Tile{}); }
Result<ir::ValueId> ConvertRange(NodeContext& c) { return AddNode(c, ops::Range{}); }
Result<ir::ValueId> ConvertBroadcastTo(NodeContext& c) { return AddNode(c, ops::Expand{}); }

Result<ir::ValueId> ConvertTranspose(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> perm, ConstantIntegers(c, 1, "the permutation"));
  std::vector<int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<int64_t>(i)) {
      return InvalidModel(ShapeString(perm) + " is no permutation of the axes");
    }
  }
  c.inputs.resize(1);
  return AddNode(c, ops::Transpose{std::move(perm)});
}

Result<ir::ValueId> ConvertSqueeze(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> axes, c.attributes.Ints("squeeze_dims", {}));
  PICABIA_ASSIGN_OR_RETURN(axes, SortedAxes(c, std::move(axes)));
  return AddNode(c, ops::Squeeze{std::move(axes)});
}

Result<ir::ValueId> ConvertExpandDims(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantInteger(c, 1, "the axis"));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const int64_t at, ops::NormalizeAxis(axis, rank + 1));
  c.inputs.resize(1);
  return AddNode(c, ops::Unsqueeze{{at}});
}

Result<ir::ValueId> ConvertShape(NodeContext& c) {
  ops::ShapeOf op;
  PICABIA_ASSIGN_OR_RETURN(op.to, TypeAttribute(c, "out_type", DType::kI32));
  return AddNode(c, op);
}

Result<ir::ValueId> ConvertSize(NodeContext& c) {
  ops::ShapeOf op;
  PICABIA_ASSIGN_OR_RETURN(op.to, TypeAttribute(c, "out_type", DType::kI32));
  return AddSequence(c, {op, ops::Reduce{ops::ReduceKind::kProduct, {0}, false, false}});
}

Result<ir::ValueId> ConvertRank(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const Tensor tensor,
                           Tensor::From<int32_t>({}, {static_cast<int32_t>(rank)}));
  return c.builder.AddConstant(c.name, tensor);
}

// `value` in the shape that input `shape` holds.
Result<ir::ValueId> ConvertFill(NodeContext& c) {
  c.attributes.Ignore("index_type");
  std::swap(c.inputs[0], c.inputs[1]);
  return AddNode(c, ops::Expand{});
}

Result<ir::ValueId> ConvertFilledLike(NodeContext& c, double value) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId number,
                           AddScalar(c, "value", c.builder.dtype(c.inputs[0]), value));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shape, AddShape(c, c.inputs[0]));
  c.inputs = {number, shape};
  return AddNode(c, ops::Expand{});
}

Result<ir::ValueId> ConvertConcatV2(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckCount(c, "N", c.inputs.size() - 1));
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantAxis(c, c.inputs.size() - 1, 0));
  c.inputs.pop_back();
  return AddNode(c, ops::Concat{axis});
}

Result<ir::ValueId> ConvertConcat(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckCount(c, "N", c.inputs.size() - 1));
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantAxis(c, 0, 1));
  c.inputs.erase(c.inputs.begin());
  return AddNode(c, ops::Concat{axis});
}

Result<ir::ValueId> ConvertPack(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckCount(c, "N", c.inputs.size()));
  PICABIA_ASSIGN_OR_RETURN(int64_t axis, c.attributes.Int("axis", 0));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  PICABIA_ASSIGN_OR_RETURN(axis, ops::NormalizeAxis(axis, rank + 1));
  for (ir::ValueId& id : c.inputs) {
    PICABIA_ASSIGN_OR_RETURN(id, AddStep(c, "part", ops::Unsqueeze{{axis}}, {id}));
  }
  return AddNode(c, ops::Concat{axis});
}

namespace {

// One node an output that is wanted; the first is the node itself.
template <typename MakeOutput>
Result<ir::ValueId> AddOutputs(NodeContext& c, int64_t count, MakeOutput make) {
  if (count < 1) return InvalidModel("it has " + std::to_string(count) + " outputs");
  PICABIA_RETURN_IF_ERROR(WantOutputs(c, count));
  for (MoreOutput& more : c.more_outputs) {
    PICABIA_ASSIGN_OR_RETURN(more.value, make(more.index));
  }
  return make(int64_t{0});
}

Result<ir::ValueId> AddSplit(NodeContext& c, ir::ValueId x, const ops::Split& op, int64_t count) {
  return AddOutputs(c, count, [&](int64_t index) {
    ops::Split part = op;
    part.index = index;
    return c.builder.AddNode(c.name, OutputName(c, index), std::move(part), {x});
  });
}

}  // namespace

Result<ir::ValueId> ConvertSplit(NodeContext& c) {
  ops::Split op;
  PICABIA_ASSIGN_OR_RETURN(op.axis, ConstantAxis(c, 0, 1));
  PICABIA_ASSIGN_OR_RETURN(op.parts, c.attributes.Int("num_split", 1));
  const Shape* x = c.builder.FrozenShape(c.inputs[1]);
  if (x != nullptr && op.parts > 0 && (*x)[static_cast<size_t>(op.axis)] % op.parts != 0)
    return InvalidModel("it splits axis " + std::to_string(op.axis) + " of " + ShapeString(*x) +
                        " into " + std::to_string(op.parts) + " parts, expected equal ones");
  return AddSplit(c, c.inputs[1], op, op.parts);
}

Result<ir::ValueId> ConvertSplitV(NodeContext& c) {
  ops::Split op;
  PICABIA_ASSIGN_OR_RETURN(op.axis, ConstantAxis(c, 2, 0));
  PICABIA_ASSIGN_OR_RETURN(op.sizes, ConstantIntegers(c, 1, "the sizes"));
  PICABIA_RETURN_IF_ERROR(CheckCount(c, "num_split", op.sizes.size()));
  const auto rest = std::find(op.sizes.begin(), op.sizes.end(), -1);
  if (rest != op.sizes.end()) {
    const Shape* x = c.builder.FrozenShape(c.inputs[0]);
    if (x == nullptr) return Unsupported("a size of -1 of a tensor whose shape is not known");
    int64_t known = 1;  // the -1
    for (int64_t size : op.sizes) known += size;
    *rest = (*x)[static_cast<size_t>(op.axis)] - known;
  }
  return AddSplit(c, c.inputs[0], op, static_cast<int64_t>(op.sizes.size()));
}

Result<ir::ValueId> ConvertUnpack(NodeContext& c) {
  ops::Split op;
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, c.attributes.Int("axis", 0));
  PICABIA_ASSIGN_OR_RETURN(op.parts, c.attributes.Int("num", 1));
  PICABIA_ASSIGN_OR_RETURN(op.axis, AxisOf(c, 0, axis));
  const ir::ValueId x = c.inputs[0];
  return AddOutputs(c, op.parts, [&](int64_t index) -> Result<ir::ValueId> {
    ops::Split part = op;
    part.index = index;
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId piece, AddStep(c, "piece", std::move(part), {x}));
    return c.builder.AddNode(c.name, OutputName(c, index), ops::Squeeze{{op.axis}}, {piece});
  });
}

Result<ir::ValueId> ConvertGather(NodeContext& c) {
  c.attributes.Ignore("validate_indices");
  return AddNode(c, ops::Gather{0});
}

Result<ir::ValueId> ConvertGatherV2(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t batch_dims, c.attributes.Int("batch_dims", 0));
  if (batch_dims != 0)
    return Unsupported("attribute 'batch_dims' is " + std::to_string(batch_dims) +
                       ", only 0 is supported");
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantAxis(c, 2, 0));
  c.inputs.resize(2);
  return AddNode(c, ops::Gather{axis});
}

Result<ir::ValueId> ConvertGatherNd(NodeContext& c) {
  c.attributes.Ignore("bad_indices_policy");
  return AddNode(c, ops::GatherNd{0});
}

}  // namespace picabia::import::tensorflow
