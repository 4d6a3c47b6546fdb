// Text into messages; see text.h.
#include <charconv>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <vector>

#include "base/sha256.h"
#include "proto/message.h"
#include "proto/text.h"

namespace picabia::proto {
namespace {

using protozero::pbf_writer;

constexpr int kDeepest = 64;

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The text and how far it has been read.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  // Past white space and comments; 0 at the end.
  char Peek() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else {
        return c;
      }
    }
    return '\0';
  }
  bool Take(char c) {
    if (AtEnd() || Peek() != c) return false;
    ++at_;
    return true;
  }
  bool AtEnd() {
    Peek();
    return at_ >= text_.size();
  }
  std::string_view Word() {
    Peek();
    const size_t begin = at_;
    while (at_ < text_.size() && (IsWord(text_[at_]) || text_[at_] == '.')) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // The word that comes next, without taking it.
  std::string_view PeekWord() {
    const size_t at = at_;
    const std::string_view word = Word();
    at_ = at;
    return word;
  }
  // A number: a word with signs.
  std::string_view Number() {
    Peek();
    const size_t begin = at_;
    while (at_ < text_.size() &&
           (IsWord(text_[at_]) || text_[at_] == '.' || text_[at_] == '-' || text_[at_] == '+'))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // One character as it stands; nothing at the end.
  std::optional<char> Next() {
    if (at_ >= text_.size()) return std::nullopt;
    return text_[at_++];
  }

  Status Expected(const std::string& what) {
    Peek();
    int line = 1;
    for (size_t i = 0; i < at_; ++i) line += text_[i] == '\n' ? 1 : 0;
    std::string found;
    for (size_t i = at_; i < text_.size() && i < at_ + 20 && text_[i] != '\n'; ++i) {
      const auto code = static_cast<unsigned char>(text_[i]);
      found += code >= 0x20 && code < 0x7F ? text_[i] : '?';
    }
    return InvalidArgument("line " + std::to_string(line) + ": found " +
                           (found.empty() ? "the end" : "'" + found + "'") + ", expected " + what);
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

uint64_t WireTypeOf(Kind kind) {
  const auto type = kind == Kind::kFloat    ? protozero::pbf_wire_type::fixed32
                    : kind == Kind::kDouble ? protozero::pbf_wire_type::fixed64
                                            : protozero::pbf_wire_type::varint;
  return static_cast<uint64_t>(type);
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view source) : cursor_(text), source_(source) {}

  Cursor& cursor() { return cursor_; }
  void set_source(std::string_view source) { source_ = source; }

  // Fields up to the end or the closing bracket.
  Status Message(const MessageType& type, std::string& out, int depth) {
    if (depth > kDeepest) return cursor_.Expected("fewer messages in messages");
    pbf_writer writer(out);
    while (!cursor_.AtEnd() && cursor_.Peek() != '}' && cursor_.Peek() != '>') {
      const std::string_view name = cursor_.Word();
      if (name.empty()) return cursor_.Expected("the name of a field");
      PICABIA_RETURN_IF_ERROR(Named(name, type, out, writer, depth));
      if (!cursor_.Take(',')) cursor_.Take(';');
    }
    return OkStatus();
  }

  Status Named(std::string_view name, const MessageType& type, std::string& out, pbf_writer& writer,
               int depth) {
    if (name == "picabia_field") {
      if (!cursor_.Take(':')) return cursor_.Expected("':'");
      PICABIA_ASSIGN_OR_RETURN(const std::string bytes, Contents());
      out += bytes;
      return OkStatus();
    }
    const FieldType* field = type.Find(name);
    if (field == nullptr) {
      std::string names;
      for (const FieldType& each : type.fields)
        names += (names.empty() ? "" : ", ") + std::string(each.name);
      return cursor_.Expected("after a name that is one of " + names + ", not '" +
                              std::string(name) + "'");
    }
    return Value(*field, out, writer, depth);
  }

 private:
  Status Value(const FieldType& field, std::string& out, pbf_writer& writer, int depth) {
    const bool colon = cursor_.Take(':');
    if (field.kind == Kind::kMessage) {
      const bool angle = cursor_.Take('<');
      if (!angle && !cursor_.Take('{')) return cursor_.Expected("'{'");
      std::string message;
      PICABIA_RETURN_IF_ERROR(Message(*field.message, message, depth + 1));
      if (!cursor_.Take(angle ? '>' : '}')) return cursor_.Expected(angle ? "'>'" : "'}'");
      writer.add_message(field.number, message);
      return OkStatus();
    }
    if (!colon) return cursor_.Expected("':'");
    if (field.kind == Kind::kString || field.kind == Kind::kBytes) {
      PICABIA_ASSIGN_OR_RETURN(const std::string bytes, Contents());
      writer.add_bytes(field.number, bytes.data(), bytes.size());
      return OkStatus();
    }
    return Numbers(field, out, writer);
  }

  // A bracketed list or a reference is one packed field; where the format packs, numbers that
  // follow each other under the same name are one, too.
  Status Numbers(const FieldType& field, std::string& out, pbf_writer& writer) {
    std::string packed;
    if (cursor_.Peek() == '@') {
      PICABIA_ASSIGN_OR_RETURN(packed, Reference());
    } else if (cursor_.Take('[')) {
      while (!cursor_.Take(']')) {
        PICABIA_RETURN_IF_ERROR(Number(field, packed));
        if (!cursor_.Take(',') && cursor_.Peek() != ']') return cursor_.Expected("',' or ']'");
      }
    } else if (!field.packed) {
      // A number of its own is the tag and what would stand in a packed field.
      protozero::add_varint_to_buffer(&out, uint64_t{field.number} << 3 | WireTypeOf(field.kind));
      return Number(field, out);
    } else {
      PICABIA_RETURN_IF_ERROR(Number(field, packed));
      while (TakeAgain(field.name)) PICABIA_RETURN_IF_ERROR(Number(field, packed));
    }
    writer.add_bytes(field.number, packed.data(), packed.size());
    return OkStatus();
  }

  // "NAME:" of one more number, unless a list follows it.
  bool TakeAgain(std::string_view name) {
    const Cursor before = cursor_;
    if (!cursor_.Take(',')) cursor_.Take(';');
    const bool again = cursor_.Word() == name && cursor_.Take(':') && cursor_.Peek() != '[' &&
                       cursor_.Peek() != '@';
    if (!again) cursor_ = before;
    return again;
  }

  // Appends the number as it stands in a packed field.
  Status Number(const FieldType& field, std::string& out) {
    const Cursor before = cursor_;
    const std::string_view word = cursor_.Number();
    const auto fail = [&](const char* what) {
      cursor_ = before;
      return cursor_.Expected(what);
    };
    if (field.kind == Kind::kFloat || field.kind == Kind::kDouble) {
      return field.kind == Kind::kFloat ? Real<float>(word, out, fail)
                                        : Real<double>(word, out, fail);
    }
    const auto integer = Integer(field, word);
    if (!integer) return fail(field.names.empty() ? "a whole number" : "a name or a whole number");
    protozero::add_varint_to_buffer(&out, static_cast<uint64_t>(*integer));
    return OkStatus();
  }

  template <typename T, typename Fail>
  static Status Real(std::string_view word, std::string& out, Fail fail) {
    T value = 0;
    // TensorFlow writes 1f for a float.
    if (word.size() > 1 && word.ends_with('f') && !word.ends_with("inf")) word.remove_suffix(1);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || error != std::errc() || end != word.data() + word.size())
      return fail("a number");
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
    return OkStatus();
  }

  static std::optional<int64_t> Integer(const FieldType& field, std::string_view word) {
    if (field.kind == Kind::kBool && (word == "true" || word == "True")) return 1;
    if (field.kind == Kind::kBool && (word == "false" || word == "False")) return 0;
    for (const EnumName& each : field.names)
      if (word == each.name) return each.number;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (!word.empty() && error == std::errc() && end == word.data() + word.size()) return value;
    uint64_t large = 0;
    const auto [last, failed] = std::from_chars(word.data(), word.data() + word.size(), large);
    if (word.empty() || failed != std::errc() || last != word.data() + word.size())
      return std::nullopt;
    return static_cast<int64_t>(large);
  }

  // A string, several of them, or a reference.
  Result<std::string> Contents() {
    if (cursor_.Peek() == '@') return Reference();
    std::string bytes;
    bool any = false;
    while (cursor_.Peek() == '"' || cursor_.Peek() == '\'') {
      PICABIA_RETURN_IF_ERROR(String(bytes));
      any = true;
    }
    if (!any) return cursor_.Expected("a string");
    return bytes;
  }

  Status String(std::string& bytes) {
    const char quote = *cursor_.Next();
    while (true) {
      const auto c = cursor_.Next();
      if (!c || *c == '\n') return cursor_.Expected("the end of a string");
      if (*c == quote) return OkStatus();
      if (*c != '\\') {
        bytes += *c;
      } else {
        PICABIA_RETURN_IF_ERROR(Escape(bytes));
      }
    }
  }

  Status Escape(std::string& bytes) {
    const auto c = cursor_.Next();
    if (!c) return cursor_.Expected("the end of a string");
    constexpr std::string_view kFrom = "abfnrtv\\'\"?", kTo = "\a\b\f\n\r\t\v\\'\"?";
    if (const size_t i = kFrom.find(*c); i != std::string_view::npos) {
      bytes += kTo[i];
      return OkStatus();
    }
    const bool hex = *c == 'x' || *c == 'X';
    if (!hex && (*c < '0' || *c > '7')) return cursor_.Expected("a known escape before this");
    int value = hex ? 0 : *c - '0', digits = hex ? 0 : 1;
    for (; digits < (hex ? 2 : 3); ++digits) {
      const Cursor before = cursor_;
      const auto next = cursor_.Next();
      if (!next || DigitOf(*next) >= (hex ? 16 : 8)) {
        cursor_ = before;
        break;
      }
      value = value * (hex ? 16 : 8) + DigitOf(*next);
    }
    if (digits == 0 || value > 255) return cursor_.Expected("the digits of a byte before this");
    bytes += static_cast<char>(value);
    return OkStatus();
  }

  Result<std::string> Reference() {
    const Cursor before = cursor_;
    cursor_.Take('@');
    const std::string_view word = cursor_.Number();
    const size_t plus = word.find('+');
    size_t offset = 0, length = 0;
    const auto read = [](std::string_view digits, size_t& value) {
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value);
      return !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
    };
    if (plus == std::string_view::npos || !read(word.substr(0, plus), offset) ||
        !read(word.substr(plus + 1), length)) {
      cursor_ = before;
      return cursor_.Expected("a reference, @OFFSET+LENGTH");
    }
    if (offset > source_.size() || length > source_.size() - offset) {
      cursor_ = before;
      return cursor_.Expected(source_.empty() ? std::string("contents, not a reference: no block "
                                                            "picabia_source names a file")
                                              : "a reference into " +
                                                    std::to_string(source_.size()) + " bytes");
    }
    return std::string(source_.substr(offset, length));
  }

  Cursor cursor_;
  std::string_view source_;
};

