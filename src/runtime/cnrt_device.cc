#include "runtime/cnrt_device.h"

#include <utility>

#include "program/offline.h"
#include "runtime/dry_run.h"

namespace picabia::runtime {
namespace {

// Types and shapes as the program has them: nothing is converted on the way.
program::OfflinePort PortOf(const program::Program& program, const program::Port& port,
                            const ops::TensorType& type) {
  return {program.values[static_cast<size_t>(port.value)].name, type.dtype, type.shape, false};
}

}  // namespace

Result<std::unique_ptr<CnrtDevice>> CnrtDevice::Create(const program::Program& program,
                                                       const std::string& library,
                                                       int model_parallelism) {
  PICABIA_ASSIGN_OR_RETURN(auto opened, mlu::CnrtLibrary::Open(library));
  return std::unique_ptr<CnrtDevice>(new CnrtDevice(program, std::move(opened), model_parallelism));
}

Result<std::unique_ptr<mlu::CnrtFunction>> CnrtDevice::Bind(
    const std::vector<Shape>& shapes) const {
  PICABIA_ASSIGN_OR_RETURN(const auto types, DryRun(program_, shapes));
  auto fixed = std::make_shared<program::Program>(program_);  // constants are shared
  program::OfflineFunction function;
  function.name = "subnet0";
  function.model_parallelism = model_parallelism_;
  std::vector<ops::TensorType> inputs, outputs;
  for (size_t i = 0; i < shapes.size(); ++i) {
    program::Port& port = fixed->inputs[i];
    port.rank_known = true;
    port.declared_shape = shapes[i];
    inputs.push_back(types[static_cast<size_t>(port.value)]);
    function.inputs.push_back(PortOf(program_, port, inputs.back()));
  }
  for (const program::Port& port : program_.outputs) {
    outputs.push_back(types[static_cast<size_t>(port.value)]);
    function.outputs.push_back(PortOf(program_, port, outputs.back()));
  }
  function.program = std::move(fixed);
  program::OfflineModel model;
  model.source = program_.source;
  model.compiler_version = program_.compiler_version;
  model.functions.push_back(std::move(function));
  PICABIA_ASSIGN_OR_RETURN(const std::string bytes, program::WriteOffline(model));
  return mlu::CnrtFunction::Create(library_, bytes, std::move(inputs), std::move(outputs));
}

Result<std::vector<Tensor>> CnrtDevice::Run(const std::vector<Tensor>& inputs, double* ms) {
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) shapes.push_back(input.shape());
  if (function_ == nullptr || shapes != bound_) {
    function_ = nullptr;  // its memory goes before the next one's comes
    PICABIA_ASSIGN_OR_RETURN(function_, Bind(shapes));
    bound_ = std::move(shapes);
  }
  return function_->Run(inputs, ms);
}

}  // namespace picabia::runtime
