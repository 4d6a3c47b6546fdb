// TensorProto to Tensor: raw contents, or one of the typed fields, whose last value TensorFlow
// repeats to fill the shape. Called for Const nodes.
#include <optional>
#include <string>

#include "import/tensorflow/graph_def.h"

namespace picabia::import::tensorflow {
namespace {

// Rows of types.proto that can be read, and the TensorProto field that holds values of the type.
struct TypeRow {
  int64_t data_type;
  DType dtype;
  uint32_t field;
};

constexpr TypeRow kTypes[] = {
    {1, DType::kF32, 5},  {2, DType::kF64, 6},    {3, DType::kI32, 7},
    {4, DType::kU8, 7},   {5, DType::kI16, 7},    {6, DType::kI8, 7},
    {9, DType::kI64, 10}, {10, DType::kBool, 11}, {19, DType::kF16, 13},
};

const TypeRow* FindType(int64_t data_type) {
  for (const TypeRow& row : kTypes) {
    if (row.data_type == data_type) return &row;
  }
  return nullptr;
}

// What the message says besides its values.
struct Header {
  int64_t data_type = 0;
  std::optional<Shape> shape = Shape{};
  std::string_view content;
  bool has_content = false;
  uint32_t value_fields = 0;  // bit n: field n, which holds values, was seen
};

bool IsValueField(uint32_t number) { return number >= 5 && number <= 17; }

Header ParseHeader(std::string_view message, ParseLog& log) {
  Header header;
  FieldReader fields(message, log);
  while (fields.Next()) {
    const uint32_t number = fields.number();
    if (number == 1) {
      header.data_type = fields.Int();
    } else if (number == 2) {
      header.shape = ParseShape(fields.Bytes(), log);
    } else if (number == 4) {
      header.content = fields.Bytes();
      header.has_content = !header.content.empty();
    } else {
      if (IsValueField(number)) header.value_fields |= 1u << number;
      fields.Skip();
    }
  }
  return header;
}

void ReadValues(FieldReader& fields, const TypeRow& type, TensorFiller& filler) {
  switch (type.dtype) {
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

// Elements beyond what the message can hold are filled; they count against the budget.
Status ChargeFill(const TypeRow& type, int64_t count, std::string_view message, Owner& owner) {
  const int64_t bytes = count * static_cast<int64_t>(DTypeSize(type.dtype));
  const int64_t filled = bytes - static_cast<int64_t>(message.size());
  if (filled <= 0) return OkStatus();
  if (filled > owner.fill_budget) {
    return ResourceError("a constant of " + std::to_string(bytes) + " bytes is stored in " +
                         std::to_string(message.size()) +
                         ": constants may not grow that much beyond the size of the file");
  }
  owner.fill_budget -= filled;
  return OkStatus();
}

}  // namespace

Result<DType> ToDType(int64_t data_type) {
  if (const TypeRow* row = FindType(data_type)) return row->dtype;
  return Unsupported("element type " + std::to_string(data_type) +
                     " of TensorFlow is not supported (Picabia reads float, double, half, int8, "
                     "uint8, int16, int32, int64 and bool)");
}

Result<Tensor> ParseTensor(std::string_view message, Owner& owner, ParseLog& log) {
  const Header header = ParseHeader(message, log);
  PICABIA_RETURN_IF_ERROR(log.status());
  PICABIA_ASSIGN_OR_RETURN(const DType dtype, ToDType(header.data_type));
  const TypeRow& type = *FindType(header.data_type);
  if (!header.shape) return InvalidModel("a constant has a shape of unknown rank");
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, CheckConstantShape(dtype, *header.shape));
  if (header.has_content && header.value_fields != 0) {
    return InvalidModel("a constant has both raw contents and a list of values");
  }
  if (header.has_content) return TensorFromRaw(dtype, *header.shape, header.content, owner);
  if ((header.value_fields & ~(1u << type.field)) != 0) {
    return InvalidModel("a " + std::string(DTypeName(dtype)) +
                        " constant has values of another type, expected them in field " +
                        std::to_string(type.field));
  }
  PICABIA_RETURN_IF_ERROR(ChargeFill(type, count, message, owner));
  PICABIA_ASSIGN_OR_RETURN(TensorFiller filler, TensorFiller::Create(dtype, *header.shape));
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == type.field) {
      ReadValues(fields, type, filler);
    } else {
      fields.Skip();
    }
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  return filler.FinishFilled();
}

}  // namespace picabia::import::tensorflow
