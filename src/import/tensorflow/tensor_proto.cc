// TensorProto to Tensor: raw contents, or one of the typed fields, whose last value TensorFlow
// repeats to fill the shape. Called for Const nodes.
#include <optional>
#include <string>

#include "import/tensorflow/graph_def.h"

namespace picabia::import::tensorflow {
namespace {

// DataType of types.proto, as far as it can be read.
constexpr StoredType kTypes[] = {
    {1, DType::kF32, 5}, {2, DType::kF64, 6},  {19, DType::kF16, 13},
    {6, DType::kI8, 7},  {4, DType::kU8, 7},   {5, DType::kI16, 7},
    {3, DType::kI32, 7}, {9, DType::kI64, 10}, {10, DType::kBool, 11},
};

// What the message says besides its values.
struct Header {
  int64_t data_type = 0;
  std::optional<Shape> shape = Shape{};
  std::string_view content;
  ValueFields values;
};

bool IsValueField(uint32_t number) { return number >= 5 && number <= 17; }

Header ParseHeader(std::string_view message, ParseLog& log) {
  Header header;
  FieldReader fields(message, log);
  while (fields.Next()) {
    const uint32_t number = fields.number();
    if (number == 1) header.data_type = fields.Int();
    if (number == 2) header.shape = ParseShape(fields.Bytes(), log);
    if (number == 4) {
      header.content = fields.Bytes();
      header.values.has_raw = !header.content.empty();
    }
    if (IsValueField(number)) header.values.typed |= 1u << number;
  }
  return header;
}

// Elements beyond what the message can hold are filled; they count against the budget.
Status ChargeFill(const StoredType& type, int64_t count, std::string_view message, Owner& owner) {
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
  PICABIA_ASSIGN_OR_RETURN(const StoredType type, FindStoredType(kTypes, data_type, "TensorFlow"));
  return type.dtype;
}

Result<Tensor> ParseTensor(std::string_view message, Owner& owner, ParseLog& log) {
  const Header header = ParseHeader(message, log);
  PICABIA_RETURN_IF_ERROR(log.status());
  PICABIA_ASSIGN_OR_RETURN(const StoredType type,
                           FindStoredType(kTypes, header.data_type, "TensorFlow"));
  if (!header.shape) return InvalidModel("a constant has a shape of unknown rank");
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, CheckConstantShape(type.dtype, *header.shape));
  PICABIA_RETURN_IF_ERROR(CheckValueFields(type, header.values));
  if (header.values.has_raw) {
    return TensorFromRaw(type.dtype, *header.shape, header.content, owner);
  }
  PICABIA_RETURN_IF_ERROR(ChargeFill(type, count, message, owner));
  return TensorFromTyped(type, *header.shape, message, true, log);
}

}  // namespace picabia::import::tensorflow
