// The matrix products under every convolution, written once over a small vector type and compiled
// once an instruction set (src/kernels/isa/). A tile of kRows pixels by whole weight panels stays
// in registers over all of K.
//
// The including file provides, in its namespace:
//   struct F32 { kRows, kPanels, kLanes; V; Zero, Load, Store, Broadcast, MulAdd }
//   struct I8  { kRows, kPanels, kVectors (registers of a panel); V, A; Zero, LoadB, BroadcastA,
//   Dot, StorePanel }

// How many pixels a call of Tile covers, from a row of `pixels` of which `done` are done: a ragged
// last tile begins earlier and computes some pixels again, which writes the same values.
template <int kRows>
int64_t TileStart(int64_t done, int64_t pixels) {
  return done + kRows <= pixels ? done : pixels - kRows;
}

template <int kRows, int kPanels>
[[gnu::always_inline]] inline void TileF32(const GemmF32& g, const float* a, const float* b,
                                           int64_t panel_size, const float* bias, float* c,
                                           int64_t channels) {
  constexpr int kVectors = kPanels * kPanel / F32::kLanes;
  typename F32::V sum[kRows][kVectors];
  PICABIA_UNROLL for (int r = 0; r < kRows; ++r) PICABIA_UNROLL for (int v = 0; v < kVectors; ++v)
      sum[r][v] = F32::Load(bias + v * F32::kLanes);
  for (int64_t s = 0; s < g.num_segments; ++s) {
    const float* p = a + g.segments[s];
    for (int64_t k = 0; k < g.segment_length; ++k, b += kPanel) {
      typename F32::V w[kVectors];
      PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) {
        constexpr int kPerPanel = kPanel / F32::kLanes;
        w[v] = F32::Load(b + v / kPerPanel * panel_size + v % kPerPanel * F32::kLanes);
      }
      PICABIA_UNROLL for (int r = 0; r < kRows; ++r) {
        const typename F32::V x = F32::Broadcast(p + r * g.pixel_stride + k);
        PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) sum[r][v] =
            F32::MulAdd(x, w[v], sum[r][v]);
      }
    }
  }
  if (channels >= kPanels * kPanel) {
    PICABIA_UNROLL for (int r = 0; r < kRows; ++r) PICABIA_UNROLL for (int v = 0; v < kVectors; ++v)
        F32::Store(c + r * g.c_stride + v * F32::kLanes, sum[r][v]);
    return;
  }
  PICABIA_UNROLL for (int r = 0; r < kRows; ++r) {
    float whole[kPanels * kPanel];
    PICABIA_UNROLL for (int v = 0; v < kVectors; ++v)
        F32::Store(whole + v * F32::kLanes, sum[r][v]);
    std::memcpy(c + r * g.c_stride, whole, static_cast<size_t>(channels) * sizeof(float));
  }
}

template <int kPanels>
void PanelsF32(const GemmF32& g, int64_t panel, int64_t panel_size) {
  const float* b = g.b + panel * panel_size;
  const float* bias = g.bias + panel * kPanel;
  float* c = g.c + panel * kPanel;
  const int64_t channels = g.channels - panel * kPanel;
  int64_t done = 0;
  if (g.pixels >= F32::kRows) {
    for (; done < g.pixels; done += F32::kRows) {
      const int64_t p = TileStart<F32::kRows>(done, g.pixels);
      TileF32<F32::kRows, kPanels>(g, g.a + p * g.pixel_stride, b, panel_size, bias,
                                   c + p * g.c_stride, channels);
    }
    return;
  }
  for (; done < g.pixels; ++done)
    TileF32<1, kPanels>(g, g.a + done * g.pixel_stride, b, panel_size, bias, c + done * g.c_stride,
                        channels);
}

void RunGemmF32(const GemmF32& g) {
  const int64_t panels = (g.channels + kPanel - 1) / kPanel;
  const int64_t panel_size = g.num_segments * g.segment_length * kPanel;
  int64_t panel = 0;
  for (; panel + F32::kPanels <= panels; panel += F32::kPanels)
    PanelsF32<F32::kPanels>(g, panel, panel_size);
  for (; panel < panels; ++panel) PanelsF32<1>(g, panel, panel_size);
}

// An instruction set whose dot product has another shape brings RunGemmInt8 of its own.
#if !defined(PICABIA_OWN_GEMM_INT8)

template <int kRows, int kPanels>
[[gnu::always_inline]] inline void TileInt8(const GemmInt8& g, const uint8_t* a, const int8_t* b,
                                            int64_t panel_size, int32_t* c) {
  constexpr int kVectors = kPanels * I8::kVectors;
  typename I8::V sum[kRows][kVectors];
  PICABIA_UNROLL for (int r = 0; r < kRows; ++r) PICABIA_UNROLL for (int v = 0; v < kVectors; ++v)
      sum[r][v] = I8::Zero();
  for (int64_t s = 0; s < g.num_segments; ++s) {
    const uint8_t* p = a + g.segments[s];
    for (int64_t k = 0; k < g.segment_length; k += kQuad, b += kPanel * kQuad) {
      typename I8::V w[kVectors];
      PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) w[v] =
          I8::LoadB(b + v / I8::kVectors * panel_size, v % I8::kVectors);
      PICABIA_UNROLL for (int r = 0; r < kRows; ++r) {
        const typename I8::A x = I8::BroadcastA(p + r * g.pixel_stride + k);
        PICABIA_UNROLL for (int v = 0; v < kVectors; ++v) sum[r][v] = I8::Dot(sum[r][v], x, w[v]);
      }
    }
  }
  PICABIA_UNROLL for (int r = 0; r < kRows; ++r) PICABIA_UNROLL for (int q = 0; q < kPanels; ++q)
      I8::StorePanel(c + r * g.c_stride + q * kPanel, &sum[r][q * I8::kVectors]);
}

// Tiles of kRows pixels from `done` on, as long as they fit.
template <int kRows, int kPanels>
[[gnu::always_inline]] inline int64_t TilesInt8(const GemmInt8& g, const int8_t* b,
                                                int64_t panel_size, int32_t* c, int64_t done) {
  for (; done + kRows <= g.pixels; done += kRows)
    TileInt8<kRows, kPanels>(g, g.a + done * g.pixel_stride, b, panel_size, c + done * g.c_stride);
  return done;
}

template <int kPanels>
void PanelsInt8(const GemmInt8& g, int64_t panel, int64_t panel_size) {
  const int8_t* b = g.b + panel * panel_size;
  int32_t* c = g.c + panel * kPanel;
  int64_t done = TilesInt8<I8::kRows, kPanels>(g, b, panel_size, c, 0);
  if constexpr (I8::kRows > 8) done = TilesInt8<8, kPanels>(g, b, panel_size, c, done);
  if constexpr (I8::kRows > 4) done = TilesInt8<4, kPanels>(g, b, panel_size, c, done);
  TilesInt8<1, kPanels>(g, b, panel_size, c, done);
}

void RunGemmInt8(const GemmInt8& g) {
  const int64_t panels = (g.channels + kPanel - 1) / kPanel;
  const int64_t panel_size = g.num_segments * g.segment_length * kPanel;
  int64_t panel = 0;
  for (; panel + I8::kPanels <= panels; panel += I8::kPanels)
    PanelsInt8<I8::kPanels>(g, panel, panel_size);
  for (; panel < panels; ++panel) PanelsInt8<1>(g, panel, panel_size);
}

#endif

void RunGemmInt8Batch(const GemmInt8* g, int64_t count) {
  for (int64_t i = 0; i < count; ++i) RunGemmInt8(g[i]);
}
