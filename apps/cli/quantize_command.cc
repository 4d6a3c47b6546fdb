// picabia quantize: a float model into one with integer convolutions and products, by an ini
// file of Cambricon's quantizer or by options.
#include <memory>

#include "apps/cli/commands.h"
#include "apps/cli/progress.h"
#include "studio/picture.h"
#include "studio/quantize_job.h"
#include "studio/sizes.h"

namespace picabia::cli {
namespace {

struct Options {
  std::string model, output, calibration, algorithm = "max", size, preprocess, fetch, report;
  std::vector<std::string> sets, libraries;
  int bits = 8, threads = 0;
  bool per_channel = false, as_cambricon = false, json = false;
  double target_psnr = 0, time_budget = 60;
};

studio::ModelJobOptions JobOptionsOf(const Options& options) {
  studio::ModelJobOptions job;
  job.model = options.model;
  job.output = options.output;
  job.calibration = options.calibration;
  job.fetch = options.fetch;
  job.preprocess = ParsePreprocessOption(options.preprocess);
  job.sets = ParseSetOption(options.sets);
  job.quantizing.bits = options.bits;
  job.quantizing.per_channel = options.per_channel;
  job.quantizing.activations = *quant::ParseAlgorithm(options.algorithm);
  if (!options.size.empty()) {
    const auto size = studio::ParseSize(options.size);
    if (!size.ok()) Misuse("--size: " + size.status().message());
    std::tie(job.height, job.width) = *size;
  }
  return job;
}

// An ini file says all that these options say.
void CheckConfigOptions(const CLI::App& command) {
  for (const char* name : {"--output", "--calibration", "--bits", "--per-channel", "--algorithm",
                           "--size", "--preprocess", "--set", "--fetch"}) {
    if (command.get_option(name)->count() > 0)
      Misuse(std::string(name) + " does not go with an ini file");
  }
}

Result<studio::QuantizeSummary> Quantize(const Options& options) {
  PICABIA_RETURN_IF_ERROR(studio::StartPictures("picabia", options.threads));
  std::unique_ptr<Progress> progress;
  studio::QuantizeRequest request;
  request.model = JobOptionsOf(options);
  request.as_cambricon = options.as_cambricon;
  request.report = options.report;
  request.target_psnr = options.target_psnr;
  request.target_seconds = options.time_budget;
  request.threads = options.threads;
  PICABIA_ASSIGN_OR_RETURN(request.operators, LoadOperatorSet(options.libraries, "cpu"));
  request.events.note = Say;
  request.events.print = Print;
  request.events.progress = [&](size_t done, size_t total) {
    if (progress == nullptr) progress = std::make_unique<Progress>(total);
    progress->Show(done);
    if (done == total) progress->Clear();
  };
  return studio::Quantize(request);
}

int QuantizeAction(const CLI::App& command, const Options& options) {
  if (studio::IsQuantizeConfig(options.model)) {
    CheckConfigOptions(command);
  } else if (options.output.empty()) {
    Misuse("-o OUT is required");
  }
  const auto summary = Quantize(options);
  if (!summary.ok()) return Fail(summary.status());
  if (options.json) {
    PrintJson(summary->json);
  } else {
    Print(summary->text);
  }
  return kDone;
}

void AddModelOptions(CLI::App& command, Options& options) {
  command.add_option("-o,--output", options.output, "the file to write")->type_name("OUT");
  command
      .add_option("--calibration", options.calibration,
                  "a folder of pictures, or a text file with a path a line")
      ->type_name("DIR|LIST");
  command.add_option("--bits", options.bits, "8 or 16")
      ->check(CLI::IsMember({8, 16}))
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--per-channel", options.per_channel, "a scale for each channel of a filter");
  command
      .add_option("--algorithm", options.algorithm,
                  "how ranges are chosen: max, percentile, mse or entropy")
      ->check(CLI::IsMember({"max", "percentile", "mse", "entropy"}))
      ->type_name("NAME")
      ->capture_default_str();
  command.add_option("--size", options.size, "of the pictures; else the model's own, or 512x512")
      ->type_name("HxW");
  command.add_option("--fetch", options.fetch, "the output that is the picture; else the first")
      ->type_name("NAME");
  AddPreprocessOption(command, options.preprocess);
  AddSetOption(command, options.sets);
}

}  // namespace

void AddQuantize(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "quantize", "Make convolutions and matrix products of a float model integer");
  command->footer(
      "usage: picabia quantize CONFIG.ini [--as-cambricon] [--report DIR] [--target-psnr DB]\n"
      "                        [--operators LIBRARY]...\n"
      "       picabia quantize MODEL -o OUT [--calibration DIR|LIST] [--bits 8|16] "
      "[--per-channel]\n"
      "                        [--algorithm max|percentile|mse|entropy] [--as-cambricon]\n"
      "                        [--report DIR] [--target-psnr DB [--time-budget SECONDS]]\n"
      "                        [--size HxW] [--preprocess SPEC] [--set NAME=VALUE]... "
      "[--fetch NAME]\n"
      "                        [--threads N] [--json] [--operators LIBRARY]...");
  command
      ->add_option("MODEL", options->model,
                   "an ini file of Cambricon's quantizer, or a .pb or .onnx file")
      ->required();
  AddModelOptions(*command, *options);
  command->add_flag("--as-cambricon", options->as_cambricon,
                    "scales of transposed convolutions as Cambricon's tool has them");
  command->add_option("--report", options->report, "a folder for report.html and report.json")
      ->type_name("DIR");
  command
      ->add_option("--target-psnr", options->target_psnr,
                   "keep as many layers in more bits as this quality needs, in dB")
      ->check(CLI::Range(1.0, 150.0))
      ->type_name("DB");
  command->add_option("--time-budget", options->time_budget, "for the search, in seconds")
      ->check(CLI::Range(0.0, 1e6))
      ->type_name("SECONDS")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "how many threads; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
  command->add_flag("--json", options->json, "the summary as one JSON document");
  AddOperatorsOption(*command, options->libraries);
  command->callback([command, options, &action] {
    action = [command, options] { return QuantizeAction(*command, *options); };
  });
}

}  // namespace picabia::cli
