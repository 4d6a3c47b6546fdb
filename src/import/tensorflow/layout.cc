// Operators that move elements, join and part tensors, or speak of shapes. Called by the table in
// operators.cc.
#include <algorithm>
#include <limits>
#include <string>

#include "import/names.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {
namespace {

// The wanted outputs, each made by add(index, name of its value).
template <typename Add>
Result<ir::ValueId> AddOutputs(NodeContext& c, int64_t count, Add add) {
  PICABIA_RETURN_IF_ERROR(WantOutputs(c, count));
  for (MoreOutput& more : c.more_outputs) {
    PICABIA_ASSIGN_OR_RETURN(more.value, add(more.index, OutputName(c, more.index)));
  }
  return add(0, c.output);
}

// The number of parts that an attribute names.
Result<int64_t> Parts(NodeContext& c, const char* name) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t parts, c.attributes.Int(name, 0));
  if (parts >= 1 && parts <= INT32_MAX) return parts;
  return InvalidModel("attribute '" + std::string(name) + "' is " + std::to_string(parts) +
                      ", expected at least 1");
}

// The size of an axis of input i, where it is known; at the frozen size for a picture's.
std::optional<int64_t> SizeOf(const NodeContext& c, size_t i, int64_t axis) {
  const Shape* shape = c.builder.FrozenShape(c.inputs[i]);
  if (shape == nullptr || axis >= static_cast<int64_t>(shape->size())) return std::nullopt;
  return (*shape)[static_cast<size_t>(axis)];
}

Result<ir::ValueId> AddConcat(NodeContext& c, int64_t axis) {
  PICABIA_RETURN_IF_ERROR(CheckCount(c, "N", c.inputs.size()));
  PICABIA_ASSIGN_OR_RETURN(const int64_t at, AxisOf(c, 0, axis));
  return AddNode(c, ops::Concat{at});
}

// Pieces of which one takes what the others leave: those before it count from the front, those
// behind it from the end.
ops::Slice PieceBesideRest(const std::vector<int64_t>& sizes, size_t index, int64_t axis) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  const auto rest = static_cast<size_t>(std::find(sizes.begin(), sizes.end(), -1) - sizes.begin());
  int64_t before = 0, behind = 0;
  for (size_t i = 0; i < std::min(index, rest); ++i) before += sizes[i];
  for (size_t i = std::max(index, rest) + 1; i < sizes.size(); ++i) behind += sizes[i];
  const auto from_the_end = [](int64_t n) { return n == 0 ? kEnd : -n; };
  ops::Slice op;
  op.axes = {axis};
  if (index < rest) {
    op.starts = {before};
    op.ends = {before + sizes[index]};
  } else if (index == rest) {
    op.starts = {before};
    op.ends = {from_the_end(behind)};
  } else {
    op.starts = {from_the_end(behind + sizes[index])};
    op.ends = {from_the_end(behind)};
  }
  return op;
}

}  // namespace

Result<ir::ValueId> ConvertReshape(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 1, "the shape"));
  return AddNode(c, ops::Reshape{{}, true});
}

Result<ir::ValueId> ConvertTranspose(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> perm, ConstantIntegers(c, 1, "the permutation"));
  const auto rank = static_cast<int64_t>(perm.size());
  for (int64_t& axis : perm) axis += axis < 0 ? rank : 0;
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
  ops::Squeeze op;
  PICABIA_ASSIGN_OR_RETURN(op.axes, c.attributes.Ints("squeeze_dims", {}));
  PICABIA_ASSIGN_OR_RETURN(op.axes, SortedAxes(c, std::move(op.axes)));
  return AddNode(c, std::move(op));
}

Result<ir::ValueId> ConvertExpandDims(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 1, "the axis"));
  return AddNode(c, ops::Unsqueeze{});
}

Result<ir::ValueId> ConvertBroadcastTo(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 1, "the shape"));
  return AddNode(c, ops::Expand{});
}

Result<ir::ValueId> ConvertFill(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 0, "the shape"));
  std::swap(c.inputs[0], c.inputs[1]);
  return AddNode(c, ops::Expand{});
}

