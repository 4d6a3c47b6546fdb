// Scales per output channel, int8 panels and the bounds of their sums.
#include "devices/cpu/int8_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/checked.h"

namespace picabia::cpu {
namespace {

using kernels::kPanel;
using kernels::kQuad;
using kernels::PanelRun;
using kernels::PanelSums;

constexpr double kMaxWeight = 127;
constexpr double kLargestLevel =
    32400;                           // so that a span of levels can be shifted a little (levels.cc)
constexpr int64_t kRunLength = 128;  // 128 * 127 * 65535 < 2^31: kernels::PanelRun
constexpr int64_t kWinogradChannels = 32;  // its panels' rows come in such groups
// With fewer the direct products take no longer, and may have 16-bit inputs.
constexpr int64_t kLeastWinogradChannels = 64;

// G g G' of one filter: G = {1,0,0; 1/2,1/2,1/2; 1/2,-1/2,1/2; 0,0,1}.
std::array<float, kWinogradTaps> TransformFilter(const std::array<float, 9>& g) {
  std::array<float, 12> rows{};
  const auto three = [](float a, float b, float c, float* to, int64_t step) {
    to[0] = a;
    to[step] = (a + c) * 0.5f + b * 0.5f;
    to[2 * step] = (a + c) * 0.5f - b * 0.5f;
    to[3 * step] = c;
  };
  for (size_t x = 0; x < 3; ++x) three(g[x], g[3 + x], g[6 + x], rows.data() + x, 3);
  std::array<float, kWinogradTaps> u{};
  for (size_t y = 0; y < 4; ++y)
    three(rows[3 * y], rows[3 * y + 1], rows[3 * y + 2], u.data() + 4 * y, 1);
  return u;
}

// Float panels of `rows` rows a block as 16-bit ones.
MasterPanels ToMaster(const std::vector<float>& panels, int64_t blocks, int64_t rows) {
  constexpr float kLargest = 32767;
  MasterPanels m;
  m.weights.resize(panels.size());
  m.scale.assign(static_cast<size_t>(blocks * kPanel), 0.f);
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t l = 0; l < kPanel; ++l) {
      const auto at = [&](int64_t row) {
        return static_cast<size_t>((b * rows + row) * kPanel + l);
      };
      float largest = 0;
      for (int64_t r = 0; r < rows; ++r) largest = std::max(largest, std::fabs(panels[at(r)]));
      // A damaged program may hold anything: what is not finite counts for nothing.
      const float scale = std::isfinite(largest) ? largest / kLargest : 0;
      m.scale[static_cast<size_t>(b * kPanel + l)] = scale;
      if (!(scale > 0)) continue;
      for (int64_t r = 0; r < rows; ++r)
        m.weights[at(r)] = static_cast<int16_t>(std::nearbyint(
            std::isfinite(panels[at(r)]) ? std::clamp(panels[at(r)] / scale, -kLargest, kLargest)
                                         : 0.f));
    }
  return m;
}

void FillWinograd(const ConvWeights& conv, Int8Weights& w) {
  const int64_t blocks = CeilDiv(conv.columns, kPanel), rows = conv.ci * kPanel;
  const auto count = static_cast<size_t>(blocks * rows);
  std::vector<std::vector<float>> taps(kWinogradTaps, std::vector<float>(count));
  w.positive.assign(count, 0);
  w.negative.assign(count, 0);
  const float* panels = conv.phases[0].panels.data();
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t i = 0; i < rows; ++i) {
      std::array<float, 9> g{};
      const auto at = static_cast<size_t>(b * rows + i);
      for (int64_t t = 0; t < 9; ++t) {
        const float v = panels[(b * 9 + t) * rows + i];
        g[static_cast<size_t>(t)] = v;
        (v > 0 ? w.positive : w.negative)[at] += v;
      }
      const auto u = TransformFilter(g);
      for (size_t t = 0; t < u.size(); ++t) taps[t][at] = u[t];
    }
  for (const auto& tap : taps) w.products.push_back(ToMaster(tap, blocks, conv.ci));
}

