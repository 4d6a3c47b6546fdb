// F(2x2, 3x3) on integers: Y = A'[(G g G') . (B' d B)]A, with
//        1  0 -1  0          1  0  0
//   B' = 0  1  1  0     A' = 1  1  1  0
//        0 -1  1  0          0  1 -1 -1
//        0  1  0 -1
// (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015). A tile of 4x4 pixels
// of 12-bit levels becomes 16 taps of 8 bits; 16 matrix products over the channels follow, one a
// tap; their sums become 2x2 outputs.

// Rows or columns of B' times four vectors.
template <typename V>
[[gnu::always_inline]] inline void WinogradB(const V (&d)[4], V (&u)[4]) {
  u[0] = d[0] - d[2];
  u[1] = d[1] + d[2];
  u[2] = d[2] - d[1];
  u[3] = d[1] - d[3];
}

// 32 channels of one tile.
[[gnu::always_inline]] inline void WinogradTile(const WinogradInput& w, int64_t tile, int64_t c) {
  Int16x32 rows[4][4];
  for (int x = 0; x < 4; ++x) {
    Int16x32 column[4], u[4];
    for (int y = 0; y < 4; ++y)
      column[y] = LoadVector<Int16x32>(w.rows[y] + (2 * tile + x) * w.pixel_stride + c);
    WinogradB(column, u);
    for (int y = 0; y < 4; ++y) rows[y][x] = u[y];
  }
  for (int y = 0; y < 4; ++y) {
    Int16x32 u[4];
    WinogradB(rows[y], u);
    for (int x = 0; x < 4; ++x) {
      // Both shifts round to the nearest 64th; the zero point comes after.
      const Int16x32 zero = y == 1 && x == 1 ? LoadVector<Int16x32>(w.sum_zero + c)
                                             : Int16x32{} + int16_t{kWinogradZero};
      const Int16x32 q = ((u[x] + int16_t{1 << (kWinogradShift - 1)}) >> kWinogradShift) + zero;
      StoreVector(w.taps + (y * 4 + x) * w.tap_stride + tile * w.channels + c,
                  __builtin_convertvector(q, Byte32));
    }
  }
}

void TransformInput(const WinogradInput& args) {
  const WinogradInput w = args;
  for (int64_t t = 0; t < w.tiles; ++t)
    for (int64_t c = 0; c < w.channels; c += 32) WinogradTile(w, t, c);
}

// Two outputs of A' times four vectors.
[[gnu::always_inline]] inline void WinogradA(const Float16 (&m)[4], Float16& first,
                                             Float16& second) {
  first = (m[0] + m[1]) + m[2];
  second = (m[1] - m[2]) - m[3];
}

// 16 channels of one tile: its four outputs.
[[gnu::always_inline]] inline void WinogradOutputs(const WinogradOutput& w, int64_t tile, int64_t c,
                                                   Float16 (&y)[4]) {
  Float16 top[4], bottom[4];
  PICABIA_UNROLL for (int x = 0; x < 4; ++x) {
    Float16 m[4];
    PICABIA_UNROLL for (int r = 0; r < 4; ++r) {
      const int64_t tap = r * 4 + x;
      m[r] = __builtin_convertvector(
                 LoadVector<Int32x16>(w.sums + tap * w.tap_stride + tile * w.tile_stride + c),
                 Float16) *
             LoadVector<Float16>(w.scale + tap * w.columns + c);
    }
    WinogradA(m, top[x], bottom[x]);
  }
  WinogradA(top, y[0], y[1]);
  WinogradA(bottom, y[2], y[3]);
  PICABIA_UNROLL for (int i = 0; i < 4; ++i) y[i] =
      y[i] + LoadVector<Float16>(w.offset + i * w.columns + c);
}

// kWhole: all four outputs of all tiles are in the picture, and 16 channels.
template <bool kWhole>
[[gnu::always_inline]] inline void WinogradGroup(const WinogradOutput& w, int64_t c,
                                                 int64_t pixels) {
  Float16 y[4];
  WinogradOutputs(w, 0, c, y);
  LevelSums sums(w.statistics, c, Level(y[0]).value);
  for (int64_t t = 0; t < w.tiles; ++t) {
    WinogradOutputs(w, t, c, y);
    PICABIA_UNROLL for (int i = 0; i < 4; ++i) {
      const int64_t x = 2 * t + i % 2;
      if (!kWhole && (w.rows[i / 2] == nullptr || x >= w.width)) continue;
      const Level level(y[i]);
      sums.Add(level.value);
      int16_t* to = w.rows[i / 2] + x * w.pixel_stride + c;
      if (kWhole || w.channels - c >= 16) {
        level.Store<true>(to, 16);
      } else {
        level.Store<false>(to, w.channels - c);
      }
    }
  }
  sums.Join(w.statistics, c, w.statistics.count, pixels);
}

// The tiles are few enough to be summed in floats together: at most 48.
void TransformOutput(const WinogradOutput& args) {
  const WinogradOutput w = args;
  const int64_t pixels = std::min(2 * w.tiles, w.width) * (w.rows[1] == nullptr ? 1 : 2);
  const bool whole = pixels == 4 * w.tiles;
  for (int64_t c = 0; c < w.channels; c += 16) {
    if (whole && c + 16 <= w.channels) {
      WinogradGroup<true>(w, c, pixels);
    } else {
      WinogradGroup<false>(w, c, pixels);
    }
  }
}
