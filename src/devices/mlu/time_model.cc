// A roofline a step: multiply-adds by the matrix unit, everything else by the vector unit, tensors
// through the card's memory.
#include "devices/mlu/time_model.h"

#include <algorithm>

#include "base/checked.h"

namespace picabia::mlu {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr int64_t kHalfBytes = 2;

int64_t Count(const Shape& shape) { return CheckedProduct(shape).value_or(0); }

// Vector operations on each element of a block's output behind its convolution. Of an instance
// norm: sums of y and of its squared distance (5), then d/s, times scale, plus shift (3).
double OpsBehind(const ops::ConvBlock& op) {
  double ops = 1;  // from the sums of the matrix unit to halves
  if (op.has_bias) ops += 1;
  if (op.norm == ops::Norm::kInstance) ops += 8;
  if (op.activation != ops::Activation::kNone) ops += 1;
  if (op.activation2 != ops::Activation::kNone) ops += 1;
  if (op.has_residual) ops += 1;
  if (op.post_scale != 1 || op.post_shift != 0) ops += 2;
  return ops;
}

class Model {
 public:
  Model(const program::Program& program, const std::vector<ops::TensorType>& types, int cores,
        const CardRates& rates)
      : types_(types), cores_(cores), rates_(rates) {
    bytes_of_.assign(program.values.size(), 0);
    for (size_t v = 0; v < types.size(); ++v) bytes_of_[v] = kHalfBytes * Count(types[v].shape);
    integers_.assign(program.values.size(), 0);
    for (const program::Constant& c : program.constants) {
      const auto v = static_cast<size_t>(c.value);
      const bool integer = c.stored_dtype == DType::kI8 || c.stored_dtype == DType::kI16;
      integers_[v] = integer ? static_cast<int>(DTypeSize(c.stored_dtype)) : 0;
      bytes_of_[v] = Count(c.shape) * (integer ? integers_[v] : kHalfBytes);
    }
  }

  ModelledStep Step(const program::Step& step, int64_t macs) const {
    ModelledStep out;
    out.name = step.name;
    const int64_t elements = Count(types_[static_cast<size_t>(step.outputs[0])].shape);
    double operations = static_cast<double>(elements);
    for (const int32_t v : step.inputs) out.bytes += bytes_of_[static_cast<size_t>(v)];
    out.bytes += kHalfBytes * elements;
    const int integer = step.inputs.size() > 1 ? integers_[static_cast<size_t>(step.inputs[1])] : 0;
    if (const auto* block = std::get_if<ops::ConvBlock>(&step.op)) {
      operations *= OpsBehind(*block);
      // The norm needs all of y before any of its output: what does not stay on the cores goes to
      // memory and comes back, for the mean, the variance and the output.
      const double room = rates_.onchip_bytes * cores_;
      if (block->norm == ops::Norm::kInstance && static_cast<double>(kHalfBytes * elements) > room)
        out.bytes += 4 * kHalfBytes * elements;
    }
    if (integer > 0) {
      const double rate = integer == 1 ? rates_.int8_macs : rates_.int16_macs;
      out.matrix_ms = Ms(static_cast<double>(macs), rate);
    } else {
      operations += 2.0 * static_cast<double>(macs);  // floats: a product and a sum each
    }
    out.vector_ms = Ms(operations, rates_.vector_ops);
    out.memory_ms = static_cast<double>(out.bytes) / rates_.memory_bytes / kNsPerMs;
    return out;
  }

 private:
  double Ms(double operations, double rate) const {
    return operations / (rate * rates_.clock_ghz * cores_) / kNsPerMs;
  }

  const std::vector<ops::TensorType>& types_;
  const int cores_;
  const CardRates rates_;
  std::vector<int64_t> bytes_of_;  // by value, as the card holds it
  std::vector<int> integers_;      // by value: bytes of an element of an integer filter, else 0
};

}  // namespace

double ModelledStep::ms() const { return std::max({matrix_ms, vector_ms, memory_ms}); }

const char* ModelledStep::bound() const {
  if (matrix_ms >= vector_ms && matrix_ms >= memory_ms) return "matrix";
  return vector_ms >= memory_ms ? "vector" : "memory";
}

std::vector<ModelledStep> ModelTime(const program::Program& program,
                                    const std::vector<ops::TensorType>& types,
                                    const std::vector<int64_t>& macs, int cores,
                                    const CardRates& rates) {
  const Model model(program, types, cores, rates);
  std::vector<ModelledStep> steps;
  for (size_t i = 0; i < program.steps.size(); ++i)
    steps.push_back(model.Step(program.steps[i], macs[i]));
  return steps;
}

}  // namespace picabia::mlu
