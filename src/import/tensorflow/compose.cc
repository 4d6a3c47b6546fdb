// What TensorFlow's converters share beside import/compose.h. Called by all of them.
#include <string>

#include "import/names.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

Result<Layout> DataFormat(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view format,
                           c.attributes.String("data_format", "NHWC"));
  if (format == "NHWC") return Layout::kNhwc;
  if (format == "NCHW") return Layout::kNchw;
  return Unsupported("attribute 'data_format' is " + Quoted(format) +
                     ", expected 'NHWC' or 'NCHW'");
}

Result<ir::ValueId> AddSpatial(NodeContext& c, Layout layout, ops::Op op) {
  if (layout == Layout::kNhwc) return AddNode(c, std::move(op));
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0], c.builder.ToNhwc(c.inputs[0]));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId result,
      c.builder.AddNode(c.name, c.builder.FreshName(c.name + "/result"), std::move(op), c.inputs));
  return c.builder.ToNchw(result, c.name);
}

Result<ir::ValueId> AddSequence(NodeContext& c, std::vector<ops::Op> steps) {
  if (steps.empty()) steps.push_back(ops::Identity{});
  c.inputs.resize(1);
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    PICABIA_ASSIGN_OR_RETURN(c.inputs[0], AddStep(c, "step", std::move(steps[i]), c.inputs));
  }
  return AddNode(c, std::move(steps.back()));
}

Result<int64_t> ConstantInteger(const NodeContext& c, size_t input, const char* what) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values, ConstantIntegers(c, input, what));
  if (values.size() == 1) return values[0];
  return InvalidModel(std::string(what) + " (input " + std::to_string(input) + ") has " +
                      std::to_string(values.size()) + " elements, expected one");
}

Result<int64_t> ConstantAxis(const NodeContext& c, size_t input, size_t of) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantInteger(c, input, "the axis"));
  return AxisOf(c, of, axis);
}

Status CheckCount(NodeContext& c, const char* name, size_t count) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t said, c.attributes.Int(name, static_cast<int64_t>(count)));
  if (said == static_cast<int64_t>(count)) return OkStatus();
  return InvalidModel("attribute " + Quoted(name) + " is " + std::to_string(said) + ", expected " +
                      std::to_string(count));
}

Result<DType> TypeAttribute(NodeContext& c, const char* name, DType fallback) {
  const Attribute* type = c.attributes.Find(name, Attribute::Kind::kType);
  return type == nullptr ? Result<DType>(fallback) : ToDType(type->integer);
}

Status WantOutputs(NodeContext& c, int64_t count) {
  for (const MoreOutput& more : c.more_outputs) {
    if (more.index < count) continue;
    return InvalidModel("output " + std::to_string(more.index) + " is read, the node has " +
                        std::to_string(count));
  }
  if (c.is_read) return OkStatus();
  if (count > c.spare_outputs)
    return ResourceError("the graph's nodes have too many outputs that nothing reads");
  c.spare_outputs -= count;
  for (int64_t i = 1; i < count; ++i) c.more_outputs.push_back({i, {}});
  return OkStatus();
}

std::string OutputName(const NodeContext& c, int64_t index) {
  return index == 0 ? c.name : c.name + ":" + std::to_string(index);
}

}  // namespace picabia::import::tensorflow
