// Kernels for AVX2 with FMA. The 8-bit product widens to 16 bits and uses VPMADDWD: VPMADDUBSW
// would saturate.
#include <immintrin.h>

#include "kernels/isa/isa.h"

namespace picabia::kernels {
namespace avx2 {
namespace {

#include "kernels/isa/vector_inl.h"

struct F32 {
  static constexpr int kRows = 6, kPanels = 1, kLanes = 8;  // 12 of 16 registers are sums
  using V = __m256;
  static V Load(const float* p) { return _mm256_loadu_ps(p); }
  static void Store(float* p, V v) { _mm256_storeu_ps(p, v); }
  static V Broadcast(const float* p) { return _mm256_broadcast_ss(p); }
  static V MulAdd(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
};

// A register of sums holds four channels, each as two partial sums that StorePanel adds.
struct I8 {
  static constexpr int kRows = 2, kPanels = 1, kVectors = 4;  // 8 sums, 4 weights, 2 pixels
  using V = __m256i;
  using A = __m256i;
  static V Zero() { return _mm256_setzero_si256(); }
  static V LoadB(const int8_t* b, int v) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b + v * 16)));
  }
  static A BroadcastA(const uint8_t* a) {
    int32_t quad;
    std::memcpy(&quad, a, sizeof(quad));
    return _mm256_cvtepu8_epi16(_mm_set1_epi32(quad));
  }
  static V Dot(V sum, A a, V b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
  static void StorePanel(int32_t* c, const V* sum) {
    for (int i = 0; i < 2; ++i) {
      // Adds neighbours within each 128-bit half; the permutation puts the channels back in order.
      const __m256i pairs = _mm256_hadd_epi32(sum[2 * i], sum[2 * i + 1]);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(c + 8 * i),
                          _mm256_permute4x64_epi64(pairs, 0xD8));
    }
  }
};

[[gnu::always_inline]] inline Int16x32 MulHrs(Int16x32 a, Int16x32 b) {
  __m256i x[2], y[2];
  std::memcpy(x, &a, sizeof(x));
  std::memcpy(y, &b, sizeof(y));
  for (int i = 0; i < 2; ++i) x[i] = _mm256_mulhrs_epi16(x[i], y[i]);
  std::memcpy(&a, x, sizeof(x));
  return a;
}

[[gnu::always_inline]] inline Word16 FloatToHalves(Float16 v) {
  __m256 x[2];
  __m128i y[2];
  std::memcpy(x, &v, sizeof(x));
  for (int i = 0; i < 2; ++i) y[i] = _mm256_cvtps_ph(x[i], _MM_FROUND_TO_NEAREST_INT);
  return LoadVector<Word16>(y);
}

[[gnu::always_inline]] inline Float16 HalvesToFloat(Word16 h) {
  __m128i x[2];
  __m256 y[2];
  std::memcpy(x, &h, sizeof(x));
  for (int i = 0; i < 2; ++i) y[i] = _mm256_cvtph_ps(x[i]);
  return LoadVector<Float16>(y);
}

[[gnu::always_inline]] inline bool AnyLane(Int32x16 v) {
  __m256i x[2];
  std::memcpy(x, &v, sizeof(x));
  const __m256i any = _mm256_or_si256(x[0], x[1]);
  return _mm256_testz_si256(any, any) == 0;
}

#include "kernels/isa/table_inl.h"

}  // namespace
}  // namespace avx2

const KernelTable kAvx2Table = avx2::MakeTable(Isa::kAvx2);

}  // namespace picabia::kernels
