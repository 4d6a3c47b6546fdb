#include "apps/cncc/declaration.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "apps/cncc/outline.h"

namespace picabia::cncc {
namespace {

template <size_t n>
bool In(const std::array<std::string_view, n>& words, const Token& token) {
  return std::find(words.begin(), words.end(), token.text) != words.end();
}

constexpr std::array<std::string_view, 6> kStorage = {"static",    "register",     "inline",
                                                      "constexpr", "thread_local", "__thread"};
constexpr std::array<std::string_view, 15> kBuiltin = {
    "void", "bool",   "char",     "short", "int",      "long",     "float",  "double",
    "auto", "signed", "unsigned", "half",  "_Float16", "__int128", "wchar_t"};
constexpr std::array<std::string_view, 5> kElaborated = {"struct", "class", "union", "enum",
                                                         "typename"};

class DeclarationReader {
 public:
  DeclarationReader(const std::vector<Token>& tokens, size_t begin, size_t end)
      : tokens_(tokens), end_(end) {
    at_ = SkipBlank(tokens, begin);
  }

  Declaration Run() {
    ReadType();
    if (!found_type_) Fail("a type is expected");
    while (result_.error.empty() && at_ < end_) {
      ReadDeclarator();
      if (at_ < end_ && result_.error.empty()) {
        if (!Here().Is(",")) Fail("\"" + std::string(Here().text) + "\" was not expected");
        Advance();
      }
    }
    if (result_.declarators.empty()) Fail("a name is expected");
    return std::move(result_);
  }

 private:
  const Token& Here() const { return tokens_[at_]; }
  void Advance() { at_ = NextToken(tokens_, at_); }
  void Fail(const std::string& text) {
    if (result_.error.empty()) result_.error = text;
  }

  // The text of [from, to), on one line.
  std::string Join(size_t from, size_t to) const {
    std::string text;
    for (size_t i = from; i < to; ++i) {
      if (tokens_[i].kind == TokenKind::kMarker) continue;
      const std::string half = HalfLiteral(tokens_[i]);
      text += tokens_[i].kind == TokenKind::kSpace ? std::string_view(" ")
              : half.empty()                       ? tokens_[i].text
                                                   : std::string_view(half);
    }
    return text;
  }

  void Append(std::string* text, size_t from, size_t to) const {
    if (!text->empty()) *text += ' ';
    *text += Join(from, to);
  }

  bool SkipAttribute() {
    if (Here().Is("__attribute__") || Here().Is("alignas") || Here().Is("__align__")) {
      Advance();
      at_ = NextToken(tokens_, MatchingClose(tokens_, at_));
      return true;
    }
    return false;
  }

  // A name with its scopes and template arguments.
  void TakeName() {
    const size_t from = at_;
    for (;;) {
      if (Here().Is("::")) Advance();
      if (Here().kind != TokenKind::kIdentifier) break;
      Advance();
      if (at_ < end_ && Here().Is("<")) {
        int depth = 0;
        do {
          if (Here().Is("<")) ++depth;
          if (Here().Is(">")) --depth;
          Advance();
        } while (at_ < end_ && depth > 0);
      }
      if (at_ >= end_ || !Here().Is("::")) break;
    }
    Append(&result_.type, from, at_);
    found_type_ = true;
  }

  // `struct Name`, and its definition if that is here.
  void ReadElaborated() {
    const size_t keyword = at_;
    Append(&result_.type, at_, at_ + 1);
    do Advance();
    while (at_ < end_ && SkipAttribute());
    if (at_ < end_ && !Here().Is("{") && !Here().Is(":")) TakeName();
    size_t open = at_;
    if (open < end_ && Here().Is(":"))
      while (open < end_ && !tokens_[open].Is("{")) ++open;
    if (open >= end_ || !tokens_[open].Is("{")) return;
    if (!found_type_) {
      result_.given_name = "picabia_struct_" + std::to_string(open);
      result_.type += " " + result_.given_name;
      found_type_ = true;
    }
    result_.defined = keyword;
    result_.open_body = open;
    result_.close_body = MatchingClose(tokens_, open);
    at_ = NextToken(tokens_, result_.close_body);
  }

  void ReadType() {
    while (at_ < end_ && result_.error.empty()) {
      const Token& t = Here();
      if (SpaceOf(t.text) >= 0 || In(kStorage, t)) {
        Advance();
      } else if (t.Is("extern")) {
        result_.is_extern = true;
        Advance();
      } else if (SkipAttribute()) {
      } else if (t.Is("const") || t.Is("volatile")) {
        Append(&result_.type, at_, at_ + 1);
        Advance();
      } else if (In(kBuiltin, t)) {
        Append(&result_.type, at_, at_ + 1);
        found_type_ = true;
        Advance();
      } else if (In(kElaborated, t) && !found_type_) {
        ReadElaborated();
      } else if (!found_type_ && (t.kind == TokenKind::kIdentifier || t.Is("::"))) {
        TakeName();
      } else {
        return;
      }
    }
  }

  void ReadDeclarator() {
    Declarator declarator;
    while (at_ < end_ &&
           (Here().Is("*") || Here().Is("&") || Here().Is("const") || Here().Is("volatile") ||
            Here().Is("__restrict__") || Here().Is("restrict") || SpaceOf(Here().text) >= 0)) {
      // The variable itself is assigned after its definition: its own const goes.
      if (Here().Is("*") || Here().Is("&")) declarator.pointers += Here().text;
      Advance();
    }
    if (at_ >= end_ || Here().kind != TokenKind::kIdentifier)
      return Fail(at_ < end_ && Here().Is("(")
                      ? "pointers to arrays or functions cannot live on the chip"
                      : "a name is expected");
    declarator.name = std::string(Here().text);
    Advance();
    while (at_ < end_ && SkipAttribute()) {
    }
    while (at_ < end_ && Here().Is("[")) {
      const size_t close = MatchingClose(tokens_, at_);
      if (NextToken(tokens_, at_) == close) declarator.counted = true;
      declarator.extents += Join(at_, close + 1);
      at_ = NextToken(tokens_, close);
    }
    while (at_ < end_ && SkipAttribute()) {
    }
    ReadInitialiser(&declarator);
    result_.declarators.push_back(std::move(declarator));
  }

  void ReadInitialiser(Declarator* declarator) {
    if (at_ >= end_) return;
    if (Here().Is("=")) {
      Advance();
    } else if (Here().Is("(")) {
      declarator->called = true;
    } else if (!Here().Is("{")) {
      return;
    }
    declarator->braced = Here().Is("{");
    const size_t from = at_;
    while (at_ < end_ && !Here().Is(",")) {
      if (Here().Is("(") || Here().Is("[") || Here().Is("{")) at_ = MatchingClose(tokens_, at_);
      Advance();
    }
    declarator->initialiser = Join(from, std::min(at_, end_));
  }

  const std::vector<Token>& tokens_;
  size_t at_ = 0;
  const size_t end_;
  Declaration result_;
  bool found_type_ = false;
};

}  // namespace

Declaration ReadDeclaration(const std::vector<Token>& tokens, size_t begin, size_t end) {
  return DeclarationReader(tokens, begin, end).Run();
}

}  // namespace picabia::cncc
