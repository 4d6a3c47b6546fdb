// quantize and compile: the compiled half of picabia/functions.py. The library never prints: what
// the command line would say becomes part of results.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <utility>

#include "python/core/bind.h"
#include "python/core/errors.h"
#include "studio/compile_job.h"
#include "studio/picture.h"
#include "studio/quantize_job.h"

namespace picabia::python {
namespace {

namespace nb = nanobind;

// The notes of a job, in the summary.
Result<std::string> RunQuantize(studio::QuantizeRequest request) {
  PICABIA_RETURN_IF_ERROR(studio::StartPictures("picabia", request.threads));
  std::vector<std::string> notes;
  request.events.note = [&](const std::string& note) { notes.push_back(note); };
  PICABIA_ASSIGN_OR_RETURN(studio::QuantizeSummary summary, studio::Quantize(request));
  summary.json["notes"] = notes;
  return summary.json.dump(-1, ' ', false, studio::Json::error_handler_t::replace);
}

nb::str QuantizePython(const std::string& model, const std::string& output,
                       const std::string& calibration, const std::vector<std::string>& pictures,
                       int bits, bool per_channel, const std::string& algorithm, bool as_cambricon,
                       const std::string& report, double target_psnr, double time_budget,
                       int64_t height, int64_t width, const std::string& preprocess,
                       const std::vector<std::string>& sets, const std::string& fetch,
                       int threads) {
  studio::QuantizeRequest request;
  request.model.model = model;
  request.model.output = output;
  request.model.calibration = calibration;
  request.model.pictures = pictures;
  request.model.fetch = fetch;
  request.model.height = height;
  request.model.width = width;
  request.model.preprocess = Unwrap(ParsePreprocess(preprocess));
  request.model.sets = Unwrap(studio::ParseSets(sets));
  if (bits != 8 && bits != 16)
    Raise(InvalidArgument("bits: found " + std::to_string(bits) + ", expected 8 or 16"));
  request.model.quantizing.bits = bits;
  request.model.quantizing.per_channel = per_channel;
  request.model.quantizing.activations = Unwrap(quant::ParseAlgorithm(algorithm));
  request.as_cambricon = as_cambricon;
  request.report = report;
  request.target_psnr = target_psnr;
  request.target_seconds = time_budget;
  request.threads = threads;
  Result<std::string> summary = InvalidArgument("");
  {
    const nb::gil_scoped_release released;
    summary = RunQuantize(std::move(request));
  }
  return nb::str(Unwrap(std::move(summary)).c_str());
}

void Compile(const std::string& model, const std::string& output, const std::string& target,
             int64_t height, int64_t width, const std::string& preprocess,
             const std::vector<std::string>& sets, const std::vector<std::string>& libraries,
             const nb::dict& functions) {
  studio::CompileRequest request;
  request.model = model;
  request.output = output;
  request.target = target;
  request.height = height;
  request.width = width;
  request.preprocess = Unwrap(ParsePreprocess(preprocess));
  request.sets = Unwrap(studio::ParseSets(sets));
  request.operators = Unwrap(OperatorsOf(libraries, functions, target == "cpu" ? "cpu" : "mlu",
                                         std::make_shared<Raised>()));
  Status status;
  {
    const nb::gil_scoped_release released;
    status = studio::CompileModel(request);
  }
  Check(status);
}

}  // namespace

void BindJobs(nb::module_& m) {
  m.def("quantize", &QuantizePython);
  m.def("compile", &Compile);
}

}  // namespace picabia::python
