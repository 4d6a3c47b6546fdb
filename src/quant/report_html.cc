// The report as a page; see report.h. Charts are SVG, pictures are in the page: it needs no network
// and no script.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "page/page.h"
#include "quant/report.h"

namespace picabia::quant {
namespace {

using page::Card;
using page::Escape;
using page::Figure;
using page::Lines;

std::string Decibels(double value) {
  return value >= kNoNoise ? "exact" : fmt::format("{:.1f} dB", value);
}

std::string Bits(int bits) { return bits == kFloatBits ? "float" : fmt::format("int{}", bits); }

std::string BitsSummary(const std::vector<LayerPlan>& plans) {
  std::string text;
  for (const int bits : {8, 16, kFloatBits}) {
    const auto count = std::count_if(plans.begin(), plans.end(),
                                     [&](const LayerPlan& plan) { return plan.bits == bits; });
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, Bits(bits));
  }
  return text;
}

std::string Quality(const Evaluation& evaluation) {
  if (!evaluation.is_picture)
    return Card(Decibels(evaluation.quality()), "signal to noise of the output against float");
  return Card(Decibels(evaluation.quality()), "PSNR against float") +
         Card(fmt::format("{:.4f}", evaluation.ssim), "SSIM against float");
}

std::string Cards(const Report& report) {
  const double share = 100.0 * double(report.bytes_after) / double(report.bytes_before);
  return "<div class=\"cards\">\n" + Quality(*report.evaluation) +
         Card(fmt::format("{:.1f} %", share),
              fmt::format("of the size: {:.2f} of {:.2f} MB", double(report.bytes_after) / 1e6,
                          double(report.bytes_before) / 1e6)) +
         Card(fmt::format("{}", report.plans->size()), "layers: " + BitsSummary(*report.plans)) +
         Card(fmt::format("{}", report.calibration_files.size()),
              report.calibration_files.size() == 1 ? "calibration picture"
                                                   : "calibration pictures") +
         "</div>\n";
}

std::string PicturesHtml(const Report& report) {
  if (!report.evaluation->is_picture) return "";
  return "<h2>The first picture</h2>\n<div class=\"pictures\">\n" +
         Figure(report.expected_png, "float") + Figure(report.found_png, "quantized") +
         Figure(report.difference_png,
                fmt::format("difference: black none, white {:.0f} of 255 or more",
                            report.difference_full)) +
         "</div>\n";
}

// Signal to noise of each layer in the order of the network: alone and accumulated.
std::string Chart(const Report& report) {
  constexpr double kHeight = 190, kTop = 12, kLeft = 44, kStep = 100.0;
  const auto& layers = report.evaluation->layers;
  const double slot = std::clamp(1040.0 / double(std::max<size_t>(layers.size(), 1)), 16.0, 130.0);
  double most = 10;
  for (const LayerQuality& layer : layers) {
    if (layer.alone.count > 0 && layer.alone.sqnr() < kNoNoise)
      most = std::max(most, layer.alone.sqnr());
    if (layer.together.sqnr() < kNoNoise) most = std::max(most, layer.together.sqnr());
  }
  most = std::min(std::ceil(most / 10) * 10, kStep);
  const double width = kLeft + slot * double(layers.size()) + 8;
  std::string svg = fmt::format("<svg width=\"{:.0f}\" height=\"{:.0f}\">", width, kHeight + 44);
  for (double y = 0; y <= most; y += most > 50 ? 20 : 10) {
    const double at = kTop + kHeight * (1 - y / most);
    svg += fmt::format(
        "<line x1=\"{0}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#dfe3ec\"/>"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:.0f}</text>",
        kLeft, width, at, kLeft - 6, at + 4, y);
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto bar = [&](double value, double shift, const char* color, const char* what) {
      const double height = kHeight * std::clamp(value, 0.0, most) / most;
      svg += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill=\"{}\"><title>{} {}: {}</title></rect>",
          kLeft + slot * double(i) + slot * shift, kTop + kHeight - height, slot * 0.36, height,
          color, Escape(report.calibration->layers[i].node), what, Decibels(value));
    };
    if ((*report.plans)[i].bits != kFloatBits)
      bar(layers[i].alone.sqnr(), 0.12, "#2f6fde", "alone");
    bar(layers[i].together.sqnr(), 0.52, "#e07b28", "accumulated");
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>",
                       kLeft + slot * (double(i) + 0.5), kTop + kHeight + 16, i + 1);
  }
  return "<h2>Signal to noise of each layer's output, in dB</h2>\n<div class=\"panel\">" + svg +
         "</svg></div>\n<p class=\"key\"><span><i style=\"background:#2f6fde\"></i>this layer "
         "alone in "
         "integers</span><span><i style=\"background:#e07b28\"></i>all layers in integers</span>"
         "<span>layers in the network's order</span></p>\n";
}

