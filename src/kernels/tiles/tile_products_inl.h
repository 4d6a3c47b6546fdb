// 8-bit products on the tile unit (AMX), and their sums to levels meanwhile. Included into the file
// of the instruction set, behind levels/level_sums_inl.h.

constexpr int64_t kTileRows = 16;
constexpr int64_t kTileBytes = 64;             // of a row
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
TileConfig ConfigFor(int64_t pixels, int64_t step) {
  TileConfig config;
  for (int t = 0; t < 8; ++t) {
    config.columns[t] = static_cast<uint16_t>(t == 4 || t == 5 ? step : kTileBytes);
    config.rows[t] = static_cast<uint8_t>(t < 6 ? pixels : step / kQuad);
  }
  return config;
}

// How the products go through a segment: some equal steps, a tile each. Where a segment is shorter
// than a tile, loads that read no more than it are cheaper: fewer of them cross a cache line.
struct Steps {
  int64_t count, bytes;
  explicit Steps(const GemmInt8& g)
      : count((g.segment_length + kTileBytes - 1) / kTileBytes),
        bytes(count == 0 ? 0 : g.segment_length / count) {}
  bool Whole(const GemmInt8& g) const {
    return count > 0 && bytes * count == g.segment_length && bytes % kQuad == 0;
  }
};

// Pixels from `a` on: kA blocks of 16 (or of fewer, as configured), by kB panels. Calls work.Step()
// after each step's products, and work.Finish() before the sums are stored: tiles and vectors are
// units of their own, and work at the same time where the instructions of both stand close
// together.
template <int kA, int kB, typename Work>
[[gnu::always_inline]] inline void Block(const GemmInt8& g, const Steps& steps, const uint8_t* a,
                                         const int8_t* b, int64_t panel_size, int32_t* c,
                                         int64_t c_stride, Work& work) {
  const int64_t a_stride = g.pixel_stride, a_step = kTileRows * a_stride;
  const auto c_bytes = static_cast<size_t>(c_stride) * sizeof(int32_t);
  _tile_zero(0);
  if constexpr (kB == 2) _tile_zero(1);
  if constexpr (kA == 2) _tile_zero(2);
  if constexpr (kA == 2 && kB == 2) _tile_zero(3);
  for (int64_t s = 0; s < g.num_segments; ++s)
    for (int64_t k = 0; k < g.segment_length; k += steps.bytes, b += steps.bytes * kPanel) {
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
      work.Step();
    }
  work.Finish();
  _tile_stored(0, c, c_bytes);
  if constexpr (kB == 2) _tile_stored(1, c + kPanel, c_bytes);
  if constexpr (kA == 2) _tile_stored(2, c + kTileRows * c_stride, c_bytes);
  if constexpr (kA == 2 && kB == 2) _tile_stored(3, c + kTileRows * c_stride + kPanel, c_bytes);
}

template <int kValue>
using Int = std::integral_constant<int, kValue>;

// Calls block(Int<2 or 1> sixteens, done, first) for the blocks of a row. A ragged last block
// begins at `first` < done and computes some pixels again; fewer than 16 in all are one block of
// fewer rows.
template <typename F>
[[gnu::always_inline]] inline void ForBlocks(int64_t pixels, F block) {
  int64_t done = 0;
  for (; done + 2 * kTileRows <= pixels; done += 2 * kTileRows) block(Int<2>{}, done, done);
  for (; done < pixels; done += kTileRows)
    block(Int<1>{}, done, std::max<int64_t>(std::min(done, pixels - kTileRows), 0));
}

// Bytes.
int64_t PanelSize(const GemmInt8& g) { return g.num_segments * g.segment_length * kPanel; }

// Calls panels(Int<2 or 1> count, first).
template <typename F>
[[gnu::always_inline]] inline void ForPanels(int64_t channels, F panels) {
  const int64_t count = (channels + kPanel - 1) / kPanel;
  int64_t panel = 0;
  for (; panel + 2 <= count; panel += 2) panels(Int<2>{}, panel);
  if (panel < count) panels(Int<1>{}, panel);
}

struct NoWork {
  void Step() {}
  void Finish() {}
};

void Products(const GemmInt8& g, const Steps& steps) {
  const int64_t size = PanelSize(g);
  ForPanels(g.channels, [&](auto panels, int64_t panel) {
    const int8_t* b = g.b + panel * size;
    int32_t* c = g.c + panel * kPanel;
    ForBlocks(g.pixels, [&](auto sixteens, int64_t, int64_t first) {
      NoWork none;
      Block<sixteens.value, panels.value>(g, steps, g.a + first * g.pixel_stride, b, size,
                                          c + first * g.c_stride, g.c_stride, none);
    });
  });
}

// The sums of one block, which become levels while the tiles make those of the next one. Numbers as
// by RequantizeLevels.
template <int kPanels, bool kStatistics>
class BlockLevels {
 public:
  static constexpr int64_t kStride = 2 * kPanel;  // of the sums

  // Of kPanels panels from `first_panel` on.
  BlockLevels(const Requantize& r, int64_t first_panel) : r_(r), channel_(first_panel * kPanel) {}

  // Memory for the sums of 2 * kTileRows pixels.
  int32_t* memory() { return memory_; }

