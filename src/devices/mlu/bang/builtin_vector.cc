// Elementwise builtins.
#include <cmath>

#include "devices/mlu/bang/builtin.h"

namespace picabia::bang {
namespace {

constexpr const char* kBinaryNames[] = {
    "__bang_add", "__bang_sub",      "__bang_mul",      "__bang_div",  "__bang_eq",  "__bang_ne",
    "__bang_gt",  "__bang_ge",       "__bang_lt",       "__bang_le",   "__bang_and", "__bang_or",
    "__bang_xor", "__bang_maxequal", "__bang_minequal", "__bang_band", "__bang_bor", "__bang_bxor"};
constexpr const char* kCycleNames[] = {
    "__bang_cycle_add", "__bang_cycle_sub",      "__bang_cycle_mul",      "__bang_cycle_div",
    "__bang_cycle_eq",  "__bang_cycle_ne",       "__bang_cycle_gt",       "__bang_cycle_ge",
    "__bang_cycle_lt",  "__bang_cycle_le",       "__bang_cycle_and",      "__bang_cycle_or",
    "__bang_cycle_xor", "__bang_cycle_maxequal", "__bang_cycle_minequal", "__bang_cycle_band",
    "__bang_cycle_bor", "__bang_cycle_bxor"};
constexpr const char* kScalarNames[] = {"__bang_add_scalar",
                                        "__bang_sub_scalar",
                                        "__bang_mul_const",
                                        "__bang_div_scalar",
                                        "__bang_eq_scalar",
                                        "__bang_ne_scalar",
                                        "__bang_gt_scalar",
                                        "__bang_ge_scalar",
                                        "__bang_lt_scalar",
                                        "__bang_le_scalar",
                                        "__bang_and_scalar",
                                        "__bang_or_scalar",
                                        "__bang_xor_scalar",
                                        "__bang_max_scalar",
                                        "__bang_min_scalar",
                                        "",
                                        "",
                                        ""};
constexpr const char* kUnaryNames[] = {"__bang_active_abs",
                                       "__bang_square",
                                       "__bang_not",
                                       "__bang_active_relu",
                                       "__bang_neg",
                                       "__bang_copy",
                                       "__bang_active_gelu",
                                       "__bang_active_gelup",
                                       "__bang_active_sigmoid",
                                       "__bang_active_exp",
                                       "__bang_active_exp_less_0",
                                       "__bang_active_sqrt",
                                       "__bang_active_rsqrt",
                                       "__bang_active_recip",
                                       "__bang_active_recip_greater_1",
                                       "__bang_active_sin",
                                       "__bang_active_cos",
                                       "__bang_active_log",
                                       "__bang_active_tanh",
                                       "__bang_log2",
                                       "__bang_pow2",
                                       "__bang_floor",
                                       "__bang_ceil",
                                       "__bang_round",
                                       "__bang_trunc",
                                       "__bang_bnot"};

bool OnBytes(int op) { return op == PICABIA_BAND || op == PICABIA_BOR || op == PICABIA_BXOR; }

void CombineBytes(int op, void* dst, const void* a, const void* b, int64_t n) {
  auto* d = static_cast<uint8_t*>(dst);
  const auto* p = static_cast<const uint8_t*>(a);
  const auto* q = static_cast<const uint8_t*>(b);
  switch (op) {
    case PICABIA_BAND:
      for (int64_t i = 0; i < n; ++i) d[i] = p[i] & q[i];
      return;
    case PICABIA_BOR:
      for (int64_t i = 0; i < n; ++i) d[i] = p[i] | q[i];
      return;
    default:
      for (int64_t i = 0; i < n; ++i) d[i] = p[i] ^ q[i];
  }
}

// Integers, which newer devices have: sums wrap.
template <typename T>
T CombineIntegers(int op, T a, T b) {
  const auto x = static_cast<int64_t>(a);
  const auto y = static_cast<int64_t>(b);
  switch (op) {
    case PICABIA_ADD:
      return static_cast<T>(x + y);
    case PICABIA_SUB:
      return static_cast<T>(x - y);
    case PICABIA_MUL:
      return static_cast<T>(static_cast<uint64_t>(x) * static_cast<uint64_t>(y));
    case PICABIA_DIV:
      return b == 0 ? T{0} : static_cast<T>(x / y);
    case PICABIA_EQ:
      return a == b;
    case PICABIA_NE:
      return a != b;
    case PICABIA_GT:
      return a > b;
    case PICABIA_GE:
      return a >= b;
    case PICABIA_LT:
      return a < b;
    case PICABIA_LE:
      return a <= b;
    case PICABIA_AND:
      return a != 0 && b != 0;
    case PICABIA_OR:
      return a != 0 || b != 0;
    case PICABIA_XOR:
      return (a != 0) != (b != 0);
    case PICABIA_MAXEQUAL:
      return a > b ? a : b;
    default:
      return a < b ? a : b;
  }
}

template <typename T>
void IntegerRow(int op, void* dst, const void* a, const void* b, int64_t n, bool b_is_one) {
  for (int64_t i = 0; i < n; ++i)
    static_cast<T*>(dst)[i] = CombineIntegers(op, static_cast<const T*>(a)[i],
                                              static_cast<const T*>(b)[b_is_one ? 0 : i]);
}

void IntegerRows(int op, int type, void* dst, const void* a, const void* b, int64_t n, bool one) {
  switch (type) {
    case PICABIA_INT8:
      return IntegerRow<int8_t>(op, dst, a, b, n, one);
    case PICABIA_UINT8:
      return IntegerRow<uint8_t>(op, dst, a, b, n, one);
    case PICABIA_INT16:
      return IntegerRow<int16_t>(op, dst, a, b, n, one);
    case PICABIA_UINT16:
      return IntegerRow<uint16_t>(op, dst, a, b, n, one);
    case PICABIA_INT32:
      return IntegerRow<int32_t>(op, dst, a, b, n, one);
    default:
      return IntegerRow<uint32_t>(op, dst, a, b, n, one);
  }
}

void Combine(int op, int type, void* dst, const void* a, const void* b, int64_t n) {
  if (OnBytes(op)) return CombineBytes(op, dst, a, b, n * BytesOf(type));
  if (type <= PICABIA_FLOAT) return Vectors().binary[type][op](dst, a, b, n);
  IntegerRows(op, type, dst, a, b, n, false);
}

// The transcendental functions, in float; the card reads tables and is less exact (docs/bang.md).
float Activate(int op, float x) {
  switch (op) {
    case PICABIA_GELU:
      return 0.5f * x * (1 + std::erf(x * 0.70710678f));
    case PICABIA_GELUP:
      return 0.5f * x * (1 + std::tanh(0.79788456f * (x + 0.044715f * x * x * x)));
    case PICABIA_SIGMOID:
      return 1 / (1 + std::exp(-x));
    case PICABIA_EXP:
    case PICABIA_EXP_LESS_0:
      return std::exp(x);
    case PICABIA_SIN:
      return std::sin(x);
    case PICABIA_COS:
      return std::cos(x);
    case PICABIA_LOG:
      return std::log(x);
    case PICABIA_TANH:
      return std::tanh(x);
    case PICABIA_LOG2:
      return std::log2(x);
    case PICABIA_POW2:
      return std::exp2(x);
    default:
      return std::round(x);
  }
}

void ActivateRow(int op, int type, void* dst, const void* src, int64_t n) {
  constexpr int64_t kChunk = 512;
  float x[kChunk];
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t m = std::min(kChunk, n - i);
    if (type == PICABIA_HALF)
      Vectors().half_to_float(x, static_cast<const uint16_t*>(src) + i, m);
    else
      std::memcpy(x, static_cast<const float*>(src) + i, static_cast<size_t>(m) * sizeof(float));
    for (int64_t j = 0; j < m; ++j) x[j] = Activate(op, x[j]);
    if (type == PICABIA_HALF)
      Vectors().float_to_half(static_cast<uint16_t*>(dst) + i, x, m);
    else
      std::memcpy(static_cast<float*>(dst) + i, x, static_cast<size_t>(m) * sizeof(float));
  }
}

template <typename T>
void IntegerUnary(int op, T* dst, const T* src, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const T x = src[i];
    switch (op) {
      case PICABIA_ABS:
        dst[i] = x < 0 ? static_cast<T>(-x) : x;
        break;
      case PICABIA_SQUARE:
        dst[i] = static_cast<T>(static_cast<int64_t>(x) * x);
        break;
      case PICABIA_NOT:
        dst[i] = x == 0;
        break;
      case PICABIA_RELU:
        dst[i] = x > 0 ? x : T{0};
        break;
      case PICABIA_NEG:
        dst[i] = static_cast<T>(-x);
        break;
      default:
        dst[i] = x;
    }
  }
}

