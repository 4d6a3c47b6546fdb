// Wire format of ModelProto and what is in it to structs. Called by importer.cc.
#include "import/onnx/model_proto.h"

#include <limits>
#include <string>
#include <utility>

#include "import/names.h"
#include "import/source.h"

namespace picabia::import::onnx {
namespace {

TensorProto ParseTensorName(std::string_view message, ParseLog& log) {
  TensorProto tensor;
  tensor.message = message;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 8) tensor.name = fields.Bytes();
  }
  return tensor;
}

// TensorShapeProto: a dimension without a value, which may have a parameter's name, is free.
Shape ParseShape(std::string_view message, ParseLog& log) {
  constexpr int64_t kAbsent = std::numeric_limits<int64_t>::min();
  Shape shape = ReadDimensions(message, 1, kAbsent, log);
  for (int64_t& d : shape) {
    if (d == kAbsent) {
      d = -1;
    } else if (d < 0) {
      log.Fail(message.data(), "a dimension is " + std::to_string(d));
    }
  }
  return shape;
}

void ParseTensorType(std::string_view message, ValueInfoProto& info, ParseLog& log) {
  info.is_tensor = true;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) info.elem_type = fields.Int();
    if (fields.number() == 2) info.shape = ParseShape(fields.Bytes(), log);
  }
}

ValueInfoProto ParseValueInfo(std::string_view message, ParseLog& log) {
  ValueInfoProto info;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) {
      info.name = fields.Bytes();
    } else if (fields.number() == 2) {
      FieldReader type(fields.Bytes(), log);
      while (type.Next()) {
        if (type.number() == 1) ParseTensorType(type.Bytes(), info, log);
      }
    }
  }
  return info;
}

// Initializers and inputs become values as nodes do, and count as such.
bool HasTooMany(const ModelProto& model) {
  return model.nodes.size() + model.initializers.size() + model.inputs.size() > kMaxNodes;
}

void ParseGraph(std::string_view message, ModelProto& model, ParseLog& log) {
  ++model.graphs;
  FieldReader fields(message, log);
  while (!HasTooMany(model) && fields.Next()) {
    switch (fields.number()) {
      case 1:
        model.nodes.push_back(fields.Bytes());
        ParseNode(model.nodes.back(), log);
        break;
      case 5:
        model.initializers.push_back(ParseTensorName(fields.Bytes(), log));
        break;
      case 11:
        model.inputs.push_back(ParseValueInfo(fields.Bytes(), log));
        break;
      case 12:
        model.outputs.push_back(ParseValueInfo(fields.Bytes(), log));
        break;
      case 15:
        model.has_sparse_initializers = true;
        break;
    }
  }
}

OpsetId ParseOpset(std::string_view message, ParseLog& log) {
  OpsetId opset;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) opset.domain = fields.Bytes();
    if (fields.number() == 2) opset.version = fields.Int();
  }
  return opset;
}

// AttributeProto.type, and what the others are not read for: graphs, lists of tensors, ...
constexpr int64_t kFloat = 1, kInt = 2, kString = 3, kTensor = 4, kFloats = 6, kInts = 7;

Attribute::Kind KindOf(int64_t type) {
  switch (type) {
    case kFloat:
      return Attribute::Kind::kFloat;
    case kInt:
      return Attribute::Kind::kInt;
    case kString:
      return Attribute::Kind::kString;
    case kTensor:
      return Attribute::Kind::kTensor;
    case kFloats:
      return Attribute::Kind::kFloats;
    case kInts:
      return Attribute::Kind::kInts;
    default:
      return Attribute::Kind::kOther;
  }
}

// Before IR version 2 the type was told by the field that is there; it must agree with the type.
void SetKind(Attribute& attribute, int64_t type, int64_t found, const char* at, ParseLog& log) {
  if (type != 0 && found != 0 && type != found) {
    log.Fail(at, "attribute " + Quoted(attribute.name) + " says that it is of type " +
                     std::to_string(type) + " and holds a value of type " + std::to_string(found));
  }
  attribute.kind = KindOf(type != 0 ? type : found);
}

Attribute ParseAttribute(std::string_view message, ParseLog& log) {
  Attribute attribute;
  int64_t type = 0;
  int64_t found = 0;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        attribute.name = fields.Bytes();
        break;
      case 2:
        attribute.number = fields.Float();
        found = kFloat;
        break;
      case 3:
        attribute.integer = fields.Int();
        found = kInt;
        break;
      case 4:
        attribute.bytes = fields.Bytes();
        found = kString;
        break;
      case 5:
        attribute.bytes = fields.Bytes();
        found = kTensor;
        break;
      case 7:
        ReadNumbers(fields, attribute.floats, log);
        found = kFloats;
        break;
      case 8:
        ReadNumbers(fields, attribute.ints, log);
        found = kInts;
        break;
      case 20:
        type = fields.Int();
        break;
    }
  }
  SetKind(attribute, type, found, message.data(), log);
  return attribute;
}

// A StringStringEntryProto. Only what is said of pictures is kept, and no more of it than the
// specification has words for.
void ParseMetadata(std::string_view message, ModelProto& model, ParseLog& log) {
  constexpr size_t kMaxEntries = 16, kMaxLength = 64;
  std::string_view key, value;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        key = fields.Bytes();
        break;
      case 2:
        value = fields.Bytes();
        break;
    }
  }
  if (!key.starts_with("Image.") || key.size() > kMaxLength || value.size() > kMaxLength) return;
  if (model.image_metadata.size() < kMaxEntries) model.image_metadata.emplace(key, value);
}

}  // namespace

Result<ModelProto> ParseModel(ParseLog& log) {
  ModelProto model;
  FieldReader fields(log.file(), log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        model.ir_version = fields.Int();
        break;
      case 7:
        ParseGraph(fields.Bytes(), model, log);
        break;
      case 8:
        model.opsets.push_back(ParseOpset(fields.Bytes(), log));
        break;
      case 14:
        ParseMetadata(fields.Bytes(), model, log);
        break;
    }
  }
  if (!log.ok() && !model.nodes.empty()) {
    ParseLog names({reinterpret_cast<const std::byte*>(log.file().data()), log.file_size()});
    return log.status().WithContext("in or after node " + std::to_string(model.nodes.size() - 1) +
                                    " (" + Quoted(ParseNode(model.nodes.back(), names).name) + ")");
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  if (HasTooMany(model)) return TooManyNodes();
  return model;
}

NodeProto ParseNode(std::string_view message, ParseLog& log) {
  NodeProto node;
  node.message = message;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 3) node.name = fields.Bytes();
    if (fields.number() == 4) node.op_type = fields.Bytes();
    if (fields.number() == 7) node.domain = fields.Bytes();
  }
  return node;
}

Result<std::vector<std::string_view>> ParseInputs(const NodeProto& node, ParseLog& log) {
  return ReadStrings(node.message, 1, log);
}

Result<std::vector<std::string_view>> ParseOutputs(const NodeProto& node, ParseLog& log) {
  return ReadStrings(node.message, 2, log);
}

Result<Attributes> ParseAttributes(const NodeProto& node, ParseLog& log) {
  return ReadAttributes(node.message, kMaxAttributes, log, ParseAttribute);
}

}  // namespace picabia::import::onnx
