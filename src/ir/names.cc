// Values by name, and the nearest names when there is none. Called for what a caller feeds and
// fetches.
#include <algorithm>
#include <cctype>

#include "ir/graph.h"

namespace picabia::ir {
namespace {

// Beyond these a suggestion is not worth its time: the search is quadratic in the name's length.
constexpr size_t kMaxCandidates = 20000;
constexpr size_t kMaxLength = 128;
constexpr size_t kSuggestions = 3;

std::string Lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// What it costs to make `a` into `b`: to insert, remove or replace a letter, or to exchange two
// neighbours, the commonest slip.
constexpr size_t kEdit = 2, kExchange = 1;

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1), before(row), next(row);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = kEdit * j;
  for (size_t i = 0; i < a.size(); ++i) {
    next[0] = kEdit * (i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      next[j + 1] =
          std::min({row[j] + (a[i] != b[j] ? kEdit : 0), next[j] + kEdit, row[j + 1] + kEdit});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
        next[j + 1] = std::min(next[j + 1], before[j - 1] + kExchange);
    }
    std::swap(before, row);
    std::swap(row, next);
  }
  return row[b.size()];
}

// Smaller is nearer; a name that contains the other counts as one letter away.
size_t Distance(const std::string& wanted, const std::string& candidate) {
  const bool inside = candidate.find(wanted) != std::string::npos ||
                      (!candidate.empty() && wanted.find(candidate) != std::string::npos);
  const size_t edits = EditDistance(wanted, candidate);
  return inside ? std::min<size_t>(edits, kEdit) : edits;
}

std::vector<std::string> NearestNames(const Graph& graph, std::string_view name) {
  const std::string wanted = Lower(name.substr(0, kMaxLength));
  const size_t limit = kEdit * std::max<size_t>(2, wanted.size() / 3);
  std::vector<std::pair<size_t, size_t>> near;  // distance, index in values
  for (size_t i = 0; i < std::min(graph.values.size(), kMaxCandidates); ++i) {
    const std::string& candidate = graph.values[i].name;
    if (candidate.size() > kMaxLength) continue;
    const size_t distance = Distance(wanted, Lower(candidate));
    if (distance <= limit) near.emplace_back(distance, i);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(near.size(), kSuggestions); ++i)
    names.push_back(graph.values[near[i].second].name);
  return names;
}

// A name as it may stand in a message: no control characters, not too long.
std::string Printable(std::string_view name) {
  std::string out(name.substr(0, kMaxLength));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return name.size() > kMaxLength ? out + "..." : out;
}

}  // namespace

Result<ValueId> Graph::FindValue(std::string_view name) const {
  const auto find = [this](std::string_view wanted) {
    const auto at = std::find_if(values.begin(), values.end(),
                                 [&](const Value& v) { return v.name == wanted; });
    return ValueId{at == values.end() ? -1 : static_cast<int32_t>(at - values.begin())};
  };
  ValueId id = find(name);
  if (id.index < 0 && name.ends_with(":0")) id = find(name.substr(0, name.size() - 2));
  // A file may spell the ":0" out.
  if (id.index < 0) id = find(std::string(name) + ":0");
  if (id.index >= 0) return id;
  std::string message =
      (source.empty() ? "the graph" : source) + " has no tensor '" + Printable(name) + "'";
  const std::vector<std::string> near = NearestNames(*this, name);
  for (size_t i = 0; i < near.size(); ++i)
    message += (i == 0 ? "; the nearest names are '" : ", '") + Printable(near[i]) + "'";
  return NotFound(message);
}

}  // namespace picabia::ir
