// From an element type known at run time to a C++ type: writes a function once for all of them.
#pragma once

#include <type_traits>
#include <utility>

#include "base/half.h"
#include "base/tensor.h"

namespace picabia {

// One element of a float16 tensor; computes in float.
struct Half {
  uint16_t bits = 0;
  Half() = default;
  explicit Half(float value) : bits(FloatToHalf(value)) {}
  explicit operator float() const { return HalfToFloat(bits); }
};

// One element of a bool tensor. Not `bool`: bytes from files may be other than 0 and 1.
struct Bool {
  uint8_t byte = 0;
  Bool() = default;
  explicit Bool(bool value) : byte(value ? 1 : 0) {}
  explicit operator bool() const { return byte != 0; }
};

template <typename T>
struct ElementType {
  using type = T;
};

// Calls f(ElementType<T>()) with the type that tensors of `dtype` have in memory: float, double,
// Half, Bool or a fixed-width integer. All branches return the same type.
template <typename F>
auto VisitElementType(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kF16:
      return f(ElementType<Half>());
    case DType::kF64:
      return f(ElementType<double>());
    case DType::kI8:
      return f(ElementType<int8_t>());
    case DType::kU8:
      return f(ElementType<uint8_t>());
    case DType::kI16:
      return f(ElementType<int16_t>());
    case DType::kU16:
      return f(ElementType<uint16_t>());
    case DType::kI32:
      return f(ElementType<int32_t>());
    case DType::kU32:
      return f(ElementType<uint32_t>());
    case DType::kI64:
      return f(ElementType<int64_t>());
    case DType::kU64:
      return f(ElementType<uint64_t>());
    case DType::kBool:
      return f(ElementType<Bool>());
    case DType::kF32:
      break;
  }
  return f(ElementType<float>());
}

inline bool IsFloat(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kF64;
}
inline bool IsInteger(DType dtype) { return !IsFloat(dtype) && dtype != DType::kBool; }

}  // namespace picabia