bool SuitsWinograd(const ops::ConvBlock& op, const ConvWeights& c) {
  return !op.transposed && !c.expanded && c.kernel_h == 3 && c.kernel_w == 3 &&
         op.window.strides[0] == 1 && op.window.strides[1] == 1 && op.window.dilations[0] == 1 &&
         op.window.dilations[1] == 1 && c.ci % kWinogradChannels == 0 &&
         c.ci >= kLeastWinogradChannels && c.co >= kWinogradChannels;
}

// Numbers of 16 bits as their low and high bytes, up to a whole quad.
struct Words {
  std::vector<uint8_t> low, high;

  explicit Words(size_t n) : low(static_cast<size_t>(RoundUp(static_cast<int64_t>(n), kQuad)), 0) {
    high = low;
  }
  void Set(size_t i, int32_t v) {
    low[i] = static_cast<uint8_t>(v & 255);
    high[i] = static_cast<uint8_t>(v >> 8);
  }
  const uint8_t* High(int64_t from, bool words) const {
    return words ? high.data() + from : nullptr;
  }
};

// The inputs of one product, tap after tap and channel after channel.
struct RunInputs {
  std::vector<float> scale;
  Words zero, above;
  bool words = false;  // some of these numbers exceed a byte

  // `times`: the value of one step of the transformed input.
  RunInputs(const Int8Input& input, int64_t taps, double times)
      : zero(static_cast<size_t>(taps) * input.factors.scale.size()), above(zero) {
    const InputFactors& in = input.factors;
    scale.reserve(static_cast<size_t>(taps) * in.scale.size());
    for (int64_t t = 0; t < taps; ++t)
      for (size_t c = 0; c < in.scale.size(); ++c) {
        const int32_t most = in.most[c] - in.zero[c];
        zero.Set(scale.size(), in.zero[c]);
        above.Set(scale.size(), most);
        words = words || in.zero[c] > 255 || most > 255;
        scale.push_back(static_cast<float>(in.scale[c] * times));
      }
  }
};

// One product's panels: `runs` runs of `length` float rows each, packed one after another.
struct Product {
  const int16_t* weights;  // of one block
  const int16_t* largest;  // MasterPanels::largest of it
  int64_t channels;        // rows of `largest`
  int64_t runs, length;
  int64_t padded;  // length, rounded up to what the products want; zeros behind it
  const RunInputs& inputs;

  int64_t packed() const { return runs * padded * kPanel; }

  PanelRun Run(const int16_t* rows, int64_t from, int64_t count) const {
    return {rows,
            inputs.scale.data() + from,
            {inputs.zero.low.data() + from, inputs.zero.High(from, inputs.words)},
            {inputs.above.low.data() + from, inputs.above.High(from, inputs.words)},
            count};
  }

  // All taps of a channel have one scale, and roundings keep order, so the largest weight of them
  // makes the largest product.
  void Largest(const kernels::KernelTable& k, float* out) const {
    k.panel_largest(Run(largest, 0, channels), out);
  }

  PanelSums Quantize(const kernels::KernelTable& k, const double* scale, int8_t* out) const {
    float inverse[kPanel];
    for (int l = 0; l < kPanel; ++l)
      inverse[l] = scale[l] > 0 ? static_cast<float>(1 / scale[l]) : 0.f;
    PanelSums sums{};
    const int64_t filled = RoundUp(length, kQuad);
    for (int64_t r = 0; r < runs; ++r) {
      std::fill_n(out + (r * padded + filled) * kPanel, (padded - filled) * kPanel, int8_t{0});
      for (int64_t from = 0; from < length; from += kRunLength)
        k.panel_quantize(
            Run(weights + (r * length + from) * kPanel, from, std::min(kRunLength, length - from)),
            inverse, out + (r * padded + from) * kPanel, &sums);
    }
    return sums;
  }
};

