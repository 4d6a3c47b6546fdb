// picabia run: feeds tensors of .npy files to a model and writes what it gives.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <set>

#include "apps/cli/commands.h"
#include "base/npy.h"
#include "studio/allowed_sizes.h"
#include "studio/models.h"
#include "studio/picture.h"
#include "studio/saturated_json.h"

namespace picabia::cli {
namespace {

// One NAME=FILE of the command line.
struct TensorFile {
  std::string name, path;
};

struct Options {
  std::string model;
  std::vector<std::string> feeds, fetches, sets;
  RunOptions run;
  bool reference = false, as_cambricon = false, json = false;
};

ops::PowerConvention PowerOf(const Options& options) {
  using C = ops::PowerConvention;
  if (!options.as_cambricon) return C::kValue;
  return options.run.device == "mlu" ? C::kCambriconMlu : C::kCambriconCpu;
}

std::vector<TensorFile> ParseTensorFiles(const std::vector<std::string>& texts, const char* flag) {
  std::vector<TensorFile> files;
  std::set<std::string> names;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      Misuse(std::string(flag) + " \"" + text + "\", expected NAME=FILE.npy");
    }
    const std::string name = text.substr(0, equals);
    if (!names.insert(studio::TensorName(name)).second)
      Misuse(std::string(flag) + " names " + name + " twice");
    files.push_back({name, text.substr(equals + 1)});
  }
  return files;
}

std::vector<std::string> Names(const std::vector<TensorFile>& files) {
  std::vector<std::string> names;
  for (const TensorFile& file : files) names.push_back(file.name);
  return names;
}

Result<size_t> OutputIndex(const program::Program& program, const std::string& name) {
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    const auto value = static_cast<size_t>(program.outputs[i].value);
    if (studio::TensorName(program.values[value].name) == studio::TensorName(name)) return i;
  }
  return NotFound("there is no output " + name);
}

Result<std::vector<runtime::Feed>> ReadFeeds(const std::vector<TensorFile>& files) {
  std::vector<runtime::Feed> feeds;
  for (const TensorFile& file : files) {
    auto tensor = ReadNpy(file.path);
    if (!tensor.ok()) {
      const bool named = tensor.status().message().starts_with(file.path);
      return named ? tensor.status() : tensor.status().WithContext(file.path);
    }
    feeds.push_back({file.name, *std::move(tensor)});
  }
  return feeds;
}

std::string SaturatedText(const Json& all) {
  if (all.empty()) return "no mean over the picture saturates on the card\n";
  std::string text = "means over the picture that saturate on the card (limit 65504 / size)\n";
  text += fmt::format("{:<28}{:<10}{:>10}{:>12}{:>14}{:>12}\n", "node", "", "channels", "limit",
                      "exact", "on the card");
  for (const Json& m : all) {
    text += fmt::format(
        "{:<28}{:<10}{:>4} of {:<3}{:>11.3f}{:>14.3f}{:>12.3f}\n", m["node"].get<std::string>(),
        m["what"].get<std::string>(), m["saturated"].get<int64_t>(), m["channels"].get<int64_t>(),
        m["limit"].get<double>(), m["exact"].get<double>(), m["given"].get<double>());
  }
  return text +
         "remedy: scale the convolution before it down, for example by 1/64 in its weights\n";
}

