// picabia inspect: what is in a model file and what becomes of it.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "apps/cli/commands.h"
#include "base/file.h"
#include "devices/cpu/float_steps.h"
#include "import/import.h"
#include "ir/text.h"
#include "proto/text.h"
#include "runtime/operators.h"
#include "studio/cost.h"
#include "studio/models.h"
#include "studio/sizes.h"

namespace picabia::cli {
namespace {

struct Options {
  std::string model, preprocess;
  std::vector<std::string> libraries;
  bool json = false, text = false, inline_contents = false, graph = false, operators = false;
};

Json Ports(const program::Program& program, const std::vector<program::Port>& ports) {
  Json list = Json::array();
  for (const program::Port& port : ports) {
    const program::Value& value = program.values[static_cast<size_t>(port.value)];
    Json json = {{"name", value.name}, {"dtype", DTypeName(value.dtype)}, {"shape", nullptr}};
    if (port.rank_known) json["shape"] = port.declared_shape;
    if (!port.default_shape.empty()) json["frozen_shape"] = port.default_shape;
    list.push_back(std::move(json));
  }
  return list;
}

template <typename Nodes>
Json CountOperators(const Nodes& nodes) {
  std::map<std::string, int64_t> counts;
  for (const auto& node : nodes) {
    const auto* custom = std::get_if<ops::Custom>(&node.op);
    ++counts[custom != nullptr ? "Custom:" + custom->type : ops::OpName(node.op)];
  }
  return counts;
}

Json Convention(const PictureConvention& picture, const PictureOrigins& origins) {
  return {{"layout", picture.nchw ? "NCHW" : "NHWC"},
          {"out_layout", picture.out_nchw ? "NCHW" : "NHWC"},
          {"color_order", picture.bgr ? "bgr" : "rgb"},
          {"scale", picture.scale},
          {"shift", picture.shift},
          {"out_scale", picture.out_scale},
          {"out_shift", picture.out_shift},
          {"origins",
           {{"layout", origins.layout},
            {"out_layout", origins.out_layout},
            {"color_order", origins.order},
            {"range", origins.range},
            {"out_range", origins.out_range}}}};
}

Json FloatSteps(const program::Program& program) {
  Json list = Json::array();
  for (const cpu::FloatStep& step : cpu::StepsInFloat(program))
    list.push_back({{"node", step.node}, {"operator", step.op}, {"reason", step.reason}});
  return list;
}

Json Describe(const studio::Model& inspected) {
  const program::Program& program = *inspected.program;
  const Json steps = CountOperators(program.steps);
  const studio::SizeRule rule = studio::SizeRuleOf(program);
  Json json = {{"source", program.source},
               {"format", inspected.graph ? inspected.graph->format : "picabia"},
               {"compiler_version", program.compiler_version},
               {"inputs", Ports(program, program.inputs)},
               {"outputs", Ports(program, program.outputs)},
               {"picture", Convention(program.picture, inspected.origins)},
               {"size_multiple", rule.multiple},
               {"size_minimum", rule.minimum},
               {"parameters", studio::Parameters(program)},
               {"macs", nullptr},
               {"nodes", nullptr},
               {"steps", steps},
               {"transposes", steps.value("Transpose", 0)},
               {"float_steps", FloatSteps(program)}};
  if (inspected.graph) json["nodes"] = CountOperators(inspected.graph->nodes);
  if (const auto shapes = studio::InputShapes(program, 0, 0)) {
    const auto macs = studio::MultiplyAdds(program, *shapes);
    if (macs.ok()) json["macs"] = *macs;
  }
  return json;
}

// [1, ?, ?, 3], and the size it was frozen at where that is known.
std::string PortText(const Json& port) {
  std::string text =
      fmt::format("{} {} ", port["name"].get<std::string>(), port["dtype"].get<std::string>());
  text += port["shape"].is_null() ? "of any shape" : ShapeString(port["shape"].get<Shape>());
  if (port.contains("frozen_shape")) {
    text += ", frozen at " + ShapeString(port["frozen_shape"].get<Shape>());
  }
  return text;
}

std::string CountsText(const Json& counts) {
  std::string text;
  for (const auto& [name, count] : counts.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get<int64_t>(), name);
  }
  return text;
}

// "0.5", or "0.5:0.25:1:1" where the channels differ.
std::string ChannelsText(const Json& numbers) {
  const auto list = numbers.get<PerChannel>();
  if (list == EveryChannel(list[0])) return fmt::format("{}", list[0]);
  return fmt::format("{}", fmt::join(list, ":"));
}

std::string PictureText(const Json& p) {
  const auto word = [](const Json& json) { return json.get<std::string>(); };
  const Json& by = p["origins"];
  std::string text;
  text += fmt::format("layout       {} in: {}\n", word(p["layout"]), word(by["layout"]));
  text += fmt::format("             {} out: {}\n", word(p["out_layout"]), word(by["out_layout"]));
  text += fmt::format("colours      {}: {}\n", word(p["color_order"]), word(by["color_order"]));
  text += fmt::format("values       pixel * {} + {} in: {}\n", ChannelsText(p["scale"]),
                      ChannelsText(p["shift"]), word(by["range"]));
  text += fmt::format("             value * {} + {} out: {}\n", ChannelsText(p["out_scale"]),
                      ChannelsText(p["out_shift"]), word(by["out_range"]));
  return text;
}

std::string Text(const Json& json) {
  std::string text =
      fmt::format("source       {}\nformat       {}\n", json["source"].get<std::string>(),
                  json["format"].get<std::string>());
  for (const Json& port : json["inputs"]) text += "input        " + PortText(port) + "\n";
  for (const Json& port : json["outputs"]) text += "output       " + PortText(port) + "\n";
  text += PictureText(json["picture"]);
  text += fmt::format("sizes        padded to a multiple of {}, at least {}\n",
                      json["size_multiple"].get<int64_t>(), json["size_minimum"].get<int64_t>());
  text += fmt::format("parameters   {}\n", json["parameters"].get<int64_t>());
  if (!json["macs"].is_null()) {
    text += fmt::format("multiply-adds at the frozen size  {}\n", json["macs"].get<int64_t>());
  }
  if (!json["nodes"].is_null()) text += "nodes        " + CountsText(json["nodes"]) + "\n";
  text += "steps        " + CountsText(json["steps"]) + "\n";
  text += fmt::format("transposes   {} remain\n", json["transposes"].get<int64_t>());
  if (json["float_steps"].empty()) text += "int8         all products in integers\n";
  for (const Json& step : json["float_steps"])
    text +=
        fmt::format("int8         in float: node '{}' ({}): {}\n", step["node"].get<std::string>(),
                    step["operator"].get<std::string>(), step["reason"].get<std::string>());
  return text;
}

// What the importers read.
int ListOperators(const Options& options) {
  if (options.text || options.graph)
    Misuse("--operators goes with --json at most, and without a MODEL, unless it names a library");
  ops::OperatorRegistry loaded;
  for (const std::string& library : options.libraries) {
    const Status status = runtime::LoadOperators(library, loaded);
    if (!status.ok()) return Fail(status);
  }
  Json list = Json::array();
  std::string text =
      "ONNX, opsets 7 to 28, and how many of its node tests pass, are refused and fail\n";
  bool onnx = true;
  for (const import::OperatorInfo& op : import::SupportedOperators()) {
    Json json = {{"format", op.format}, {"name", op.name}};
    if (std::string_view(op.format) == "onnx") {
      json["passed"] = op.passed;
      json["refused"] = op.refused;
      json["failed"] = op.failed;
      text += fmt::format("  {:<28}{:>5}{:>5}{:>5}\n", op.name, op.passed, op.refused, op.failed);
    } else {
      if (onnx) text += "TensorFlow\n";
      onnx = false;
      text += "  " + op.name + "\n";
    }
    list.push_back(std::move(json));
  }
  if (!loaded.empty()) text += "loaded\n";
  for (const auto& [type, device] : loaded.List()) {
    list.push_back({{"format", "library"}, {"name", type}, {"device", device}});
    text += "  " + type + (device.empty() ? "" : ", device " + device) + "\n";
  }
  if (options.json) {
    PrintJson({{"operators", std::move(list)}});
  } else {
    Print(text);
  }
  return kDone;
}

// The file itself as text, from which `assemble` makes it again.
int PrintFile(const Options& options) {
  const auto graph = import::ImportModel(options.model);  // says what else the file is
  if (!graph.ok()) return Fail(graph.status());
  const auto file = FileBytes::Open(options.model);
  if (!file.ok()) return Fail(file.status());
  const std::span<const std::byte> bytes = (*file)->bytes();
  proto::PrintTextOptions print;
  if (!options.inline_contents) print.source = options.model;
  const auto text = proto::PrintText(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
      graph->format == "onnx" ? proto::ModelProtoType() : proto::GraphDefType(), print);
  if (!text.ok()) return Fail(text.status().WithContext(options.model));
  Print(*text);
  return kDone;
}

int InspectAction(const Options& options) {
  if (options.json + options.text + options.graph > 1)
    Misuse("--json, --text and --graph exclude each other");
  if (options.inline_contents && !options.text) Misuse("--inline goes with --text");
  if (options.model.empty()) {
    if (options.operators) return ListOperators(options);
    Misuse("MODEL is required");
  }
  if (options.operators && (options.libraries.empty() || options.text))
    Misuse("--operators goes with --json at most, and without a MODEL, unless it names a library");
  if (options.text) return PrintFile(options);
  studio::ModelOptions model_options;
  model_options.preprocess = ParsePreprocessOption(options.preprocess);
  model_options.keep_graph = true;
  auto operators = LoadOperatorSet(options.libraries, "cpu");
  if (!operators.ok()) return Fail(operators.status());
  model_options.compile.operators = *std::move(operators);
  const auto inspected = studio::OpenModel(options.model, model_options);
  if (!inspected.ok()) return Fail(inspected.status());
  if (options.graph) {
    if (!inspected->graph) {
      return Fail(Unsupported(options.model + ": is compiled, its graph is not in it any more"));
    }
    Print(ir::Print(*inspected->graph));
    return kDone;
  }
  const Json json = Describe(*inspected);
  if (options.json) {
    PrintJson(json);
  } else {
    Print(Text(json));
  }
  return kDone;
}

}  // namespace

void AddInspect(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "Say what is in a model file");
  command->footer(
      "usage: picabia inspect MODEL [--json | --graph] [--preprocess SPEC] [--operators "
      "LIBRARY]...\n"
      "       picabia inspect MODEL --text [--inline]\n"
      "       picabia inspect --operators [LIBRARY]... [--json]");
  command->add_option("MODEL", options->model, "a .pb, .onnx or compiled file, or style:NAME");
  AddPreprocessOption(*command, options->preprocess);
  command->add_flag("--json", options->json, "as one JSON document");
  command->add_flag("--text", options->text,
                    "the file as text, from which picabia assemble makes it again");
  command->add_flag("--inline", options->inline_contents,
                    "large contents in the text, too, not by reference");
  command->add_flag("--graph", options->graph, "the graph that the compiler sees, a node a line");
  CLI::Option* operators =
      command
          ->add_option("--operators", options->libraries,
                       "the operators that models may have; with a LIBRARY, its operators, too")
          ->type_name("LIBRARY")
          ->expected(0, 1);
  command->callback([options, operators, &action] {
    options->operators = operators->count() > 0;
    std::erase(options->libraries, "");
    action = [options] { return InspectAction(*options); };
  });
}

}  // namespace picabia::cli
