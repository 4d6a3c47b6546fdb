// quantize and compile: the compiled half of picabia/functions.py. The library never prints: what
// the command line would say becomes part of results.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <utility>

#include "python/core/arrays.h"
#include "python/core/bind.h"
#include "python/core/errors.h"
#include "quant/devices.h"
#include "studio/compile_job.h"
#include "studio/model_runner.h"
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
                       const std::vector<std::string>& sets, const std::string& fetch, int threads,
                       const std::vector<std::string>& libraries, const nb::dict& functions) {
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
  const auto objects = std::make_shared<HostObjects>();
  request.operators = Unwrap(OperatorsOf(libraries, functions, "cpu", objects));
  Result<std::string> summary = InvalidArgument("");
  {
    const nb::gil_scoped_release released;
    summary = RunQuantize(std::move(request));
  }
  nb::object cause = objects->Take();
  if (!summary.ok()) Raise(summary.status(), std::move(cause));
  return nb::str(Unwrap(std::move(summary)).c_str());
}

void Compile(const std::string& model, const std::string& output, const std::string& target,
             int64_t height, int64_t width, const std::string& preprocess,
             const std::vector<std::string>& sets, const std::vector<std::string>& libraries,
             const nb::dict& functions, const std::vector<int64_t>& batches,
             const std::string& io_type, const std::vector<std::string>& fetches,
             bool as_cambricon) {
  studio::CompileRequest request;
  request.batches = batches;
  request.io_type = io_type;
  request.fetches = fetches;
  request.as_cambricon = as_cambricon;
  request.model = model;
  request.output = output;
  request.target = target;
  request.height = height;
  request.width = width;
  request.preprocess = Unwrap(ParsePreprocess(preprocess));
  request.sets = Unwrap(studio::ParseSets(sets));
  request.operators = Unwrap(OperatorsOf(libraries, functions, target == "cpu" ? "cpu" : "mlu",
                                         std::make_shared<HostObjects>()));
  Status status;
  {
    const nb::gil_scoped_release released;
    status = studio::CompileModel(request);
  }
  Check(status);
}

using GraphFeeds = std::vector<std::pair<std::string, Array>>;

struct GraphRequest {
  std::string graph;  // bytes of a GraphDef
  std::vector<quant::Feeds> feeds;
  quant::Options options;
  quant::Kinds wanted;
  quant::DeviceMode devices = quant::DeviceMode::kOrigin;
};

// Of a graph in memory, calibrated with tensors and not with pictures.
Result<std::string> QuantizeGraph(const GraphRequest& request) {
  quant::Source source;
  source.form = quant::Form::kTensorFlow;
  source.bytes = request.graph;
  source.wanted = request.wanted;
  for (const auto& [name, tensor] : request.feeds[0]) source.feeds.push_back(name);
  source.open = studio::ModelRunner("the graph", 0);
  const quant::Pictures pictures{
      request.feeds.size(), [&](size_t i) -> Result<quant::Feeds> { return request.feeds[i]; }};
  PICABIA_ASSIGN_OR_RETURN(const quant::Calibration calibration,
                           quant::Calibrate(source, pictures, {}));
  PICABIA_ASSIGN_OR_RETURN(const auto plans,
                           quant::PlanLayers(calibration, request.options, source.form));
  PICABIA_ASSIGN_OR_RETURN(
      const std::string bytes,
      quant::WriteModel(source.form, source.bytes, calibration.layers, plans, "{}"));
  return quant::SetDevices(bytes, request.devices);
}

nb::bytes QuantizeGraphPython(const nb::bytes& graph, const std::vector<GraphFeeds>& feeds,
                              int bits, bool per_channel, const std::string& weights,
                              const std::string& activations, const std::string& device_mode,
                              bool convolutions, bool products) {
  GraphRequest request;
  request.graph = {graph.c_str(), graph.size()};
  for (const GraphFeeds& run : feeds) {
    quant::Feeds tensors;
    for (const auto& [name, array] : run) tensors.emplace_back(name, Unwrap(TensorOf(array)));
    request.feeds.push_back(std::move(tensors));
  }
  request.wanted = {convolutions, products};
  request.options.bits = bits;
  request.options.per_channel = per_channel;
  request.options.weights = Unwrap(quant::ParseAlgorithm(weights));
  request.options.activations = Unwrap(quant::ParseAlgorithm(activations));
  request.devices = device_mode == "clean" ? quant::DeviceMode::kClean
                    : device_mode == "mlu" ? quant::DeviceMode::kMlu
                                           : quant::DeviceMode::kOrigin;
  Result<std::string> bytes = InvalidArgument("");
  {
    const nb::gil_scoped_release released;
    bytes = QuantizeGraph(request);
  }
  const std::string result = Unwrap(std::move(bytes));
  return nb::bytes(result.data(), result.size());
}

}  // namespace

void BindJobs(nb::module_& m) {
  m.def("quantize", &QuantizePython);
  m.def("compile", &Compile);
  m.def("quantize_graph", &QuantizeGraphPython);
}

}  // namespace picabia::python
