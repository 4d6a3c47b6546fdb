// Shapes without work; see dry_run.h.
#include "runtime/dry_run.h"

#include <algorithm>
#include <optional>

#include "base/checked.h"
#include "kernels/reference/reference.h"

namespace picabia::runtime {
namespace {

constexpr int64_t kMaxContents = 64;  // elements of a tensor that shapes are computed from

class DryRunner {
 public:
  explicit DryRunner(const program::Program& program)
      : program_(program), types_(program.values.size()), contents_(program.values.size()) {
    for (size_t i = 0; i < types_.size(); ++i) types_[i].dtype = program.values[i].dtype;
    for (const program::Constant& c : program.constants) {
      const auto v = static_cast<size_t>(c.value);
      types_[v].shape = c.shape;
      const bool plain = c.packing == program::Packing::kPlain && c.stored_dtype == types_[v].dtype;
      auto tensor = c.data.Reshaped(c.shape);
      if (plain && tensor.ok()) contents_[v] = *std::move(tensor);
    }
  }

  Result<std::vector<ops::TensorType>> Run(const std::vector<Shape>& inputs) {
    for (size_t i = 0; i < inputs.size(); ++i)
      types_[static_cast<size_t>(program_.inputs[i].value)].shape = inputs[i];
    for (const program::Step& step : program_.steps) {
      const Status status = Step(step);
      if (!status.ok()) return status.WithContext("node '" + step.name + "'");
    }
    return std::move(types_);
  }

 private:
  Status Step(const program::Step& step) {
    std::vector<ops::TensorType> types;
    std::vector<const Tensor*> values;
    for (const int32_t input : step.inputs) {
      const auto v = static_cast<size_t>(input);
      types.push_back(types_[v]);
      values.push_back(contents_[v] ? &*contents_[v] : nullptr);
    }
    PICABIA_ASSIGN_OR_RETURN(const std::vector<ops::TensorType> outputs,
                             ops::InferOutputs(step.op, types, values));
    const auto out = static_cast<size_t>(step.outputs[0]);
    types_[out] = outputs[0];
    contents_[out] = Contents(step, values);
    return OkStatus();
  }

  // What the step gives, where its inputs are known and it is small.
  std::optional<Tensor> Contents(const program::Step& step,
                                 const std::vector<const Tensor*>& values) const {
    const ops::TensorType& type = types_[static_cast<size_t>(step.outputs[0])];
    const auto small = [](const Shape& shape) {
      return CheckedProduct(shape).value_or(kMaxContents + 1) <= kMaxContents;
    };
    if (!small(type.shape)) return std::nullopt;
    if (const auto* op = std::get_if<ops::ShapeOf>(&step.op)) return Dimensions(step, *op);
    if (std::holds_alternative<ops::Custom>(step.op))
      return std::nullopt;  // a dry run runs nothing
    std::vector<Tensor> inputs;
    for (const Tensor* value : values) {
      if (value == nullptr || !small(value->shape())) return std::nullopt;
      inputs.push_back(*value);
    }
    auto result = kernels::RunReference(step.op, inputs);
    if (!result.ok()) return std::nullopt;
    return std::move((*result)[0]);
  }

  std::optional<Tensor> Dimensions(const program::Step& step, const ops::ShapeOf& op) const {
    const Shape& x = types_[static_cast<size_t>(step.inputs[0])].shape;
    const auto& type = types_[static_cast<size_t>(step.outputs[0])];
    auto t = Tensor::Create(op.to, type.shape);
    if (!t.ok()) return std::nullopt;
    const auto first = static_cast<size_t>(ops::FirstAxis(op, x.size()));
    for (int64_t i = 0; i < t->num_elements(); ++i) {
      const int64_t d = x[first + static_cast<size_t>(i)];
      if (op.to == DType::kI32) {
        t->MutableData<int32_t>()[i] = static_cast<int32_t>(d);
      } else {
        t->MutableData<int64_t>()[i] = d;
      }
    }
    return *std::move(t);
  }

  const program::Program& program_;
  std::vector<ops::TensorType> types_;
  std::vector<std::optional<Tensor>> contents_;
};

}  // namespace

Result<std::vector<ops::TensorType>> DryRun(const program::Program& program,
                                            const std::vector<Shape>& inputs) {
  return DryRunner(program).Run(inputs);
}

}  // namespace picabia::runtime
