// Parts of pages; see page.h.
#include "page/page.h"

#include <fmt/format.h>

namespace picabia::page {
namespace {

constexpr char kStyle[] = R"(
:root { --ink: #1d2433; --soft: #5d6780; --line: #dfe3ec; --back: #f6f7fa; --card: #fff; --blue: #2f6fde;
  --orange: #e07b28; --red: #c83c3c; --shade: #dbe7fb; color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 10px; }
p { margin: 4px 0; color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin: 20px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.card b { display: block; font-size: 23px; font-weight: 600; white-space: nowrap; }
.card span { color: var(--soft); font-size: 13px; }
.pictures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px; }
figure img { width: 100%; display: block; border-radius: 4px; }
figcaption { font-size: 13px; color: var(--soft); margin-top: 6px; }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: right; font-weight: 600; color: var(--soft); padding: 6px 10px; border-bottom: 2px solid var(--line); vertical-align: bottom; }
td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; white-space: nowrap; }
th.name, td.name { text-align: left; }
tr:last-child td { border-bottom: 0; }
td.name small { display: block; color: var(--soft); }
.record th { border-bottom: 1px solid var(--line); white-space: nowrap; width: 1px; }
.record tr:last-child th { border-bottom: 0; }
.record td { white-space: normal; overflow-wrap: anywhere; }
p.path { overflow-wrap: anywhere; }
.bad { color: var(--red); font-weight: 600; }
svg { display: block; } svg text { font: 11px system-ui, "DejaVu Sans", sans-serif; fill: var(--soft); }
.key { font-size: 13px; } .key span { display: inline-block; margin-right: 16px; }
.key i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
pre { margin: 0; font-size: 12.5px; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 700px) { .pictures { grid-template-columns: 1fr; } }
)";

}  // namespace

std::string Escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Card(const std::string& value, const std::string& what) {
  return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>\n", value, what);
}

std::string Figure(const std::string& png, const std::string& caption) {
  return fmt::format(
      "<figure><img alt=\"{0}\" src=\"data:image/png;base64,{1}\"><figcaption>{0}</figcaption>"
      "</figure>\n",
      caption, png);
}

std::string Lines(const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text;
  for (const std::string& line : lines) text += Escape(line) + "\n";
  return "<h2>" + title + "</h2>\n<div class=\"panel\"><pre>" + text + "</pre></div>\n";
}

std::string Document(const std::string& title, const std::string& style, const std::string& body) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width\"><title>" +
         title + "</title><style>" + kStyle + style + "</style></head><body><main>\n" + body +
         "</main></body></html>\n";
}

}  // namespace picabia::page
