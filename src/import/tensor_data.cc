// Elements of constants: views, copies and typed fields. Called by the tensor readers of both
// importers.
#include "import/tensor_data.h"

#include <cstring>
#include <limits>
#include <string>

#include "base/checked.h"

namespace picabia::import {

int64_t FillBudget(size_t file_size) {
  constexpr int64_t kBase = int64_t{16} << 20;
  return kBase + 2 * static_cast<int64_t>(file_size);
}

Result<int64_t> CheckConstantShape(DType dtype, const Shape& shape) {
  if (shape.size() > kMaxRank) {
    return InvalidModel("a tensor has " + std::to_string(shape.size()) +
                        " dimensions, expected at most " + std::to_string(kMaxRank));
  }
  for (const int64_t d : shape) {
    if (d < 0) return InvalidModel("a tensor has a dimension of " + std::to_string(d));
  }
  const auto count = CheckedProduct(shape);
  const auto bytes =
      count ? CheckedMul(*count, static_cast<int64_t>(DTypeSize(dtype))) : std::nullopt;
  if (!bytes || *bytes > Tensor::kMaxBytes) {
    return InvalidModel("shape " + ShapeString(shape) + " is larger than any tensor can be");
  }
  return *count;
}

Status CheckDeclaredShape(DType dtype, const Shape& shape) {
  Shape least = shape;
  for (int64_t& d : least) {
    if (d == -1) d = 1;
  }
  return CheckConstantShape(dtype, least).status();
}

Result<Tensor> TensorFromRaw(DType dtype, const Shape& shape, std::string_view raw,
                             const Owner& owner) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, CheckConstantShape(dtype, shape));
  const int64_t bytes = count * static_cast<int64_t>(DTypeSize(dtype));
  if (static_cast<int64_t>(raw.size()) != bytes) {
    return InvalidModel("a " + std::string(DTypeName(dtype)) + " tensor of shape " +
                        ShapeString(shape) + " holds " + std::to_string(raw.size()) +
                        " bytes of data, expected " + std::to_string(bytes));
  }
  const bool aligned = reinterpret_cast<uintptr_t>(raw.data()) % DTypeSize(dtype) == 0;
  if (aligned && !raw.empty()) {
    return Tensor::View(dtype, shape, std::as_bytes(std::span(raw.data(), raw.size())), owner.file);
  }
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(dtype, shape));
  if (!raw.empty()) std::memcpy(tensor.MutableData<char>(), raw.data(), raw.size());
  return tensor;
}

Result<TensorFiller> TensorFiller::Create(DType dtype, const Shape& shape) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(dtype, shape));
  return TensorFiller(std::move(tensor));
}

template <typename T>
void TensorFiller::Store(T value) {
  if (count_ < tensor_.num_elements()) tensor_.MutableData<T>()[count_] = value;
  ++count_;
}

void TensorFiller::Misfit(const std::string& value) {
  if (!status_.ok()) return;
  status_ = InvalidModel("element " + std::to_string(count_) + " is " + value + ", which is no " +
                         DTypeName(tensor_.dtype()));
}

namespace {

template <typename T>
bool Fits(int64_t value) {
  return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
}

}  // namespace

void TensorFiller::AddInteger(int64_t value) {
  switch (tensor_.dtype()) {
    case DType::kI8:
      return Fits<int8_t>(value) ? Store(static_cast<int8_t>(value))
                                 : Misfit(std::to_string(value));
    case DType::kU8:
      return Fits<uint8_t>(value) ? Store(static_cast<uint8_t>(value))
                                  : Misfit(std::to_string(value));
    case DType::kBool:
      return value == 0 || value == 1 ? Store(static_cast<uint8_t>(value))
                                      : Misfit(std::to_string(value));
    case DType::kI16:
      return Fits<int16_t>(value) ? Store(static_cast<int16_t>(value))
                                  : Misfit(std::to_string(value));
    case DType::kI32:
      return Fits<int32_t>(value) ? Store(static_cast<int32_t>(value))
                                  : Misfit(std::to_string(value));
    case DType::kI64:
      return Store(value);
    case DType::kU16:
      return Fits<uint16_t>(value) ? Store(static_cast<uint16_t>(value))
                                   : Misfit(std::to_string(value));
    case DType::kU32:
      return Fits<uint32_t>(value) ? Store(static_cast<uint32_t>(value))
                                   : Misfit(std::to_string(value));
    case DType::kU64:
      return Store(static_cast<uint64_t>(value));  // the file's varint, its bits kept
    case DType::kF16:
    case DType::kF32:
    case DType::kF64:
      return Misfit("an integer");
  }
}

