// What ONNX's converters share beyond import/compose.h: transposes around spatial operators, axes
// and inputs that may be left out. Called by all converters.
#include "import/onnx/operators.h"

namespace picabia::import::onnx {

Result<ir::ValueId> AddSpatial(NodeContext& c, ops::Op op) {
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0], c.builder.ToNhwc(c.inputs[0]));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId nhwc,
      c.builder.AddNode(c.name, c.builder.FreshName(c.output + "/nhwc"), std::move(op), c.inputs));
  return c.builder.ToNchw(nhwc, c.output);
}

Result<int64_t> AxisAttribute(NodeContext& c, const char* name, int64_t fallback) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, c.attributes.Int(name, fallback));
  return AxisOf(c, 0, axis);
}

int64_t NhwcAxis(int64_t nchw_axis) {
  constexpr int64_t kAxes[] = {0, 3, 1, 2};
  return kAxes[nchw_axis];
}

bool IsGiven(const NodeContext& c, size_t input) {
  if (!c.HasInput(input)) return false;
  const Tensor* tensor = c.builder.FixedValue(c.inputs[input]);
  return tensor == nullptr || tensor->num_elements() != 0;
}

}  // namespace picabia::import::onnx
