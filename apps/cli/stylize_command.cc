// picabia stylize: pictures in, stylized pictures out.
#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>

#include "apps/cli/commands.h"
#include "apps/cli/jobs.h"
#include "apps/cli/progress.h"
#include "base/file.h"
#include "studio/models.h"
#include "studio/stylizer.h"

namespace picabia::cli {
namespace {

struct Options {
  JobOptions job;
  std::string style, model, color_order, preprocess;
  studio::EncodeOptions encode;
  std::vector<std::string> sets;
  std::string fetch;
  int64_t max_pixels = studio::kDefaultMaxPixels;
  RunOptions run;
  bool list_styles = false, json = false;
};

Result<studio::Picture> ReadInput(const std::string& path, int64_t max_pixels) {
  if (path != "-") return studio::ReadPicture(path, max_pixels);
  const std::string bytes{std::istreambuf_iterator<char>(std::cin), {}};
  auto picture = studio::DecodePicture(std::as_bytes(std::span(bytes)), max_pixels);
  if (!picture.ok()) return picture.status().WithContext("standard input");
  return picture;
}

Status WriteOutput(const std::string& path, const std::string& bytes) {
  if (path != "-") return WriteFileAtomically(path, bytes);
  Print(bytes);  // main() checks that it arrived
  return OkStatus();
}

// Makes one picture; the description of it for --json.
Result<Json> MakePicture(const Job& job, const Options& options, studio::Stylizer& stylizer) {
  const auto start = std::chrono::steady_clock::now();
  PICABIA_ASSIGN_OR_RETURN(const studio::Picture picture, ReadInput(job.input, options.max_pixels));
  auto result = stylizer.Run(picture);
  if (!result.ok()) return result.status().WithContext(job.input);
  studio::EncodeOptions encode = options.encode;
  encode.format = job.format;
  const auto bytes = studio::EncodePicture(*result, encode);
  if (!bytes.ok()) return bytes.status().WithContext(job.output);
  PICABIA_RETURN_IF_ERROR(WriteOutput(job.output, *bytes));
  const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
  return Json{{"in", job.input},
              {"out", job.output},
              {"width", result->width},
              {"height", result->height},
              {"ms_inference", stylizer.ms()},
              {"ms_total", ms.count()},
              {"device", options.run.device},
              {"precision", stylizer.arithmetic()},
              {"isa", stylizer.isa()}};
}

// One bad picture does not keep the others from being made.
int MakePictures(const JobList& list, const Options& options, studio::Stylizer& stylizer) {
  for (const std::string& path : list.skipped) Say(path + ": skipped, not a picture");
  Json pictures = Json::array();
  int code = kDone;
  Progress progress(list.jobs.size());
  for (size_t i = 0; i < list.jobs.size(); ++i) {
    progress.Show(i);
    auto made = MakePicture(list.jobs[i], options, stylizer);
    if (made.ok()) {
      pictures.push_back(*std::move(made));
      continue;
    }
    progress.Clear();
    code = Fail(made.status());
    pictures.push_back({{"in", list.jobs[i].input}, {"error", made.status().message()}});
  }
  progress.Clear();
  if (options.json) PrintJson({{"pictures", std::move(pictures)}});
  return code;
}

int ListStyles() {
  for (const studio::EmbeddedStyle& style : studio::EmbeddedStyles())
    Print(std::string(style.name) + "\n");
  return kDone;
}

void CheckOptions(const Options& options) {
  if (options.job.inputs.empty()) Misuse("no picture to read: IN is required");
  if (options.job.output.empty()) Misuse("-o OUT is required");
  if (options.json && options.job.output == "-") Misuse("-o - and --json both use standard output");
  if (options.model.empty()) {
    const auto style = studio::FindStyle(options.style);
    if (!style.ok()) Misuse(style.status().message());
  }
}

// One plain PNG file to another is done without it.
bool NeedsLibvips(const JobOptions& job) {
  const auto format = job.format.empty() ? studio::FormatOfPath(job.output)
                                         : studio::ParsePictureFormat(job.format);
  return job.inputs.size() != 1 || !format.ok() || *format != studio::PictureFormat::kPng ||
         studio::NeedsLibvips(job.inputs[0]);
}

int StylizeAction(Options& options) {
  if (options.list_styles) return ListStyles();
  CheckOptions(options);
  studio::ModelOptions model_options;
  model_options.preprocess = ParsePreprocessOption(options.preprocess, options.color_order);
  if (!options.fetch.empty()) model_options.compile.fetches = {options.fetch};
  const std::vector<studio::SetOption> sets = ParseSetOption(options.sets);
  const bool needs_libvips = NeedsLibvips(options.job);
  if (needs_libvips)
    studio::BeginPictures("picabia", options.run.threads);  // while the model loads
  model_options.compile.pipeline.target = options.run.target();
  options.job.model = options.model;
  const auto list = PlanJobs(options.job);
  if (!list.ok()) {
    if (list.status().code() == StatusCode::kInvalidArgument) Misuse(list.status().message());
    return Fail(list.status());
  }
  auto operators = LoadOperatorSet(options.run.libraries, options.run.device);
  if (!operators.ok()) return Fail(operators.status());
  model_options.compile.operators = *std::move(operators);
  const std::string name =
      options.model.empty() ? studio::kStylePrefix + options.style : options.model;
  const auto model = studio::OpenModel(name, model_options);
  if (!model.ok()) return Fail(model.status());
  const auto feeds = studio::SetFeeds(*model->program, sets, options.max_pixels);
  if (!feeds.ok()) return Fail(feeds.status().WithContext(name));
  auto stylizer =
      studio::Stylizer::Create(model->program, options.run.session(), {*feeds, options.fetch});
  if (!stylizer.ok()) return Fail(stylizer.status().WithContext(name));
  if (needs_libvips) {
    const Status status = studio::StartPictures("picabia", options.run.threads);
    if (!status.ok()) return Fail(status);
  }
  if (const Status status = CreateFolders(*list); !status.ok()) return Fail(status);
  return MakePictures(*list, options, *stylizer);
}

void AddOutputOptions(CLI::App& command, Options& options) {
  command
      .add_option("-o,--output", options.job.output, "a file, a folder, or - for standard output")
      ->type_name("OUT");
  command.add_option("--format", options.job.format, "png, jpg, webp or tif; else by OUT's name")
      ->check([](const std::string& name) {
        const auto format = studio::ParsePictureFormat(name);
        return format.ok() ? std::string() : format.status().message();
      })
      ->type_name("NAME");
  command.add_option("--quality", options.encode.quality, "of JPEG and WebP")
      ->check(CLI::Range(1, 100))
      ->type_name("1..100")
      ->capture_default_str();
}

}  // namespace

void AddStylize(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("stylize", "Make stylized pictures");
  command->footer(
      "usage: picabia stylize IN... -o OUT [--style NAME | --model FILE] [--device cpu|mlu]\n"
      "                       [--precision int8|int16|fp32] [--fast] [--threads N] [--json] "
      "[--recursive]\n"
      "                       [--format NAME] [--quality N] [--color-order rgb|bgr]\n"
      "                       [--mlu-numerics faithful|wide] [--max-pixels N] [--preprocess SPEC] "
      "[--set NAME=VALUE]... [--fetch "
      "NAME]\n"
      "                       [--operators LIBRARY]...\n"
      "       picabia stylize --list-styles");
  command->add_option("IN", options->job.inputs, "pictures, folders, or - for standard input");
  AddOutputOptions(*command, *options);
  CLI::Option* style = command->add_option("--style", options->style,
                                           "one of the styles inside: " + studio::StyleNames());
  style->type_name("NAME");
  command->add_option("--model", options->model, "a .pb, .onnx or compiled file")
      ->type_name("FILE")
      ->excludes(style);
  AddRunOptions(*command, options->run, "int8");
  command->add_flag("--recursive", options->job.recursive, "folders in folders, too");
  command->add_option("--color-order", options->color_order, "what the model wants, rgb or bgr")
      ->check(CLI::IsMember({"rgb", "bgr"}))
      ->type_name("NAME");
  AddPreprocessOption(*command, options->preprocess);
  AddSetOption(*command, options->sets);
  command->add_option("--fetch", options->fetch, "which output is the picture; else the first one")
      ->type_name("NAME");
  command->add_option("--max-pixels", options->max_pixels, "refuse pictures larger than this")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--list-styles", options->list_styles, "print the names of the styles inside");
  command->add_flag("--json", options->json, "describe what was made on standard output");
  command->callback([options, &action] { action = [options] { return StylizeAction(*options); }; });
}

}  // namespace picabia::cli
