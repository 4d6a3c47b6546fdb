// picabia compile: a model file into a compiled program.
#include <memory>
#include <tuple>

#include "apps/cli/commands.h"
#include "studio/compile_job.h"
#include "studio/sizes.h"

namespace picabia::cli {
namespace {

struct Options {
  std::string model, output, target = "cpu", size, preprocess;
  std::string io_type = "half";
  std::vector<int64_t> batches;
  std::vector<std::string> sets, libraries;
};

Status Compile(const Options& options) {
  studio::CompileRequest request;
  request.model = options.model;
  request.output = options.output;
  request.target = options.target;
  request.preprocess = ParsePreprocessOption(options.preprocess);
  request.sets = ParseSetOption(options.sets);
  request.io_type = options.io_type;
  request.batches = options.batches;
  if (options.target == "cpu" && (options.io_type != "half" || !options.batches.empty()))
    Misuse("--io-type and --batch go with --target mlu270");
  if (!options.size.empty()) {
    const auto size = studio::ParseSize(options.size);
    if (!size.ok()) Misuse("--size: " + size.status().message());
    std::tie(request.height, request.width) = *size;
  }
  PICABIA_ASSIGN_OR_RETURN(
      request.operators,
      LoadOperatorSet(options.libraries, options.target == "cpu" ? "cpu" : "mlu"));
  return studio::CompileModel(request);
}

int CompileAction(const Options& options) {
  const Status status = Compile(options);
  return status.ok() ? kDone : Fail(status);
}

}  // namespace

void AddCompile(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compile", "Turn a model file into a compiled program");
  command->footer(
      "usage: picabia compile MODEL -o OUT [--target cpu|mlu270] [--size HxW]\n"
      "                       [--batch N]... [--io-type half|float32|uint8]\n"
      "                       [--preprocess SPEC] [--set NAME=VALUE]... [--operators LIBRARY]...");
  command->add_option("MODEL", options->model, "a .pb or .onnx file, or style:NAME")->required();
  command->add_option("-o,--output", options->output, "the file to write")
      ->required()
      ->type_name("OUT");
  AddPreprocessOption(*command, options->preprocess);
  AddSetOption(*command, options->sets);
  AddOperatorsOption(*command, options->libraries);
  command->add_option("--target", options->target, "cpu, or mlu270: an offline model for CNRT")
      ->check(CLI::IsMember({"cpu", "mlu270"}))
      ->type_name("NAME")
      ->capture_default_str();
  command
      ->add_option("--size", options->size,
                   "the usual size of pictures; any other runs, too. Of mlu270: the only one")
      ->type_name("HxW");
  command
      ->add_option("--batch", options->batches,
                   "of mlu270: pictures a run; again for a function more")
      ->check(CLI::Range(1, 65536))
      ->type_name("N");
  command
      ->add_option("--io-type", options->io_type,
                   "of mlu270: type of inputs and outputs; uint8: pictures as they are")
      ->check(CLI::IsMember({"half", "float32", "uint8"}))
      ->type_name("TYPE")
      ->capture_default_str();
  command->callback([options, &action] { action = [options] { return CompileAction(*options); }; });
}

}  // namespace picabia::cli
