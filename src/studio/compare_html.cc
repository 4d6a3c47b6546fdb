// The comparison as a page; see compare.h. Pictures, charts and the slider's script are in it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "page/page.h"
#include "quant/metrics.h"
#include "studio/compare.h"
#include "studio/picture_tensor.h"
#include "studio/report_pictures.h"

namespace picabia::studio {
namespace {

using page::Escape;

constexpr char kStyle[] = R"(
td, th { padding-left: 7px; padding-right: 7px; }
td.variant { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 128px; }
td.variant small { display: block; color: var(--soft); }
td.why { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin-bottom: 12px; }
.slider .stack { position: relative; cursor: ew-resize; touch-action: pan-y; }
.slider img { width: 100%; display: block; border-radius: 4px; }
.slider img.over { position: absolute; inset: 0; height: 100%; clip-path: inset(0 0 0 50%); }
.slider .edge { position: absolute; top: 0; bottom: 0; left: 50%; width: 2px; margin-left: -1px; background: #fff;
  box-shadow: 0 0 4px #0008; pointer-events: none; }
.slider input { width: 100%; margin: 12px 0 4px; }
.slider select { font: inherit; max-width: 100%; padding: 4px 8px; margin-bottom: 10px; }
.ends { display: flex; justify-content: space-between; gap: 16px; font-size: 13px; color: var(--soft); }
.key span, .ends span, figcaption { overflow-wrap: anywhere; min-width: 0; }
ol.words { margin: 0; padding-left: 20px; } ol.words li { margin: 4px 0; overflow-wrap: anywhere; }
.steps { display: grid; grid-template-columns: minmax(120px, 220px) 1fr; gap: 6px 12px; align-items: center; font-size: 13px; }
.steps div { overflow-wrap: anywhere; }
.bar { display: flex; height: 22px; border-radius: 3px; overflow: hidden; }
.bar i { display: block; min-width: 0; border-right: 1px solid var(--card); }
.chart svg { width: 100%; min-width: 620px; height: auto; }
@media (max-width: 700px) { .steps { grid-template-columns: 1fr; } .pair { gap: 6px; } main { padding: 20px 12px 40px; } }
)";

// The page works without it, but for the slider.
constexpr char kScript[] = R"(
const slider = document.querySelector('.slider');
if (slider) {
  const over = slider.querySelector('.over'), edge = slider.querySelector('.edge');
  const range = slider.querySelector('input'), choice = slider.querySelector('select');
  const name = slider.querySelector('.right');
  const move = () => {
    over.style.clipPath = `inset(0 0 0 ${range.value}%)`;
    edge.style.left = `${range.value}%`;
  };
  const choose = () => {
    over.src = document.querySelector(`#picture-${choice.value} img`).src;
    over.alt = name.textContent = choice.selectedOptions[0].textContent;
  };
  slider.querySelector('.under').src = document.querySelector('#picture-0 img').src;
  range.addEventListener('input', move);
  // The picture itself can be dragged on, too; with a finger it still scrolls up and down.
  const stack = slider.querySelector('.stack');
  const drag = event => {
    const box = stack.getBoundingClientRect();
    range.value = 100 * (event.clientX - box.left) / box.width;
    move();
  };
  stack.addEventListener('pointerdown', event => {
    event.preventDefault();
    if (event.isTrusted) stack.setPointerCapture(event.pointerId);
    drag(event);
  });
  stack.addEventListener('pointermove', event => { if (event.buttons) drag(event); });
  choice.addEventListener('change', choose);
  choose();
  move();
}
)";

constexpr std::array kColors{"#2f6fde", "#e07b28", "#2a9d5c", "#a347ba",
                             "#c83c3c", "#1597a5", "#8a6d1d", "#5d6780"};

const char* Color(size_t i) { return kColors[i % kColors.size()]; }

std::string Decibels(double value) {
  return value >= quant::kNoNoise ? "exact" : fmt::format("{:.1f} dB", value);
}

// ---- the table

// The device stands below the model, and long names break: that leaves room for the numbers.
std::string NameCell(const VariantResult& v) {
  const std::string label = v.Label();
  const size_t comma = label.rfind(", ");
  return "<td class=\"variant\">" + Escape(label.substr(0, comma)) + "<small>" +
         Escape(label.substr(comma + 2)) + (v.is_reference ? ", the reference" : "") +
         "</small></td>";
}

std::string Row(const VariantResult& v) {
  const std::string name = "<tr>" + NameCell(v);
  if (!v.ok()) {
    return name + "<td colspan=\"14\" class=\"why bad\">does not run: " + Escape(v.problem) +
           "</td></tr>\n";
  }
  std::string row = name;
  const auto cell = [&](const std::string& text) { row += "<td>" + text + "</td>"; };
  const auto ms = [&](double value) { cell(fmt::format("{:.2f}", value)); };
  ms(v.time.first);
  ms(v.time.median());
  ms(v.time.Percentile(0.9));
  ms(v.time.Percentile(0.99));
  cell(v.card_ms ? fmt::format("{:.2f}", *v.card_ms) : "&ndash;");
  cell(fmt::format("{:.2f}", double(v.file_bytes) / 1e6));
  cell(fmt::format("{:.1f}", double(v.time.peak_bytes) / 1e6));
  cell(Decibels(v.quality.psnr));
  cell(fmt::format("{:.4f}", v.quality.ssim));
  cell(fmt::format("{}", v.quality.max_level));
  const Deviation& d = v.deviation;
  cell(fmt::format("{:.2e}", d.diff1));
  cell(fmt::format("{:.2e}", d.diff2));
  cell(fmt::format("{:.2e}<br>{:.2e}", d.diff3_relative, d.diff3_absolute));
  const double all = std::max(1.0, double(d.above + d.below + d.equal));
  cell(fmt::format("{:.1f} % &gt;<br>{:.1f} % &lt;", 100 * double(d.above) / all,
                   100 * double(d.below) / all));
  return row + "</tr>\n";
}

std::string Table(const Comparison& c) {
  std::string html =
      "<h2>Variants</h2>\n<div class=\"panel\"><table><thead><tr><th class=\"name\">variant</th>"
      "<th>first<br>call,&nbsp;ms</th><th>median</th><th>p90</th><th>p99</th>"
      "<th>MLU270,<br>modelled</th>"
      "<th>file,<br>MB</th><th>peak,<br>MB</th><th>PSNR</th><th>SSIM</th><th>largest<br>of&nbsp;255"
      "</th><th>diff1</th><th>diff2</th><th>diff3</th><th>diff4</th></tr></thead><tbody>\n";
  for (const VariantResult& v : c.variants) html += Row(v);
  return html +
         "</tbody></table></div>\n<p>Each variant was timed in a process of its own, whose peak "
         "memory this is. Times are of this machine, those of device mlu too; what an MLU270 would "
         "take "
         "is modelled by its published figures, without the host, and not measured. PSNR, SSIM and "
         "the "
         "largest difference compare the pictures with the reference's; "
         "diff1 to diff4 compare the output tensors as mlu-ops does: sum of differences, root of "
         "the sum of squares, largest relative (values above 1e-6, of device mlu 1e-4) and "
         "absolute "
         "(the others), and how many lie above and below.</p>\n";
}

std::string Words(const Comparison& c) {
  std::string html = "<h2>Conclusion</h2>\n<div class=\"panel\"><ol class=\"words\">\n";
  for (const std::string& line : Conclusions(c)) html += "<li>" + Escape(line) + "</li>\n";
  return html + "</ol></div>\n";
}

// ---- pictures

// A page is for looking at: larger pictures are reduced.
Picture Shown(const Picture& picture) {
  constexpr int64_t kMost = 1024;
  const int64_t side = std::max(picture.width, picture.height);
  if (side <= kMost) return picture;
  return ResizePicture(picture, std::max<int64_t>(1, picture.height * kMost / side),
                       std::max<int64_t>(1, picture.width * kMost / side));
}

std::string Slider(const Comparison& c) {
  std::string options;
  for (size_t i = 1; i < c.variants.size(); ++i) {
    if (!c.variants[i].ok()) continue;
    options += fmt::format("<option value=\"{}\">{}</option>", i, Escape(c.variants[i].Label()));
  }
  if (options.empty()) return "";
  // So wide that a tall picture can be seen with the slider under it.
  const double ratio = static_cast<double>(c.width) / static_cast<double>(c.height);
  return fmt::format(
             "<h2>Side by side</h2>\n<div class=\"panel slider\" style=\"max-width: clamp(280px, "
             "calc(75vh * {:.3f}), 720px)\"><select aria-label=\"variant\">",
             ratio) +
         options + "</select><div class=\"stack\"><img class=\"under\" alt=\"" +
         Escape(c.variants[0].Label()) +
         "\"><img class=\"over\" alt=\"\"><div class=\"edge\"></div></div>"
         "<input type=\"range\" min=\"0\" max=\"100\" step=\"0.5\" value=\"50\" "
         "aria-label=\"where one picture ends\"><div class=\"ends\"><span>" +
         Escape(c.variants[0].Label()) + "</span><span class=\"right\"></span></div></div>\n";
}

Result<std::string> Pictures(const Comparison& c) {
  const VariantResult& reference = c.variants[0];
  PICABIA_ASSIGN_OR_RETURN(const std::string photo, PngBase64(Shown(c.picture)));
  PICABIA_ASSIGN_OR_RETURN(const std::string first, PngBase64(Shown(reference.picture)));
  std::string html =
      "<h2>Pictures and where they differ</h2>\n<div class=\"pair\"><div "
      "id=\"picture-0\">" +
      page::Figure(first, Escape(reference.Label()) + ", the reference") + "</div><div>" +
      page::Figure(photo, "the photo") + "</div></div>\n";
  for (size_t i = 1; i < c.variants.size(); ++i) {
    const VariantResult& v = c.variants[i];
    if (!v.ok()) continue;
    PICABIA_ASSIGN_OR_RETURN(const std::string png, PngBase64(Shown(v.picture)));
    const Picture map = DifferenceMap(reference.picture, v.picture, kFullDifference);
    PICABIA_ASSIGN_OR_RETURN(const std::string difference, PngBase64(Shown(map)));
    html += fmt::format("<div class=\"pair\"><div id=\"picture-{}\">", i) +
            page::Figure(png, Escape(v.Label()) + ", " + Decibels(v.quality.psnr)) + "</div><div>" +
            page::Figure(difference,
                         fmt::format("its difference: black none, white {:.0f} of 255 or more",
                                     kFullDifference)) +
            "</div></div>\n";
  }
  return html;
}

// ---- charts

std::string Key(const Comparison& c) {
  std::string html = "<p class=\"key\">";
  for (size_t i = 1; i < c.variants.size(); ++i) {
    if (c.variants[i].layers.empty()) continue;
    html += fmt::format("<span><i style=\"background:{}\"></i>{}</span>", Color(i),
                        Escape(c.variants[i].Label()));
  }
  return html + "</p>\n";
}

// The names of all layers that any variant shares with the reference, in the network's order.
std::vector<std::string> LayerNames(const Comparison& c) {
  std::vector<std::string> names;
  for (const VariantResult& v : c.variants)
    for (const LayerError& layer : v.layers)
      if (std::find(names.begin(), names.end(), layer.name) == names.end())
        names.push_back(layer.name);
  return names;
}

// The scale of the chart, in dB: enough for all values but those that are exact or nearly so.
double ChartTop(const Comparison& c) {
  constexpr double kStep = 20, kMost = 120;
  double most = kStep;
  for (const VariantResult& v : c.variants)
    for (const LayerError& layer : v.layers) most = std::max(most, layer.sqnr);
  return std::min(std::ceil(most / kStep) * kStep, kMost);
}

std::string ErrorChart(const Comparison& c) {
  const std::vector<std::string> names = LayerNames(c);
  if (names.empty()) return "";
  constexpr double kWidth = 1080, kHeight = 240, kTop = 12, kLeft = 44;
  const double most = ChartTop(c);
  const double slot = (kWidth - kLeft - 12) / double(names.size());
  const auto x = [&](size_t i) { return kLeft + slot * (double(i) + 0.5); };
  const auto y = [&](double db) { return kTop + kHeight * (1 - std::clamp(db, 0.0, most) / most); };
  std::string svg = fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\">", kWidth, kHeight + 40);
  for (double db = 0; db <= most; db += 20) {
    svg += fmt::format(
        "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#dfe3ec\"/>"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:.0f}</text>",
        kLeft, kWidth, y(db), kLeft - 6, y(db) + 4, db);
  }
  const size_t every = names.size() / 30 + 1;
  for (size_t i = 0; i < names.size(); i += every)
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>", x(i),
                       kTop + kHeight + 18, i + 1);
  for (size_t k = 1; k < c.variants.size(); ++k) {
    std::string line, dots;
    for (const LayerError& layer : c.variants[k].layers) {
      const auto at = std::find(names.begin(), names.end(), layer.name) - names.begin();
      const double px = x(static_cast<size_t>(at)), py = y(layer.sqnr);
      line += fmt::format("{:.1f},{:.1f} ", px, py);
      dots += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.2\" fill=\"{}\"><title>{}. {}, {}: {}, "
          "largest "
          "error {:.3g}</title></circle>",
          px, py, Color(k), at + 1, Escape(layer.name), Escape(c.variants[k].Label()),
          Decibels(layer.sqnr), layer.max_error);
    }
    svg += fmt::format(
               "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\">"
               "</polyline>",
               line, Color(k)) +
           dots;
  }
  return fmt::format(
      "<h2>Signal to noise of each layer against the reference, in dB</h2>\n"
      "<div class=\"panel chart\">{}</svg></div>\n{}"
      "<p>Layers in the network's order, on the photo at {}x{}; errors of the layers "
      "before are in it. What is exact, or better than {:.0f}, stands at the top.</p>\n",
      svg, Key(c), c.layer_width, c.layer_height, most);
}

