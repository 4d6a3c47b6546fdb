// Takes a line of the text form apart. Called by text_parse.cc only.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "base/status.h"

namespace picabia::ir {

// The rest of one line; every call first passes over blanks.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool AtEnd();
  bool Peek(char c);
  // Takes `c` if it comes next.
  bool Take(char c);
  // Takes the word if it comes next and ends there.
  bool TakeWord(std::string_view word);
  Status Expect(char c);

  // Letters, digits and _ . / : - ; may be empty.
  std::string_view Word();
  // A non-empty word or a quoted string.
  Result<std::string> Name();
  // "..." with \" \\ and \xHH.
  Result<std::string> String();

  // `what` says in the error what was expected.
  template <typename T>
  Result<T> Number(const char* what) {
    Skip();
    T value{};
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) return Wrong(what);
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }

  // The error "found ..., expected ...".
  Status Wrong(const std::string& expected);

 private:
  void Skip();
  Status Escape(std::string& out);

  std::string_view rest_;
};

}  // namespace picabia::ir
