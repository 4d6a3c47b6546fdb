// Parses the text form of graphs. Called by tests and by tools that take a graph as text; the text
// may be anything. One line is one statement; nothing recurses; memory is bounded by the text.
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "base/checked.h"
#include "base/half.h"
#include "ir/text.h"
#include "ir/text_cursor.h"

namespace picabia::ir {
namespace {

Status ParseField(Cursor& in, bool& field) {
  const bool yes = in.TakeWord("true");
  if (!yes && !in.TakeWord("false")) return in.Wrong("true or false");
  field = yes;
  return OkStatus();
}
Status ParseField(Cursor& in, int64_t& field) {
  PICABIA_ASSIGN_OR_RETURN(field, in.Number<int64_t>("a whole number"));
  return OkStatus();
}
Status ParseField(Cursor& in, std::string& field) {
  PICABIA_ASSIGN_OR_RETURN(field, in.String());
  return OkStatus();
}
Status ParseField(Cursor& in, float& field) {
  PICABIA_ASSIGN_OR_RETURN(field, in.Number<float>("a number"));
  return OkStatus();
}
template <typename E>
  requires std::is_enum_v<E>
Status ParseField(Cursor& in, E& field) {
  PICABIA_ASSIGN_OR_RETURN(const uint8_t value, in.Number<uint8_t>("a number from 0 to 255"));
  field = static_cast<E>(value);  // Verify knows which there are
  return OkStatus();
}
template <typename T>
Status ParseField(Cursor& in, std::vector<T>& field) {
  PICABIA_RETURN_IF_ERROR(in.Expect('['));
  field.clear();
  if (in.Take(']')) return OkStatus();
  do {
    PICABIA_RETURN_IF_ERROR(ParseField(in, field.emplace_back()));
  } while (in.Take(','));
  return in.Expect(']');
}
template <typename T, size_t N>
Status ParseField(Cursor& in, std::array<T, N>& field) {
  std::vector<T> items;
  PICABIA_RETURN_IF_ERROR(ParseField(in, items));
  if (items.size() != N)
    return InvalidArgument("found " + std::to_string(items.size()) + " numbers, expected " +
                           std::to_string(N));
  std::copy(items.begin(), items.end(), field.begin());
  return OkStatus();
}

// {name=value, ...} into whatever VisitFields offers.
template <typename Visit>
Status ParseFields(Cursor& in, const Visit& visit) {
  if (!in.Take('{')) return OkStatus();
  if (in.Take('}')) return OkStatus();
  do {
    PICABIA_ASSIGN_OR_RETURN(const std::string name, in.Name());
    PICABIA_RETURN_IF_ERROR(in.Expect('='));
    bool known = false;
    Status status;
    visit([&](const char* field_name, auto& field) {
      if (known || name != field_name) return;
      known = true;
      status = ParseField(in, field);
    });
    if (!known) return InvalidArgument("found attribute '" + name + "', which it does not have");
    PICABIA_RETURN_IF_ERROR(status.WithContext("attribute " + name));
  } while (in.Take(','));
  return in.Expect('}');
}

// An operator of this name with its default attributes.
template <size_t... I>
bool MakeOp(std::string_view name, ops::Op& op, std::index_sequence<I...>) {
  return (
      (name == std::variant_alternative_t<I, ops::Op>::kName ? (op.emplace<I>(), true) : false) ||
      ...);
}

Result<Shape> ParseShape(Cursor& in) {
  Shape shape;
  PICABIA_RETURN_IF_ERROR(in.Expect('['));
  if (in.Take(']')) return shape;
  do {
    if (in.Take('?')) {
      shape.push_back(-1);
      continue;
    }
    PICABIA_ASSIGN_OR_RETURN(const int64_t dim, in.Number<int64_t>("a dimension or ?"));
    if (dim < 0)
      return InvalidArgument("found dimension " + std::to_string(dim) + ", expected >= 0");
    shape.push_back(dim);
  } while (in.Take(','));
  PICABIA_RETURN_IF_ERROR(in.Expect(']'));
  return shape;
}

// " : dtype [shape]" into a value; the shape may be left out.
Status ParseType(Cursor& in, Value& value) {
  PICABIA_RETURN_IF_ERROR(in.Expect(':'));
  PICABIA_ASSIGN_OR_RETURN(value.dtype, ParseDType(std::string(in.Word())));
  if (!in.Peek('[')) return OkStatus();
  PICABIA_ASSIGN_OR_RETURN(value.declared_shape, ParseShape(in));
  return OkStatus();
}

// The elements are read before memory for the shape is taken: a short text cannot ask for much.
template <typename T, typename Stored = T, typename Convert>
Result<Tensor> ParseElements(Cursor& in, DType dtype, const Shape& shape, Convert convert) {
  std::vector<Stored> values;
  PICABIA_RETURN_IF_ERROR(in.Expect('{'));
  if (!in.Take('}')) {
    do {
      PICABIA_ASSIGN_OR_RETURN(const T value, in.Number<T>("an element in range"));
      values.push_back(convert(value));
    } while (in.Take(','));
    PICABIA_RETURN_IF_ERROR(in.Expect('}'));
  }
  const auto count = CheckedProduct(shape);
  if (!count || static_cast<uint64_t>(*count) != values.size())
    return InvalidArgument("found " + std::to_string(values.size()) +
                           " elements, expected those of shape " + ShapeString(shape));
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(dtype, shape));
  if (!values.empty())
    std::memcpy(tensor.MutableData<std::byte>(), values.data(), values.size() * sizeof(Stored));
  return tensor;
}

Result<Tensor> ParseContents(Cursor& in, DType dtype, const Shape& shape) {
  const auto same = [](auto v) { return v; };
  switch (dtype) {
    case DType::kF32:
      return ParseElements<float>(in, dtype, shape, same);
    case DType::kF64:
      return ParseElements<double>(in, dtype, shape, same);
    case DType::kF16:
      return ParseElements<float, uint16_t>(in, dtype, shape, FloatToHalf);
    case DType::kI8:
      return ParseElements<int8_t>(in, dtype, shape, same);
    case DType::kBool:
      return ParseElements<uint8_t, uint8_t>(
          in, dtype, shape, [](uint8_t v) { return static_cast<uint8_t>(v != 0 ? 1 : 0); });
    case DType::kU8:
      return ParseElements<uint8_t>(in, dtype, shape, same);
    case DType::kI16:
      return ParseElements<int16_t>(in, dtype, shape, same);
    case DType::kI32:
      return ParseElements<int32_t>(in, dtype, shape, same);
    case DType::kI64:
      return ParseElements<int64_t>(in, dtype, shape, same);
    case DType::kU16:
      return ParseElements<uint16_t>(in, dtype, shape, same);
    case DType::kU32:
      return ParseElements<uint32_t>(in, dtype, shape, same);
    case DType::kU64:
      return ParseElements<uint64_t>(in, dtype, shape, same);
  }
  return InvalidArgument("unknown element type");
}

class Parser {
 public:
  Status Line(Cursor in) {
    if (in.AtEnd() || in.Peek('#')) return OkStatus();
    PICABIA_RETURN_IF_ERROR(Statement(in));
    return in.AtEnd() || in.Peek('#') ? OkStatus() : in.Wrong("the end of the line");
  }
  Graph Take() { return std::move(graph_); }

