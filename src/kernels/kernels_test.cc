// Every fast kernel of every table that this machine runs, against loops written here, at nasty
// sizes. Integer results and those float results that promise the same bits must be equal; float
// products agree within a bound on their rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "kernels/kernel_test_util.h"

namespace picabia::kernels {
namespace {

constexpr uint32_t kSeed = 20240229;

struct GemmCase {
  int64_t pixels, channels, segments, length, stride;
};

const GemmCase kGemmCases[] = {
    {1, 1, 1, 4, 4},     {2, 3, 3, 12, 4},   {5, 16, 1, 4, 8},   {11, 17, 2, 8, 4},
    {12, 32, 3, 36, 4},  {13, 33, 9, 36, 4}, {24, 48, 3, 64, 8}, {25, 31, 1, 128, 4},
    {40, 64, 3, 12, 12}, {7, 64, 0, 0, 4},
};

TEST(GemmInt8, EqualsLoops) {
  std::mt19937 rng(kSeed);
  for (const GemmCase& t : kGemmCases) {
    const int64_t blocks = (t.channels + 15) / 16, k = t.segments * t.length;
    std::vector<int64_t> offsets;
    for (int64_t s = 0; s < t.segments; ++s)
      offsets.push_back(s * (t.pixels * t.stride + t.length));
    std::vector<uint8_t> a(
        static_cast<size_t>((t.segments + 1) * (t.pixels * t.stride + t.length)));
    std::vector<int8_t> b(static_cast<size_t>(blocks * k * 16));
    // Extremes often, so that any saturation of partial sums shows.
    for (auto& v : a) v = rng() % 3 == 0 ? 255 : static_cast<uint8_t>(rng());
    for (auto& v : b) v = rng() % 3 == 0 ? (rng() % 2 ? 127 : -128) : static_cast<int8_t>(rng());
    for (const KernelTable* table : Tables()) {
      const int64_t width = blocks * 16;
      std::vector<int32_t> c(static_cast<size_t>(t.pixels * width), 77);
      table->gemm_int8({a.data(), t.stride, offsets.data(), t.segments, t.length, b.data(),
                        c.data(), width, t.pixels, t.channels});
      for (int64_t p = 0; p < t.pixels; ++p)
        for (int64_t m = 0; m < width; ++m) {
          int64_t sum = 0;
          for (int64_t s = 0; s < t.segments; ++s)
            for (int64_t i = 0; i < t.length; ++i) {
              const int64_t row = s * t.length + i;
              const int64_t at = ((m / 16 * (k / 4) + row / 4) * 16 + m % 16) * 4 + row % 4;
              sum += a[static_cast<size_t>(p * t.stride + offsets[static_cast<size_t>(s)] + i)] *
                     b[static_cast<size_t>(at)];
            }
          ASSERT_EQ(c[static_cast<size_t>(p * width + m)], sum)
              << IsaName(table->isa) << " pixel " << p << " channel " << m;
        }
    }
  }
}

TEST(GemmF32, EqualsLoopsWithinRounding) {
  std::mt19937 rng(kSeed);
  for (const GemmCase& t : kGemmCases) {
    const int64_t blocks = (t.channels + 15) / 16, k = t.segments * t.length;
    std::vector<int64_t> offsets;
    for (int64_t s = 0; s < t.segments; ++s)
      offsets.push_back(s * (t.pixels * t.stride + t.length));
    const auto a = RandomFloats(
        static_cast<size_t>((t.segments + 1) * (t.pixels * t.stride + t.length)), -1, 1, rng);
    const auto b = RandomFloats(static_cast<size_t>(blocks * k * 16), -1, 1, rng);
    const auto bias = RandomFloats(static_cast<size_t>(blocks * 16), -1, 1, rng);
    for (const KernelTable* table : Tables()) {
      const int64_t stride = t.channels + 3;  // what lies between pixels must stay
      std::vector<float> c(static_cast<size_t>(t.pixels * stride), 77);
      table->gemm_f32({a.data(), t.stride, offsets.data(), t.segments, t.length, b.data(),
                       bias.data(), c.data(), stride, t.pixels, t.channels});
      for (int64_t p = 0; p < t.pixels; ++p)
        for (int64_t m = 0; m < stride; ++m) {
          const float found = c[static_cast<size_t>(p * stride + m)];
          if (m >= t.channels) {
            ASSERT_EQ(found, 77);
            continue;
          }
          double sum = bias[static_cast<size_t>(m)];
          for (int64_t s = 0; s < t.segments; ++s)
            for (int64_t i = 0; i < t.length; ++i)
              sum +=
                  static_cast<double>(
                      a[static_cast<size_t>(p * t.stride + offsets[static_cast<size_t>(s)] + i)]) *
                  b[static_cast<size_t>((m / 16 * k + s * t.length + i) * 16 + m % 16)];
          // k + 1 roundings of partial sums that stay below k + 1.
          ASSERT_NEAR(found, sum, static_cast<double>((k + 1) * (k + 1)) * 6e-8)
              << IsaName(table->isa);
        }
    }
  }
}

TEST(Rows, QuantizeRoundsHalfToEvenAndSaturates) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {-inf, -1000,  -0.5f, 0.5f, 1.5f,
                                2.5f, 126.5f, 1000,  inf,  std::nanf("")};
  const std::vector<int> expected = {0, 0, 128, 128, 130, 130, 254, 255, 255, 0};
  const std::vector<float> one(1, 1.f), low(1, -128.f), high(1, 127.f);
  const std::vector<int32_t> zero(1, 128);
  for (const KernelTable* table : Tables()) {
    std::vector<uint8_t> q(x.size());
    table->quantize8({x.data(), static_cast<int64_t>(x.size()), 1, one.data(), low.data(),
                      high.data(), zero.data()},
                     q.data());
    for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(q[i], expected[i]) << i << IsaName(table->isa);
  }
}

// The whole range of tanh against the C library: what the header promises.
TEST(Rows, TanhIsWithinItsBound) {
  std::vector<float> x;
  for (float v = -12; v <= 12; v += 0.00037f) x.push_back(v);
  x.insert(x.end(), {0.f, 1e-30f, -1e-30f, 1e30f, -1e30f});
  for (const KernelTable* table : Tables()) {
    std::vector<float> y = x;
    table->affine(y.data(), static_cast<int64_t>(y.size()), 1, {}, ops::Activation::kTanh, 0);
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_NEAR(y[i], std::tanh(static_cast<double>(x[i])), 2e-7) << x[i] << IsaName(table->isa);
  }
  float nan = std::nanf("");
  KernelsFor(BestIsa()).affine(&nan, 1, 1, {}, ops::Activation::kTanh, 0);
  EXPECT_TRUE(std::isnan(nan));
}

// Everything that promises the same bits, on every table, at counts that are not multiples of
// anything.
TEST(Rows, SameBitsOnEveryInstructionSet) {
  std::mt19937 rng(kSeed);
  for (int64_t period : {1, 3, 16, 17, 64, 128}) {
    for (int64_t count : {int64_t{1}, period, 5 * period, 3 * period + 1, int64_t{1000}}) {
      const auto x = RandomFloats(static_cast<size_t>(count), -300, 300, rng);
      const auto n = static_cast<size_t>(period);
      const auto scale = RandomFloats(n, -2, 2, rng), shift = RandomFloats(n, -2, 2, rng);
      const std::vector<float> low(n, -100.f), high(n, 155.f), wide_low(n, -30000.f),
          wide_high(n, 35535.f);
      const std::vector<int32_t> zero(n, 100), wide_zero(n, 30000);
      std::vector<std::vector<uint8_t>> results;
      for (const KernelTable* t : Tables()) {
        std::vector<uint8_t>& bytes = results.emplace_back();
        const auto keep = [&bytes](const auto& v) {
          const auto* p = reinterpret_cast<const uint8_t*>(v.data());
          bytes.insert(bytes.end(), p, p + v.size() * sizeof(v[0]));
        };
        for (auto activation : {ops::Activation::kNone, ops::Activation::kRelu,
                                ops::Activation::kTanh, ops::Activation::kLeakyRelu}) {
          std::vector<float> y = x;
          t->affine(y.data(), count, period, {shift.data(), scale.data(), shift.data()}, activation,
                    0.2f);
          keep(y);
        }
        std::vector<float> y = x;
        t->scale_shift(y.data(), count, 150.f, 127.5f);
        t->add(y.data(), x.data(), count);
        keep(y);
        std::vector<double> sums(n), squares(n);
        t->statistics(x.data(), count, period, sums.data(), squares.data());
        keep(sums);
        keep(squares);
        std::vector<float> least(n, 1e9f), most(n, -1e9f);
        t->range(x.data(), count, period, least.data(), most.data());
        keep(least);
        keep(most);
        std::vector<uint8_t> q(static_cast<size_t>(count)), r(static_cast<size_t>(count));
        t->quantize8({x.data(), count, period, scale.data(), low.data(), high.data(), zero.data()},
                     q.data());
        keep(q);
        t->quantize16({x.data(), count, period, scale.data(), wide_low.data(), wide_high.data(),
                       wide_zero.data()},
                      q.data(), r.data());
        keep(q);
        keep(r);
        ASSERT_EQ(results[0], bytes)
            << IsaName(t->isa) << " period " << period << " count " << count;
      }
    }
  }
}

TEST(Rows, DequantizeIsExactAndTheSameEverywhere) {
  std::mt19937 rng(kSeed);
  for (int64_t channels : {1, 3, 16, 31}) {
    const auto n = static_cast<size_t>(channels);
    const int64_t pixels = 5, stride = 32;
    std::vector<int32_t> planes[3];
    for (auto& p : planes) {
      p.resize(static_cast<size_t>(pixels * stride));
      for (auto& v : p) v = static_cast<int32_t>(rng());
    }
    std::vector<double> correction(n), scale(n);
    for (size_t i = 0; i < n; ++i) {
      correction[i] = static_cast<double>(static_cast<int32_t>(rng()));
      scale[i] = std::ldexp(static_cast<double>(rng()), -40);
    }
    const auto bias = RandomFloats(n, -1, 1, rng);
    for (int used = 1; used <= 3; ++used) {
      for (const KernelTable* t : Tables()) {
        std::vector<float> y(static_cast<size_t>(pixels * channels));
        t->dequantize({used == 3 ? planes[0].data() : nullptr,
                       used >= 2 ? planes[1].data() : nullptr, planes[2].data(), stride,
                       correction.data(), scale.data(), 0, bias.data(), y.data(), channels, pixels,
                       channels});
        for (int64_t p = 0; p < pixels; ++p)
          for (int64_t c = 0; c < channels; ++c) {
            const auto at = static_cast<size_t>(p * stride + c);
            int64_t sum = planes[2][at];
            if (used >= 2) sum += int64_t{256} * planes[1][at];
            if (used == 3) sum += int64_t{65536} * planes[0][at];
            sum -= static_cast<int64_t>(correction[static_cast<size_t>(c)]);
            const float expected =
                static_cast<float>(static_cast<double>(sum) * scale[static_cast<size_t>(c)]) +
                bias[static_cast<size_t>(c)];
            ASSERT_EQ(y[static_cast<size_t>(p * channels + c)], expected) << IsaName(t->isa);
          }
      }
    }
  }
}

}  // namespace
}  // namespace picabia::kernels
