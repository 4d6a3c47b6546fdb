// The comparison in words, as a table for the terminal and as JSON; see compare.h.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "quant/metrics.h"
#include "studio/compare.h"
#include "studio/saturated_json.h"

namespace picabia::studio {
namespace {

using Json = nlohmann::ordered_json;

std::string Decibels(double value) {
  return value >= quant::kNoNoise ? "exact" : fmt::format("{:.1f} dB", value);
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string Factor(double value) {
  return value >= 1 ? fmt::format("{:.1f} times as fast as", value)
                    : fmt::format("{:.1f} times as slow as", 1 / value);
}

double MedianMs(const VariantResult& v) { return v.time.median(); }

std::vector<double> Psnrs(const VariantResult& v) {
  std::vector<double> all;
  for (const PhotoQuality& photo : v.photos) all.push_back(photo.quality.psnr);
  return all;
}

// What is to be said of variants, in the order of the variants; those of which the same is to be
// said share a line.
class Sayings {
 public:
  void Add(const VariantResult& v, std::string text) {
    for (Saying& s : sayings_) {
      if (s.text != text) continue;
      s.labels += "; " + v.Label();
      s.several = true;
      return;
    }
    sayings_.push_back({std::move(text), v.Label(), false});
  }

  // Calls say(labels, text, whether there are several labels).
  template <typename Say>
  void Write(Say say) const {
    for (const Saying& s : sayings_) say(s.labels, s.text, s.several);
  }

 private:
  struct Saying {
    std::string text, labels;
    bool several;
  };
  std::vector<Saying> sayings_;
};

template <typename Key>
const VariantResult* Least(const Comparison& c, Key key, bool with_reference) {
  const VariantResult* least = nullptr;
  for (const VariantResult& v : c.variants) {
    if (!v.ok() || (v.is_reference && !with_reference)) continue;
    if (least == nullptr || key(v) < key(*least)) least = &v;
  }
  return least;
}

void SpeedAndQuality(const Comparison& c, std::vector<std::string>& lines) {
  const VariantResult& reference = c.variants[0];
  const VariantResult* fastest = Least(c, MedianMs, true);
  if (fastest == &reference) {
    lines.push_back(fmt::format("The reference, {}, is the fastest on this machine: {:.1f} ms.",
                                reference.Label(), MedianMs(reference)));
  } else {
    lines.push_back(fmt::format(
        "{} is the fastest on this machine: {:.1f} ms, {} the reference {} ({:.1f} ms); "
        "its picture has {} against it.",
        fastest->Label(), MedianMs(*fastest), Factor(MedianMs(reference) / MedianMs(*fastest)),
        reference.Label(), MedianMs(reference),
        fastest->quality.psnr >= quant::kNoNoise ? "no difference"
                                                 : Decibels(fastest->quality.psnr)));
  }
  const VariantResult* closest =
      Least(c, [](const VariantResult& v) { return -v.quality.psnr; }, false);
  if (closest == nullptr) return;
  if (closest->quality.psnr >= quant::kNoNoise) {
    lines.push_back(closest->Label() + " gives the same picture as the reference, byte for byte.");
  } else if (closest != fastest) {
    lines.push_back(
        fmt::format("{} is the closest to the reference: {}, SSIM {:.4f}, no colour "
                    "value off by more than {} of 255.",
                    closest->Label(), Decibels(closest->quality.psnr), closest->quality.ssim,
                    closest->quality.max_level));
  }
}

void Differing(const Comparison& c, std::vector<std::string>& lines) {
  constexpr double kVisible = 30;  // dB: below it most people see the difference side by side
  std::string names;
  for (const VariantResult& v : c.variants) {
    if (!v.ok() || v.is_reference || v.quality.psnr >= kVisible) continue;
    names +=
        fmt::format("{}{} ({})", names.empty() ? "" : "; ", v.Label(), Decibels(v.quality.psnr));
  }
  if (!names.empty()) lines.push_back("Visibly different (less than 30 dB): " + names + ".");
  Sayings problems;
  for (const VariantResult& v : c.variants)
    if (!v.ok()) problems.Add(v, v.problem);
  problems.Write([&](const std::string& labels, const std::string& text, bool several) {
    lines.push_back(labels + (several ? " do" : " does") + " not run: " + text + ".");
  });
}

void OnTheCard(const Comparison& c, std::vector<std::string>& lines) {
  std::string names;
  for (const VariantResult& v : c.variants) {
    if (!v.card_ms) continue;
    names += fmt::format("{}{:.2f} ms for {}", names.empty() ? "" : "; ", *v.card_ms, v.Label());
  }
  if (names.empty()) return;
  lines.push_back(fmt::format(
      "An MLU270 would take {} (modelled by its published figures, {} cores, without the host; not "
      "measured).",
      names, c.cores));
}

void SizeAndMemory(const Comparison& c, std::vector<std::string>& lines) {
  const auto bytes = [](const VariantResult& v) { return double(v.file_bytes); };
  const auto peak = [](const VariantResult& v) { return double(v.time.peak_bytes); };
  const VariantResult& reference = c.variants[0];
  const VariantResult* small = Least(c, bytes, true);
  constexpr double kWorthSaying = 0.99;  // of the reference's size
  if (bytes(*small) < kWorthSaying * bytes(reference)) {
    lines.push_back(
        fmt::format("The smallest file is that of {}: {:.2f} MB, {:.0f} % of the "
                    "reference's.",
                    BaseName(small->variant.model), bytes(*small) / 1e6,
                    100 * bytes(*small) / bytes(reference)));
  }
  const VariantResult* lean = Least(c, peak, true);
  lines.push_back(fmt::format(
      "{} takes the least memory: {:.0f} MB at the peak of its process"
      "{}.",
      lean->Label(), peak(*lean) / 1e6,
      lean == &reference ? ""
                         : fmt::format("; the reference takes {:.0f} MB", peak(reference) / 1e6)));
}

void Saturation(const Comparison& c, std::vector<std::string>& lines) {
  Sayings sayings;
  for (const VariantResult& v : c.variants) {
    if (!v.ok() || v.variant.device != "mlu" || c.wide) continue;
    if (v.saturated.empty()) {
      sayings.Add(v, "no mean over the picture saturates on the card.");
      continue;
    }
    const auto worst =
        std::max_element(v.saturated.begin(), v.saturated.end(),
                         [](const auto& a, const auto& b) { return a.factor() < b.factor(); });
    sayings.Add(
        v, fmt::format(
               "{} mean{} over the picture saturate{} on the card, the worst at {} ({}: {:.1f} "
               "instead of {:.1f}). Remedy: scale the convolution before it down, for example by "
               "1/64 in "
               "its weights; the norm takes it out again.",
               v.saturated.size(), v.saturated.size() == 1 ? "" : "s",
               v.saturated.size() == 1 ? "s" : "", worst->node, worst->what, worst->given,
               worst->exact));
  }
  sayings.Write([&](const std::string& labels, const std::string& text, bool) {
    lines.push_back(labels + ": " + text);
  });
}

void Photos(const Comparison& c, std::vector<std::string>& lines) {
  Sayings sayings;
  for (const VariantResult& v : c.variants) {
    if (v.photos.empty()) continue;
    const auto worst = std::min_element(
        v.photos.begin(), v.photos.end(),
        [](const auto& a, const auto& b) { return a.quality.psnr < b.quality.psnr; });
    sayings.Add(v, fmt::format("over {} photo{}: median {}, worst {} ({}).", v.photos.size(),
                               v.photos.size() == 1 ? "" : "s", Decibels(Median(Psnrs(v))),
                               Decibels(worst->quality.psnr), worst->photo));
  }
  sayings.Write([&](const std::string& labels, const std::string& text, bool) {
    lines.push_back(labels + " " + text);
  });
}

Json TimeJson(const VariantTime& time) {
  Json steps = Json::array();
  for (const StepTime& step : time.steps) steps.push_back({{"name", step.name}, {"ms", step.ms}});
  return {{"first", time.first},
          {"min", time.ms.empty() ? 0 : time.ms.front()},
          {"median", time.median()},
          {"p90", time.Percentile(0.9)},
          {"p95", time.Percentile(0.95)},
          {"p99", time.Percentile(0.99)},
          {"max", time.ms.empty() ? 0 : time.ms.back()},
          {"all", time.ms},
          {"steps", std::move(steps)}};
}

Json DeviationJson(const Deviation& d) {
  return {
      {"diff1", d.diff1},
      {"diff2", d.diff2},
      {"diff3",
       {{"threshold", d.threshold},
        {"relative", d.diff3_relative},
        {"absolute", d.diff3_absolute}}},
      {"diff4", {{"above", d.above}, {"below", d.below}, {"equal", d.equal}, {"bias", d.bias()}}}};
}

Json PhotosJson(const VariantResult& v) {
  Json list = Json::array();
  std::vector<double> ssims;
  for (const PhotoQuality& photo : v.photos) {
    ssims.push_back(photo.quality.ssim);
    list.push_back({{"photo", photo.photo},
                    {"psnr", photo.quality.psnr},
                    {"ssim", photo.quality.ssim},
                    {"max_level", photo.quality.max_level}});
  }
  const std::vector<double> psnrs = Psnrs(v);
  return {{"psnr_median", Median(psnrs)},
          {"psnr_min", *std::min_element(psnrs.begin(), psnrs.end())},
          {"ssim_median", Median(ssims)},
          {"ssim_min", *std::min_element(ssims.begin(), ssims.end())},
          {"photos", std::move(list)}};
}

Json VariantJson(const VariantResult& v) {
  Json json = {{"label", v.Label()},
               {"model", v.variant.model},
               {"device", v.variant.device},
               {"reference", v.is_reference}};
  if (!v.ok()) {
    json["problem"] = v.problem;
    return json;
  }
  json["precision"] = v.variant.precision.empty() ? v.arithmetic : v.variant.precision;
  json["ms"] = TimeJson(v.time);
  if (v.variant.device == "mlu")
    json["ms_modelled_mlu270"] = v.card_ms ? Json(*v.card_ms) : Json(nullptr);
  json["file_bytes"] = v.file_bytes;
  json["peak_rss_bytes"] = v.time.peak_bytes;
  json["psnr"] = v.quality.psnr;
  json["ssim"] = v.quality.ssim;
  json["max_level"] = v.quality.max_level;
  json["deviation"] = DeviationJson(v.deviation);
  json["layers"] = Json::array();
  for (const LayerError& layer : v.layers)
    json["layers"].push_back(
        {{"name", layer.name}, {"sqnr", layer.sqnr}, {"max_error", layer.max_error}});
  if (v.variant.device == "mlu") json["saturated"] = SaturatedJson(v.saturated);
  if (!v.photos.empty()) json["statistics"] = PhotosJson(v);
  return json;
}

}  // namespace

std::vector<std::string> Conclusions(const Comparison& comparison) {
  std::vector<std::string> lines;
  SpeedAndQuality(comparison, lines);
  Differing(comparison, lines);
  OnTheCard(comparison, lines);
  SizeAndMemory(comparison, lines);
  Saturation(comparison, lines);
  Photos(comparison, lines);
  return lines;
}

std::string CompareText(const Comparison& c) {
  size_t width = 7;
  for (const VariantResult& v : c.variants) width = std::max(width, v.Label().size());
  std::string text = fmt::format(
      "{:<{}}  {:>9} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8} {:>7} {:>9} {:>9} {:>9} {:>6}\n",
      "variant", width, "first ms", "median", "p90", "p99", "MLU270", "file MB", "peak MB", "PSNR",
      "SSIM", "diff1", "diff2", "diff3", "diff4");
  for (const VariantResult& v : c.variants) {
    if (!v.ok()) {
      text += fmt::format("{:<{}}  does not run: {}\n", v.Label(), width, v.problem);
      continue;
    }
    text += fmt::format(
        "{:<{}}  {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9} {:>8.2f} {:>8.1f} {:>8} {:>7.4f} "
        "{:>9.2e} "
        "{:>9.2e} {:>9.2e} {:>4.0f} %\n",
        v.Label(), width, v.time.first, MedianMs(v), v.time.Percentile(0.9),
        v.time.Percentile(0.99), v.card_ms ? fmt::format("{:.2f}", *v.card_ms) : "-",
        double(v.file_bytes) / 1e6, double(v.time.peak_bytes) / 1e6, Decibels(v.quality.psnr),
        v.quality.ssim, v.deviation.diff1, v.deviation.diff2, v.deviation.diff3_relative,
        100 * v.deviation.bias());
  }
  text += "\nMLU270: modelled milliseconds of a card, not measured\n\n";
  for (const std::string& line : Conclusions(c)) text += line + "\n";
  return text;
}

std::string CompareJson(const Comparison& c) {
  Json json = {{"image", c.image},
               {"size", {c.height, c.width}},
               {"layers_size", {c.layer_height, c.layer_width}},
               {"isa", c.isa},
               {"threads", c.threads},
               {"runs", c.runs},
               {"modelled_cores", c.cores},
               {"mlu_numerics", c.wide ? "wide" : "faithful"},
               {"reference", c.variants[0].Label()},
               {"variants", Json::array()},
               {"conclusions", Conclusions(c)}};
  if (!c.photos.empty()) json["photos"] = c.photos;
  for (const VariantResult& v : c.variants) json["variants"].push_back(VariantJson(v));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace picabia::studio
