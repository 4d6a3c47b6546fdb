// TensorFlow's GraphDef for editing: nodes that nobody touches, and all that is no node, keep their
// bytes. Called by the quantizer and by the rewrites of the command line.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace picabia::proto {

struct GraphAttr {
  std::string name;
  std::string value;  // an AttrValue message, see attr_value.h
};

struct GraphNode {
  std::string name, op;
  std::vector<std::string> inputs;  // as the file spells them, with control inputs
  std::string device;
  std::vector<GraphAttr> attrs;
  std::string rest;           // other fields of the message, whole
  std::string_view original;  // the message in the file; empty: it has been changed or is new

  // The attribute's message, or null.
  const std::string* Find(std::string_view attr) const;
  // Adds or replaces an attribute.
  void Set(const std::string& attr, std::string value);
  void Remove(std::string_view attr);
  // Call before any other change: the node is written anew.
  void Touch() { original = {}; }
};

class GraphDef {
 public:
  // `bytes` must outlive the object.
  static Result<GraphDef> Parse(std::string_view bytes);
  std::string Serialize() const;

  std::vector<GraphNode>& nodes() { return nodes_; }
  const std::vector<GraphNode>& nodes() const { return nodes_; }
  GraphNode* Find(std::string_view name);
  const GraphNode* Find(std::string_view name) const;

 private:
  std::vector<GraphNode> nodes_;
  std::string before_, after_;  // the fields around the nodes: versions, library
};

// "node" of an input "node", "node:1" or "^node".
std::string_view NodeOfInput(std::string_view input);

}  // namespace picabia::proto
