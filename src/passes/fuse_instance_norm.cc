// add(mul(scale, div(sub(x, m), pow(add(v, eps), 0.5))), shift) = InstanceNorm(x, scale, shift),
// where
//   m = mean of x over height and width        v = mean of (x - m)^2 over height and width
//
// The chain that TensorFlow's tf.nn.moments and a hand-written instance norm leave in a frozen
// graph. Other spellings: sqrt for pow 0.5; mul by 1/sqrt or by pow -0.5 for div; (x - m) * (x - m)
// or pow 2 for SquaredDifference; the operands of add and mul in either order. Not fused: a chain
// of which an inner value is read from outside or is a graph output, one whose PowerDifference
// stands where the SquaredDifference was, and one whose scale or shift might broadcast x to more
// channels. Scale and shift may be computed (conditional norms). Run by the pipeline after
// RemoveIdentities (StopGradient) and FoldConstants.
#include <algorithm>
#include <cmath>

#include "passes/pass.h"
#include "passes/rewrite.h"
#include "passes/symbolic.h"

namespace picabia::passes {
namespace {

using ir::Node;
using ir::ValueId;

struct Match {
  ValueId x, scale, shift;
  float epsilon = 0;
  std::vector<int32_t> nodes;  // of the chain, with repetitions
};

// Reads a chain backwards from its last node. Each function is handed the value that it explains.
class ChainMatcher {
 public:
  ChainMatcher(const ir::Graph& graph, bool exactly)
      : graph_(graph), exactly_(exactly), producers_(ir::Producers(graph)) {}

  std::optional<Match> At(size_t last) {
    const Node& add = graph_.nodes[last];
    if (!Is(add, ops::BinaryKind::kAdd)) return std::nullopt;
    for (size_t side = 0; side < 2; ++side) {
      match_ = Match{};
      match_.shift = add.inputs[1 - side];
      if (!IsFloat(match_.shift) || !Scaled(add.inputs[side])) continue;
      match_.nodes.push_back(static_cast<int32_t>(last));
      return match_;
    }
    return std::nullopt;
  }

 private:
  static bool Is(const Node& node, ops::BinaryKind kind) {
    const auto* op = std::get_if<ops::Binary>(&node.op);
    return op != nullptr && op->kind == kind;
  }
  bool IsFloat(ValueId id) const { return graph_.value(id).dtype == DType::kF32; }
  bool IsNumber(ValueId id, float number) const { return ScalarConstant(graph_, id) == number; }

  // The node that makes `id`, noted as part of the chain.
  const Node* Maker(ValueId id) {
    const int32_t n = producers_[static_cast<size_t>(id.index)];
    if (n < 0) return nullptr;
    match_.nodes.push_back(n);
    return &graph_.nodes[static_cast<size_t>(n)];
  }
  const Node* BinaryMaker(ValueId id, ops::BinaryKind kind) {
    const Node* node = Maker(id);
    return node != nullptr && Is(*node, kind) ? node : nullptr;
  }
  // What did not match must not count as part of the chain.
  bool Undo(size_t nodes) {
    match_.nodes.resize(nodes);
    return false;
  }

  // scale * normed
  bool Scaled(ValueId id) {
    const size_t mark = match_.nodes.size();
    const Node* mul = BinaryMaker(id, ops::BinaryKind::kMul);
    if (mul == nullptr) return Undo(mark);
    for (size_t side = 0; side < 2; ++side) {
      match_.scale = mul->inputs[1 - side];
      if (IsFloat(match_.scale) && Normed(mul->inputs[side])) return true;
    }
    return Undo(mark);
  }

  // (x - m) / sqrt(v + eps), or * 1 / sqrt, or * pow -0.5
  bool Normed(ValueId id) {
    const size_t mark = match_.nodes.size();
    const Node* node = Maker(id);
    if (node == nullptr) return Undo(mark);
    if (Is(*node, ops::BinaryKind::kDiv))
      return (Centered(node->inputs[0]) && Root(node->inputs[1])) || Undo(mark);
    if (exactly_ || !Is(*node, ops::BinaryKind::kMul)) return Undo(mark);
    for (size_t side = 0; side < 2; ++side) {
      const size_t inner = match_.nodes.size();
      if (Centered(node->inputs[side]) && InverseRoot(node->inputs[1 - side])) return true;
      Undo(inner);
    }
    return Undo(mark);
  }

