// What several passes need: constants read as numbers, fresh names, who uses what. Called by the
// passes only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ir/graph.h"

namespace picabia::passes {

// The number in a float constant of one element (of rank <= max_rank), or nothing.
std::optional<float> ScalarConstant(const ir::Graph& graph, ir::ValueId id, size_t max_rank = 4);

// Whether `id` is a float constant with `channels` elements, all in one dimension.
bool IsChannelVector(const ir::Graph& graph, ir::ValueId id, int64_t channels);

// Names that no value has yet.
class FreshNames {
 public:
  explicit FreshNames(const ir::Graph& graph) : graph_(graph) {}
  std::string Make(const std::string& base);

 private:
  const ir::Graph& graph_;
  std::unordered_set<std::string> taken_;  // filled at the first call
};

// Float constants that broadcast over [N, H, W, C] as [C] does, as constants of shape [C]. Equal
// requests share one constant, so that many nodes over one constant cannot multiply its size.
class ChannelVectors {
 public:
  ChannelVectors(ir::Graph& graph, FreshNames& names) : graph_(graph), names_(names) {}
  // Whether Get can make one: all dimensions are 1 but the last, which is `channels` or 1.
  bool Fits(ir::ValueId id, int64_t channels) const;
  Result<ir::ValueId> Get(ir::ValueId id, int64_t channels);

 private:
  ir::Graph& graph_;
  FreshNames& names_;
  std::map<std::pair<ir::ValueId, int64_t>, ir::ValueId> made_;
};

// For each value: the only node that reads it, or -1 when several do, none does, or the graph puts
// it out.
std::vector<int32_t> OnlyReaders(const ir::Graph& graph);

// The graph's outputs, marked.
std::vector<bool> OutputMarks(const ir::Graph& graph);

}  // namespace picabia::passes
