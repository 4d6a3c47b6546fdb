// The kernels over 16-bit levels against loops written from the contracts of kernels/int8.h, on
// every instruction set of this machine.
#include "kernels/kernel_test_util.h"

namespace picabia::kernels {
namespace {

constexpr uint32_t kSeed = 20261127;

int16_t Wrap16(int64_t v) { return static_cast<int16_t>(static_cast<uint16_t>(v & 0xffff)); }

struct MapCase {
  int64_t count, period;
  bool clamp;
  std::vector<int16_t> levels, factor, offset, floor, gain, zero, least, most;

  MapCase(int64_t n, int64_t p, bool c, std::mt19937& rng) : count(n), period(p), clamp(c) {
    const int64_t size = RoundUpTo(period, 32);
    levels = RandomIntegers<int16_t>(count, -32768, 32767, rng);
    factor = RandomIntegers<int16_t>(size, -4, 4, rng);
    offset = RandomIntegers<int16_t>(size, -32768, 32767, rng);
    floor = RandomIntegers<int16_t>(size, -32768, 32767, rng);
    gain = RandomIntegers<int16_t>(size, 0, 32767, rng);
    zero = RandomIntegers<int16_t>(size, -32767, 32767, rng);
    least = RandomIntegers<int16_t>(size, -32768, 32767, rng);
    most = RandomIntegers<int16_t>(size, -32768, 32767, rng);
    for (size_t i = 0; i < floor.size(); ++i) {
      if (least[i] > most[i]) std::swap(least[i], most[i]);
      if (rng() % 2) floor[i] = -32768;  // none
      if (rng() % 4 == 0) gain[i] = 32767;
      // The sum with the zero point fits.
      const int room = 32767 - gain[i];
      zero[i] = static_cast<int16_t>(zero[i] % (room + 1));
    }
  }
  LevelRow Row() const {
    return {levels.data(),
            count,
            period,
            factor.data(),
            offset.data(),
            floor.data(),
            gain.data(),
            zero.data(),
            clamp ? least.data() : nullptr,
            clamp ? most.data() : nullptr};
  }
  int64_t Stretched(int64_t i) const {
    const auto c = static_cast<size_t>(i % period);
    int64_t level = levels[static_cast<size_t>(i)];
    if (clamp) level = std::clamp<int64_t>(level, least[c], most[c]);
    return std::max(Wrap16(level * factor[c] + offset[c]), floor[c]);
  }
  int64_t Scaled(int64_t i) const {
    const auto c = static_cast<size_t>(i % period);
    return ((Stretched(i) * gain[c] + (1 << 14)) >> 15) + zero[c];
  }
};

void ExpectMaps(const MapCase& c, const KernelTable& t) {
  Guarded<uint8_t> bytes(c.count), high(c.count), low(c.count);
  Guarded<int16_t> tile(c.count);
  t.map8(c.Row(), bytes.data());
  t.map16(c.Row(), high.data(), low.data());
  t.map_tile(c.Row(), tile.data());
  bytes.Take(), high.Take(), low.Take(), tile.Take();
  for (int64_t i = 0; i < c.count; ++i) {
    ASSERT_EQ(bytes[i], std::clamp<int64_t>(c.Scaled(i), 0, 255)) << "map8 at " << i;
    ASSERT_EQ(tile[i], c.Scaled(i)) << "map_tile at " << i;
    ASSERT_EQ(high[i] * 256 + low[i], c.Scaled(i) & 0xffff) << "map16 at " << i;
  }
}

// Periods as devices/cpu/levels.cc makes them: multiples of 32, or channels that are none.
TEST(LevelKernels, MapsEqualTheContract) {
  std::mt19937 rng(kSeed);
  for (const int64_t channels : kNastyChannels)
    for (const int64_t period : {channels, channels * 32})
      for (const int64_t count : {int64_t{0}, int64_t{1}, channels, period - 1, period, period + 1,
                                  2 * period, 2 * period + channels, 5 * period + 31}) {
        const MapCase c(count, period, rng() % 2 == 0, rng);
        for (const KernelTable* t : Tables()) {
          SCOPED_TRACE(testing::Message() << IsaName(t->isa) << " seed " << kSeed << " count "
                                          << count << " period " << period);
          ExpectMaps(c, *t);
          if (testing::Test::HasFailure()) return;
        }
      }
}

struct SumCase {
  int64_t pixels, channels, columns, stride, y_stride, before;
  std::vector<int32_t> low, high;
  std::vector<float> scale, high_scale, offset;
  std::vector<double> mean, squares;
  std::vector<float> least, most;

