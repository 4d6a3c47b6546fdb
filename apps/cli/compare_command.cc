// picabia compare: models, devices and precisions side by side on one photo.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "apps/cli/child.h"
#include "apps/cli/commands.h"
#include "base/file.h"
#include "base/npy.h"
#include "base/threads.h"
#include "studio/compare.h"

namespace picabia::cli {
namespace {

struct Options {
  std::vector<std::string> models, devices{"cpu", "mlu"}, precisions{"fp32", "int8"};
  std::string image, photos, output, preprocess, mlu_numerics = "faithful";
  std::vector<std::string> sets, hosts, libraries;
  int runs = 10, threads = 0;
  bool json = false;
};

std::vector<std::string> BenchArguments(const Options& options, const studio::Variant& variant) {
  std::vector<std::string> arguments{"bench",
                                     "--json",
                                     "--layers",
                                     "--device=" + variant.device,
                                     "--runs=" + std::to_string(options.runs),
                                     "--threads=" + std::to_string(options.threads),
                                     "--mlu-numerics=" + options.mlu_numerics};
  if (!variant.precision.empty()) arguments.push_back("--precision=" + variant.precision);
  if (!options.preprocess.empty()) arguments.push_back("--preprocess=" + options.preprocess);
  for (const std::string& library : options.libraries)
    arguments.push_back("--operators=" + library);
  return arguments;
}

Result<studio::VariantTime> ParseBench(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return IoError("its process gave no JSON");
  studio::VariantTime time;
  time.first = json["ms_first"];
  time.ms = json["ms_all"].get<std::vector<double>>();
  time.peak_bytes = json["peak_rss_bytes"];
  for (const Json& layer : json["layers"]) time.steps.push_back({layer["name"], layer["ms"]});
  return time;
}

// `picabia bench` in a process of its own, fed with the very tensor.
Result<studio::VariantTime> TimeVariant(const Options& options,
                                        const studio::TimeRequest& request) {
  PICABIA_ASSIGN_OR_RETURN(const TemporaryFile file, TemporaryFile::Make(".npy"));
  PICABIA_RETURN_IF_ERROR(WriteNpy(file.path(), request.picture.tensor));
  std::vector<std::string> arguments = BenchArguments(options, request.variant);
  arguments.push_back("--set=" + request.picture.name + "=" + file.path());
  for (const studio::SetOption& set : request.sets)
    arguments.push_back("--set=" + set.name + "=" + set.value);
  for (const studio::HostOption& host : request.hosts) arguments.push_back("--host=" + host.Text());
  arguments.insert(arguments.end(), {"--", request.variant.model});
  PICABIA_ASSIGN_OR_RETURN(const std::string text, RunItself(arguments));
  return ParseBench(text);
}

studio::CompareOptions ToStudio(const Options& options) {
  studio::CompareOptions compare;
  compare.models = options.models;
  compare.devices = options.devices;
  compare.precisions = options.precisions;
  compare.image = options.image;
  compare.photos = options.photos;
  compare.session.threads = options.threads;
  if (options.mlu_numerics == "wide") compare.session.mlu.numerics = runtime::MluNumerics::kWide;
  compare.preprocess = ParsePreprocessOption(options.preprocess);
  compare.sets = ParseSetOption(options.sets);
  compare.hosts = ParseHostOption(options.hosts);
  compare.operators = [&options](const std::string& device) {
    return LoadOperatorSet(options.libraries, device);
  };
  compare.progress = [](const std::string& label) { Say("running " + label); };
  compare.time = [&options](const auto& request) { return TimeVariant(options, request); };
  return compare;
}

Status WriteReports(const studio::Comparison& comparison, const std::string& folder) {
  PICABIA_ASSIGN_OR_RETURN(const std::string page, studio::CompareHtml(comparison));
  PICABIA_RETURN_IF_ERROR(
      WriteFileAtomically(folder + "/report.json", studio::CompareJson(comparison)));
  return WriteFileAtomically(folder + "/report.html", page);
}

// Whether there was none before.
Result<bool> MakeFolder(const std::string& folder) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (error) return IoError(folder + ": cannot make the folder: " + error.message());
  return made;
}

Status CompareInto(const Options& options) {
  const studio::CompareOptions compare = ToStudio(options);
  PICABIA_ASSIGN_OR_RETURN(studio::Comparison comparison, studio::Compare(compare));
  comparison.runs = options.runs;
  comparison.threads = ThreadPool(options.threads).threads();
  PICABIA_RETURN_IF_ERROR(WriteReports(comparison, options.output));
  Print(options.json ? studio::CompareJson(comparison) : studio::CompareText(comparison));
  return OkStatus();
}

Status Run(const Options& options) {
  PICABIA_RETURN_IF_ERROR(studio::StartPictures("picabia", options.threads));
  if (auto loaded = LoadOperatorSet(options.libraries, "cpu"); !loaded.ok()) return loaded.status();
  PICABIA_ASSIGN_OR_RETURN(const bool made, MakeFolder(options.output));  // before minutes of work
  Status status = CompareInto(options);
  std::error_code error;
  if (!status.ok() && made) std::filesystem::remove(options.output, error);  // where it is empty
  return status;
}

int CompareAction(const Options& options) {
  if (options.models.empty()) Misuse("MODEL is required");
  if (options.image.empty()) Misuse("--image PHOTO is required");
  if (options.output.empty()) Misuse("-o DIR is required");
  const Status status = Run(options);
  return status.ok() ? kDone : Fail(status);
}

void AddLists(CLI::App& command, Options& options) {
  command.add_option("--devices", options.devices, "which of cpu and mlu")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"cpu", "mlu"}))
      ->type_name("LIST")
      ->default_str("cpu,mlu");
  command
      .add_option("--precisions", options.precisions,
                  "which of fp32, int8 and int16, of device cpu; device mlu takes models as they "
                  "are")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"fp32", "int8", "int16"}))
      ->type_name("LIST")
      ->default_str("fp32,int8");
}

}  // namespace

