// The loops of vector.h, compiled once for each instruction set. Every function is in an unnamed
// namespace: those of one instruction set must not be taken for another's.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "devices/mlu/bang/half_rules.h"
#include "devices/mlu/bang/vector.h"

#if defined(__F16C__)
#include <immintrin.h>
#endif

namespace picabia::bang {
namespace {

constexpr int64_t kChunk = 512;  // elements: three rows of floats stay in the L1 cache
constexpr float kLargest = 65504;

void ToFloat(float* dst, const uint16_t* src, int64_t n) {
  int64_t i = 0;
#if defined(__AVX512F__)
  const __m512 high = _mm512_set1_ps(kLargest), low = _mm512_set1_ps(-kLargest);
  for (; i + 16 <= n; i += 16) {
    const __m512 x = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(src + i)));
    _mm512_storeu_ps(dst + i, _mm512_max_ps(low, _mm512_min_ps(high, x)));
  }
#elif defined(__F16C__)
  const __m256 high = _mm256_set1_ps(kLargest), low = _mm256_set1_ps(-kLargest);
  for (; i + 8 <= n; i += 8) {
    const __m256 x = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i)));
    _mm256_storeu_ps(dst + i, _mm256_max_ps(low, _mm256_min_ps(high, x)));
  }
#endif
  for (; i < n; ++i) dst[i] = mlu::DeviceHalfToFloat(src[i]);
}

// A NaN becomes the largest value of its sign in the scalar rule; MIN and MAX return their second
// operand for it, so it is blended by hand.
void ToHalf(uint16_t* dst, const float* src, int64_t n) {
  int64_t i = 0;
#if defined(__AVX512F__)
  const __m512 high = _mm512_set1_ps(kLargest), low = _mm512_set1_ps(-kLargest);
  for (; i + 16 <= n; i += 16) {
    __m512 x = _mm512_loadu_ps(src + i);
    if (const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q); nan != 0) [[unlikely]] {
      const __m512i sign = _mm512_and_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(INT32_MIN));
      const __m512i largest = _mm512_or_epi32(sign, _mm512_castps_si512(high));
      x = _mm512_mask_mov_ps(x, nan, _mm512_castsi512_ps(largest));
    }
    x = _mm512_max_ps(low, _mm512_min_ps(high, x));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i),
                        _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
#elif defined(__F16C__)
  const __m256 high = _mm256_set1_ps(kLargest), low = _mm256_set1_ps(-kLargest);
  const __m256 sign = _mm256_set1_ps(-0.0f);
  for (; i + 8 <= n; i += 8) {
    __m256 x = _mm256_loadu_ps(src + i);
    const __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
    x = _mm256_blendv_ps(x, _mm256_or_ps(_mm256_and_ps(x, sign), high), nan);
    x = _mm256_max_ps(low, _mm256_min_ps(high, x));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i),
                     _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
#endif
  for (; i < n; ++i) dst[i] = mlu::FloatToHalfSaturating(src[i]);
}

template <int op>
inline float Apply(float a, float b) {
  if constexpr (op == PICABIA_ADD) return a + b;
  if constexpr (op == PICABIA_SUB) return a - b;
  if constexpr (op == PICABIA_MUL) return a * b;
  if constexpr (op == PICABIA_DIV) return a / b;
  if constexpr (op == PICABIA_EQ) return a == b ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_NE) return a != b ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_GT) return a > b ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_GE) return a >= b ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_LT) return a < b ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_LE) return a <= b ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_AND) return a != 0 && b != 0 ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_OR) return a != 0 || b != 0 ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_XOR) return (a != 0) != (b != 0) ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_MAXEQUAL) return a > b ? a : b;
  if constexpr (op == PICABIA_MINEQUAL) return a < b ? a : b;
  return 0;
}