  // `spread`: the largest level, about.
  SumCase(int64_t p, int64_t c, bool with_high, float spread, std::mt19937& rng)
      : pixels(p), channels(c), columns(RoundUpTo(c, 16)), stride(columns + 16), y_stride(c + 5) {
    const auto n = static_cast<size_t>(columns);
    low = RandomIntegers<int32_t>(pixels * stride, -1000000, 1000000, rng);
    if (with_high) high = RandomIntegers<int32_t>(pixels * stride, -1000000, 1000000, rng);
    const float step = spread / 2.1e6f;
    scale = RandomFloats(n, -step, step, rng);
    high_scale = RandomFloats(n, -step, step, rng);
    offset = RandomFloats(n, -spread / 30, spread / 30, rng);
    for (size_t i = 0; i < n; ++i)
      if (rng() % 4 == 0) scale[i] = std::ldexp(1.f, -7);  // many ties
    before = static_cast<int64_t>(rng() % 3) * 50;
    mean.assign(n, 0);
    squares.assign(n, 0);
    if (before > 0) {
      for (size_t i = 0; i < n; ++i) {
        mean[i] = static_cast<double>(rng() % 20000) - 10000;
        squares[i] = static_cast<double>(rng()) * 10;
      }
    }
    least.assign(n, 1e9f);
    most.assign(n, -1e9f);
  }
  float Value(int64_t p, int64_t c) const {
    const auto at = static_cast<size_t>(p * stride + c), i = static_cast<size_t>(c);
    float v = static_cast<float>(low[at]) * scale[i] + offset[i];
    if (!high.empty()) v = v + static_cast<float>(high[at]) * high_scale[i];
    return v;
  }
};

struct SumResult {
  std::vector<int16_t> levels;
  std::vector<float> floats, low, high;
  std::vector<double> mean, squares;
};

SumResult RunRequantize(const SumCase& c, const KernelTable& t) {
  Guarded<int16_t> levels(c.pixels * c.y_stride);
  Guarded<float> floats(c.pixels * c.y_stride);
  SumResult r{{}, {}, c.least, c.most, c.mean, c.squares};
  Requantize q{c.low.data(),
               c.high.empty() ? nullptr : c.high.data(),
               c.stride,
               c.scale.data(),
               c.high_scale.data(),
               c.offset.data(),
               levels.data(),
               nullptr,
               c.y_stride,
               c.pixels,
               c.channels,
               {c.before, r.mean.data(), r.squares.data(), r.low.data(), r.high.data()}};
  t.requantize(q);
  q.levels = nullptr;
  q.floats = floats.data();
  q.statistics = {};
  t.requantize_float(q);
  r.levels = levels.Take();
  r.floats = floats.Take();
  return r;
}

void ExpectRequantized(const SumCase& c, const SumResult& r) {
  for (int64_t p = 0; p < c.pixels; ++p)
    for (int64_t m = 0; m < c.y_stride; ++m) {
      const auto at = static_cast<size_t>(p * c.y_stride + m);
      const bool inside = m < c.channels;  // what lies between the pixels must stay
      ASSERT_EQ(r.levels[at], inside ? RoundHalfEven(c.Value(p, m)) : 77) << p << " " << m;
      ASSERT_EQ(r.floats[at], inside ? c.Value(p, m) : 77) << p << " " << m;
    }
  for (int64_t m = 0; m < c.channels; ++m) {
    const auto i = static_cast<size_t>(m);
    std::vector<float> levels;
    for (int64_t p = 0; p < c.pixels; ++p) levels.push_back(RoundHalfEven(c.Value(p, m)));
    ExpectStatistics(levels, c.before, {c.mean[i], c.squares[i], c.least[i], c.most[i]},
                     {r.mean[i], r.squares[i], r.low[i], r.high[i]});
  }
}

TEST(LevelKernels, RequantizeEqualsTheContract) {
  std::mt19937 rng(kSeed + 1);
  for (const int64_t channels : kNastyChannels)
    for (const int64_t pixels : {1, 2, 7, 127, 128, 129, 300})
      for (const bool with_high : {false, true}) {
        const SumCase c(pixels, channels, with_high, rng() % 2 ? 30000.f : 40.f, rng);
        const SumResult first = RunRequantize(c, *Tables()[0]);
        for (const KernelTable* t : Tables()) {
          SCOPED_TRACE(testing::Message() << IsaName(t->isa) << " seed " << kSeed + 1 << " pixels "
                                          << pixels << " channels " << channels);
          const SumResult r = RunRequantize(c, *t);
          ExpectRequantized(c, r);
          for (size_t i = 0; i < static_cast<size_t>(channels); ++i) {
            ASSERT_EQ(r.mean[i], first.mean[i]);  // the same bits
            ASSERT_EQ(r.squares[i], first.squares[i]);
          }
          if (testing::Test::HasFailure()) return;
        }
      }
}

// A product whose sums become levels at once. `c` gets the sums that loops make.
struct ProductCase {
  int64_t pixels, channels, segments, length, stride;
  std::vector<uint8_t> a;
  std::vector<int8_t> b;
  std::vector<int64_t> offsets;