// Scales and sums of all columns of one product.
struct Columns {
  explicit Columns(int64_t n)
      : scale(static_cast<size_t>(n)), squares(scale), correction(scale), high(scale), low(scale) {}
  std::vector<double> scale, squares, correction, high, low;
};

class PictureQuantizer {
 public:
  PictureQuantizer(const ConvContext& context, const Int8Weights& weights, const Int8Input& input)
      : context_(context),
        kernels_(context.kernels),
        weights_(weights),
        conv_(*weights.conv),
        input_(input),
        blocks_(CeilDiv(conv_.columns, kPanel)),
        columns_(blocks_ * kPanel) {}

  Result<Int8Picture> Run(bool to_levels, const float* bias, double headroom) {
    products_ = weights_.winograd ? kWinogradTaps : static_cast<int64_t>(conv_.phases.size());
    picture_.level_scale.assign(static_cast<size_t>(columns_), 1.0);
    MakeInputs();
    PICABIA_RETURN_IF_ERROR(AllocatePanels());
    PackAll();
    if (weights_.winograd) {
      FinishWinograd(headroom);
    } else {
      if (to_levels) BoundDirect(headroom);
      FinishDirect(to_levels ? nullptr : bias);
    }
    picture_.level_scale.resize(static_cast<size_t>(conv_.co));
    if (to_levels && !input_.range.deviation.empty()) ExpectNoise();
    return std::move(picture_);
  }

 private:
  void MakeInputs() {
    if (weights_.winograd) {
      Int8Input tap = input_;
      std::fill(tap.factors.zero.begin(), tap.factors.zero.end(), kernels::kWinogradZero);
      tap.factors.most = tap.factors.zero;  // nobody asks: BoundWinograd knows more
      const double times = 1 << kernels::kWinogradShift;
      inputs_.emplace_back(tap, 1, times);
      for (size_t c = 0; c < tap.factors.zero.size(); ++c) tap.factors.zero[c] = input_.sum_zero[c];
      tap.factors.most = tap.factors.zero;
      inputs_.emplace_back(tap, 1, times);
      return;
    }
    for (const ConvPhase& phase : conv_.phases)
      inputs_.emplace_back(input_, phase.segments.empty() ? 0 : phase.segments[0].taps, 1.0);
  }

  Product ProductAt(int64_t i, int64_t block) const {
    const MasterPanels& master = weights_.products[static_cast<size_t>(i)];
    const int64_t channels = conv_.ci * kPanel;
    if (weights_.winograd) {
      const int16_t* rows = master.weights.data() + block * channels;
      return {rows,
              rows,
              conv_.ci,
              1,
              conv_.ci,
              kernels::SegmentBytes(kernels_, conv_.ci),
              inputs_[i == kernels::kWinogradSumTap ? 1 : 0]};
    }
    const ConvPhase& phase = conv_.phases[static_cast<size_t>(i)];
    const int64_t length = phase.segments.empty() ? 0 : phase.segments[0].taps * conv_.ci;
    return {master.weights.data() + block * phase.taps * channels,
            master.largest.data() + block * channels,
            phase.segments.empty() ? 0 : conv_.ci,
            static_cast<int64_t>(phase.segments.size()),
            length,
            kernels::SegmentBytes(kernels_, length),
            inputs_[static_cast<size_t>(i)]};
  }

  Status AllocatePanels() {
    sums_.assign(static_cast<size_t>(products_), Columns(columns_));
    picture_.phases.resize(weights_.winograd ? 1 : static_cast<size_t>(products_));
    for (int64_t i = 0; i < products_; ++i) {
      const int64_t bytes = blocks_ * ProductAt(i, 0).packed();
      starts_.push_back(weights_.winograd ? i * bytes : 0);
      if (weights_.winograd && i > 0) continue;
      auto& panels = picture_.phases[static_cast<size_t>(i)].panels;
      panels = context_.pool.Allocate(
          static_cast<size_t>(weights_.winograd ? products_ * bytes : bytes));
      if (panels == nullptr) return ResourceError("no memory for a convolution's weights");
    }
    return OkStatus();
  }

