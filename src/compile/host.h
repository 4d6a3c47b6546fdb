// Tensors that the host computes inside a run: a node of the graph becomes a callback.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "ir/graph.h"
#include "ops/custom.h"

namespace picabia::compile {

// `tensor`, a placeholder or any other tensor of the model, is what `implementation` makes of
// `inputs`. Its element type stays what the model says.
struct HostCallback {
  std::string tensor;
  std::vector<std::string> inputs;
  ops::CustomPointer implementation;
};

// Makes the nodes. The error names the tensor: one that does not exist, an output of another type,
// inputs that depend on the tensor itself, a tensor that has a callback already.
Status BindCallbacks(ir::Graph& graph, const std::vector<HostCallback>& callbacks);

}  // namespace picabia::compile