std::string TimeChart(const Comparison& c) {
  double most = 0;
  const auto sum = [](const VariantResult& v) {
    double all = 0;
    for (const StepTime& step : v.time.steps) all += step.ms;
    return all;
  };
  for (const VariantResult& v : c.variants) most = std::max(most, sum(v));
  if (most <= 0) return "";
  std::string html = "<h2>Where the time goes</h2>\n<div class=\"panel steps\">\n";
  for (const VariantResult& v : c.variants) {
    if (!v.ok()) continue;
    html += fmt::format("<div>{}<br>{:.1f} ms</div><div class=\"bar\">", Escape(v.Label()), sum(v));
    for (size_t i = 0; i < v.time.steps.size(); ++i) {
      const StepTime& step = v.time.steps[i];
      html += fmt::format("<i style=\"width:{:.3f}%;background:{}\" title=\"{}: {:.2f} ms\"></i>",
                          100 * step.ms / most, Color(i), Escape(step.name), step.ms);
    }
    html += "</div>\n";
  }
  return html +
         "</div>\n<p>The steps of one run, in order; a step's name and time stand under the "
         "pointer. All bars have one scale.</p>\n";
}

// ---- device mlu

std::string Saturated(const Comparison& c) {
  std::string rows;
  for (const VariantResult& v : c.variants)
    for (const mlu::SaturatedMean& m : v.saturated)
      rows += fmt::format(
          "<tr><td class=\"name\">{}</td><td class=\"name\">{}</td><td "
          "class=\"name\">{}</td><td>{} of "
          "{}</td><td>{:.3f}</td><td>{:.3f}</td><td>{:.3f}</td><td>{:.2f}</td></tr>\n",
          Escape(v.Label()), Escape(m.node), Escape(m.what), m.saturated, m.channels, m.limit,
          m.exact, m.given, m.factor());
  if (rows.empty()) return "";
  return "<h2>Means that saturate on the card</h2>\n<div class=\"panel\"><table><thead><tr><th "
         "class=\"name\">variant</th><th class=\"name\">node</th><th class=\"name\">what</th>"
         "<th>channels</th><th>limit</th><th>exact</th><th>on the card</th><th>factor</th></tr>"
         "</thead><tbody>\n" +
         rows +
         "</tbody></table></div>\n<p>Of the worst channel. A sum of halves ends at 65504, so no "
         "mean "
         "over n values exceeds 65504 / n. Remedy: scale the convolution before the norm down, for "
         "example by 1/64 in its weights; the norm takes it out again.</p>\n";
}

