// The rules of program.h. A program from a file is hostile until it has passed.
#include <cmath>
#include <string>
#include <vector>

#include "base/checked.h"
#include "ops/shape.h"
#include "program/program.h"

namespace picabia::program {
namespace {

constexpr int64_t kPanel = 16;           // columns of a packed filter's block
constexpr int64_t kMaxValues = 1 << 24;  // keeps indices far from int32's end

class Checker {
 public:
  explicit Checker(const Program& program)
      : program_(program),
        made_(program.values.size(), false),
        packed_(program.values.size(), nullptr) {}

  Status Check() {
    if (static_cast<int64_t>(program_.values.size()) > kMaxValues)
      return InvalidModel("program has more than " + std::to_string(kMaxValues) + " values");
    for (const Value& v : program_.values) PICABIA_RETURN_IF_ERROR(CheckDType(v.dtype));
    for (const Constant& c : program_.constants)
      PICABIA_RETURN_IF_ERROR(CheckConstant(c).WithContext("constant " + Name(c.value)));
    for (const Port& port : program_.inputs)
      PICABIA_RETURN_IF_ERROR(CheckInput(port).WithContext("input " + Name(port.value)));
    for (const Step& step : program_.steps)
      PICABIA_RETURN_IF_ERROR(CheckStep(step).WithContext("step '" + step.name + "'"));
    if (program_.outputs.empty()) return InvalidModel("program has no output");
    for (const Port& port : program_.outputs)
      if (!IsMade(port.value))
        return InvalidModel("output " + Name(port.value) + " is made by no step");
    return CheckPicture();
  }

 private:
  std::string Name(int32_t value) const {
    if (!InRange(value)) return "#" + std::to_string(value);
    return "'" + program_.values[static_cast<size_t>(value)].name + "'";
  }
  bool InRange(int32_t value) const {
    return value >= 0 && static_cast<size_t>(value) < program_.values.size();
  }
  bool IsMade(int32_t value) const { return InRange(value) && made_[static_cast<size_t>(value)]; }

  static Status CheckDType(DType dtype) {
    if (static_cast<int>(dtype) < kNumDTypes) return OkStatus();
    return InvalidModel("element type " + std::to_string(static_cast<int>(dtype)) +
                        " does not exist");
  }

  Status Make(int32_t value) {
    if (!InRange(value)) return InvalidModel("value number out of range");
    if (made_[static_cast<size_t>(value)])
      return InvalidModel("value " + Name(value) + " is made twice");
    made_[static_cast<size_t>(value)] = true;
    return OkStatus();
  }

  Status CheckConstant(const Constant& c) {
    PICABIA_RETURN_IF_ERROR(Make(c.value));
    PICABIA_RETURN_IF_ERROR(CheckDType(c.stored_dtype));
    const DType dtype = program_.values[static_cast<size_t>(c.value)].dtype;
    const bool half_store = dtype == DType::kF32 && c.stored_dtype == DType::kF16;
    if (c.stored_dtype != dtype && !half_store)
      return InvalidModel(std::string("stored as ") + DTypeName(c.stored_dtype) + ", expected " +
                          DTypeName(dtype));
    auto count = CheckedProduct(c.shape);
    if (c.packing == Packing::kPanels16) {
      PICABIA_RETURN_IF_ERROR(CheckFilter(c));
      packed_[static_cast<size_t>(c.value)] = &c;
    } else if (c.packing != Packing::kPlain) {
      return InvalidModel("packing " + std::to_string(static_cast<int>(c.packing)) +
                          " does not exist");
    }
    if (c.packing == Packing::kPanels16)
      return OkStatus();  // its length depends on the step that reads it
    if (!count || *count != c.data.num_elements())
      return InvalidModel("shape " + ShapeString(c.shape) + " found with " +
                          std::to_string(c.data.num_elements()) + " elements");
    return OkStatus();
  }

