// What several passes need: constants read as numbers, fresh names, who uses what.
#include "passes/rewrite.h"

#include <algorithm>

namespace picabia::passes {

std::optional<float> ScalarConstant(const ir::Graph& graph, ir::ValueId id, size_t max_rank) {
  const ir::Value& v = graph.value(id);
  if (!v.constant || v.dtype != DType::kF32 || v.constant->num_elements() != 1) return std::nullopt;
  if (v.constant->shape().size() > max_rank) return std::nullopt;
  return *v.constant->data<float>();
}

bool IsChannelVector(const ir::Graph& graph, ir::ValueId id, int64_t channels) {
  const ir::Value& v = graph.value(id);
  return v.constant && v.dtype == DType::kF32 && v.constant->shape() == Shape{channels};
}

std::string FreshNames::Make(const std::string& base) {
  if (taken_.empty()) {
    for (const ir::Value& v : graph_.values) taken_.insert(v.name);
  }
  std::string name = base;
  for (int i = 1; !taken_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

bool ChannelVectors::Fits(ir::ValueId id, int64_t channels) const {
  const ir::Value& v = graph_.value(id);
  if (!v.constant || v.dtype != DType::kF32 || channels < 1) return false;
  const Shape& shape = v.constant->shape();
  if (shape.size() > 4) return false;
  const int64_t elements = v.constant->num_elements();
  return elements == 1 || (elements == channels && shape.back() == channels);
}

Result<ir::ValueId> ChannelVectors::Get(ir::ValueId id, int64_t channels) {
  if (IsChannelVector(graph_, id, channels)) return id;
  const auto [at, fresh] = made_.emplace(std::make_pair(id, channels), ir::ValueId{});
  if (!fresh) return at->second;
  const Tensor old = *graph_.value(id).constant;
  Tensor vector;
  if (old.num_elements() == channels) {
    PICABIA_ASSIGN_OR_RETURN(vector, old.Reshaped({channels}));
  } else {
    PICABIA_ASSIGN_OR_RETURN(vector, Tensor::Create(DType::kF32, {channels}));
    std::fill_n(vector.MutableData<float>(), channels, *old.data<float>());
  }
  const std::string name = names_.Make(graph_.value(id).name + "/channels");
  at->second = graph_.AddConstant(name, std::move(vector));
  return at->second;
}

std::vector<int32_t> OnlyReaders(const ir::Graph& graph) {
  const std::vector<int32_t> uses = ir::UseCounts(graph);
  std::vector<int32_t> readers(graph.values.size(), -1);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (ir::ValueId id : graph.nodes[n].inputs) {
      const auto v = static_cast<size_t>(id.index);
      if (uses[v] == 1) readers[v] = static_cast<int32_t>(n);
    }
  }
  return readers;
}

std::vector<bool> OutputMarks(const ir::Graph& graph) {
  std::vector<bool> marks(graph.values.size(), false);
  for (ir::ValueId id : graph.outputs) marks[static_cast<size_t>(id.index)] = true;
  return marks;
}

}  // namespace picabia::passes
