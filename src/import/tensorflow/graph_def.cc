// Wire format of GraphDef, NodeDef and AttrValue to structs. Called by importer.cc.
#include "import/tensorflow/graph_def.h"

#include <string>
#include <utility>

#include "import/names.h"
#include "import/source.h"

namespace picabia::import::tensorflow {
namespace {

NodeDef ParseNode(std::string_view message, ParseLog& log) {
  NodeDef node;
  node.message = message;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        node.name = fields.Bytes();
        break;
      case 2:
        node.op = fields.Bytes();
        break;
      default:
        fields.Skip();
    }
  }
  return node;
}

int64_t ParseProducer(std::string_view message, ParseLog& log) {
  int64_t producer = 0;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) {
      producer = fields.Int();
    } else {
      fields.Skip();
    }
  }
  return producer;
}

int64_t ParseDimension(std::string_view message, ParseLog& log) {
  int64_t size = 0;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) {
      size = fields.Int();
    } else {
      fields.Skip();
    }
  }
  return size;
}

// AttrValue.ListValue: integers and floats are kept; a list of anything else is of another kind.
void ParseList(std::string_view message, Attribute& attribute, ParseLog& log) {
  bool other = false;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 3:
        fields.Ints([&](int64_t v) { attribute.ints.push_back(v); });
        break;
      case 4:
        fields.Floats([&](float v) { attribute.floats.push_back(v); });
        break;
      default:
        other = true;
        fields.Skip();
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
  Shape shape;
  bool unknown_rank = false;
  const char* at = message.data();
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 2:
        shape.push_back(ParseDimension(fields.Bytes(), log));
        if (shape.size() > kMaxRank) log.Fail(at, "a shape has more than 32 dimensions");
        break;
      case 3:
        unknown_rank = fields.Bool();
        break;
      default:
        fields.Skip();
    }
  }
  if (unknown_rank) return std::nullopt;
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
        fields.Skip();
    }
  }
}

Attribute ParseAttribute(std::string_view message, ParseLog& log) {
  Attribute attribute;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        attribute.name = fields.Bytes();
        break;
      case 2:
        ParseAttrValue(fields.Bytes(), attribute, log);
        break;
      default:
        fields.Skip();
    }
  }
  return attribute;
}

}  // namespace

Result<GraphDef> ParseGraphDef(ParseLog& log) {
  GraphDef graph;
  FieldReader fields(log.file(), log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        if (graph.nodes.size() == kMaxNodes) return TooManyNodes();
        graph.nodes.push_back(ParseNode(fields.Bytes(), log));
        break;
      case 4:
        graph.producer = ParseProducer(fields.Bytes(), log);
        break;
      default:
        fields.Skip();
    }
  }
  if (!log.ok() && !graph.nodes.empty()) {
    return log.status().WithContext("after node " + Quoted(graph.nodes.back().name));
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  if (graph.nodes.empty()) return InvalidModel("the graph has no nodes");
  return graph;
}

Result<std::vector<std::string_view>> ParseInputs(const NodeDef& node, ParseLog& log) {
  std::vector<std::string_view> inputs;
  FieldReader fields(node.message, log);
  while (fields.Next()) {
    if (fields.number() != 3) {
      fields.Skip();
      continue;
    }
    const std::string_view input = fields.Bytes();
    if (!input.starts_with('^')) inputs.push_back(input);
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  return inputs;
}

Result<Attributes> ParseAttributes(const NodeDef& node, ParseLog& log) {
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

}  // namespace picabia::import::tensorflow
