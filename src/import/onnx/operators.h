// ONNX's operators and how each becomes one of Picabia's. importer.cc looks rows up and calls them
// in an order in which every input is there already.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "import/attributes.h"
#include "import/builder.h"
#include "import/compose.h"
#include "import/custom.h"
#include "import/onnx/model_proto.h"
#include "import/tensor_data.h"
#include "ir/graph.h"

namespace picabia::import::onnx {

// An output behind the first. A converter that can make it sets `value`.
struct MoreOutput {
  std::string_view name;  // empty: nobody wants it
  ir::ValueId value;
};

// What a converter has at hand for one node.
struct NodeContext : ConverterContext {
  std::vector<MoreOutput> more_outputs;
  const Owner& owner;
  ParseLog& log;
  int64_t opset;
  // Filters in Picabia's layout, by the constant that they were made of: a filter that many nodes
  // share is converted once.
  std::unordered_map<int32_t, ir::ValueId>& filters;
};

using Converter = Result<ir::ValueId> (*)(NodeContext&);

struct Operator {
  std::string_view op_type;
  int min_inputs;
  int max_inputs;
  Converter convert;
};

// All rows, sorted by name.
std::span<const Operator> Operators();
const Operator* FindOperator(std::string_view op_type);

// ---- what converters share (compose.cc, and import/compose.h)

// Adds a spatial node between transposes: input 0 becomes NHWC, the result NCHW again.
Result<ir::ValueId> AddSpatial(NodeContext& context, ops::Op op);
// Attribute `name`, or the fallback, as an axis >= 0 of input 0.
Result<int64_t> AxisAttribute(NodeContext& context, const char* name, int64_t fallback);
// Where axis a of an NCHW tensor is in NHWC.
int64_t NhwcAxis(int64_t nchw_axis);

// Whether an input is given: exporters pass an empty tensor for one that they leave out.
bool IsGiven(const NodeContext& context, size_t input);

// ---- windows (convolution.cc)

// strides, dilations, pads and auto_pad of an operator with so many (1 or 2) spatial axes. With one
// axis, height is 1.
Result<ops::Window> ParseWindow(NodeContext& context, size_t spatial_axes);
// A list attribute with one value of at least `least` for each of `count`.
Result<std::vector<int64_t>> WindowInts(NodeContext& context, const char* name,
                                        std::vector<int64_t> fallback, int64_t least);
// How many spatial axes input 0 has: 1 or 2; others are refused.
Result<size_t> SpatialAxes(const NodeContext& context);
// AddSpatial for one or two spatial axes; one gets a height of 1 and loses it again.
Result<ir::ValueId> AddWindowNode(NodeContext& context, size_t spatial_axes, ops::Op op);

// ---- converters; the rows that use them are in operators.cc

// convolution.cc
Result<ir::ValueId> ConvertConv(NodeContext& context);
Result<ir::ValueId> ConvertConvTranspose(NodeContext& context);
// pool.cc
Result<ir::ValueId> ConvertMaxPool(NodeContext& context);
Result<ir::ValueId> ConvertAveragePool(NodeContext& context);
Result<ir::ValueId> ConvertGlobalAveragePool(NodeContext& context);
Result<ir::ValueId> ConvertGlobalMaxPool(NodeContext& context);
// norm.cc
Result<ir::ValueId> ConvertBatchNormalization(NodeContext& context);
Result<ir::ValueId> ConvertGroupNormalization(NodeContext& context);
Result<ir::ValueId> ConvertInstanceNormalization(NodeContext& context);
Result<ir::ValueId> ConvertLayerNormalization(NodeContext& context);
Result<ir::ValueId> ConvertLpNormalization(NodeContext& context);
Result<ir::ValueId> ConvertMeanVarianceNormalization(NodeContext& context);
Result<ir::ValueId> ConvertRmsNormalization(NodeContext& context);
// elementwise.cc
Result<ir::ValueId> ConvertBitShift(NodeContext& context);
Result<ir::ValueId> ConvertCast(NodeContext& context);
Result<ir::ValueId> ConvertCastLike(NodeContext& context);
Result<ir::ValueId> ConvertClip(NodeContext& context);
Result<ir::ValueId> ConvertDequantizeLinear(NodeContext& context);
Result<ir::ValueId> ConvertDropout(NodeContext& context);
Result<ir::ValueId> ConvertGelu(NodeContext& context);
Result<ir::ValueId> ConvertHardSigmoid(NodeContext& context);
Result<ir::ValueId> ConvertIsInf(NodeContext& context);
Result<ir::ValueId> ConvertMean(NodeContext& context);
Result<ir::ValueId> ConvertMod(NodeContext& context);
Result<ir::ValueId> ConvertPow(NodeContext& context);
Result<ir::ValueId> ConvertQuantizeLinear(NodeContext& context);
Result<ir::ValueId> ConvertSelu(NodeContext& context);
Result<ir::ValueId> ConvertShrink(NodeContext& context);
// reduce.cc
Result<ir::ValueId> ConvertReduceBy(NodeContext& context, ops::ReduceKind kind);
Result<ir::ValueId> ConvertArg(NodeContext& context, ops::ArgKind kind);
Result<ir::ValueId> ConvertSoftmaxBy(NodeContext& context, ops::SoftmaxKind kind);
Result<ir::ValueId> ConvertGemm(NodeContext& context);
Result<ir::ValueId> ConvertMatMul(NodeContext& context);
// layout.cc
Result<ir::ValueId> ConvertConcat(NodeContext& context);
Result<ir::ValueId> ConvertConstant(NodeContext& context);
Result<ir::ValueId> ConvertConstantOfShape(NodeContext& context);
Result<ir::ValueId> ConvertDepthToSpace(NodeContext& context);
Result<ir::ValueId> ConvertExpand(NodeContext& context);
Result<ir::ValueId> ConvertFlatten(NodeContext& context);
Result<ir::ValueId> ConvertGather(NodeContext& context);
Result<ir::ValueId> ConvertGatherElements(NodeContext& context);
Result<ir::ValueId> ConvertGatherNd(NodeContext& context);
Result<ir::ValueId> ConvertPad(NodeContext& context);
Result<ir::ValueId> ConvertRange(NodeContext& context);
Result<ir::ValueId> ConvertReshape(NodeContext& context);
Result<ir::ValueId> ConvertShape(NodeContext& context);
Result<ir::ValueId> ConvertSize(NodeContext& context);
Result<ir::ValueId> ConvertSlice(NodeContext& context);
Result<ir::ValueId> ConvertSpaceToDepth(NodeContext& context);
Result<ir::ValueId> ConvertSplit(NodeContext& context);
Result<ir::ValueId> ConvertSqueeze(NodeContext& context);
Result<ir::ValueId> ConvertTile(NodeContext& context);
Result<ir::ValueId> ConvertTranspose(NodeContext& context);
Result<ir::ValueId> ConvertUnsqueeze(NodeContext& context);
// resize.cc
Result<ir::ValueId> ConvertUpsample(NodeContext& context);
Result<ir::ValueId> ConvertResize(NodeContext& context);

}  // namespace picabia::import::onnx