  bool Root(ValueId id) {
    const Node* node = Maker(id);
    if (node == nullptr) return false;
    const auto* unary = std::get_if<ops::Unary>(&node->op);
    if (unary != nullptr && unary->kind == ops::UnaryKind::kSqrt)
      return WithEpsilon(node->inputs[0]);
    return Is(*node, ops::BinaryKind::kPow) && IsNumber(node->inputs[1], 0.5f) &&
           WithEpsilon(node->inputs[0]);
  }

  bool InverseRoot(ValueId id) {
    const Node* node = Maker(id);
    if (node == nullptr) return false;
    if (Is(*node, ops::BinaryKind::kDiv))
      return IsNumber(node->inputs[0], 1) && Root(node->inputs[1]);
    const auto* unary = std::get_if<ops::Unary>(&node->op);
    if (unary != nullptr && unary->kind == ops::UnaryKind::kReciprocal)
      return Root(node->inputs[0]);
    return Is(*node, ops::BinaryKind::kPow) && IsNumber(node->inputs[1], -0.5f) &&
           WithEpsilon(node->inputs[0]);
  }

  // v + eps; x is known by now
  bool WithEpsilon(ValueId id) {
    const Node* add = BinaryMaker(id, ops::BinaryKind::kAdd);
    if (add == nullptr) return false;
    for (size_t side = 0; side < 2; ++side) {
      const auto epsilon = ScalarConstant(graph_, add->inputs[1 - side]);
      if (!epsilon || !std::isfinite(*epsilon) || *epsilon < 0) continue;
      match_.epsilon = *epsilon;
      const std::optional<ValueId> squares = MeanOf(add->inputs[side]);
      return squares && SquaresOfCentered(*squares);
    }
    return false;
  }

  bool SquaresOfCentered(ValueId id) {
    const Node* node = Maker(id);
    if (node == nullptr) return false;
    if (Is(*node, ops::BinaryKind::kMul) && node->inputs[0] == node->inputs[1])
      return CenteredAgain(node->inputs[0]);
    if (Is(*node, ops::BinaryKind::kPow) && IsNumber(node->inputs[1], 2))
      return CenteredAgain(node->inputs[0]);
    if (!Is(*node, ops::BinaryKind::kSquaredDifference)) return false;
    for (size_t side = 0; side < 2; ++side) {
      if (node->inputs[side] == match_.x) return MeanOf(node->inputs[1 - side]) == match_.x;
    }
    return false;
  }

  // x - m, where x is what this sets
  bool Centered(ValueId id) {
    const Node* sub = BinaryMaker(id, ops::BinaryKind::kSub);
    if (sub == nullptr || MeanOf(sub->inputs[1]) != sub->inputs[0]) return false;
    match_.x = sub->inputs[0];
    return true;
  }
  bool CenteredAgain(ValueId id) {
    const ValueId x = match_.x;
    return Centered(id) && match_.x == x;
  }

  // x where `id` is the mean of x over height and width
  std::optional<ValueId> MeanOf(ValueId id) {
    const Node* node = Maker(id);
    if (node == nullptr) return std::nullopt;
    const auto* op = std::get_if<ops::Reduce>(&node->op);
    const bool mean = op != nullptr && op->kind == ops::ReduceKind::kMean && op->keep_dims &&
                      op->axes == std::vector<int64_t>{1, 2};
    if (!mean) return std::nullopt;
    return node->inputs[0];
  }

