// Kernels for 64-bit ARM with the dot product extension (Armv8.2-A, SDOT).
#include <arm_neon.h>

#include "kernels/isa/isa.h"

namespace picabia::kernels {
namespace neon {
namespace {

#include "kernels/isa/vector_inl.h"
#include "kernels/mlu/half_vector_inl.h"

struct F32 {
  static constexpr int kRows = 6, kPanels = 1, kLanes = 4;  // 24 of 32 registers are sums
  using V = float32x4_t;
  static V Load(const float* p) { return vld1q_f32(p); }
  static void Store(float* p, V v) { vst1q_f32(p, v); }
  static V Broadcast(const float* p) { return vld1q_dup_f32(p); }
  static V MulAdd(V a, V b, V c) { return vfmaq_f32(c, a, b); }
};

// SQRDMULH rounds as PMULHRSW does. They differ for -32768 * -32768 alone, and gains are not
// negative.
[[gnu::always_inline]] inline Int16x32 MulHrs(Int16x32 a, Int16x32 b) {
  int16x8_t x[4], y[4];
  std::memcpy(x, &a, sizeof(x));
  std::memcpy(y, &b, sizeof(y));
  PICABIA_UNROLL for (int i = 0; i < 4; ++i) x[i] = vqrdmulhq_s16(x[i], y[i]);
  std::memcpy(&a, x, sizeof(x));
  return a;
}

// Products by single quads of bytes: 128 comes off these and, times the weights, on again.
struct I8 {
  static constexpr int kVectors = kPanel / 4;
  using V = int32x4_t;
  using A = int8x16_t;
  static V Zero() { return vdupq_n_s32(0); }
  static int8x16_t LoadB(const int8_t* b, int v) { return vld1q_s8(b + 16 * v); }
  static A BroadcastA(const uint8_t* a) {
    uint32_t quad;
    std::memcpy(&quad, a, sizeof(quad));
    return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(quad)), vdupq_n_u8(128)));
  }
  static V Dot(V sum, A a, int8x16_t b) {
    return vsubq_s32(vdotq_s32(sum, a, b), vdotq_s32(Zero(), b, vdupq_n_s8(-128)));
  }
  static void StorePanel(int32_t* c, const V* sum) {
    PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) vst1q_s32(c + 4 * v, sum[v]);
  }
};

// The 8-bit products of whole rows. SDOT wants both factors signed and pixels are not, so 128 comes
// off them:
//   sum of a * w = sum of (a - 128) * w + 128 * sum of w
// exactly; the last term is the same for every pixel. One instruction multiplies 16 weights, four
// channels by four factors, by one of the four quads in a register of pixels: 1.35 instructions a
// product in the inner loop. Products of 16 bits (SMLAL) would take four times as many.
constexpr int kVectors = I8::kVectors;
constexpr int kTileRows = 5;       // 20 of 32 registers are sums, 5 pixels; with 6 rows some spill
constexpr int64_t kPixelRun = 16;  // bytes of a pixel in a register
constexpr int64_t kPanelQuad = kPanel * kQuad;

using PanelRow = int32x4_t[kVectors];

// 128 * sum of the weights of each channel of a panel.
[[gnu::always_inline]] inline void SumWeights(const int8_t* b, int64_t size, PanelRow& sums) {
  const int8x16_t factor = vdupq_n_s8(-128);
  PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) sums[v] = vdupq_n_s32(0);
  for (const int8_t* end = b + size; b != end; b += kPanelQuad)
    PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) sums[v] =
        vdotq_s32(sums[v], vld1q_s8(b + 16 * v), factor);
  PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) sums[v] = vnegq_s32(sums[v]);
}

// Quad kLane of the pixels.
template <int kLane, int kRows>
[[gnu::always_inline]] inline void DotQuad(const int8_t* b, const int8x16_t (&a)[kRows],
                                           PanelRow (&sum)[kRows]) {
  PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) {
    const int8x16_t w = vld1q_s8(b + kLane * kPanelQuad + 16 * v);
    PICABIA_UNROLL for (int r = 0; r < kRows; ++r) sum[r][v] =
        vdotq_laneq_s32(sum[r][v], w, a[r], kLane);
  }
}

// kRows pixels by one panel.
template <int kRows>
[[gnu::always_inline]] inline void TileInt8(const GemmInt8& g, const uint8_t* a, const int8_t* b,
                                            const PanelRow& start, int32_t* c) {
  PanelRow sum[kRows];
  PICABIA_UNROLL for (int r = 0; r < kRows; ++r) PICABIA_UNROLL for (int v = 0; v < kVectors; ++v)
      sum[r][v] = start[v];
  const uint8x16_t flip = vdupq_n_u8(128);
  int8x16_t x[kRows];
  for (int64_t s = 0; s < g.num_segments; ++s) {
    const uint8_t* p = a + g.segments[s];
    int64_t k = 0;
    for (; k + kPixelRun <= g.segment_length; k += kPixelRun, b += 4 * kPanelQuad) {
      PICABIA_UNROLL for (int r = 0; r < kRows; ++r) x[r] =
          vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p + r * g.pixel_stride + k), flip));
      DotQuad<0>(b, x, sum);
      DotQuad<1>(b, x, sum);
      DotQuad<2>(b, x, sum);
      DotQuad<3>(b, x, sum);
    }
    for (; k < g.segment_length; k += kQuad, b += kPanelQuad) {
      PICABIA_UNROLL for (int r = 0; r < kRows; ++r) x[r] =
          I8::BroadcastA(p + r * g.pixel_stride + k);
      DotQuad<0>(b, x, sum);
    }
  }
  PICABIA_UNROLL for (int r = 0; r < kRows; ++r) PICABIA_UNROLL for (int v = 0; v < kVectors; ++v)
      vst1q_s32(c + r * g.c_stride + 4 * v, sum[r][v]);
}

// kRows pixels at a time from `done` on, as long as they fit.
template <int kRows>
int64_t TilesInt8(const GemmInt8& g, const int8_t* b, const PanelRow& start, int32_t* c,
                  int64_t done) {
  for (; done + kRows <= g.pixels; done += kRows)
    TileInt8<kRows>(g, g.a + done * g.pixel_stride, b, start, c + done * g.c_stride);
  return done;
}

void RunGemmInt8(const GemmInt8& args) {
  const GemmInt8 g = args;  // a copy that `c` cannot alias
  const int64_t panels = (g.channels + kPanel - 1) / kPanel;
  const int64_t panel_size = g.num_segments * g.segment_length * kPanel;
  for (int64_t panel = 0; panel < panels; ++panel) {
    const int8_t* b = g.b + panel * panel_size;
    int32_t* c = g.c + panel * kPanel;
    PanelRow start;
    SumWeights(b, panel_size, start);
    int64_t done = TilesInt8<kTileRows>(g, b, start, c, 0);
    done = TilesInt8<2>(g, b, start, c, done);
    TilesInt8<1>(g, b, start, c, done);
  }
}

#define PICABIA_OWN_GEMM_INT8
#include "kernels/isa/table_inl.h"

}  // namespace
}  // namespace neon

const KernelTable kNeonTable = neon::MakeTable(Isa::kNeon);

}  // namespace picabia::kernels
