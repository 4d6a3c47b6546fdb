// Each builtin against a loop written from its meaning (docs/bang.md), with doubles and this file's
// own rounding to half.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "host.h"

extern "C" {
void BinaryHalf(half*, half*, half*, int, int, int);
void BinaryFloat(float*, float*, float*, int, int, int);
void UnaryFloat(float*, float*, int, int);
void UnaryHalf(half*, half*, int, int);
void Reductions(half*, float*, half*, float*, unsigned*, int);
void Picking(half*, half*, half*, unsigned*, int);
void Turning(half*, half*, int, int, int);
void Pooling(float*, float*, int, int, int, int, int, int, int, int);
void Conv8to16(int8_t*, int8_t*, half*, half*, int, int, int, int, int, int, int, int, int);
void Conv8to32(int8_t*, int8_t*, float*, float*, int, int, int, int, int, int, int, int, int);
void Conv16by8(int16_t*, int8_t*, float*, float*, int, int, int, int, int, int, int, int, int);
void Conv16by16(int16_t*, int16_t*, float*, float*, int, int, int, int, int, int, int, int, int);
void ConvBits(int16_t*, int8_t*, int16_t*, int16_t*, int, int, int, int, int, int, int, int, int);
void Converting(half*, int8_t*, int16_t*, half*, float*, int, int);
void Extremes(half*, float*, half*, float*, int, int);
void StridedRows(half*, float*, half*, short*, uint8_t*, half*, half*, int, int);
void RealProducts(float*, float*, float*, float*, half*, half*, half*, half*, half*,
                  unsigned short*);
}

namespace {

using host::Buffer;
using host::Float;
using host::Half;
using host::Halves;

constexpr cnrtDim3_t kOne = {1, 1, 1};
constexpr int kSizes[] = {1, 2, 7, 8, 15, 16, 17, 31, 63, 64, 65, 511, 512, 513, 1030};

template <typename F, typename... T>
void Launch(F* kernel, T... values) {
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(kernel), kOne, CNRT_FUNC_TYPE_BLOCK, values...),
            CNRT_RET_SUCCESS);
}

// Nearest, ties to even, saturating: by looking at all halves near.
float ToHalf(double x) {
  if (std::fabs(x) >= 65504) return static_cast<float>(std::copysign(65504.0, x));
  int exponent = 0;
  std::frexp(x, &exponent);
  const double unit = std::ldexp(1.0, std::max(exponent - 11, -24));
  return static_cast<float>(std::nearbyint(x / unit) * unit);
}

double Binary(int op, double a, double b) {
  switch (op) {
    case 0:
      return a + b;
    case 1:
      return a - b;
    case 2:
      return a * b;
    case 4:
      return a == b;
    case 5:
      return a != b;
    case 6:
      return a > b;
    case 7:
      return a >= b;
    case 8:
      return a < b;
    case 9:
      return a <= b;
    case 10:
      return a != 0 && b != 0;
    case 11:
      return a != 0 || b != 0;
    case 12:
      return (a != 0) != (b != 0);
    case 13:
      return std::max(a, b);
    default:
      return std::min(a, b);
  }
}

class Builtins : public host::DeviceTest {
 protected:
  // Values of all magnitudes, some equal, some zero.
  std::vector<float> Values(int n) {
    std::vector<float> x(n);
    for (float& v : x) {
      const int kind = static_cast<int>(random_() % 8);
      v = std::ldexp(static_cast<float>(random_() % 4096) - 2048,
                     static_cast<int>(random_() % 20) - 14);
      if (kind == 0) v = 0;
      if (kind == 1) v = static_cast<float>(random_() % 3);
      if (kind == 2) v = 65504;
      v = Float(Half(v));
    }
    return x;
  }
  std::mt19937 random_{2026};
};

