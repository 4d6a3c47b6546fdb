// Puts the nodes of a file in an order in which every input precedes its use. Used by both
// importers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace picabia::import {

// For each node the nodes that it reads: those of node i are from[begin[i]] to from[begin[i+1]-1].
struct Edges {
  std::vector<int32_t> begin{0};  // an edge takes 2 bytes of a file of at most 2 GiB
  std::vector<int32_t> from;

  int32_t num_nodes() const { return static_cast<int32_t>(begin.size()) - 1; }
  std::span<const int32_t> of(int32_t node) const {
    const auto first = static_cast<size_t>(begin[static_cast<size_t>(node)]);
    const auto last = static_cast<size_t>(begin[static_cast<size_t>(node) + 1]);
    return std::span(from).subspan(first, last - first);
  }
  // Ends the list of the next node.
  void EndNode() { begin.push_back(static_cast<int32_t>(from.size())); }
};

struct Order {
  std::vector<int32_t> nodes;  // all of them, unless there is a cycle
  std::vector<int32_t> cycle;  // nodes of one cycle, each read by the next, the last by the first
};

// A file that is in order already keeps its order. Linear time, no recursion.
Order TopologicalOrder(const Edges& edges);

}  // namespace picabia::import