  ProductCase(int64_t p, int64_t m, int64_t s, int64_t n, SumCase& c, std::mt19937& rng)
      : pixels(p), channels(m), segments(s), length(n), stride(n % 64 == 0 ? 64 : 3) {
    const int64_t row = pixels * stride + length + 64, k = segments * length;
    for (int64_t i = 0; i < segments; ++i) offsets.push_back(i * row);
    a = RandomIntegers<uint8_t>(segments * row, 0, 255, rng);
    b = RandomIntegers<int8_t>(RoundUpTo(channels, 16) * k, -128, 127, rng);
    for (int64_t q = 0; q < pixels; ++q)
      for (int64_t i = 0; i < channels; ++i)
        c.low[static_cast<size_t>(q * c.stride + i)] = Sum(q, i, k);
    // Levels of the largest sum must fit 16 bits.
    const float step = 32000.f / (static_cast<float>(k) * 255 * 128);
    c.scale = RandomFloats(c.scale.size(), -step, step, rng);
    c.offset = RandomFloats(c.offset.size(), -700, 700, rng);
  }

  int32_t Sum(int64_t pixel, int64_t channel, int64_t k) const {
    int64_t sum = 0;
    for (int64_t row = 0; row < k; ++row) {
      const int64_t at = ((channel / 16 * (k / 4) + row / 4) * 16 + channel % 16) * 4 + row % 4;
      const int64_t from =
          pixel * stride + offsets[static_cast<size_t>(row / length)] + row % length;
      sum += a[static_cast<size_t>(from)] * b[static_cast<size_t>(at)];
    }
    return static_cast<int32_t>(sum);
  }