TEST_F(Builtins, BinaryOnHalves) {
  for (const int n : kSizes)
    for (const int op : {0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}) {
      const auto x = Values(n), y = Values(n);
      const Buffer<half> dx(Halves(x)), dy(Halves(y)), out(n);
      Launch(&BinaryHalf, dx.data(), dy.data(), out.data(), n, op, n % 3);
      const auto r = out.Read();
      for (int i = 0; i < n; ++i)
        ASSERT_EQ(Float(r[i]), ToHalf(Binary(op, x[i], y[i])))
            << op << ' ' << n << ' ' << i << ' ' << x[i] << ' ' << y[i];
    }
}

TEST_F(Builtins, BinaryAndCyclesOnFloats) {
  for (const int n : kSizes)
    for (const int op : {0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
      for (const int period : {0, 1, 7}) {
        if (period != 0 && n % period != 0) continue;
        const auto x = Values(n), y = Values(n);
        const Buffer<float> dx(x), dy(y), out(n);
        Launch(&BinaryFloat, dx.data(), dy.data(), out.data(), n, op, period);
        const auto r = out.Read();
        for (int i = 0; i < n; ++i)
          ASSERT_EQ(r[i], static_cast<float>(Binary(op, x[i], y[period == 0 ? i : i % period])))
              << op << ' ' << n << ' ' << period << ' ' << i;
      }
}

double Unary(int op, double x) {
  switch (op) {
    case 0:
      return std::fabs(x);
    case 1:
      return x * x;
    case 2:
      return x == 0;
    case 3:
      return std::max(x, 0.0);
    case 4:
      return 1 / (1 + std::exp(-x));
    case 5:
      return std::exp(x);
    case 6:
      return std::sqrt(x);
    case 7:
      return 1 / std::sqrt(x);
    case 8:
      return 1 / x;
    case 9:
      return std::sin(x);
    case 10:
      return std::cos(x);
    case 11:
      return std::log(x);
    case 12:
      return std::tanh(x);
    case 13:
      return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
    case 14:
      return std::log2(x);
    default:
      return std::exp2(x);
  }
}

TEST_F(Builtins, UnaryOnFloatsAndHalves) {
  for (const int n : {1, 64, 513})
    for (int op = 0; op < 16; ++op) {
      std::vector<float> x(n);
      for (float& v : x)
        v = Float(Half(static_cast<float>(random_() % 1000 + 1) / 128 *
                       (op < 4 && random_() % 2 ? -1 : 1)));
      const Buffer<float> dx(x), out(n);
      Launch(&UnaryFloat, dx.data(), out.data(), n, op);
      const Buffer<half> hx(Halves(x)), hout(n);
      Launch(&UnaryHalf, hx.data(), hout.data(), n, op);
      const auto r = out.Read();
      const auto h = hout.Read();
      for (int i = 0; i < n; ++i) {
        const double expected = Unary(op, x[i]);
        // Float functions of one or a few operations: each rounds by 2^-24 of values up to 1 + |x|.
        const double tolerance = std::fabs(expected) * 0x1p-22 + 0x1p-24;
        ASSERT_NEAR(r[i], expected, tolerance) << op << ' ' << x[i];
        const double clamped = std::min(expected, 65504.0);
        ASSERT_NEAR(Float(h[i]), clamped, std::fabs(clamped) * 0x1p-11 + tolerance + 0x1p-25)
            << op << ' ' << x[i];
      }
    }
}

TEST_F(Builtins, ReductionsAndCounts) {
  for (const int n : {1, 64, 96, 200}) {
    auto x = Values(n), y = Values(n);
    const Buffer<half> dx(Halves(x)), h(1);
    const Buffer<float> dy(y), f(1 + (n + 31) / 32);
    const Buffer<unsigned> u(6);
    Launch(&Reductions, dx.data(), dy.data(), h.data(), f.data(), u.data(), n);
    const auto largest = std::max_element(x.begin(), x.end());
    const auto smallest = std::min_element(y.begin(), y.end());
    EXPECT_EQ(Float(h.Read()[0]), *largest);
    EXPECT_EQ(f.Read()[0], *smallest);
    const auto set = [](float v) { return v != 0; };
    const auto first = std::find_if(x.begin(), x.end(), set);
    const auto last = std::find_if(x.rbegin(), x.rend(), set);
    const unsigned none = 0;
    const std::vector<unsigned> expected = {
        static_cast<unsigned>(largest - x.begin()),
        static_cast<unsigned>(smallest - y.begin()),
        static_cast<unsigned>(std::count_if(x.begin(), x.end(), set)),
        static_cast<unsigned>(std::count_if(y.begin(), y.end(), set)),
        first == x.end() ? none : static_cast<unsigned>(first - x.begin()),
        last == x.rend() ? none : static_cast<unsigned>(x.rend() - last - 1)};
    EXPECT_EQ(u.Read(), expected) << n;
    for (int g = 0; g * 32 < n; ++g) {
      double sum = 0, size = 0;
      for (int i = g * 32; i < std::min(n, g * 32 + 32); ++i) {
        sum += y[i];
        size += std::fabs(y[i]);
      }
      EXPECT_NEAR(f.Read()[1 + g], sum, size * 0x1p-19);  // 31 additions of floats
    }
  }
}

TEST_F(Builtins, PickingByMasks) {
  for (const int n : {1, 64, 200}) {
    const auto x = Values(n);
    std::vector<float> mask(n);
    for (float& m : mask) m = static_cast<float>(random_() % 3);
    std::vector<float> chosen;
    for (int i = 0; i < n; ++i)
      if (mask[i] != 0) chosen.push_back(x[i]);
    const Buffer<half> dx(Halves(x)), dm(Halves(mask)), out(2 * n + 1);
    const Buffer<unsigned> u(2);
    Launch(&Picking, dx.data(), dm.data(), out.data(), u.data(), n);
    const auto r = out.Read();
    for (int i = 0; i < n; ++i) EXPECT_EQ(Float(r[i]), mask[i] != 0 ? x[i] : 0);
    for (size_t i = 0; i < chosen.size(); ++i) EXPECT_EQ(Float(r[n + i]), chosen[i]);
    EXPECT_EQ(u.Read()[0], chosen.size());
    EXPECT_EQ(u.Read()[1], chosen.size());
    if (!chosen.empty()) EXPECT_EQ(Float(r[2 * n]), chosen[0]);
  }
}

TEST_F(Builtins, TurningInPlace) {
  for (const auto& [h, w] : {std::pair{1, 1}, {3, 5}, {64, 32}, {7, 64}})
    for (int op = 0; op < 5; ++op) {
      std::vector<float> x(h * w);
      for (int i = 0; i < h * w; ++i) x[i] = static_cast<float>(i % 2000);
      const Buffer<half> dx(Halves(x)), out(h * w);
      Launch(&Turning, dx.data(), out.data(), h, w, op);
      const auto r = out.Read();
      for (int y = 0; y < h; ++y)
        for (int c = 0; c < w; ++c) {
          // Where element (y, c) stands in the result, as row and column of a picture turned
          // clockwise.
          const int places[] = {c * h + y, c * h + h - 1 - y, (h - 1 - y) * w + w - 1 - c,
                                (w - 1 - c) * h + y, y * w + w - 1 - c};
          ASSERT_EQ(Float(r[places[op]]), x[y * w + c]) << op;
        }
    }
}

TEST_F(Builtins, Pooling) {
  const auto pool = [&](int c, int h, int w, int kh, int kw, int sx, int sy) {
    std::vector<float> x(c * h * w);
    for (float& v : x) v = static_cast<float>(random_() % 64);
    for (int op = 0; op < 4; ++op) {
      const int oh = (h - kh) / sy + 1, ow = (w - kw) / sx + 1;
      const Buffer<float> dx(x), out(oh * ow * c);
      Launch(&Pooling, dx.data(), out.data(), c, h, w, kh, kw, sx, sy, op);
      const auto r = out.Read();
      for (int y = 0; y < oh; ++y)
        for (int q = 0; q < ow; ++q)
          for (int k = 0; k < c; ++k) {
            std::vector<float> window;
            for (int i = 0; i < kh; ++i)
              for (int j = 0; j < kw; ++j)
                window.push_back(x[((y * sy + i) * w + q * sx + j) * c + k]);
            float sum = 0;
            for (const float v : window) sum += v;
            const float all[] = {*std::max_element(window.begin(), window.end()),
                                 *std::min_element(window.begin(), window.end()),
                                 sum / static_cast<float>(window.size()), sum};
            ASSERT_EQ(r[(y * ow + q) * c + k], all[op]);
          }
    }
  };
  pool(3, 5, 7, 2, 3, 1, 2);
  pool(32, 1, 4, 1, 4, 1, 1);
  pool(1, 3, 3, 3, 3, 1, 1);
}

struct Case {
  int ci, h, w, kh, kw, sx, sy, co;
};
constexpr Case kConvs[] = {{64, 8, 1, 1, 1, 1, 1, 64},  {64, 3, 5, 2, 3, 1, 1, 128},
                           {32, 4, 4, 1, 1, 1, 1, 192}, {64, 5, 6, 3, 3, 2, 1, 64},
                           {3, 6, 6, 3, 3, 1, 2, 64},   {4, 7, 3, 2, 3, 1, 1, 64},
                           {8, 3, 3, 3, 3, 1, 1, 20}};

// D, S, K of the kernel; `position` real results are scaled by; lanes: the order of the weight
// memory.
template <typename D, typename S, typename K, typename F>
void CheckConv(std::mt19937* random, F* kernel, const Case& c, int position, bool with_bias,
               int64_t limit, const std::function<double(double)>& round,
               const std::function<double(D)>& value, const std::function<D(double)>& make) {
  const int each = c.kh * c.kw * c.ci, oh = (c.h - c.kh) / c.sy + 1, ow = (c.w - c.kw) / c.sx + 1;
  std::vector<S> src(c.h * c.w * c.ci);
  std::vector<K> filter(c.co * each), lanes(c.co * each);
  for (S& v : src) v = static_cast<S>(static_cast<int64_t>((*random)() % (2 * limit)) - limit);
  for (K& v : filter) v = static_cast<K>(static_cast<int64_t>((*random)() % 255) - 127);
  lanes = filter;
  const int groups = c.co / 64;
  for (int f = 0; f < groups * 64 && c.co % 64 == 0; ++f)
    std::copy_n(filter.begin() + f * each, each, lanes.begin() + (f % 64 * groups + f / 64) * each);
  std::vector<D> bias(c.co);
  for (D& b : bias) b = make(static_cast<double>((*random)() % 100) - 50);
  const Buffer<S> dsrc(src);
  const Buffer<K> dfilter(lanes);
  const Buffer<D> dbias(bias), out(oh * ow * c.co);
  Launch(kernel, dsrc.data(), dfilter.data(), dbias.data(), out.data(), c.ci, c.h, c.w, c.kh, c.kw,
         c.sx, c.sy, c.co, with_bias ? position + 200 : position);
  const auto r = out.Read();
  for (int y = 0; y < oh; ++y)
    for (int x = 0; x < ow; ++x)
      for (int f = 0; f < c.co; ++f) {
        int64_t sum = 0;
        for (int i = 0; i < c.kh; ++i)
          for (int j = 0; j < c.kw * c.ci; ++j)
            sum += int64_t{src[((y * c.sy + i) * c.w + x * c.sx) * c.ci + j]} *
                   filter[f * each + i * c.kw * c.ci + j];
        const double exact =
            std::ldexp(static_cast<double>(sum), position) + (with_bias ? value(bias[f]) : 0);
        ASSERT_EQ(value(r[(y * ow + x) * c.co + f]), round(exact)) << f << ' ' << x << ' ' << y;
      }
}

TEST_F(Builtins, Convolutions) {
  const auto to_half = [](double v) { return double{ToHalf(v)}; };
  const std::function<double(half)> from_half = [](half h) { return double{Float(h)}; };
  const std::function<half(double)> make_half = [](double v) {
    return Half(static_cast<float>(v));
  };
  const auto to_float = [](double v) { return double{static_cast<float>(v)}; };
  const std::function<double(float)> from_float = [](float v) { return double{v}; };
  const std::function<float(double)> make_float = [](double v) { return static_cast<float>(v); };
  for (const Case& c : kConvs)
    for (const bool bias : {false, true}) {
      // Sums below 2^24: the conversion to float is exact before the one rounding.
      CheckConv<half, int8_t, int8_t>(&random_, &Conv8to16, c, -9, bias, 128, to_half, from_half,
                                      make_half);
      CheckConv<float, int8_t, int8_t>(&random_, &Conv8to32, c, -3, bias, 128, to_float, from_float,
                                       make_float);
      CheckConv<float, int16_t, int8_t>(&random_, &Conv16by8, c, 0, false, 4000, to_float,
                                        from_float, make_float);
      CheckConv<float, int16_t, int16_t>(&random_, &Conv16by16, c, -5, false, 32768, to_float,
                                         from_float, make_float);
    }
}

TEST_F(Builtins, ConvolutionsMoveBitPatterns) {
  // An identity filter copies 16-bit patterns: exact, whatever they mean.
  std::vector<int16_t> bits(64 * 8);
  for (int16_t& b : bits) b = static_cast<int16_t>(random_());
  std::vector<int8_t> identity(64 * 64);
  for (int i = 0; i < 64; ++i) identity[i * 64 + i] = 1;
  const Buffer<int16_t> src(bits), bias(64), out(bits.size());
  const Buffer<int8_t> filter(identity);
  Launch(&ConvBits, src.data(), filter.data(), bias.data(), out.data(), 64, 8, 1, 1, 1, 1, 1, 64,
         0);
  EXPECT_EQ(out.Read(), bits);
}

TEST_F(Builtins, ConversionsWithPositions) {
  for (const int n : {1, 64, 1030})
    for (const int position : {-7, 0, 3}) {
      const auto x = Values(n);
      const Buffer<half> dx(Halves(x)), back(n);
      const Buffer<int8_t> q8(2 * n);
      const Buffer<int16_t> q16(n);
      const Buffer<float> wide(n);
      Launch(&Converting, dx.data(), q8.data(), q16.data(), back.data(), wide.data(), n, position);
      const auto a = q8.Read();
      const auto b = q16.Read();
      const auto c = back.Read();
      const auto d = wide.Read();
      for (int i = 0; i < n; ++i) {
        const double scaled = std::ldexp(double{x[i]}, -position);
        ASSERT_EQ(a[i], std::clamp(std::floor(scaled), -128.0, 127.0));
        ASSERT_EQ(a[n + i], std::clamp(std::round(scaled), -128.0, 127.0));
        const double q = std::clamp(std::round(scaled), -32768.0, 32767.0);
        ASSERT_EQ(b[i], q);
        // Back to half: 16 bits to 11, halves away from zero.
        ASSERT_NEAR(Float(c[i]), std::min(std::ldexp(q, position), 65504.0),
                    std::fabs(std::ldexp(q, position)) * 0x1p-11);
        ASSERT_EQ(d[i], x[i]);
      }
    }
}

TEST_F(Builtins, ExtremesOfTwoRowsAndOfNeighbours) {
  for (const int n : {64, 128, 1030})
    for (const int distance : {1, 33}) {
      std::vector<float> a(2 * n), b(2 * n);
      for (int i = 0; i < 2 * n; ++i) {
        a[i] = static_cast<float>(i * 37 % 101) - 50;
        b[i] = static_cast<float>(i * 53 % 89) / 8;
      }
      const Buffer<half> x(Halves(a)), out(2 * n);
      const Buffer<float> y(b), out_f(2 * n);
      Launch(&Extremes, x.data(), y.data(), out.data(), out_f.data(), n, distance);
      const auto h = out.Read();
      const auto f = out_f.Read();
      for (int i = 0; i < n; ++i) {
        ASSERT_EQ(Float(h[i]), std::max(a[i], a[n + i]));
        ASSERT_EQ(f[i], std::min(b[i], b[n + i]));
      }
      for (int i = 0; i + distance < n; ++i) {
        ASSERT_EQ(Float(h[n + i]), std::min(a[i], a[i + distance])) << i;
        ASSERT_EQ(f[n + i], std::max(b[i], b[i + distance])) << i;
      }
    }
}

TEST_F(Builtins, ConversionsAndMovesOfRowsThatLieApart) {
  for (const int n : {1, 63, 64, 65})
    for (const int rows : {1, 2, 7}) {
      std::vector<float> x(2 * n * rows);
      std::vector<uint8_t> bytes(n * rows);
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 29 % 1000) / 4 - 125;
      for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7);
      const Buffer<half> in(Halves(x)), back(x.size()), of_bytes(x.size()), moved(n * rows);
      const Buffer<float> wide(n * rows);
      const Buffer<short> whole(n * rows);
      const Buffer<uint8_t> c(bytes);
      Launch(&StridedRows, in.data(), wide.data(), back.data(), whole.data(), c.data(),
             of_bytes.data(), moved.data(), n, rows);
      for (int r = 0; r < rows; ++r)
        for (int i = 0; i < n; ++i) {
          const float v = x[r * 2 * n + i];
          ASSERT_EQ(wide.Read()[r * n + i], v) << n << ' ' << r << ' ' << i;
          ASSERT_EQ(Float(back.Read()[r * 2 * n + i]), v);
          ASSERT_EQ(whole.Read()[r * n + i], static_cast<short>(std::floor(v)));
          ASSERT_EQ(Float(of_bytes.Read()[r * 2 * n + i]), bytes[r * n + i]);
          ASSERT_EQ(Float(moved.Read()[r * n + i]), v);
        }
    }
}

