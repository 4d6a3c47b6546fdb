// TensorFlow's GraphDef message as plain structs that view the bytes of the file. Parsed by
// importer.cc; nodes are parsed when they are needed, so that memory stays near the size of the
// file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "import/attributes.h"
#include "import/tensor_data.h"
#include "import/wire.h"

namespace picabia::import::tensorflow {

struct NodeDef {
  std::string_view name;
  std::string_view op;
  std::string_view message;  // of the whole node; inputs and attributes are read from it on demand
};

struct GraphDef {
  std::vector<std::string_view> nodes;  // messages for ParseNode()
  int64_t producer = 0;                 // version of TensorFlow's graph format
};

// Field numbers of the file format are TensorFlow's graph.proto, node_def.proto, attr_value.proto,
// tensor.proto and tensor_shape.proto. Functions, and whatever else is nested deeper than a graph
// of plain nodes needs, are never descended into, so nesting is bounded by construction.
Result<GraphDef> ParseGraphDef(ParseLog& log);

NodeDef ParseNode(std::string_view message, ParseLog& log);

// Names of the inputs as the file spells them, control inputs ("^name") left out.
Result<std::vector<std::string_view>> ParseInputs(const NodeDef& node, ParseLog& log);

Result<Attributes> ParseAttributes(const NodeDef& node, ParseLog& log);
constexpr size_t kMaxAttributes = 256;  // TensorFlow's largest operators have about 40

// DataType of types.proto; the error names the ones that cannot be read.
Result<DType> ToDType(int64_t data_type);

// A TensorShapeProto; nothing for an unknown rank, -1 for a free dimension.
std::optional<Shape> ParseShape(std::string_view message, ParseLog& log);

// A TensorProto. Takes what it fills from owner.fill_budget.
Result<Tensor> ParseTensor(std::string_view message, Owner& owner, ParseLog& log);

}  // namespace picabia::import::tensorflow
