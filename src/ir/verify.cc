// Checks every rule of ir/graph.h. Called after import, after each pass and before lowering; linear
// in the size of the graph.
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ops/shape.h"

namespace picabia::ir {
namespace {

bool InRange(const Graph& graph, ValueId id) {
  return id.index >= 0 && static_cast<size_t>(id.index) < graph.values.size();
}

Status BadId(const std::string& where, ValueId id) {
  return InvalidModel(where + ": value " + std::to_string(id.index) + " does not exist");
}

// Marks `id` as made; every value is made once.
Status Make(const Graph& graph, ValueId id, const std::string& where, std::vector<bool>& made) {
  if (!InRange(graph, id)) return BadId(where, id);
  if (made[static_cast<size_t>(id.index)])
    return InvalidModel(where + ": value '" + graph.value(id).name + "' is made a second time");
  made[static_cast<size_t>(id.index)] = true;
  return OkStatus();
}

// By sorting: no names that a file chooses can make it slow, as they can a hash table.
Status CheckUniqueNames(const Graph& graph) {
  std::vector<int32_t> sorted(graph.values.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  const auto name = [&](int32_t i) -> const std::string& { return graph.value({i}).name; };
  std::sort(sorted.begin(), sorted.end(), [&](int32_t a, int32_t b) { return name(a) < name(b); });
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end(),
                                        [&](int32_t a, int32_t b) { return name(a) == name(b); });
  if (twice == sorted.end()) return OkStatus();
  return InvalidModel("two values have the name '" + name(*twice) + "'");
}

Status CheckShape(const Value& v, const Boxed<Shape>& shape) {
  if (!shape) return OkStatus();
  for (int64_t d : *shape) {
    if (d < -1) return InvalidModel("value '" + v.name + "': dimension " + std::to_string(d));
  }
  return OkStatus();
}

Status CheckValues(const Graph& graph, std::vector<bool>& made) {
  PICABIA_RETURN_IF_ERROR(CheckUniqueNames(graph));
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const Value& v = graph.values[i];
    PICABIA_RETURN_IF_ERROR(CheckShape(v, v.declared_shape));
    PICABIA_RETURN_IF_ERROR(CheckShape(v, v.frozen_shape));
    if (!v.constant) continue;
    made[i] = true;
    if (v.constant->dtype() != v.dtype)
      return InvalidModel("constant '" + v.name + "': found " + DTypeName(v.constant->dtype()) +
                          " contents, expected " + DTypeName(v.dtype));
    if (!v.constant->has_data() && v.constant->num_elements() != 0)
      return InvalidModel("constant '" + v.name + "' has no contents");
  }
  return OkStatus();
}

struct InputRule {
  const Graph& graph;
  const Node& node;

  const Value& In(size_t i) const { return graph.value(node.inputs[i]); }

  Status DTypeIs(size_t i, DType expected) const {
    if (In(i).dtype == expected) return OkStatus();
    return InvalidModel("input " + std::to_string(i) + " ('" + In(i).name + "'): found type " +
                        DTypeName(In(i).dtype) + ", expected " + DTypeName(expected));
  }
  Status AllF32() const {
    for (size_t i = 0; i < node.inputs.size(); ++i)
      PICABIA_RETURN_IF_ERROR(DTypeIs(i, DType::kF32));
    return OkStatus();
  }
  // x float, filter of `dtype`, the rest float.
  Status Convolution(DType dtype) const {
    PICABIA_RETURN_IF_ERROR(DTypeIs(0, DType::kF32));
    PICABIA_RETURN_IF_ERROR(DTypeIs(1, dtype));
    for (size_t i = 2; i < node.inputs.size(); ++i)
      PICABIA_RETURN_IF_ERROR(DTypeIs(i, DType::kF32));
    return OkStatus();
  }
  // A constant of this rank; `size` elements in its only dimension unless that is -1.
  Status ConstantIs(size_t i, const char* role, size_t rank, int64_t size) const {
    const std::string who = "input " + std::to_string(i) + " (" + role + " '" + In(i).name + "'): ";
    if (!In(i).constant) return InvalidModel(who + "found a computed value, expected a constant");
    const Shape& shape = In(i).constant->shape();
    if (shape.size() != rank || (size >= 0 && shape[0] != size))
      return InvalidModel(who + "found shape " + ShapeString(shape) + ", expected rank " +
                          std::to_string(rank) +
                          (size >= 0 ? " and " + std::to_string(size) + " elements" : ""));
    return OkStatus();
  }

