// Shapes as far as the graph alone tells them: each dimension is a number, or an unknown plus a
// number. Two equal dimensions are equal for every picture. Called by passes that must know that an
// operator does not broadcast.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "ir/graph.h"

namespace picabia::passes {

struct Dim {
  int32_t symbol = -1;  // -1: the number alone
  int64_t offset = 0;
  bool IsNumber() const { return symbol < 0; }
  bool operator==(const Dim&) const = default;
};

// Nothing where even the rank is unknown.
using SymbolicShape = std::optional<std::vector<Dim>>;

// One for each value. The declared shapes of graph inputs are taken as promises, those of inner
// values are not looked at.
std::vector<SymbolicShape> SymbolicShapes(const ir::Graph& graph);

}  // namespace picabia::passes