 private:
  Status Statement(Cursor& in) {
    if (in.Peek('%')) return ParseNode(in);
    if (in.TakeWord("input")) return ParseInput(in);
    if (in.TakeWord("const")) return ParseConstant(in);
    if (in.TakeWord("output")) {
      PICABIA_ASSIGN_OR_RETURN(const ValueId id, Use(in));
      graph_.outputs.push_back(id);
      return OkStatus();
    }
    if (in.TakeWord("picture")) return ParsePicture(in);
    if (in.TakeWord("source")) return Into(in.Name(), graph_.source);
    if (in.TakeWord("format")) return Into(in.Name(), graph_.format);
    return in.Wrong("input, const, output, picture, source, format or %name");
  }

  static Status Into(Result<std::string> from, std::string& to) {
    PICABIA_RETURN_IF_ERROR(from.status());
    to = *std::move(from);
    return OkStatus();
  }

  Result<Value> NewValue(Cursor& in) {
    PICABIA_RETURN_IF_ERROR(in.Expect('%'));
    Value value;
    PICABIA_ASSIGN_OR_RETURN(value.name, in.Name());
    return value;
  }

  Result<ValueId> Define(Value value) {
    const auto [at, fresh] = ids_.emplace(value.name, ValueId{});
    if (!fresh) return InvalidArgument("%" + value.name + " is made a second time");
    at->second = graph_.AddValue(std::move(value));
    return at->second;
  }

