// A convolution block by Winograd's integer products (devices/cpu/int8_conv.h) against the direct
// convolution of the same quantized input, computed in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "compile/pack.h"
#include "devices/cpu/int8_conv.h"

namespace picabia::cpu {
namespace {

constexpr uint32_t kSeed = 20261201;
constexpr int kTaps = 16;

struct Block {
  int64_t h, w, ci, co;
  ops::ConvBlock op;
  Tensor filter, levels;
  LevelScale scale;
  std::vector<double> x;     // the input as the taps see it: 12-bit factors times their scale
  std::vector<double> step;  // of those factors, per channel

  Block(int64_t height, int64_t width, int64_t in, int64_t out, std::mt19937& rng)
      : h(height), w(width), ci(in), co(out) {
    op.window.pads = {1, 1, 1, 1};
    if (h > 1 && w > 1 && rng() % 2) op.pad_mode = ops::PadMode::kReflect;
    filter = *Tensor::Create(DType::kF32, {3, 3, ci, co});
    std::uniform_real_distribution<float> weight(-1, 1);
    for (int64_t i = 0; i < filter.num_elements(); ++i)
      filter.MutableData<float>()[i] = weight(rng) * static_cast<float>(1 + i % co % 5);
    MakeLevels(rng);
    Quantize();
  }

  void MakeLevels(std::mt19937& rng) {
    levels = *Tensor::Create(DType::kI16, {1, h, w, ci});
    scale.relu = rng() % 2;
    for (int64_t c = 0; c < ci; ++c) {
      const int low = static_cast<int>(rng() % 30000) - 30000, high = low + 10000;
      scale.scale.push_back(std::ldexp(1.0 + static_cast<double>(rng() % 100) / 100, -10));
      scale.offset.push_back(-(low + 3000.0) * scale.scale.back());
      int32_t least = high, most = low;
      for (int64_t i = c; i < levels.num_elements(); i += ci) {
        const int level = std::uniform_int_distribution<int>(low, high)(rng);
        levels.MutableData<int16_t>()[i] = static_cast<int16_t>(level);
        least = std::min(least, level);
        most = std::max(most, level);
      }
      scale.low.push_back(least);
      scale.high.push_back(most);
    }
  }

  void Quantize() {
    LevelMapping m;
    MapLevels(scale, FactorKind::kTile, nullptr, m);
    std::vector<int16_t> d(static_cast<size_t>(levels.num_elements()));
    kernels::KernelsFor(Isa::kScalar)
        .map_tile(m.Row(levels.data<int16_t>(), levels.num_elements()), d.data());
    for (size_t i = 0; i < d.size(); ++i)
      x.push_back(d[i] * m.input.scale[i % m.input.scale.size()]);
    step = m.input.scale;
  }

  double Weight(int64_t ky, int64_t kx, int64_t c, int64_t m) const {
    return static_cast<double>(filter.data<float>()[((ky * 3 + kx) * ci + c) * co + m]);
  }

  double Direct(int64_t py, int64_t px, int64_t m) const {
    double sum = 0;
    for (int64_t ky = 0; ky < 3; ++ky)
      for (int64_t kx = 0; kx < 3; ++kx) {
        int64_t y = py + ky - 1, z = px + kx - 1;
        if (op.pad_mode == ops::PadMode::kReflect) {
          y = y < 0 ? -y : y >= h ? 2 * h - 2 - y : y;
          z = z < 0 ? -z : z >= w ? 2 * w - 2 - z : z;
        }
        if (y < 0 || y >= h || z < 0 || z >= w) continue;
        for (int64_t c = 0; c < ci; ++c)
          sum += x[static_cast<size_t>((y * w + z) * ci + c)] * Weight(ky, kx, c, m);
      }
    return sum;
  }

  // G g G' of one channel, G = {1,0,0; 1/2,1/2,1/2; 1/2,-1/2,1/2; 0,0,1}.
  double FilterTap(int tap, int64_t c, int64_t m) const {
    constexpr double kG[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    double sum = 0;
    for (int ky = 0; ky < 3; ++ky)
      for (int kx = 0; kx < 3; ++kx)
        sum += kG[tap / 4][ky] * kG[tap % 4][kx] * Weight(ky, kx, c, m);
    return sum;
  }
};

// How far the outputs of one channel may lie from the direct convolution.
//
// With u = G g G' of one input channel, v = B' d B in steps s of the input, and the integer factors
// q = round(v / 64) and k = round(64 s u / t), where t = max |64 s u| / 127 a tap,
//   q t k - v s u = (q - v / 64) 64 s u + q (t k - 64 s u)
// The first bracket is at most 1/2, in the mean square 1/12. The second is t times that, and what
// the 16 bits of the kept weights lose: 64 s max |u| / 32767 times that. |q| is at most 127, or 252
// for the tap that only adds; a difference of independent pixels has half of that in the mean
// square. An output adds 9 taps of all channels. `rms` takes all roundings as independent.
struct Bound {
  double worst = 0, rms = 0;