std::string PhotoTable(const Comparison& c) {
  if (c.variants[0].ok() && c.photos.empty()) return "";
  std::string head, rows;
  std::vector<const VariantResult*> shown;
  for (const VariantResult& v : c.variants) {
    if (v.photos.empty()) continue;
    shown.push_back(&v);
    head += "<th style=\"white-space:normal\">" + Escape(v.Label()) + "</th>";
  }
  if (shown.empty()) return "";
  for (size_t i = 0; i < shown[0]->photos.size(); ++i) {
    const std::string& path = shown[0]->photos[i].photo;
    rows += "<tr><td class=\"name\">" + Escape(path.substr(path.rfind('/') + 1)) + "</td>";
    for (const VariantResult* v : shown)
      rows += fmt::format("<td>{}, {:.4f}</td>", Decibels(v->photos[i].quality.psnr),
                          v->photos[i].quality.ssim);
    rows += "</tr>\n";
  }
  return fmt::format(
      "<h2>Photos: PSNR and SSIM</h2>\n<div class=\"panel\"><table><thead><tr><th "
      "class=\"name\">photo</th>{}</tr></thead><tbody>\n{}</tbody></table></div>\n"
      "<p>Photos larger than {} pixels on a side were reduced.</p>\n",
      head, rows, kCompareSide);
}

}  // namespace

Result<std::string> CompareHtml(const Comparison& c) {
  const std::string title = "Comparison of " + fmt::format("{} variants", c.variants.size());
  PICABIA_ASSIGN_OR_RETURN(const std::string pictures, Pictures(c));
  const std::string body =
      "<h1>" + title + "</h1>\n<p class=\"path\">" + Escape(c.image) +
      fmt::format(
          ", {}x{}; {} timed run{} after the first call, {} threads, {}; device mlu: {} "
          "numerics</p>\n",
          c.width, c.height, c.runs, c.runs == 1 ? "" : "s", c.threads, c.isa,
          c.wide ? "wide" : "faithful") +
      Words(c) + Table(c) + Slider(c) + pictures + ErrorChart(c) + TimeChart(c) + Saturated(c) +
      PhotoTable(c) + "<script>" + kScript + "</script>\n";
  return page::Document(title, kStyle, body);
}

}  // namespace picabia::studio
