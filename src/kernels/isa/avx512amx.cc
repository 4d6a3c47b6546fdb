// Kernels for AVX-512 with AMX and FP16: the 8-bit products run on the tile unit, 16 pixels by 16
// channels by 64 factors an instruction, and norms of halves in half arithmetic; all others are
// those of avx512vnni.cc.
#include <immintrin.h>

#include "kernels/isa/isa.h"

namespace picabia::kernels {
namespace {

constexpr int64_t kTileRows = 16;
constexpr int64_t kTileBytes = 64;  // of a row
constexpr int64_t kTileQuads = kTileBytes / kQuad;
constexpr int64_t kPanelRow = kPanel * kQuad;  // bytes of four factors of a panel

// The layout that LDTILECFG reads (Intel 64 and IA-32 Architectures Software Developer's Manual,
// volume 1, chapter 18).
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t columns[16] = {};  // bytes
  uint8_t rows[16] = {};
};

// Tiles 0 to 3 hold sums of two by two blocks, 4 and 5 pixels, 6 and 7 weights.
TileConfig ConfigFor(int64_t pixels) {
  TileConfig config;
  for (int t = 0; t < 8; ++t) {
    config.columns[t] = kTileBytes;
    config.rows[t] = static_cast<uint8_t>(t < 6 ? pixels : kTileQuads);
  }
  return config;
}

// Pixels from `a` on: kA blocks of 16 (or of fewer, as configured), by kB panels.
template <int kA, int kB>
[[gnu::always_inline]] inline void Block(const GemmInt8& g, const uint8_t* a, const int8_t* b,
                                         int64_t panel_size, int32_t* c) {
  const int64_t a_stride = g.pixel_stride, a_step = kTileRows * a_stride;
  const auto c_stride = static_cast<size_t>(g.c_stride) * sizeof(int32_t);
  _tile_zero(0);
  if constexpr (kB == 2) _tile_zero(1);
  if constexpr (kA == 2) _tile_zero(2);
  if constexpr (kA == 2 && kB == 2) _tile_zero(3);
  for (int64_t s = 0; s < g.num_segments; ++s)
    for (int64_t k = 0; k < g.segment_length; k += kTileBytes, b += kTileQuads * kPanelRow) {
      const uint8_t* p = a + g.segments[s] + k;
      _tile_loadd(6, b, kPanelRow);
      _tile_loadd(4, p, static_cast<size_t>(a_stride));
      _tile_dpbusd(0, 4, 6);
      if constexpr (kB == 2) {
        _tile_loadd(7, b + panel_size, kPanelRow);
        _tile_dpbusd(1, 4, 7);
      }
      if constexpr (kA == 2) {
        _tile_loadd(5, p + a_step, static_cast<size_t>(a_stride));
        _tile_dpbusd(2, 5, 6);
        if constexpr (kB == 2) _tile_dpbusd(3, 5, 7);
      }
    }
  _tile_stored(0, c, c_stride);
  if constexpr (kB == 2) _tile_stored(1, c + kPanel, c_stride);
  if constexpr (kA == 2) _tile_stored(2, c + kTileRows * g.c_stride, c_stride);
  if constexpr (kA == 2 && kB == 2) _tile_stored(3, c + kTileRows * g.c_stride + kPanel, c_stride);
}

template <int kB>
void Panels(const GemmInt8& g, int64_t panel, int64_t panel_size) {
  const int8_t* b = g.b + panel * panel_size;
  int32_t* c = g.c + panel * kPanel;
  int64_t done = 0;
  for (; done + 2 * kTileRows <= g.pixels; done += 2 * kTileRows)
    Block<2, kB>(g, g.a + done * g.pixel_stride, b, panel_size, c + done * g.c_stride);
  for (; done < g.pixels; done += kTileRows) {
    // A ragged last block begins earlier and computes some pixels again; fewer than 16 in all are
    // one block of fewer rows.
    const int64_t p = std::max<int64_t>(std::min(done, g.pixels - kTileRows), 0);
    Block<1, kB>(g, g.a + p * g.pixel_stride, b, panel_size, c + p * g.c_stride);
  }
}

void AllPanels(const GemmInt8& g) {
  const int64_t panels = (g.channels + kPanel - 1) / kPanel;
  const int64_t panel_size = g.num_segments * g.segment_length * kPanel;
  int64_t panel = 0;
  for (; panel + 2 <= panels; panel += 2) Panels<2>(g, panel, panel_size);
  for (; panel < panels; ++panel) Panels<1>(g, panel, panel_size);
}

// LDTILECFG takes some 180 cycles, so that a configuration stays until RunInt8Done. Nothing else
// may run on the thread in between that uses tiles.
thread_local int64_t configured_rows = 0;

void Configure(int64_t rows) {
  if (configured_rows == rows) return;
  const TileConfig config = ConfigFor(rows);
  _tile_loadconfig(&config);
  configured_rows = rows;
}

void RunInt8Done() {
  if (configured_rows != 0) _tile_release();
  configured_rows = 0;
}

void RunGemmInt8Batch(const GemmInt8* g, int64_t count) {
  if (g->segment_length % kTileBytes != 0) return kAvx512VnniTable.gemm_int8_batch(g, count);
  Configure(std::min(kTileRows, g->pixels));
  for (int64_t i = 0; i < count; ++i) AllPanels(g[i]);
}

void RunGemmInt8(const GemmInt8& g) { RunGemmInt8Batch(&g, 1); }

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
  table.int8_multiple = kTileBytes;
  table.gemm_int8 = RunGemmInt8;
  table.gemm_int8_batch = RunGemmInt8Batch;
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