  Result<ValueId> Use(Cursor& in) {
    PICABIA_RETURN_IF_ERROR(in.Expect('%'));
    PICABIA_ASSIGN_OR_RETURN(const std::string name, in.Name());
    const auto at = ids_.find(name);
    if (at == ids_.end()) return NotFound("%" + name + " is not made before it is used");
    return at->second;
  }

  Status ParseInput(Cursor& in) {
    PICABIA_ASSIGN_OR_RETURN(Value value, NewValue(in));
    PICABIA_RETURN_IF_ERROR(ParseType(in, value));
    if (in.TakeWord("frozen")) {
      PICABIA_ASSIGN_OR_RETURN(value.frozen_shape, ParseShape(in));
    }
    PICABIA_ASSIGN_OR_RETURN(const ValueId id, Define(std::move(value)));
    graph_.inputs.push_back(id);
    return OkStatus();
  }

  Status ParseConstant(Cursor& in) {
    PICABIA_ASSIGN_OR_RETURN(Value value, NewValue(in));
    PICABIA_RETURN_IF_ERROR(ParseType(in, value));
    if (!value.declared_shape) return in.Wrong("the constant's shape");
    PICABIA_RETURN_IF_ERROR(in.Expect('='));
    PICABIA_ASSIGN_OR_RETURN(value.constant, ParseContents(in, value.dtype, *value.declared_shape));
    value.declared_shape.reset();  // the tensor has it
    return Define(std::move(value)).status();
  }

  Status ParseNode(Cursor& in) {
    std::vector<Value> outputs;
    do {
      PICABIA_ASSIGN_OR_RETURN(Value value, NewValue(in));
      if (in.Peek(':')) PICABIA_RETURN_IF_ERROR(ParseType(in, value));
      outputs.push_back(std::move(value));
    } while (in.Take(','));
    PICABIA_RETURN_IF_ERROR(in.Expect('='));
    Node node;
    node.name = outputs[0].name;
    const std::string_view op_name = in.Word();
    constexpr auto kAll = std::make_index_sequence<std::variant_size_v<ops::Op>>{};
    if (!MakeOp(op_name, node.op, kAll))
      return InvalidArgument("found operator '" + std::string(op_name) + "', which is unknown");
    PICABIA_RETURN_IF_ERROR(ParseInputs(in, node));
    PICABIA_RETURN_IF_ERROR(std::visit(
        [&](auto& op) {
          return ParseFields(in, [&op](auto&& visitor) { op.VisitFields(visitor); });
        },
        node.op));
    if (in.Take('@')) {
      PICABIA_ASSIGN_OR_RETURN(node.name, in.Name());
    }
    for (Value& value : outputs) {
      PICABIA_ASSIGN_OR_RETURN(const ValueId id, Define(std::move(value)));
      node.outputs.push_back(id);
    }
    graph_.nodes.push_back(std::move(node));
    return OkStatus();
  }

  Status ParseInputs(Cursor& in, Node& node) {
    PICABIA_RETURN_IF_ERROR(in.Expect('('));
    if (in.Take(')')) return OkStatus();
    do {
      PICABIA_ASSIGN_OR_RETURN(const ValueId id, Use(in));
      node.inputs.push_back(id);
    } while (in.Take(','));
    return in.Expect(')');
  }

  Status ParsePicture(Cursor& in) {
    PictureConvention& p = graph_.picture;
    return ParseFields(in, [&p](auto&& v) {
      v("nchw", p.nchw);
      v("out_nchw", p.out_nchw);
      v("bgr", p.bgr);
      v("scale", p.scale);
      v("shift", p.shift);
      v("out_scale", p.out_scale);
      v("out_shift", p.out_shift);
    });
  }

  Graph graph_ = [] {
    Graph graph;
    graph.format = "text";
    return graph;
  }();
  std::unordered_map<std::string, ValueId> ids_;
};

}  // namespace

Result<Graph> Parse(std::string_view text) {
  Parser parser;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const Status status = parser.Line(Cursor(text.substr(0, end)));
    if (!status.ok()) return status.WithContext("line " + std::to_string(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  Graph graph = parser.Take();
  PICABIA_RETURN_IF_ERROR(Verify(graph));
  return graph;
}

}  // namespace picabia::ir