  // Pixels [next, end) are to be done, in about `steps` steps; `sums` is where the first one's are.
  void Begin(int64_t next, int64_t end, const int32_t* sums, int64_t steps) {
    next_ = next;
    end_ = end;
    sums_ = sums;
    steps_ = steps;
    chunks_ = (end - next + kChunk - 1) / kChunk;
    credit_ = 0;
  }

  [[gnu::always_inline]] void Step() {
    for (credit_ += chunks_; credit_ >= steps_ && next_ < end_; credit_ -= steps_) Chunk();
  }

  [[gnu::always_inline]] void Finish() {
    while (next_ < end_) Chunk();
  }

 private:
  static constexpr int64_t kChunk = 16;       // pixels; divides kSumPixels and kTileRows
  static constexpr int64_t kWriteAhead = 32;  // pixels whose lines are on their way to the cache

  void Chunk() {
    const int64_t end = std::min(next_ + kChunk, end_);
    for (int q = 0; q < kPanels; ++q) Panel(q, end);
    sums_ += (end - next_) * kStride;
    next_ = end;
  }

  [[gnu::always_inline]] void Panel(int q, int64_t end) {
    const int64_t c = channel_ + q * kPanel, group = next_ / kSumPixels * kSumPixels;
    const int32_t* from = sums_ + q * kPanel;
    const SumScale<false> scale(r_, c);
    int16_t* to = r_.levels + next_ * r_.y_stride + c;
    LevelSums& own = own_[q];
    LevelSums sums;
    if constexpr (kStatistics)
      sums =
          next_ == group ? LevelSums(r_.statistics, c, Level(scale.Of(from, nullptr)).value) : own;
    for (int64_t p = next_; p < end; ++p, from += kStride, to += r_.y_stride) {
      if (q == 0) __builtin_prefetch(to + kWriteAhead * r_.y_stride, 1);
      const Level level(scale.Of(from, nullptr));
      if constexpr (kStatistics) sums.Add(level.value);
      level.Store<true>(to, kPanel);
    }
    if constexpr (!kStatistics) return;
    own = sums;
    if (end % kSumPixels == 0 || end == r_.pixels)
      sums.Join(r_.statistics, c, r_.statistics.count + group, end - group);
  }

  alignas(64) int32_t memory_[2 * kTileRows * kStride];
  LevelSums own_[kPanels];
  const Requantize r_;
  const int64_t channel_;
  int64_t next_ = 0, end_ = 0;
  const int32_t* sums_ = nullptr;
  int64_t steps_ = 1, chunks_ = 0, credit_ = 0;
};

template <bool kStatistics>
void ProductLevels(const GemmInt8& g, const Steps& steps, const Requantize& r) {
  const int64_t size = PanelSize(g);
  ForPanels(g.channels, [&](auto panels, int64_t panel) {
    BlockLevels<panels.value, kStatistics> levels(r, panel);
    int32_t* sums = levels.memory();
    ForBlocks(g.pixels, [&](auto sixteens, int64_t done, int64_t first) {
      Block<sixteens.value, panels.value>(g, steps, g.a + first * g.pixel_stride,
                                          g.b + panel * size, size, sums, levels.kStride, levels);
      levels.Begin(done, std::min(done + sixteens.value * kTileRows, g.pixels),
                   sums + (done - first) * levels.kStride, g.num_segments * steps.count);
    });
    levels.Finish();
  });
}

// LDTILECFG takes some 180 cycles, so that a configuration stays until RunInt8Done. Nothing else
// may run on the thread in between that uses tiles.
struct Configured {
  int64_t pixels = 0, step = 0;
  bool operator==(const Configured&) const = default;
};
thread_local Configured configured;

void Configure(const GemmInt8& g, const Steps& steps) {
  const Configured wanted{std::min(kTileRows, g.pixels), steps.bytes};
  if (configured == wanted) return;
  const TileConfig config = ConfigFor(wanted.pixels, wanted.step);
  asm volatile("" : : "r"(&config) : "memory");  // g++ 12 takes only its first 8 bytes to be read
  _tile_loadconfig(&config);
  configured = wanted;
}

void RunInt8Done() {
  if (configured != Configured{}) _tile_release();
  configured = {};
}

void RunGemmInt8Batch(const GemmInt8* g, int64_t count) {
  const Steps steps(*g);
  if (!steps.Whole(*g) || g->pixels == 0) return kAvx512VnniTable.gemm_int8_batch(g, count);
  Configure(*g, steps);
  for (int64_t i = 0; i < count; ++i) Products(g[i], steps);
}

void RunGemmInt8(const GemmInt8& g) { RunGemmInt8Batch(&g, 1); }

void RunGemmLevels(const GemmInt8& g, const Requantize& r) {
  const Steps steps(g);
  if (!steps.Whole(g) || g.pixels == 0 || r.channels % kPanel != 0) {
    RunGemmInt8(g);
    return kAvx512VnniTable.requantize(r);
  }
  Configure(g, steps);
  if (r.statistics.mean != nullptr) {
    ProductLevels<true>(g, steps, r);
  } else {
    ProductLevels<false>(g, steps, r);
  }
}
