// Default rules of custom operators, their registry, and the text form of their attributes.
#include "ops/custom.h"

#include <charconv>
#include <string_view>

#include "ops/shape.h"

namespace picabia::ops {

Result<DType> CustomOperator::OutputType(std::span<const DType> inputs, const std::string&) const {
  return inputs[0];
}

Result<Shape> CustomOperator::OutputShape(std::span<const TensorType> inputs,
                                          const std::string&) const {
  Shape shape = inputs[0].shape;
  for (const TensorType& input : inputs.subspan(1)) {
    PICABIA_ASSIGN_OR_RETURN(shape, BroadcastShapes(shape, input.shape));
  }
  return shape;
}

Status OperatorRegistry::Add(const std::string& type, const std::string& device,
                             CustomPointer implementation) {
  if (!device.empty() && device != "cpu" && device != "mlu")
    return InvalidArgument("operator '" + type + "': found device '" + device +
                           "', expected cpu, mlu or none");
  if (operators_.emplace(std::pair(type, device), std::move(implementation)).second)
    return OkStatus();
  return InvalidArgument("operator '" + type + "' for " +
                         (device.empty() ? "every device" : "device " + device) +
                         " is there a second time");
}

OperatorSet OperatorRegistry::For(const std::string& device) const {
  OperatorSet set;
  for (const auto& [key, implementation] : operators_)
    if (key.second == device) set[key.first] = implementation;
  for (const auto& [key, implementation] : operators_)
    if (key.second.empty()) set.emplace(key.first, implementation);
  return set;
}

std::vector<std::pair<std::string, std::string>> OperatorRegistry::List() const {
  std::vector<std::pair<std::string, std::string>> list;
  for (const auto& [key, implementation] : operators_) list.push_back(key);
  return list;
}

Status NotLoaded(const std::string& type) {
  return NotFound("operator '" + type + "' is not loaded (--operators LIBRARY loads it)");
}

Result<Custom> MakeCustom(const std::string& type, CustomPointer implementation,
                          std::string attributes, std::span<const DType> inputs) {
  if (inputs.empty()) return InvalidArgument("found no input, expected one at least");
  PICABIA_ASSIGN_OR_RETURN(const DType to, implementation->OutputType(inputs, attributes));
  return Custom{type, to, std::move(attributes), std::move(implementation)};
}

namespace {

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-' || c == '/';
}

std::string Escaped(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsPlain(c)) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::optional<std::string> Unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsPlain(text[i])) {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* first = text.data() + i + 1;
    if (text[i] != '%' || i + 2 >= text.size() ||
        std::from_chars(first, first + 2, byte, 16).ptr != first + 2)
      return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

template <typename T>
std::string NumbersText(const std::vector<T>& numbers) {
  std::string out;
  for (const T number : numbers) {
    char text[32];  // enough for the shortest form of any number
    const auto end = std::to_chars(text, text + sizeof(text), number).ptr;
    out += (out.empty() ? "" : ",") + std::string(text, end);
  }
  return out;
}

template <typename T>
std::optional<std::vector<T>> ParseNumbers(std::string_view text) {
  std::vector<T> numbers;
  while (!text.empty()) {
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    numbers.push_back(number);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) break;
    if (text[0] != ',' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  return numbers;
}

// One "name=k:value".
std::optional<CustomAttribute> ParseAttribute(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals + 2 >= text.size() || text[equals + 2] != ':')
    return std::nullopt;
  auto name = Unescaped(text.substr(0, equals));
  if (!name || name->empty()) return std::nullopt;
  CustomAttribute attribute{*std::move(name), {}};
  const auto set = [&](auto value) {
    if (value) attribute.value = *std::move(value);
    return value.has_value();
  };
  const std::string_view value = text.substr(equals + 3);
  const char kind = text[equals + 1];
  const bool ok = kind == 'i'   ? set(ParseNumbers<int64_t>(value))
                  : kind == 'f' ? set(ParseNumbers<double>(value))
                  : kind == 's' ? set(Unescaped(value))
                                : false;
  return ok ? std::optional(std::move(attribute)) : std::nullopt;
}

}  // namespace

std::string WriteAttributes(const std::vector<CustomAttribute>& attributes) {
  std::string out;
  for (const CustomAttribute& a : attributes) {
    out += (out.empty() ? "" : ";") + Escaped(a.name);
    if (const auto* ints = std::get_if<std::vector<int64_t>>(&a.value)) {
      out += "=i:" + NumbersText(*ints);
    } else if (const auto* floats = std::get_if<std::vector<double>>(&a.value)) {
      out += "=f:" + NumbersText(*floats);
    } else {
      out += "=s:" + Escaped(std::get<std::string>(a.value));
    }
  }
  return out;
}

Result<std::vector<CustomAttribute>> ParseAttributes(const std::string& text) {
  std::vector<CustomAttribute> attributes;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(';'), rest.size());
    auto attribute = ParseAttribute(rest.substr(0, end));
    if (!attribute)
      return InvalidArgument("attribute attributes: found '" + Escaped(rest.substr(0, 40)) +
                             "', expected name=i:NUMBERS, name=f:NUMBERS or name=s:TEXT");
    attributes.push_back(*std::move(attribute));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return attributes;
}

}  // namespace picabia::ops
