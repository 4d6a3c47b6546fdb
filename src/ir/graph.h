// The compiler's graph: plain data, no behaviour but consistency helpers. Importers make it, passes
// rewrite it, compile/ lowers it to a Program. Nodes stand in an order in which every input
// precedes its use.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/picture.h"
#include "base/status.h"
#include "base/tensor.h"
#include "ir/compact.h"
#include "ops/ops.h"

namespace picabia::ir {

// Index of a value in Graph::values. A distinct type, so that it cannot be mixed up with a node's
// index.
struct ValueId {
  int32_t index = -1;
  bool operator==(const ValueId&) const = default;
  auto operator<=>(const ValueId&) const = default;
};

using ValueIds = ShortList<ValueId>;

// A tensor of the graph: an input, a constant, or the output of one node.
struct Value {
  std::string name;  // unique; "node" for output 0 of node, "node:1" for the next
  DType dtype = DType::kF32;
  Boxed<Shape> declared_shape;  // what the file says; -1 is free; none = unknown rank
  Boxed<Shape>
      frozen_shape;        // of an input: the size it was frozen at, where declared_shape frees it
  Boxed<Tensor> constant;  // set for constants, whose shape is the tensor's
};

struct Node {
  std::string name;  // the file's own name, for messages; fusion keeps the name of the last node
  ops::Op op;
  ValueIds inputs;
  ValueIds outputs;
};

struct Graph {
  std::string source;  // file name, for messages
  std::string format;  // "tensorflow" or "onnx", or "text"
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  PictureConvention picture;
  PictureOrigins picture_origins;
  // What the file says of its pictures: the keys "Image.*" of ONNX's metadata.
  std::map<std::string, std::string> image_metadata;

  Value& value(ValueId id) { return values[static_cast<size_t>(id.index)]; }
  const Value& value(ValueId id) const { return values[static_cast<size_t>(id.index)]; }

  ValueId AddValue(Value value);
  ValueId AddConstant(std::string name, Tensor tensor);
  // Adds a node whose single output is a new value of `dtype` named `name`.
  ValueId AddNode(std::string name, ops::Op op, std::vector<ValueId> inputs,
                  DType dtype = DType::kF32);

  // The value named "name" or "name:0"; an error lists the nearest names.
  Result<ValueId> FindValue(std::string_view name) const;
};

// For each value: the index in graph.nodes of the node that makes it, or -1.
std::vector<int32_t> Producers(const Graph& graph);
// For each value: how many node inputs and graph outputs read it.
std::vector<int32_t> UseCounts(const Graph& graph);

// Makes `inputs` (fed values, which cuts their producers off) and `outputs` the graph's own, and
// drops the nodes that the outputs do not need. Empty lists keep what is there; then graph inputs
// that nothing reads are dropped. An output that needs an input that is not fed is an error naming
// it when `inputs` is not empty.
Status SetInterface(Graph& graph, const std::vector<ValueId>& inputs,
                    const std::vector<ValueId>& outputs);

// Removes nodes and constants that no output depends on. Value ids change; ids held by callers are
// void.
void RemoveDeadCode(Graph& graph);

// Checks every rule of this file: ids in range, unique names, order, arity of every operator,
// constant types where an operator needs a constant. The error names the node.
Status Verify(const Graph& graph);

}  // namespace picabia::ir
