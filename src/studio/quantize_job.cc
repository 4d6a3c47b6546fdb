// Runs one quantization; see quantize_job.h.
#include "studio/quantize_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "import/import.h"
#include "quant/scale.h"
#include "quant/target.h"
#include "studio/model_runner.h"
#include "studio/picture.h"
#include "studio/quantize_report.h"

namespace picabia::studio {
namespace {

namespace fs = std::filesystem;

// Everything about one run, for the summary.
struct Outcome {
  quant::Calibration calibration;
  std::vector<quant::LayerPlan> plans;
  quant::Evaluation evaluation;
  std::vector<std::string> search;  // what the search for a target has tried
  size_t bytes_before = 0, bytes_after = 0;
};

// Of a calibration set that pictures are compared of: each takes several runs.
constexpr size_t kMostPictures = 8;

// How the file came about, kept in it. Nothing in it depends on the machine or the time.
Json Record(const QuantizeJob& job) {
  return {{"tool", "picabia " PICABIA_VERSION},
          {"bits", job.options.bits},
          {"per_channel", job.options.per_channel},
          {"activations", quant::AlgorithmName(job.options.activations)},
          {"weights", quant::AlgorithmName(job.options.weights)},
          {"as_cambricon", job.options.as_cambricon},
          {"preprocess", job.preprocess},
          {"calibration_pictures", job.set.files.size()},
          {"calibration_sha256", job.set.sha256}};
}

Status CheckOutput(const QuantizeJob& job) {
  std::error_code error;
  if (fs::equivalent(job.model, job.output, error)) {
    return InvalidArgument(job.output + ": is the model itself, which is not written over");
  }
  const std::string folder = FolderOf(job.output);
  if (job.make_folders || fs::is_directory(folder, error)) return OkStatus();
  return NotFound(job.output + ": there is no folder " + folder);
}

Status WriteOutput(const QuantizeJob& job, const std::string& bytes) {
  if (job.make_folders) {
    std::error_code error;
    fs::create_directories(FolderOf(job.output), error);
    if (error) return IoError(job.output + ": cannot make its folder: " + error.message());
  }
  return WriteFileAtomically(job.output, bytes);
}

std::string Decibels(double value) {
  return value >= quant::kNoNoise ? "exact" : fmt::format("{:.1f} dB", value);
}

std::string LayerText(const Outcome& outcome, size_t i) {
  const quant::LayerQuality& quality = outcome.evaluation.layers[i];
  return fmt::format("  {:<32} {:>9}, largest error {:.4g}, {:.3f} % saturated\n",
                     outcome.calibration.layers[i].node, Decibels(quality.together.sqnr()),
                     quality.together.max_error, 100 * quality.saturated);
}

// "14 in 8 bits, 2 in 16 bits"
std::string BitsText(const Outcome& outcome) {
  std::string text;
  for (const int bits : {8, 16, quant::kFloatBits}) {
    const auto count =
        std::count_if(outcome.plans.begin(), outcome.plans.end(),
                      [&](const quant::LayerPlan& plan) { return plan.bits == bits; });
    if (count == 0) continue;
    text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", count,
                        bits == quant::kFloatBits ? "float" : fmt::format("{} bits", bits));
  }
  return text;
}

std::string Count(size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string QualityText(const QuantizeJob& job, const quant::Evaluation& evaluation) {
  if (evaluation.is_picture) {
    return fmt::format("quality      {} PSNR, {:.4f} SSIM against float\n",
                       Decibels(evaluation.quality()), evaluation.ssim);
  }
  return fmt::format("quality      {} signal to noise of '{}' against float\n",
                     Decibels(evaluation.quality()), job.picture_output);
}

std::string SummaryText(const QuantizeJob& job, const Outcome& outcome) {
  constexpr size_t kWorst = 3;
  std::string text =
      fmt::format("{}: {}, {}; {}\n", job.output, Count(outcome.plans.size(), "layer"),
                  BitsText(outcome), Count(job.set.files.size(), "picture"));
  text += fmt::format("size         {} bytes -> {} bytes ({:.1f} %)\n", outcome.bytes_before,
                      outcome.bytes_after,
                      100.0 * double(outcome.bytes_after) / double(outcome.bytes_before));
  text += QualityText(job, outcome.evaluation);
  for (const std::string& line : outcome.search) text += "search       " + line + "\n";
  if (job.target_psnr > 0) {
    text += "layers in more bits:";
    for (size_t i = 0; i < outcome.plans.size(); ++i) {
      if (outcome.plans[i].bits != job.options.bits)
        text += " " + outcome.calibration.layers[i].node;
    }
    text += "\n";
  }
  text += "worst layers, signal to noise of what they give:\n";
  const std::vector<size_t> order = quant::ByHarm(outcome.evaluation);
  for (size_t i = 0; i < std::min(kWorst, order.size()); ++i) text += LayerText(outcome, order[i]);
  return text;
}

Json SummaryJson(const QuantizeJob& job, const Outcome& outcome) {
  Json json = {{"model", job.model},
               {"output", job.output},
               {"record", Record(job)},
               {"bytes_before", outcome.bytes_before},
               {"bytes_after", outcome.bytes_after},
               {"psnr", nullptr},
               {"ssim", nullptr},
               {"output_sqnr", outcome.evaluation.picture.sqnr()},
               {"layers", Json::array()}};
  if (outcome.evaluation.is_picture) {
    json["psnr"] = outcome.evaluation.picture.psnr();
    json["ssim"] = outcome.evaluation.ssim;
  }
  if (job.target_psnr > 0) json["search"] = outcome.search;
  for (size_t i = 0; i < outcome.plans.size(); ++i) {
    const quant::LayerQuality& quality = outcome.evaluation.layers[i];
    json["layers"].push_back({{"node", outcome.calibration.layers[i].node},
                              {"op", outcome.calibration.layers[i].op},
                              {"bits", outcome.plans[i].bits},
                              {"low", outcome.plans[i].input.low},
                              {"high", outcome.plans[i].input.high},
                              {"sqnr", quality.together.sqnr()},
                              {"max_error", quality.together.max_error},
                              {"saturated", quality.saturated}});
  }
  return json;
}

Result<Outcome> RunOn(const QuantizeJob& job, const quant::Source& source) {
  Outcome outcome;
  const auto progress = [&](size_t done) {
    if (job.events.progress) job.events.progress(done, job.pictures.count);
  };
  progress(0);
  auto calibration = quant::Calibrate(source, job.pictures, progress);
  progress(job.pictures.count);
  if (!calibration.ok()) return calibration.status();
  outcome.calibration = *std::move(calibration);
  quant::EvaluateOptions evaluate;
  evaluate.output = job.picture_output;
  evaluate.convention = job.opened.program->picture;
  evaluate.max_pictures = kMostPictures;
  evaluate.alone = !job.report.empty();
  if (job.target_psnr > 0) {
    quant::TargetOptions target{job.target_psnr, job.target_seconds, evaluate};
    target.evaluate.alone = false;
    PICABIA_ASSIGN_OR_RETURN(
        quant::TargetResult reached,
        quant::ReachTarget(source, outcome.calibration, job.options, job.pictures, target));
    outcome.plans = std::move(reached.plans);
    outcome.search = std::move(reached.log);
  } else {
    PICABIA_ASSIGN_OR_RETURN(outcome.plans,
                             quant::PlanLayers(outcome.calibration, job.options, source.form));
  }
  PICABIA_ASSIGN_OR_RETURN(
      outcome.evaluation,
      quant::Evaluate(source, outcome.calibration, outcome.plans, job.pictures, evaluate));
  return outcome;
}

Result<std::string> Written(const QuantizeJob& job, const quant::Source& source,
                            const Outcome& outcome) {
  PICABIA_ASSIGN_OR_RETURN(std::string bytes,
                           quant::WriteModel(source.form, source.bytes, outcome.calibration.layers,
                                             outcome.plans, Record(job).dump()));
  if (source.form == quant::Form::kOnnx) return bytes;
  if (job.first_pixels) {
    PICABIA_ASSIGN_OR_RETURN(
        bytes, quant::PrepareInFirstConvolution(bytes, job.feeds[0], *job.first_pixels));
  }
  return quant::SetDevices(bytes, job.devices);
}

Status Report(const QuantizeJob& job, const Outcome& outcome) {
  quant::Report report;
  report.model = job.model;
  report.output = job.output;
  report.bytes_before = outcome.bytes_before;
  report.bytes_after = outcome.bytes_after;
  report.record = Record(job).dump();
  report.search = outcome.search;
  report.notes = outcome.calibration.notes;
  report.calibration_files = job.set.files;
  report.calibration = &outcome.calibration;
  report.plans = &outcome.plans;
  report.evaluation = &outcome.evaluation;
  return WriteReport(std::move(report), job.opened.program->picture, job.report);
}

// What the key debug asks for.
void NoteLayers(const QuantizeJob& job, const Outcome& outcome, quant::Form form) {
  for (size_t i = 0; i < outcome.plans.size(); ++i) {
    const quant::Layer& layer = outcome.calibration.layers[i];
    const quant::LayerPlan& plan = outcome.plans[i];
    const quant::Range& seen = outcome.calibration.histogram(i).range();
    std::string text = fmt::format("debug: {} ({}): input {} in [{:.6g}, {:.6g}]", layer.node,
                                   layer.op, layer.input, seen.low, seen.high);
    if (plan.bits != quant::kFloatBits) {
      const auto [least, most] =
          std::minmax_element(plan.filter_scales.begin(), plan.filter_scales.end());
      text +=
          fmt::format(", range [{:.6g}, {:.6g}], {} bits, input_scale {:.6g}, filter_scale {:.6g}",
                      plan.input.low, plan.input.high, plan.bits,
                      1 / quant::StepOf(plan.input, plan.bits, form == quant::Form::kOnnx), *least);
      if (plan.filter_scales.size() > 1) text += fmt::format(" to {:.6g}", *most);
    }
    job.events.Note(text);
  }
}

// An error of the library names a tensor or a node; this names the file, once.
Status Named(const Status& status, const std::string& file) {
  if (status.ok() || status.message().starts_with(file)) return status;
  return status.WithContext(file);
}

Result<QuantizeSummary> Run(const QuantizeJob& job) {
  PICABIA_RETURN_IF_ERROR(CheckOutput(job));
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(job.model));
  quant::Source source;
  source.form = job.opened.graph->format == "onnx" ? quant::Form::kOnnx : quant::Form::kTensorFlow;
  source.bytes = {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
  source.wanted = job.wanted;
  source.feeds = job.feeds;
  source.open = ModelRunner(job.model, job.threads, job.operators);
  if (job.cambricon_text) {
    for (const std::string& picture : job.set.files)
      job.events.Print("calibrate_data:  " + picture + "\n");
  }
  auto outcome = RunOn(job, source);
  if (!outcome.ok()) return Named(outcome.status(), job.model);
  for (const std::string& note : outcome->calibration.notes)
    job.events.Note(job.model + ": " + note);
  if (job.debug) NoteLayers(job, *outcome, source.form);
  const auto bytes = Written(job, source, *outcome);
  if (!bytes.ok()) return Named(bytes.status(), job.model);
  outcome->bytes_before = source.bytes.size();
  outcome->bytes_after = bytes->size();
  if (!job.report.empty()) PICABIA_RETURN_IF_ERROR(Report(job, *outcome));
  PICABIA_RETURN_IF_ERROR(WriteOutput(job, *bytes));
  if (job.cambricon_text) job.events.Print("cpu_pb transform to mlu_int_pb finished\n");
  return QuantizeSummary{SummaryJson(job, *outcome), SummaryText(job, *outcome)};
}

}  // namespace

bool IsQuantizeConfig(const std::string& path) {
  return path.ends_with(".ini") || path.ends_with(".INI");
}

Result<QuantizeSummary> Quantize(const QuantizeRequest& request) {
  const QuantizeEvents& events = request.events;
  PICABIA_ASSIGN_OR_RETURN(QuantizeJob job,
                           IsQuantizeConfig(request.model.model)
                               ? JobOfConfig(request.model.model, request.operators, events)
                               : JobOfModel(request.model, request.operators, events));
  job.options.as_cambricon = request.as_cambricon;
  job.target_psnr = request.target_psnr;
  job.target_seconds = request.target_seconds;
  job.report = request.report;
  job.threads = request.threads;
  job.operators = request.operators;
  job.events = events;
  return Run(job);
}

}  // namespace picabia::studio
