// The kernels that make weight panels, and batches of products, against loops written from the
// contracts of kernels/int8.h and kernels/table.h, on every instruction set of this machine.
#include "kernels/kernel_test_util.h"

namespace picabia::kernels {
namespace {

constexpr uint32_t kSeed = 20261129;

struct PanelCase {
  std::vector<int16_t> weights;
  std::vector<float> scale, inverse, largest;
  std::vector<int32_t> above, zero;
  std::vector<uint8_t> bytes[4];  // of zero and above, the low ones first
  bool words;

  PanelCase(int64_t length, std::mt19937& rng)
      : weights(RandomIntegers<int16_t>(length * kPanel, -32767, 32767, rng)),
        scale(RandomFloats(static_cast<size_t>(length), 1e-4f, 1, rng)),
        inverse(RandomFloats(kPanel, 0, 0.008f, rng)),
        largest(RandomFloats(kPanel, 0, 33000, rng)),
        words(rng() % 2 != 0) {
    for (int64_t i = 0; i < length; ++i) {
      if (rng() % 8 == 0) scale[static_cast<size_t>(i)] = 0;  // a silent channel
      const int32_t most = words && rng() % 2 ? 65535 : 255;
      zero.push_back(static_cast<int32_t>(rng() % static_cast<uint32_t>(most + 1)));
      above.push_back(most - zero.back());
    }
    for (size_t i = 0; i < 4; ++i) {
      for (const int32_t v : i < 2 ? zero : above)
        bytes[i].push_back(static_cast<uint8_t>(i % 2 ? v >> 8 : v & 255));
      bytes[i].resize(static_cast<size_t>(RoundUpTo(length, kQuad)), 99);  // counts for nothing
    }
    inverse[3] = 0;
    inverse[4] = 1.f / 512;  // many ties, where the scale is 1
    if (length > 1) scale[1] = 1;
  }
  PanelRun Run() const {
    return {weights.data(),
            scale.data(),
            {bytes[0].data(), words ? bytes[1].data() : nullptr},
            {bytes[2].data(), words ? bytes[3].data() : nullptr},
            static_cast<int64_t>(scale.size())};
  }
  float Scaled(size_t row, size_t column) const {
    return static_cast<float>(weights[row * kPanel + column]) * scale[row];
  }
  int Quantized(size_t row, size_t column) const {
    const float v = Scaled(row, column) * inverse[column];
    return static_cast<int>(RoundHalfEven(std::clamp(v, -127.f, 127.f)));
  }
};

void ExpectPanel(const PanelCase& c, const KernelTable& t) {
  const size_t length = c.scale.size();
  std::vector<float> largest = c.largest;
  t.panel_largest(c.Run(), largest.data());
  Guarded<int8_t> out(RoundUpTo(static_cast<int64_t>(length), kQuad) * kPanel);
  PanelSums sums{};
  for (double& v : sums.correction) v = 5;
  t.panel_quantize(c.Run(), c.inverse.data(), out.data(), &sums);
  const auto panel = out.Take();
  for (size_t l = 0; l < kPanel; ++l) {
    float most = c.largest[l];
    int64_t squares = 0, correction = 5, high = 0, low = 0;
    for (size_t k = 0; k < panel.size() / kPanel; ++k) {
      const int8_t found = panel[(k / kQuad * kPanel + l) * kQuad + k % kQuad];
      if (k >= length) {
        ASSERT_EQ(found, 0) << "behind the last row";
        continue;
      }
      const int64_t v = c.Quantized(k, l);
      ASSERT_EQ(found, v) << "row " << k << " column " << l;
      most = std::max(most, std::fabs(c.Scaled(k, l)));
      squares += v * v;
      correction += v * c.zero[k];
      high += std::max(v * c.above[k], -v * c.zero[k]);
      low += std::min(v * c.above[k], -v * c.zero[k]);
    }
    ASSERT_EQ(largest[l], most);
    ASSERT_EQ(sums.squares[l], static_cast<double>(squares));
    ASSERT_EQ(sums.correction[l], static_cast<double>(correction));
    ASSERT_EQ(sums.high[l], static_cast<double>(high));
    ASSERT_EQ(sums.low[l], static_cast<double>(low));
  }
}

TEST(WeightKernels, PanelsEqualTheContract) {
  std::mt19937 rng(kSeed);
  for (const int64_t length : {0, 1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 48, 127, 128}) {
    for (int repeat = 0; repeat < 5; ++repeat) {
      const PanelCase c(length, rng);
      for (const KernelTable* t : Tables()) {
        SCOPED_TRACE(testing::Message() << IsaName(t->isa) << " seed " << kSeed << " length "
                                        << length << " repeat " << repeat);
        ExpectPanel(c, *t);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

// The products of one batch, with extremes so that any saturation of partial sums shows.
struct BatchCase {
  int64_t count, pixels, channels, segments, length, stride, columns;
  std::vector<int64_t> offsets;
  std::vector<std::vector<uint8_t>> a;
  std::vector<std::vector<int8_t>> b;

  BatchCase(int64_t n, int64_t p, int64_t c, int64_t s, int64_t l, std::mt19937& rng)
      : count(n), pixels(p), channels(c), segments(s), length(l), columns(RoundUpTo(c, kPanel)) {
    stride = 4 * static_cast<int64_t>(1 + rng() % 20);
    const int64_t step = stride * static_cast<int64_t>(1 + rng() % 3);
    for (int64_t i = 0; i < segments; ++i) offsets.push_back(i * step);
    const int64_t size =
        (segments > 0 ? offsets.back() : 0) + std::max<int64_t>(pixels - 1, 0) * stride + length;
    for (int64_t i = 0; i < count; ++i) {
      a.push_back(RandomIntegers<uint8_t>(size, 0, 255, rng));
      b.push_back(RandomIntegers<int8_t>(segments * length * columns, -128, 127, rng));
      for (auto& v : a.back()) v = rng() % 3 == 0 ? 255 : v;
      for (auto& v : b.back()) v = rng() % 3 == 0 ? (rng() % 2 ? 127 : -128) : v;
    }
  }
  int64_t Sum(int64_t i, int64_t pixel, int64_t column) const {
    const auto n = static_cast<size_t>(i);
    int64_t sum = 0;
    for (int64_t k = 0; k < segments * length; ++k) {
      const int64_t x = pixel * stride + offsets[static_cast<size_t>(k / length)] + k % length;
      const int64_t panel = column / kPanel * segments * length * kPanel;
      const int64_t w = panel + (k / kQuad * kPanel + column % kPanel) * kQuad + k % kQuad;
      sum += a[n][static_cast<size_t>(x)] * b[n][static_cast<size_t>(w)];
    }
    return sum;
  }
};

void ExpectBatch(const BatchCase& c, const std::vector<int32_t>& expected, const KernelTable& t) {
  const int64_t c_stride = c.columns + 16, size = c.pixels * c_stride;
  std::vector<Guarded<int32_t>> results(static_cast<size_t>(c.count), Guarded<int32_t>(size));
  std::vector<GemmInt8> g;
  for (size_t i = 0; i < results.size(); ++i)
    g.push_back({c.a[i].data(), c.stride, c.offsets.data(), c.segments, c.length, c.b[i].data(),
                 results[i].data(), c_stride, c.pixels, c.channels});
  t.gemm_int8_batch(g.data(), c.count);
  std::vector<int32_t> found;
  for (const auto& r : results) {
    const auto v = r.Take();
    found.insert(found.end(), v.begin(), v.end());
  }
  ASSERT_EQ(found, expected);
}

TEST(WeightKernels, BatchesOfProductsEqualLoops) {
  std::mt19937 rng(kSeed + 1);
  for (const int64_t length : {4, 12, 28, 60, 64, 128})
    for (const int64_t pixels : {1, 5, 15, 16, 17, 31, 32, 33, 48})
      for (const int64_t channels : {1, 16, 17, 33, 48, 128}) {
        const int64_t count = rng() % 2 ? 1 : 3, segments = 1 + static_cast<int64_t>(rng() % 3);
        const BatchCase c(count, pixels, channels, segments, length, rng);
        std::vector<int32_t> expected;
        for (int64_t i = 0; i < count; ++i)
          for (int64_t p = 0; p < pixels; ++p)
            for (int64_t m = 0; m < c.columns + 16; ++m)
              expected.push_back(m < c.columns ? static_cast<int32_t>(c.Sum(i, p, m)) : 77);
        for (const KernelTable* t : Tables()) {
          SCOPED_TRACE(testing::Message()
                       << IsaName(t->isa) << " seed " << kSeed + 1 << " length " << length
                       << " segments " << segments << " pixels " << pixels << " channels "
                       << channels << " count " << count);
          ExpectBatch(c, expected, *t);
          if (testing::Test::HasFailure()) return;
        }
      }
}

}  // namespace
}  // namespace picabia::kernels
