// The rules of numerics.h against a search among all halves, and the kernels of every table against
// the rules, bit for bit.
#include <cmath>
#include <limits>

#include "kernels/kernel_test_util.h"
#include "kernels/mlu/half.h"
#include "kernels/mlu/numerics.h"

namespace picabia::kernels {
namespace {

// All finite halves that are not negative, in order: bit patterns of positive halves are.
constexpr uint16_t kLargest = 0x7BFF;

double HalfValue(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  return exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
}

// The nearest half, ties to even, by looking at its neighbours.
uint16_t NearestHalf(double v) {
  if (std::isnan(v)) return kLargest;
  const double size = std::fabs(v);
  uint16_t low = 0, high = kLargest;
  while (low < high) {  // the last half that is not above
    const auto middle = static_cast<uint16_t>((low + high + 1) / 2);
    if (HalfValue(middle) <= size) {
      low = middle;
    } else {
      high = static_cast<uint16_t>(middle - 1);
    }
  }
  if (low < kLargest) {
    const double below = size - HalfValue(low), above = HalfValue(low + 1) - size;
    if (above < below || (above == below && low % 2 != 0)) ++low;
  }
  return std::signbit(v) ? low | 0x8000 : low;
}

std::vector<double> NastyNumbers() {
  std::vector<double> v = {0,
                           -0.0,
                           65504,
                           65519.99,
                           65520,
                           65536,
                           1e30,
                           0x1p-24,
                           0x1p-25,
                           0x1p-26,
                           0x1.8p-25,
                           0x1p-14,
                           1.0 / 3,
                           std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()};
  std::mt19937 rng(7);
  std::uniform_int_distribution<int> bits(0, kLargest - 1), nudge(-40, 0);
  for (int i = 0; i < 20000; ++i) {  // at ties, and beside them
    const int low = bits(rng);
    const double a = HalfValue(static_cast<uint16_t>(low)),
                 b = HalfValue(static_cast<uint16_t>(low + 1));
    const double tie = (a + b) / 2, near = tie * (1 + (i % 3 - 1) * std::ldexp(1, nudge(rng)));
    v.push_back(i % 2 == 0 ? near : -near);
  }
  return v;
}

TEST(Numerics, RoundsDoublesOnce) {
  for (const double v : NastyNumbers()) ASSERT_EQ(mlu::ToHalf(v), NearestHalf(v)) << v;
}

TEST(Numerics, RoundsFloatsAndSaturates) {
  for (const double v : NastyNumbers()) {
    const auto f = static_cast<float>(v);
    ASSERT_EQ(mlu::ToHalf(f), NearestHalf(static_cast<double>(f))) << f;
    ASSERT_TRUE(std::isfinite(mlu::RoundHalf(f)));
  }
}

TEST(Numerics, QuantizesHalvesAwayFromZero) {
  EXPECT_EQ(mlu::Quantize(0.5f, 1, -128, 127), 1);
  EXPECT_EQ(mlu::Quantize(-0.5f, 1, -128, 127), -1);
  EXPECT_EQ(mlu::Quantize(2.5f, 1, -128, 127), 3);
  EXPECT_EQ(mlu::Quantize(0.49999997f, 1, -128, 127), 0);
  EXPECT_EQ(mlu::Quantize(300, 1, -128, 127), 127);
  EXPECT_EQ(mlu::Quantize(-65504, 10, -128, 127), -128);
  EXPECT_EQ(mlu::Quantize(127.5f, 1, -32768, 32767), 128);
}

TEST(Numerics, MeansSaturateBeforeTheyAreDivided) {
  EXPECT_EQ(mlu::Mean(256.0 * 255, 256), 255);       // 65280 is a half
  EXPECT_EQ(mlu::Mean(256.0 * 300, 256), 255.875f);  // 65504 / 256
  EXPECT_EQ(mlu::Mean(128.0 * 600, 128), 511.75f);
  EXPECT_EQ(mlu::Mean(-64.0 * 2000, 64), -1023.5f);
  EXPECT_EQ(mlu::SquaredDifference(300, 0), 65504);
}

// What follows looks at every table, with rows that end within a vector.

struct RowCase {
  int64_t channels, pixels, period;
  int64_t count() const { return channels * pixels; }
};

std::vector<RowCase> RowCases() {
  std::vector<RowCase> cases;
  for (const int64_t channels : kNastyChannels)
    for (const int64_t pixels : {1, 2, 7, 17})
      cases.push_back({channels, pixels, channels % 16 == 0 ? channels : channels * 16});
  return cases;
}

std::vector<uint16_t> RandomHalves(int64_t n, float range, std::mt19937& rng) {
  std::vector<uint16_t> v;
  for (const float x : RandomFloats(static_cast<size_t>(n), -range, range, rng))
    v.push_back(mlu::ToHalf(x));
  return v;
}

std::vector<float> RandomParameters(const RowCase& c, float low, float high, std::mt19937& rng) {
  std::vector<float> v = RandomFloats(static_cast<size_t>(c.channels), low, high, rng);
  for (float& x : v) x = mlu::RoundHalf(x);
  for (size_t i = v.size(); i < static_cast<size_t>(c.period); ++i)
    v.push_back(v[i - static_cast<size_t>(c.channels)]);
  return v;
}

TEST(HalfKernels, Conversions) {
  std::vector<float> x;
  for (const double v : NastyNumbers()) x.push_back(static_cast<float>(v));
  const auto n = static_cast<int64_t>(x.size());
  for (const KernelTable* t : Tables()) {
    Guarded<uint16_t> y(n);
    t->mlu.to_half(x.data(), n, y.data());
    Guarded<float> back(n), rounded(n);
    t->mlu.to_float(y.data(), n, back.data());
    std::copy(x.begin(), x.end(), rounded.data());
    t->mlu.round(rounded.data(), n);
    for (int64_t i = 0; i < n; ++i) {
      const float v = x[static_cast<size_t>(i)];
      ASSERT_EQ(y[i], mlu::ToHalf(v)) << IsaName(t->isa) << " " << v;
      ASSERT_EQ(std::bit_cast<uint32_t>(back[i]), std::bit_cast<uint32_t>(HalfToFloat(y[i])));
      ASSERT_EQ(std::bit_cast<uint32_t>(rounded[i]), std::bit_cast<uint32_t>(mlu::RoundHalf(v)));
    }
    back.Take();
    rounded.Take();
    y.Take();
  }
}

TEST(HalfKernels, EveryHalfComesBack) {
  std::vector<uint16_t> x;
  for (int bits = 0; bits <= kLargest; ++bits) {
    x.push_back(static_cast<uint16_t>(bits));
    x.push_back(static_cast<uint16_t>(bits | 0x8000));
  }
  const auto n = static_cast<int64_t>(x.size());
  for (const KernelTable* t : Tables()) {
    std::vector<float> y(x.size());
    t->mlu.to_float(x.data(), n, y.data());
    std::vector<uint16_t> back(x.size());
    t->mlu.to_half(y.data(), n, back.data());
    ASSERT_EQ(back, x) << IsaName(t->isa);
  }
}

TEST(HalfKernels, Sums) {
  std::mt19937 rng(11);
  for (const RowCase& c : RowCases()) {
    const auto x = RandomHalves(c.count(), 1000, rng);
    const auto mean = RandomParameters(c, -50, 50, rng);
    // In units of 2^-24, of which every half is a multiple.
    std::vector<int64_t> sums(static_cast<size_t>(c.channels), 0), squares(sums);
    const auto units = [](float v) { return static_cast<int64_t>(std::ldexp(v, 24)); };
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t k = i % static_cast<size_t>(c.channels);
      sums[k] += units(HalfToFloat(x[i]));
      squares[k] += units(mlu::SquaredDifference(HalfToFloat(x[i]), mean[k]));
    }
    for (const KernelTable* t : Tables()) {
      Guarded<double> a(c.period), b(c.period);
      std::fill_n(a.data(), c.period, 0.0);
      std::fill_n(b.data(), c.period, 0.0);
      t->mlu.sum(x.data(), c.count(), c.period, a.data());
      t->mlu.sum_squares(x.data(), c.count(), c.period, mean.data(), b.data());
      const auto folded = [&](const Guarded<double>& v, int64_t channel) {
        double sum = 0;
        for (int64_t i = channel; i < c.period; i += c.channels) sum += v[i];
        return static_cast<int64_t>(std::ldexp(sum, 24));
      };
      for (int64_t k = 0; k < c.channels; ++k) {
        ASSERT_EQ(folded(a, k), sums[static_cast<size_t>(k)]) << IsaName(t->isa);
        ASSERT_EQ(folded(b, k), squares[static_cast<size_t>(k)])
            << IsaName(t->isa) << ' ' << c.channels << 'x' << c.pixels;
      }
      a.Take();
      b.Take();
    }
  }
}

TEST(HalfKernels, Means) {
  std::vector<double> sums = NastyNumbers();
  std::erase_if(sums, [](double v) { return !std::isfinite(v); });
  for (const int64_t channels : {int64_t{1}, int64_t{7}, int64_t{8}, int64_t{9}, int64_t{17},
                                 static_cast<int64_t>(sums.size())})
    for (const int64_t count : {1, 3, 256}) {
      for (const KernelTable* t : Tables()) {
        Guarded<float> means(channels);
        t->mlu.mean(sums.data(), channels, count, means.data());
        for (int64_t c = 0; c < channels; ++c)
          ASSERT_EQ(means[c], mlu::Mean(sums[static_cast<size_t>(c)], count))
              << IsaName(t->isa) << ' ' << sums[static_cast<size_t>(c)] << " / " << count;
        means.Take();
      }
    }
}

TEST(HalfKernels, Norm) {
  std::mt19937 rng(13);
  int variant = 0;
  for (const RowCase& c : RowCases()) {
    for (const bool residual : {false, true}) {
      const bool relu = ++variant % 2 == 0, relu2 = variant % 3 == 0;
      auto x = RandomHalves(c.count(), 60000, rng);
      const auto r = RandomHalves(c.count(), 60000, rng);
      const auto mean = RandomParameters(c, -300, 300, rng);
      for (size_t i = 0; i < x.size(); i += 4)  // 0 over a deviation of 0 is no number
        x[i] = mlu::ToHalf(mean[i % static_cast<size_t>(c.channels)]);
      auto deviation = RandomParameters(c, 0.03f, 40, rng);
      if (variant % 5 == 0) std::fill(deviation.begin(), deviation.end(), 0.f);
      const auto scale = RandomParameters(c, -3, 3, rng), shift = RandomParameters(c, -9, 9, rng);
      std::vector<uint16_t> expected;
      for (size_t i = 0; i < x.size(); ++i) {
        const size_t k = i % static_cast<size_t>(c.channels);
        float v = mlu::Normalize(HalfToFloat(x[i]), mean[k], deviation[k], scale[k], shift[k]);
        if (relu) v = v > 0 ? v : 0;
        if (residual) v = mlu::RoundHalf(v + HalfToFloat(r[i]));
        if (relu2) v = v > 0 ? v : 0;
        expected.push_back(mlu::ToHalf(v));
      }
      for (const KernelTable* t : Tables()) {
        Guarded<uint16_t> y(c.count());
        std::copy(x.begin(), x.end(), y.data());
        t->mlu.normalize({y.data(), residual ? r.data() : nullptr, c.count(), c.period, mean.data(),
                          deviation.data(), scale.data(), shift.data(), relu, relu2});
        ASSERT_EQ(y.Take(), expected) << IsaName(t->isa) << ' ' << c.channels << 'x' << c.pixels;
      }
    }
  }
}

TEST(HalfKernels, Quantize) {
  std::mt19937 rng(17);
  for (const float scale : {0.5f, 0.498f, 13.391f}) {
    for (const int64_t n : {1, 15, 16, 17, 1000}) {
      auto x = RandomHalves(n, 200, rng);
      for (size_t i = 0; i < x.size(); i += 3)  // ties
        x[i] = mlu::ToHalf(static_cast<float>(static_cast<int>(i) % 41 - 20) + 0.5f);
      for (const KernelTable* t : Tables()) {
        Guarded<uint8_t> q(n), high(n), low(n);
        t->mlu.quantize({x.data(), n, scale, q.data(), nullptr});
        t->mlu.quantize({x.data(), n, scale * 100, low.data(), high.data()});
        for (int64_t i = 0; i < n; ++i) {
          const float v = HalfToFloat(x[static_cast<size_t>(i)]);
          ASSERT_EQ(q[i], mlu::Quantize(v, scale, -128, 127) + 128) << v * scale;
          ASSERT_EQ(high[i] * 256 + low[i], mlu::Quantize(v, scale * 100, -32768, 32767) + 32768);
        }
        q.Take();
        high.Take();
        low.Take();
      }
    }
  }
}

TEST(HalfKernels, SumsRoundOnce) {
  std::mt19937 rng(19);
  for (const int64_t channels : kNastyChannels)
    for (const double divisor : {73.1, 2000.0, 123456.789}) {
      const int64_t pixels = 300, stride = RoundUpTo(channels, 16), count = pixels * stride;
      std::vector<int32_t> planes[3];
      for (auto& plane : planes) plane = RandomIntegers<int32_t>(count, -30000000, 30000000, rng);
      for (size_t i = 0; i < planes[2].size(); i += 5)  // at ties
        planes[2][i] = static_cast<int32_t>((HalfValue(static_cast<uint16_t>(i * 13 % 20000)) +
                                             HalfValue(static_cast<uint16_t>(i * 13 % 20000 + 1))) /
                                            2 * divisor);
      std::vector<double> correction;
      std::vector<double> divisors;
      for (int64_t c = 0; c < stride; ++c) {
        correction.push_back(static_cast<double>(c * 1000));
        divisors.push_back(c % 5 == 4 ? divisor * 1.7 : divisor);
      }
      for (const KernelTable* t : Tables())
        for (const bool wide : {false, true}) {
          Guarded<uint16_t> y(pixels * channels);
          t->mlu.sums_to_half({wide ? planes[0].data() : nullptr, wide ? planes[1].data() : nullptr,
                               planes[2].data(), stride, correction.data(), divisors.data(),
                               y.data(), channels, pixels, channels});
          for (int64_t p = 0; p < pixels; ++p)
            for (int64_t c = 0; c < channels; ++c) {
              const auto at = static_cast<size_t>(p * stride + c);
              int64_t sum = planes[2][at] - c * 1000;
              if (wide) sum += int64_t{65536} * planes[0][at] + int64_t{256} * planes[1][at];
              ASSERT_EQ(y[p * channels + c],
                        NearestHalf(static_cast<double>(sum) / divisors[static_cast<size_t>(c)]))
                  << IsaName(t->isa) << " " << sum;
            }
          y.Take();
        }
    }
}

}  // namespace
}  // namespace picabia::kernels
