// The vectors of the integer kernels: always 64 bytes, which the compiler cuts into the registers
// that an instruction set has. Each file of src/kernels/isa/ includes this into its namespace,
// before its own MulHrs and (or from kernels/mlu/half_vector_inl.h) FloatToHalves, HalvesToFloat
// and AnyLane.

using Float16 [[gnu::vector_size(64)]] = float;
using Int16x32 [[gnu::vector_size(64)]] = int16_t;
using Int32x16 [[gnu::vector_size(64)]] = int32_t;
using Word32x16 [[gnu::vector_size(64)]] = uint32_t;
using Double8 [[gnu::vector_size(64)]] = double;
using Word64x8 [[gnu::vector_size(64)]] = uint64_t;
using Float8 [[gnu::vector_size(32)]] = float;
using Word16 [[gnu::vector_size(32)]] = uint16_t;
using Byte16 [[gnu::vector_size(16)]] = uint8_t;
using Int16x16 [[gnu::vector_size(32)]] = int16_t;
using Byte32 [[gnu::vector_size(32)]] = uint8_t;
using Int32x4 [[gnu::vector_size(16)]] = int32_t;
using Float4 [[gnu::vector_size(16)]] = float;

template <typename V>
[[gnu::always_inline]] inline V LoadVector(const void* from) {
  V v;
  std::memcpy(&v, from, sizeof(V));
  return v;
}

template <typename V>
[[gnu::always_inline]] inline void StoreVector(void* to, V v) {
  std::memcpy(to, &v, sizeof(V));
}

template <typename V>
[[gnu::always_inline]] inline V Larger(V a, V b) {
  return a > b ? a : b;
}

template <typename V>
[[gnu::always_inline]] inline V Smaller(V a, V b) {
  return a < b ? a : b;
}

// 1.5 * 2^23, where the last bit weighs 1: for |v| < 2^22, v + kRoundEven is rounded to the nearest
// integer, ties to even, and its low bits are those of that integer.
constexpr float kRoundEven = 12582912.f;

// That integer as a float.
[[gnu::always_inline]] inline Float16 RoundEven(Float16 v) { return (v + kRoundEven) - kRoundEven; }

[[gnu::always_inline]] inline Float16 ToFloat(Int16x16 v) {
  return __builtin_convertvector(__builtin_convertvector(v, Int32x16), Float16);
}
