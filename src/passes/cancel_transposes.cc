// Transpose(Transpose(x, p), q) = Transpose(x, p o q), nothing when p o q is the identity;
// f(Transpose(x, p)) = Transpose(f(x), p), f elementwise;
// Pad and Reduce the same with their attributes' axes reordered.
//
// Importers of channels-first models put a Transpose before and after every spatial operator. This
// pass walks the nodes once in their order and keeps, for each value that is a transposed one, what
// it is a transpose of; operators are done on that instead, and a Transpose is written out only
// where somebody needs the value itself. So Transposes sink until they meet and cancel, or reach a
// graph output. Those that come after operators on a graph input are raised to it first
// (raise_transposes.cc). A value with several readers is transposed at most once, whatever they do.
#include <algorithm>

#include "passes/pass.h"
#include "passes/raise_transposes.h"
#include "passes/rewrite.h"

namespace picabia::passes {
namespace {

using ir::Node;
using ir::ValueId;
using Perm = std::vector<int64_t>;

// A value as Transpose(source, perm).
struct Lazy {
  ValueId source;
  Perm perm;  // empty: the value is not known as a transpose of anything
  bool known() const { return source.index >= 0; }
};

class Sinker {
 public:
  Sinker(ir::Graph& graph, FreshNames& names, TransposedConstants& constants)
      : graph_(graph),
        names_(names),
        constants_(constants),
        is_output_(OutputMarks(graph)),
        is_input_(graph.values.size(), false),
        lazy_(graph.values.size()),
        written_(graph.values.size(), false) {
    for (ValueId id : graph.inputs) is_input_[static_cast<size_t>(id.index)] = true;
  }

  Result<int> Run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) {
      const ValueId out = node.outputs[0];
      PICABIA_ASSIGN_OR_RETURN(const bool sunk, Sink(node));
      if (!sunk) {
        for (ValueId& id : node.inputs) id = Needed(id);
        graph_.nodes.push_back(std::move(node));
      } else if (is_output_[static_cast<size_t>(out.index)]) {
        Write(out);
      }
    }
    return rewrites_;
  }

 private:
  Lazy& Of(ValueId id) { return lazy_[static_cast<size_t>(id.index)]; }
  // A value made by this pass has no entry; it is never a known transpose.
  bool IsLazy(ValueId id) { return static_cast<size_t>(id.index) < lazy_.size() && Of(id).known(); }

  // What to read for the value itself; writes the Transpose that makes it when it is not there yet.
  ValueId Needed(ValueId id) {
    if (!IsLazy(id)) return id;
    if (IsIdentityPerm(Of(id).perm)) return Of(id).source;
    Write(id);
    return id;
  }

  void Write(ValueId id) {
    const auto v = static_cast<size_t>(id.index);
    if (written_[v]) return;
    written_[v] = true;
    const Lazy& lazy = Of(id);
    const std::string& name = graph_.value(id).name;
    if (IsIdentityPerm(lazy.perm)) {
      graph_.nodes.push_back({name, ops::Identity{}, {lazy.source}, {id}});
    } else {
      graph_.nodes.push_back({name, ops::Transpose{lazy.perm}, {lazy.source}, {id}});
    }
  }

  // Whether the node's output is now known as a transpose of something.
  Result<bool> Sink(const Node& node) {
    if (const auto* t = std::get_if<ops::Transpose>(&node.op)) return SinkTranspose(*t, node);
    if (const auto* r = std::get_if<ops::Reduce>(&node.op)) return SinkReduce(*r, node);
    if (const auto* p = std::get_if<ops::Pad>(&node.op)) return SinkPad(*p, node);
    if (std::holds_alternative<ops::Binary>(node.op)) return SinkBinary(node);
    const bool unary = std::holds_alternative<ops::Unary>(node.op) ||
                       std::holds_alternative<ops::Clip>(node.op) ||
                       std::holds_alternative<ops::Identity>(node.op);
    if (!unary || !Moves(node.inputs[0])) return false;
    const Lazy in = Of(node.inputs[0]);
    Emit(node, node.op, {in.source}, in.perm);
    return true;
  }

  // Whether there is a Transpose to sink past a reader of this value. One at a graph input stands
  // where it should.
  bool Moves(ValueId id) {
    return IsLazy(id) && !IsIdentityPerm(Of(id).perm) && !IsInput(Of(id).source);
  }
  bool IsInput(ValueId id) const {
    return static_cast<size_t>(id.index) < is_input_.size() &&
           is_input_[static_cast<size_t>(id.index)];
  }

