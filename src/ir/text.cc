// Prints graphs as text. Called by tests, by `inspect` and by the pipeline's dumps. The fields of
// operators are printed over VisitFields, so that a new operator prints without a line here.
#include "ir/text.h"

#include <fmt/format.h>

#include <cstring>

#include "base/half.h"

namespace picabia::ir {
namespace {

bool IsPlain(std::string_view name) {
  if (name.empty()) return false;
  for (char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool other = (c >= '0' && c <= '9') || std::strchr("_./:-", c) != nullptr;
    if (c == '\0' || !(letter || other)) return false;
  }
  return true;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string NameText(std::string_view name) {
  return IsPlain(name) ? std::string(name) : Quoted(name);
}

std::string ValueText(const Graph& graph, ValueId id) {
  return "%" + NameText(graph.value(id).name);
}

std::string TypeText(DType dtype, const std::optional<Shape>& shape) {
  std::string out = DTypeName(dtype);
  if (shape) out += " " + ShapeString(*shape);
  return out;
}

// The value of one attribute.
std::string FieldText(bool value) { return value ? "true" : "false"; }
std::string FieldText(int64_t value) { return std::to_string(value); }
std::string FieldText(const std::string& value) { return Quoted(value); }
std::string FieldText(float value) { return fmt::format("{}", value); }
template <typename E>
  requires std::is_enum_v<E>
std::string FieldText(E value) {
  return std::to_string(static_cast<int>(value));
}
template <typename List>
  requires requires(const List& list) { list.begin(); }
std::string FieldText(const List& list) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ", ") + FieldText(item);
  return "[" + out + "]";
}

std::vector<std::pair<const char*, std::string>> Fields(ops::Op op) {
  std::vector<std::pair<const char*, std::string>> fields;
  const auto add = [&](const char* name, const auto& field) {
    fields.emplace_back(name, FieldText(field));
  };
  std::visit([&](auto& o) { o.VisitFields(add); }, op);
  return fields;
}

std::string FieldsText(const ops::Op& op, bool defaults) {
  const auto fields = Fields(op);
  const auto plain =
      Fields(std::visit([](const auto& o) -> ops::Op { return std::decay_t<decltype(o)>{}; }, op));
  std::string out;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!defaults && fields[i].second == plain[i].second) continue;
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", fields[i].first, fields[i].second);
  }
  return out.empty() ? "" : " {" + out + "}";
}

template <typename T>
T Element(const Tensor& tensor, int64_t i) {
  T value;
  std::memcpy(&value, tensor.bytes() + static_cast<size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

std::string ElementText(const Tensor& tensor, int64_t i) {
  switch (tensor.dtype()) {
    case DType::kF32:
      return fmt::format("{}", Element<float>(tensor, i));
    case DType::kF64:
      return fmt::format("{}", Element<double>(tensor, i));
    case DType::kF16:
      return fmt::format("{}", HalfToFloat(Element<uint16_t>(tensor, i)));
    case DType::kI8:
      return std::to_string(Element<int8_t>(tensor, i));
    case DType::kU8:
    case DType::kBool:
      return std::to_string(Element<uint8_t>(tensor, i));
    case DType::kI16:
      return std::to_string(Element<int16_t>(tensor, i));
    case DType::kI32:
      return std::to_string(Element<int32_t>(tensor, i));
    case DType::kI64:
      return std::to_string(Element<int64_t>(tensor, i));
    case DType::kU16:
      return std::to_string(Element<uint16_t>(tensor, i));
    case DType::kU32:
      return std::to_string(Element<uint32_t>(tensor, i));
    case DType::kU64:
      return std::to_string(Element<uint64_t>(tensor, i));
  }
  return "0";
}

std::string ContentsText(const Tensor& tensor, int64_t max_elements) {
  if (tensor.num_elements() > max_elements) return "...";
  std::string out = "{";
  for (int64_t i = 0; i < tensor.num_elements(); ++i)
    out += (i == 0 ? "" : ", ") + ElementText(tensor, i);
  return out + "}";
}

std::string NodeText(const Graph& graph, const Node& node, const PrintOptions& options) {
  std::string out, inputs;
  for (ValueId id : node.outputs) {
    const Value& v = graph.value(id);
    out += (out.empty() ? "" : ", ") + ValueText(graph, id);
    if (v.dtype != DType::kF32 || v.declared_shape)
      out += " : " + TypeText(v.dtype, v.declared_shape);
  }
  for (ValueId id : node.inputs) inputs += (inputs.empty() ? "" : ", ") + ValueText(graph, id);
  out += fmt::format(" = {}({}){}", ops::OpName(node.op), inputs,
                     FieldsText(node.op, options.defaults));
  // Almost every node has the name of its output.
  const bool same = node.outputs.size() == 1 && graph.value(node.outputs[0]).name == node.name;
  return same ? out : out + " @" + NameText(node.name);
}

std::string PictureText(const PictureConvention& p) {
  if (p == PictureConvention{}) return "";
  return fmt::format(
      "picture {{nchw={}, out_nchw={}, bgr={}, scale={}, shift={}, out_scale={}, out_shift={}}}\n",
      p.nchw, p.out_nchw, p.bgr, FieldText(p.scale), FieldText(p.shift), FieldText(p.out_scale),
      FieldText(p.out_shift));
}

}  // namespace

std::string Print(const Graph& graph, const PrintOptions& options) {
  std::string out;
  if (!graph.source.empty()) out += "source " + Quoted(graph.source) + "\n";
  if (graph.format != "text") out += "format " + Quoted(graph.format) + "\n";
  out += PictureText(graph.picture);
  for (ValueId id : graph.inputs) {
    const Value& v = graph.value(id);
    out += "input  " + ValueText(graph, id) + " : " + TypeText(v.dtype, v.declared_shape);
    if (v.frozen_shape) out += " frozen " + ShapeString(*v.frozen_shape);
    out += "\n";
  }
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const Value& v = graph.values[i];
    if (!v.constant) continue;
    out += fmt::format("const  %{} : {} = {}\n", NameText(v.name),
                       TypeText(v.dtype, v.constant->shape()),
                       ContentsText(*v.constant, options.max_constant_elements));
  }
  for (const Node& node : graph.nodes) out += NodeText(graph, node, options) + "\n";
  for (ValueId id : graph.outputs) out += "output " + ValueText(graph, id) + "\n";
  return out;
}

}  // namespace picabia::ir
