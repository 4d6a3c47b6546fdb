// A dense row-major array with a type and a shape: what graphs hold as constants and what runs take
// and return. Copying a Tensor shares its bytes; MutableData() is for the one who just made it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace picabia {

// Element types. Values are stable: they are written to files and cross the C interface.
enum class DType : uint8_t {
  kF32 = 0,
  kF16 = 1,
  kF64 = 2,
  kI8 = 3,
  kU8 = 4,
  kI16 = 5,
  kI32 = 6,
  kI64 = 7,
  kBool = 8,  // one byte, 0 or 1
  kU16 = 9,
  kU32 = 10,
  kU64 = 11,
};

constexpr int kNumDTypes = 12;

// Bytes of one element.
size_t DTypeSize(DType dtype);
// "float32", "float16", "int8", ... as NumPy spells them.
const char* DTypeName(DType dtype);
// The inverse of DTypeName.
Result<DType> ParseDType(const std::string& name);

template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kF32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::kF64;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::kI8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::kU8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::kI16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::kI32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::kI64;
};

// Dimensions, outermost first; empty for a scalar. In declared (not actual) shapes -1 is "any".
using Shape = std::vector<int64_t>;

// "[1, 256, 256, 3]"; -1 prints as "?".
std::string ShapeString(const Shape& shape);

class Tensor {
 public:
  Tensor() = default;

  // Zeroed, 64-byte aligned memory for `shape`. Fails on negative dimensions, overflow, or more
  // than kMaxBytes.
  static Result<Tensor> Create(DType dtype, Shape shape);
  // A tensor over bytes owned by `owner` (a mapped file); data.size() must be the shape's byte
  // size.
  static Result<Tensor> View(DType dtype, Shape shape, std::span<const std::byte> data,
                             std::shared_ptr<const void> owner);
  // A type and a shape without elements: has_data() is false.
  static Result<Tensor> WithoutData(DType dtype, Shape shape);
  // A tensor that holds a copy of `values`; shape must have values.size() elements.
  template <typename T>
  static Result<Tensor> From(Shape shape, const std::vector<T>& values) {
    PICABIA_ASSIGN_OR_RETURN(Tensor t, Create(DTypeOf<T>::value, std::move(shape)));
    if (static_cast<size_t>(t.num_elements()) != values.size()) {
      return InvalidArgument("tensor of shape " + ShapeString(t.shape()) + " given " +
                             std::to_string(values.size()) + " values");
    }
    if (!values.empty()) std::copy(values.begin(), values.end(), t.MutableData<T>());
    return t;
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return static_cast<int>(shape_.size()); }
  int64_t num_elements() const { return num_elements_; }
  size_t num_bytes() const { return static_cast<size_t>(num_elements_) * DTypeSize(dtype_); }
  // Whether nobody else holds the bytes, so that they may be given away.
  bool IsUnique() const { return owner_.use_count() == 1; }
  bool has_data() const { return data_ != nullptr; }

  const std::byte* bytes() const { return data_; }
  template <typename T>
  const T* data() const {
    return reinterpret_cast<const T*>(data_);
  }
  template <typename T>
  T* MutableData() {
    return reinterpret_cast<T*>(const_cast<std::byte*>(data_));
  }

  // The same bytes under another shape of equal element count.
  Result<Tensor> Reshaped(Shape shape) const;

  static constexpr int64_t kMaxBytes = int64_t{1} << 40;  // keeps every offset far from int64's end

 private:
  DType dtype_ = DType::kF32;
  Shape shape_;
  int64_t num_elements_ = 0;
  const std::byte* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

// The elements of an integer tensor (of any integer type, or bool) widened to int64; uint64 wraps.
Result<std::vector<int64_t>> IntegerValues(const Tensor& tensor);
// The elements of a tensor of any numeric type as float (fp64 and large integers round).
Result<std::vector<float>> FloatValues(const Tensor& tensor);

}  // namespace picabia
