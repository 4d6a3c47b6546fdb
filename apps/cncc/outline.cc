#include "apps/cncc/outline.h"

#include <algorithm>
#include <array>

namespace picabia::cncc {
namespace {

enum class Scope { kNamespace, kClass, kFunction, kOther };

bool Blank(const Token& token) {
  return token.kind == TokenKind::kSpace || token.kind == TokenKind::kMarker;
}

bool IsOpen(const Token& t) { return t.Is("(") || t.Is("[") || t.Is("{"); }
bool IsClose(const Token& t) { return t.Is(")") || t.Is("]") || t.Is("}"); }

// The end of a template's parameters or arguments, from "<"; its ">" or tokens.size().
size_t MatchingAngle(const std::vector<Token>& tokens, size_t open, size_t limit) {
  int depth = 0;
  for (size_t i = open; i < limit; ++i) {
    if (IsOpen(tokens[i])) {
      i = MatchingClose(tokens, i);
      if (i >= limit) return limit;
      continue;
    }
    if (tokens[i].Is("<")) ++depth;
    if (tokens[i].Is(">") && --depth == 0) return i;
  }
  return limit;
}

// What a head of a declaration, [begin, end), declares when "{" follows.
struct Head {
  Scope scope = Scope::kOther;
  bool is_template = false;
  bool c_linkage = false;
  size_t name = 0, open_params = 0;
};

bool TakesParentheses(const Token& token) {
  constexpr std::array<std::string_view, 8> kWords = {"__attribute__", "__attribute", "alignas",
                                                      "decltype",      "noexcept",    "__declspec",
                                                      "throw",         "explicit"};
  return std::any_of(kWords.begin(), kWords.end(), [&](auto word) { return token.Is(word); });
}

Head ReadHead(const std::vector<Token>& tokens, size_t begin, size_t end) {
  Head head;
  bool has_class = false, has_enum = false, has_equal = false, has_namespace = false;
  size_t count = 0, previous = end;
  for (size_t i = begin; i < end; ++i) {
    const Token& t = tokens[i];
    if (Blank(t)) continue;
    ++count;
    if (t.kind == TokenKind::kText) {
      if (previous != end && tokens[previous].Is("extern")) head.c_linkage = true;
    } else if (t.Is("template")) {
      head.is_template = true;
      const size_t open = NextToken(tokens, i);
      if (open < end && tokens[open].Is("<")) i = MatchingAngle(tokens, open, end);
    } else if (TakesParentheses(t)) {
      const size_t open = NextToken(tokens, i);
      if (open < end && tokens[open].Is("(")) i = MatchingClose(tokens, open);
    } else if (t.Is("[")) {
      i = MatchingClose(tokens, i);
    } else if (t.Is("(")) {
      if (head.open_params == 0 && previous != end) {
        head.open_params = i;
        head.name = previous;
      }
      i = MatchingClose(tokens, i);
    } else if (t.Is("namespace")) {
      has_namespace = true;
    } else if (t.Is("class") || t.Is("struct") || t.Is("union")) {
      has_class = true;
    } else if (t.Is("enum")) {
      has_enum = true;
    } else if (t.Is("=") && previous != end && !tokens[previous].Is("operator") &&
               head.open_params == 0) {
      has_equal = true;
    }
    previous = i;
  }
  if (has_namespace || (head.c_linkage && count == 2))
    head.scope = Scope::kNamespace;
  else if (has_enum && head.open_params == 0)
    head.scope = Scope::kOther;
  else if (head.open_params != 0 && !has_equal)
    head.scope = Scope::kFunction;
  else if (has_class && !has_equal)
    head.scope = Scope::kClass;
  return head;
}

class Reader {
 public:
  explicit Reader(const Source& source) : tokens_(source.tokens), source_(source) {}

  Outline Run() {
    scopes_.push_back({Scope::kNamespace, -1, 0, false, true, ""});
    for (size_t i = 0; i < tokens_.size() && outline_.error.empty(); ++i) Visit(i);
    if (outline_.error.empty() && scopes_.size() > 1)
      outline_.error = "a brace is never closed";  // the compiler says where
    for (Function& function : outline_.functions) CollectNames(&function);
    return std::move(outline_);
  }

