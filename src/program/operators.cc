// Binding of custom operators; see operators.h.
#include "program/operators.h"

#include <vector>

#include "ops/shape.h"

namespace picabia::program {
namespace {

// The operator that runs the step in the place of what the program says, if there is one.
const char* TypeOf(const ops::Op& op) {
  if (const auto* custom = std::get_if<ops::Custom>(&op)) return custom->type.c_str();
  if (std::holds_alternative<ops::PowerDifference>(op)) return ops::PowerDifference::kName;
  return nullptr;
}

Status BindStep(const Program& program, const ops::OperatorSet& operators, Step& step) {
  const char* type = TypeOf(step.op);
  if (type == nullptr) return OkStatus();
  const auto* custom = std::get_if<ops::Custom>(&step.op);
  const auto found = operators.find(type);
  if (found == operators.end()) return OkStatus();
  std::vector<DType> inputs;
  for (const int32_t v : step.inputs)
    inputs.push_back(program.values[static_cast<size_t>(v)].dtype);
  const DType to = program.values[static_cast<size_t>(step.outputs[0])].dtype;
  ops::Op bound = ops::Custom{type, to, custom == nullptr ? "" : custom->attributes, found->second};
  PICABIA_RETURN_IF_ERROR(ops::OutputDType(bound, inputs).status());
  step.op = std::move(bound);
  return OkStatus();
}

}  // namespace

Status BindOperators(Program& program, const ops::OperatorSet& operators) {
  for (Step& step : program.steps)
    PICABIA_RETURN_IF_ERROR(
        BindStep(program, operators, step).WithContext("node '" + step.name + "'"));
  return OkStatus();
}

Status CheckBound(const Program& program) {
  for (const Step& step : program.steps) {
    const auto* custom = std::get_if<ops::Custom>(&step.op);
    if (custom != nullptr && custom->implementation == nullptr)
      return ops::NotLoaded(custom->type).WithContext("node '" + step.name + "'");
  }
  return OkStatus();
}

}  // namespace picabia::program
