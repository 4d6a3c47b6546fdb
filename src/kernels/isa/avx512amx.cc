// Kernels for AVX-512 with AMX and FP16: the 8-bit products run on the tile unit, 16 pixels by 16
// channels by 64 factors an instruction, and norms of halves in half arithmetic; all others are
// those of avx512vnni.cc.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/isa/isa.h"

namespace picabia::kernels {
namespace {

#include "kernels/isa/vector_inl.h"
#include "kernels/levels/level_sums_inl.h"
#include "kernels/tiles/tile_products_inl.h"

// Half arithmetic: an operation on halves is rounded once, as one in float and a rounding are;
// where it overflows to infinity it is cut. 32 lanes at a time; the other kernels do what is left.
__m512h Saturate(__m512h v) {
  const __m512h most = _mm512_castsi512_ph(_mm512_set1_epi16(0x7BFF));
  const __m512h least = _mm512_castsi512_ph(_mm512_set1_epi16(static_cast<int16_t>(0xFBFF)));
  // Of a NaN the second operand comes out.
  return _mm512_max_ph(_mm512_min_ph(v, most), least);
}

__m512h LoadHalves(const uint16_t* from) { return _mm512_castsi512_ph(_mm512_loadu_si512(from)); }

// 32 parameters, which are halves.
__m512h LoadParameters(const float* from) {
  constexpr int kExact = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  const __m256i low = _mm512_cvtps_ph(_mm512_loadu_ps(from), kExact);
  const __m256i high = _mm512_cvtps_ph(_mm512_loadu_ps(from + 16), kExact);
  return _mm512_castsi512_ph(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
}

constexpr int64_t kHalfLanes = 32;

// Whether rows of whole vectors only have such parameters.
bool SuitsHalfLanes(int64_t count, int64_t period) {
  return period % kHalfLanes == 0 && count % period == 0;
}

struct HalfSums {
  __m512d sums[4];
  explicit HalfSums(const double* from) {
    for (int i = 0; i < 4; ++i) sums[i] = _mm512_loadu_pd(from + 8 * i);
  }
  void Add(__m512h v) {
    const __m512i bits = _mm512_castph_si512(v);
    const __m512 parts[2] = {_mm512_cvtph_ps(_mm512_castsi512_si256(bits)),
                             _mm512_cvtph_ps(_mm512_extracti64x4_epi64(bits, 1))};
    for (int i = 0; i < 2; ++i) {
      sums[2 * i] = _mm512_add_pd(sums[2 * i], _mm512_cvtps_pd(_mm512_castps512_ps256(parts[i])));
      sums[2 * i + 1] =
          _mm512_add_pd(sums[2 * i + 1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(parts[i], 1)));
    }
  }
  void Store(double* to) const {
    for (int i = 0; i < 4; ++i) _mm512_storeu_pd(to + 8 * i, sums[i]);
  }
};

void RunSumSquares(const uint16_t* x, int64_t count, int64_t period, const float* mean,
                   double* sums) {
  if (!SuitsHalfLanes(count, period))
    return kAvx512VnniTable.mlu.sum_squares(x, count, period, mean, sums);
  for (int64_t j = 0; j < period; j += kHalfLanes) {
    HalfSums s(sums + j);
    const __m512h m = LoadParameters(mean + j);
    for (int64_t i = j; i < count; i += period) {
      const __m512h d = Saturate(_mm512_sub_ph(LoadHalves(x + i), m));
      s.Add(Saturate(_mm512_mul_ph(d, d)));
    }
    s.Store(sums + j);
  }
}

template <bool kResidual>
void NormalizeHalfLanes(const HalfNorm& n) {
  const __m512h zero = _mm512_setzero_ph();
  const bool relu = n.relu || (!kResidual && n.relu2), relu2 = n.relu2;
  for (int64_t j = 0; j < n.period; j += kHalfLanes) {
    const __m512h mean = LoadParameters(n.mean + j), deviation = LoadParameters(n.deviation + j),
                  scale = LoadParameters(n.scale + j), shift = LoadParameters(n.shift + j);
    for (int64_t i = j; i < n.count; i += n.period) {
      const __m512h d = Saturate(_mm512_sub_ph(LoadHalves(n.y + i), mean));
      const __m512h z = Saturate(_mm512_div_ph(d, deviation));
      __m512h v = Saturate(_mm512_add_ph(Saturate(_mm512_mul_ph(z, scale)), shift));
      if (relu) v = _mm512_max_ph(v, zero);
      if constexpr (kResidual) {
        v = Saturate(_mm512_add_ph(v, LoadHalves(n.residual + i)));
        if (relu2) v = _mm512_max_ph(v, zero);
      }
      _mm512_storeu_si512(n.y + i, _mm512_castph_si512(v));
    }
  }
}

void RunNormalize(const HalfNorm& n) {
  if (!SuitsHalfLanes(n.count, n.period)) return kAvx512VnniTable.mlu.normalize(n);
  return n.residual != nullptr ? NormalizeHalfLanes<true>(n) : NormalizeHalfLanes<false>(n);
}

KernelTable MakeTable() {
  KernelTable table = kAvx512VnniTable;
  table.isa = Isa::kAvx512Amx;
  table.int8_step = kTileBytes;
  table.gemm_int8 = RunGemmInt8;
  table.gemm_int8_batch = RunGemmInt8Batch;
  table.gemm_levels = RunGemmLevels;
  table.int8_done = RunInt8Done;
  table.mlu.sum_squares = RunSumSquares;
  table.mlu.normalize = RunNormalize;
  return table;
}

}  // namespace

const KernelTable& Avx512AmxTable() {
  static const KernelTable table = MakeTable();
  return table;
}

}  // namespace picabia::kernels
