// Padding, and operators that regroup pixels. Called by the table in operators.cc.
#include <array>
#include <string>

#include "import/names.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {
namespace {

// Input 1 is [rank, 2]: elements before and after each axis. A computed one is looked at when it
// runs.
Status CheckPaddings(const NodeContext& c, size_t input) {
  const Tensor* paddings = c.builder.FixedValue(c.inputs[input]);
  if (paddings == nullptr) return OkStatus();
  const Shape& shape = paddings->shape();
  if (shape.size() != 2 || shape[1] != 2) {
    return InvalidModel("the paddings have shape " + ShapeString(shape) +
                        ", expected one pair for each dimension");
  }
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values,
                           ConstantIntegers(c, input, "the paddings"));
  for (const int64_t v : values) {
    if (v < 0 || v > INT32_MAX) {
      return InvalidModel("a padding is " + std::to_string(v) + ", expected 0 to 2147483647");
    }
  }
  return OkStatus();
}

struct Blocks {
  std::array<int64_t, 2> block{1, 1};
  std::array<int64_t, 4> edges{0, 0, 0, 0};  // top, left, bottom, right
};

// Block sizes and paddings or crops of height, or of height and width, of a picture.
Result<Blocks> ParseBlocks(const NodeContext& c, const char* edges_name) {
  PICABIA_ASSIGN_OR_RETURN(const auto block, ConstantIntegers(c, 1, "the block shape"));
  PICABIA_ASSIGN_OR_RETURN(const auto edges, ConstantIntegers(c, 2, edges_name));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  if (rank != 4 || block.empty() || block.size() > 2 || edges.size() != 2 * block.size())
    return Unsupported("it has " + std::to_string(block.size()) + " block sizes and " +
                       std::to_string(edges.size()) + " " + edges_name + " for a tensor of rank " +
                       std::to_string(rank) +
                       ", expected one or two blocks with two each, and rank 4");
  Blocks blocks;
  for (size_t i = 0; i < block.size(); ++i) {
    blocks.block[i] = block[i];
    blocks.edges[i] = edges[2 * i];
    blocks.edges[i + 2] = edges[2 * i + 1];
  }
  return blocks;
}

Result<int64_t> BlockSize(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t block, c.attributes.Int("block_size", 0));
  return block;
}

}  // namespace

Result<ir::ValueId> ConvertPad(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckPaddings(c, 1));
  return AddNode(c, ops::Pad{});
}

Result<ir::ValueId> ConvertMirrorPad(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckPaddings(c, 1));
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode, c.attributes.String("mode", ""));
  if (mode != "REFLECT" && mode != "SYMMETRIC") {
    return Unsupported("attribute 'mode' is " + Quoted(mode) +
                       ", expected 'REFLECT' or 'SYMMETRIC'");
  }
  ops::Pad pad;
  pad.mode = mode == "REFLECT" ? ops::PadMode::kReflect : ops::PadMode::kSymmetric;
  return AddNode(c, std::move(pad));
}

Result<ir::ValueId> ConvertSpaceToBatchNd(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Blocks blocks, ParseBlocks(c, "paddings"));
  c.inputs.resize(1);
  return AddNode(c, ops::SpaceToBatch{blocks.block, blocks.edges});
}

Result<ir::ValueId> ConvertBatchToSpaceNd(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Blocks blocks, ParseBlocks(c, "crops"));
  c.inputs.resize(1);
  return AddNode(c, ops::BatchToSpace{blocks.block, blocks.edges});
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

}  // namespace picabia::import::tensorflow
