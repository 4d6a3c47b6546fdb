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
#include "import/onnx/fold.h"
#include "import/onnx/model_proto.h"
#include "import/tensor_data.h"
#include "ir/graph.h"

namespace picabia::import::onnx {

// What a converter has at hand for one node.
struct NodeContext {
  std::string name;    // the node's own, or that of its output
  std::string output;  // the value to make
  Attributes& attributes;
  std::vector<ir::ValueId> inputs;         // index -1: left out, or in `folded`
  std::vector<const SmallTensor*> folded;  // what the picture's size decides; null for the others
  Builder& builder;
  const Owner& owner;
  ParseLog& log;
  int64_t opset;
  // Filters in Picabia's layout, by the constant that they were made of: a filter that many nodes
  // share is converted once.
  std::unordered_map<int32_t, ir::ValueId>& filters;

  bool HasInput(size_t i) const { return i < inputs.size() && inputs[i].index >= 0; }
};

using Converter = Result<ir::ValueId> (*)(NodeContext&);

struct Operator {
  std::string_view op_type;
  int min_inputs;
  int max_inputs;
  Converter convert;
  bool takes_sizes = false;  // reads NodeContext::folded
};

// All rows, sorted by name.
std::span<const Operator> Operators();
const Operator* FindOperator(std::string_view op_type);

Result<ir::ValueId> AddNode(NodeContext& context, ops::Op op);
// Adds a spatial node between transposes: input 0 becomes NHWC, the result NCHW again.
Result<ir::ValueId> AddSpatial(NodeContext& context, ops::Op op);

// The constant at an input; an error says that `what` must be one.
Result<const Tensor*> ConstantInput(const NodeContext& context, size_t input, const char* what);
Result<std::vector<int64_t>> ConstantIntegers(const NodeContext& context, size_t input,
                                              const char* what);
// One float.
Result<float> ConstantFloat(const NodeContext& context, size_t input, const char* what);

// Converters of convolution.cc, spatial.cc and resize.cc.
Result<ir::ValueId> ConvertConv(NodeContext& context);
Result<ir::ValueId> ConvertConvTranspose(NodeContext& context);
Result<ir::ValueId> ConvertInstanceNormalization(NodeContext& context);
Result<ir::ValueId> ConvertBatchNormalization(NodeContext& context);
Result<ir::ValueId> ConvertPad(NodeContext& context);
Result<ir::ValueId> ConvertUpsample(NodeContext& context);
Result<ir::ValueId> ConvertResize(NodeContext& context);

}  // namespace picabia::import::onnx
