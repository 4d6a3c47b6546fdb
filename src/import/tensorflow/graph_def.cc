// Wire format of GraphDef, NodeDef and AttrValue to structs. Called by importer.cc.
#include "import/tensorflow/graph_def.h"

#include <string>
#include <utility>

#include "import/names.h"
#include "import/source.h"

namespace picabia::import::tensorflow {
namespace {

// AttrValue.ListValue: integers and floats are kept; a list of anything else is of another kind.
void ParseList(std::string_view message, Attribute& attribute, ParseLog& log) {
  bool other = false;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 3:
        ReadNumbers(fields, attribute.ints, log);
        break;
      case 4:
        ReadNumbers(fields, attribute.floats, log);
        break;
      default:
        other = true;
    }
  }
  if (other || (!attribute.ints.empty() && !attribute.floats.empty())) {
    attribute.kind = Attribute::Kind::kOther;
  } else {
    attribute.kind = attribute.floats.empty() ? Attribute::Kind::kInts : Attribute::Kind::kFloats;
  }
}

}  // namespace

std::optional<Shape> ParseShape(std::string_view message, ParseLog& log) {
  Shape shape = ReadDimensions(message, 2, 0, log);
  if (ReadInt(message, 3, 0, log) != 0) return std::nullopt;  // unknown_rank
  return shape;
}

namespace {

void ParseAttrValue(std::string_view message, Attribute& attribute, ParseLog& log) {
  using Kind = Attribute::Kind;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        ParseList(fields.Bytes(), attribute, log);
        break;
      case 2:
        attribute.kind = Kind::kString;
        attribute.bytes = fields.Bytes();
        break;
      case 3:
      case 5:
        attribute.kind = Kind::kInt;
        attribute.integer = fields.Int();
        break;
      case 4:
        attribute.kind = Kind::kFloat;
        attribute.number = fields.Float();
        break;
      case 6:
        attribute.kind = Kind::kType;
        attribute.integer = fields.Int();
        break;
      case 7:
        attribute.kind = Kind::kShape;
        attribute.shape = ParseShape(fields.Bytes(), log);
        break;
      case 8:
        attribute.kind = Kind::kTensor;
        attribute.bytes = fields.Bytes();
        break;
      default:  // functions and their placeholders
        attribute.kind = Kind::kOther;
    }
  }
}

// An entry of the map of attributes.
Attribute ParseAttribute(std::string_view message, ParseLog& log) {
  Attribute attribute;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) attribute.name = fields.Bytes();
    if (fields.number() == 2) ParseAttrValue(fields.Bytes(), attribute, log);
  }
  return attribute;
}

}  // namespace

Result<GraphDef> ParseGraphDef(ParseLog& log) {
  GraphDef graph;
  FieldReader fields(log.file(), log);
  while (fields.Next()) {
    if (fields.number() == 1) {
      if (graph.nodes.size() == kMaxNodes) return TooManyNodes();
      graph.nodes.push_back(fields.Bytes());
      ParseNode(graph.nodes.back(), log);
    } else if (fields.number() == 4) {
      graph.producer = ReadInt(fields.Bytes(), 1, 0, log);
    }
  }
  if (!log.ok() && !graph.nodes.empty()) {
    ParseLog names({reinterpret_cast<const std::byte*>(log.file().data()), log.file_size()});
    return log.status().WithContext("in or after node " +
                                    Quoted(ParseNode(graph.nodes.back(), names).name));
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  if (graph.nodes.empty()) return InvalidModel("the graph has no nodes");
  return graph;
}

NodeDef ParseNode(std::string_view message, ParseLog& log) {
  NodeDef node;
  node.message = message;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) node.name = fields.Bytes();
    if (fields.number() == 2) node.op = fields.Bytes();
  }
  return node;
}

Result<std::vector<std::string_view>> ParseInputs(const NodeDef& node, ParseLog& log) {
  PICABIA_ASSIGN_OR_RETURN(auto inputs, ReadStrings(node.message, 3, log));
  std::erase_if(inputs, [](std::string_view input) { return input.starts_with('^'); });
  return inputs;
}

Result<Attributes> ParseAttributes(const NodeDef& node, ParseLog& log) {
  return ReadAttributes(node.message, kMaxAttributes, log, ParseAttribute);
}

}  // namespace picabia::import::tensorflow
