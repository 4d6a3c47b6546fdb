// Settings of picture conventions; see preprocess.h.
#include "studio/preprocess.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "base/file.h"
#include "studio/split.h"

namespace picabia::studio {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxSidecarBytes = 64 << 10;  // it holds nine keys: more is another file

// The setting `key` in the words of messages, and what its values look like.
enum class Kind { kRange, kNumbers, kOrder, kLayout };
struct Key {
  const char* name;
  Kind kind;
};
constexpr std::array kKeys = {Key{"range", Kind::kRange},         Key{"mean", Kind::kNumbers},
                              Key{"std", Kind::kNumbers},         Key{"order", Kind::kOrder},
                              Key{"layout", Kind::kLayout},       Key{"output-range", Kind::kRange},
                              Key{"output-mean", Kind::kNumbers}, Key{"output-std", Kind::kNumbers},
                              Key{"output-layout", Kind::kLayout}};

struct Preset {
  const char* name;
  std::vector<std::pair<const char*, const char*>> settings;
};

// The numbers of torchvision's models and of those that were trained with Caffe.
const std::vector<Preset>& Presets() {
  static const std::vector<Preset> presets = [] {
    std::vector<Preset> list = {{"imagenet",
                                 {{"range", "0..1"},
                                  {"order", "rgb"},
                                  {"mean", "0.485:0.456:0.406"},
                                  {"std", "0.229:0.224:0.225"}}},
                                {"caffe",
                                 {{"range", "0..255"},
                                  {"order", "bgr"},
                                  {"mean", "103.939:116.779:123.68"},
                                  {"std", "1"}}}};
    for (const char* range : {"0..1", "0..255", "-1..1"}) {
      list.push_back({range,
                      {{"range", range},
                       {"mean", "0"},
                       {"std", "1"},
                       {"output-range", range},
                       {"output-mean", "0"},
                       {"output-std", "1"}}});
    }
    return list;
  }();
  return presets;
}

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

std::string KeyNames() {
  std::string names;
  for (const Key& key : kKeys) names += (names.empty() ? "" : ", ") + std::string(key.name);
  return names;
}

std::string PresetNames() {
  std::string names;
  for (const Preset& p : Presets()) names += (names.empty() ? "" : ", ") + std::string(p.name);
  return names;
}

std::optional<double> Number(const std::string& text) {
  float value = 0;  // what does not fit into a float cannot be used
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

struct Range {
  double low = 0, high = 255;
};

std::optional<Range> ParseRange(const std::string& text) {
  const size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const auto low = Number(text.substr(0, dots)), high = Number(text.substr(dots + 2));
  if (!low || !high || *low == *high) return std::nullopt;
  return Range{*low, *high};
}

using Numbers = std::array<double, 4>;

// One number for all channels, three for colours (alpha then takes `neutral`), or four.
std::optional<Numbers> ParseNumbers(const std::string& text, double neutral) {
  const std::vector<std::string> parts = Split(text, ':');
  if (parts.size() != 1 && parts.size() != 3 && parts.size() != 4) return std::nullopt;
  Numbers numbers{neutral, neutral, neutral, neutral};
  for (size_t i = 0; i < (parts.size() == 1 ? 4 : parts.size()); ++i) {
    const auto number = Number(parts[parts.size() == 1 ? 0 : i]);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  return numbers;
}

bool IsStd(const std::string& key) { return key.ends_with("std"); }

// What is allowed for a key if `value` is not; "" if it is.
std::string Expected(const Key& key, const std::string& value) {
  switch (key.kind) {
    case Kind::kRange:
      return ParseRange(value) ? "" : "LOW..HIGH, two different numbers, for example 0..1";
    case Kind::kNumbers: {
      const auto numbers = ParseNumbers(value, 1);
      bool good = numbers.has_value();
      for (size_t i = 0; good && IsStd(key.name) && i < 4; ++i) good = (*numbers)[i] != 0;
      if (good) return "";
      return std::string("1, 3 or 4 numbers") + (IsStd(key.name) ? " other than 0" : "") +
             " separated by colons, for example 0.5:0.5:0.5";
    }
    case Kind::kOrder:
      return value == "rgb" || value == "bgr" ? "" : "rgb or bgr";
    case Kind::kLayout:
      return value == "nhwc" || value == "nchw" ? "" : "nhwc or nchw";
  }
  return "";
}

// A JSON value in the words of the option; nothing for what has no place there.
std::optional<std::string> JsonText(const std::string& key, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  if (!value.is_array() || value.size() > 4) return std::nullopt;
  std::string text;
  for (const Json& item : value) {
    if (!item.is_number()) return std::nullopt;
    text += (text.empty() ? "" : key.ends_with("range") ? ".." : ":") + item.dump();
  }
  return text;
}

Status CheckFinite(const PictureConvention& p) {
  for (const PerChannel& numbers : {p.scale, p.shift, p.out_scale, p.out_shift}) {
    for (const float f : numbers) {
      if (!std::isfinite(f)) return InvalidArgument("range, mean and std are too far apart");
    }
  }
  return OkStatus();
}

}  // namespace

Result<Preprocess> Preprocess::Parse(const std::string& text, const std::string& by) {
  Preprocess result, preset;
  bool first = true;
  for (const std::string& item : Split(text, ',')) {
    const size_t equals = item.find('=');
    if (equals == std::string::npos && first) {
      PICABIA_RETURN_IF_ERROR(preset.SetPreset(item, by));
    } else if (equals == std::string::npos) {
      return InvalidArgument("found " + Quoted(item) +
                             ", expected KEY=VALUE; the keys are: " + KeyNames());
    } else {
      PICABIA_RETURN_IF_ERROR(result.Set(item.substr(0, equals), item.substr(equals + 1), by));
    }
    first = false;
  }
  result.AddDefaults(preset);
  return result;
}

Result<Preprocess> Preprocess::ParseJson(const std::string& text, const std::string& by) {
  std::set<std::string> seen;
  std::string twice;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1) {
      const auto key = parsed.get<std::string>();
      if (!seen.insert(key).second) twice = key;
    }
    return true;
  };
  Json json;
  try {
    json = Json::parse(text, watch);
  } catch (const nlohmann::json::exception& error) {
    return InvalidArgument(std::string("is no JSON: ") + error.what());
  }
  if (!json.is_object())
    return InvalidArgument("expected a JSON object, such as {\"range\": \"0..1\"}");
  if (!twice.empty()) return InvalidArgument("key " + Quoted(twice) + " is there twice");
  Preprocess result, preset;
  for (const auto& [key, value] : json.items()) {
    const auto as_text = JsonText(key, value);
    if (key == "preset") {
      PICABIA_RETURN_IF_ERROR(preset.SetPreset(as_text.value_or(""), by));
    } else if (!as_text) {
      // The key is looked at first: an unknown one explains more than its value.
      PICABIA_RETURN_IF_ERROR(result.Set(key, "", by));
    } else {
      PICABIA_RETURN_IF_ERROR(result.Set(key, *as_text, by));
    }
  }
  result.AddDefaults(preset);
  return result;
}

