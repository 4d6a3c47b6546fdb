// Callbacks of the host as nodes; see host.h.
#include "compile/host.h"

#include <algorithm>
#include <utility>

#include "import/order.h"

namespace picabia::compile {
namespace {

using ir::ValueId;

constexpr char kHostType[] = "host:";  // begins the type of a Custom that is a callback

Status Replace(ir::Graph& graph, const HostCallback& callback) {
  PICABIA_ASSIGN_OR_RETURN(const ValueId output, graph.FindValue(callback.tensor));
  ir::Value& value = graph.value(output);
  ir::Node node;
  node.name = value.name;
  node.outputs.push_back(output);
  std::vector<DType> types;
  for (const std::string& name : callback.inputs) {
    PICABIA_ASSIGN_OR_RETURN(const ValueId input, graph.FindValue(name));
    node.inputs.push_back(input);
    types.push_back(graph.value(input).dtype);
  }
  PICABIA_ASSIGN_OR_RETURN(
      ops::Custom op, ops::MakeCustom(kHostType + value.name, callback.implementation, "", types));
  if (op.to != value.dtype)
    return InvalidArgument(std::string("the callback gives ") + DTypeName(op.to) +
                           ", the model has " + DTypeName(value.dtype));
  node.op = std::move(op);
  const auto producer = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const auto& n) {
    return std::find(n.outputs.begin(), n.outputs.end(), output) != n.outputs.end();
  });
  if (producer != graph.nodes.end()) {
    if (producer->outputs.size() != 1)
      return Unsupported("a tensor whose node has several outputs cannot be a callback's");
    if (const auto* custom = std::get_if<ops::Custom>(&producer->op);
        custom != nullptr && custom->type.starts_with(kHostType))
      return InvalidArgument("it has a callback already");
    *producer = std::move(node);
    return OkStatus();
  }
  if (value.constant) return Unsupported("it is a constant");
  std::erase(graph.inputs, output);
  value.declared_shape.reset();
  value.frozen_shape.reset();
  graph.nodes.push_back(std::move(node));
  return OkStatus();
}

// Every node behind those that it reads, again.
Status Sort(ir::Graph& graph) {
  const std::vector<int32_t> producers = ir::Producers(graph);
  import::Edges edges;
  for (const ir::Node& node : graph.nodes) {
    for (const ValueId input : node.inputs) {
      const int32_t producer = producers[static_cast<size_t>(input.index)];
      if (producer >= 0) edges.from.push_back(producer);
    }
    edges.EndNode();
  }
  const import::Order order = import::TopologicalOrder(edges);
  if (!order.cycle.empty()) {
    std::string path;
    for (const int32_t n : order.cycle)
      path += "'" + graph.nodes[static_cast<size_t>(n)].name + "' -> ";
    const std::string& first = graph.nodes[static_cast<size_t>(order.cycle[0])].name;
    return InvalidArgument("the inputs of a callback depend on what it gives: " + path + "'" +
                           first + "'");
  }
  std::vector<ir::Node> sorted;
  sorted.reserve(graph.nodes.size());
  for (const int32_t n : order.nodes)
    sorted.push_back(std::move(graph.nodes[static_cast<size_t>(n)]));
  graph.nodes = std::move(sorted);
  return OkStatus();
}

}  // namespace

Status BindCallbacks(ir::Graph& graph, const std::vector<HostCallback>& callbacks) {
  if (callbacks.empty()) return OkStatus();
  for (const HostCallback& callback : callbacks)
    PICABIA_RETURN_IF_ERROR(
        Replace(graph, callback).WithContext("callback for '" + callback.tensor + "'"));
  return Sort(graph);
}

}  // namespace picabia::compile
