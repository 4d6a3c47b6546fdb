// picabia variant: the lab's variants of a graph, by the name of a node.
#include <memory>

#include "apps/cli/commands.h"
#include "base/file.h"
#include "import/import.h"
#include "quant/variant.h"

namespace picabia::cli {
namespace {

struct Options {
  std::string model, node, op, output;
  std::vector<std::string> libraries;
};

Status Variant(const Options& options) {
  PICABIA_ASSIGN_OR_RETURN(const auto operators, LoadOperatorSet(options.libraries, "cpu"));
  PICABIA_ASSIGN_OR_RETURN(const ir::Graph graph, import::ImportModel(options.model, operators));
  if (graph.format != "tensorflow") {
    return Unsupported(options.model + ": is of format " + graph.format +
                       ", expected a TensorFlow graph");
  }
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(options.model));
  const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                               file->bytes().size());
  const auto op = options.op == "placeholder" ? quant::VariantOp::kPlaceholder
                                              : quant::VariantOp::kPowerDifference;
  const auto variant = quant::MakeVariant(bytes, options.node, op);
  if (!variant.ok()) return variant.status().WithContext(options.model);
  return WriteFileAtomically(options.output, *variant);
}

int VariantAction(const Options& options) {
  const Status status = Variant(options);
  return status.ok() ? kDone : Fail(status);
}

}  // namespace

void AddVariant(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("variant", "Replace a node that squares a difference");
  command->footer(
      "usage: picabia variant MODEL --node NAME --op PowerDifference|placeholder -o OUT.pb\n"
      "                       [--operators LIBRARY]...");
  command->add_option("MODEL", options->model, "a TensorFlow graph")->required();
  command->add_option("--node", options->node, "the node to replace")
      ->required()
      ->type_name("NAME");
  command->add_option("--op", options->op, "what to put there")
      ->required()
      ->check(CLI::IsMember({"PowerDifference", "placeholder"}))
      ->type_name("NAME");
  command->add_option("-o,--output", options->output, "the file to write")
      ->required()
      ->type_name("OUT");
  AddOperatorsOption(*command, options->libraries);
  command->callback([options, &action] { action = [options] { return VariantAction(*options); }; });
}

}  // namespace picabia::cli
