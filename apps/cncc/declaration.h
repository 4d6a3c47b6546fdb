// A declaration of variables, cut into what the rewriter puts together anew.
#pragma once

#include <string>
#include <vector>

#include "apps/cncc/lexer.h"

namespace picabia::cncc {

struct Declarator {
  std::string name;
  std::string pointers;     // "*", "*const*", ...
  std::string extents;      // "[64][N]", or empty
  std::string initialiser;  // "= x" without "=", "{...}", or empty
  bool counted = false;     // "[]": the initialiser tells how many
  bool braced = false;      // the initialiser begins with a brace
  bool called = false;      // it was written in parentheses
};

struct Declaration {
  std::string type;  // without memory qualifiers, storage classes and attributes
  std::vector<Declarator> declarators;
  bool is_extern = false;
  // `struct Name { ... } x;`: the tokens of its keyword and braces, 0 without; Name may be missing,
  // then `type` has the one that the rewriter puts there.
  size_t defined = 0, open_body = 0, close_body = 0;
  std::string given_name;
  std::string error;  // what cannot be read, or empty
};

// Reads tokens [begin, end); end is the ";".
Declaration ReadDeclaration(const std::vector<Token>& tokens, size_t begin, size_t end);

}  // namespace picabia::cncc
