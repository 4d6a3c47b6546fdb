// What the subcommands share: options, messages, results.
#include "apps/cli/commands.h"

#include <cstdio>

#include "runtime/operators.h"

namespace picabia::cli {
namespace {

// File names may hold anything; a message is one line and does not steer a terminal.
std::string Printable(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code != 0x7F) {
      line += c;
    } else {
      constexpr char kHex[] = "0123456789abcdef";
      line += {'\\', 'x', kHex[code >> 4], kHex[code & 15]};
    }
  }
  return line;
}

}  // namespace

runtime::SessionOptions RunOptions::session() const {
  runtime::SessionOptions options;
  options.precision = *runtime::ParsePrecision(precision);  // the option admits only known names
  const bool is_mlu = device == "mlu";
  if (fast && (is_mlu || options.precision != runtime::Precision::kInt8))
    Misuse("--fast goes with --device cpu --precision int8 only");
  if (is_mlu) {
    options.device = runtime::DeviceKind::kMlu;
    // The model says what it is, unless the user does.
    if (precision_option->count() == 0) options.precision = runtime::Precision::kFp32;
    options.mlu = mlu;
    if (mlu_numerics == "wide") options.mlu.numerics = runtime::MluNumerics::kWide;
  }
  options.fast = fast;
  options.threads = threads;
  return options;
}

passes::Target RunOptions::target() const {
  // Wide numerics are those of device cpu.
  const bool card = device == "mlu" && mlu_numerics == "faithful";
  return card ? passes::Target::kMlu270 : passes::Target::kCpu;
}

namespace {

void AddMluOptions(CLI::App& command, RunOptions& options) {
  constexpr int kCores = 16;
  command
      .add_option("--mlu-numerics", options.mlu_numerics,
                  "of device mlu: faithful rounds to half as the card does, wide keeps floats "
                  "between convolutions")
      ->check(CLI::IsMember({"faithful", "wide"}))
      ->type_name("NAME")
      ->capture_default_str();
  const auto add = [&](const char* name, int& value, const char* text) {
    command.add_option(name, value, text)
        ->check(CLI::Range(1, kCores))
        ->type_name("1..16")
        ->capture_default_str();
  };
  add("--mlu-cores", options.mlu.cores, "cores of the modelled card; they change no number");
  add("--mlu-data-parallelism", options.mlu.data_parallelism,
      "pictures that the card runs at once");
  add("--mlu-model-parallelism", options.mlu.model_parallelism, "cores that share a picture");
}

}  // namespace

void AddRunOptions(CLI::App& command, RunOptions& options, const std::string& default_precision) {
  constexpr int kMostThreads = 1024;  // more is a slip of the finger
  options.precision = default_precision;
  command.add_option("--device", options.device, "cpu, or mlu: a software MLU270")
      ->check(CLI::IsMember({"cpu", "mlu"}))
      ->type_name("NAME");
  options.precision_option =
      command
          .add_option("--precision", options.precision,
                      "int8, int16 or fp32; device mlu takes the model as it is unless this "
                      "says what it must be")
          ->check(CLI::IsMember({"int8", "int16", "fp32"}))
          ->type_name("NAME")
          ->capture_default_str();
  command.add_flag("--fast", options.fast,
                   "with int8: faster and less exact; the bytes may differ between machines");
  command.add_option("--threads", options.threads, "how many threads; 0: one per core")
      ->check(CLI::Range(0, kMostThreads))
      ->type_name("N")
      ->capture_default_str();
  AddMluOptions(command, options);
  AddOperatorsOption(command, options.libraries);
}

void AddOperatorsOption(CLI::App& command, std::vector<std::string>& libraries) {
  command
      .add_option("--operators", libraries,
                  "a shared library of custom operators, whose code runs; may be repeated")
      ->type_name("LIBRARY")
      ->allow_extra_args(false);
}

Result<ops::OperatorSet> LoadOperatorSet(const std::vector<std::string>& libraries,
                                         const std::string& device) {
  ops::OperatorRegistry registry;
  for (const std::string& library : libraries)
    PICABIA_RETURN_IF_ERROR(runtime::LoadOperators(library, registry));
  return registry.For(device);
}

void AddPreprocessOption(CLI::App& command, std::string& text) {
  command.add_option("--preprocess", text, studio::kPreprocessGrammar)->type_name("SPEC");
}

studio::Preprocess ParsePreprocessOption(const std::string& text, const std::string& color_order) {
  studio::Preprocess preprocess;
  if (!text.empty()) {
    auto parsed = studio::Preprocess::Parse(text, "from --preprocess");
    if (!parsed.ok()) Misuse("--preprocess: " + parsed.status().message());
    preprocess = *std::move(parsed);
  }
  if (!color_order.empty()) {
    if (preprocess.Has("order")) Misuse("--color-order and --preprocess both say the order");
    const Status status = preprocess.Set("order", color_order, "from --color-order");
    if (!status.ok()) Misuse("--color-order: " + status.message());
  }
  return preprocess;
}

void AddSetOption(CLI::App& command, std::vector<std::string>& texts) {
  command
      .add_option("--set", texts,
                  "an input of the model: a number, a list, INDEX:WEIGHT pairs, a .npy file or a "
                  "picture; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);  // what follows are pictures
}

std::vector<studio::SetOption> ParseSetOption(const std::vector<std::string>& texts) {
  auto sets = studio::ParseSets(texts);
  if (!sets.ok()) Misuse(sets.status().message());
  return *std::move(sets);
}

void AddHostOption(CLI::App& command, std::vector<std::string>& texts) {
  command
      .add_option("--host", texts,
                  "an input that the host computes between two runs: (X - Y)^P of inner tensors; P "
                  "is 2 without it; may be repeated")
      ->type_name("NAME=X,Y[,P]")
      ->allow_extra_args(false);
}

std::vector<studio::HostOption> ParseHostOption(const std::vector<std::string>& texts) {
  auto hosts = studio::ParseHosts(texts);
  if (!hosts.ok()) Misuse(hosts.status().message());
  return *std::move(hosts);
}

void Say(const std::string& message) {
  std::fprintf(stderr, "picabia: %s\n", Printable(message).c_str());
}

int Fail(const Status& status) {
  Say(status.message());
  return kFailed;
}

void Misuse(const std::string& message) { throw CLI::ValidationError(message); }

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void PrintJson(const Json& json) {
  // Names that are not UTF-8 must not end the program: their odd bytes are replaced.
  Print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace picabia::cli