constexpr FieldType kSourceFields[] = {{1, "file", Kind::kString},
                                       {2, "size", Kind::kInt},
                                       {3, "sha256", Kind::kString},
                                       {4, "form", Kind::kString}};
constexpr MessageType kSource{kSourceFields};
constexpr FieldType kHeaderFields[] = {{1, "picabia_source", Kind::kMessage, false, &kSource}};
constexpr MessageType kHeader{kHeaderFields};

}  // namespace

Result<std::string> ParseMessageText(std::string_view text, const MessageType& type,
                                     std::string_view source) {
  Parser parser(text, source);
  std::string bytes;
  PICABIA_RETURN_IF_ERROR(parser.Message(type, bytes, 0));
  if (!parser.cursor().AtEnd()) return parser.cursor().Expected("the name of a field");
  return bytes;
}

namespace {

// What the block picabia_source says.
struct SourceBlock {
  std::string file, sha256, form;
};

Result<SourceBlock> ReadSourceBlock(Parser& parser) {
  std::string bytes;
  pbf_writer writer(bytes);
  PICABIA_RETURN_IF_ERROR(parser.Named("picabia_source", kHeader, bytes, writer, 0));
  SourceBlock block;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> header, SplitFields(bytes));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<RawField> fields, SplitFields(header[0].bytes));
  for (const RawField& field : fields) {
    if (field.number == 1) block.file = field.bytes;
    if (field.number == 3) block.sha256 = field.bytes;
    if (field.number == 4) block.form = field.bytes;
  }
  return block;
}

}  // namespace

Result<std::string> ParseText(std::string_view text, const OpenSource& open) {
  Parser parser(text, {});
  std::string_view first = parser.cursor().PeekWord();
  SourceBlock block;
  if (first == "picabia_source") {
    parser.cursor().Word();
    PICABIA_ASSIGN_OR_RETURN(block, ReadSourceBlock(parser));
    PICABIA_ASSIGN_OR_RETURN(const std::string_view source, open(block.file));
    if (Sha256Hex(source) != block.sha256) {
      return InvalidArgument("the text refers to contents of another " + block.file +
                             ": found SHA-256 " + Sha256Hex(source) + ", expected " + block.sha256);
    }
    parser.set_source(source);
    first = parser.cursor().PeekWord();
  }
  const bool onnx = block.form.empty() ? GraphDefType().Find(first) == nullptr &&
                                             ModelProtoType().Find(first) != nullptr
                                       : block.form == "ModelProto";
  std::string bytes;
  PICABIA_RETURN_IF_ERROR(parser.Message(onnx ? ModelProtoType() : GraphDefType(), bytes, 0));
  if (!parser.cursor().AtEnd()) return parser.cursor().Expected("the name of a field");
  return bytes;
}

}  // namespace picabia::proto
