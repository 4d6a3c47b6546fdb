// Ini files, in the dialect of Python's ConfigParser: [section], key = value or key: value,
// comments from # or ; on, and lines that begin with white space continue the value above.
#include "quant/config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <set>

namespace picabia::quant {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return lower;
}

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t comma = text.find(',');
    if (const std::string_view part = Trim(text.substr(0, comma)); !part.empty())
      parts.emplace_back(part);
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

struct Entry {
  int line = 0;
  std::string section, key, value;
  std::string where() const { return "line " + std::to_string(line) + ": "; }
};

Status Refuse(const Entry& entry, const std::string& expected) {
  return InvalidArgument(entry.where() + "key '" + entry.key + "' of [" + entry.section + "] is '" +
                         entry.value + "', expected " + expected);
}

// ---- values

Result<double> Number(const Entry& entry, std::string_view text, const char* expected) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return Refuse(entry, expected);
  return value;
}

Status ReadChoice(const Entry& entry, const std::vector<std::string>& allowed, std::string& value) {
  std::string list;
  for (const std::string& word : allowed) {
    if (entry.value == word) {
      value = word;
      return OkStatus();
    }
    list += (list.empty() ? "" : word == allowed.back() ? " or " : ", ") + word;
  }
  return Refuse(entry, list);
}

// As Python's ConfigParser reads booleans.
Status ReadBool(const Entry& entry, bool& value) {
  const std::string word = Lower(entry.value);
  const std::set<std::string> yes{"true", "1", "yes", "on"}, no{"false", "0", "no", "off"};
  if (!yes.contains(word) && !no.contains(word)) return Refuse(entry, "True or False");
  value = yes.contains(word);
  return OkStatus();
}

Status ReadCount(const Entry& entry, int64_t& value) {
  constexpr char kExpected[] = "a whole number from 1 on";
  constexpr double kMost = 1e9;
  PICABIA_ASSIGN_OR_RETURN(const double number, Number(entry, entry.value, kExpected));
  if (number < 1 || number > kMost || number != std::floor(number)) return Refuse(entry, kExpected);
  value = static_cast<int64_t>(number);
  return OkStatus();
}

Status ReadMean(const Entry& entry, std::array<float, 3>& mean) {
  constexpr char kExpected[] = "one number, or three with commas between them";
  const std::vector<std::string> parts = Split(entry.value);
  if (parts.size() != 1 && parts.size() != 3) return Refuse(entry, kExpected);
  for (size_t i = 0; i < 3; ++i) {
    PICABIA_ASSIGN_OR_RETURN(const double number,
                             Number(entry, parts[parts.size() == 1 ? 0 : i], kExpected));
    mean[i] = static_cast<float>(number);
  }
  return OkStatus();
}

Status ReadStd(const Entry& entry, float& std) {
  constexpr char kExpected[] = "a number other than 0";
  PICABIA_ASSIGN_OR_RETURN(const double number, Number(entry, entry.value, kExpected));
  if (number == 0) return Refuse(entry, kExpected);
  std = static_cast<float>(number);
  return OkStatus();
}

Status ReadCrop(const Entry& entry, std::array<int64_t, 2>& crop) {
  constexpr char kExpected[] = "height and width, two whole numbers from 1 to 65536";
  constexpr double kMost = 65536;
  const std::vector<std::string> parts = Split(entry.value);
  if (parts.size() != 2) return Refuse(entry, kExpected);
  for (size_t i = 0; i < 2; ++i) {
    PICABIA_ASSIGN_OR_RETURN(const double number, Number(entry, parts[i], kExpected));
    if (number < 1 || number > kMost || number != std::floor(number))
      return Refuse(entry, kExpected);
    crop[i] = static_cast<int64_t>(number);
  }
  return OkStatus();
}

Status ReadText(const Entry& entry, std::string& value) {
  if (entry.value.empty()) return Refuse(entry, "a path");
  value = entry.value;
  return OkStatus();
}

