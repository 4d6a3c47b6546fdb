// What the rewriter needs to know of a translation unit: its functions, and the declarations with a
// memory qualifier. Found by braces and heads of declarations, not by a full parse; headers of the
// system go by unharmed.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cncc/lexer.h"

namespace picabia::cncc {

struct Function {
  std::string name;
  size_t head = 0;                           // first token of its declaration
  size_t open_params = 0, close_params = 0;  // "(" and ")"
  size_t open_body = 0, close_body = 0;      // "{" and "}"
  bool kernel = false, device = false, is_template = false;
  bool c_linkage = false, in_class = false, user = false;
  bool global = false;  // in no namespace
  std::string path;     // its namespaces: "a::b::"; those without a name count for nothing
  std::set<std::string, std::less<>> names;  // identifiers in the body
  std::set<std::string, std::less<>> calls;  // those followed by "(" or "<"
};

// A declaration with __nram__, __wram__, __mlu_shared__ or __ldram__.
struct OnChip {
  size_t qualifier = 0;  // its token
  size_t begin = 0;      // first token of the declaration
  size_t end = 0;        // its ";"
  int function = -1;     // whose body it is in; -1: file scope
  bool in_class = false;
  std::string path;  // its namespaces
};

struct Outline {
  std::vector<Function> functions;
  std::vector<OnChip> declarations;
  std::vector<size_t>
      loose_qualifiers;  // of parameters, casts and the like: they mean nothing here
  std::string error;     // "file:line: text" when the braces do not match
};

Outline MakeOutline(const Source& source);

// 0 NRAM, 1 WRAM, 2 SRAM, 3 LDRAM; -1: not a qualifier of a memory.
int SpaceOf(std::string_view qualifier);

// The first token at or behind i that is neither space nor marker; tokens.size() when there is
// none.
size_t SkipBlank(const std::vector<Token>& tokens, size_t i);
// The next, or previous, token that is neither space nor marker; tokens.size() when there is none.
size_t NextToken(const std::vector<Token>& tokens, size_t i);
size_t PreviousToken(const std::vector<Token>& tokens, size_t i);
// From an opening bracket to the closing one; tokens.size() when there is none.
size_t MatchingClose(const std::vector<Token>& tokens, size_t open);

}  // namespace picabia::cncc
