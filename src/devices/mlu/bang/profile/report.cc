// The profiler's files: a trace for chrome://tracing or Perfetto, and a page with figures and a
// drawn timeline.
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "base/file.h"
#include "devices/mlu/bang/profile/profiler.h"

namespace picabia::bang {
namespace {

constexpr const char* kColours[] = {"#2a78b8", "#7a4fb5", "#d9772b", "#4a9d5b"};  // by track

std::string Escape(const std::string& text, bool html) {
  std::string out;
  for (const char c : text) {
    if (html && c == '<')
      out += "&lt;";
    else if (html && c == '>')
      out += "&gt;";
    else if (html && c == '&')
      out += "&amp;";
    else if (html && c == '"')
      out += "&quot;";
    else if (!html && (c == '"' || c == '\\'))
      out += std::string("\\") + c;
    else if (static_cast<unsigned char>(c) < 32)
      out += ' ';
    else
      out += c;
  }
  return out;
}

[[gnu::format(printf, 1, 2)]] std::string Format(const char* format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  std::vsnprintf(text, sizeof(text), format, values);
  va_end(values);
  return text;
}

std::string Time(double ns) {
  if (ns < 1e3) return Format("%.0f ns", ns);
  if (ns < 1e6) return Format("%.2f µs", ns / 1e3);
  return Format("%.3f ms", ns / 1e6);
}

std::string Bytes(double bytes) {
  if (bytes < 1024) return Format("%.0f B", bytes);
  if (bytes < 1024 * 1024) return Format("%.1f KiB", bytes / 1024);
  return Format("%.1f MiB", bytes / 1024 / 1024);
}

std::string Place(const Event& e) {
  if (e.where.file == nullptr) return "";
  const char* slash = std::strrchr(e.where.file, '/');
  return Format("%s:%d", slash == nullptr ? e.where.file : slash + 1, e.where.line);
}

// ---- the drawn timeline ----

constexpr double kLeft = 170, kWidth = 900, kRow = 34, kTop = 26;
constexpr double kBar = 6.5;  // height of one unit's bars in a core's row

// A round step that gives about eight marks.
double Step(double total) {
  const double rough = total / 8;
  const double power = std::pow(10, std::floor(std::log10(std::max(rough, 1.0))));
  for (const double m : {1.0, 2.0, 5.0})
    if (rough <= m * power) return m * power;
  return 10 * power;
}

std::string Axis(double total, double height) {
  std::string svg;
  const double step = Step(total);
  for (double t = 0; t <= total; t += step) {
    const double x = kLeft + t / total * kWidth;
    svg += Format("<line x1='%.1f' x2='%.1f' y1='%.0f' y2='%.0f' stroke='#ddd'/>", x, x, kTop - 4,
                  height);
    svg += Format("<text x='%.1f' y='14' class='t' text-anchor='middle'>", x) + Time(t) + "</text>";
  }
  return svg;
}

std::string Timeline(const Profile& profile) {
  const double total = std::max(profile.total, 1.0);
  const double height = kTop + kRow * static_cast<double>(profile.cores.size());
  std::string svg =
      Format("<svg viewBox='0 0 %.0f %.0f' role='img'>", kLeft + kWidth + 40, height + 4);
  svg += Axis(total, height);
  for (size_t i = 0; i < profile.cores.size(); ++i) {
    const double y = kTop + kRow * static_cast<double>(i);
    svg +=
        Format("<line x1='0' x2='%.0f' y1='%.1f' y2='%.1f' stroke='#eee'/>", kLeft + kWidth, y, y);
    svg += Format("<text x='%.0f' y='%.1f' class='t' text-anchor='end'>", kLeft - 10, y + 20) +
           Escape(profile.cores[i].name, true) + "</text>";
  }
  // Neighbours of one unit that are closer than half a pixel become one bar.
  std::map<std::pair<int, int>, std::pair<double, double>> open;
  const auto draw = [&](int core, int track, double x0, double x1, const std::string& title) {
    svg += Format("<rect x='%.2f' y='%.1f' width='%.2f' height='%.1f' fill='%s'>", x0,
                  kTop + kRow * core + 3 + track * (kBar + 0.7), std::max(x1 - x0, 0.4), kBar,
                  kColours[track]);
    svg += "<title>" + Escape(title, true) + "</title></rect>";
  };
  for (const Event& e : profile.events) {
    const double x0 = kLeft + e.start / total * kWidth, x1 = kLeft + e.end / total * kWidth;
    const int track = static_cast<int>(e.track);
    auto& last = open[{e.core, track}];
    if (x1 - x0 < 0.5 && x1 < last.second + 0.25) continue;
    last = {x0, x1};
    draw(e.core, track, x0, x1,
         std::string(e.name) + " " + Place(e) + ", " + Time(e.end - e.start) +
             (e.bytes > 0 ? ", " + Bytes(static_cast<double>(e.bytes)) : ""));
  }
  return svg + "</svg>";
}

std::string Legend() {
  std::string html = "<p class='legend'>";
  for (int t = 0; t < 4; ++t)
    html += Format("<span><i style='background:%s'></i>%s</span>", kColours[t],
                   TrackName(static_cast<Track>(t)));
  return html + "</p>";
}

std::string CoreTable(const Profile& profile) {
  std::string html = "<table><tr><th>core</th>";
  for (int t = 0; t < 4; ++t)
    html += std::string("<th>") + TrackName(static_cast<Track>(t)) + "</th>";
  html += "<th>waits at barriers</th><th>ends</th></tr>";
  for (const CoreTimes& core : profile.cores) {
    html += "<tr><td>" + Escape(core.name, true) + "</td>";
    for (const double busy : core.busy) html += "<td>" + Time(busy) + "</td>";
    html += "<td>" + Time(core.waiting) + "</td><td>" + Time(core.end) + "</td></tr>";
  }
  return html + "</table>";
}

std::string Figures(const Profile& profile) {
  const Bound bound = BoundOf(profile);
  std::string html = "<table class='figures'>";
  const auto row = [&](const std::string& name, const std::string& value) {
    html += "<tr><th>" + Escape(name, true) + "</th><td>" + Escape(value, true) + "</td></tr>";
  };
  row("modelled time", Time(profile.total));
  row("bound by",
      Format("%s (that unit is busy %.0f %% of the time)", bound.name, 100 * bound.share));
  if (profile.products > 0)
    row("products", Format("%.1f million, %.1f GMAC/s modelled", profile.products / 1e6,
                           profile.products / std::max(profile.total, 1.0)));
  if (profile.vector_bytes > 0) row("vector unit", Bytes(profile.vector_bytes));
  for (const auto& [direction, bytes] : profile.bytes_by_direction)
    row(direction, Bytes(static_cast<double>(bytes)));
  for (const auto& memory : profile.memories)
    row(memory.name + " used",
        Bytes(static_cast<double>(memory.used)) + " of " + Bytes(static_cast<double>(memory.size)) +
            Format(" (%.0f %%)",
                   100.0 * static_cast<double>(memory.used) / static_cast<double>(memory.size)));
  return html + "</table>";
}

constexpr const char* kStyle =
    "body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1150px;padding:0 "
    "1em;color:#222}"
    "h1{font-size:1.4em}h2{font-size:1.1em;margin-top:1.8em}svg{width:100%;height:auto}.t{font-"
    "size:11px;fill:#555}"
    "table{border-collapse:collapse}td,th{padding:.25em .9em;border-bottom:1px solid "
    "#e5e5e5;text-align:right;font-weight:400}"
    "th:first-child,td:first-child,.figures td{text-align:left}tr:first-child "
    "th{color:#555}.figures th{color:#555}"
    ".legend span{margin-right:1.5em}.legend "
    "i{display:inline-block;width:.9em;height:.9em;margin-right:.4em;border-radius:2px;"
    "vertical-align:-1px}.note{color:#666}";

}  // namespace

std::string TraceJson(const Profile& profile) {
  std::string json = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n";
  for (size_t i = 0; i < profile.cores.size(); ++i) {
    json += Format(
        "{\"ph\": \"M\", \"pid\": %zu, \"name\": \"process_name\", \"args\": {\"name\": "
        "\"%s\"}},\n",
        i, Escape(profile.cores[i].name, false).c_str());
    for (int t = 0; t < 4; ++t)
      json += Format(
          "{\"ph\": \"M\", \"pid\": %zu, \"tid\": %d, \"name\": \"thread_name\", \"args\": "
          "{\"name\": \"%s\"}},\n",
          i, t, TrackName(static_cast<Track>(t)));
  }
  for (const Event& e : profile.events)  // times are microseconds
    json += Format(
        "{\"ph\": \"X\", \"pid\": %d, \"tid\": %d, \"ts\": %.3f, \"dur\": %.3f, \"name\": \"%s\", "
        "\"args\": {\"line\": \"%s\", \"bytes\": %lld}},\n",
        e.core, static_cast<int>(e.track), e.start / 1e3, (e.end - e.start) / 1e3, e.name,
        Escape(Place(e), false).c_str(), static_cast<long long>(e.bytes));
  json +=
      "{\"ph\": \"M\", \"pid\": 0, \"name\": \"process_sort_index\", \"args\": {\"sort_index\": "
      "0}}\n]}\n";
  return json;
}

std::string ProfileHtml(const Profile& profile) {
  const std::string title = "kernel " + Escape(profile.kernel, true);
  std::string html = "<!DOCTYPE html><html lang='en'><meta charset='utf-8'><title>" + title +
                     "</title><style>" + kStyle + "</style><h1>" + title +
                     Format(" on an MLU%d, modelled</h1>", profile.arch);
  html +=
      "<p class='note'>Times come from a model of the card (bytes and operations over published "
      "rates), not from a card. "
      "Scalar instructions cost nothing in it.</p>";
  html += Figures(profile) + "<h2>Timeline</h2>" + Legend() + Timeline(profile);
  if (profile.dropped_events > 0)
    html += Format("<p class='note'>%lld later operations are counted but not drawn.</p>",
                   static_cast<long long>(profile.dropped_events));
  return html + "<h2>Busy times</h2>" + CoreTable(profile) + "</html>\n";
}

Result<std::string> WriteProfile(const Profile& profile, const std::string& folder) {
  static std::atomic<int> launches{0};
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return IoError(folder + ": cannot be made: " + std::strerror(errno));
  const std::string stem = folder + "/" + profile.kernel + "-" + std::to_string(launches++);
  PICABIA_RETURN_IF_ERROR(WriteFileAtomically(stem + ".trace.json", TraceJson(profile)));
  PICABIA_RETURN_IF_ERROR(WriteFileAtomically(stem + ".html", ProfileHtml(profile)));
  return stem + ".html";
}

}  // namespace picabia::bang
