// Tensors: allocation with checked sizes, views, conversions to plain vectors.
#include "base/tensor.h"

#include <cstring>
#include <new>

#include "base/checked.h"
#include "base/half.h"

namespace picabia {
namespace {

struct DTypeRow {
  const char* name;
  size_t size;
};

// In the order of DType's values.
constexpr DTypeRow kDTypes[kNumDTypes] = {
    {"float32", 4}, {"float16", 2}, {"float64", 8}, {"int8", 1},   {"uint8", 1},  {"int16", 2},
    {"int32", 4},   {"int64", 8},   {"bool", 1},    {"uint16", 2}, {"uint32", 4}, {"uint64", 8},
};

constexpr size_t kAlignment = 64;  // a cache line, and the widest vector register

Result<int64_t> ElementCount(DType dtype, const Shape& shape) {
  const auto count = CheckedProduct(shape);
  const auto bytes =
      count ? CheckedMul(*count, static_cast<int64_t>(DTypeSize(dtype))) : std::nullopt;
  if (!bytes || *bytes > Tensor::kMaxBytes) {
    return InvalidArgument("shape " + ShapeString(shape) + " is not that of a tensor");
  }
  return *count;
}

template <typename T, typename Out>
void Widen(const Tensor& tensor, std::vector<Out>& out) {
  const T* data = tensor.data<T>();
  for (int64_t i = 0; i < tensor.num_elements(); ++i)
    out[static_cast<size_t>(i)] = static_cast<Out>(data[i]);
}

}  // namespace

size_t DTypeSize(DType dtype) { return kDTypes[static_cast<int>(dtype)].size; }
const char* DTypeName(DType dtype) { return kDTypes[static_cast<int>(dtype)].name; }

Result<DType> ParseDType(const std::string& name) {
  for (int i = 0; i < kNumDTypes; ++i) {
    if (name == kDTypes[i].name) return static_cast<DType>(i);
  }
  return InvalidArgument("unknown element type '" + name + "'");
}

std::string ShapeString(const Shape& shape) {
  std::string s = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) s += ", ";
    s += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return s + "]";
}

Result<Tensor> Tensor::Create(DType dtype, Shape shape) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, ElementCount(dtype, shape));
  Tensor t;
  t.dtype_ = dtype;
  t.shape_ = std::move(shape);
  t.num_elements_ = count;
  const size_t bytes =
      static_cast<size_t>(RoundUp(static_cast<int64_t>(t.num_bytes()) + 1, kAlignment));
  void* memory = ::operator new(bytes, std::align_val_t{kAlignment}, std::nothrow);
  if (memory == nullptr) {
    return ResourceError("no memory for a tensor of shape " + ShapeString(t.shape_));
  }
  std::memset(memory, 0, bytes);
  t.owner_ = std::shared_ptr<const void>(memory, [](const void* p) {
    ::operator delete(const_cast<void*>(p), std::align_val_t{kAlignment});
  });
  t.data_ = static_cast<const std::byte*>(memory);
  return t;
}

Result<Tensor> Tensor::WithoutData(DType dtype, Shape shape) {
  Tensor t;
  PICABIA_ASSIGN_OR_RETURN(t.num_elements_, ElementCount(dtype, shape));
  t.dtype_ = dtype;
  t.shape_ = std::move(shape);
  return t;
}

Result<Tensor> Tensor::View(DType dtype, Shape shape, std::span<const std::byte> data,
                            std::shared_ptr<const void> owner) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, ElementCount(dtype, shape));
  if (static_cast<size_t>(count) * DTypeSize(dtype) != data.size()) {
    return InvalidArgument("a " + std::string(DTypeName(dtype)) + " tensor of shape " +
                           ShapeString(shape) + " needs " +
                           std::to_string(static_cast<size_t>(count) * DTypeSize(dtype)) +
                           " bytes, found " + std::to_string(data.size()));
  }
  if (reinterpret_cast<uintptr_t>(data.data()) % DTypeSize(dtype) != 0) {
    return InvalidArgument("tensor data is not aligned to its element size");
  }
  Tensor t;
  t.dtype_ = dtype;
  t.shape_ = std::move(shape);
  t.num_elements_ = count;
  t.data_ = data.data();
  t.owner_ = std::move(owner);
  return t;
}

Result<Tensor> Tensor::Reshaped(Shape shape) const {
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, ElementCount(dtype_, shape));
  if (count != num_elements_) {
    return InvalidArgument("shape " + ShapeString(shape_) + " cannot become " + ShapeString(shape));
  }
  Tensor t = *this;
  t.shape_ = std::move(shape);
  return t;
}

Result<std::vector<int64_t>> IntegerValues(const Tensor& tensor) {
  std::vector<int64_t> out(static_cast<size_t>(tensor.num_elements()));
  switch (tensor.dtype()) {
    case DType::kI8:
      Widen<int8_t>(tensor, out);
      return out;
    case DType::kU8:
      Widen<uint8_t>(tensor, out);
      return out;
    case DType::kBool:
      Widen<uint8_t>(tensor, out);
      return out;
    case DType::kI16:
      Widen<int16_t>(tensor, out);
      return out;
    case DType::kI32:
      Widen<int32_t>(tensor, out);
      return out;
    case DType::kI64:
      Widen<int64_t>(tensor, out);
      return out;
    case DType::kU16:
      Widen<uint16_t>(tensor, out);
      return out;
    case DType::kU32:
      Widen<uint32_t>(tensor, out);
      return out;
    case DType::kU64:
      Widen<uint64_t>(tensor, out);
      return out;
    default:
      break;
  }
  return InvalidArgument(std::string("found a ") + DTypeName(tensor.dtype()) +
                         " tensor, expected integers");
}

Result<std::vector<float>> FloatValues(const Tensor& tensor) {
  std::vector<float> out(static_cast<size_t>(tensor.num_elements()));
  switch (tensor.dtype()) {
    case DType::kF32:
      Widen<float>(tensor, out);
      return out;
    case DType::kF64:
      Widen<double>(tensor, out);
      return out;
    case DType::kF16:
      for (int64_t i = 0; i < tensor.num_elements(); ++i)
        out[static_cast<size_t>(i)] = HalfToFloat(tensor.data<uint16_t>()[i]);
      return out;
    default:
      break;
  }
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> integers, IntegerValues(tensor));
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(integers[i]);
  return out;
}

}  // namespace picabia
