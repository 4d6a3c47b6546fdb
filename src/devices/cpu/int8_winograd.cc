// A step of rows by F(2x2, 3x3): tiles transformed, 16 products, and tiles transformed back.
#include <algorithm>
#include <array>

#include "base/checked.h"
#include "devices/cpu/int8_work.h"

namespace picabia::cpu {

using kernels::kPanel;

// The 16 products of `tiles` tiles over one group of panels.
void Int8Plan::WinogradProducts(const Picture& p, int64_t tiles, int64_t panel, int64_t panels,
                                Scratch& s) const {
  constexpr int64_t kNoOffset = 0;
  kernels::GemmInt8 g{};
  g.pixel_stride = conv_.ci;
  g.segments = &kNoOffset;
  g.num_segments = 1;
  g.segment_length = kernels::SegmentBytes(p.context.kernels, conv_.ci);
  g.c_stride = kGroup;
  g.pixels = tiles;
  g.channels = panels * kPanel;
  std::array<kernels::GemmInt8, kWinogradTaps> taps;
  taps.fill(g);
  for (int64_t t = 0; t < kWinogradTaps; ++t) {
    kernels::GemmInt8& tap = taps[static_cast<size_t>(t)];
    tap.a = s.taps + t * kTiles * conv_.ci;
    tap.b = reinterpret_cast<const int8_t*>(p.weights.phases[0].panels.get()) +
            (t * columns_ + panel * kPanel) * g.segment_length;
    tap.c = s.sums[0] + t * kTiles * kGroup;
  }
  p.context.kernels.gemm_int8_batch(taps.data(), kWinogradTaps);
}

// A run of tiles within a row of tiles.
struct Int8Plan::Tiles {
  int64_t row, first, count;
  int64_t at;  // its place among the tiles that are worked off together
};

void Int8Plan::WinogradInputs(const Picture& p, const std::vector<Tiles>& tiles, Scratch& s) const {
  for (const Tiles& t : tiles) {
    kernels::WinogradInput w{};
    for (int64_t r = 0; r < 4; ++r)
      w.rows[r] = s.tile + RowOffset(s, 2 * t.row + r) + 2 * t.first * conv_.ci;
    w.pixel_stride = w.channels = conv_.ci;
    w.tiles = t.count;
    w.sum_zero = p.input.sum_zero.data();
    w.taps = s.taps + t.at * conv_.ci;
    w.tap_stride = kTiles * conv_.ci;
    p.context.kernels.winograd_input(w);
  }
}

// Of one group of panels. `pixels` is how many the statistics have seen before.
void Int8Plan::WinogradOutputs(const Picture& p, const std::vector<Tiles>& tiles, int64_t first_row,
                               int64_t panel, int64_t panels, Scratch& s,
                               StripStatistics* statistics) const {
  const Int8Phase& phase = p.weights.phases[0];
  const int64_t c = panel * kPanel, before = statistics->pixels;
  for (const Tiles& t : tiles) {
    kernels::WinogradOutput w{};
    w.sums = s.sums[0] + t.at * kGroup;
    w.tap_stride = kTiles * kGroup;
    w.tile_stride = kGroup;
    w.scale = phase.scale.data() + c;
    w.offset = phase.offset.data() + c;
    w.columns = columns_;
    const int64_t y = first_row + 2 * t.row;
    w.rows[0] = s.out_levels + ((y - s.out_row) * g_.out_w + 2 * t.first) * conv_.co + c;
    w.rows[1] = y + 1 < g_.out_h ? w.rows[0] + g_.out_w * conv_.co : nullptr;
    w.pixel_stride = conv_.co;
    w.width = g_.out_w - 2 * t.first;
    w.tiles = t.count;
    w.channels = std::min(panels * kPanel, conv_.co - c);
    w.statistics = statistics->View(c);
    p.context.kernels.winograd_output(w);
    statistics->pixels += std::min(2 * t.count, w.width) * (w.rows[1] == nullptr ? 1 : 2);
  }
  if (panel + panels < columns_ / kPanel) statistics->pixels = before;
}

// Tiles of the step in rows from left to right, kTiles at a time; the sums of kGroup channels at a
// time, so that they stay in the cache between product and transform.
void Int8Plan::WinogradStep(const Picture& p, int64_t first_row, int64_t rows, Scratch& s,
                            StripStatistics* statistics) const {
  const int64_t across = CeilDiv(g_.out_w, 2), all = CeilDiv(rows, 2) * across;
  const int64_t panels = columns_ / kPanel;
  std::vector<Tiles> tiles;
  for (int64_t from = 0; from < all; from += kTiles) {
    const int64_t count = std::min(kTiles, all - from);
    tiles.clear();
    for (int64_t done = 0; done < count; done += tiles.back().count) {
      const int64_t first = (from + done) % across;
      tiles.push_back(
          {(from + done) / across, first, std::min(count - done, across - first), done});
    }
    WinogradInputs(p, tiles, s);
    for (int64_t panel = 0; panel < panels; panel += kGroup / kPanel) {
      const int64_t n = std::min(kGroup / kPanel, panels - panel);
      WinogradProducts(p, count, panel, n, s);
      WinogradOutputs(p, tiles, first_row, panel, n, s, statistics);
    }
  }
}

}  // namespace picabia::cpu
