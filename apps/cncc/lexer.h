// Tokens of preprocessed C++, with the file and line that each came from. First step of the
// rewriter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace picabia::cncc {

enum class TokenKind { kSpace, kMarker, kIdentifier, kNumber, kText, kPunctuation };

struct Token {
  TokenKind kind;
  std::string_view text;  // of the source, which must outlive it
  int file = 0;           // an index of Source::files
  int line = 0;
  bool system = false;  // of a system header, or of our own

  bool Is(std::string_view wanted) const { return text == wanted && kind != TokenKind::kText; }
};

struct Source {
  std::vector<std::string> files;
  std::vector<Token> tokens;
};

// Cuts text that a preprocessor has written, `# 12 "file" 3` markers included. Never fails: what it
// does not know is punctuation, one character each, but "::" and "->".
Source Lex(std::string_view text);

// `127.0h` as C++ has it; empty when the token is no literal of half.
std::string HalfLiteral(const Token& token);

}  // namespace picabia::cncc