  // `op` on what the inputs are transposes of; the node's output is its result transposed.
  void Emit(const Node& node, ops::Op op, std::vector<ValueId> inputs, Perm perm) {
    const ValueId out = node.outputs[0];
    ++rewrites_;
    const std::string name = names_.Make(graph_.value(out).name + "/untransposed");
    const ValueId made =
        graph_.AddNode(node.name, std::move(op), std::move(inputs), graph_.value(out).dtype);
    graph_.value(made).name = name;
    Of(out) = {made, std::move(perm)};
  }

  bool SinkTranspose(const ops::Transpose& op, const Node& node) {
    const ValueId in = node.inputs[0];
    if (IsLazy(in) && Of(in).perm.size() == op.perm.size()) {
      ++rewrites_;
      Of(node.outputs[0]) = {Of(in).source, ComposePerms(Of(in).perm, op.perm)};
    } else {
      if (IsIdentityPerm(op.perm)) ++rewrites_;
      Of(node.outputs[0]) = {Needed(in), op.perm};
    }
    return true;
  }

  bool SinkPad(const ops::Pad& op, const Node& node) {
    if (!Moves(node.inputs[0])) return false;
    const Lazy in = Of(node.inputs[0]);
    if (op.before.size() != in.perm.size()) return false;
    const Perm inverse = InversePerm(in.perm);
    Emit(node,
         ops::Pad{op.mode, ComposePerms(op.before, inverse), ComposePerms(op.after, inverse),
                  op.value},
         {in.source}, in.perm);
    return true;
  }

  bool SinkReduce(const ops::Reduce& op, const Node& node) {
    if (!Moves(node.inputs[0])) return false;
    const Lazy in = Of(node.inputs[0]);
    if (!op.axes.empty() && op.axes.back() >= static_cast<int64_t>(in.perm.size())) return false;
    ops::Reduce moved = op;
    for (int64_t& axis : moved.axes) axis = in.perm[static_cast<size_t>(axis)];
    Perm rest = in.perm;
    if (!op.keep_dims) {
      std::erase_if(rest, [&](int64_t axis) {
        return std::find(moved.axes.begin(), moved.axes.end(), axis) != moved.axes.end();
      });
      // The axes that stay are numbered anew from 0.
      Perm sorted = rest;
      std::sort(sorted.begin(), sorted.end());
      for (int64_t& axis : rest)
        axis = std::lower_bound(sorted.begin(), sorted.end(), axis) - sorted.begin();
    }
    std::sort(moved.axes.begin(), moved.axes.end());
    Emit(node, std::move(moved), {in.source}, std::move(rest));
    return true;
  }

  Result<bool> SinkBinary(const Node& node) {
    const bool moves[2] = {Moves(node.inputs[0]), Moves(node.inputs[1])};
    if (!moves[0] && !moves[1]) return false;
    const Lazy in = Of(node.inputs[moves[0] ? 0 : 1]);
    std::vector<ValueId> inputs;
    for (ValueId id : node.inputs) {
      if (IsLazy(id) && !IsIdentityPerm(Of(id).perm)) {
        if (Of(id).perm != in.perm) return false;
        inputs.push_back(Of(id).source);
        continue;
      }
      PICABIA_ASSIGN_OR_RETURN(const auto constant, constants_.Get(id, InversePerm(in.perm)));
      if (!constant) return false;
      inputs.push_back(*constant);
    }
    Emit(node, node.op, std::move(inputs), in.perm);
    return true;
  }

  ir::Graph& graph_;
  FreshNames& names_;
  TransposedConstants& constants_;
  std::vector<bool> is_output_;
  std::vector<bool> is_input_;
  std::vector<Lazy> lazy_;
  std::vector<bool> written_;  // lazy values whose Transpose stands in the graph
  int rewrites_ = 0;
};

}  // namespace

Result<int> CancelTransposes(ir::Graph& graph) {
  FreshNames names(graph);
  TransposedConstants constants(graph, names);
  PICABIA_ASSIGN_OR_RETURN(const int raised, RaiseTransposes(graph, names, constants));
  PICABIA_ASSIGN_OR_RETURN(const int sunk, Sinker(graph, names, constants).Run());
  if (raised + sunk == 0) return 0;
  ir::RemoveDeadCode(graph);
  // A graph output whose Transposes cancelled is an Identity now.
  PICABIA_ASSIGN_OR_RETURN(const int identities, RemoveIdentities(graph));
  return raised + sunk + identities;
}

}  // namespace picabia::passes