template <int op>
inline float Apply(float a) {
  if constexpr (op == PICABIA_ABS) return std::fabs(a);
  if constexpr (op == PICABIA_SQUARE) return a * a;
  if constexpr (op == PICABIA_NOT) return a == 0 ? 1.0f : 0.0f;
  if constexpr (op == PICABIA_RELU) return a > 0 ? a : 0.0f;
  if constexpr (op == PICABIA_NEG) return -a;
  if constexpr (op == PICABIA_SQRT) return std::sqrt(a);
  if constexpr (op == PICABIA_RSQRT) return 1.0f / std::sqrt(a);
  if constexpr (op == PICABIA_RECIP || op == PICABIA_RECIP_GREATER_1) return 1.0f / a;
  if constexpr (op == PICABIA_FLOOR) return std::floor(a);
  if constexpr (op == PICABIA_CEIL) return std::ceil(a);
  if constexpr (op == PICABIA_TRUNC) return std::trunc(a);
  return a;
}

// Rows go through small buffers of floats: the loops in between are plain, and the compiler's to
// vectorise.
template <int op>
void BinaryHalf(void* dst, const void* a, const void* b, int64_t n) {
  float x[kChunk], y[kChunk];
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t m = std::min(kChunk, n - i);
    ToFloat(x, static_cast<const uint16_t*>(a) + i, m);
    ToFloat(y, static_cast<const uint16_t*>(b) + i, m);
    for (int64_t j = 0; j < m; ++j) x[j] = Apply<op>(x[j], y[j]);
    ToHalf(static_cast<uint16_t*>(dst) + i, x, m);
  }
}

template <int op>
void BinaryFloat(void* dst, const void* a, const void* b, int64_t n) {
  float x[kChunk];
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t m = std::min(kChunk, n - i);
    const float* p = static_cast<const float*>(a) + i;
    const float* q = static_cast<const float*>(b) + i;
    for (int64_t j = 0; j < m; ++j) x[j] = Apply<op>(p[j], q[j]);
    std::memcpy(static_cast<float*>(dst) + i, x, static_cast<size_t>(m) * sizeof(float));
  }
}

template <int op>
void ScalarHalf(void* dst, const void* a, float b, int64_t n) {
  const float rounded = mlu::DeviceHalfToFloat(mlu::FloatToHalfSaturating(b));
  float x[kChunk];
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t m = std::min(kChunk, n - i);
    ToFloat(x, static_cast<const uint16_t*>(a) + i, m);
    for (int64_t j = 0; j < m; ++j) x[j] = Apply<op>(x[j], rounded);
    ToHalf(static_cast<uint16_t*>(dst) + i, x, m);
  }
}

template <int op>
void ScalarFloat(void* dst, const void* a, float b, int64_t n) {
  const float* p = static_cast<const float*>(a);
  float* q = static_cast<float*>(dst);
  for (int64_t i = 0; i < n; ++i) q[i] = Apply<op>(p[i], b);
}

template <int op>
void UnaryHalf(void* dst, const void* src, int64_t n) {
  float x[kChunk];
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t m = std::min(kChunk, n - i);
    ToFloat(x, static_cast<const uint16_t*>(src) + i, m);
    for (int64_t j = 0; j < m; ++j) x[j] = Apply<op>(x[j]);
    ToHalf(static_cast<uint16_t*>(dst) + i, x, m);
  }
}

template <int op>
void UnaryFloat(void* dst, const void* src, int64_t n) {
  const float* p = static_cast<const float*>(src);
  float* q = static_cast<float*>(dst);
  for (int64_t i = 0; i < n; ++i) q[i] = Apply<op>(p[i]);
}

inline float RoundBy(float x, int rounding) {
  switch (rounding) {
    case PICABIA_TZ:
      return std::trunc(x);
    case PICABIA_OZ:
      return std::copysign(std::ceil(std::fabs(x)), x);
    case PICABIA_UP:
      return std::ceil(x);
    case PICABIA_DN:
      return std::floor(x);
    case PICABIA_RN:
      return std::nearbyint(x);
    default: {
      // Half away from zero; adding 0.5 first would round 0.49999997 up.
      const float whole = std::trunc(x);
      return std::fabs(x - whole) >= 0.5f ? whole + std::copysign(1.0f, x) : whole;
    }
  }
}