  Bound(const Block& b, int64_t m) {
    constexpr int kA[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};  // A'
    double worst_of[4] = {}, square_of[4] = {};
    for (int tap = 0; tap < kTaps; ++tap) {
      double square = 0;
      const double largest = TapBound(b, m, tap, square);
      for (int i = 0; i < 4; ++i) {
        if (kA[i / 2][tap / 4] * kA[i % 2][tap % 4] == 0) continue;
        worst_of[i] += largest;
        square_of[i] += square;
      }
    }
    worst = *std::max_element(worst_of, worst_of + 4);
    rms = std::sqrt(*std::max_element(square_of, square_of + 4));
  }

 private:
  static double TapBound(const Block& b, int64_t m, int tap, double& square) {
    std::vector<double> u;
    double largest = 0;
    for (int64_t c = 0; c < b.ci; ++c) {
      u.push_back(std::fabs(b.FilterTap(tap, c, m)));
      largest = std::max(largest, u.back());
    }
    double t = 0, sum = 0;
    for (size_t c = 0; c < u.size(); ++c) t = std::max(t, 64 * b.step[c] * u[c] / 127);
    const bool adds = tap == kernels::kWinogradSumTap;
    const double most = adds ? 252 : 127, usual = adds ? 252 : 127 / 2.0;
    for (size_t c = 0; c < u.size(); ++c) {
      const double weight = 64 * b.step[c] * u[c], kept = 64 * b.step[c] * largest / 32767;
      sum += weight / 2 + most * (t + kept) / 2;
      square += (weight * weight + usual * usual * (t * t + kept * kept)) / 12;
      sum += std::ldexp(most * 127 * t, -22);  // floats lose 2^-24 in each of some operations
    }
    return sum;
  }
};

std::vector<double> RunBlock(const Block& b, const kernels::KernelTable& kernels, int threads,
                             std::vector<double>& step) {
  const auto packed = compile::PackFilter(0, b.filter, false);
  EXPECT_TRUE(packed.ok());
  const auto conv = MakeConvWeights(b.op, *packed);
  EXPECT_TRUE(conv.ok());
  const auto weights = std::make_shared<const Int8Weights>(MakeInt8Weights(b.op, **conv, true));
  EXPECT_TRUE(weights->winograd);
  const auto plan = std::make_shared<const Int8Plan>(b.op, weights, 8, b.levels.shape(),
                                                     Shape{1, b.h, b.w, b.co});
  ThreadPool pool(threads);
  BufferPool buffers;
  Activation x;
  x.tensor = b.levels;
  x.levels = {b.scale};
  const auto out = plan->Run({kernels, pool, buffers}, {x}, Int8Output::kLevels, false);
  EXPECT_TRUE(out.ok()) << out.status().message();
  std::vector<double> y;
  for (int64_t i = 0; i < out->tensor.num_elements(); ++i)
    y.push_back(
        out->levels[0].Value(static_cast<size_t>(i % b.co), out->tensor.data<int16_t>()[i]));
  step = out->levels[0].scale;
  return y;
}

TEST(WinogradBlock, EqualsTheDirectConvolutionWithinItsRoundings) {
  std::mt19937 rng(kSeed);
  const int64_t kSizes[][2] = {{1, 1}, {2, 3}, {7, 9}, {16, 33}, {26, 101}};
  for (const auto& [h, w] : kSizes)
    for (const int64_t ci : {64, 96})
      for (const int64_t co : {32, 33, 80}) {
        const Block b(h, w, ci, co, rng);
        std::vector<double> step;
        const auto first = RunBlock(b, kernels::KernelsFor(Isa::kScalar), 1, step);
        for (const Isa isa : MachineIsas())
          for (const int threads : {1, 3})
            ASSERT_EQ(RunBlock(b, kernels::KernelsFor(isa), threads, step), first)
                << IsaName(isa) << " seed " << kSeed << " " << h << "x" << w << " " << ci << " to "
                << co;
        for (int64_t m = 0; m < co; ++m) {
          const Bound bound(b, m);
          const double level = step[static_cast<size_t>(m)];
          double squares = 0;
          for (int64_t p = 0; p < h * w; ++p) {
            const double error = first[static_cast<size_t>(p * co + m)] - b.Direct(p / w, p % w, m);
            ASSERT_LE(std::fabs(error), bound.worst + level / 2)
                << "seed " << kSeed << " " << h << "x" << w << " " << ci << " to " << co
                << " pixel " << p << " channel " << m;
            squares += error * error;
          }
          // Few pixels say little about a mean square.
          if (h * w >= 60)
            ASSERT_LE(std::sqrt(squares / static_cast<double>(h * w)), bound.rms + level / 2)
                << "seed " << kSeed << " " << h << "x" << w << " channel " << m;
        }
      }
}

}  // namespace
}  // namespace picabia::cpu