Status Run(const Options& options, const std::vector<TensorFile>& feeds,
           const std::vector<TensorFile>& fetches, const std::vector<studio::SetOption>& sets) {
  studio::ModelOptions model_options;
  model_options.compile.pipeline.target = options.run.target();
  model_options.compile.feeds = Names(feeds);
  for (const studio::SetOption& set : sets) model_options.compile.feeds.push_back(set.name);
  model_options.compile.fetches = Names(fetches);
  model_options.compile.optimize = !options.reference;
  model_options.compile.power = PowerOf(options);
  PICABIA_ASSIGN_OR_RETURN(model_options.compile.operators,
                           LoadOperatorSet(options.run.libraries, options.run.device));
  PICABIA_ASSIGN_OR_RETURN(const studio::Model model,
                           studio::OpenModel(options.model, model_options));
  const studio::ProgramPointer& program = model.program;
  runtime::SessionOptions session_options = options.run.session();
  session_options.reference = options.reference;
  PICABIA_ASSIGN_OR_RETURN(const auto session, runtime::Session::Create(program, session_options));
  PICABIA_ASSIGN_OR_RETURN(auto tensors, ReadFeeds(feeds));
  const auto set = studio::SetFeeds(*program, sets, studio::kDefaultMaxPixels);
  if (!set.ok()) return set.status().WithContext(options.model);
  tensors.insert(tensors.end(), set->begin(), set->end());
  PICABIA_RETURN_IF_ERROR(studio::CheckAllFed(*program, tensors).WithContext(options.model));

  const auto start = std::chrono::steady_clock::now();
  auto outputs = session->Run(tensors);
  if (!outputs.ok())
    return studio::WithAllowedSizes(outputs.status(), *program, tensors).WithContext(options.model);
  const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;

  Json json = {{"model", options.model},
               {"device", options.run.device},
               {"precision", session->arithmetic()},
               {"isa", IsaName(session->isa())},
               {"ms", ms.count()},
               {"outputs", Json::array()}};
  for (const TensorFile& fetch : fetches) {
    PICABIA_ASSIGN_OR_RETURN(const size_t index, OutputIndex(*program, fetch.name));
    const Tensor& tensor = (*outputs)[index];
    PICABIA_RETURN_IF_ERROR(WriteNpy(fetch.path, tensor));
    json["outputs"].push_back({{"name", fetch.name},
                               {"file", fetch.path},
                               {"dtype", DTypeName(tensor.dtype())},
                               {"shape", tensor.shape()}});
  }
  if (options.run.mlu.watch) json["saturated"] = studio::SaturatedJson(session->saturated());
  if (options.json) {
    PrintJson(json);
  } else if (options.run.mlu.watch) {
    Print(SaturatedText(json["saturated"]));
  }
  return OkStatus();
}

// `run --feed x=x.npy MODEL`: the option has taken the model for one more of its values.
void FindModel(Options& options) {
  for (auto* values : {&options.feeds, &options.fetches}) {
    if (!options.model.empty() || values->empty()) continue;
    if (values->back().find('=') != std::string::npos) continue;
    options.model = values->back();
    values->pop_back();
  }
  if (options.model.empty()) Misuse("MODEL is required");
}

int RunAction(Options& options) {
  FindModel(options);
  const auto feeds = ParseTensorFiles(options.feeds, "--feed");
  const auto fetches = ParseTensorFiles(options.fetches, "--fetch");
  if (fetches.empty()) Misuse("--fetch NAME=FILE.npy is required");
  if (options.reference && options.run.precision != "fp32") {
    Misuse("--reference goes with --precision fp32 only");
  }
  if (options.run.mlu.watch && options.run.device != "mlu")
    Misuse("--saturation goes with --device mlu only");
  const auto sets = ParseSetOption(options.sets);
  for (const studio::SetOption& set : sets) {
    for (const TensorFile& feed : feeds) {
      if (studio::TensorName(feed.name) == studio::TensorName(set.name))
        Misuse("--feed and --set both name " + set.name);
    }
  }
  const Status status = Run(options, feeds, fetches, sets);
  return status.ok() ? kDone : Fail(status);
}

}  // namespace

void AddRun(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Feed tensors to a model and write what it gives");
  command->footer(
      "usage: picabia run MODEL --feed NAME=FILE.npy ... --fetch NAME=FILE.npy ...\n"
      "                   [--device cpu|mlu] [--precision int8|int16|fp32] [--fast] [--threads "
      "N]\n"
      "                   [--mlu-numerics faithful|wide] [--saturation] [--reference]\n"
      "                   [--set NAME=VALUE]... [--operators LIBRARY]... [--as-cambricon] "
      "[--json]");
  command->add_option("MODEL", options->model, "a .pb, .onnx or compiled file, or style:NAME");
  command->add_option("--feed", options->feeds, "a tensor to feed; NAME is node or node:0")
      ->type_name("NAME=FILE.npy");
  command->add_option("--fetch", options->fetches, "a tensor to write")->type_name("NAME=FILE.npy");
  AddSetOption(*command, options->sets);
  AddRunOptions(*command, options->run, "fp32");
  command->add_flag("--saturation", options->run.mlu.watch,
                    "with --device mlu: say which means over the picture saturate on the card");
  command->add_flag("--reference", options->reference,
                    "interpret the graph as the file says, node by node, by the plainest code");
  command->add_flag("--as-cambricon", options->as_cambricon,
                    "the exponent of PowerDifference as the lab's kernels read it");
  command->add_flag("--json", options->json, "say on stdout what was run and written");
  command->callback([options, &action] { action = [options] { return RunAction(*options); }; });
}

}  // namespace picabia::cli
