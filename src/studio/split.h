// Lists in the values of options.
#pragma once

#include <string>
#include <vector>

namespace picabia::studio {

// The parts between separators, empty ones too: one more than there are separators.
inline std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t end; (end = text.find(separator, start)) != std::string::npos; start = end + 1) {
    parts.push_back(text.substr(start, end - start));
  }
  parts.push_back(text.substr(start));
  return parts;
}

}  // namespace picabia::studio
