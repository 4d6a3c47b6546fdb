// Options as Python spells them; see bind.h.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <utility>

#include "python/core/bind.h"
#include "runtime/operators.h"

namespace picabia::python {

namespace nb = nanobind;

Result<studio::Preprocess> ParsePreprocess(const std::string& text) {
  if (text.empty()) return studio::Preprocess();
  auto preprocess = studio::Preprocess::Parse(text, "from preprocess");
  if (!preprocess.ok()) return preprocess.status().WithContext("preprocess");
  return preprocess;
}

Result<runtime::SessionOptions> SessionOptionsOf(const std::string& device,
                                                 const std::string& precision, int threads,
                                                 bool fast, const std::string& mlu_numerics) {
  constexpr int kMostThreads = 1024;
  if (threads < 0 || threads > kMostThreads)
    return InvalidArgument("threads: found " + std::to_string(threads) + ", expected 0 to " +
                           std::to_string(kMostThreads));
  runtime::SessionOptions options;
  if (!precision.empty()) {
    PICABIA_ASSIGN_OR_RETURN(options.precision, runtime::ParsePrecision(precision));
  }
  options.threads = threads;
  options.fast = fast;
  if (fast && options.precision != runtime::Precision::kInt8)
    return InvalidArgument("fast is a way to compute in int8 only");
  if (device != "cpu" && device != "mlu")
    return InvalidArgument("device: found '" + device + "', expected cpu or mlu");
  if (mlu_numerics != "faithful" && mlu_numerics != "wide")
    return InvalidArgument("mlu_numerics: found '" + mlu_numerics + "', expected faithful or wide");
  if (device == "mlu") options.device = runtime::DeviceKind::kMlu;
  if (mlu_numerics == "wide") options.mlu.numerics = runtime::MluNumerics::kWide;
  return options;
}

passes::Target TargetOf(const runtime::SessionOptions& options) {
  // Wide numerics are those of device cpu.
  const bool card = options.device == runtime::DeviceKind::kMlu &&
                    options.mlu.numerics == runtime::MluNumerics::kFaithful;
  return card ? passes::Target::kMlu270 : passes::Target::kCpu;
}

Result<ops::OperatorSet> OperatorsOf(const std::vector<std::string>& libraries,
                                     const nb::dict& functions, const std::string& device,
                                     std::shared_ptr<HostObjects> objects) {
  ops::OperatorRegistry registry;
  for (const std::string& library : libraries)
    PICABIA_RETURN_IF_ERROR(runtime::LoadOperators(library, registry));
  for (const auto& [key, description] : functions) {
    std::optional<DType> dtype;
    if (const nb::object type = description.attr("dtype"); !type.is_none()) {
      const nb::object name = nb::module_::import_("numpy").attr("dtype")(type).attr("name");
      PICABIA_ASSIGN_OR_RETURN(dtype, ParseDType(nb::cast<std::string>(name)));
    }
    PICABIA_RETURN_IF_ERROR(registry.Add(nb::cast<std::string>(key), "",
                                         HostOperator(nb::borrow(description), dtype, objects)));
  }
  return registry.For(device);
}

}  // namespace picabia::python
