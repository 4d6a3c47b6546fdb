// Identity(x) = x.
//
// Every reader of the Identity reads x instead. A graph output keeps its name: when an Identity is
// one, the node that makes x makes it directly; where that cannot be (x is an input, a constant or
// a graph output itself), the Identity stays. Run by the pipeline first, because the other passes
// do not look through Identities (frozen TensorFlow graphs read every variable through one).
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace picabia::passes {
namespace {

class IdentityRemover {
 public:
  explicit IdentityRemover(ir::Graph& graph)
      : graph_(graph),
        producers_(ir::Producers(graph)),
        is_output_(OutputMarks(graph)),
        source_(graph.values.size()) {
    for (size_t i = 0; i < source_.size(); ++i) source_[i] = {static_cast<int32_t>(i)};
  }

  int Run() {
    int rewrites = 0;
    for (ir::Node& node : graph_.nodes) {
      for (ir::ValueId& id : node.inputs) id = Source(id);
      if (std::holds_alternative<ops::Identity>(node.op) && Remove(node)) ++rewrites;
    }
    // A value that was renamed may have readers before the Identity.
    for (ir::Node& node : graph_.nodes) {
      for (ir::ValueId& id : node.inputs) id = Source(id);
    }
    std::erase_if(graph_.nodes, [](const ir::Node& node) { return node.outputs.empty(); });
    return rewrites;
  }

 private:
  // A few steps at most: past an Identity, and past a renaming of what that one copies.
  ir::ValueId Source(ir::ValueId id) const {
    while (source_[static_cast<size_t>(id.index)] != id)
      id = source_[static_cast<size_t>(id.index)];
    return id;
  }

  bool Remove(ir::Node& node) {
    const ir::ValueId from = node.inputs[0], to = node.outputs[0];
    const auto f = static_cast<size_t>(from.index), t = static_cast<size_t>(to.index);
    if (!is_output_[t]) {
      source_[t] = from;
      node.outputs.clear();
      return true;
    }
    if (producers_[f] < 0 || is_output_[f]) {
      source_[t] = from;  // readers need not go through it
      return false;
    }
    graph_.nodes[static_cast<size_t>(producers_[f])].outputs[0] = to;
    producers_[t] = producers_[f];
    source_[f] = to;
    node.outputs.clear();
    return true;
  }

  ir::Graph& graph_;
  std::vector<int32_t> producers_;
  std::vector<bool> is_output_;
  std::vector<ir::ValueId> source_;  // what to read instead; itself for most
};

}  // namespace

Result<int> RemoveIdentities(ir::Graph& graph) {
  const int rewrites = IdentityRemover(graph).Run();
  if (rewrites > 0) ir::RemoveDeadCode(graph);
  return rewrites;
}

}  // namespace picabia::passes
