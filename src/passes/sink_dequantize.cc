// move(DequantizeLinear(q)) = DequantizeLinear(move(q))
// QuantizeLinear(DequantizeLinear(q)) = q, where scale and zero point are the same
//
// move is an operator that only moves elements: padding that mirrors or repeats, nearest Resize,
// Transpose, Reshape and their like. It then moves bytes instead of floats, and the dequantization
// meets its reader: a QuantizeLinear, or a convolution that computes in integers. A constant filter
// is transposed on the spot, one scale an output channel moving with its axis. Runs twice: before
// constants are folded, so that filters stay bytes, and when Transposes are gone.
#include <algorithm>

#include "kernels/reference/reference.h"
#include "passes/pass.h"
#include "passes/quantization.h"
#include "passes/rewrite.h"

namespace picabia::passes {
namespace {

using ir::Node;
using ir::ValueId;

bool OnlyMoves(const ops::Op& op) {
  if (const auto* pad = std::get_if<ops::Pad>(&op)) return pad->mode != ops::PadMode::kConstant;
  if (const auto* resize = std::get_if<ops::Resize>(&op))
    return resize->mode == ops::ResizeMode::kNearest &&
           resize->coordinate_mode != ops::CoordinateMode::kTfCropAndResize;
  return std::holds_alternative<ops::Transpose>(op) || std::holds_alternative<ops::Reshape>(op) ||
         std::holds_alternative<ops::Flatten>(op) || std::holds_alternative<ops::Squeeze>(op) ||
         std::holds_alternative<ops::Unsqueeze>(op) || std::holds_alternative<ops::Slice>(op) ||
         std::holds_alternative<ops::DepthToSpace>(op) ||
         std::holds_alternative<ops::SpaceToDepth>(op);
}

class Sinker {
 public:
  explicit Sinker(ir::Graph& graph)
      : graph_(graph), names_(graph), is_output_(OutputMarks(graph)) {}

  Result<int> Run() {
    int rewrites = 0;
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) {
      for (ValueId& id : node.inputs) {
        if (const auto at = renamed_.find(id); at != renamed_.end()) id = at->second;
      }
      PICABIA_ASSIGN_OR_RETURN(const bool done, Rewrite(node));
      rewrites += done ? 1 : 0;
      if (!done) Emit(std::move(node));
    }
    return rewrites;
  }

 private:
  void Emit(Node node) {
    if (std::holds_alternative<ops::DequantizeLinear>(node.op))
      makers_.insert_or_assign(node.outputs[0], node);
    graph_.nodes.push_back(std::move(node));
  }

  // The DequantizeLinear that makes a value, or null.
  const Node* Maker(ValueId id) const {
    const auto at = makers_.find(id);
    return at == makers_.end() ? nullptr : &at->second;
  }

  Result<bool> Rewrite(const Node& node) {
    if (node.inputs.empty()) return false;
    const Node* maker = Maker(node.inputs[0]);
    if (maker == nullptr) return false;
    if (const auto to = AsQuantized(graph_, node)) return Cancel(node, *maker, *to);
    if (node.inputs.size() != 1 || !OnlyMoves(node.op)) return false;
    if (const auto* transpose = std::get_if<ops::Transpose>(&node.op)) {
      if (graph_.value(maker->inputs[0]).constant) return MoveFilter(node, *maker, *transpose);
    }
    const auto from = AsDequantized(graph_, *maker);
    if (!from) return false;
    Sink(node, *maker, *from);
    return true;
  }

  bool Cancel(const Node& node, const Node& maker, const TensorScale& to) {
    const auto from = AsDequantized(graph_, maker);
    const ValueId out = node.outputs[0];
    if (!from || from->scale != to || is_output_[static_cast<size_t>(out.index)]) return false;
    renamed_[out] = from->bytes;
    return true;
  }

  // Copies of the nodes: emitting may move what the references refer to.
  void Sink(Node node, Node maker, const Dequantized& from) {
    const ValueId out = node.outputs[0];
    const ValueId bytes = graph_.AddValue(
        {names_.Make(graph_.value(out).name + "/bytes"), from.scale.dtype, {}, {}, {}});
    node.inputs[0] = from.bytes;
    node.outputs[0] = bytes;
    maker.name = node.name;
    maker.inputs[0] = bytes;
    maker.outputs[0] = out;
    Emit(std::move(node));
    Emit(std::move(maker));
  }

  Result<bool> MoveFilter(const Node& node, Node maker, const ops::Transpose& transpose) {
    const auto constant = AsQuantizedConstant(graph_, maker);
    if (!constant || constant->bytes->shape().size() != 4 || transpose.perm.size() != 4)
      return false;
    PICABIA_ASSIGN_OR_RETURN(const std::vector<Tensor> moved,
                             kernels::RunReference(node.op, {*constant->bytes}));
    if (constant->scales.size() > 1) {
      const auto at = std::find(transpose.perm.begin(), transpose.perm.end(), constant->axis);
      std::get<ops::DequantizeLinear>(maker.op).axis = at - transpose.perm.begin();
    }
    const std::string name = names_.Make(graph_.value(node.outputs[0]).name + "/bytes");
    maker.inputs[0] = graph_.AddConstant(name, moved[0]);
    maker.outputs[0] = node.outputs[0];
    maker.name = node.name;
    Emit(std::move(maker));
    return true;
  }

  ir::Graph& graph_;
  FreshNames names_;
  const std::vector<bool> is_output_;
  std::map<ValueId, Node> makers_;
  std::map<ValueId, ValueId> renamed_;
};

}  // namespace

Result<int> SinkDequantize(ir::Graph& graph) {
  if (!HasQuantization(graph)) return 0;
  PICABIA_ASSIGN_OR_RETURN(const int rewrites, Sinker(graph).Run());
  if (rewrites > 0) ir::RemoveDeadCode(graph);
  return rewrites;
}

}  // namespace picabia::passes
