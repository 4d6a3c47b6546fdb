#include "studio/host_inputs.h"

#include <algorithm>
#include <variant>

namespace picabia::studio {
namespace {

// For each value: whether it is computed from one of `sources`, or is one.
std::vector<bool> ComputedFrom(const ir::Graph& graph, const std::vector<ir::ValueId>& sources) {
  std::vector<bool> computed(graph.values.size(), false);
  const auto at = [&](ir::ValueId id) { return computed[static_cast<size_t>(id.index)]; };
  for (const ir::ValueId id : sources) computed[static_cast<size_t>(id.index)] = true;
  for (const ir::Node& node : graph.nodes) {
    if (!std::ranges::any_of(node.inputs, at)) continue;
    for (const ir::ValueId id : node.outputs) computed[static_cast<size_t>(id.index)] = true;
  }
  return computed;
}

bool IsReducedOnly(const ir::Graph& graph, ir::ValueId input) {
  bool reduced = false;
  for (const ir::Node& node : graph.nodes) {
    if (std::ranges::find(node.inputs, input) == node.inputs.end()) continue;
    if (!std::holds_alternative<ops::Reduce>(node.op)) return false;
    reduced = true;
  }
  return reduced;
}

}  // namespace

std::optional<ir::ValueId> NormalizedTensor(const ir::Graph& graph, ir::ValueId input) {
  if (!IsReducedOnly(graph, input)) return std::nullopt;
  const std::vector<bool> of_input = ComputedFrom(graph, {input});
  std::vector<ir::ValueId> known, unknown;
  for (const ir::ValueId id : graph.inputs)
    (graph.value(id).declared_shape ? known : unknown).push_back(id);
  const std::vector<bool> of_known = ComputedFrom(graph, known);
  const std::vector<bool> of_unknown = ComputedFrom(graph, unknown);
  const auto is = [](const std::vector<bool>& set, ir::ValueId id) {
    return set[static_cast<size_t>(id.index)];
  };
  for (const ir::Node& node : graph.nodes) {
    if (!std::holds_alternative<ops::Binary>(node.op)) continue;
    const ir::ValueId a = node.inputs[0], b = node.inputs[1];
    if (is(of_input, a) == is(of_input, b)) continue;
    const ir::ValueId other = is(of_input, a) ? b : a;
    if (is(of_unknown, other)) return std::nullopt;  // of which no shape is known, either
    if (is(of_known, other)) return other;           // else a constant, as epsilon is
  }
  return std::nullopt;
}

Status KeepOutputsThatNeed(ir::Graph& graph, const std::vector<ir::ValueId>& inputs) {
  const std::vector<bool> needing = ComputedFrom(graph, inputs);
  std::vector<ir::ValueId> kept;
  for (const ir::ValueId id : graph.outputs)
    if (needing[static_cast<size_t>(id.index)]) kept.push_back(id);
  return kept.empty() ? OkStatus() : ir::SetInterface(graph, {}, kept);
}

}  // namespace picabia::studio
