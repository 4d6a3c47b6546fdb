// picabia assemble: the text of a model file into the file.
#include <filesystem>
#include <memory>

#include "apps/cli/commands.h"
#include "base/file.h"
#include "proto/text.h"
#include "studio/calibration_set.h"

namespace picabia::cli {
namespace {

struct Options {
  std::string text, source, output;
};

std::string_view ViewOf(const FileBytes& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// The file that a text refers to: --source, or as the text names it, seen from here, then from the
// text's own folder.
std::string SourcePath(const Options& options, const std::string& named) {
  if (!options.source.empty()) return options.source;
  std::error_code error;
  if (std::filesystem::exists(named, error)) return named;
  return studio::PathFrom(studio::FolderOf(options.text), named);
}

Status Assemble(const Options& options) {
  PICABIA_ASSIGN_OR_RETURN(const auto text, FileBytes::Open(options.text));
  std::shared_ptr<const FileBytes> source;
  const auto open = [&](const std::string& named) -> Result<std::string_view> {
    PICABIA_ASSIGN_OR_RETURN(source, FileBytes::Open(SourcePath(options, named)));
    return ViewOf(*source);
  };
  const auto bytes = proto::ParseText(ViewOf(*text), open);
  if (!bytes.ok()) return bytes.status().WithContext(options.text);
  return WriteFileAtomically(options.output, *bytes);
}

int AssembleAction(const Options& options) {
  const Status status = Assemble(options);
  return status.ok() ? kDone : Fail(status);
}

}  // namespace

void AddAssemble(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("assemble", "Make a model file from the text that inspect --text prints");
  command->footer("usage: picabia assemble TEXT -o OUT [--source FILE]");
  command->add_option("TEXT", options->text, "text of a TensorFlow graph (.pbtxt) or ONNX model")
      ->required();
  command->add_option("-o,--output", options->output, "the file to write")
      ->required()
      ->type_name("OUT");
  command
      ->add_option("--source", options->source,
                   "the file that the text takes large contents from; else as the text names it")
      ->type_name("FILE");
  command->callback(
      [options, &action] { action = [options] { return AssembleAction(*options); }; });
}

}  // namespace picabia::cli
