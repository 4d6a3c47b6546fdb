// Replaces one node of a graph; see variant.h.
#include "quant/variant.h"

#include <algorithm>

#include "proto/attr_value.h"
#include "proto/graph_def.h"

namespace picabia::quant {
namespace {

using proto::GraphDef;
using proto::GraphNode;

constexpr char kPower[] = "PowerDifference";
constexpr int kFloatType = 1;  // DT_FLOAT

bool MayReplace(const GraphNode& node, VariantOp op) {
  return node.op == "SquaredDifference" || (op == VariantOp::kPlaceholder && node.op == kPower);
}

// "moments_15/PowerDifference" for "moments_15/SquaredDifference".
std::string NewName(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? kPower : name.substr(0, slash + 1) + kPower;
}

Status NoSuchNode(const GraphDef& graph, const std::string& name, VariantOp op) {
  const GraphNode* node = graph.Find(name);
  std::string list;
  for (const GraphNode& each : graph.nodes()) {
    if (MayReplace(each, op)) list += (list.empty() ? "" : ", ") + each.name;
  }
  const std::string found =
      node == nullptr ? "there is no node '" + name + "'" : "node '" + name + "' is " + node->op;
  return NotFound(found + ", expected one that squares a difference" +
                  (list.empty() ? ", which this graph has not" : ": " + list));
}

// Without that the third input has no place.
Status CheckInputs(const GraphNode& node) {
  const auto data = std::count_if(node.inputs.begin(), node.inputs.end(),
                                  [](const std::string& input) { return !input.starts_with('^'); });
  const bool in_front =
      data >= 2 && !node.inputs[0].starts_with('^') && !node.inputs[1].starts_with('^');
  if (in_front) return OkStatus();
  return InvalidArgument("node '" + node.name + "' (" + node.op + ") has " + std::to_string(data) +
                         " inputs, expected two in front");
}

GraphNode Placeholder(const std::string& name) {
  GraphNode node;
  node.name = name;
  node.op = "Placeholder";
  node.Set("shape", proto::AttrOfUnknownShape());
  node.Set("dtype", proto::AttrOfType(kFloatType));
  return node;
}

// Readers of `from` read `to`.
void Rename(GraphDef& graph, const std::string& from, const std::string& to) {
  for (GraphNode& node : graph.nodes()) {
    for (std::string& input : node.inputs) {
      const bool control = input.starts_with('^');
      const std::string tail =
          input.substr(std::min(input.size(), from.size() + (control ? 1 : 0)));
      if (proto::NodeOfInput(input) != from) continue;
      node.Touch();
      input = (control ? "^" : "") + to + tail;
    }
  }
}

}  // namespace

Result<std::string> MakeVariant(std::string_view model, const std::string& name, VariantOp op) {
  PICABIA_ASSIGN_OR_RETURN(GraphDef graph, GraphDef::Parse(model));
  const std::string plain = name.ends_with(":0") ? name.substr(0, name.size() - 2) : name;
  GraphNode* node = graph.Find(plain);
  if (node == nullptr || !MayReplace(*node, op)) return NoSuchNode(graph, plain, op);
  PICABIA_RETURN_IF_ERROR(CheckInputs(*node));
  const std::string renamed = NewName(plain), power = renamed + "_z";
  for (const std::string& taken : {renamed, power}) {
    if (taken != plain && graph.Find(taken) != nullptr &&
        (op == VariantOp::kPowerDifference || taken == renamed)) {
      return InvalidArgument("node '" + plain + "' cannot be replaced: the graph has a node '" +
                             taken + "' already");
    }
  }
  if (op == VariantOp::kPlaceholder) {
    *node = Placeholder(renamed);
  } else {
    node->Touch();
    node->name = renamed;
    node->op = kPower;
    node->inputs.insert(node->inputs.begin() + 2, power);
  }
  Rename(graph, plain, renamed);
  if (op == VariantOp::kPowerDifference)
    graph.nodes().insert(graph.nodes().begin(), Placeholder(power));
  return graph.Serialize();
}

}  // namespace picabia::quant
