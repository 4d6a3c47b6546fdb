// Kernels for SSE4.1. The 8-bit product widens to 16 bits and uses PMADDWD: PMADDUBSW would
// saturate.
#include <smmintrin.h>

#include "kernels/isa/isa.h"

namespace picabia::kernels {
namespace sse4 {
namespace {

#include "kernels/isa/vector_inl.h"
#include "kernels/mlu/half_vector_inl.h"

struct F32 {
  static constexpr int kRows = 3, kPanels = 1, kLanes = 4;  // 12 of 16 registers are sums
  using V = __m128;
  static V Load(const float* p) { return _mm_loadu_ps(p); }
  static void Store(float* p, V v) { _mm_storeu_ps(p, v); }
  static V Broadcast(const float* p) { return _mm_set1_ps(*p); }
  static V MulAdd(V a, V b, V c) { return _mm_add_ps(_mm_mul_ps(a, b), c); }
};

// A register of sums holds two channels, each as two partial sums that StorePanel adds.
struct I8 {
  static constexpr int kRows = 1, kPanels = 1, kVectors = 8;
  using V = __m128i;
  using A = __m128i;
  static V Zero() { return _mm_setzero_si128(); }
  static V LoadB(const int8_t* b, int v) {
    return _mm_cvtepi8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(b + v * 8)));
  }
  static A BroadcastA(const uint8_t* a) {
    int32_t quad;
    std::memcpy(&quad, a, sizeof(quad));
    return _mm_cvtepu8_epi16(_mm_set1_epi32(quad));
  }
  static V Dot(V sum, A a, V b) { return _mm_add_epi32(sum, _mm_madd_epi16(a, b)); }
  static void StorePanel(int32_t* c, const V* sum) {
    for (int i = 0; i < 4; ++i)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(c + 4 * i),
                       _mm_hadd_epi32(sum[2 * i], sum[2 * i + 1]));
  }
};

[[gnu::always_inline]] inline Int16x32 MulHrs(Int16x32 a, Int16x32 b) {
  __m128i x[4], y[4];
  std::memcpy(x, &a, sizeof(x));
  std::memcpy(y, &b, sizeof(y));
  for (int i = 0; i < 4; ++i) x[i] = _mm_mulhrs_epi16(x[i], y[i]);
  std::memcpy(&a, x, sizeof(x));
  return a;
}

#include "kernels/isa/table_inl.h"

}  // namespace
}  // namespace sse4

const KernelTable kSse4Table = sse4::MakeTable(Isa::kSse4);

}  // namespace picabia::kernels