  static Status CheckFilter(const Constant& c) {
    const auto count = CheckedProduct(c.shape);
    if (c.shape.size() != 4 || !count || *count == 0)
      return InvalidModel("a packed filter has shape " + ShapeString(c.shape) +
                          ", expected four dimensions >= 1");
    return OkStatus();
  }

  Status CheckInput(const Port& port) {
    PICABIA_RETURN_IF_ERROR(Make(port.value));
    for (int64_t d : port.declared_shape)
      if (d < -1) return InvalidModel("dimension " + std::to_string(d));
    return OkStatus();
  }

  Status CheckStep(const Step& step) {
    PICABIA_RETURN_IF_ERROR(ops::CheckAttributes(step.op));
    const ops::Arity arity = ops::InputArity(step.op);
    if (step.inputs.size() < arity.min || step.inputs.size() > arity.max)
      return InvalidModel(std::string(ops::OpName(step.op)) + " has " +
                          std::to_string(step.inputs.size()) + " inputs");
    if (step.outputs.size() != 1) return InvalidModel("found other than one output");
    const auto* block = std::get_if<ops::ConvBlock>(&step.op);
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      const int32_t v = step.inputs[i];
      if (!IsMade(v)) return InvalidModel("input " + Name(v) + " is not made before it");
      const bool wants_packed = block != nullptr && i == 1;
      const Constant* packed = packed_[static_cast<size_t>(v)];
      if (wants_packed != (packed != nullptr))
        return InvalidModel("input " + Name(v) +
                            (wants_packed ? " is not a packed filter" : " is a packed filter"));
      if (wants_packed) PICABIA_RETURN_IF_ERROR(CheckPackedLength(*block, *packed));
    }
    PICABIA_RETURN_IF_ERROR(Make(step.outputs[0]));
    return CheckStepTypes(step);
  }

  Status CheckStepTypes(const Step& step) const {
    std::vector<DType> dtypes;
    for (int32_t v : step.inputs) dtypes.push_back(program_.values[static_cast<size_t>(v)].dtype);
    const auto dtype = ops::OutputDType(step.op, dtypes);
    if (!dtype.ok()) return InvalidModel(dtype.status().message());
    const DType found = program_.values[static_cast<size_t>(step.outputs[0])].dtype;
    if (found == *dtype) return OkStatus();
    return InvalidModel(std::string("its output has type ") + DTypeName(found) + ", expected " +
                        DTypeName(*dtype));
  }

  Status CheckPackedLength(const ops::ConvBlock& op, const Constant& c) const {
    const bool integer = op.input_scale > 0;
    const DType found = program_.values[static_cast<size_t>(c.value)].dtype;
    if (integer ? found != DType::kI8 && found != DType::kI16 : found != DType::kF32)
      return InvalidModel(std::string("its filter is not ") +
                          (integer ? "int8 or int16" : "float32"));
    const int64_t ci = op.transposed ? c.shape[3] : c.shape[2];
    const int64_t co = op.transposed ? c.shape[2] : c.shape[3];
    const int64_t dims[] = {CeilDiv(co, kPanel), kPanel, c.shape[0], c.shape[1], ci};
    const auto count = CheckedProduct(dims);
    if (!count || *count != c.data.num_elements())
      return InvalidModel("its filter of shape " + ShapeString(c.shape) + " has " +
                          std::to_string(c.data.num_elements()) + " packed elements");
    return OkStatus();
  }

  Status CheckPicture() const {
    const PictureConvention& p = program_.picture;
    for (const PerChannel& numbers : {p.scale, p.shift, p.out_scale, p.out_shift})
      for (const float f : numbers)
        if (!std::isfinite(f)) return InvalidModel("picture convention is not finite");
    return OkStatus();
  }

  const Program& program_;
  std::vector<bool> made_;
  std::vector<const Constant*> packed_;
};

}  // namespace

Status CheckProgram(const Program& program) { return Checker(program).Check(); }

}  // namespace picabia::program
