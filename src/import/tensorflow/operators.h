// TensorFlow's operators and how each becomes one of Picabia's. importer.cc looks rows up and calls
// them in an order in which every input is there already.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "import/attributes.h"
#include "import/builder.h"
#include "import/tensor_data.h"
#include "import/tensorflow/graph_def.h"
#include "ir/graph.h"

namespace picabia::import::tensorflow {

// What a converter has at hand for one node.
struct NodeContext {
  const NodeDef& node;
  std::string name;
  Attributes& attributes;
  std::vector<ir::ValueId> inputs;  // data inputs; index -1 for a size that is not computed
  Builder& builder;
  Owner& owner;
  ParseLog& log;
  int64_t producer;  // GraphDef version
};

using Converter = Result<ir::ValueId> (*)(NodeContext&);

struct Operator {
  std::string_view name;
  int min_inputs;
  int max_inputs;
  Converter convert;  // null: the node computes nothing and has no value
  // Which input only says how large the result is, or -1. What computes it need not be known.
  int size_input = -1;
};

// All rows, sorted by name.
std::span<const Operator> Operators();
// The row of an operator, or null.
const Operator* FindOperator(std::string_view name);

// Adds the node with the inputs that it has.
Result<ir::ValueId> AddNode(NodeContext& context, ops::Op op);

// The integers of a constant input; the error says that it must be one.
Result<std::vector<int64_t>> ConstantIntegers(const NodeContext& context, size_t input,
                                              const char* what);

// Converters of convolution.cc and spatial.cc.
Result<ir::ValueId> ConvertConv2D(NodeContext& context);
Result<ir::ValueId> ConvertConv2DBackpropInput(NodeContext& context);
Result<ir::ValueId> ConvertInt8Conv2D(NodeContext& context);
Result<ir::ValueId> ConvertInt8Conv2DBackpropInput(NodeContext& context);
Result<ir::ValueId> ConvertPad(NodeContext& context);
Result<ir::ValueId> ConvertMirrorPad(NodeContext& context);
Result<ir::ValueId> ConvertBiasAdd(NodeContext& context);
Result<ir::ValueId> ConvertFusedBatchNorm(NodeContext& context);
Result<ir::ValueId> ConvertResizeNearestNeighbor(NodeContext& context);

// The attribute data_format: NHWC (also when absent) or NCHW.
Result<Layout> DataFormat(NodeContext& context);

}  // namespace picabia::import::tensorflow
