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

// A constant of this rank; `size` elements in its only dimension unless that is -1.
Status ConstantIs(const Graph& graph, const Node& node, size_t i, const char* role, size_t rank,
                  int64_t size) {
  const Value& value = graph.value(node.inputs[i]);
  const std::string who = "input " + std::to_string(i) + " (" + role + " '" + value.name + "'): ";
  if (!value.constant) return InvalidModel(who + "found a computed value, expected a constant");
  const Shape& shape = value.constant->shape();
  if (shape.size() != rank || (size >= 0 && shape[0] != size))
    return InvalidModel(who + "found shape " + ShapeString(shape) + ", expected rank " +
                        std::to_string(rank) +
                        (size >= 0 ? " and " + std::to_string(size) + " elements" : ""));
  return OkStatus();
}

// Lowering packs a block's weights, so they must be there.
Status CheckBlockConstants(const Graph& graph, const Node& node, const ops::ConvBlock& op) {
  PICABIA_RETURN_IF_ERROR(ConstantIs(graph, node, 1, "filter", 4, -1));
  const int64_t channels = graph.value(node.inputs[1]).constant->shape()[op.transposed ? 2 : 3];
  size_t next = 2;
  if (op.has_bias) PICABIA_RETURN_IF_ERROR(ConstantIs(graph, node, next++, "bias", 1, channels));
  if (op.norm == ops::Norm::kNone) return OkStatus();
  for (const char* role : {"norm scale", "norm shift"}) {  // conditional norms compute theirs
    const size_t i = next++;
    if (!graph.value(node.inputs[i]).constant) continue;
    PICABIA_RETURN_IF_ERROR(ConstantIs(graph, node, i, role, 1, channels));
  }
  return OkStatus();
}

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
  std::vector<DType> dtypes;
  for (ValueId id : node.inputs) dtypes.push_back(graph.value(id).dtype);
  auto dtype = ops::OutputDType(node.op, dtypes);
  if (!dtype.ok()) return InvalidModel(dtype.status().message());
  const DType out = graph.value(node.outputs[0]).dtype;
  if (*dtype != out)
    return InvalidModel(std::string("output: found type ") + DTypeName(out) + ", expected " +
                        DTypeName(*dtype));
  if (const auto* block = std::get_if<ops::ConvBlock>(&node.op))
    return CheckBlockConstants(graph, node, *block);
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
