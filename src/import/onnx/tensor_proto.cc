// TensorProto to Tensor: raw bytes, one of the typed fields, or another file. Called for
// initializers and Constant nodes.
#include <bit>
#include <string>

#include "import/onnx/external_data.h"
#include "import/onnx/model_proto.h"

namespace picabia::import::onnx {
namespace {

constexpr uint32_t kFloatData = 4, kInt32Data = 5, kInt64Data = 7, kDoubleData = 10,
                   kUint64Data = 11;
// TensorProto.DataType, as far as it can be read.
constexpr StoredType kTypes[] = {
    {1, DType::kF32, kFloatData}, {11, DType::kF64, kDoubleData}, {10, DType::kF16, kInt32Data},
    {3, DType::kI8, kInt32Data},  {2, DType::kU8, kInt32Data},    {5, DType::kI16, kInt32Data},
    {6, DType::kI32, kInt32Data}, {7, DType::kI64, kInt64Data},   {9, DType::kBool, kInt32Data},
    {4, DType::kU16, kInt32Data}, {12, DType::kU32, kUint64Data}, {13, DType::kU64, kUint64Data},
};

// bfloat16 is the upper half of float32, and read as that; no other tensor of a graph may have it.
constexpr int64_t kBfloat16 = 16;
constexpr StoredType kBfloat16Bits = {kBfloat16, DType::kU16, kInt32Data};

Result<Tensor> FromBfloat16(const Tensor& bits) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(DType::kF32, bits.shape()));
  for (int64_t i = 0; i < bits.num_elements(); ++i)
    tensor.MutableData<float>()[i] =
        std::bit_cast<float>(static_cast<uint32_t>(bits.data<uint16_t>()[i]) << 16);
  return tensor;
}

struct Header {
  int64_t data_type = 0;
  Shape shape;
  std::string_view raw;
  ValueFields values;
  bool has_segment = false;
  int64_t data_location = 0;  // 1: in another file
  std::vector<std::string_view> external;
};

bool IsValueField(uint32_t n) { return n == 4 || n == 5 || n == 6 || n == 7 || n == 10 || n == 11; }

void ParseValueField(FieldReader& fields, Header& header) {
  const bool packed = fields.wire_type() == protozero::pbf_wire_type::length_delimited;
  if (packed && fields.Bytes().empty()) return;  // an empty packed list is no data
  header.values.typed |= 1u << fields.number();
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
        break;
      case 9:
        header.raw = fields.Bytes();
        header.values.has_raw = !header.raw.empty();
        break;
      case 13:
        if (header.external.size() <= kMaxExternalEntries)
          header.external.push_back(fields.Bytes());
        break;
      case 14:
        header.data_location = fields.Int();
        break;
      default:
        if (IsValueField(fields.number())) ParseValueField(fields, header);
    }
  }
  return header;
}

Status CheckHeader(const Header& header) {
  if (header.has_segment) return Unsupported("it is a segment of a larger tensor");
  if (header.data_location < 0 || header.data_location > 1) {
    return InvalidModel("a tensor has data_location " + std::to_string(header.data_location) +
                        ", expected 0 (here) or 1 (in another file)");
  }
  if (header.data_location == 0 && !header.external.empty()) {
    return InvalidModel("a tensor names another file for its data and says that they are here");
  }
  if (header.data_location == 1 && (header.values.has_raw || header.values.typed != 0)) {
    return InvalidModel("a tensor has data here and in another file");
  }
  return OkStatus();
}

Result<Tensor> ParseAs(const StoredType& type, const Header& header, std::string_view message,
                       const Owner& owner, ParseLog& log) {
  if (header.data_location == 1) {
    return ReadExternalTensor(type.dtype, header.shape, header.external, owner, log);
  }
  PICABIA_RETURN_IF_ERROR(CheckValueFields(type, header.values));
  if (header.values.has_raw) return TensorFromRaw(type.dtype, header.shape, header.raw, owner);
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, CheckConstantShape(type.dtype, header.shape));
  // Each element takes at least a byte, so that this bounds what is allocated.
  if (count > static_cast<int64_t>(message.size())) {
    return InvalidModel("a tensor of shape " + ShapeString(header.shape) + " holds at most " +
                        std::to_string(message.size()) + " values, expected " +
                        std::to_string(count));
  }
  return TensorFromTyped(type, header.shape, message, false, log);
}

}  // namespace

Result<DType> ToDType(int64_t data_type) {
  PICABIA_ASSIGN_OR_RETURN(const StoredType type, FindStoredType(kTypes, data_type, "ONNX"));
  return type.dtype;
}

Result<Tensor> ParseTensor(std::string_view message, const Owner& owner, ParseLog& log) {
  const Header header = ParseHeader(message, log);
  PICABIA_RETURN_IF_ERROR(log.status());
  PICABIA_RETURN_IF_ERROR(CheckHeader(header));
  if (header.data_type == kBfloat16) {
    const auto bits = ParseAs(kBfloat16Bits, header, message, owner, log);
    if (!bits.ok()) return bits.status().WithContext("bfloat16 as uint16");
    return FromBfloat16(*bits);
  }
  PICABIA_ASSIGN_OR_RETURN(const StoredType type, FindStoredType(kTypes, header.data_type, "ONNX"));
  return ParseAs(type, header, message, owner, log);
}

}  // namespace picabia::import::onnx
