// The known name that a mistyped one is most like, for messages.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace picabia::cncc {

// By edit distance; empty when none is near. Of equally near ones, the first.
std::string Nearest(std::string_view name, const std::set<std::string, std::less<>>& candidates);

}  // namespace picabia::cncc