template <typename T>
void Quantize(T* dst, const float* src, float factor, int rounding, int64_t n) {
  constexpr float low = sizeof(T) == 1 ? -128.0f : -32768.0f;
  constexpr float high = sizeof(T) == 1 ? 127.0f : 32767.0f;
  const auto loop = [&](auto round) {
    for (int64_t i = 0; i < n; ++i) {
      const float q = round(src[i] * factor);
      dst[i] = static_cast<T>(static_cast<int32_t>(q > high ? high : q > low ? q : low));
    }
  };
  switch (rounding) {  // one loop each, so that each is vectorised
    case PICABIA_TZ:
      return loop([](float x) { return RoundBy(x, PICABIA_TZ); });
    case PICABIA_OZ:
      return loop([](float x) { return RoundBy(x, PICABIA_OZ); });
    case PICABIA_UP:
      return loop([](float x) { return RoundBy(x, PICABIA_UP); });
    case PICABIA_DN:
      return loop([](float x) { return RoundBy(x, PICABIA_DN); });
    case PICABIA_RN:
      return loop([](float x) { return RoundBy(x, PICABIA_RN); });
    default:
      return loop([](float x) { return RoundBy(x, PICABIA_RD); });
  }
}

void FinishFloat(float* dst, const int32_t* sums, const int32_t* correction, float factor,
                 const float* bias, int64_t n) {
  if (bias == nullptr) {
    for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<float>(sums[i] - correction[i]) * factor;
  } else {
    for (int64_t i = 0; i < n; ++i)
      dst[i] = static_cast<float>(sums[i] - correction[i]) * factor + bias[i];
  }
}

void FinishHalf(uint16_t* dst, const int32_t* sums, const int32_t* correction, float factor,
                const float* bias, int64_t n) {
  float x[kChunk];
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t m = std::min(kChunk, n - i);
    FinishFloat(x, sums + i, correction + i, factor, bias == nullptr ? nullptr : bias + i, m);
    ToHalf(dst + i, x, m);
  }
}

void ToUnsigned(uint8_t* dst, const int8_t* src, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<uint8_t>(src[i] ^ 0x80);
}

int32_t Sum8(const int8_t* src, int64_t n) {
  int32_t sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += src[i];
  return sum;
}

void ScatterQuads(uint32_t* dst, const int8_t* src, int64_t quads, int64_t stride) {
  for (int64_t q = 0; q < quads; ++q) std::memcpy(dst + q * stride, src + q * 4, 4);
}

template <int op = 0>
void FillBinary(VectorTable* table) {
  table->binary[0][op] = BinaryHalf<op>;
  table->binary[1][op] = BinaryFloat<op>;
  table->scalar[0][op] = ScalarHalf<op>;
  table->scalar[1][op] = ScalarFloat<op>;
  if constexpr (op + 1 < PICABIA_BAND) FillBinary<op + 1>(table);
}

template <int... ops>
void FillUnary(VectorTable* table) {
  ((table->unary[0][ops] = UnaryHalf<ops>, table->unary[1][ops] = UnaryFloat<ops>), ...);
}

VectorTable MakeTable() {
  VectorTable table = {};
  FillBinary(&table);
  FillUnary<PICABIA_ABS, PICABIA_SQUARE, PICABIA_NOT, PICABIA_RELU, PICABIA_NEG, PICABIA_COPY,
            PICABIA_SQRT, PICABIA_RSQRT, PICABIA_RECIP, PICABIA_RECIP_GREATER_1, PICABIA_FLOOR,
            PICABIA_CEIL, PICABIA_TRUNC>(&table);
  table.half_to_float = ToFloat;
  table.float_to_half = ToHalf;
  table.quantize8 = Quantize<int8_t>;
  table.quantize16 = Quantize<int16_t>;
  table.finish_half = FinishHalf;
  table.finish_float = FinishFloat;
  table.to_unsigned = ToUnsigned;
  table.sum8 = Sum8;
  table.scatter_quads = ScatterQuads;
  return table;
}

}  // namespace
}  // namespace picabia::bang