 private:
  struct Level {
    Scope scope;
    int function;  // index, or -1
    int parentheses;
    bool c_linkage;
    bool global;
    std::string path;  // of namespaces
  };

  // "a::b::" of `namespace a::b`.
  std::string NamespacePath(size_t begin, size_t end) const {
    std::string path;
    for (size_t i = begin; i < end; ++i) {
      if (tokens_[i].Is("[")) i = MatchingClose(tokens_, i);
      if (i >= end || tokens_[i].kind != TokenKind::kIdentifier) continue;
      if (TakesParentheses(tokens_[i])) return path;  // attributes come last
      if (!tokens_[i].Is("namespace") && !tokens_[i].Is("inline") && !tokens_[i].Is("extern"))
        path += std::string(tokens_[i].text) + "::";
    }
    return path;
  }

  void Visit(size_t i) {
    const Token& t = tokens_[i];
    Level& level = scopes_.back();
    if (Blank(t) || t.kind == TokenKind::kText || t.kind == TokenKind::kNumber) return;
    if (t.kind == TokenKind::kIdentifier) {
      if (SpaceOf(t.text) >= 0) Qualifier(i);
      return;
    }
    if (t.Is("(") || t.Is("[")) ++level.parentheses;
    if (t.Is(")") || t.Is("]")) --level.parentheses;
    if (t.Is("{")) Open(i);
    if (t.Is("}")) Close(i);
    if (t.Is(";") && scopes_.back().parentheses == 0) start_ = i + 1;
  }

  void Open(size_t i) {
    const Level outer = scopes_.back();
    Level inner = {Scope::kOther, outer.function, 0, outer.c_linkage, false, outer.path};
    if (outer.function < 0 && outer.parentheses == 0 &&
        (outer.scope == Scope::kNamespace || outer.scope == Scope::kClass)) {
      const Head head = ReadHead(tokens_, start_, i);
      inner.scope = head.scope;
      inner.c_linkage = outer.c_linkage || (head.c_linkage && head.scope == Scope::kNamespace);
      inner.global = outer.global && head.scope == Scope::kNamespace && head.c_linkage;
      if (head.scope == Scope::kNamespace) inner.path += NamespacePath(start_, i);
      if (head.scope == Scope::kFunction) inner.function = AddFunction(head, i, outer);
    }
    scopes_.push_back(inner);
    starts_.push_back(start_);
    start_ = i + 1;
  }

  int AddFunction(const Head& head, size_t open_body, const Level& outer) {
    Function function;
    function.name = std::string(tokens_[head.name].text);
    function.head = SkipBlank(tokens_, start_);
    function.open_params = head.open_params;
    function.close_params = MatchingClose(tokens_, head.open_params);
    function.open_body = open_body;
    function.is_template = head.is_template;
    function.c_linkage = outer.c_linkage || head.c_linkage;
    function.in_class = outer.scope == Scope::kClass;
    function.global = outer.global;
    function.path = outer.path;
    function.user = !tokens_[open_body].system;
    for (size_t i = start_; i < head.open_params; ++i) {
      function.kernel |= tokens_[i].Is("__mlu_entry__") || tokens_[i].Is("__mlu_global__");
      function.device |= tokens_[i].Is("__mlu_func__") || tokens_[i].Is("__mlu_device__");
    }
    outline_.functions.push_back(std::move(function));
    return static_cast<int>(outline_.functions.size()) - 1;
  }

  void Close(size_t i) {
    if (scopes_.size() == 1) {
      outline_.error = source_.files[static_cast<size_t>(tokens_[i].file)] + ":" +
                       std::to_string(tokens_[i].line) + ": a brace that nothing opened";
      return;
    }
    const Level inner = scopes_.back();
    scopes_.pop_back();
    if (inner.scope == Scope::kFunction)
      outline_.functions[static_cast<size_t>(inner.function)].close_body = i;
    // A class or an initialiser goes on to its ";": what it declares began before the brace.
    const bool goes_on =
        inner.function < 0 && (inner.scope == Scope::kOther || inner.scope == Scope::kClass);
    const bool in_expression = scopes_.back().parentheses > 0;
    start_ = goes_on || in_expression ? starts_.back() : i + 1;
    starts_.pop_back();
  }

