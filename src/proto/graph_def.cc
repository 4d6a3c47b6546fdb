// GraphDef for editing; see graph_def.h. Field numbers are those of graph.proto and node_def.proto.
#include "proto/graph_def.h"

#include <algorithm>
#include <protozero/pbf_writer.hpp>

#include "proto/message.h"

namespace picabia::proto {
namespace {

Result<GraphAttr> ParseAttr(std::string_view message) {
  GraphAttr attr;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> fields, SplitFields(message));
  for (const RawField& field : fields) {
    if (field.number == 1) attr.name = field.bytes;
    if (field.number == 2) attr.value = field.bytes;
  }
  return attr;
}

Result<GraphNode> ParseNode(std::string_view message) {
  GraphNode node;
  node.original = message;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> fields, SplitFields(message));
  for (const RawField& field : fields) {
    switch (field.number) {
      case 1:
        node.name = field.bytes;
        break;
      case 2:
        node.op = field.bytes;
        break;
      case 3:
        node.inputs.emplace_back(field.bytes);
        break;
      case 4:
        node.device = field.bytes;
        break;
      case 5: {
        PICABIA_ASSIGN_OR_RETURN(GraphAttr attr, ParseAttr(field.bytes));
        node.attrs.push_back(std::move(attr));
        break;
      }
      default:
        node.rest += field.whole;
    }
  }
  return node;
}

std::string NodeMessage(const GraphNode& node) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_string(1, node.name);
  writer.add_string(2, node.op);
  for (const std::string& input : node.inputs) writer.add_string(3, input);
  if (!node.device.empty()) writer.add_string(4, node.device);
  for (const GraphAttr& attr : node.attrs) {
    std::string entry;
    protozero::pbf_writer entry_writer(entry);
    entry_writer.add_string(1, attr.name);
    entry_writer.add_message(2, attr.value);
    writer.add_message(5, entry);
  }
  return bytes + node.rest;
}

template <typename Nodes>
auto* FindIn(Nodes& nodes, std::string_view name) {
  const auto it =
      std::find_if(nodes.begin(), nodes.end(), [&](const auto& node) { return node.name == name; });
  return it == nodes.end() ? nullptr : &*it;
}

}  // namespace

const std::string* GraphNode::Find(std::string_view attr) const {
  const auto* found = FindIn(attrs, attr);
  return found == nullptr ? nullptr : &found->value;
}

void GraphNode::Set(const std::string& attr, std::string value) {
  Touch();
  if (auto* found = FindIn(attrs, attr)) {
    found->value = std::move(value);
  } else {
    attrs.push_back({attr, std::move(value)});
  }
}

void GraphNode::Remove(std::string_view attr) {
  Touch();
  std::erase_if(attrs, [&](const GraphAttr& each) { return each.name == attr; });
}

Result<GraphDef> GraphDef::Parse(std::string_view bytes) {
  GraphDef graph;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> fields, SplitFields(bytes));
  for (const RawField& field : fields) {
    if (field.number == 1) {
      PICABIA_ASSIGN_OR_RETURN(GraphNode node, ParseNode(field.bytes));
      graph.nodes_.push_back(std::move(node));
    } else {
      (graph.nodes_.empty() ? graph.before_ : graph.after_) += field.whole;
    }
  }
  return graph;
}

std::string GraphDef::Serialize() const {
  std::string bytes = before_;
  protozero::pbf_writer writer(bytes);
  for (const GraphNode& node : nodes_) {
    if (node.original.data() != nullptr) {
      writer.add_message(1, node.original.data(), node.original.size());
    } else {
      writer.add_message(1, NodeMessage(node));
    }
  }
  return bytes + after_;
}

GraphNode* GraphDef::Find(std::string_view name) { return FindIn(nodes_, name); }
const GraphNode* GraphDef::Find(std::string_view name) const { return FindIn(nodes_, name); }

std::string_view NodeOfInput(std::string_view input) {
  if (input.starts_with('^')) input.remove_prefix(1);
  return input.substr(0, input.find(':'));
}

}  // namespace picabia::proto
