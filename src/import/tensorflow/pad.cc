// Padding, and operators that trade space for channels or batch. Called by the table in
// operators.cc.
#include <string>

#include "import/names.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {
namespace {

// Input i is [rank, 2]: elements before and after each axis. Those that the graph computes are
// looked at when it runs.
Status CheckPaddings(const NodeContext& c, size_t i, const char* what) {
  const std::string label = std::string(what) + "s";
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, i, ("the " + label).c_str()));
  const Shape* shape = c.builder.ProbeShape(c.inputs[i]);
  if (shape == nullptr || shape->size() != 2 || (*shape)[1] != 2) {
    return InvalidModel("the " + label + " have shape " +
                        (shape == nullptr ? "?" : ShapeString(*shape)) +
                        ", expected one pair for each dimension");
  }
  const Tensor* fixed = c.builder.FixedValue(c.inputs[i]);
  if (fixed == nullptr) return OkStatus();
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values,
                           ConstantIntegers(c, i, ("the " + label).c_str()));
  for (const int64_t v : values) {
    if (v >= 0 && v <= INT32_MAX) continue;
    return InvalidModel("a " + std::string(what) + " is " + std::to_string(v) +
                        ", expected 0 to 2147483647");
  }
  return OkStatus();
}

// Attribute block_size of a picture.
Result<int64_t> BlockSize(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t block, c.attributes.Int("block_size", 0));
  if (block >= 1 && block <= 1024) return block;
  return InvalidModel("attribute 'block_size' is " + std::to_string(block) +
                      ", expected 1 to 1024");
}

// Input 1 names the sizes of one or two axes behind the batch; with one axis, or without channels,
// the picture gets axes of 1, which leave the result again.
struct Blocks {
  std::array<int64_t, 2> block{1, 1};
  std::vector<int64_t> added;  // axes
};

Result<Blocks> ReadBlocks(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes,
                           ConstantIntegers(c, 1, "the block shape"));
  if (sizes.size() != 1 && sizes.size() != 2) {
    return Unsupported("the block shape (input 1) has " + std::to_string(sizes.size()) +
                       " values, expected 1 or 2");
  }
  // Two axes of a tensor that nothing is known of are those of a picture.
  size_t rank = 4;
  if (sizes.size() == 1 || c.builder.Rank(c.inputs[0]) >= 0) {
    PICABIA_ASSIGN_OR_RETURN(rank, RankOf(c, 0));
  }
  if (rank > 4 || rank < sizes.size() + 1) {
    return Unsupported("its input has rank " + std::to_string(rank) + ", expected " +
                       std::to_string(sizes.size() + 1) + " to 4");
  }
  Blocks blocks;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 1 || sizes[i] > INT32_MAX)
      return InvalidModel("a block is " + std::to_string(sizes[i]) + ", expected at least 1");
    blocks.block[i] = sizes[i];
  }
  if (rank < 4 && sizes.size() == 1) blocks.added.push_back(2);
  if (rank + blocks.added.size() < 4) blocks.added.push_back(3);
  return blocks;
}

// Input 2, as [2, 2].
Result<ir::ValueId> EdgePairs(NodeContext& c, const char* what) {
  PICABIA_RETURN_IF_ERROR(CheckPaddings(c, 2, what));
  if ((*c.builder.ProbeShape(c.inputs[2]))[0] == 2) return c.inputs[2];
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId flat,
                           AddIntegers(c, "none", {0, 0}, c.builder.dtype(c.inputs[2])));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId none,
                           AddStep(c, "no_width", ops::Unsqueeze{{0}}, {flat}));
  return AddStep(c, "edges", ops::Concat{0}, {c.inputs[2], none});
}

template <typename Op>
Result<ir::ValueId> ConvertBlocks(NodeContext& c, Op op, const char* what) {
  PICABIA_ASSIGN_OR_RETURN(const Blocks blocks, ReadBlocks(c));
  op.block = blocks.block;
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId edges, EdgePairs(c, what));
  c.inputs = {c.inputs[0], edges};
  if (blocks.added.empty()) return AddNode(c, op);
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0],
                           AddStep(c, "picture", ops::Unsqueeze{blocks.added}, {c.inputs[0]}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId result, AddStep(c, "result", op, c.inputs));
  c.inputs = {result};
  return AddNode(c, ops::Squeeze{blocks.added});
}

}  // namespace

Result<ir::ValueId> ConvertPad(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckPaddings(c, 1, "padding"));
  if (c.inputs.size() == 3) {
    const DType found = c.builder.dtype(c.inputs[2]), expected = c.builder.dtype(c.inputs[0]);
    if (found != expected) {
      return InvalidModel("the value to pad with (input 2) is " + std::string(DTypeName(found)) +
                          ", expected " + DTypeName(expected));
    }
  }
  return AddNode(c, ops::Pad{});
}

Result<ir::ValueId> ConvertMirrorPad(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckPaddings(c, 1, "padding"));
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode, c.attributes.String("mode", ""));
  if (mode != "REFLECT" && mode != "SYMMETRIC") {
    return Unsupported("attribute 'mode' is " + Quoted(mode) +
                       ", expected 'REFLECT' or 'SYMMETRIC'");
  }
  ops::Pad pad;
  pad.mode = mode == "REFLECT" ? ops::PadMode::kReflect : ops::PadMode::kSymmetric;
  return AddNode(c, std::move(pad));
}

Result<ir::ValueId> ConvertDepthToSpace(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_ASSIGN_OR_RETURN(const int64_t block, BlockSize(c));
  return AddSpatial(c, layout, ops::DepthToSpace{block, ops::BlockOrder::kDcr});
}

Result<ir::ValueId> ConvertSpaceToDepth(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_ASSIGN_OR_RETURN(const int64_t block, BlockSize(c));
  return AddSpatial(c, layout, ops::SpaceToDepth{block});
}

Result<ir::ValueId> ConvertSpaceToBatchNd(NodeContext& c) {
  return ConvertBlocks(c, ops::SpaceToBatch{}, "padding");
}
Result<ir::ValueId> ConvertBatchToSpaceNd(NodeContext& c) {
  return ConvertBlocks(c, ops::BatchToSpace{}, "crop");
}

}  // namespace picabia::import::tensorflow