  void Qualifier(size_t i) {
    const Level& level = scopes_.back();
    if (level.parentheses > 0) {
      outline_.loose_qualifiers.push_back(i);
      return;
    }
    OnChip declaration;
    declaration.qualifier = i;
    declaration.begin = SkipLabels(SkipBlank(tokens_, start_), i);
    declaration.end = EndOf(i);
    declaration.function = level.function;
    declaration.in_class = level.scope == Scope::kClass;
    declaration.path = level.path;
    const bool known =
        !outline_.declarations.empty() && outline_.declarations.back().end == declaration.end;
    if (known || IsFunctionHead(i, declaration.end)) {
      outline_.loose_qualifiers.push_back(i);
      return;
    }
    outline_.declarations.push_back(declaration);
  }

  // A parameter list or a body comes before the ";": the qualifier is of a function's result.
  bool IsFunctionHead(size_t i, size_t end) const {
    for (; i < end; ++i)
      if (tokens_[i].Is("{") && scopes_.back().function < 0) {
        const size_t previous = PreviousToken(tokens_, i);
        return tokens_[previous].Is(")");
      }
    return false;
  }

  size_t SkipLabels(size_t begin, size_t end) const {
    size_t after = begin;
    for (size_t i = begin; i < end; ++i) {
      if (IsOpen(tokens_[i])) i = MatchingClose(tokens_, i);
      if (i < end && tokens_[i].Is(":")) after = NextToken(tokens_, i);
    }
    return after;
  }

  size_t EndOf(size_t i) const {
    for (; i < tokens_.size(); ++i) {
      if (IsOpen(tokens_[i])) i = MatchingClose(tokens_, i);
      if (i < tokens_.size() && tokens_[i].Is(";")) return i;
    }
    return tokens_.size();
  }

  void CollectNames(Function* function) const {
    if (!function->user) return;
    const size_t end = function->close_body == 0 ? tokens_.size() : function->close_body;
    for (size_t i = function->open_body; i < end; ++i) {
      if (tokens_[i].kind != TokenKind::kIdentifier) continue;
      function->names.emplace(tokens_[i].text);
      const size_t next = NextToken(tokens_, i);
      if (next < end && (tokens_[next].Is("(") || tokens_[next].Is("<")))
        function->calls.emplace(tokens_[i].text);
    }
  }

  const std::vector<Token>& tokens_;
  const Source& source_;
  Outline outline_;
  std::vector<Level> scopes_;
  std::vector<size_t> starts_;
  size_t start_ = 0;  // of the current declaration or statement
};

}  // namespace

int SpaceOf(std::string_view qualifier) {
  if (qualifier == "__nram__") return 0;
  if (qualifier == "__wram__") return 1;
  if (qualifier == "__mlu_shared__") return 2;
  if (qualifier == "__ldram__") return 3;
  return -1;
}

size_t SkipBlank(const std::vector<Token>& tokens, size_t i) {
  while (i < tokens.size() && Blank(tokens[i])) ++i;
  return i;
}

size_t NextToken(const std::vector<Token>& tokens, size_t i) {
  if (i >= tokens.size()) return tokens.size();
  do ++i;
  while (i < tokens.size() && Blank(tokens[i]));
  return i;
}

size_t PreviousToken(const std::vector<Token>& tokens, size_t i) {
  while (i > 0) {
    --i;
    if (!Blank(tokens[i])) return i;
  }
  return tokens.size();
}

size_t MatchingClose(const std::vector<Token>& tokens, size_t open) {
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (IsOpen(tokens[i])) ++depth;
    if (IsClose(tokens[i]) && --depth == 0) return i;
  }
  return tokens.size();
}

Outline MakeOutline(const Source& source) { return Reader(source).Run(); }

}  // namespace picabia::cncc