void Unary(int op, int type, void* dst, const void* src, int64_t n) {
  if (op == PICABIA_BNOT) {
    for (int64_t i = 0; i < n * BytesOf(type); ++i)
      static_cast<uint8_t*>(dst)[i] = static_cast<uint8_t>(~static_cast<const uint8_t*>(src)[i]);
    return;
  }
  if (type == PICABIA_INT32)
    return IntegerUnary(op, static_cast<int32_t*>(dst), static_cast<const int32_t*>(src), n);
  if (type == PICABIA_INT16)
    return IntegerUnary(op, static_cast<int16_t*>(dst), static_cast<const int16_t*>(src), n);
  const UnaryLoop loop = Vectors().unary[type][op];
  if (loop != nullptr) return loop(dst, src, n);
  ActivateRow(op, type, dst, src, n);
}

}  // namespace
}  // namespace picabia::bang

using namespace picabia::bang;  // NOLINT: the interface below is C

void picabia_bang_binary(int op, int type, void* dst, const void* a, const void* b, int64_t n,
                         picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return;
  if (Watched()) {
    const int64_t bytes = n * BytesOf(type);
    Tell(ElementOperation(kBinaryNames[op], where, n, BytesOf(type))
             .Write(dst, bytes)
             .Read(a, bytes)
             .Read(b, bytes));
  }
  Combine(op, type, dst, a, b, n);
}

