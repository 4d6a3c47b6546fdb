// Kernels for AVX-512 with VNNI: a tile of 12 pixels by 32 channels leaves 8 of 32 registers for
// weights and pixels.
#include <immintrin.h>

#include "kernels/isa/isa.h"

namespace picabia::kernels {
namespace avx512vnni {
namespace {

#include "kernels/isa/vector_inl.h"

struct F32 {
  static constexpr int kRows = 12, kPanels = 2, kLanes = 16;
  using V = __m512;
  static V Load(const float* p) { return _mm512_loadu_ps(p); }
  static void Store(float* p, V v) { _mm512_storeu_ps(p, v); }
  static V Broadcast(const float* p) { return _mm512_set1_ps(*p); }
  static V MulAdd(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
};

struct I8 {
  static constexpr int kRows = 12, kPanels = 2, kVectors = 1;
  using V = __m512i;
  using A = __m512i;
  static V Zero() { return _mm512_setzero_si512(); }
  static V LoadB(const int8_t* b, int) { return _mm512_loadu_si512(b); }
  static A BroadcastA(const uint8_t* a) {
    int32_t quad;
    std::memcpy(&quad, a, sizeof(quad));
    return _mm512_set1_epi32(quad);
  }
  static V Dot(V sum, A a, V b) { return _mm512_dpbusd_epi32(sum, a, b); }
  static void StorePanel(int32_t* c, const V* sum) { _mm512_storeu_si512(c, sum[0]); }
};

[[gnu::always_inline]] inline Int16x32 MulHrs(Int16x32 a, Int16x32 b) {
  return reinterpret_cast<Int16x32>(
      _mm512_mulhrs_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}

[[gnu::always_inline]] inline Word16 FloatToHalves(Float16 v) {
  return reinterpret_cast<Word16>(
      _mm512_cvtps_ph(reinterpret_cast<__m512>(v), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

[[gnu::always_inline]] inline Float16 HalvesToFloat(Word16 h) {
  return reinterpret_cast<Float16>(_mm512_cvtph_ps(reinterpret_cast<__m256i>(h)));
}

[[gnu::always_inline]] inline bool AnyLane(Int32x16 v) {
  const auto x = reinterpret_cast<__m512i>(v);
  return _mm512_test_epi32_mask(x, x) != 0;
}

#include "kernels/isa/table_inl.h"

}  // namespace
}  // namespace avx512vnni

const KernelTable kAvx512VnniTable = avx512vnni::MakeTable(Isa::kAvx512Vnni);

}  // namespace picabia::kernels
