// TensorFlow's operators and how each becomes one of Picabia's. importer.cc looks rows up and calls
// them in an order in which every input is there already.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "import/attributes.h"
#include "import/builder.h"
#include "import/compose.h"
#include "import/custom.h"
#include "import/tensor_data.h"
#include "import/tensorflow/graph_def.h"
#include "ir/graph.h"

namespace picabia::import::tensorflow {

// An output behind the first that is wanted.
struct MoreOutput {
  int64_t index;
  ir::ValueId value;
};

// What a converter has at hand for one node. Of its inputs, index -1 stands for a size that is not
// computed.
struct NodeContext : ConverterContext {
  const NodeDef& node;
  Owner& owner;
  ParseLog& log;
  int64_t producer;  // GraphDef version
  bool is_read;      // whether another node reads one of the outputs
  // Outputs that other nodes read; a converter of several outputs sets their values.
  std::vector<MoreOutput> more_outputs;
  int64_t& spare_outputs;  // how many the whole graph may still have that no node reads
  CustomType custom;       // of a node whose type is a loaded operator
};

using Converter = Result<ir::ValueId> (*)(NodeContext&);

struct Operator {
  std::string_view name;
  int min_inputs;
  int max_inputs;
  Converter convert;  // null: the node computes nothing and has no value
  // Which input only says how large the result is, or kNoSize. What computes it need not be known.
  int size_input = -1;
  bool many_outputs = false;
};
constexpr int kNoSize = -1;

// All rows, sorted by name.
std::span<const Operator> Operators();
// The row of an operator, or null.
const Operator* FindOperator(std::string_view name);
// The row of every loaded operator.
const Operator& CustomOperatorRow();

// ---- what converters share (compose.cc, and import/compose.h)

// The attribute data_format: NHWC (also when absent) or NCHW.
Result<Layout> DataFormat(NodeContext& context);
// Adds a spatial node; of an NCHW one, input 0 and the result are transposed around it.
Result<ir::ValueId> AddSpatial(NodeContext& context, Layout layout, ops::Op op);
// An error for an input that is no int32 or int64.
Status CheckIntegers(const NodeContext& context, size_t input, const char* what);
// The one integer of a constant input.
Result<int64_t> ConstantInteger(const NodeContext& context, size_t input, const char* what);
// A constant axis of input `of`, >= 0.
Result<int64_t> ConstantAxis(const NodeContext& context, size_t input, size_t of);
// The attribute `name`, which says once more how many there are of something.
Status CheckCount(NodeContext& context, const char* name, size_t count);
// The attribute `name` as an element type.
Result<DType> TypeAttribute(NodeContext& context, const char* name, DType fallback);
// The node has `count` outputs: those that nothing reads become wanted, too, where nothing reads
// any of them. An error for wanted ones that do not exist.
Status WantOutputs(NodeContext& context, int64_t count);
// The name of the value of an output.
std::string OutputName(const NodeContext& context, int64_t index);

// ---- windows (convolution.cc)

// The attribute `name`, 4 values of which those of batch and channels are 1: height and width.
Result<std::array<int64_t, 2>> SpatialPair(NodeContext& context, std::string_view name,
                                           Layout layout);
// Strides, padding, and, where the operator has them, dilations.
Result<ops::Window> ParseWindow(NodeContext& context, Layout layout, bool dilations);

// ---- converters; the rows that use them are in operators.cc

// convolution.cc
Result<ir::ValueId> ConvertConv2D(NodeContext& context);
Result<ir::ValueId> ConvertConv2DBackpropInput(NodeContext& context);
Result<ir::ValueId> ConvertDepthwiseConv2d(NodeContext& context);
// integer_convolution.cc
Result<ir::ValueId> ConvertInt8Conv2D(NodeContext& context);
Result<ir::ValueId> ConvertInt8Conv2DBackpropInput(NodeContext& context);
Result<ir::ValueId> ConvertInt16Conv2D(NodeContext& context);
Result<ir::ValueId> ConvertInt16Conv2DBackpropInput(NodeContext& context);
Result<ir::ValueId> ConvertInt8MatMul(NodeContext& context);
Result<ir::ValueId> ConvertInt16MatMul(NodeContext& context);
// elementwise.cc
Result<ir::ValueId> ConvertAddN(NodeContext& context);
Result<ir::ValueId> ConvertCast(NodeContext& context);
Result<ir::ValueId> ConvertComparison(NodeContext& context, ops::BinaryKind kind);
Result<ir::ValueId> ConvertExpm1(NodeContext& context);
Result<ir::ValueId> ConvertIsFinite(NodeContext& context);
Result<ir::ValueId> ConvertLeakyRelu(NodeContext& context);
Result<ir::ValueId> ConvertLog1p(NodeContext& context);
Result<ir::ValueId> ConvertRelu6(NodeContext& context);
Result<ir::ValueId> ConvertRound(NodeContext& context);
Result<ir::ValueId> ConvertRsqrt(NodeContext& context);
Result<ir::ValueId> ConvertSelect(NodeContext& context);
Result<ir::ValueId> ConvertSelu(NodeContext& context);
Result<ir::ValueId> ConvertSquare(NodeContext& context);
// layout.cc
Result<ir::ValueId> ConvertBroadcastTo(NodeContext& context);
Result<ir::ValueId> ConvertConcat(NodeContext& context);
Result<ir::ValueId> ConvertConcatV2(NodeContext& context);
Result<ir::ValueId> ConvertExpandDims(NodeContext& context);
Result<ir::ValueId> ConvertFill(NodeContext& context);
Result<ir::ValueId> ConvertFilledLike(NodeContext& context, double value);
Result<ir::ValueId> ConvertGather(NodeContext& context);
Result<ir::ValueId> ConvertGatherNd(NodeContext& context);
Result<ir::ValueId> ConvertGatherV2(NodeContext& context);
Result<ir::ValueId> ConvertIdentityN(NodeContext& context);
Result<ir::ValueId> ConvertPack(NodeContext& context);
Result<ir::ValueId> ConvertRange(NodeContext& context);
Result<ir::ValueId> ConvertRank(NodeContext& context);
Result<ir::ValueId> ConvertReshape(NodeContext& context);
Result<ir::ValueId> ConvertShape(NodeContext& context);
Result<ir::ValueId> ConvertSize(NodeContext& context);
Result<ir::ValueId> ConvertSplit(NodeContext& context);
Result<ir::ValueId> ConvertSplitV(NodeContext& context);
Result<ir::ValueId> ConvertSqueeze(NodeContext& context);
Result<ir::ValueId> ConvertTile(NodeContext& context);
Result<ir::ValueId> ConvertTranspose(NodeContext& context);
Result<ir::ValueId> ConvertUnpack(NodeContext& context);
// slice.cc
Result<ir::ValueId> ConvertSlice(NodeContext& context);
Result<ir::ValueId> ConvertStridedSlice(NodeContext& context);
// norm.cc
Result<ir::ValueId> ConvertBiasAdd(NodeContext& context);
Result<ir::ValueId> ConvertFusedBatchNorm(NodeContext& context);
Result<ir::ValueId> ConvertLrn(NodeContext& context);
// pad.cc
Result<ir::ValueId> ConvertBatchToSpaceNd(NodeContext& context);
Result<ir::ValueId> ConvertDepthToSpace(NodeContext& context);
Result<ir::ValueId> ConvertMirrorPad(NodeContext& context);
Result<ir::ValueId> ConvertPad(NodeContext& context);
Result<ir::ValueId> ConvertSpaceToBatchNd(NodeContext& context);
Result<ir::ValueId> ConvertSpaceToDepth(NodeContext& context);
// pool.cc
Result<ir::ValueId> ConvertPoolBy(NodeContext& context, ops::PoolKind kind);
// reduce.cc
Result<ir::ValueId> ConvertArgBy(NodeContext& context, ops::ArgKind kind);
Result<ir::ValueId> ConvertBatchMatMul(NodeContext& context);
Result<ir::ValueId> ConvertMatMul(NodeContext& context);
Result<ir::ValueId> ConvertReduceBy(NodeContext& context, ops::ReduceKind kind);
Result<ir::ValueId> ConvertSoftmaxBy(NodeContext& context, ops::SoftmaxKind kind);
// resize.cc
Result<ir::ValueId> ConvertResizeBy(NodeContext& context, ops::ResizeMode mode);

}  // namespace picabia::import::tensorflow
