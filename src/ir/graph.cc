// The graph's consistency helpers: building, who makes and who reads a value, cutting a graph down
// to an interface. Called by importers, passes and compile/. Every walk is a loop over the nodes'
// order, so that the depth of a graph costs no stack.
#include "ir/graph.h"

#include <algorithm>
#include <utility>

namespace picabia::ir {
namespace {

// The values on which the graph's outputs depend.
std::vector<bool> NeededValues(const Graph& graph) {
  std::vector<bool> needed(graph.values.size(), false);
  for (ValueId id : graph.outputs) needed[static_cast<size_t>(id.index)] = true;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool live = std::any_of(node->outputs.begin(), node->outputs.end(), [&](ValueId id) {
      return needed[static_cast<size_t>(id.index)];
    });
    if (!live) continue;
    for (ValueId id : node->inputs) needed[static_cast<size_t>(id.index)] = true;
  }
  return needed;
}

// Turns inner values and constants into values that come from outside.
void CutProducers(Graph& graph, const std::vector<ValueId>& inputs) {
  std::vector<bool> fed(graph.values.size(), false);
  for (ValueId id : inputs) {
    fed[static_cast<size_t>(id.index)] = true;
    Value& value = graph.value(id);
    if (!value.constant) continue;
    value.declared_shape = value.constant->shape();
    value.constant.reset();
  }
  std::erase_if(graph.nodes, [&](const Node& node) {  // a node has one output (Verify)
    return fed[static_cast<size_t>(node.outputs[0].index)];
  });
}

Status CheckIds(const Graph& graph, const std::vector<ValueId>& ids, const char* what) {
  for (ValueId id : ids) {
    if (id.index < 0 || static_cast<size_t>(id.index) >= graph.values.size())
      return InvalidArgument(std::string(what) + ": value " + std::to_string(id.index) +
                             " is not one of the graph's " + std::to_string(graph.values.size()));
  }
  return OkStatus();
}

Status CheckDistinct(const Graph& graph, std::vector<ValueId> ids) {
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice == ids.end()) return OkStatus();
  return InvalidArgument("'" + graph.value(*twice).name + "' is fed twice");
}

// Inputs that the outputs need and nobody feeds are an error.
Status CheckFed(const Graph& graph, const std::vector<ValueId>& old_inputs) {
  const std::vector<bool> needed = NeededValues(graph);
  std::string missing;
  for (ValueId id : old_inputs) {
    const bool fed = std::find(graph.inputs.begin(), graph.inputs.end(), id) != graph.inputs.end();
    if (fed || !needed[static_cast<size_t>(id.index)]) continue;
    const Value& value = graph.value(id);
    missing += (missing.empty() ? "'" : ", '") + value.name + "' (" + DTypeName(value.dtype) + " " +
               (value.declared_shape ? ShapeString(*value.declared_shape) : "of any shape") + ")";
  }
  if (missing.empty()) return OkStatus();
  std::string outputs;
  for (ValueId o : graph.outputs)
    outputs += (outputs.empty() ? "'" : ", '") + graph.value(o).name + "'";
  return InvalidArgument("input " + missing + " is not fed, and the outputs need it: " + outputs);
}

}  // namespace

ValueId Graph::AddValue(Value value) {
  values.push_back(std::move(value));
  return {static_cast<int32_t>(values.size()) - 1};
}

ValueId Graph::AddConstant(std::string name, Tensor tensor) {
  Value value;
  value.name = std::move(name);
  value.dtype = tensor.dtype();
  value.constant = std::move(tensor);
  return AddValue(std::move(value));
}

ValueId Graph::AddNode(std::string name, ops::Op op, std::vector<ValueId> inputs, DType dtype) {
  Value value;
  value.name = name;
  value.dtype = dtype;
  const ValueId id = AddValue(std::move(value));
  nodes.push_back({std::move(name), std::move(op), std::move(inputs), {id}});
  return id;
}

std::vector<int32_t> Producers(const Graph& graph) {
  std::vector<int32_t> producers(graph.values.size(), -1);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (ValueId id : graph.nodes[n].outputs)
      producers[static_cast<size_t>(id.index)] = static_cast<int32_t>(n);
  }
  return producers;
}

std::vector<int32_t> UseCounts(const Graph& graph) {
  std::vector<int32_t> uses(graph.values.size(), 0);
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.inputs) ++uses[static_cast<size_t>(id.index)];
  }
  for (ValueId id : graph.outputs) ++uses[static_cast<size_t>(id.index)];
  return uses;
}

Status SetInterface(Graph& graph, const std::vector<ValueId>& inputs,
                    const std::vector<ValueId>& outputs) {
  PICABIA_RETURN_IF_ERROR(Verify(graph));
  PICABIA_RETURN_IF_ERROR(CheckIds(graph, inputs, "inputs"));
  PICABIA_RETURN_IF_ERROR(CheckIds(graph, outputs, "outputs"));
  PICABIA_RETURN_IF_ERROR(CheckDistinct(graph, inputs));
  if (!outputs.empty()) graph.outputs = outputs;
  if (inputs.empty()) {
    const std::vector<bool> needed = NeededValues(graph);
    std::erase_if(graph.inputs, [&](ValueId id) { return !needed[static_cast<size_t>(id.index)]; });
  } else {
    const std::vector<ValueId> old_inputs = std::exchange(graph.inputs, inputs);
    CutProducers(graph, inputs);
    PICABIA_RETURN_IF_ERROR(CheckFed(graph, old_inputs));
  }
  RemoveDeadCode(graph);
  return OkStatus();
}

void RemoveDeadCode(Graph& graph) {
  std::vector<bool> needed = NeededValues(graph);
  std::erase_if(graph.nodes, [&](const Node& node) {
    return std::none_of(node.outputs.begin(), node.outputs.end(),
                        [&](ValueId id) { return needed[static_cast<size_t>(id.index)]; });
  });
  for (ValueId id : graph.inputs) needed[static_cast<size_t>(id.index)] = true;
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.outputs) needed[static_cast<size_t>(id.index)] = true;
  }
  std::vector<ValueId> renumbered(graph.values.size());
  int32_t count = 0;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (!needed[i]) continue;
    renumbered[i] = {count};
    if (static_cast<size_t>(count) != i)
      graph.values[static_cast<size_t>(count)] = std::move(graph.values[i]);
    ++count;
  }
  graph.values.resize(static_cast<size_t>(count));
  const auto renumber = [&](auto& ids) {
    for (ValueId& id : ids) id = renumbered[static_cast<size_t>(id.index)];
  };
  renumber(graph.inputs);
  renumber(graph.outputs);
  for (Node& node : graph.nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
}

}  // namespace picabia::ir
