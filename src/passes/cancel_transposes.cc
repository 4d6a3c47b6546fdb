// Transpose(Transpose(x, p), q) = Transpose(x, p o q), nothing when p o q is the identity;
// f(Transpose(x, p)) = Transpose(f(x), p), f elementwise;
// operators that speak of axes (Pad, Reduce, Concat, Slice, Split, Softmax, Normalize, Resize) the
// same with their attributes' axes reordered;
// ShapeOf(Transpose(x, p)) = Gather(ShapeOf(x), p);
// Transpose(x, p) = Reshape(x) where p moves only dimensions of 1.
//
// An elementwise operator with a computed operand that need not move anything but dimensions of 1
// ([1, C, 1, 1], the scale of a conditional norm) gets that operand reshaped.
//
// Importers of channels-first models put a Transpose before and after every spatial operator. This
// pass walks the nodes once in their order and keeps, for each value that is a transposed one, what
// it is a transpose of; operators are done on that instead, and a Transpose is written out only
// where somebody needs the value itself. So Transposes sink until they meet and cancel, or reach a
// graph output. Those that come after operators on a graph input are raised to it first
// (raise_transposes.cc). A value with several readers is transposed at most once, whatever they do.
#include <algorithm>
#include <optional>

#include "ops/shape.h"
#include "passes/pass.h"
#include "passes/raise_transposes.h"
#include "passes/rewrite.h"
#include "passes/symbolic.h"

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
        shapes_(SymbolicShapes(graph)),
        lazy_(graph.values.size()),
        written_(graph.values.size(), false) {
    for (ValueId id : graph.inputs) is_input_[static_cast<size_t>(id.index)] = true;
  }

  Result<int> Run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) {
      const ValueId out = node.outputs[0];
      done_ = false;
      PICABIA_ASSIGN_OR_RETURN(const bool sunk, Sink(node));
      if (done_) continue;
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
    graph_.nodes.push_back({name, MoveOp(lazy.perm, shapes_[v]), {lazy.source}, {id}});
  }

  // What makes the result of `shape` from its source: a Transpose, or less.
  static ops::Op MoveOp(const Perm& perm, const SymbolicShape& shape) {
    if (IsIdentityPerm(perm)) return ops::Identity{};
    if (shape && MovesOnlyOnes(perm, *shape)) {
      if (auto dims = ReshapeDims(*shape)) return ops::Reshape{*std::move(dims), true};
    }
    return ops::Transpose{perm};
  }

  // Whether the dimensions that are not 1 keep their order. `shape` is that of the result.
  static bool MovesOnlyOnes(const Perm& perm, const std::vector<Dim>& shape) {
    int64_t last = -1;
    for (size_t i = 0; i < perm.size() && i < shape.size(); ++i) {
      if (shape[i] == Dim{-1, 1}) continue;
      if (perm[i] < last) return false;
      last = perm[i];
    }
    return perm.size() == shape.size();
  }

  // The shape as a Reshape names it; nothing where more than one dimension is unknown.
  static std::optional<std::vector<int64_t>> ReshapeDims(const std::vector<Dim>& shape) {
    std::vector<int64_t> dims;
    for (const Dim& d : shape) dims.push_back(d.IsNumber() ? d.offset : -1);
    if (std::count(dims.begin(), dims.end(), -1) > 1) return std::nullopt;
    if (std::count(dims.begin(), dims.end(), 0) > 0) return std::nullopt;
    return dims;
  }

  // Whether the node's output is now known as a transpose of something.
  Result<bool> Sink(const Node& node) {
    if (const auto* t = std::get_if<ops::Transpose>(&node.op)) return SinkTranspose(*t, node);
    if (const auto* r = std::get_if<ops::Reduce>(&node.op)) return SinkReduce(*r, node);
    if (const auto* p = std::get_if<ops::Pad>(&node.op)) return SinkPad(*p, node);
    if (std::holds_alternative<ops::Binary>(node.op) || std::holds_alternative<ops::Where>(node.op))
      return SinkElementwise(node);
    if (const auto* c = std::get_if<ops::Concat>(&node.op)) return SinkConcat(*c, node);
    if (node.inputs.empty() || !Moves(node.inputs[0])) return false;
    const Lazy in = Of(node.inputs[0]);
    if (const auto* shape_of = std::get_if<ops::ShapeOf>(&node.op))
      return SinkShapeOf(*shape_of, node, in);
    auto moved = MoveAxes(node, in.perm);
    if (!moved) return false;
    std::vector<ValueId> inputs = node.inputs;
    for (ValueId& id : inputs) id = Needed(id);
    inputs[0] = in.source;
    Emit(node, *std::move(moved), std::move(inputs), in.perm);
    return true;
  }

  // The operator as it is done on the source; nothing for those that cannot be.
  static std::optional<ops::Op> MoveAxes(const Node& node, const Perm& perm) {
    const auto axis_of = [&perm](int64_t axis) { return perm[static_cast<size_t>(axis)]; };
    const auto fits = [&perm](const std::vector<int64_t>& axes) {
      return std::all_of(axes.begin(), axes.end(),
                         [&](int64_t axis) { return axis < static_cast<int64_t>(perm.size()); });
    };
    const bool unary = std::holds_alternative<ops::Unary>(node.op) ||
                       std::holds_alternative<ops::Clip>(node.op) ||
                       std::holds_alternative<ops::Cast>(node.op) ||
                       std::holds_alternative<ops::Identity>(node.op);
    if (unary) return node.op;
    ops::Op moved = node.op;
    if (auto* op = std::get_if<ops::QuantizeLinear>(&moved); op != nullptr && fits({op->axis})) {
      op->axis = axis_of(op->axis);
    } else if (auto* deq = std::get_if<ops::DequantizeLinear>(&moved);
               deq != nullptr && fits({deq->axis})) {
      deq->axis = axis_of(deq->axis);
    } else if (auto* soft = std::get_if<ops::Softmax>(&moved);
               soft != nullptr && fits({soft->axis})) {
      soft->axis = axis_of(soft->axis);
    } else if (auto* split = std::get_if<ops::Split>(&moved);
               split != nullptr && fits({split->axis})) {
      split->axis = axis_of(split->axis);
    } else if (auto* arg = std::get_if<ops::ArgReduce>(&moved);
               arg != nullptr && arg->keep_dims && fits({arg->axis})) {
      arg->axis = axis_of(arg->axis);
    } else if (auto* norm = std::get_if<ops::Normalize>(&moved);
               norm != nullptr && fits(norm->axes)) {
      for (int64_t& axis : norm->axes) axis = axis_of(axis);
      std::sort(norm->axes.begin(), norm->axes.end());
    } else if (auto* slice = std::get_if<ops::Slice>(&moved);
               slice != nullptr && node.inputs.size() == 1 && fits(slice->axes) &&
               slice->starts.size() <= perm.size()) {
      if (slice->axes.empty()) {
        for (size_t i = 0; i < slice->starts.size(); ++i)
          slice->axes.push_back(static_cast<int64_t>(i));
      }
      for (int64_t& axis : slice->axes) axis = axis_of(axis);
    } else if (auto* resize = std::get_if<ops::Resize>(&moved);
               resize != nullptr && fits(resize->axes)) {
      if (resize->axes.empty()) {
        for (size_t i = 0; i < perm.size(); ++i) resize->axes.push_back(static_cast<int64_t>(i));
      }
      for (int64_t& axis : resize->axes) axis = axis_of(axis);
    } else {
      return std::nullopt;
    }
    return moved;
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

  bool SinkConcat(const ops::Concat& op, const Node& node) {
    if (!Moves(node.inputs[0])) return false;
    const Perm perm = Of(node.inputs[0]).perm;
    std::vector<ValueId> inputs;
    for (ValueId id : node.inputs) {
      if (!IsLazy(id) || Of(id).perm != perm) return false;
      inputs.push_back(Of(id).source);
    }
    if (op.axis >= static_cast<int64_t>(perm.size())) return false;
    Emit(node, ops::Concat{perm[static_cast<size_t>(op.axis)]}, std::move(inputs), perm);
    return true;
  }

  // The dimensions of the source, picked in the order of the transposed value.
  bool SinkShapeOf(const ops::ShapeOf& op, const Node& node, const Lazy& in) {
    const ops::TensorType x{DType::kF32, Shape(in.perm.size(), 1)};
    const auto type = ops::InferOutputs(op, std::span(&x, 1));
    if (!type.ok()) return false;
    const auto first = static_cast<std::ptrdiff_t>(ops::FirstAxis(op, in.perm.size()));
    const std::vector<int64_t> picks(in.perm.begin() + first,
                                     in.perm.begin() + first + (*type)[0].shape[0]);
    auto indices = Tensor::From<int64_t>({static_cast<int64_t>(picks.size())}, picks);
    if (!indices.ok()) return false;
    const std::string& name = graph_.value(node.outputs[0]).name;
    const ValueId dims = graph_.AddNode(names_.Make(name + "/of_source"),
                                        ops::ShapeOf{0, INT64_MAX, op.to}, {in.source}, op.to);
    const ValueId at = graph_.AddConstant(names_.Make(name + "/order"), *std::move(indices));
    graph_.nodes.push_back({node.name, ops::Gather{0}, {dims, at}, node.outputs});
    ++rewrites_;
    done_ = true;
    return true;
  }

  // Binary and Where: all operands are moved, or none.
  Result<bool> SinkElementwise(const Node& node) {
    const auto moving = std::find_if(node.inputs.begin(), node.inputs.end(),
                                     [this](ValueId id) { return Moves(id); });
    if (moving == node.inputs.end()) return false;
    const Perm perm = Of(*moving).perm;
    const Perm inverse = InversePerm(perm);
    for (ValueId id : node.inputs) {
      const bool same = IsLazy(id) && Of(id).perm == perm;
      if (!same && !graph_.value(id).constant && !OnlyOnesMove(id, inverse)) return false;
    }
    std::vector<ValueId> inputs;
    for (ValueId id : node.inputs) {
      if (IsLazy(id) && Of(id).perm == perm) {
        inputs.push_back(Of(id).source);
        continue;
      }
      if (graph_.value(id).constant) {
        PICABIA_ASSIGN_OR_RETURN(const auto constant, constants_.Get(id, inverse));
        if (!constant) return false;
        inputs.push_back(*constant);
        continue;
      }
      inputs.push_back(ReshapeFor(id, inverse));
    }
    Emit(node, node.op, std::move(inputs), perm);
    return true;
  }

  // The dimensions of a computed operand as broadcasting aligns it with perm's rank.
  std::vector<Dim> Aligned(ValueId id, size_t rank) const {
    std::vector<Dim> shape = *shapes_[static_cast<size_t>(id.index)];
    shape.insert(shape.begin(), rank - shape.size(), Dim{-1, 1});
    return shape;
  }

  // Whether permuting the operand would move nothing but dimensions of 1.
  bool OnlyOnesMove(ValueId id, const Perm& perm) const {
    const auto v = static_cast<size_t>(id.index);
    if (v >= shapes_.size() || !shapes_[v] || shapes_[v]->size() > perm.size()) return false;
    const std::vector<Dim> shape = Permuted(Aligned(id, perm.size()), perm);
    return MovesOnlyOnes(perm, shape) && ReshapeDims(shape).has_value();
  }

  ValueId ReshapeFor(ValueId id, const Perm& perm) {
    const auto dims = ReshapeDims(Permuted(Aligned(id, perm.size()), perm));
    const std::string name = names_.Make(graph_.value(id).name + "/moved");
    const DType dtype = graph_.value(id).dtype;
    return graph_.AddNode(name, ops::Reshape{*dims, true}, {Needed(id)}, dtype);
  }

  static std::vector<Dim> Permuted(const std::vector<Dim>& shape, const Perm& perm) {
    std::vector<Dim> out;
    for (int64_t axis : perm) out.push_back(shape[static_cast<size_t>(axis)]);
    return out;
  }

  ir::Graph& graph_;
  FreshNames& names_;
  TransposedConstants& constants_;
  std::vector<bool> is_output_;
  std::vector<bool> is_input_;
  const std::vector<SymbolicShape> shapes_;
  std::vector<Lazy> lazy_;
  bool done_ = false;          // the node in hand is replaced by others already
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
