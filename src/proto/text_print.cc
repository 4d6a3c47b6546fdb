// Messages into text; see text.h.
#include <charconv>
#include <protozero/pbf_reader.hpp>

#include "base/sha256.h"
#include "proto/message.h"
#include "proto/text.h"
#include "proto/wire.h"

namespace picabia::proto {
namespace {

using protozero::pbf_wire_type;

constexpr int kDeepest = 32;  // messages in messages; deeper ones are printed as bytes

std::string QuotedBytes(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (c == '\n') {
      text += "\\n";
    } else if (code >= 0x20 && code < 0x7F) {
      text += c;
    } else {
      text += {'\\', static_cast<char>('0' + (code >> 6)), static_cast<char>('0' + (code >> 3 & 7)),
               static_cast<char>('0' + (code & 7))};
    }
  }
  return text + "\"";
}

// The shortest text that reads as the same number.
template <typename T>
std::string NumberText(T value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string IntText(const FieldType& field, int64_t value) {
  if (field.kind == Kind::kBool && (value == 0 || value == 1)) return value != 0 ? "true" : "false";
  for (const EnumName& each : field.names)
    if (each.number == value) return each.name;
  return NumberText(value);
}

pbf_wire_type WireTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kInt:
    case Kind::kBool:
    case Kind::kEnum:
      return pbf_wire_type::varint;
    case Kind::kFloat:
      return pbf_wire_type::fixed32;
    case Kind::kDouble:
      return pbf_wire_type::fixed64;
    default:
      return pbf_wire_type::length_delimited;
  }
}

bool IsNumber(Kind kind) { return WireTypeOf(kind) != pbf_wire_type::length_delimited; }

class Printer {
 public:
  Printer(std::string_view file, bool references) : file_(file), references_(references) {}

  void Message(std::string_view message, const MessageType& type, int depth) {
    const auto fields = SplitFields(message);
    for (const RawField& field : *fields) Field(field, type, depth);
  }

  std::string text;

 private:
  void Indent(int depth) { text.append(static_cast<size_t>(2 * depth), ' '); }

  void Field(const RawField& field, const MessageType& type, int depth) {
    const size_t begin = text.size();
    const FieldType* known = type.Find(field.number);
    if (known != nullptr && depth < kDeepest && Known(field, *known, depth)) {
      const std::string_view written = std::string_view(text).substr(begin);
      const auto back = ParseMessageText(written, type, file_);
      if (back.ok() && *back == field.whole) return;
    }
    text.resize(begin);
    Indent(depth);
    text += "picabia_field: ";
    text += references_ && field.whole.size() > kInlineBytes ? Reference(field.whole)
                                                             : QuotedBytes(field.whole);
    text += '\n';
  }

  std::string Reference(std::string_view bytes) const {
    return "@" + std::to_string(bytes.data() - file_.data()) + "+" + std::to_string(bytes.size());
  }

  bool Known(const RawField& field, const FieldType& type, int depth) {
    protozero::pbf_reader reader(field.whole.data(), field.whole.size());
    reader.next();
    const bool as_declared = reader.wire_type() == WireTypeOf(type.kind);
    const bool list = IsNumber(type.kind) && reader.wire_type() == pbf_wire_type::length_delimited;
    if (!as_declared && !list) return false;
    Indent(depth);
    text += type.name;
    if (type.kind == Kind::kMessage) {
      text += " {\n";
      if (!SplitFields(field.bytes).ok()) return false;
      Message(field.bytes, *type.message, depth + 1);
      Indent(depth);
      text += "}\n";
      return true;
    }
    text += ": ";
    const bool refer = references_ && field.bytes.size() > kInlineBytes &&
                       (list || std::string_view(type.name).ends_with("content") ||
                        std::string_view(type.name) == "raw_data");
    if (refer) {
      text += Reference(field.bytes);
    } else if (list) {
      if (!List(reader, type)) return false;
    } else {
      Scalar(reader, type);
    }
    text += '\n';
    return true;
  }

  void Scalar(protozero::pbf_reader& reader, const FieldType& type) {
    if (type.kind == Kind::kFloat) {
      text += NumberText(reader.get_float());
    } else if (type.kind == Kind::kDouble) {
      text += NumberText(reader.get_double());
    } else if (IsNumber(type.kind)) {
      text += IntText(type, reader.get_int64());
    } else {
      const protozero::data_view view = reader.get_view();
      text += QuotedBytes({view.data(), view.size()});
    }
  }

  bool List(protozero::pbf_reader& reader, const FieldType& type) {
    std::string items;
    const auto add = [&](const std::string& item) { items += (items.empty() ? "" : ", ") + item; };
    try {
      if (type.kind == Kind::kFloat) {
        for (const float value : reader.get_packed_float()) add(NumberText(value));
      } else if (type.kind == Kind::kDouble) {
        for (const double value : reader.get_packed_double()) add(NumberText(value));
      } else {
        for (const int64_t value : reader.get_packed_int64()) add(IntText(type, value));
      }
    } catch (const protozero::exception&) {
      return false;  // the bytes are no whole numbers
    }
    text += "[" + items + "]";
    return true;
  }

  std::string_view file_;
  bool references_;
};

}  // namespace

Result<std::string> PrintText(std::string_view model, const MessageType& type,
                              const PrintTextOptions& options) {
  PICABIA_RETURN_IF_ERROR([&] {
    const auto fields = SplitFields(model);
    return fields.ok() ? OkStatus() : fields.status();
  }());
  const bool references = !options.source.empty();
  Printer printer(model, references);
  if (references) {
    printer.text += "picabia_source {\n  file: " + QuotedBytes(options.source) +
                    "\n  size: " + std::to_string(model.size()) + "\n  sha256: \"" +
                    Sha256Hex(model) + "\"\n  form: \"" +
                    (&type == &GraphDefType() ? "GraphDef" : "ModelProto") + "\"\n}\n";
  }
  printer.Message(model, type, 0);
  return std::move(printer.text);
}

}  // namespace picabia::proto
