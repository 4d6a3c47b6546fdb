// Layout and storage type of constants.
#include "compile/pack.h"

#include <bit>
#include <cstring>

#include "base/checked.h"
#include "base/half.h"

namespace picabia::compile {
namespace {

constexpr int64_t kBlock = 16;  // program::Packing::kPanels16

bool IsHalf(float v) {
  return std::bit_cast<uint32_t>(HalfToFloat(FloatToHalf(v))) == std::bit_cast<uint32_t>(v);
}

// The same numbers in half the bytes, where no bit is lost.
Result<Tensor> Narrowed(const Tensor& tensor) {
  const float* data = tensor.data<float>();
  for (int64_t i = 0; i < tensor.num_elements(); ++i)
    if (!IsHalf(data[i])) return tensor;
  PICABIA_ASSIGN_OR_RETURN(Tensor half, Tensor::Create(DType::kF16, tensor.shape()));
  for (int64_t i = 0; i < tensor.num_elements(); ++i)
    half.MutableData<uint16_t>()[i] = FloatToHalf(data[i]);
  return half;
}

template <typename T>
void FillBlocks(const Tensor& filter, bool transposed, Tensor& packed) {
  const Shape& s = filter.shape();
  const int64_t taps = s[0] * s[1], ci = transposed ? s[3] : s[2], co = transposed ? s[2] : s[3];
  const T* from = filter.data<T>();
  T* to = packed.MutableData<T>();
  for (int64_t t = 0; t < taps; ++t)
    for (int64_t c = 0; c < ci; ++c)
      for (int64_t m = 0; m < co; ++m) {
        const int64_t at = ((m / kBlock * taps + t) * ci + c) * kBlock + m % kBlock;
        to[at] = from[transposed ? (t * co + m) * ci + c : (t * ci + c) * co + m];
      }
}

Result<program::Constant> Stored(int32_t value, program::Packing packing, const Shape& shape,
                                 const Tensor& elements) {
  program::Constant c;
  c.value = value;
  c.packing = packing;
  c.shape = shape;
  c.data = elements;
  if (elements.dtype() == DType::kF32) {
    PICABIA_ASSIGN_OR_RETURN(c.data, Narrowed(elements));
  }
  c.stored_dtype = c.data.dtype();
  PICABIA_ASSIGN_OR_RETURN(c.data, c.data.Reshaped({c.data.num_elements()}));
  return c;
}

}  // namespace

// Filters are packed into memory of their own. If the rest, biases and shapes, were left where it
// is, the whole file would stay in memory for their sake.
Result<program::Constant> PackPlain(int32_t value, const Tensor& tensor) {
  constexpr size_t kSmall = 1 << 16;  // bytes
  if (tensor.num_bytes() > kSmall)
    return Stored(value, program::Packing::kPlain, tensor.shape(), tensor);
  PICABIA_ASSIGN_OR_RETURN(Tensor copy, Tensor::Create(tensor.dtype(), tensor.shape()));
  if (tensor.num_bytes() > 0)
    std::memcpy(copy.MutableData<std::byte>(), tensor.bytes(), tensor.num_bytes());
  return Stored(value, program::Packing::kPlain, tensor.shape(), copy);
}

Result<program::Constant> PackFilter(int32_t value, const Tensor& filter, bool transposed) {
  const Shape& s = filter.shape();
  const int64_t co = transposed ? s[2] : s[3];
  PICABIA_ASSIGN_OR_RETURN(
      Tensor packed, Tensor::Create(filter.dtype(), {CeilDiv(co, kBlock) * kBlock * s[0] * s[1] *
                                                     (transposed ? s[3] : s[2])}));
  if (filter.dtype() == DType::kI8) {
    FillBlocks<int8_t>(filter, transposed, packed);
  } else if (filter.dtype() == DType::kI16) {
    FillBlocks<int16_t>(filter, transposed, packed);
  } else {
    FillBlocks<float>(filter, transposed, packed);
  }
  return Stored(value, program::Packing::kPanels16, s, packed);
}

}  // namespace picabia::compile