  SumResult Run(const SumCase& c, const KernelTable& t, bool statistics) const {
    Guarded<int16_t> levels(pixels * c.y_stride);
    std::vector<int32_t> sums(c.low.size());
    SumResult r{{}, {}, c.least, c.most, c.mean, c.squares};
    t.gemm_levels({a.data(), stride, offsets.data(), segments, length, b.data(), sums.data(),
                   c.stride, pixels, channels},
                  {sums.data(), nullptr, c.stride, c.scale.data(), nullptr, c.offset.data(),
                   levels.data(), nullptr, c.y_stride, pixels, channels,
                   statistics ? LevelStatistics{c.before, r.mean.data(), r.squares.data(),
                                                r.low.data(), r.high.data()}
                              : LevelStatistics{}});
    t.int8_done();
    r.levels = levels.Take();
    return r;
  }
};

TEST(LevelKernels, ProductsBecomeTheLevelsOfTheirSums) {
  std::mt19937 rng(kSeed + 9);
  for (const int64_t channels : {3, 16, 20, 32, 48, 80})
    for (const int64_t pixels : {1, 15, 16, 17, 31, 33, 64, 127, 129, 175, 300})
      for (const int64_t length : {4, 28, 64, 96, 100, 192}) {
        const int64_t segments = 1 + static_cast<int64_t>(rng() % 3);
        SumCase sums(pixels, channels, false, 1.f, rng);
        const ProductCase product(pixels, channels, segments, length, sums, rng);
        for (const KernelTable* t : Tables()) {
          SCOPED_TRACE(testing::Message()
                       << IsaName(t->isa) << " seed " << kSeed + 9 << " pixels " << pixels
                       << " channels " << channels << " segments " << segments << " of " << length);
          SumResult r = product.Run(sums, *t, true);
          EXPECT_EQ(product.Run(sums, *t, false).levels, r.levels);
          r.floats = RunRequantize(sums, *t).floats;
          ExpectRequantized(sums, r);
          if (testing::Test::HasFailure()) return;
        }
      }
}

// A level that does not fit shows in the range, however large it is.
TEST(LevelKernels, RequantizeShowsLevelsThatDoNotFit) {
  std::mt19937 rng(kSeed + 2);
  for (const float level : {32768.f, 40000.f, 3e6f, 1e9f, -32769.f, -5e8f}) {
    SumCase c(3, 16, false, 100.f, rng);
    c.low[static_cast<size_t>(c.stride) + 5] = 1;
    c.scale[5] = level;
    c.offset[5] = 0;
    c.low[5] = c.low[static_cast<size_t>(2 * c.stride) + 5] = 0;
    for (const KernelTable* t : Tables()) {
      const SumResult r = RunRequantize(c, *t);
      EXPECT_GT(std::max(r.high[5], -r.low[5]), 32767) << level << " " << IsaName(t->isa);
    }
  }
}

TEST(LevelKernels, SumColumnsEqualsTheContract) {
  std::mt19937 rng(kSeed + 3);
  for (const int64_t channels : {1, 3, 4})
    for (const int64_t taps : {1, 3, 9})
      for (const int64_t pixels : {0, 1, 5, 33})
        for (const bool with_high : {false, true}) {
          const int64_t step = 1 + static_cast<int64_t>(rng() % 2);
          const int64_t stride = RoundUpTo(taps * channels, 16), y_stride = channels + 1;
          const int64_t size = (pixels + (taps - 1) * step) * stride + 16;  // read four at a time
          const auto low = RandomIntegers<int32_t>(size, -100000000, 100000000, rng);
          const auto high = RandomIntegers<int32_t>(size, -100000000, 100000000, rng);
          const auto scale = RandomFloats(4, -1, 1, rng), high_scale = RandomFloats(4, -1, 1, rng),
                     offset = RandomFloats(4, -1e6f, 1e6f, rng);
          for (const KernelTable* t : Tables()) {
            Guarded<float> y(pixels * y_stride);
            t->sum_columns({low.data(), with_high ? high.data() : nullptr, stride, taps, step,
                            channels, scale.data(), high_scale.data(), offset.data(), y.data(),
                            y_stride, pixels, channels});
            const auto found = y.Take();
            for (int64_t p = 0; p < pixels; ++p)
              for (int64_t c = 0; c < y_stride; ++c) {
                int32_t sum = 0, high_sum = 0;
                for (int64_t k = 0; k < taps; ++k) {
                  const auto at = static_cast<size_t>((p + k * step) * stride + k * channels + c);
                  if (c < channels) sum += low[at];
                  if (c < channels) high_sum += high[at];
                }
                const auto i = static_cast<size_t>(c % 4);
                float v = static_cast<float>(sum) * scale[i] + offset[i];
                if (with_high) v = v + static_cast<float>(high_sum) * high_scale[i];
                ASSERT_EQ(found[static_cast<size_t>(p * y_stride + c)], c < channels ? v : 77)
                    << IsaName(t->isa) << " seed " << kSeed + 3 << " taps " << taps << " pixel "
                    << p << " channel " << c;
              }
          }
        }
}

struct Term {
  std::vector<int16_t> levels;
  std::vector<float> scale, offset, floor;

