// Takes a line of the text form apart: words, quoted strings, and what to say when something else
// stands there.
#include "ir/text_cursor.h"

#include <cstring>

namespace picabia::ir {
namespace {

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::strchr("_./:-", c) != nullptr);
}

}  // namespace

void Cursor::Skip() {
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r'))
    rest_.remove_prefix(1);
}

bool Cursor::AtEnd() {
  Skip();
  return rest_.empty();
}

bool Cursor::Peek(char c) {
  Skip();
  return !rest_.empty() && rest_[0] == c;
}

bool Cursor::Take(char c) {
  if (!Peek(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool Cursor::TakeWord(std::string_view word) {
  Skip();
  if (!rest_.starts_with(word)) return false;
  if (rest_.size() > word.size() && IsNameChar(rest_[word.size()])) return false;
  rest_.remove_prefix(word.size());
  return true;
}

Status Cursor::Expect(char c) { return Take(c) ? OkStatus() : Wrong(std::string("'") + c + "'"); }

std::string_view Cursor::Word() {
  Skip();
  size_t n = 0;
  while (n < rest_.size() && IsNameChar(rest_[n])) ++n;
  const std::string_view word = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return word;
}

Result<std::string> Cursor::Name() {
  if (Peek('"')) return String();
  const std::string_view word = Word();
  if (word.empty()) return Wrong("a name");
  return std::string(word);
}

Result<std::string> Cursor::String() {
  PICABIA_RETURN_IF_ERROR(Expect('"'));
  std::string out;
  while (!rest_.empty() && rest_[0] != '"') {
    if (rest_[0] != '\\') {
      out += rest_[0];
      rest_.remove_prefix(1);
      continue;
    }
    PICABIA_RETURN_IF_ERROR(Escape(out));
  }
  if (rest_.empty()) return Wrong("a closing quote");
  rest_.remove_prefix(1);
  return out;
}

Status Cursor::Escape(std::string& out) {
  if (rest_.size() >= 2 && (rest_[1] == '"' || rest_[1] == '\\')) {
    out += rest_[1];
    rest_.remove_prefix(2);
    return OkStatus();
  }
  const char* expected = "\\\", \\\\ or \\xHH";
  unsigned byte = 0;
  if (rest_.size() < 4 || rest_[1] != 'x') return Wrong(expected);
  const auto [end, error] = std::from_chars(rest_.data() + 2, rest_.data() + 4, byte, 16);
  if (error != std::errc{} || end != rest_.data() + 4) return Wrong(expected);
  out += static_cast<char>(byte);
  rest_.remove_prefix(4);
  return OkStatus();
}

Status Cursor::Wrong(const std::string& expected) {
  constexpr size_t kShown = 20;  // enough to find the place
  Skip();
  std::string found(rest_.substr(0, kShown));
  for (char& c : found) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
  }
  found = found.empty() ? "the end of the line" : "'" + found + "'";
  return InvalidArgument("found " + found + ", expected " + expected);
}

}  // namespace picabia::ir