  const ir::Graph& graph_;
  bool exactly_;  // only with the division
  std::vector<int32_t> producers_;
  Match match_;
};

// Whether only the chain itself reads its values, the last one's apart.
bool IsClosed(const ir::Graph& graph, const std::vector<int32_t>& uses, Match& match,
              int32_t last) {
  std::sort(match.nodes.begin(), match.nodes.end());
  match.nodes.erase(std::unique(match.nodes.begin(), match.nodes.end()), match.nodes.end());
  for (int32_t n : match.nodes) {
    if (n == last) continue;
    const ValueId made = graph.nodes[static_cast<size_t>(n)].outputs[0];
    int64_t inside = 0;
    for (int32_t reader : match.nodes) {
      const auto& inputs = graph.nodes[static_cast<size_t>(reader)].inputs;
      inside += std::count(inputs.begin(), inputs.end(), made);
    }
    if (inside != uses[static_cast<size_t>(made.index)]) return false;
  }
  return true;
}

// The channels of x, where x is known to be [N, H, W, C] with that C.
int64_t KnownChannels(const SymbolicShape& shape) {
  if (!shape || shape->size() != 4 || !(*shape)[3].IsNumber()) return -1;
  return (*shape)[3].offset;
}

// Scale or shift of a conditional norm: [C], or that with dimensions of 1 before it.
bool IsComputedVector(const SymbolicShape& shape, int64_t channels) {
  if (!shape || shape->empty() || shape->back() != Dim{-1, channels}) return false;
  return std::all_of(shape->begin(), shape->end() - 1,
                     [](const Dim& d) { return d == Dim{-1, 1}; });
}

class Fuser {
 public:
  Fuser(ir::Graph& graph, bool exactly)
      : graph_(graph),
        exactly_(exactly),
        uses_(ir::UseCounts(graph)),
        shapes_(SymbolicShapes(graph)),
        names_(graph),
        vectors_(graph, names_) {}

  Result<int> Run() {
    std::vector<std::pair<size_t, Match>> matches;
    ChainMatcher matcher(graph_, exactly_);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      std::optional<Match> match = matcher.At(n);
      if (!match || !IsClosed(graph_, uses_, *match, static_cast<int32_t>(n))) continue;
      const int64_t channels = KnownChannels(ShapeOf(match->x));
      if (!IsVector(match->scale, channels) || !IsVector(match->shift, channels)) continue;
      matches.emplace_back(n, *std::move(match));
    }
    if (matches.empty()) return 0;
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    size_t next = 0;
    for (size_t n = 0; n < nodes.size(); ++n) {
      if (next < matches.size() && matches[next].first == n)
        PICABIA_RETURN_IF_ERROR(Rewrite(matches[next++].second, nodes[n]));
      graph_.nodes.push_back(std::move(nodes[n]));
    }
    ir::RemoveDeadCode(graph_);  // the rest of the chains
    return static_cast<int>(matches.size());
  }

 private:
  const SymbolicShape& ShapeOf(ValueId id) const { return shapes_[static_cast<size_t>(id.index)]; }
  bool IsVector(ValueId id, int64_t channels) const {
    if (graph_.value(id).constant) return vectors_.Fits(id, channels);
    return channels > 0 && IsComputedVector(ShapeOf(id), channels);
  }

  Status Rewrite(const Match& match, Node& last) {
    const int64_t channels = KnownChannels(ShapeOf(match.x));
    PICABIA_ASSIGN_OR_RETURN(const ValueId scale, AsVector(match.scale, channels));
    PICABIA_ASSIGN_OR_RETURN(const ValueId shift, AsVector(match.shift, channels));
    last.op = ops::InstanceNorm{match.epsilon};
    last.inputs = {match.x, scale, shift};
    return OkStatus();
  }

  // As [C]; a computed one is reshaped just before the norm.
  Result<ValueId> AsVector(ValueId id, int64_t channels) {
    if (graph_.value(id).constant) return vectors_.Get(id, channels);
    if (ShapeOf(id)->size() == 1) return id;
    return graph_.AddNode(names_.Make(graph_.value(id).name + "/channels"),
                          ops::Reshape{{channels}, false}, {id});
  }

  ir::Graph& graph_;
  bool exactly_;
  const std::vector<int32_t> uses_;
  const std::vector<SymbolicShape> shapes_;
  FreshNames names_;
  ChannelVectors vectors_;
};

}  // namespace

Result<int> FuseInstanceNorm(ir::Graph& graph) { return Fuser(graph, false).Run(); }
Result<int> FuseInstanceNormExactly(ir::Graph& graph) { return Fuser(graph, true).Run(); }

}  // namespace picabia::passes