  // All products' panels: scales first, since expanded columns share them.
  void PackAll() {
    const auto each = [&](auto f) {
      context_.threads.For(products_ * blocks_,
                           [&](int64_t n, int) { f(n / blocks_, n % blocks_); });
    };
    if (conv_.expanded) {
      each([&](int64_t i, int64_t b) { Scale(i, b); });
      ShareScales(conv_, sums_[0].scale);
      each([&](int64_t i, int64_t b) { Pack(i, b); });
      return;
    }
    each([&](int64_t i, int64_t b) {
      Scale(i, b);
      Pack(i, b);
    });
  }

  double MasterScale(int64_t i, int64_t column) const {
    return static_cast<double>(
        weights_.products[static_cast<size_t>(i)].scale[static_cast<size_t>(column)]);
  }

  void Scale(int64_t i, int64_t block) {
    float largest[kPanel] = {};
    ProductAt(i, block).Largest(kernels_, largest);
    for (int64_t l = 0; l < kPanel; ++l) {
      const int64_t column = block * kPanel + l;
      sums_[static_cast<size_t>(i)].scale[static_cast<size_t>(column)] =
          static_cast<double>(largest[l]) / kMaxWeight * MasterScale(i, column);
    }
  }

  void Pack(int64_t i, int64_t block) {
    Columns& c = sums_[static_cast<size_t>(i)];
    const auto at = static_cast<size_t>(block * kPanel);
    const Product product = ProductAt(i, block);
    auto& panels = picture_.phases[weights_.winograd ? 0 : static_cast<size_t>(i)].panels;
    int8_t* out = reinterpret_cast<int8_t*>(panels.get()) + starts_[static_cast<size_t>(i)] +
                  block * product.packed();
    double scale[kPanel];  // in units of the master weights
    for (int64_t l = 0; l < kPanel; ++l) {
      const double master = MasterScale(i, block * kPanel + l);
      scale[l] = master > 0 ? c.scale[at + static_cast<size_t>(l)] / master : 0;
    }
    const PanelSums sums = product.Quantize(kernels_, scale, out);
    std::copy_n(sums.squares, kPanel, c.squares.begin() + static_cast<int64_t>(at));
    std::copy_n(sums.correction, kPanel, c.correction.begin() + static_cast<int64_t>(at));
    std::copy_n(sums.high, kPanel, c.high.begin() + static_cast<int64_t>(at));
    std::copy_n(sums.low, kPanel, c.low.begin() + static_cast<int64_t>(at));
  }

  void SetLevelScale(size_t m, double largest) {
    if (largest > 0) picture_.level_scale[m] = largest / kLargestLevel;
  }

  // No input can make a larger sum, in any phase.
  void BoundDirect(double headroom) {
    for (size_t m = 0; m < static_cast<size_t>(conv_.co); ++m) {
      double largest = 0;
      for (const Columns& c : sums_)
        largest = std::max(largest, c.scale[m] * std::max(c.high[m], -c.low[m]));
      SetLevelScale(m, largest * headroom);
    }
  }

  // What the exact filter can make of the input's range, and 5 % for the roundings of all taps: one
  // block's channels. (RunPicture looks whether the levels really fit.)
  void BoundWinograd(int64_t block, double headroom) {
    constexpr double kMargin = 1.05;
    float high[kPanel] = {}, low[kPanel] = {};
    for (int64_t c = 0; c < conv_.ci; ++c) {
      const auto at = static_cast<size_t>((block * conv_.ci + c) * kPanel);
      const float* p = weights_.positive.data() + at;
      const float* n = weights_.negative.data() + at;
      const float most = input_.range.high[static_cast<size_t>(c)];
      const float least = input_.range.low[static_cast<size_t>(c)];
      for (int l = 0; l < kPanel; ++l) {
        high[l] = high[l] + (p[l] * most + n[l] * least);
        low[l] = low[l] + (p[l] * least + n[l] * most);
      }
    }
    for (int l = 0; l < kPanel; ++l)
      SetLevelScale(static_cast<size_t>(block * kPanel + l),
                    static_cast<double>(std::max(high[l], -low[l])) * kMargin * headroom);
  }

