// What TensorFlow's converters share beyond import/compose.h: layouts, constant axes, attributes
// and several outputs. Called by all converters.
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
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId result, AddStep(c, "result", std::move(op), c.inputs));
  return c.builder.ToNchw(result, c.output);
}

Status CheckIntegers(const NodeContext& c, size_t input, const char* what) {
  const DType dtype = c.builder.dtype(c.inputs[input]);
  if (dtype == DType::kI32 || dtype == DType::kI64) return OkStatus();
  return InvalidModel(std::string(what) + " (input " + std::to_string(input) + ") is " +
                      DTypeName(dtype) + ", expected int32 or int64");
}

Result<int64_t> ConstantInteger(const NodeContext& c, size_t input, const char* what) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values, ConstantIntegers(c, input, what));
  if (values.size() == 1) return values[0];
  return InvalidModel(std::string(what) + " (input " + std::to_string(input) + ") has " +
                      std::to_string(values.size()) + " values, expected 1");
}

Result<int64_t> ConstantAxis(const NodeContext& c, size_t input, size_t of) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, ConstantInteger(c, input, "the axis"));
  return AxisOf(c, of, axis);
}

Status CheckCount(NodeContext& c, const char* name, size_t count) {
  const auto expected = static_cast<int64_t>(count);
  PICABIA_ASSIGN_OR_RETURN(const int64_t found, c.attributes.Int(name, expected));
  if (found == expected) return OkStatus();
  return InvalidModel("attribute '" + std::string(name) + "' is " + std::to_string(found) +
                      ", expected " + std::to_string(expected));
}

Result<DType> TypeAttribute(NodeContext& c, const char* name, DType fallback) {
  const Attribute* type = c.attributes.Find(name, Attribute::Kind::kType);
  if (type != nullptr) return ToDType(type->integer);
  if (!c.attributes.Has(name)) return fallback;
  return InvalidModel("attribute '" + std::string(name) + "' is no element type");
}

Status WantOutputs(NodeContext& c, int64_t count) {
  for (const MoreOutput& more : c.more_outputs) {
    if (more.index < count) continue;
    return InvalidModel("its output " + std::to_string(more.index) +
                        " is read, but it has outputs 0 to " + std::to_string(count - 1));
  }
  if (c.is_read) return OkStatus();
  if (count - 1 > c.spare_outputs)
    return ResourceError("nothing reads its " + std::to_string(count) +
                         " outputs, and the graph has too many of that kind");
  c.spare_outputs -= count - 1;
  for (int64_t i = 1; i < count; ++i) c.more_outputs.push_back({i, {}});
  return OkStatus();
}

std::string OutputName(const NodeContext& c, int64_t index) {
  return index == 0 ? c.output : c.output + ":" + std::to_string(index);
}

}  // namespace picabia::import::tensorflow