// ZerosLike and OnesLike.
Result<ir::ValueId> ConvertFilledLike(NodeContext& c, double value) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId number,
                           AddScalar(c, "value", c.builder.dtype(c.inputs[0]), value));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shape, AddShape(c, c.inputs[0]));
  c.inputs = {number, shape};
  return AddNode(c, ops::Expand{});
}

Result<ir::ValueId> ConvertTile(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 1, "the multiples"));
  return AddNode(c, ops::Tile{});
}

Result<ir::ValueId> ConvertRange(NodeContext& c) { return AddNode(c, ops::Range{}); }

Result<ir::ValueId> ConvertShape(NodeContext& c) {
  ops::ShapeOf op;
  PICABIA_ASSIGN_OR_RETURN(op.to, TypeAttribute(c, "out_type", DType::kI32));
  return AddNode(c, op);
}

Result<ir::ValueId> ConvertSize(NodeContext& c) {
  ops::ShapeOf op;
  PICABIA_ASSIGN_OR_RETURN(op.to, TypeAttribute(c, "out_type", DType::kI32));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shape, AddStep(c, "shape", op, c.inputs));
  c.inputs = {shape};
  return AddNode(c, ops::Reduce{ops::ReduceKind::kProduct, {0}, false, false});
}

// The size of the shape.
Result<ir::ValueId> ConvertRank(NodeContext& c) {
  ops::ShapeOf op;
  op.to = DType::kI32;
  if (const int rank = c.builder.Rank(c.inputs[0]); rank >= 0) {
    PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::From<int32_t>({}, {rank}));
    return c.builder.AddConstant(c.output, std::move(tensor));
  }
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shape, AddStep(c, "shape", op, c.inputs));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId rank, AddStep(c, "rank", op, {shape}));
  c.inputs = {rank};
  return AddNode(c, ops::Squeeze{{0}});
}

Result<ir::ValueId> ConvertConcatV2(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantInteger(c, c.inputs.size() - 1, "the axis"));
  c.inputs.pop_back();
  return AddConcat(c, axis);
}

Result<ir::ValueId> ConvertConcat(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantInteger(c, 0, "the axis"));
  c.inputs.erase(c.inputs.begin());
  return AddConcat(c, axis);
}

Result<ir::ValueId> ConvertPack(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckCount(c, "N", c.inputs.size()));
  PICABIA_ASSIGN_OR_RETURN(int64_t axis, c.attributes.Int("axis", 0));
  if (axis < 0) {
    PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
    PICABIA_ASSIGN_OR_RETURN(axis, ops::NormalizeAxis(axis, rank + 1));
  }
  if (c.inputs.size() == 1) return AddNode(c, ops::Unsqueeze{{axis}});
  for (ir::ValueId& input : c.inputs) {
    PICABIA_ASSIGN_OR_RETURN(input, AddStep(c, "part", ops::Unsqueeze{{axis}}, {input}));
  }
  return AddNode(c, ops::Concat{axis});
}

Result<ir::ValueId> ConvertUnpack(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(int64_t axis, c.attributes.Int("axis", 0));
  PICABIA_ASSIGN_OR_RETURN(axis, AxisOf(c, 0, axis));
  PICABIA_ASSIGN_OR_RETURN(const int64_t parts, c.attributes.Int("num", -1));
  const auto size = SizeOf(c, 0, axis);
  if (parts < 0 || parts > INT32_MAX || (size && *size != parts)) {
    return InvalidModel("attribute 'num' is " + std::to_string(parts) + ", expected " +
                        (size ? std::to_string(*size) : "the size of axis ") +
                        (size ? "" : std::to_string(axis)));
  }
  if (parts == 0) return Unsupported("attribute 'num' is 0: it has no outputs");
  const ir::ValueId x = c.inputs[0];
  return AddOutputs(c, parts, [&](int64_t i, const std::string& name) -> Result<ir::ValueId> {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId index,
                             AddScalar(c, "index", DType::kI64, static_cast<double>(i)));
    return c.builder.AddNode(name, ops::Gather{axis}, {x, index});
  });
}