// Small whole numbers: every order of adding them up is exact.
TEST_F(Builtins, ProductsInFloatingPointAndShortWindows) {
  std::vector<float> x(128), w(64 * 128), bias(64), picture(64 * 16);
  for (int i = 0; i < 128; ++i) x[i] = static_cast<float>(i % 7 - 3);
  for (int i = 0; i < 64 * 128; ++i) w[i] = static_cast<float>(i * 13 % 5 - 2);
  for (int i = 0; i < 64; ++i) bias[i] = static_cast<float>(i);
  for (int i = 0; i < 64 * 16; ++i) picture[i] = static_cast<float>(i * 37 % 1021);
  const Buffer<float> fx(x), fw(w), fb(bias), out(64);
  const Buffer<half> hx(Halves(x)), hw(Halves(w)), hb(Halves(bias)), hout(64), hp(Halves(picture));
  const Buffer<unsigned short> index(64 * 4);
  Launch(&RealProducts, fx.data(), fw.data(), fb.data(), out.data(), hx.data(), hw.data(),
         hb.data(), hout.data(), hp.data(), index.data());
  for (int o = 0; o < 64; ++o) {
    double sum = bias[o];
    for (int i = 0; i < 128; ++i) sum += double{x[i]} * w[o * 128 + i];
    EXPECT_EQ(out.Read()[o], sum) << o;
    EXPECT_EQ(Float(hout.Read()[o]), sum) << o;
  }
  for (int row = 0; row < 2; ++row)
    for (int column = 0; column < 2; ++column)
      for (int c = 0; c < 64; ++c) {
        int best = 0;
        const auto at = [&](int k) {
          return picture[((row * 2 + k / 2) * 4 + column * 2 + k % 2) * 64 + c];
        };
        for (int k = 1; k < 4; ++k)
          if (at(k) > at(best)) best = k;
        EXPECT_EQ(index.Read()[(row * 2 + column) * 64 + c], best) << row << column << c;
      }
}

}  // namespace