void AddCompare(CLI::App& app, Action& action) {
  constexpr int kMostThreads = 1024;
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compare", "Models, devices and precisions side by side");
  command->footer(
      "usage: picabia compare MODEL... --image PHOTO [--photos DIR] [--devices cpu,mlu]\n"
      "                       [--precisions fp32,int8,int16] -o DIR [--runs N] [--threads N]\n"
      "                       [--mlu-numerics faithful|wide] [--json] [--preprocess SPEC]\n"
      "                       [--set NAME=VALUE]... [--host NAME=X,Y[,P]]... [--operators "
      "LIBRARY]...");
  command->add_option("MODEL", options->models,
                      ".pb, .onnx or compiled files, or style:NAME; the first is the reference");
  command->add_option("--image", options->image, "the picture")->type_name("PHOTO");
  command->add_option("--photos", options->photos, "pictures for statistics")->type_name("DIR");
  AddLists(*command, *options);
  command->add_option("-o,--output", options->output, "the folder for the reports")
      ->type_name("DIR");
  command->add_option("--runs", options->runs, "how many timed runs after the first call")
      ->check(CLI::Range(1, 1000000))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "how many threads; 0: one per core")
      ->check(CLI::Range(0, kMostThreads))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--mlu-numerics", options->mlu_numerics, "of device mlu")
      ->check(CLI::IsMember({"faithful", "wide"}))
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print report.json instead of the table");
  AddPreprocessOption(*command, options->preprocess);
  AddSetOption(*command, options->sets);
  AddHostOption(*command, options->hosts);
  AddOperatorsOption(*command, options->libraries);
  command->callback([options, &action] { action = [options] { return CompareAction(*options); }; });
}

}  // namespace picabia::cli
