// The kernels around Winograd's products against loops written from the contracts of kernels/int8.h
// and from the matrices of Lavin and Gray, on every instruction set of this machine.
#include "kernels/kernel_test_util.h"

namespace picabia::kernels {
namespace {

constexpr uint32_t kSeed = 20261128;

constexpr int kB[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};  // B'
constexpr int kA[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};                               // A'

// The nearest 64th of tap (y, x) of B' d B, and its zero point.
template <typename F>
int64_t InputTap(int y, int x, int64_t sum_zero, F d) {
  int64_t sum = 0;
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c) sum += kB[y][r] * kB[x][c] * d(r, c);
  const auto nearest = static_cast<int64_t>(std::floor(static_cast<double>(sum) / 64 + 0.5));
  return nearest + (y * 4 + x == kWinogradSumTap ? sum_zero : kWinogradZero);
}

TEST(WinogradKernels, InputEqualsTheContract) {
  std::mt19937 rng(kSeed);
  for (const int64_t channels : {32, 64, 96, 128})
    for (const int64_t tiles : {0, 1, 2, 7, 48}) {
      const int64_t pixel_stride = channels + static_cast<int64_t>(rng() % 3);
      const int64_t tap_stride = tiles * channels + 64;
      // Levels of a channel span kWinogradLevels and hold 0: the zero point of the tap that adds
      // keeps four times the lowest one above 0.
      const auto lowest = RandomIntegers<int16_t>(channels, -kWinogradLevels, 0, rng);
      std::vector<int16_t> rows[4], sum_zero;
      for (const int16_t low : lowest)
        sum_zero.push_back(static_cast<int16_t>((-4 * low + 63) / 64));
      for (auto& row : rows) {
        row.assign(static_cast<size_t>((2 * tiles + 2) * pixel_stride), 0);
        for (size_t i = 0; i < row.size(); ++i) {
          const auto c = i % static_cast<size_t>(pixel_stride);
          const int64_t low = c < lowest.size() ? lowest[c] : 0, kind = rng() % 4;
          const auto inside = static_cast<int64_t>(rng() % (kWinogradLevels + 1));
          const int64_t above = kind == 0 ? 0 : kind == 1 ? kWinogradLevels : inside;
          row[i] = static_cast<int16_t>(low + above);
        }
      }
      for (const KernelTable* t : Tables()) {
        Guarded<uint8_t> taps(16 * tap_stride);
        t->winograd_input({{rows[0].data(), rows[1].data(), rows[2].data(), rows[3].data()},
                           pixel_stride,
                           channels,
                           tiles,
                           sum_zero.data(),
                           taps.data(),
                           tap_stride});
        const auto found = taps.Take();
        for (int tap = 0; tap < 16; ++tap)
          for (int64_t i = 0; i < tiles * channels; ++i) {
            const int64_t tile = i / channels, c = i % channels;
            const int64_t want = InputTap(
                tap / 4, tap % 4, sum_zero[static_cast<size_t>(c)], [&](int r, int x) -> int64_t {
                  return rows[r][static_cast<size_t>((2 * tile + x) * pixel_stride + c)];
                });
            ASSERT_GE(want, 0);
            ASSERT_LE(want, 255);
            ASSERT_EQ(found[static_cast<size_t>(tap * tap_stride + i)], want)
                << IsaName(t->isa) << " seed " << kSeed << " tap " << tap << " tile " << tile
                << " channel " << c;
          }
      }
    }
}

struct OutputCase {
  int64_t tiles, width, channels, columns, tap_stride, tile_stride, pixel_stride;
  bool two_rows;
  std::vector<int32_t> sums;
  std::vector<float> scale, offset;

  OutputCase(int64_t t, int64_t c, bool odd, bool both, std::mt19937& rng)
      : tiles(t),
        width(2 * t - (odd ? 1 : 0)),
        channels(c),
        columns(RoundUpTo(c, 16)),
        tile_stride(columns + 16),
        pixel_stride(c + 3),
        two_rows(both) {
    tap_stride = tiles * tile_stride + 32;
    sums = RandomIntegers<int32_t>(16 * tap_stride, -2000000, 2000000, rng);
    scale = RandomFloats(static_cast<size_t>(16 * columns), -6e-4f, 6e-4f, rng);
    offset = RandomFloats(static_cast<size_t>(4 * columns), -3000, 3000, rng);
  }

