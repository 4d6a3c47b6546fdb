// ONNX's ModelProto as plain structs that view the bytes of the file. Parsed by importer.cc; nodes
// and the contents of tensors are parsed when they are needed, so that memory stays near the size
// of the file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "import/attributes.h"
#include "import/tensor_data.h"
#include "import/wire.h"

namespace picabia::import::onnx {

struct NodeProto {
  std::string_view name;  // may be empty
  std::string_view op_type;
  std::string_view domain;
  std::string_view message;  // of the whole node
};

struct TensorProto {
  std::string_view name;
  std::string_view message;
};

struct ValueInfoProto {
  std::string_view name;
  bool is_tensor = false;
  int64_t elem_type = 0;
  std::optional<Shape> shape;  // nothing: unknown rank; -1: a dimension that is free
};

struct OpsetId {
  std::string_view domain;
  int64_t version = 0;
};

struct ModelProto {
  int64_t ir_version = 0;
  std::vector<OpsetId> opsets;
  std::vector<std::string_view> nodes;  // messages for ParseNode()
  std::vector<TensorProto> initializers;
  std::vector<ValueInfoProto> inputs;
  std::vector<ValueInfoProto> outputs;
  int graphs = 0;  // how many graph messages the file has; 1 in a valid one
  bool has_sparse_initializers = false;
  std::map<std::string, std::string> image_metadata;  // metadata_props with a key of "Image."
};

// Field numbers of the file format are those of onnx.proto. Graphs inside attributes and functions
// are never descended into: no operator that has them is supported, and nesting is bounded by
// construction.
Result<ModelProto> ParseModel(ParseLog& log);

NodeProto ParseNode(std::string_view message, ParseLog& log);

// An empty name stands for an optional input or output that is left out.
Result<std::vector<std::string_view>> ParseInputs(const NodeProto& node, ParseLog& log);
Result<std::vector<std::string_view>> ParseOutputs(const NodeProto& node, ParseLog& log);

Result<Attributes> ParseAttributes(const NodeProto& node, ParseLog& log);
constexpr size_t kMaxAttributes = 64;  // the operators with most have about 15

// TensorProto.DataType; the error names the ones that cannot be read.
Result<DType> ToDType(int64_t data_type);

// Its data may be in another file of the model's folder: owner.external.
Result<Tensor> ParseTensor(std::string_view message, const Owner& owner, ParseLog& log);

}  // namespace picabia::import::onnx
