// Names that come from a model file: checked once on the way in, looked up fast, quoted in
// messages. Used by both importers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace picabia::import {

// 'name' for a message: control characters, quotes and bytes that are not UTF-8 appear as \xNN, and
// of a long name only the beginning and its length are shown.
std::string Quoted(std::string_view name);

// The same without the quotes, for text that is no name.
std::string Escaped(std::string_view text);

// A name of a node or value is not empty, at most kMaxNameBytes long, and printable UTF-8: what
// passes here may be printed as it is by the rest of the program. `what` begins the message.
Status CheckName(std::string_view name, std::string_view what);
constexpr size_t kMaxNameBytes = 4096;  // long enough for any exporter, short enough for a message

// Finds names by binary search in a sorted list of indices: 4 bytes a name, and no hash function
// that a hostile file could turn into quadratic work.
class NameIndex {
 public:
  NameIndex() = default;
  // The names must stay where they are while the index is used.
  explicit NameIndex(std::vector<std::string_view> names);

  // The index of `name`, or -1. Of equal names, the first.
  int32_t Find(std::string_view name) const;
  bool Contains(std::string_view name) const { return Find(name) >= 0; }
  std::string_view NameOf(int32_t index) const { return names_[static_cast<size_t>(index)]; }
  // Two indices that have the same name, the smaller one first, if there are any.
  std::optional<std::pair<int32_t, int32_t>> Duplicate() const;

 private:
  std::vector<std::string_view> names_;
  std::vector<int32_t> sorted_;
};

}  // namespace picabia::import