Result<Preprocess> Preprocess::ReadSidecar(const std::string& model) {
  const std::string path = model + ".picabia.json";
  struct stat info;
  if (stat(path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) return Preprocess();
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  const auto bytes = file->bytes();
  if (bytes.size() > kMaxSidecarBytes) {
    return InvalidArgument(path + ": has " + std::to_string(bytes.size()) +
                           " bytes, expected at most " + std::to_string(kMaxSidecarBytes));
  }
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto result = ParseJson(text, "from sidecar file " + path);
  if (!result.ok()) return result.status().WithContext(path);
  return result;
}

Status Preprocess::Set(const std::string& key, const std::string& value, const std::string& by) {
  for (const Key& known : kKeys) {
    if (key != known.name) continue;
    const std::string expected = Expected(known, value);
    if (!expected.empty()) {
      return InvalidArgument("key " + Quoted(key) + ": found " + Quoted(value) + ", expected " +
                             expected);
    }
    if (settings_.try_emplace(key, Setting{value, by}).second) return OkStatus();
    return InvalidArgument("key " + Quoted(key) + " is there twice");
  }
  return InvalidArgument("unknown key " + Quoted(key) + "; the keys are: " + KeyNames());
}

Status Preprocess::SetPreset(const std::string& name, const std::string& by) {
  for (const Preset& preset : Presets()) {
    if (name != preset.name) continue;
    for (const auto& [key, value] : preset.settings) {
      PICABIA_RETURN_IF_ERROR(Set(key, value, by));
    }
    return OkStatus();
  }
  return InvalidArgument("unknown preset " + Quoted(name) + "; the presets are: " + PresetNames() +
                         "; or KEY=VALUE,... with the keys: " + KeyNames());
}

void Preprocess::AddDefaults(const Preprocess& other) {
  settings_.insert(other.settings_.begin(), other.settings_.end());
}

const Preprocess::Setting* Preprocess::Find(const std::string& key) const {
  const auto it = settings_.find(key);
  return it == settings_.end() ? nullptr : &it->second;
}

Status Preprocess::Apply(PictureConvention& convention, PictureOrigins& origins) const {
  PictureConvention p = convention;
  if (const Setting* s = Find("order")) {
    p.bgr = s->value == "bgr";
    origins.order = s->by;
  }
  if (const Setting* s = Find("layout")) {
    p.nchw = p.out_nchw = s->value == "nchw";
    origins.layout = origins.out_layout = s->by;
  }
  if (const Setting* s = Find("output-layout")) {
    p.out_nchw = s->value == "nchw";
    origins.out_layout = s->by;
  }
  const auto range = [&](const std::string& key) {
    const Setting* s = Find(key);
    return s == nullptr ? std::nullopt : ParseRange(s->value);
  };
  const auto numbers = [&](const std::string& key, double neutral) {
    const Setting* s = Find(key);
    return *ParseNumbers(s == nullptr ? std::to_string(neutral) : s->value, neutral);
  };
  const Numbers mean = numbers("mean", 0), std = numbers("std", 1);
  const Numbers out_mean = numbers("output-mean", 0), out_std = numbers("output-std", 1);
  const auto in = range("range"), out = range("output-range");
  for (size_t c = 0; c < 4; ++c) {
    const double scale = in ? (in->high - in->low) / 255 : p.scale[c];
    const double shift = in ? in->low : p.shift[c];
    p.scale[c] = static_cast<float>(scale / std[c]);
    p.shift[c] = static_cast<float>((shift - mean[c]) / std[c]);
    const double out_scale = out ? 255 / (out->high - out->low) : p.out_scale[c];
    const double out_shift = out ? 0 - out->low * out_scale : p.out_shift[c];
    p.out_scale[c] = static_cast<float>(out_scale * out_std[c]);
    p.out_shift[c] = static_cast<float>(out_scale * out_mean[c] + out_shift);
  }
  for (const char* key : {"std", "mean", "range"}) {
    if (const Setting* s = Find(key)) origins.range = s->by;
    if (const Setting* s = Find(std::string("output-") + key)) origins.out_range = s->by;
  }
  PICABIA_RETURN_IF_ERROR(CheckFinite(p));
  convention = p;
  return OkStatus();
}

}  // namespace picabia::studio
