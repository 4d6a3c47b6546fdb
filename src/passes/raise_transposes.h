// The first half of CancelTransposes. Called by cancel_transposes.cc only.
#pragma once

#include "ir/graph.h"
#include "passes/rewrite.h"

namespace picabia::passes {

// perm after `first`: output axis i is axis first[then[i]] of what goes in.
std::vector<int64_t> ComposePerms(const std::vector<int64_t>& first,
                                  const std::vector<int64_t>& then);
std::vector<int64_t> InversePerm(const std::vector<int64_t>& perm);
bool IsIdentityPerm(const std::vector<int64_t>& perm);

// Constants with their axes reordered; each asked for once is made once.
class TransposedConstants {
 public:
  TransposedConstants(ir::Graph& graph, FreshNames& names) : graph_(graph), names_(names) {}
  // A constant that stands to Transpose(x, perm) as `id` stands to x in an elementwise operator, or
  // nothing when `id` is not a constant of at most perm.size() axes or the budget is spent.
  Result<std::optional<ir::ValueId>> Get(ir::ValueId id, const std::vector<int64_t>& perm);

 private:
  ir::Graph& graph_;
  FreshNames& names_;
  // Bytes still to be spent: real constants beside Transposes have an element a channel, and one
  // large constant asked for in every order of its axes must not fill the memory.
  size_t budget_ = size_t{64} << 20;
  std::map<std::pair<ir::ValueId, std::vector<int64_t>>, ir::ValueId> made_;
};

// Transpose(f(x)) -> f(Transpose(x)) for elementwise operators and Pads between a graph input and a
// Transpose, so that the Pad stands at the convolution. Returns how many operators changed places.
Result<int> RaiseTransposes(ir::Graph& graph, FreshNames& names, TransposedConstants& constants);

}  // namespace picabia::passes