void picabia_bang_binary_scalar(int op, int type, void* dst, const void* a, double b, int64_t n,
                                picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return;
  if (Watched()) {
    const int64_t bytes = n * BytesOf(type);
    Tell(ElementOperation(kScalarNames[op], where, n, BytesOf(type))
             .Write(dst, bytes)
             .Read(a, bytes));
  }
  if (type <= PICABIA_FLOAT) {
    Vectors().scalar[type][op](dst, a, static_cast<float>(b), n);
  } else {
    const auto value = static_cast<int64_t>(b);  // its first bytes are those of the smaller types
    IntegerRows(op, type, dst, a, &value, n, true);
  }
}

void picabia_bang_compare_bits(int op, int type, void* dst, const void* a, const void* b, int64_t n,
                               picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return;
  if (Watched()) {
    const int64_t bytes = n * BytesOf(type);
    Tell(RowOperation(kBinaryNames[op], where, n, BytesOf(type))
             .Write(dst, (n + 7) / 8)
             .Read(a, bytes)
             .Read(b, bytes));
  }
  auto* bits = static_cast<uint8_t*>(dst);
  for (int64_t i = 0; i < n; i += 8) {
    uint8_t byte = 0;
    for (int64_t j = i; j < std::min(n, i + 8); ++j) {
      alignas(4) unsigned char result[4] = {};
      const int64_t at = j * BytesOf(type);
      Combine(op, type, result, static_cast<const char*>(a) + at, static_cast<const char*>(b) + at,
              1);
      byte = static_cast<uint8_t>(byte | IsSet(type, result, 0) << (j - i));
    }
    bits[i / 8] = byte;
  }
}

void picabia_bang_cycle(int op, int type, void* dst, const void* a, const void* b, int64_t n,
                        int64_t period, picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return;
  const int64_t size = BytesOf(type);
  if (Watched()) {
    if (period <= 0 || n % period != 0)
      TellMisuse(kCycleNames[op], From(where), "the length is no multiple of the short operand's");
    Tell(ElementOperation(kCycleNames[op], where, n, static_cast<int>(size))
             .Write(dst, n * size)
             .Read(a, n * size)
             .Read(b, std::max<int64_t>(period, 0) * size));
  }
  if (period <= 0) return;
  for (int64_t i = 0; i < n; i += period) {
    const int64_t at = i * size;
    Combine(op, type, static_cast<char*>(dst) + at, static_cast<const char*>(a) + at, b,
            std::min(period, n - i));
  }
}

void picabia_bang_unary(int op, int type, void* dst, const void* src, int64_t n,
                        picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return;
  if (Watched()) {
    const int64_t bytes = n * BytesOf(type);
    Tell(ElementOperation(kUnaryNames[op], where, n, BytesOf(type))
             .Write(dst, bytes)
             .Read(src, bytes));
  }
  Unary(op, type, dst, src, n);
}
