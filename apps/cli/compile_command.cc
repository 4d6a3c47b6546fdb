// picabia compile: a model file into a compiled program.
#include <memory>

#include "apps/cli/commands.h"
#include "apps/cli/models.h"
#include "apps/cli/sizes.h"
#include "base/file.h"

namespace picabia::cli {
namespace {

struct Options {
  std::string model, output, target = "cpu", size, preprocess;
  std::vector<std::string> sets, libraries;
};

// A program for cpu runs at every size; the size given is what `bench` and `inspect` take by
// default.
void SetDefaultSize(program::Program& program, int64_t height, int64_t width) {
  for (program::Port& port : program.inputs) {
    if (port.declared_shape.size() != 4) continue;
    if (port.default_shape.empty()) port.default_shape = port.declared_shape;
    const size_t first = program.picture.nchw ? 2 : 1;
    if (port.declared_shape[first] < 0) port.default_shape[first] = height;
    if (port.declared_shape[first + 1] < 0) port.default_shape[first + 1] = width;
  }
}

Status Compile(const Options& options, const Preprocess& preprocess,
               const std::vector<SetOption>& sets) {
  ModelOptions model_options;
  model_options.preprocess = preprocess;
  PICABIA_ASSIGN_OR_RETURN(
      model_options.compile.operators,
      LoadOperatorSet(options.libraries, options.target == "cpu" ? "cpu" : "mlu"));
  if (!sets.empty()) {
    model_options.change = [&sets](ir::Graph* graph) {
      if (graph != nullptr) return BindInputs(*graph, sets);
      return Unsupported("is compiled already: --set goes with the file it was made of");
    };
  }
  PICABIA_ASSIGN_OR_RETURN(const Model model, OpenModel(options.model, model_options));
  program::Program program = *model.program;
  if (!options.size.empty()) {
    PICABIA_ASSIGN_OR_RETURN(const auto size, ParseSize(options.size));
    SetDefaultSize(program, size.first, size.second);
  }
  auto bytes = program::WriteProgram(program);
  if (!bytes.ok()) return bytes.status().WithContext(options.model);
  return WriteFileAtomically(options.output, *bytes);
}

int CompileAction(const Options& options) {
  if (!options.size.empty() && !ParseSize(options.size).ok()) {
    Misuse("--size: " + ParseSize(options.size).status().message());
  }
  if (options.target == "mlu270") {
    return Fail(Unsupported("target mlu270 is not part of this version"));
  }
  const Status status =
      Compile(options, ParsePreprocessOption(options.preprocess), ParseSetOption(options.sets));
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