// Counts by value on a logarithmic scale; the chosen range is shaded.
std::string HistogramSvg(const Histogram& histogram, const LayerPlan& plan) {
  constexpr size_t kParts = 80;
  constexpr double kWidth = 240, kHeight = 44;
  const std::vector<double> counts = histogram.Linear(kParts);
  const double most = std::log1p(*std::max_element(counts.begin(), counts.end()));
  const Range all = histogram.range();
  const double span = std::max(double(all.high) - all.low, 1e-30);
  std::string svg = fmt::format("<svg width=\"{:.0f}\" height=\"{:.0f}\">", kWidth, kHeight + 14);
  if (plan.bits != kFloatBits) {
    const double low = std::clamp((plan.input.low - all.low) / span, 0.0, 1.0) * kWidth;
    const double high = std::clamp((plan.input.high - all.low) / span, 0.0, 1.0) * kWidth;
    svg += fmt::format("<rect x=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"#dbe7fb\"/>", low,
                       high - low, kHeight);
  }
  for (size_t i = 0; i < kParts; ++i) {
    const double height = most > 0 ? std::log1p(counts[i]) / most * (kHeight - 2) : 0;
    if (height <= 0) continue;
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "fill=\"#2f6fde\"/>",
        kWidth / kParts * double(i), kHeight - height, kWidth / kParts - 0.4, height);
  }
  if (plan.bits != kFloatBits) {
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">[{:.4g}, {:.4g}]</text>",
                       kWidth / 2, kHeight + 12, plan.input.low, plan.input.high);
  }
  return svg + fmt::format(
                   "<text x=\"0\" y=\"{0}\">{1:.4g}</text><text x=\"{2}\" y=\"{0}\" "
                   "text-anchor=\"end\">{3:.4g}</text></svg>",
                   kHeight + 12, all.low, kWidth, all.high);
}

std::string Row(const Report& report, size_t i, size_t rank) {
  const Layer& layer = report.calibration->layers[i];
  const LayerPlan& plan = (*report.plans)[i];
  const LayerQuality& quality = report.evaluation->layers[i];
  const bool integer = plan.bits != kFloatBits;
  constexpr double kManySaturated = 0.001;
  const auto cell = [](const std::string& text, bool bad = false) {
    return fmt::format("<td{}>{}</td>", bad ? " class=\"bad\"" : "", text);
  };
  return fmt::format("<tr><td>{}</td><td class=\"name\">{}<small>layer {}, {}</small></td>",
                     rank + 1, Escape(layer.node), i + 1, Escape(layer.op)) +
         cell(Bits(plan.bits)) +
         cell(integer ? Decibels(report.evaluation->QualityOf(quality.picture)) : "") +
         cell(integer ? Decibels(quality.alone.sqnr()) : "") +
         cell(Decibels(quality.together.sqnr())) +
         cell(fmt::format("{:.4g}", quality.together.max_error)) +
         cell(integer ? fmt::format("{:.3f} %", 100 * quality.saturated) : "",
              quality.saturated > kManySaturated) +
         cell(fmt::format("{:.1f} %", 100 * quality.time_share)) +
         fmt::format("<td class=\"name\">{}</td>",
                     HistogramSvg(report.calibration->histogram(i), plan)) +
         "</tr>\n";
}

std::string Table(const Report& report) {
  std::string html =
      "<h2>Layers, the most harmful first</h2>\n<div class=\"panel\"><table><thead><tr><th>#</th>"
      "<th class=\"name\">layer</th><th>form</th><th>" +
      std::string(report.evaluation->is_picture ? "picture" : "result") +
      ",<br>it&nbsp;alone</th><th>output,<br>it&nbsp;alone</th><th>output,<br>accumulated</"
      "th><th>largest<br>error</th><th>saturated</th>"
      "<th>share<br>of&nbsp;time</th><th class=\"name\">values of its input (log counts), chosen "
      "range "
      "shaded</th>"
      "</tr></thead><tbody>\n";
  const std::vector<size_t> order = ByHarm(*report.evaluation);
  for (size_t rank = 0; rank < order.size(); ++rank) html += Row(report, order[rank], rank);
  return html + "</tbody></table></div>\n";
}

// A row a key; what is in a key stands in the row as JSON.
std::string Record(const std::string& record) {
  const auto json = nlohmann::ordered_json::parse(record, nullptr, false);
  std::string rows;
  for (const auto& [key, value] : json.items()) {
    rows += "<tr><th class=\"name\">" + Escape(key) + "</th><td class=\"name\">" +
            Escape(value.is_string() ? value.get<std::string>() : value.dump()) + "</td></tr>\n";
  }
  return "<h2>How the file came about</h2>\n<div class=\"panel record\"><table>" + rows +
         "</table></div>\n";
}

}  // namespace

std::string ReportHtml(const Report& report) {
  const std::string file = report.model.substr(report.model.rfind('/') + 1);
  const std::string title = "Quantization of " + Escape(file);
  return page::Document(title, "",
                        "<h1>" + title + "</h1>\n<p class=\"path\">" + Escape(report.model) +
                            " &rarr; " + Escape(report.output) + "</p>\n" + Cards(report) +
                            PicturesHtml(report) + Chart(report) + Table(report) +
                            Lines("The search for the target", report.search) +
                            Lines("What stays float", report.notes) + Record(report.record) +
                            Lines("Calibration pictures", report.calibration_files));
}

}  // namespace picabia::quant