  double LevelScale(int64_t column) const {
    return picture_.level_scale[static_cast<size_t>(column)];
  }

  void FinishDirect(const float* bias) {
    for (size_t i = 0; i < picture_.phases.size(); ++i) {
      Int8Phase& phase = picture_.phases[i];
      const Columns& c = sums_[i];
      phase.scale.assign(static_cast<size_t>(columns_), 0);
      phase.high_scale = phase.offset = phase.scale;
      for (int64_t m = 0; m < conv_.co; ++m) {
        const auto at = static_cast<size_t>(m);
        double correction = 0;
        for (int64_t k = m; k < conv_.columns; k += conv_.co)
          correction += c.correction[static_cast<size_t>(k)];
        const double scale = c.scale[at] / LevelScale(m);
        phase.scale[at] = static_cast<float>(scale);
        phase.high_scale[at] = static_cast<float>(scale * 256);
        phase.offset[at] = static_cast<float>(
            -correction * scale + (bias == nullptr ? 0.0 : static_cast<double>(bias[m])));
      }
    }
  }

  void FinishWinograd(double headroom) {
    Int8Phase& phase = picture_.phases[0];
    phase.scale.resize(static_cast<size_t>(kWinogradTaps * columns_));
    phase.offset.resize(static_cast<size_t>(4 * columns_));
    context_.threads.For(blocks_, [&](int64_t block, int) {
      BoundWinograd(block, headroom);
      for (int64_t l = 0; l < kPanel; ++l) FinishColumn(block * kPanel + l, phase);
    });
  }

  // The offset is the transform of what the zero points of the taps add.
  void FinishColumn(int64_t column, Int8Phase& phase) const {
    constexpr int kA[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};  // A'
    const auto n = static_cast<size_t>(columns_), m = static_cast<size_t>(column);
    const double inverse = 1 / LevelScale(column);
    double offset[4] = {};
    for (size_t t = 0; t < kWinogradTaps; ++t) {
      const double scale = sums_[t].scale[m] * inverse;
      phase.scale[t * n + m] = static_cast<float>(scale);
      const double correction = sums_[t].correction[m] * scale;
      for (size_t i = 0; i < 4; ++i) {
        const int sign = kA[i / 2][t / 4] * kA[i % 2][t % 4];
        offset[i] -= sign * correction;
      }
    }
    for (size_t i = 0; i < 4; ++i) phase.offset[i * n + m] = static_cast<float>(offset[i]);
  }

  // Roundings are uniform within a step, and independent: each adds 1/12 of its square. That of an
  // input meets every weight; that of a weight meets what its input varies by.
  void ExpectNoise() {
    constexpr double kUniform = 1.0 / 12;
    const InputFactors& in = input_.factors;
    double varied = 0;  // of the inputs of one tap, in their steps
    for (size_t c = 0; c < in.scale.size(); ++c) {
      const double d =
          in.scale[c] > 0 ? static_cast<double>(input_.range.deviation[c]) / in.scale[c] : 0;
      varied += d * d;
    }
    // A product counts for how many outputs of its kind there are: of Winograd's taps each output
    // takes nine, of the phases one.
    const double share = weights_.winograd ? 9.0 / kWinogradTaps : 1;
    const double step = input_.exact ? 0 : 1;
    picture_.noise.assign(static_cast<size_t>(conv_.co), 0);
    for (size_t i = 0; i < sums_.size(); ++i) {
      const auto taps = weights_.winograd ? 4.0 / 4096 : static_cast<double>(conv_.phases[i].taps);
      for (size_t m = 0; m < picture_.noise.size(); ++m) {
        const double t = sums_[i].scale[m];
        const double noise =
            t * t * kUniform * (step * sums_[i].squares[m] + taps * varied) * share;
        picture_.noise[m] =
            weights_.winograd ? picture_.noise[m] + noise : std::max(picture_.noise[m], noise);
      }
    }
  }

