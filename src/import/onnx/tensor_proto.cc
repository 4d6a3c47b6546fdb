// TensorProto to Tensor: raw bytes, or one of the typed fields. Called for initializers and
// Constant nodes.
#include <string>

#include "import/onnx/model_proto.h"

namespace picabia::import::onnx {
namespace {

// Rows of TensorProto.DataType that can be read, and the typed field that holds their values.
struct TypeRow {
  int64_t data_type;
  DType dtype;
  uint32_t field;
};

constexpr uint32_t kFloatData = 4, kInt32Data = 5, kInt64Data = 7, kDoubleData = 10;
constexpr TypeRow kTypes[] = {
    {1, DType::kF32, kFloatData},  {2, DType::kU8, kInt32Data},   {3, DType::kI8, kInt32Data},
    {5, DType::kI16, kInt32Data},  {6, DType::kI32, kInt32Data},  {7, DType::kI64, kInt64Data},
    {9, DType::kBool, kInt32Data}, {10, DType::kF16, kInt32Data}, {11, DType::kF64, kDoubleData},
    {4, DType::kU16, kInt32Data},  {12, DType::kU32, kUint64Data}, {13, DType::kU64, kUint64Data},
};

const TypeRow* FindType(int64_t data_type) {
  for (const TypeRow& row : kTypes) {
    if (row.data_type == data_type) return &row;
  }
  return nullptr;
}

struct Header {
  int64_t data_type = 0;
  Shape shape;
  std::string_view raw;
  uint32_t value_fields = 0;  // bit n: the typed field n is there and not empty
  bool has_segment = false;
  bool is_external = false;
};

bool IsValueField(uint32_t n) { return n == 4 || n == 5 || n == 6 || n == 7 || n == 10 || n == 11; }

void ParseValueField(FieldReader& fields, Header& header) {
  const uint32_t number = fields.number();
  const bool packed = fields.wire_type() == protozero::pbf_wire_type::length_delimited;
  if (packed && fields.Bytes().empty()) return;  // an empty packed list is no data
  if (!packed) fields.Skip();
  header.value_fields |= 1u << number;
}

Header ParseHeader(std::string_view message, ParseLog& log) {
  Header header;
  FieldReader fields(message, log);
  while (fields.Next()) {
    switch (fields.number()) {
      case 1:
        fields.Ints([&](int64_t d) {
          if (header.shape.size() <= kMaxRank) header.shape.push_back(d);
        });
        break;
      case 2:
        header.data_type = fields.Int();
        break;
      case 3:
        header.has_segment = true;
        fields.Skip();
        break;
      case 9:
        header.raw = fields.Bytes();
        break;
      case 13:
        header.is_external = true;
        fields.Skip();
        break;
      case 14:
        header.is_external |= fields.Int() != 0;
        break;
      default:
        if (IsValueField(fields.number())) {
          ParseValueField(fields, header);
        } else {
          fields.Skip();
        }
    }
  }
  return header;
}

Status CheckHeader(const Header& header) {
  if (header.is_external) {
    return Unsupported(
        "its data is in another file, which Picabia does not open; save the model "
        "with its data in one file");
  }
  if (header.has_segment) return Unsupported("it is a segment of a larger tensor");
  if (!header.raw.empty() && header.value_fields != 0) {
    return InvalidModel("a tensor has both raw_data and a typed data field");
  }
  return OkStatus();
}

void ReadValues(FieldReader& fields, DType dtype, TensorFiller& filler) {
  switch (dtype) {
    case DType::kF32:
      return fields.Floats([&](float v) { filler.AddFloat(v); });
    case DType::kF64:
      return fields.Doubles([&](double v) { filler.AddDouble(v); });
    case DType::kF16:
      return fields.Ints([&](int64_t v) { filler.AddHalfBits(v); });
    default:
      return fields.Ints([&](int64_t v) { filler.AddInteger(v); });
  }
}

Result<Tensor> ReadTyped(std::string_view message, const TypeRow& type, const Shape& shape,
                         ParseLog& log) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, CheckConstantShape(type.dtype, shape));
  // Each element takes at least a byte, so that this bounds what is allocated.
  if (count > static_cast<int64_t>(message.size())) {
    return InvalidModel("a tensor of shape " + ShapeString(shape) + " holds at most " +
                        std::to_string(message.size()) + " values, expected " +
                        std::to_string(count));
  }
  PICABIA_ASSIGN_OR_RETURN(TensorFiller filler, TensorFiller::Create(type.dtype, shape));
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == type.field) {
      ReadValues(fields, type.dtype, filler);
    } else {
      fields.Skip();
    }
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  return filler.Finish();
}

}  // namespace

Result<DType> ToDType(int64_t data_type) {
  if (const TypeRow* row = FindType(data_type)) return row->dtype;
  return Unsupported(
      "element type " + std::to_string(data_type) +
      " of ONNX is not supported (Picabia reads float, double, float16, int8, uint8, "
      "int16, int32, int64 and bool)");
}

Result<Tensor> ParseTensor(std::string_view message, const Owner& owner, ParseLog& log) {
  const Header header = ParseHeader(message, log);
  PICABIA_RETURN_IF_ERROR(log.status());
  PICABIA_RETURN_IF_ERROR(CheckHeader(header));
  PICABIA_ASSIGN_OR_RETURN(const DType dtype, ToDType(header.data_type));
  const TypeRow& type = *FindType(header.data_type);
  if (!header.raw.empty()) return TensorFromRaw(dtype, header.shape, header.raw, owner);
  if ((header.value_fields & ~(1u << type.field)) != 0) {
    return InvalidModel("a " + std::string(DTypeName(dtype)) +
                        " tensor has values of another type, expected them in field " +
                        std::to_string(type.field));
  }
  return ReadTyped(message, type, header.shape, log);
}

}  // namespace picabia::import::onnx