Result<ir::ValueId> ConvertSplit(NodeContext& c) {
  ops::Split op;
  PICABIA_ASSIGN_OR_RETURN(op.axis, ConstantAxis(c, 0, 1));
  PICABIA_ASSIGN_OR_RETURN(op.parts, Parts(c, "num_split"));
  const auto size = SizeOf(c, 1, op.axis);
  if (size && *size % op.parts != 0) {
    return InvalidModel("attribute 'num_split' is " + std::to_string(op.parts) +
                        ", which does not divide axis " + std::to_string(op.axis) + " of size " +
                        std::to_string(*size));
  }
  const ir::ValueId x = c.inputs[1];
  return AddOutputs(c, op.parts, [&](int64_t i, const std::string& name) {
    op.index = i;
    return c.builder.AddNode(name, op, {x});
  });
}

Result<ir::ValueId> ConvertSplitV(NodeContext& c) {
  ops::Split op;
  PICABIA_ASSIGN_OR_RETURN(op.axis, ConstantAxis(c, 2, 0));
  PICABIA_ASSIGN_OR_RETURN(op.parts, Parts(c, "num_split"));
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 1, "the sizes"));
  const ir::ValueId x = c.inputs[0], sizes_id = c.inputs[1];
  const auto part_of = [&](int64_t i, const std::string& name) {
    op.index = i;
    return c.builder.AddNode(name, op, {x, sizes_id});
  };
  if (c.builder.FixedValue(sizes_id) == nullptr) return AddOutputs(c, op.parts, part_of);
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, ConstantIntegers(c, 1, "the sizes"));
  if (static_cast<int64_t>(sizes.size()) != op.parts) {
    return InvalidModel("attribute 'num_split' is " + std::to_string(op.parts) + ", expected " +
                        std::to_string(sizes.size()) + ", as many as there are sizes");
  }
  const auto rests = std::count(sizes.begin(), sizes.end(), -1);
  if (rests == 0) return AddOutputs(c, op.parts, part_of);
  int64_t sum = 0;
  for (const int64_t s : sizes) {
    if (rests > 1 || s < -1 || s > INT32_MAX)
      return InvalidModel("the sizes (input 1) are " + ShapeString(sizes) +
                          ", expected at most one -1 and no other negative number");
    sum += std::max<int64_t>(s, 0);
  }
  if (const auto size = SizeOf(c, 0, op.axis); size && *size < sum) {
    return InvalidModel("the sizes (input 1) are " + ShapeString(sizes) + ", expected at most " +
                        std::to_string(*size) + " together");
  }
  return AddOutputs(c, op.parts, [&](int64_t i, const std::string& name) {
    return c.builder.AddNode(name, PieceBesideRest(sizes, static_cast<size_t>(i), op.axis), {x});
  });
}

Result<ir::ValueId> ConvertIdentityN(NodeContext& c) {
  const std::vector<ir::ValueId> inputs = c.inputs;
  return AddOutputs(
      c, static_cast<int64_t>(inputs.size()), [&](int64_t i, const std::string& name) {
        return c.builder.AddNode(name, ops::Identity{}, {inputs[static_cast<size_t>(i)]});
      });
}

Result<ir::ValueId> ConvertGather(NodeContext& c) {
  c.attributes.Ignore("validate_indices");  // indices out of range are an error
  return AddNode(c, ops::Gather{0});
}

Result<ir::ValueId> ConvertGatherV2(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t batch_dims, c.attributes.Int("batch_dims", 0));
  if (batch_dims != 0) {
    return Unsupported("attribute 'batch_dims' is " + std::to_string(batch_dims) +
                       ", only 0 is supported");
  }
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantAxis(c, 2, 0));
  c.inputs.resize(2);
  return AddNode(c, ops::Gather{axis});
}

Result<ir::ValueId> ConvertGatherNd(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view policy,
                           c.attributes.String("bad_indices_policy", ""));
  if (!policy.empty() && policy != "DEFAULT" && policy != "ERROR") {
    return Unsupported("attribute 'bad_indices_policy' is " + Quoted(policy) +
                       ", expected '', 'DEFAULT' or 'ERROR'");
  }
  return AddNode(c, ops::GatherNd{0});
}

}  // namespace picabia::import::tensorflow
