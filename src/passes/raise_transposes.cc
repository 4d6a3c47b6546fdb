// Transpose(f(x)) = f'(Transpose(x)), f elementwise or a Pad.
//
// Moves a Transpose up to the graph input when only such operators stand between, each with this
// one reader. Everywhere else Transposes move down (cancel_transposes.cc), so the two never undo
// each other's work.
#include "passes/raise_transposes.h"

#include "kernels/reference/reference.h"
#include "passes/symbolic.h"

namespace picabia::passes {

using ir::Node;
using ir::ValueId;
using Perm = std::vector<int64_t>;

Perm ComposePerms(const Perm& first, const Perm& then) {
  Perm out;
  for (int64_t axis : then) out.push_back(first[static_cast<size_t>(axis)]);
  return out;
}

Perm InversePerm(const Perm& perm) {
  Perm out(perm.size());
  for (size_t i = 0; i < perm.size(); ++i)
    out[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  return out;
}

bool IsIdentityPerm(const Perm& perm) {
  for (size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

Result<std::optional<ValueId>> TransposedConstants::Get(ValueId id, const Perm& perm) {
  const ir::Value& value = graph_.value(id);
  if (!value.constant || value.constant->shape().size() > perm.size())
    return std::optional<ValueId>();
  if (value.constant->num_elements() == 1 && value.constant->shape().empty())
    return std::optional<ValueId>(id);
  const auto found = made_.find({id, perm});
  if (found != made_.end()) return std::optional<ValueId>(found->second);
  if (value.constant->num_bytes() > budget_) return std::optional<ValueId>();
  budget_ -= value.constant->num_bytes();
  Shape shape(perm.size() - value.constant->shape().size(), 1);  // as broadcasting aligns it
  shape.insert(shape.end(), value.constant->shape().begin(), value.constant->shape().end());
  PICABIA_ASSIGN_OR_RETURN(const Tensor full, value.constant->Reshaped(shape));
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> out,
                           kernels::RunReference(ops::Transpose{perm}, {full}));
  const std::string name = names_.Make(value.name + "/transposed");
  const ValueId made = graph_.AddConstant(name, std::move(out[0]));
  made_.emplace(std::make_pair(id, perm), made);
  return std::optional<ValueId>(made);
}

namespace {

class Raiser {
 public:
  Raiser(ir::Graph& graph, FreshNames& names, TransposedConstants& constants)
      : graph_(graph),
        names_(names),
        constants_(constants),
        producers_(ir::Producers(graph)),
        readers_(OnlyReaders(graph)),
        shapes_(SymbolicShapes(graph)),
        from_input_(graph.values.size(), false) {}

  Result<int> Run() {
    for (ValueId id : graph_.inputs) from_input_[static_cast<size_t>(id.index)] = true;
    for (const Node& node : graph_.nodes) MarkChain(node);
    int moves = 0;
    for (size_t n = graph_.nodes.size(); n-- > 0;) {
      if (!std::holds_alternative<ops::Transpose>(graph_.nodes[n].op)) continue;
      PICABIA_ASSIGN_OR_RETURN(const bool moved, Raise(n));
      if (moved) ++moves;
    }
    return moves;
  }

 private:
  // The input of a node that a Transpose may pass, or -1.
  int DataInput(const Node& node) const {
    if (std::holds_alternative<ops::Unary>(node.op) || std::holds_alternative<ops::Clip>(node.op) ||
        std::holds_alternative<ops::Pad>(node.op))
      return 0;
    if (!std::holds_alternative<ops::Binary>(node.op)) return -1;
    for (int side = 0; side < 2; ++side) {
      const auto s = static_cast<size_t>(side);
      if (!graph_.value(node.inputs[s]).constant && graph_.value(node.inputs[1 - s]).constant)
        return side;
    }
    return -1;
  }

  void MarkChain(const Node& node) {
    const bool transpose = std::holds_alternative<ops::Transpose>(node.op);
    const int data = transpose ? 0 : DataInput(node);
    const auto out = static_cast<size_t>(node.outputs[0].index);
    if (data < 0 || readers_[out] < 0) return;
    const auto in = static_cast<size_t>(node.inputs[static_cast<size_t>(data)].index);
    // A constant may have given the output more axes than the input has.
    const bool same_rank =
        shapes_[in] && shapes_[out] && shapes_[in]->size() == shapes_[out]->size();
    if (from_input_[in] && same_rank) from_input_[out] = true;
  }

  // Node n is a Transpose: exchanges it with the node before it, if that is part of a chain.
  Result<bool> Raise(size_t n) {
    const ValueId middle = graph_.nodes[n].inputs[0];
    const auto m = static_cast<size_t>(middle.index);
    const int32_t above = producers_[m];
    if (above < 0 || m >= from_input_.size() || !from_input_[m]) return false;
    Node& upper = graph_.nodes[static_cast<size_t>(above)];
    if (DataInput(upper) < 0) return false;  // another Transpose
    const Perm perm = std::get<ops::Transpose>(graph_.nodes[n].op).perm;
    const auto data = static_cast<size_t>(DataInput(upper));
    Node moved = upper;
    if (moved.inputs.size() == 2) {
      PICABIA_ASSIGN_OR_RETURN(const auto constant, constants_.Get(moved.inputs[1 - data], perm));
      if (!constant) return false;
      moved.inputs[1 - data] = *constant;
    }
    if (auto* pad = std::get_if<ops::Pad>(&moved.op)) {
      if (pad->before.size() != perm.size()) return false;
      pad->before = ComposePerms(pad->before, perm);
      pad->after = ComposePerms(pad->after, perm);
    }
    const std::string name = names_.Make(graph_.value(upper.inputs[data]).name + "/transposed");
    // The value between them now holds something else: it gets a name of its own.
    graph_.value(middle).name = name;
    graph_.value(middle).declared_shape.reset();
    upper = Node{name, ops::Transpose{perm}, {upper.inputs[data]}, {middle}};
    moved.inputs[data] = middle;
    moved.outputs = graph_.nodes[n].outputs;
    graph_.nodes[n] = std::move(moved);
    return true;
  }

  ir::Graph& graph_;
  FreshNames& names_;
  TransposedConstants& constants_;
  std::vector<int32_t> producers_;
  std::vector<int32_t> readers_;
  std::vector<SymbolicShape> shapes_;
  std::vector<bool> from_input_;  // reached from a graph input by operators with one reader each
};

}  // namespace

Result<int> RaiseTransposes(ir::Graph& graph, FreshNames& names, TransposedConstants& constants) {
  return Raiser(graph, names, constants).Run();
}

}  // namespace picabia::passes