  const ConvContext& context_;
  const kernels::KernelTable& kernels_;
  const Int8Weights& weights_;
  const ConvWeights& conv_;
  const Int8Input& input_;
  int64_t blocks_, columns_, products_ = 0;
  std::vector<RunInputs> inputs_;
  std::vector<Columns> sums_;
  std::vector<int64_t> starts_;
  Int8Picture picture_;
};

// Fills `largest` of the panels, and tells what the weights of each input are to each other. The
// columns have their largest weight at the same number, which is the unit.
InputWeights MeasureWeights(const ConvWeights& conv, std::vector<MasterPanels>& products) {
  const auto channels = static_cast<size_t>(conv.ci);
  std::vector<double> largest(channels), mean(channels);
  double columns = 0, weights = 0;
  for (size_t i = 0; i < products.size(); ++i) {
    const int64_t taps = conv.phases[i].taps, blocks = CeilDiv(conv.columns, kPanel);
    products[i].largest.assign(static_cast<size_t>(blocks * conv.ci * kPanel), 0);
    columns += static_cast<double>(blocks * kPanel);
    weights += static_cast<double>(blocks * kPanel * taps);
    for (int64_t b = 0; b < blocks; ++b)
      for (int64_t c = 0; c < conv.ci; ++c) {
        int16_t* most = products[i].largest.data() + (b * conv.ci + c) * kPanel;
        int64_t squares[kPanel] = {};
        for (int64_t t = 0; t < taps; ++t) {
          const int16_t* w = products[i].weights.data() + ((b * taps + t) * conv.ci + c) * kPanel;
          for (int l = 0; l < kPanel; ++l) {
            const int32_t magnitude = std::abs(int32_t{w[l]});
            most[l] = static_cast<int16_t>(std::max<int32_t>(most[l], magnitude));
            squares[l] += magnitude * magnitude;
          }
        }
        for (int l = 0; l < kPanel; ++l) {
          largest[static_cast<size_t>(c)] += std::pow(most[l], 2);
          mean[static_cast<size_t>(c)] += static_cast<double>(squares[l]);
        }
      }
  }
  InputWeights out;
  for (size_t c = 0; c < channels; ++c) {
    out.largest.push_back(static_cast<float>(std::sqrt(largest[c] / std::max(columns, 1.0))));
    out.mean.push_back(static_cast<float>(std::sqrt(mean[c] / std::max(weights, 1.0))));
  }
  return out;
}

}  // namespace

Int8Weights MakeInt8Weights(const ops::ConvBlock& op, const ConvWeights& conv, bool winograd) {
  Int8Weights w;
  w.winograd = winograd && SuitsWinograd(op, conv);
  if (w.winograd) {
    FillWinograd(conv, w);
  } else {
    for (const ConvPhase& phase : conv.phases)
      w.products.push_back(
          ToMaster(phase.panels, CeilDiv(conv.columns, kPanel), phase.taps * conv.ci));
    w.input = MeasureWeights(conv, w.products);
    if (op.norm != ops::Norm::kInstance) w.input.spread = 2;
  }
  auto bare = std::make_shared<ConvWeights>(conv);
  for (ConvPhase& phase : bare->phases) phase.panels = {};
  w.conv = std::move(bare);
  return w;
}

Result<Int8Picture> QuantizeForPicture(const ConvContext& context, const Int8Weights& weights,
                                       const Int8Input& input, bool to_levels, const float* bias,
                                       double headroom) {
  return PictureQuantizer(context, weights, input).Run(to_levels, bias, headroom);
}

}  // namespace picabia::cpu
