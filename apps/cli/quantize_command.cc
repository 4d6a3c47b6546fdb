// picabia quantize: a float model into one with integer convolutions, by an ini file of Cambricon's
// quantizer or by options.
#include <memory>

#include "apps/cli/commands.h"
#include "apps/cli/picture.h"
#include "apps/cli/quantize_job.h"

namespace picabia::cli {
namespace {

struct Options {
  std::string model;
  bool as_cambricon = false, json = false;
  int threads = 0;
};

Status Quantize(const Options& options) {
  PICABIA_RETURN_IF_ERROR(StartPictures("picabia", options.threads));
  PICABIA_ASSIGN_OR_RETURN(QuantizeJob job, JobOfConfig(options.model));
  job.options.as_cambricon = options.as_cambricon;
  job.threads = options.threads;
  job.json = options.json;
  return RunQuantizeJob(job);
}

int QuantizeAction(const Options& options) {
  const Status status = Quantize(options);
  return status.ok() ? kDone : Fail(status);
}

}  // namespace

void AddQuantize(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("quantize", "Make the convolutions of a float model integer");
  command->footer("usage: picabia quantize CONFIG.ini [--as-cambricon] [--threads N] [--json]");
  command->add_option("CONFIG", options->model, "an ini file of Cambricon's quantizer")->required();
  command->add_flag("--as-cambricon", options->as_cambricon,
                    "scales of transposed convolutions as Cambricon's tool has them");
  command->add_option("--threads", options->threads, "how many threads; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
  command->add_flag("--json", options->json, "the summary as one JSON document");
  command->callback(
      [options, &action] { action = [options] { return QuantizeAction(*options); }; });
}

}  // namespace picabia::cli