  // Output (y, x) of a tile: columns of the tile first, sums from left to right.
  float Value(int64_t tile, int y, int x, int64_t c) const {
    const auto sum = [](const int(&a)[4], const auto& term) {
      float s = 0;
      for (int i = 0, n = 0; i < 4; ++i) {
        if (a[i] == 0) continue;
        const float v = a[i] > 0 ? term(i) : -term(i);
        s = n++ == 0 ? v : s + v;
      }
      return s;
    };
    const float whole = sum(kA[x], [&](int column) {
      return sum(kA[y], [&](int row) {
        const int64_t tap = row * 4 + column;
        return static_cast<float>(
                   sums[static_cast<size_t>(tap * tap_stride + tile * tile_stride + c)]) *
               scale[static_cast<size_t>(tap * columns + c)];
      });
    });
    return whole + offset[static_cast<size_t>((y * 2 + x) * columns + c)];
  }
};

struct OutputResult {
  std::vector<int16_t> rows[2];
  std::vector<double> mean, squares;
  std::vector<float> low, high;
};

OutputResult RunOutput(const OutputCase& c, int64_t before, const ChannelStatistics& start,
                       const KernelTable& t) {
  const auto n = static_cast<size_t>(c.columns);
  OutputResult r{{},
                 std::vector<double>(n, start.mean),
                 std::vector<double>(n, start.squares),
                 std::vector<float>(n, start.low),
                 std::vector<float>(n, start.high)};
  Guarded<int16_t> first(c.width * c.pixel_stride), second(c.width * c.pixel_stride);
  t.winograd_output({c.sums.data(),
                     c.tap_stride,
                     c.tile_stride,
                     c.scale.data(),
                     c.offset.data(),
                     c.columns,
                     {first.data(), c.two_rows ? second.data() : nullptr},
                     c.pixel_stride,
                     c.width,
                     c.tiles,
                     c.channels,
                     {before, r.mean.data(), r.squares.data(), r.low.data(), r.high.data()}});
  r.rows[0] = first.Take();
  r.rows[1] = second.Take();
  return r;
}

TEST(WinogradKernels, OutputEqualsTheContract) {
  std::mt19937 rng(kSeed + 1);
  for (const int64_t channels : kNastyChannels)
    for (const int64_t tiles : {1, 2, 15, 48})
      for (const bool odd : {false, true})
        for (const bool two_rows : {false, true}) {
          const OutputCase c(tiles, channels, odd, two_rows, rng);
          const int64_t before = rng() % 2 ? 100 : 0;
          const ChannelStatistics start{before > 0 ? 123.5 : 0, before > 0 ? 4e6 : 0};
          const OutputResult all = RunOutput(c, before, start, *Tables()[0]);
          for (const KernelTable* t : Tables()) {
            SCOPED_TRACE(testing::Message()
                         << IsaName(t->isa) << " seed " << kSeed + 1 << " channels " << channels
                         << " tiles " << tiles << " odd " << odd << " two rows " << two_rows);
            const OutputResult r = RunOutput(c, before, start, *t);
            std::vector<std::vector<float>> levels(static_cast<size_t>(channels));
            for (int y = 0; y < 2; ++y)
              for (int64_t x = 0; x < c.width; ++x)
                for (int64_t m = 0; m < c.pixel_stride; ++m) {
                  const int16_t found = r.rows[y][static_cast<size_t>(x * c.pixel_stride + m)];
                  if (m >= channels || (y == 1 && !two_rows)) {
                    ASSERT_EQ(found, 77);
                    continue;
                  }
                  const float v = RoundHalfEven(c.Value(x / 2, y, static_cast<int>(x % 2), m));
                  ASSERT_EQ(found, v) << y << " " << x << " " << m;
                  levels[static_cast<size_t>(m)].push_back(v);
                }
            for (size_t i = 0; i < levels.size(); ++i) {
              ExpectStatistics(levels[i], before, start,
                               {r.mean[i], r.squares[i], r.low[i], r.high[i]});
              ASSERT_EQ(r.mean[i], all.mean[i]);  // the same bits
              ASSERT_EQ(r.squares[i], all.squares[i]);
            }
            if (testing::Test::HasFailure()) return;
          }
        }
}

TEST(WinogradKernels, QuantizeTileEqualsTheContract) {
  std::mt19937 rng(kSeed + 2);
  for (const int64_t period : kNastyChannels)
    for (const int64_t count : {int64_t{0}, int64_t{1}, period, 3 * period + 1}) {
      const auto n = static_cast<size_t>(period);
      auto x = RandomFloats(static_cast<size_t>(count), -3000, 3000, rng);
      for (float& v : x) v = rng() % 3 == 0 ? std::floor(v) + 0.5f : v;  // ties
      std::vector<float> inverse(n, 1.f), low, high;
      for (float& v : inverse) v = rng() % 2 ? 1.f : 0.7f;
      std::vector<int32_t> zero(n, 0);
      for (size_t i = 0; i < n; ++i) {
        low.push_back(-static_cast<float>(rng() % (kWinogradLevels + 1)));
        high.push_back(low[i] + kWinogradLevels);
      }
      for (const KernelTable* t : Tables()) {
        Guarded<int16_t> d(count);
        t->quantize_tile(
            {x.data(), count, period, inverse.data(), low.data(), high.data(), zero.data()},
            d.data());
        const auto found = d.Take();
        for (size_t i = 0; i < x.size(); ++i)
          ASSERT_EQ(found[i],
                    RoundHalfEven(std::clamp(x[i] * inverse[i % n], low[i % n], high[i % n])))
              << IsaName(t->isa) << " seed " << kSeed + 2 << " at " << i;
      }
    }
}

}  // namespace
}  // namespace picabia::kernels
