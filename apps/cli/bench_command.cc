// picabia bench: times a model on a picture made for the purpose.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>

#include "apps/cli/commands.h"
#include "base/threads.h"
#include "studio/allowed_sizes.h"
#include "studio/cost.h"
#include "studio/host_step.h"
#include "studio/modelled.h"
#include "studio/models.h"
#include "studio/picture.h"
#include "studio/set_inputs.h"
#include "studio/sizes.h"
#include "studio/synthetic.h"

namespace picabia::cli {
namespace {

struct Options {
  std::string model = studio::kStylePrefix, size, preprocess;
  std::vector<std::string> sets, hosts;
  RunOptions run;
  int runs = 10;
  bool layers = false, json = false, modelled = false;
};

struct Timing {
  double first = 0, min = 0, median = 0, max = 0;
  std::vector<double> all;  // ascending, without the first
};

constexpr int64_t kUsualSize = 512;

// The shapes of all inputs; those of `set` have their own.
Result<std::vector<Shape>> ShapesToRun(const program::Program& program, const Options& options,
                                       const std::vector<runtime::Feed>& set) {
  program::Program shaped;  // as the program, but for the shapes that are known by now
  shaped.picture = program.picture;
  shaped.inputs = program.inputs;
  for (program::Port& port : shaped.inputs) {
    for (const runtime::Feed& feed : set) {
      if (feed.name != program.values[static_cast<size_t>(port.value)].name) continue;
      port.rank_known = true;
      port.declared_shape = feed.tensor.shape();
    }
  }
  std::optional<std::vector<Shape>> shapes;
  if (!options.size.empty()) {
    PICABIA_ASSIGN_OR_RETURN(const auto size, studio::ParseSize(options.size));
    shapes = studio::InputShapes(shaped, size.first, size.second);
  } else {
    shapes = studio::InputShapes(shaped, 0, 0);
    if (!shapes) shapes = studio::InputShapes(shaped, kUsualSize, kUsualSize);
  }
  if (shapes) return *shapes;
  return Unsupported("the model does not say which shapes its inputs have (--set gives them)");
}

// `feeds` become those of the last run: what the host makes comes to them, in the time of each.
Result<Timing> Time(runtime::Session& session, studio::HostStep* host,
                    std::vector<runtime::Feed>& feeds, int runs) {
  std::vector<double> all;
  const std::vector<runtime::Feed> given = feeds;
  for (int i = 0; i <= runs; ++i) {
    feeds = given;
    const auto start = std::chrono::steady_clock::now();
    if (host != nullptr) PICABIA_RETURN_IF_ERROR(host->Complete(feeds));
    const auto outputs = session.Run(feeds);
    if (!outputs.ok()) return studio::WithAllowedSizes(outputs.status(), session.program(), feeds);
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
    all.push_back(ms.count());
  }
  Timing timing;
  timing.first = all.front();
  all.erase(all.begin());  // the warm-up
  std::sort(all.begin(), all.end());
  timing.min = all.front();
  timing.median = (all[all.size() / 2] + all[(all.size() - 1) / 2]) / 2;
  timing.max = all.back();
  timing.all = std::move(all);
  return timing;
}

// The peak of this process. getrusage() would count that of the program that started it, too.
int64_t PeakBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

using Profile = std::vector<runtime::StepProfile>;

// Of the last run, and of the one before it that the host needs.
Profile ProfileOf(const runtime::Session& session, const studio::HostStep* host) {
  Profile all = host == nullptr ? Profile() : host->profile();
  all.insert(all.end(), session.profile().begin(), session.profile().end());
  return all;
}

Json Layers(const Profile& profile) {
  Json layers = Json::array();
  for (const runtime::StepProfile& step : profile) {
    layers.push_back({{"name", step.name},
                      {"kernel", step.kernel},
                      {"ms", step.ms},
                      {"macs", step.macs},
                      {"integer", step.integer}});
  }
  return layers;
}

Json Describe(const Options& options, const runtime::Session& session, const Profile& profile,
              const std::vector<Shape>& shapes, const Timing& timing) {
  int64_t macs = 0, integer_macs = 0;
  for (const runtime::StepProfile& step : profile) {
    macs += step.macs;
    if (step.integer) integer_macs += step.macs;
  }
  Json json = {{"model", session.program().source},
               {"input", shapes.empty() ? Shape() : shapes[0]},
               {"data", options.sets.size() + options.hosts.size() < shapes.size()
                            ? fmt::format("synthetic picture, seed {}", studio::kSyntheticSeed)
                            : "as --set gives it"},
               {"device", options.run.device},
               {"precision", session.arithmetic()},
               {"fast", options.run.fast},
               {"isa", IsaName(session.isa())},
               {"threads", ThreadPool(options.run.threads).threads()},
               {"runs", options.runs},
               {"ms_first", timing.first},
               {"ms_min", timing.min},
               {"ms_median", timing.median},
               {"ms_max", timing.max},
               {"ms_all", timing.all},
               {"peak_rss_bytes", PeakBytes()},
               {"arena_bytes", session.arena_bytes()},
               {"macs", macs},
               {"gmacs_per_s", timing.median > 0 ? double(macs) / timing.median * 1e-6 : 0},
               {"integer_macs_share", macs > 0 ? double(integer_macs) / double(macs) : 0}};
  if (options.layers) json["layers"] = Layers(profile);
  return json;
}

// What a card would take: by published figures, never measured.
Result<Json> Modelled(const runtime::Session& session, const studio::HostStep* host,
                      const std::vector<runtime::Feed>& feeds) {
  PICABIA_ASSIGN_OR_RETURN(auto steps, studio::ModelledSteps(session, feeds));
  if (host != nullptr) {
    PICABIA_ASSIGN_OR_RETURN(const auto first, studio::ModelledSteps(host->session(), feeds));
    steps.insert(steps.begin(), first.begin(), first.end());
  }
  Json layers = Json::array();
  for (const mlu::ModelledStep& step : steps) {
    layers.push_back({{"name", step.name},
                      {"ms", step.ms()},
                      {"bound", step.bound()},
                      {"matrix_ms", step.matrix_ms},
                      {"vector_ms", step.vector_ms},
                      {"memory_ms", step.memory_ms},
                      {"bytes", step.bytes}});
  }
  return Json{{"card", "MLU270"},
              {"cores", session.options().mlu.cores},
              {"ms", studio::ModelledMs(steps)},
              {"layers", layers}};
}

std::string ModelledText(const Json& modelled) {
  std::string text = fmt::format(
      "\nmodelled for an {} with {} core(s), not measured: {:.3f} ms without the host\n{:>9}  "
      "{:>9}  {:>9}  {:>9}  {:<8}{}\n",
      modelled["card"].get<std::string>(), modelled["cores"].get<int>(),
      modelled["ms"].get<double>(), "ms", "matrix", "vector", "memory", "bound", "step");
  for (const Json& layer : modelled["layers"])
    text += fmt::format("{:9.4f}  {:9.4f}  {:9.4f}  {:9.4f}  {:<8}{}\n", layer["ms"].get<double>(),
                        layer["matrix_ms"].get<double>(), layer["vector_ms"].get<double>(),
                        layer["memory_ms"].get<double>(), layer["bound"].get<std::string>(),
                        layer["name"].get<std::string>());
  return text;
}

std::string LayersText(const Json& layers) {
  std::string text =
      fmt::format("\n{:>9}  {:>8}  {:>8}  {:<28}{}\n", "ms", "MMAC", "GMAC/s", "kernel", "step");
  for (const Json& layer : layers) {
    const double ms = layer["ms"], macs = layer["macs"];
    text += fmt::format("{:9.3f}  {:8.1f}  {:8.1f}  {:<28}{}\n", ms, macs * 1e-6,
                        ms > 0 ? macs / ms * 1e-6 : 0, layer["kernel"].get<std::string>(),
                        layer["name"].get<std::string>());
  }
  return text;
}

std::string Text(const Json& j) {
  std::string text =
      fmt::format("{}, {}, {} on {}, {} thread(s)\n", j["model"].get<std::string>(),
                  ShapeString(j["input"].get<Shape>()),
                  j["precision"].get<std::string>() + (j["fast"].get<bool>() ? " --fast" : ""),
                  j["isa"].get<std::string>(), j["threads"].get<int>());
  text += fmt::format("input        {}\n", j["data"].get<std::string>());
  text += fmt::format("time         min {:.2f}, median {:.2f}, max {:.2f} ms of {} runs\n",
                      j["ms_min"].get<double>(), j["ms_median"].get<double>(),
                      j["ms_max"].get<double>(), j["runs"].get<int>());
  text += fmt::format("first run    {:.2f} ms\n", j["ms_first"].get<double>());
  text += fmt::format("memory       {:.1f} MiB at the peak, {:.1f} MiB of them buffers\n",
                      j["peak_rss_bytes"].get<double>() / 1048576,
                      j["arena_bytes"].get<double>() / 1048576);
  text += fmt::format("speed        {:.1f} GMAC/s; {:.1f} % of the multiply-adds in integers\n",
                      j["gmacs_per_s"].get<double>(), j["integer_macs_share"].get<double>() * 100);
  if (j.contains("layers")) text += LayersText(j["layers"]);
  if (j.contains("modelled")) text += ModelledText(j["modelled"]);
  return text;
}

// Tensors for all inputs but those that the host fills, whose shapes nobody knows before a run.
Result<std::vector<runtime::Feed>> FeedsOf(const program::Program& program, const Options& options,
                                           const studio::HostStep* host,
                                           const std::vector<studio::SetOption>& sets,
                                           std::vector<Shape>& shapes) {
  PICABIA_ASSIGN_OR_RETURN(auto set, studio::SetFeeds(program, sets, studio::kDefaultMaxPixels));
  if (host != nullptr) {
    for (const studio::InputInfo& input : studio::InputsOf(program))
      if (host->Fills(input.name)) set.push_back({input.name, Tensor()});
  }
  PICABIA_ASSIGN_OR_RETURN(shapes, ShapesToRun(program, options, set));
  PICABIA_ASSIGN_OR_RETURN(auto feeds, studio::SyntheticFeeds(program, shapes, set));
  if (host != nullptr)
    std::erase_if(feeds, [&](const runtime::Feed& feed) { return host->Fills(feed.name); });
  return feeds;
}

Result<Json> Bench(const Options& options, const studio::Preprocess& preprocess,
                   const std::vector<studio::SetOption>& sets,
                   std::vector<studio::HostOption> hosts) {
  studio::ModelOptions model_options;
  model_options.compile.pipeline.target = options.run.target();
  model_options.preprocess = preprocess;
  PICABIA_ASSIGN_OR_RETURN(model_options.compile.operators,
                           LoadOperatorSet(options.run.libraries, options.run.device));
  PICABIA_ASSIGN_OR_RETURN(const studio::Model model,
                           studio::OpenModel(options.model, model_options));
  const studio::ProgramPointer& program = model.program;
  const auto context = [&](const Status& status) { return status.WithContext(options.model); };
  std::unique_ptr<studio::HostStep> host;
  if (!hosts.empty()) {
    PICABIA_ASSIGN_OR_RETURN(
        host, studio::HostStep::Open(options.model, {model_options, options.run.session()},
                                     std::move(hosts)));
  }
  std::vector<Shape> shapes;
  auto feeds = FeedsOf(*program, options, host.get(), sets, shapes);
  if (!feeds.ok()) return context(feeds.status());
  auto session = runtime::Session::Create(program, options.run.session());
  if (!session.ok()) return context(session.status());
  const auto timing = Time(**session, host.get(), *feeds, options.runs);
  if (!timing.ok()) return context(timing.status());
  Json json = Describe(options, **session, ProfileOf(**session, host.get()), shapes, *timing);
  if (options.modelled) {
    const auto modelled = Modelled(**session, host.get(), *feeds);
    if (!modelled.ok()) return context(modelled.status());
    json["modelled"] = *modelled;
  }
  return json;
}

int BenchAction(const Options& options) {
  if (!options.size.empty() && !studio::ParseSize(options.size).ok()) {
    Misuse("--size: " + studio::ParseSize(options.size).status().message());
  }
  if (options.modelled && options.run.device != "mlu") Misuse("--modelled goes with --device mlu");
  const auto json = Bench(options, ParsePreprocessOption(options.preprocess),
                          ParseSetOption(options.sets), ParseHostOption(options.hosts));
  if (!json.ok()) return Fail(json.status());
  if (options.json) {
    PrintJson(*json);
  } else {
    Print(Text(*json));
  }
  return kDone;
}

}  // namespace

void AddBench(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Time a model");
  command->footer(
      "usage: picabia bench [MODEL] [--size HxW] [--device cpu|mlu] [--precision int8|int16|fp32]\n"
      "                     [--fast] [--threads N] [--mlu-numerics faithful|wide]\n"
      "                     [--runs N] [--layers] [--modelled] [--json] [--preprocess SPEC] [--set "
      "NAME=VALUE]...\n"
      "                     [--host NAME=X,Y[,P]]... [--operators LIBRARY]...");
  command->add_option("MODEL", options->model,
                      "a .pb, .onnx or compiled file, or style:NAME; else the first style inside");
  command->add_option("--size", options->size, "else what the model was frozen at, or 512x512")
      ->type_name("HxW");
  AddPreprocessOption(*command, options->preprocess);
  AddSetOption(*command, options->sets);
  AddHostOption(*command, options->hosts);
  AddRunOptions(*command, options->run, "int8");
  command->add_option("--runs", options->runs, "how many runs after one to warm up")
      ->check(CLI::Range(1, 1000000))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--layers", options->layers, "the time of each step of the last run, too");
  command->add_flag("--modelled", options->modelled,
                    "what each step would take on a card, by its published figures");
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &action] { action = [options] { return BenchAction(*options); }; });
}

}  // namespace picabia::cli
