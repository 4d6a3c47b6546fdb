// Names from model files: escaping, checks and the sorted index. Called by both importers.
#include "import/names.h"

#include <algorithm>
#include <numeric>

namespace picabia::import {
namespace {

constexpr size_t kShownBytes = 120;  // of a long name in a message

bool IsContinuation(unsigned char c) { return (c & 0xC0u) == 0x80u; }

// Length of the printable UTF-8 character that `text` starts with, or 0 when it is a control
// character or no UTF-8. C1 controls and the bidirectional overrides count as control characters:
// terminals act on them.
size_t PrintableLength(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7F ? 1 : 0;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  uint32_t code = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(at(i))) return 0;
    code = code << 6 | (at(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool control = code < 0xA0 || (code >= 0x200E && code <= 0x200F) ||
                       (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return overlong || surrogate || control || code > 0x10FFFF ? 0 : length;
}

}  // namespace

std::string Escaped(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  const std::string_view shown = text.substr(0, kShownBytes);
  for (size_t i = 0; i < shown.size();) {
    const size_t length = PrintableLength(text.substr(i));
    if (length != 0 && shown[i] != '\'' && shown[i] != '\\') {
      out += text.substr(i, length);
      i += length;
      continue;
    }
    const auto c = static_cast<unsigned char>(shown[i++]);
    out += "\\x";
    out += kHex[c >> 4];
    out += kHex[c & 15];
  }
  if (text.size() > shown.size()) out += "... (" + std::to_string(text.size()) + " bytes)";
  return out;
}

std::string Quoted(std::string_view name) { return "'" + Escaped(name) + "'"; }

Status CheckName(std::string_view name, std::string_view what) {
  if (name.empty()) return InvalidModel(std::string(what) + " has an empty name");
  if (name.size() > kMaxNameBytes) {
    return InvalidModel(std::string(what) + " " + Quoted(name) + " has a name of " +
                        std::to_string(name.size()) + " bytes, expected at most " +
                        std::to_string(kMaxNameBytes));
  }
  for (size_t i = 0; i < name.size();) {
    const size_t length = PrintableLength(name.substr(i));
    if (length == 0) {
      return InvalidModel(std::string(what) + " " + Quoted(name) +
                          " has a control character or a byte that is not UTF-8 in its name");
    }
    i += length;
  }
  return OkStatus();
}

NameIndex::NameIndex(std::vector<std::string_view> names) : names_(std::move(names)) {
  sorted_.resize(names_.size());
  std::iota(sorted_.begin(), sorted_.end(), 0);
  std::sort(sorted_.begin(), sorted_.end(), [this](int32_t a, int32_t b) {
    const int order = NameOf(a).compare(NameOf(b));
    return order != 0 ? order < 0 : a < b;
  });
}

int32_t NameIndex::Find(std::string_view name) const {
  const auto it = std::lower_bound(sorted_.begin(), sorted_.end(), name,
                                   [this](int32_t i, std::string_view n) { return NameOf(i) < n; });
  return it != sorted_.end() && NameOf(*it) == name ? *it : -1;
}

std::optional<std::pair<int32_t, int32_t>> NameIndex::Duplicate() const {
  for (size_t i = 1; i < sorted_.size(); ++i) {
    if (NameOf(sorted_[i - 1]) == NameOf(sorted_[i])) return std::pair(sorted_[i - 1], sorted_[i]);
  }
  return std::nullopt;
}

}  // namespace picabia::import