  Term(int64_t count, int64_t period, std::mt19937& rng)
      : levels(RandomIntegers<int16_t>(count, -32768, 32767, rng)),
        scale(RandomFloats(static_cast<size_t>(period), -0.6f, 0.6f, rng)),
        offset(RandomFloats(static_cast<size_t>(period), -9000, 9000, rng)),
        floor(static_cast<size_t>(period), 0.f) {
    for (size_t i = 0; i < floor.size(); ++i) {
      if (rng() % 2) floor[i] = -std::numeric_limits<float>::max();
      if (rng() % 3 == 0) scale[i] = 0.5f, offset[i] = 0;  // many ties
    }
  }
  LevelTerm Get() const { return {levels.data(), scale.data(), offset.data(), floor.data()}; }
  float Value(int64_t i) const {
    const size_t at = static_cast<size_t>(i), c = at % scale.size();
    return std::max(static_cast<float>(levels[at]) * scale[c] + offset[c], floor[c]);
  }
};

TEST(LevelKernels, SumsOfLevelsEqualTheContract) {
  std::mt19937 rng(kSeed + 4);
  for (const int64_t period : {16, 32, 48, 128, 31 * 16})
    for (const int64_t count : {int64_t{0}, period, 2 * period, 7 * period}) {
      const Term a(count, period, rng), b(count, period, rng);
      for (const KernelTable* t : Tables())
        for (const bool in_place : {false, true}) {
          SCOPED_TRACE(testing::Message() << IsaName(t->isa) << " seed " << kSeed + 4 << " period "
                                          << period << " count " << count);
          Guarded<int16_t> out(count);
          std::vector<float> low(static_cast<size_t>(period), 100.f), high(low);
          LevelTerm first = a.Get();
          if (in_place) {
            std::copy(a.levels.begin(), a.levels.end(), out.data());
            first.levels = out.data();
          }
          t->add_levels({first, b.Get(), count, period, out.data(), low.data(), high.data()});
          Guarded<float> floats(count);
          t->levels_to_float(a.Get(), count, period, floats.data());
          out.Take(), floats.Take();
          std::vector<float> least(static_cast<size_t>(period), 100.f), most(least);
          for (int64_t i = 0; i < count; ++i) {
            const float v = RoundHalfEven(std::clamp(a.Value(i) + b.Value(i), -32767.f, 32767.f));
            ASSERT_EQ(out[i], v);
            ASSERT_EQ(floats[i], a.Value(i));
            float& l = least[static_cast<size_t>(i % period)];
            float& m = most[static_cast<size_t>(i % period)];
            l = std::min(l, v);
            m = std::max(m, v);
          }
          ASSERT_EQ(low, least);
          ASSERT_EQ(high, most);
        }
    }
}

}  // namespace
}  // namespace picabia::kernels