void TensorFiller::AddFloat(float value) {
  if (tensor_.dtype() == DType::kF32) return Store(value);
  Misfit("a float");
}

void TensorFiller::AddDouble(double value) {
  if (tensor_.dtype() == DType::kF64) return Store(value);
  Misfit("a double");
}

void TensorFiller::AddHalfBits(int64_t bits) {
  if (tensor_.dtype() != DType::kF16) return Misfit("a half");
  if (!Fits<uint16_t>(bits)) return Misfit(std::to_string(bits) + " in 16 bits");
  Store(static_cast<uint16_t>(bits));
}

Result<Tensor> TensorFiller::Finish() {
  PICABIA_RETURN_IF_ERROR(status_);
  if (count_ != tensor_.num_elements()) {
    return InvalidModel("a tensor of shape " + ShapeString(tensor_.shape()) + " holds " +
                        std::to_string(count_) + " values, expected " +
                        std::to_string(tensor_.num_elements()));
  }
  return std::move(tensor_);
}

Result<Tensor> TensorFiller::FinishFilled() {
  PICABIA_RETURN_IF_ERROR(status_);
  const int64_t total = tensor_.num_elements();
  if (count_ == 0 || count_ >= total) {  // Create() has zeroed the memory
    if (count_ == 0) count_ = total;
    return Finish();
  }
  const size_t size = DTypeSize(tensor_.dtype());
  char* data = tensor_.MutableData<char>();
  const char* last = data + static_cast<size_t>(count_ - 1) * size;
  for (int64_t i = count_; i < total; ++i) {
    std::memcpy(data + static_cast<size_t>(i) * size, last, size);
  }
  count_ = total;
  return Finish();
}

Shape ReadDimensions(std::string_view message, uint32_t number, int64_t absent, ParseLog& log) {
  Shape shape;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() != number) continue;
    shape.push_back(ReadInt(fields.Bytes(), 1, absent, log));
    if (shape.size() > kMaxRank) {
      log.Fail(message.data(), "a shape has more than " + std::to_string(kMaxRank) + " dimensions");
    }
  }
  return shape;
}

Result<StoredType> FindStoredType(std::span<const StoredType> types, int64_t code,
                                  const char* format) {
  std::string names;
  for (const StoredType& row : types) {
    if (row.code == code) return row;
    names += (names.empty() ? "" : ", ") + std::string(DTypeName(row.dtype));
  }
  return Unsupported("element type " + std::to_string(code) + " of " + format +
                     " is not supported (Picabia reads " + names + ")");
}

Status CheckValueFields(const StoredType& type, const ValueFields& fields) {
  if (fields.has_raw && fields.typed != 0) {
    return InvalidModel("a tensor has both raw data and a list of values");
  }
  if (fields.has_raw || (fields.typed & ~(1u << type.field)) == 0) return OkStatus();
  return InvalidModel("a " + std::string(DTypeName(type.dtype)) +
                      " tensor has values of another type, expected them in field " +
                      std::to_string(type.field));
}

namespace {

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

}  // namespace

Result<Tensor> TensorFromTyped(const StoredType& type, const Shape& shape, std::string_view message,
                               bool fill, ParseLog& log) {
  PICABIA_ASSIGN_OR_RETURN(TensorFiller filler, TensorFiller::Create(type.dtype, shape));
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == type.field) ReadValues(fields, type.dtype, filler);
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  return fill ? filler.FinishFilled() : filler.Finish();
}

}  // namespace picabia::import
