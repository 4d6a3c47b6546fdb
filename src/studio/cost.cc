// Costs of programs; see cost.h.
#include "studio/cost.h"

#include <variant>

#include "base/checked.h"
#include "ops/shape.h"

namespace picabia::studio {
namespace {

using ops::TensorType;

Result<int64_t> Product(const Shape& shape) {
  const auto product = CheckedProduct(shape);
  if (!product) return ResourceError("a shape of " + ShapeString(shape) + " is too large");
  return *product;
}

// A convolution multiplies each output by a filter column of all but the last dimension; its
// transpose multiplies each input by a column of all but the last dimension, too (HWOI).
Result<int64_t> StepMacs(const ops::Op& op, const std::vector<TensorType>& inputs,
                         const TensorType& output) {
  const auto* block = std::get_if<ops::ConvBlock>(&op);
  const bool transposed = std::holds_alternative<ops::ConvTranspose2D>(op) ||
                          std::holds_alternative<ops::Int8ConvTranspose2D>(op) ||
                          (block != nullptr && block->transposed);
  const bool convolves = transposed || block != nullptr ||
                         std::holds_alternative<ops::Conv2D>(op) ||
                         std::holds_alternative<ops::Int8Conv2D>(op) ||
                         std::holds_alternative<ops::QuantizedConv2D>(op);
  if (!convolves || inputs.size() < 2 || inputs[1].shape.size() != 4) return int64_t{0};
  const Shape& filter = inputs[1].shape;
  PICABIA_ASSIGN_OR_RETURN(const int64_t positions,
                           Product(transposed ? inputs[0].shape : output.shape));
  PICABIA_ASSIGN_OR_RETURN(const int64_t each, Product({filter[0], filter[1], filter[2]}));
  return Product({positions, each});
}

}  // namespace

std::optional<std::vector<Shape>> InputShapes(const program::Program& program, int64_t height,
                                              int64_t width) {
  std::vector<Shape> shapes;
  const size_t first = program.picture.nchw ? 2 : 1;  // where the height stands
  for (const program::Port& port : program.inputs) {
    if (!port.rank_known) return std::nullopt;
    Shape shape = port.declared_shape;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] >= 0) continue;
      const bool spatial = shape.size() == 4 && (i == first || i == first + 1);
      if (spatial && height > 0) {
        shape[i] = i == first ? height : width;
      } else if (i < port.default_shape.size()) {
        shape[i] = port.default_shape[i];
      }
      if (shape[i] < 0 && i == 0) shape[i] = 1;
      if (shape[i] < 0) return std::nullopt;
    }
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

int64_t Parameters(const program::Program& program) {
  int64_t count = 0;
  for (const program::Constant& constant : program.constants) {
    count += CheckedProduct(constant.shape).value_or(0);
  }
  return count;
}

Result<int64_t> MultiplyAdds(const program::Program& program, const std::vector<Shape>& inputs) {
  std::vector<TensorType> types(program.values.size());
  for (size_t i = 0; i < types.size(); ++i) types[i].dtype = program.values[i].dtype;
  for (const program::Constant& c : program.constants) {
    types[static_cast<size_t>(c.value)].shape = c.shape;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    types[static_cast<size_t>(program.inputs[i].value)].shape = inputs[i];
  }
  int64_t total = 0;
  for (const program::Step& step : program.steps) {
    std::vector<TensorType> arguments;
    for (int32_t input : step.inputs) arguments.push_back(types[static_cast<size_t>(input)]);
    const auto outputs = ops::InferOutputs(step.op, arguments);
    if (!outputs.ok()) return outputs.status().WithContext(step.name);
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      types[static_cast<size_t>(step.outputs[i])] = (*outputs)[i];
    }
    PICABIA_ASSIGN_OR_RETURN(const int64_t macs, StepMacs(step.op, arguments, (*outputs)[0]));
    const auto sum = CheckedAdd(total, macs);
    if (!sum) return ResourceError("the multiply-adds of the model cannot be counted");
    total = *sum;
  }
  return total;
}

}  // namespace picabia::studio
