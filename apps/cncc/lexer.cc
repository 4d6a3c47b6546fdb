#include "apps/cncc/lexer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace picabia::cncc {
namespace {

bool IsNameStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsName(char c) { return IsNameStart(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Source Run() {
    source_.files.emplace_back("<unknown>");
    while (at_ < text_.size()) One();
    return std::move(source_);
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void One() {
    const char c = Peek();
    if (c == '#' && line_start_) return Marker();
    if (c == '\n' || c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') return Space();
    line_start_ = false;
    if (const size_t quote = QuotePrefix(); quote != std::string_view::npos) return Text(quote);
    if (IsNameStart(c)) return Take(TokenKind::kIdentifier, EndWhile(IsName));
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
    const bool pair = (c == ':' && Peek(1) == ':') || (c == '-' && Peek(1) == '>');
    Take(TokenKind::kPunctuation, at_ + (pair ? 2 : 1));
  }

  template <typename Test>
  size_t EndWhile(Test test) const {
    size_t end = at_;
    while (end < text_.size() && test(text_[end])) ++end;
    return end;
  }

  void Take(TokenKind kind, size_t end) {
    end = std::min(end, text_.size());
    const std::string_view text = text_.substr(at_, end - at_);
    source_.tokens.push_back({kind, text, file_, line_, system_});
    line_ += static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    at_ = end;
  }

  // One newline, or a run of other spaces: edits may fall between lines.
  void Space() {
    if (Peek() == '\n') {
      Take(TokenKind::kSpace, at_ + 1);
      line_start_ = true;
      return;
    }
    Take(TokenKind::kSpace,
         EndWhile([](char c) { return c != '\n' && std::isspace(static_cast<unsigned char>(c)); }));
  }

  void Number() {
    size_t end = at_;
    while (end < text_.size()) {
      const char c = text_[end];
      const bool sign = (c == '+' || c == '-') && end > at_ &&
                        std::string_view("eEpP").find(text_[end - 1]) != std::string_view::npos &&
                        !(text_[at_] == '0' && (Peek(1) == 'x' || Peek(1) == 'X') &&
                          (text_[end - 1] == 'e' || text_[end - 1] == 'E'));
      if (!IsName(c) && c != '.' && c != '\'' && !sign) break;
      ++end;
    }
    Take(TokenKind::kNumber, end);
  }

  // Where the quote of a literal that begins here is; npos when none begins here.
  size_t QuotePrefix() const {
    size_t i = at_;
    while (i < at_ + 3 && i < text_.size() &&
           std::string_view("uULR8").find(text_[i]) != std::string_view::npos)
      ++i;
    if (i >= text_.size()) return std::string_view::npos;
    if (text_[i] == '"' || text_[i] == '\'') return i;
    return std::string_view::npos;
  }

  void Text(size_t quote) {
    const bool raw = quote > at_ && text_[quote - 1] == 'R' && text_[quote] == '"';
    if (raw) {
      const size_t open = text_.find('(', quote);
      if (open == std::string_view::npos) return Take(TokenKind::kText, text_.size());
      const std::string closer =
          ")" + std::string(text_.substr(quote + 1, open - quote - 1)) + "\"";
      const size_t close = text_.find(closer, open);
      return Take(TokenKind::kText,
                  close == std::string_view::npos ? text_.size() : close + closer.size());
    }
    size_t end = quote + 1;
    while (end < text_.size() && text_[end] != text_[quote] && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    Take(TokenKind::kText, end + 1);
  }

  // `# 12 "file" flags`; other directives, such as #pragma, are kept as they are.
  void Marker() {
    size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) end = text_.size();
    const std::string_view line = text_.substr(at_, end - at_);
    Take(TokenKind::kMarker, end);
    size_t i = 1;
    while (i < line.size() && line[i] == ' ') ++i;
    if (line.substr(i, 5) == "line ") i += 5;
    int number = 0;
    const auto parsed = std::from_chars(line.data() + i, line.data() + line.size(), number);
    if (parsed.ec != std::errc()) return;
    line_ = number - 1;  // the newline that follows makes it `number`
    const size_t open = line.find('"');
    const size_t close = line.rfind('"');
    if (open == std::string_view::npos || close <= open) return;
    SetFile(Unescape(line.substr(open + 1, close - open - 1)));
    system_ = line.find('3', close) != std::string_view::npos;
  }

  static std::string Unescape(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      plain += text[i];
    }
    return plain;
  }

  void SetFile(const std::string& name) {
    const auto found = std::find(source_.files.begin(), source_.files.end(), name);
    file_ = static_cast<int>(found - source_.files.begin());
    if (found == source_.files.end()) source_.files.push_back(name);
  }

  std::string_view text_;
  size_t at_ = 0;
  bool line_start_ = true;
  int file_ = 0, line_ = 1;
  bool system_ = false;
  Source source_;
};

}  // namespace

Source Lex(std::string_view text) { return Lexer(text).Run(); }

std::string HalfLiteral(const Token& token) {
  const std::string_view text = token.text;
  if (token.kind != TokenKind::kNumber || token.system) return "";
  const bool hexadecimal = text.size() > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (hexadecimal || (text.back() != 'h' && text.back() != 'H')) return "";
  return "((half)" + std::string(text.substr(0, text.size() - 1)) + ")";
}

}  // namespace picabia::cncc