Status ReadNames(const Entry& entry, std::vector<std::string>& names) {
  names = Split(entry.value);
  return names.empty() ? Refuse(entry, "names of tensors with commas between them") : OkStatus();
}

Status ReadOperators(const Entry& entry, std::string& value) {
  for (const std::string& word : Split(entry.value)) {
    if (word != "Conv" && word != "FC" && word != "LRN")
      return Refuse(entry, "a list of Conv, FC and LRN");
  }
  value = entry.value;
  return OkStatus();
}

// ---- keys

const std::vector<std::string>& Preprocessings() {
  static const std::vector<std::string> names{
      "no_preprocess_cali",        "default_preprocess_cali",   "vgg_preprocess_cali",
      "inception_preprocess_cali", "yolov3_preprocess_cali",    "yolov2_preprocess_cali",
      "east_preprocess_cali",      "pixellink_preprocess_cali", "efficientNet_preprocess"};
  return names;
}

using Read = std::function<Status(const Entry&, Config&)>;

Read Choice(std::string Config::* member, std::vector<std::string> allowed) {
  return [=](const Entry& e, Config& c) { return ReadChoice(e, allowed, c.*member); };
}
template <typename T>
Read Into(T Config::* member, Status (*read)(const Entry&, T&)) {
  return [=](const Entry& e, Config& c) { return read(e, c.*member); };
}

// By "section.key".
const std::map<std::string, Read>& Keys() {
  const std::vector<std::string> algorithms{"naive", "threshold_search"};
  static const std::map<std::string, Read> keys{
      {"preprocess.mean", Into(&Config::mean, ReadMean)},
      {"preprocess.std", Into(&Config::std, ReadStd)},
      {"preprocess.color_mode", Choice(&Config::color_mode, {"rgb", "bgr"})},
      {"preprocess.crop", Into(&Config::crop, ReadCrop)},
      {"preprocess.calibration", Choice(&Config::calibration, Preprocessings())},
      {"config.activation_quantization_alg",
       Choice(&Config::activation_quantization_alg, algorithms)},
      {"config.weight_quantization_alg", Choice(&Config::weight_quantization_alg, algorithms)},
      {"config.device_mode", Choice(&Config::device_mode, {"clean", "mlu", "origin"})},
      {"config.quantization_type", Choice(&Config::quantization_type, {"int8", "int16"})},
      {"config.int_op_list", Into(&Config::int_op_list, ReadOperators)},
      {"config.use_convfirst", Into(&Config::use_convfirst, ReadBool)},
      {"config.debug", Into(&Config::debug, ReadBool)},
      {"config.channel_quantization", Into(&Config::channel_quantization, ReadBool)},
      {"model.original_models_path", Into(&Config::original_models_path, ReadText)},
      {"model.save_model_path", Into(&Config::save_model_path, ReadText)},
      {"model.input_tensor_names", Into(&Config::input_tensor_names, ReadNames)},
      {"model.output_tensor_names", Into(&Config::output_tensor_names, ReadNames)},
      {"data.num_runs", Into(&Config::num_runs, ReadCount)},
      {"data.batch_size", Into(&Config::batch_size, ReadCount)},
      {"data.data_path", Into(&Config::data_path, ReadText)},
  };
  return keys;
}

// ---- lines

// The line without a comment: one begins the line, or follows white space (; only).
std::string_view WithoutComment(std::string_view line) {
  const std::string_view text = Trim(line);
  if (text.starts_with('#') || text.starts_with(';')) return {};
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == ';' && (line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  }
  return line;
}

