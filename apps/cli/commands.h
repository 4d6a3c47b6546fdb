// The subcommands, one file each, and what they share. Each Add...() declares its options; the
// action runs after the command line was found to be well formed and returns the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/status.h"
#include "passes/pass.h"
#include "runtime/session.h"
#include "studio/host_step.h"
#include "studio/preprocess.h"
#include "studio/set_inputs.h"

namespace picabia::cli {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kMisuse = 2;

using Json = nlohmann::ordered_json;
using Action = std::function<int()>;

void AddStylize(CLI::App& app, Action& action);
void AddRun(CLI::App& app, Action& action);
void AddInspect(CLI::App& app, Action& action);
void AddQuantize(CLI::App& app, Action& action);
void AddVariant(CLI::App& app, Action& action);
void AddAssemble(CLI::App& app, Action& action);
void AddBench(CLI::App& app, Action& action);
void AddCompile(CLI::App& app, Action& action);
void AddCompare(CLI::App& app, Action& action);

// How a model is run: --device, --precision and --threads, and what is for device mlu alone.
struct RunOptions {
  std::string device = "cpu";
  std::string precision;
  bool fast = false;
  int threads = 0;
  std::vector<std::string> libraries;  // of custom operators
  std::string mlu_numerics = "faithful";
  runtime::MluOptions mlu;
  CLI::Option* precision_option = nullptr;

  // Misuse where options do not go together.
  runtime::SessionOptions session() const;
  // Whose numbers the compiler keeps.
  passes::Target target() const;
};
void AddRunOptions(CLI::App& command, RunOptions& options, const std::string& default_precision);
// --preprocess of the commands that have pictures.
void AddPreprocessOption(CLI::App& command, std::string& text);
// Misuse where the text is none; `color_order`, if there is one, is the setting "order".
studio::Preprocess ParsePreprocessOption(const std::string& text,
                                         const std::string& color_order = "");

// --set of the commands that run models. Misuse where a text is no NAME=VALUE.
void AddSetOption(CLI::App& command, std::vector<std::string>& texts);
std::vector<studio::SetOption> ParseSetOption(const std::vector<std::string>& texts);

// --host of the commands that time models. Misuse where a text is none.
void AddHostOption(CLI::App& command, std::vector<std::string>& texts);
std::vector<studio::HostOption> ParseHostOption(const std::vector<std::string>& texts);

// --operators of the commands that open models.
void AddOperatorsOption(CLI::App& command, std::vector<std::string>& libraries);
// The operators of these libraries that `device` can run. The error names the library.
Result<ops::OperatorSet> LoadOperatorSet(const std::vector<std::string>& libraries,
                                         const std::string& device);

// A message on stderr, on one line whatever is in it: "picabia: ...".
void Say(const std::string& message);
// Says why and returns kFailed.
int Fail(const Status& status);
// Ends an action as misuse: the message and the usage go to stderr.
[[noreturn]] void Misuse(const std::string& message);

// Results go to stdout. They may be cut by a full disk or a closed pipe: main() checks at the end.
void Print(const std::string& text);
void PrintJson(const Json& json);

}  // namespace picabia::cli
