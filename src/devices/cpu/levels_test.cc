// How 16-bit levels become the factors of products: parameters of MapLevels through the kernels
// that use them, decoded again, against the values that the levels stand for.
#include "devices/cpu/levels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace picabia::cpu {
namespace {

constexpr uint32_t kSeed = 20261130;
constexpr FactorKind kKinds[] = {FactorKind::kByte, FactorKind::kWord, FactorKind::kTile};

double Uniform(double low, double high, std::mt19937& rng) {
  return std::uniform_real_distribution<double>(low, high)(rng);
}

// Adds a channel: any scale and sign; narrow and wide ranges; zero inside of the range, at an end,
// beside it or far away.
void AddChannel(LevelScale& s, std::mt19937& rng) {
  const double scale = std::pow(10, Uniform(-6, 2, rng)) * (rng() % 2 ? 1 : -1);
  const auto low = static_cast<int32_t>(Uniform(-32400, 32400, rng));
  const auto width = static_cast<int32_t>(std::pow(10, Uniform(0, 4.8, rng)));
  const int32_t high = std::min(low + width, 32400);
  double zero = low + Uniform(-1, 2, rng) * (high - low);
  switch (rng() % 8) {
    case 0:
      zero = std::nearbyint(zero);
      break;
    case 1:
      zero = low;
      break;
    case 2:
      zero = high;
      break;
    case 3:
      zero = low + 0.999 * (high - low);
      break;
    case 4:
      zero = low - 50.0 * (high - low) - 3;
      break;
    default:
      break;
  }
  s.scale.push_back(scale);
  s.offset.push_back(-zero * scale);
  s.low.push_back(low);
  s.high.push_back(high);
}

LevelScale RandomScale(size_t channels, std::mt19937& rng) {
  LevelScale s;
  s.relu = rng() % 2;
  for (size_t c = 0; c < channels; ++c) AddChannel(s, rng);
  return s;
}

// The factors of some pixels.
std::vector<int32_t> Factors(const LevelMapping& m, FactorKind kind,
                             const std::vector<int16_t>& levels, const kernels::KernelTable& k) {
  const auto count = static_cast<int64_t>(levels.size());
  const kernels::LevelRow row = m.Row(levels.data(), count);
  std::vector<uint8_t> high(levels.size()), low(levels.size());
  std::vector<int16_t> tile(levels.size());
  if (kind == FactorKind::kByte) k.map8(row, low.data());
  if (kind == FactorKind::kWord) k.map16(row, high.data(), low.data());
  if (kind == FactorKind::kTile) k.map_tile(row, tile.data());
  std::vector<int32_t> q;
  for (size_t i = 0; i < levels.size(); ++i) q.push_back(high[i] * 256 + low[i] + tile[i]);
  return q;
}

// How far a factor, decoded again, may lie from the value of its level, in steps of the factor.
//
// t = level * factor + offset is exact. Of q = round(t * g) + zero, with g = gain / 2^15 steps a t,
//   - the rounding loses 1/2, and a clamp at the ends of the range no more than that;
//   - the zero point is a whole number. Its t was moved there, to the nearest t: g / 2. It is not
//     where that would move t by more than 250 (so 1 / (2 g) > 249 only): then the zero point loses
//     1/2. An activation's threshold is the nearest t, too: where a t is half a step or more, that
//     may round to the zero point's neighbour: 1/2 more.
double Tolerance(const LevelMapping& m, size_t c, bool relu) {
  constexpr double kDoubles = 1e-6;  // roundings of the doubles of this test
  const double g = m.gain[c] / 32768.0;
  const double zero = 1 / (2 * g) > 249 ? 0.5 : g / 2;
  return 0.5 + zero + (relu && g >= 0.5 ? 0.5 : 0) + kDoubles;
}

std::vector<int32_t> InterestingLevels(const LevelScale& s, size_t c, std::mt19937& rng) {
  const int32_t low = s.low[c], high = s.high[c];
  const double zero = -s.offset[c] / s.scale[c];
  std::vector<int32_t> levels = {low, high, low + (high - low) / 2,
                                 low + static_cast<int32_t>(rng() % 1000) * (high - low) / 1000};
  for (const double at : {std::floor(zero), std::ceil(zero), zero - 1, zero + 1})
    levels.push_back(static_cast<int32_t>(std::clamp<double>(at, low, high)));
  return levels;
}

void ExpectDecodes(const LevelScale& s, size_t c, const LevelMapping& m, FactorKind kind,
                   int32_t level, int32_t q) {
  const double a = s.Value(c, s.low[c]), b = s.Value(c, s.high[c]);
  const double value = s.Value(c, level);
  const double decoded = (q - m.input.zero[c]) * m.input.scale[c];
  if (a == 0 && b == 0) {
    ASSERT_EQ(m.input.scale[c], 0) << "a silent channel";
  } else if (a == b) {  // a constant; its scale is a quotient of doubles
    ASSERT_NEAR(decoded, value, 1e-14 * std::fabs(value));
  } else if (m.factor[c] == 0) {  // it varies by less than the two steps that a gain needs
    ASSERT_NEAR(decoded, value, std::fabs(a - b) / 2 * (1 + 1e-9));
    ASSERT_LE(std::fabs(a - b), 2 * std::max(std::fabs(a), std::fabs(b)) / FactorLevels(kind));
  } else {
    ASSERT_NEAR(decoded, value, Tolerance(m, c, s.relu) * m.input.scale[c]);
    if (value == 0) ASSERT_EQ(q, m.input.zero[c]);
  }
}

// Weights of a product; some channels have none.
InputWeights RandomWeights(size_t channels, std::mt19937& rng) {
  InputWeights w;
  for (size_t c = 0; c < channels; ++c) {
    const double largest = rng() % 8 == 0 ? 0 : std::pow(10, Uniform(0, 4.5, rng));
    w.largest.push_back(static_cast<float>(largest));
    w.mean.push_back(static_cast<float>(largest * Uniform(0.1, 1, rng)));
  }
  return w;
}

void ExpectMapping(const LevelScale& s, FactorKind kind, const InputWeights* weights,
                   std::mt19937& rng) {
  LevelMapping m;
  MapLevels(s, kind, weights, m);
  const size_t channels = s.scale.size();
  ASSERT_EQ(m.period % static_cast<int64_t>(channels), 0);
  std::vector<std::vector<int32_t>> pixels(channels);
  for (size_t c = 0; c < channels; ++c) pixels[c] = InterestingLevels(s, c, rng);
  std::vector<int16_t> levels;
  for (size_t i = 0; i < pixels[0].size(); ++i)
    for (const auto& p : pixels) levels.push_back(static_cast<int16_t>(p[i]));
  const auto q = Factors(m, kind, levels, kernels::KernelsFor(BestIsa()));
  for (size_t i = 0; i < levels.size(); ++i) {
    const size_t c = i % channels;
    SCOPED_TRACE(testing::Message()
                 << "kind " << static_cast<int>(kind) << " relu " << s.relu << " channel " << c
                 << " scale " << s.scale[c] << " offset " << s.offset[c] << " levels " << s.low[c]
                 << " to " << s.high[c] << ": " << levels[i] << " became " << q[i]);
    ExpectDecodes(s, c, m, kind, levels[i], q[i]);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(MapLevels, FactorsDecodeToTheirLevels) {
  std::mt19937 rng(kSeed);
  for (const size_t channels : {1, 3, 16, 33, 48})
    for (int i = 0; i < 150; ++i) {
      const LevelScale s = RandomScale(channels, rng);
      for (const FactorKind kind : kKinds) {
        const InputWeights weights = RandomWeights(channels, rng);
        ExpectMapping(s, kind, i % 2 == 0 ? &weights : nullptr, rng);
        ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << kSeed << " case " << i;
      }
    }
}

// Expected noise of roundings that are uniform and independent, in an output whose weights are as
// `w` says: each input's rounding meets its weights, each weight's rounding what its input varies
// by.
double ExpectedNoise(const InputWeights& w, const std::vector<double>& deviation,
                     const std::vector<double>& step) {
  double largest = 0, noise = 0;
  for (size_t c = 0; c < step.size(); ++c)
    largest = std::max(largest, static_cast<double>(w.largest[c]) * step[c]);
  for (size_t c = 0; c < step.size(); ++c)
    noise += std::pow(static_cast<double>(w.mean[c]) * step[c], 2) +
             std::pow(largest / 127 * deviation[c] / step[c], 2);
  return noise;
}

// The channels' steps follow the weights: never more noise than with the finest ones, and much less
// where outliers of some channels make these coarse.
TEST(MapLevels, WeightsLessenTheExpectedNoise) {
  std::mt19937 rng(kSeed + 3);
  for (const FactorKind kind : {FactorKind::kByte, FactorKind::kWord}) {
    double gained = 0;
    constexpr int kCases = 200;
    for (int i = 0; i < kCases; ++i) {
      LevelScale s;
      InputWeights w;
      s.relu = rng() % 2;
      for (size_t c = 0; c < 32; ++c) {
        const double scale = std::pow(10, Uniform(-4, -3, rng));
        const auto zero = static_cast<int32_t>(Uniform(-2000, 2000, rng));
        s.scale.push_back(scale);
        s.offset.push_back(-zero * scale);
        s.low.push_back(zero - static_cast<int32_t>(Uniform(500, 9000, rng)));
        s.high.push_back(zero + static_cast<int32_t>(Uniform(500, 20000, rng)));
        const double width = scale * (s.high[c] - (s.relu ? zero : s.low[c]));
        s.deviation.push_back(width / Uniform(4, 60, rng));  // some have outliers
        w.largest.push_back(static_cast<float>(Uniform(0.05, 1, rng)));
        w.mean.push_back(w.largest.back() * static_cast<float>(Uniform(0.2, 0.5, rng)));
      }
      LevelMapping finest, m;
      MapLevels(s, kind, nullptr, finest);
      MapLevels(s, kind, &w, m);
      const double before = ExpectedNoise(w, s.deviation, finest.input.scale);
      const double after = ExpectedNoise(w, s.deviation, m.input.scale);
      // A gain is a whole number of 32,768ths, so that a step may be a little larger than wanted.
      ASSERT_LE(after, before * 1.01) << "seed " << kSeed + 3 << " case " << i;
      gained += 10 * std::log10(before / after);
      for (size_t c = 0; c < 32; ++c) ASSERT_GE(m.input.scale[c], finest.input.scale[c] * 0.999);
    }
    EXPECT_GT(gained / kCases, kind == FactorKind::kWord ? 3 : 0.5) << "dB";
  }
}

// One level only, a scale of zero, everything below the threshold.
TEST(MapLevels, ConstantAndSilentChannelsAreExact) {
  std::mt19937 rng(kSeed + 1);
  for (int i = 0; i < 300; ++i) {
    LevelScale s = RandomScale(7, rng);
    const bool relu = s.relu;
    s.high[0] = s.low[0];
    s.scale[1] = 0;
    s.scale[2] = s.offset[2] = 0;
    s.scale[3] = 1, s.offset[3] = -40000;  // negative: silent behind an activation
    s.scale[4] = -1e-300;
    s.scale[5] = 0, s.offset[5] = 1e30;
    for (const FactorKind kind : kKinds) {
      LevelMapping m;
      MapLevels(s, kind, nullptr, m);
      std::vector<int16_t> levels;
      for (size_t c = 0; c < 7; ++c) levels.push_back(static_cast<int16_t>(s.low[c]));
      const auto q = Factors(m, kind, levels, kernels::KernelsFor(BestIsa()));
      for (const size_t c : {0, 1, 2, 3, 5}) {
        if (c == 3 && !relu) continue;
        ASSERT_NO_FATAL_FAILURE(ExpectDecodes(s, c, m, kind, levels[c], q[c]))
            << "seed " << kSeed + 1 << " case " << i << " kind " << static_cast<int>(kind)
            << " channel " << c;
      }
      EXPECT_EQ(m.input.scale[2], 0);
      if (relu) EXPECT_EQ(m.input.scale[3], 0);
    }
  }
}

// Every instruction set makes the same factors of a row that is no whole number of vectors.
TEST(MapLevels, SameFactorsOnEveryInstructionSet) {
  std::mt19937 rng(kSeed + 2);
  for (const size_t channels : {1, 3, 31, 32, 33, 65, 128}) {
    const LevelScale s = RandomScale(channels, rng);
    std::vector<int16_t> levels;
    for (size_t i = 0; i < 21 * channels; ++i) {
      const size_t c = i % channels;
      levels.push_back(
          static_cast<int16_t>(std::uniform_int_distribution<int>(s.low[c], s.high[c])(rng)));
    }
    for (const FactorKind kind : kKinds) {
      LevelMapping m;
      MapLevels(s, kind, nullptr, m);
      const auto first = Factors(m, kind, levels, kernels::KernelsFor(Isa::kScalar));
      for (const Isa isa : MachineIsas())
        ASSERT_EQ(Factors(m, kind, levels, kernels::KernelsFor(isa)), first)
            << IsaName(isa) << " seed " << kSeed + 2 << " channels " << channels;
    }
  }
}

}  // namespace
}  // namespace picabia::cpu
