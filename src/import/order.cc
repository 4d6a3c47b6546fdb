// Depth-first topological sort with its own stack. Called by both importers.
#include "import/order.h"

#include <algorithm>

namespace picabia::import {
namespace {

enum class State : uint8_t { kNew, kOnPath, kDone };

struct Frame {
  int32_t node;
  int32_t next_edge;
};

// The part of the path from `node` on: each of its nodes reads the next one, the last reads `node`.
std::vector<int32_t> CycleFrom(const std::vector<Frame>& path, int32_t node) {
  std::vector<int32_t> cycle;
  const auto start =
      std::find_if(path.begin(), path.end(), [node](const Frame& f) { return f.node == node; });
  for (auto it = start; it != path.end(); ++it) cycle.push_back(it->node);
  std::reverse(cycle.begin(), cycle.end());
  return cycle;
}

}  // namespace

Order TopologicalOrder(const Edges& edges) {
  Order order;
  order.nodes.reserve(static_cast<size_t>(edges.num_nodes()));
  std::vector<State> state(static_cast<size_t>(edges.num_nodes()), State::kNew);
  std::vector<Frame> path;
  for (int32_t root = 0; root < edges.num_nodes(); ++root) {
    if (state[static_cast<size_t>(root)] != State::kNew) continue;
    state[static_cast<size_t>(root)] = State::kOnPath;
    path.push_back({root, edges.begin[static_cast<size_t>(root)]});
    while (!path.empty()) {
      Frame& top = path.back();
      if (top.next_edge == edges.begin[static_cast<size_t>(top.node) + 1]) {
        state[static_cast<size_t>(top.node)] = State::kDone;
        order.nodes.push_back(top.node);
        path.pop_back();
        continue;
      }
      const int32_t from = edges.from[static_cast<size_t>(top.next_edge++)];
      State& from_state = state[static_cast<size_t>(from)];
      if (from_state == State::kOnPath) {
        order.cycle = CycleFrom(path, from);
        return order;
      }
      if (from_state == State::kDone) continue;
      from_state = State::kOnPath;
      path.push_back({from, edges.begin[static_cast<size_t>(from)]});
    }
  }
  return order;
}

}  // namespace picabia::import
