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
  std::vector<std::string> sets, libraries;
};

Status Compile(const Options& options) {
  studio::CompileRequest request;
  request.model = options.model;
  request.output = options.output;
  request.target = options.target;
  request.preprocess = ParsePreprocessOption(options.preprocess);
  request.sets = ParseSetOption(options.sets);
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
      "                       [--preprocess SPEC] [--set NAME=VALUE]... [--operators LIBRARY]...");
  command->add_option("MODEL", options->model, "a .pb or .onnx file, or style:NAME")->required();
  command->add_option("-o,--output", options->output, "the file to write")
      ->required()
      ->type_name("OUT");
  AddPreprocessOption(*command, options->preprocess);
  AddSetOption(*command, options->sets);
  AddOperatorsOption(*command, options->libraries);
  command->add_option("--target", options->target, "cpu")
      ->check(CLI::IsMember({"cpu", "mlu270"}))
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--size", options->size, "the usual size of pictures; any other runs, too")
      ->type_name("HxW");
  command->callback([options, &action] { action = [options] { return CompileAction(*options); }; });
}

}  // namespace picabia::cli