Result<std::vector<Entry>> ReadEntries(std::string_view text) {
  std::vector<Entry> entries;
  std::string section;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view raw = WithoutComment(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::string_view line = Trim(raw);
    if (line.empty()) continue;
    const bool indented = raw[0] == ' ' || raw[0] == '\t';
    const size_t equals = line.find_first_of("=:");
    if (line.front() == '[' && line.back() == ']') {
      section = Lower(Trim(line.substr(1, line.size() - 2)));
    } else if (indented && !entries.empty() && entries.back().section == section) {
      entries.back().value += " " + std::string(line);
    } else if (equals == std::string_view::npos || equals == 0 || section.empty()) {
      return InvalidArgument("line " + std::to_string(number) + ": found '" + std::string(line) +
                             "', expected " +
                             (section.empty() ? "[section]" : "key = value or [section]"));
    } else {
      entries.push_back({number, section, Lower(Trim(line.substr(0, equals))),
                         std::string(Trim(line.substr(equals + 1)))});
    }
  }
  return entries;
}

Status CheckPresent(const Config& config) {
  const std::pair<const char*, bool> needed[] = {
      {"original_models_path of [model]", config.original_models_path.empty()},
      {"save_model_path of [model]", config.save_model_path.empty()},
      {"input_tensor_names of [model]", config.input_tensor_names.empty()},
      {"output_tensor_names of [model]", config.output_tensor_names.empty()},
      {"data_path of [data]", config.data_path.empty()}};
  for (const auto& [name, missing] : needed) {
    if (missing) return InvalidArgument(std::string("the key ") + name + " is missing");
  }
  return OkStatus();
}

}  // namespace

Kinds Config::wanted() const {
  const std::vector<std::string> words = Split(int_op_list);
  const auto has = [&](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  return {has("Conv"), has("FC")};
}

DeviceMode Config::devices() const {
  if (device_mode == "mlu") return DeviceMode::kMlu;
  return device_mode == "origin" ? DeviceMode::kOrigin : DeviceMode::kClean;
}

Result<Config> ParseConfig(std::string_view text) {
  Config config;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<Entry> entries, ReadEntries(text));
  std::map<std::string, int> seen;
  for (const Entry& entry : entries) {
    const std::string name = entry.section + "." + entry.key;
    const auto it = Keys().find(name);
    if (it == Keys().end()) {
      config.warnings.push_back(entry.where() + "unknown key '" + entry.key + "' in [" +
                                entry.section + "], it is not used");
      continue;
    }
    if (const auto [before, added] = seen.emplace(name, entry.line); !added) {
      config.warnings.push_back(entry.where() + "key '" + entry.key + "' stands in line " +
                                std::to_string(before->second) + ", too; the last one counts");
      before->second = entry.line;
    }
    PICABIA_RETURN_IF_ERROR(it->second(entry, config));
  }
  PICABIA_RETURN_IF_ERROR(CheckPresent(config));
  for (const auto& [name, line] : seen) config.lines[name.substr(name.find('.') + 1)] = line;
  return config;
}

std::string WhereIs(const Config& config, const std::string& section, const std::string& key,
                    const std::string& value) {
  const auto it = config.lines.find(key);
  return (it == config.lines.end() ? "" : "line " + std::to_string(it->second) + ": ") + "key '" +
         key + "' of [" + section + "] is '" + value + "'";
}

std::string Describe(const Config& config) {
  const auto list = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  };
  const auto boolean = [](bool value) { return value ? "True" : "False"; };
  const std::pair<const char*, std::string> lines[] = {
      {"input_tensor_names", list(config.input_tensor_names)},
      {"output_tensor_names", list(config.output_tensor_names)},
      {"batch_size", std::to_string(config.batch_size)},
      {"num_runs", std::to_string(config.num_runs)},
      {"quantization_type", config.quantization_type},
      {"channel_quantization", boolean(config.channel_quantization)},
      {"weight_quantization_alg", config.weight_quantization_alg},
      {"activation_quantization_alg", config.activation_quantization_alg},
      {"device_mode", config.device_mode},
      {"int_op_list", config.int_op_list},
      {"use_convfirst", boolean(config.use_convfirst)},
      {"debug", boolean(config.debug)}};
  std::string text;
  for (const auto& [name, value] : lines) {
    std::string head = std::string(name) + ":";
    head.resize(30, ' ');
    text += head + value + "\n";
  }
  return text;
}

}  // namespace picabia::quant
