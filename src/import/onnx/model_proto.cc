// Wire format of ModelProto and what is in it to structs. Called by importer.cc.
#include "import/onnx/model_proto.h"

#include <string>
#include <utility>

#include "import/names.h"
#include "import/source.h"

namespace picabia::import::onnx {
namespace {

NodeProto ParseNode(std::string_view message, ParseLog& log) {
  NodeProto node;
  node.message = message;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 3:
        node.name = fields.Bytes();
        break;
      case 4:
        node.op_type = fields.Bytes();
        break;
      case 7:
        node.domain = fields.Bytes();
        break;
      default:
        fields.Skip();
    }
  }
  return node;
}

TensorProto ParseTensorName(std::string_view message, ParseLog& log) {
  TensorProto tensor;
  tensor.message = message;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 8) {
      tensor.name = fields.Bytes();
    } else {
      fields.Skip();
    }
  }
  return tensor;
}

// TensorShapeProto.Dimension: a value, or a parameter's name or nothing, both of which mean free.
int64_t ParseDimension(std::string_view message, ParseLog& log) {
  int64_t size = -1;
  const char* at = message.data();
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) {
      size = fields.Int();
      if (size < 0) log.Fail(at, "a dimension is " + std::to_string(size));
    } else {
      fields.Skip();
    }
  }
  return size;
}

Shape ParseShape(std::string_view message, ParseLog& log) {
  Shape shape;
  const char* at = message.data();
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() != 1) {
      fields.Skip();
      continue;
    }
    shape.push_back(ParseDimension(fields.Bytes(), log));
    if (shape.size() > kMaxRank) log.Fail(at, "a shape has more than 32 dimensions");
  }
  return shape;
}

void ParseTensorType(std::string_view message, ValueInfoProto& info, ParseLog& log) {
  info.is_tensor = true;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        info.elem_type = fields.Int();
        break;
      case 2:
        info.shape = ParseShape(fields.Bytes(), log);
        break;
      default:
        fields.Skip();
    }
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
        if (type.number() == 1) {
          ParseTensorType(type.Bytes(), info, log);
        } else {
          type.Skip();
        }
      }
    } else {
      fields.Skip();
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
        model.nodes.push_back(ParseNode(fields.Bytes(), log));
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
        fields.Skip();
        break;
      default:
        fields.Skip();
    }
  }
}

OpsetId ParseOpset(std::string_view message, ParseLog& log) {
  OpsetId opset;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        opset.domain = fields.Bytes();
        break;
      case 2:
        opset.version = fields.Int();
        break;
      default:
        fields.Skip();
    }
  }
  return opset;
}

// The strings of one repeated field of a node.
Result<std::vector<std::string_view>> ParseStrings(const NodeProto& node, uint32_t number,
                                                   ParseLog& log) {
  std::vector<std::string_view> strings;
  FieldReader fields(node.message, log);
  while (fields.Next()) {
    if (fields.number() == number) {
      strings.push_back(fields.Bytes());
    } else {
      fields.Skip();
    }
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  return strings;
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
        fields.Floats([&](float v) { attribute.floats.push_back(v); });
        found = kFloats;
        break;
      case 8:
        fields.Ints([&](int64_t v) { attribute.ints.push_back(v); });
        found = kInts;
        break;
      case 20:
        type = fields.Int();
        break;
      default:
        fields.Skip();
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
      default:
        fields.Skip();
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
      default:
        fields.Skip();
    }
  }
  if (!log.ok() && !model.nodes.empty()) {
    return log.status().WithContext("in or after node " + std::to_string(model.nodes.size() - 1) +
                                    " (" + Quoted(model.nodes.back().name) + ")");
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  if (HasTooMany(model)) return TooManyNodes();
  return model;
}

Result<std::vector<std::string_view>> ParseInputs(const NodeProto& node, ParseLog& log) {
  return ParseStrings(node, 1, log);
}

Result<std::vector<std::string_view>> ParseOutputs(const NodeProto& node, ParseLog& log) {
  return ParseStrings(node, 2, log);
}

Result<Attributes> ParseAttributes(const NodeProto& node, ParseLog& log) {
  std::vector<Attribute> all;
  FieldReader fields(node.message, log);
  while (fields.Next()) {
    if (fields.number() != 5) {
      fields.Skip();
      continue;
    }
    if (all.size() == kMaxAttributes) {
      return InvalidModel("more than " + std::to_string(kMaxAttributes) + " attributes");
    }
    all.push_back(ParseAttribute(fields.Bytes(), log));
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  Attributes attributes(std::move(all));
  PICABIA_RETURN_IF_ERROR(attributes.CheckUnique());
  return attributes;
}

}  // namespace picabia::import::onnx