  Status operator()(const ops::Conv2D&) const { return Convolution(DType::kF32); }
  Status operator()(const ops::ConvTranspose2D&) const { return Convolution(DType::kF32); }
  Status operator()(const ops::Int8Conv2D&) const { return Convolution(DType::kI8); }
  Status operator()(const ops::Int8ConvTranspose2D&) const { return Convolution(DType::kI8); }
  Status operator()(const ops::InstanceNorm&) const { return AllF32(); }
  Status operator()(const ops::BatchNorm&) const { return AllF32(); }
  Status operator()(const ops::Identity&) const { return OkStatus(); }
  Status operator()(const ops::Unary&) const { return AllF32(); }
  Status operator()(const ops::Clip&) const { return AllF32(); }
  Status operator()(const ops::Binary&) const { return DTypeIs(1, In(0).dtype); }
  Status operator()(const ops::PowerDifference&) const { return AllF32(); }
  Status operator()(const ops::Reduce&) const { return OkStatus(); }
  Status operator()(const ops::Pad&) const { return OkStatus(); }
  Status operator()(const ops::ResizeNearest&) const { return OkStatus(); }
  Status operator()(const ops::Transpose&) const { return OkStatus(); }
  Status operator()(const ops::Reshape&) const { return OkStatus(); }
  // Lowering packs a block's weights, so they must be there.
  Status operator()(const ops::ConvBlock& op) const {
    PICABIA_RETURN_IF_ERROR(Convolution(op.filter_scale > 0 ? DType::kI8 : DType::kF32));
    PICABIA_RETURN_IF_ERROR(ConstantIs(1, "filter", 4, -1));
    const int64_t channels = In(1).constant->shape()[op.transposed ? 2 : 3];
    size_t next = 2;
    if (op.has_bias) PICABIA_RETURN_IF_ERROR(ConstantIs(next++, "bias", 1, channels));
    if (op.norm == ops::Norm::kNone) return OkStatus();
    PICABIA_RETURN_IF_ERROR(ConstantIs(next, "norm scale", 1, channels));
    return ConstantIs(next + 1, "norm shift", 1, channels);
  }
};

Status CheckNode(const Graph& graph, const Node& node, std::vector<bool>& made) {
  for (ValueId id : node.inputs) {
    if (!InRange(graph, id)) return BadId("input", id);
    if (!made[static_cast<size_t>(id.index)])
      return InvalidModel("input '" + graph.value(id).name + "' is not made before it is used");
  }
  const ops::Arity arity = ops::InputArity(node.op);
  if (node.inputs.size() < arity.min || node.inputs.size() > arity.max)
    return InvalidModel("found " + std::to_string(node.inputs.size()) + " inputs, expected " +
                        std::to_string(arity.min) +
                        (arity.min == arity.max ? "" : " to " + std::to_string(arity.max)));
  PICABIA_RETURN_IF_ERROR(ops::CheckAttributes(node.op));
  if (node.outputs.size() != 1)
    return InvalidModel("found " + std::to_string(node.outputs.size()) + " outputs, expected 1");
  PICABIA_RETURN_IF_ERROR(Make(graph, node.outputs[0], "output", made));
  PICABIA_RETURN_IF_ERROR(std::visit(InputRule{graph, node}, node.op));
  const DType in = graph.value(node.inputs[0]).dtype, out = graph.value(node.outputs[0]).dtype;
  if (in != out)  // every operator so far keeps the type of its first input
    return InvalidModel(std::string("output: found type ") + DTypeName(out) + ", expected " +
                        DTypeName(in));
  return OkStatus();
}

}  // namespace

Status Verify(const Graph& graph) {
  std::vector<bool> made(graph.values.size(), false);
  PICABIA_RETURN_IF_ERROR(CheckValues(graph, made));
  for (ValueId id : graph.inputs) PICABIA_RETURN_IF_ERROR(Make(graph, id, "graph inputs", made));
  for (const Node& node : graph.nodes) {
    const Status status = CheckNode(graph, node, made);
    if (!status.ok())
      return status.WithContext("node '" + node.name + "' (" + ops::OpName(node.op) + ")");
  }
  for (ValueId id : graph.outputs) {
    if (!InRange(graph, id)) return BadId("graph outputs", id);
    if (!made[static_cast<size_t>(id.index)])
      return InvalidModel("graph output '" + graph.value(id).name + "' is made by nothing");
  }
  return OkStatus();
}

}  // namespace picabia::ir
