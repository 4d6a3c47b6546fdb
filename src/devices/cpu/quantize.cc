// Scales, zero points and requantized weights.
#include "devices/cpu/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/checked.h"
#include "kernels/table.h"

namespace picabia::cpu {
namespace {

using kernels::kPanel;
using kernels::kQuad;

constexpr float kLargest = 1e30f;         // ranges stop here, so that no scale becomes infinite
constexpr float kSmallestScale = 1e-30f;  // and here, so that no inverse does
constexpr int kMax8 = 127;
constexpr int kMax16 = 127 * 256 + 127;  // the largest value whose two bytes are both in -128..127

void Repeat(InputQuantization& q) {
  const auto repeat = [&](auto& v) {
    v.resize(static_cast<size_t>(q.period));
    for (int64_t i = q.channels; i < q.period; ++i)
      v[static_cast<size_t>(i)] = v[static_cast<size_t>(i - q.channels)];
  };
  repeat(q.scale);
  repeat(q.inverse_scale);
  repeat(q.low);
  repeat(q.high);
  repeat(q.zero);
}

InputQuantization Sized(int64_t channels) {
  InputQuantization q;
  q.channels = channels;
  q.period = RowPeriod(channels);
  const auto n = static_cast<size_t>(channels);
  q.scale.resize(n);
  q.inverse_scale.resize(n);
  q.low.resize(n);
  q.high.resize(n);
  q.zero.resize(n);
  return q;
}

// A quarter of a step more: 1/255 times 255 rounds.
bool FitsGrid(float range, float grid) { return range <= grid * 255.25f; }

float ScaleFor(float range, int levels, float grid) {
  if (!(range > 0))
    return 0;  // its weights count for nothing, and must not widen the others' scale
  if (levels == 255 && FitsGrid(range, grid)) return grid;  // a picture's own levels: exact
  return std::max(range / static_cast<float>(levels), kSmallestScale);
}

// Beyond every value that is meant, so that nothing changes those; NaN, which the weights of a
// hostile program may have, ends at the lower end.
constexpr double kFar = 1 << 24;
int32_t RoundEven(double v) {
  return static_cast<int32_t>(std::nearbyint(std::min(kFar, std::max(-kFar, v))));
}

// One panel's 16 columns: the largest |w * s| of each, then the integers.
class PanelQuantizer {
 public:
  PanelQuantizer(const ConvPhase& phase, const InputQuantization& input, int64_t ci, bool wide)
      : phase_(phase), input_(input), ci_(ci), wide_(wide) {}

  void Scales(const float* panel, bool static_weights, double* scale) const {
    float largest[kPanel] = {};
    for (int64_t t = 0; t < phase_.taps; ++t)
      for (int64_t c = 0; c < ci_; ++c) {
        const float s = input_.scale[static_cast<size_t>(c)];
        const float* w = panel + (t * ci_ + c) * kPanel;
        for (int l = 0; l < kPanel; ++l) largest[l] = std::max(largest[l], std::fabs(w[l] * s));
      }
    for (int l = 0; l < kPanel; ++l)
      scale[l] = static_weights ? 1.0 : static_cast<double>(largest[l]) / (wide_ ? kMax16 : kMax8);
  }

  void Quantize(const float* panel, bool static_weights, const double* scale, int8_t* high,
                int8_t* low, double* correction) const {
    const int64_t padded = RoundUp(ci_, kQuad);
    double inverse[kPanel];
    for (int l = 0; l < kPanel; ++l) inverse[l] = scale[l] > 0 ? 1.0 / scale[l] : 0.0;
    int64_t sum[kPanel] = {};
    for (int64_t t = 0; t < phase_.taps; ++t)
      for (int64_t c = 0; c < ci_; ++c) {
        const float s = static_weights ? 1.f : input_.scale[static_cast<size_t>(c)];
        const int64_t zero = input_.zero[static_cast<size_t>(c)];
        const float* w = panel + (t * ci_ + c) * kPanel;
        int8_t* h = high + (t * padded + c / kQuad * kQuad) * kPanel + c % kQuad;
        int8_t* lo = low == nullptr ? nullptr : low + (h - high);
        for (int l = 0; l < kPanel; ++l) {
          const int32_t v = RoundEven(static_cast<double>(w[l] * s) * inverse[l]);
          sum[l] += v * zero;
          Store(v, h + l * kQuad, lo == nullptr ? nullptr : lo + l * kQuad);
        }
      }
    for (int l = 0; l < kPanel; ++l) correction[l] = static_cast<double>(sum[l]);
  }

 private:
  // v = 256 * high + low with low in -128..127.
  static void Store(int32_t v, int8_t* high, int8_t* low) {
    if (low == nullptr) {
      *high = static_cast<int8_t>(v);
      return;
    }
    *low = static_cast<int8_t>(static_cast<uint32_t>(v) & 255u);
    *high = static_cast<int8_t>((v - *low) / 256);
  }

  const ConvPhase& phase_;
  const InputQuantization& input_;
  int64_t ci_;
  bool wide_;
};

}  // namespace

int64_t RowPeriod(int64_t channels) {
  constexpr int64_t kEnough = 64;  // four of the widest registers
  return channels >= kEnough || channels == 0 ? channels : channels * CeilDiv(kEnough, channels);
}

bool ChannelRange::OnGrid() const {
  for (size_t c = 0; c < low.size(); ++c)
    if (!FitsGrid(std::max(high[c], 0.f) - std::min(low[c], 0.f), grid)) return false;
  return grid > 0;
}

// Roundings are uniform and independent, so their noise in an output is, in units of its largest
// weight, for each tap and channel with the deviation d,
//
//   (mean^2 s^2 + (t d / s)^2) / 12       t = the largest of all channels' largest * s, over 127
//
// of the factors (their step s) and of the weights (t, with the steps folded in). The channels of
// the largest product set t by the finest steps that they can have; for the others the sum is least
// where s^2 = t d / mean, and no step may exceed what makes a product larger. (Scales between
// activations and weights are free: Nagel and others, "Data-Free Quantization Through Weight
// Equalization and Bias Correction", 2019. With words, whose own rounding is nothing, this makes
// the weights of all channels equal, as there.)
std::vector<double> StepsFor(const std::vector<double>& finest, const std::vector<double>& width,
                             const std::vector<double>& deviation, const InputWeights& weights) {
  constexpr double kFewest = 32;     // steps of what a channel varies by
  constexpr double kUsualWidth = 8;  // of a channel whose deviation is not known, in deviations
  double largest = 0;
  for (size_t c = 0; c < finest.size(); ++c)
    largest = std::max(largest, static_cast<double>(weights.largest[c]) * finest[c]);
  const double t = largest / kMax8;
  std::vector<double> steps;
  for (size_t c = 0; c < finest.size(); ++c) {
    const double d = weights.spread * (deviation.empty() ? width[c] / kUsualWidth : deviation[c]);
    // Not finite where the channel has no weights; any step will do then.
    const double best = std::min(std::sqrt(t * d / static_cast<double>(weights.mean[c])),
                                 largest / static_cast<double>(weights.largest[c]));
    steps.push_back(std::max(finest[c], std::min(width[c] / kFewest, best)));
  }
  return steps;
}

namespace {

void Coarsen(const ChannelRange& range, const InputWeights& weights, std::vector<float>& scale) {
  std::vector<double> width;
  for (size_t c = 0; c < scale.size(); ++c)
    width.push_back(static_cast<double>(range.high[c]) - static_cast<double>(range.low[c]));
  const std::vector<double> steps =
      StepsFor({scale.begin(), scale.end()}, width,
               {range.deviation.begin(), range.deviation.end()}, weights);
  for (size_t c = 0; c < scale.size(); ++c)
    if (scale[c] > 0 && std::isfinite(steps[c]))
      scale[c] = std::min(static_cast<float>(steps[c]), kLargest);
}

}  // namespace

InputQuantization QuantizationFor(const ChannelRange& range, int bits,
                                  const InputWeights* weights) {
  InputQuantization q = Sized(static_cast<int64_t>(range.low.size()));
  const int levels = bits == 8 ? 255 : 65535;
  const auto low_of = [&](size_t c) { return std::max(std::min(range.low[c], 0.f), -kLargest); };
  for (size_t c = 0; c < range.low.size(); ++c) {
    const float high = std::min(std::max(range.high[c], 0.f), kLargest);
    q.scale[c] = ScaleFor(high - low_of(c), levels, range.grid);
  }
  // A picture's own levels stay what they are.
  if (weights != nullptr && !(range.grid > 0)) Coarsen(range, *weights, q.scale);
  for (size_t c = 0; c < range.low.size(); ++c) {
    q.inverse_scale[c] = q.scale[c] > 0 ? 1 / q.scale[c] : 1;
    q.zero[c] =
        std::clamp(RoundEven(static_cast<double>(-low_of(c)) * q.inverse_scale[c]), 0, levels);
    q.low[c] = static_cast<float>(-q.zero[c]);
    q.high[c] = static_cast<float>(levels - q.zero[c]);
  }
  Repeat(q);
  return q;
}

InputQuantization TileQuantization(const ChannelRange& range) {
  InputQuantization q = Sized(static_cast<int64_t>(range.low.size()));
  for (size_t c = 0; c < range.low.size(); ++c) {
    const double low = std::min(range.low[c], 0.f), high = std::max(range.high[c], 0.f);
    const double scale = (high - low) / kernels::kWinogradLevels;
    const double inverse = scale > 0 ? 1 / scale : 1;
    q.scale[c] = static_cast<float>(scale);
    q.inverse_scale[c] = static_cast<float>(inverse);
    q.low[c] = static_cast<float>(std::nearbyint(low * inverse));
    q.high[c] = q.low[c] + static_cast<float>(kernels::kWinogradLevels);
  }
  Repeat(q);
  return q;
}

InputQuantization StaticQuantization(int64_t channels, float input_scale) {
  InputQuantization q = Sized(channels);
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    q.scale[c] = 1;
    q.inverse_scale[c] = input_scale;
    q.zero[c] = 128;
    q.low[c] = -128;
    q.high[c] = 127;
  }
  Repeat(q);
  return q;
}

void QuantizeWeights(const ConvWeights& weights, const InputQuantization& input,
                     bool static_weights, ThreadPool& threads,
                     std::vector<QuantizedPhase>& phases) {
  phases.resize(weights.phases.size());
  const int64_t blocks = CeilDiv(weights.columns, kPanel);
  const bool wide = !static_weights;
  const int64_t padded = RoundUp(weights.ci, kQuad);
  for (size_t p = 0; p < phases.size(); ++p) {
    const auto bytes = static_cast<size_t>(blocks * weights.phases[p].taps * padded * kPanel);
    phases[p].high.assign(bytes, 0);
    phases[p].low.assign(wide ? bytes : 0, 0);
    phases[p].scale.resize(static_cast<size_t>(blocks * kPanel));
    phases[p].correction.resize(static_cast<size_t>(blocks * kPanel));
  }
  const auto count = static_cast<int64_t>(phases.size()) * blocks;
  const auto panel = [&](int64_t i) {
    const ConvPhase& phase = weights.phases[static_cast<size_t>(i / blocks)];
    return phase.panels.data() + i % blocks * phase.taps * weights.ci * kPanel;
  };
  const auto quantizer = [&](int64_t i) {
    return PanelQuantizer(weights.phases[static_cast<size_t>(i / blocks)], input, weights.ci, wide);
  };
  threads.For(count, [&](int64_t i, int) {
    QuantizedPhase& out = phases[static_cast<size_t>(i / blocks)];
    quantizer(i).Scales(panel(i), static_weights, out.scale.data() + i % blocks * kPanel);
  });
  if (weights.expanded) ShareScales(weights, phases[0].scale);
  threads.For(count, [&](int64_t i, int) {
    QuantizedPhase& out = phases[static_cast<size_t>(i / blocks)];
    const int64_t at =
        i % blocks * weights.phases[static_cast<size_t>(i / blocks)].taps * padded * kPanel;
    quantizer(i).Quantize(panel(i), static_weights, out.scale.data() + i % blocks * kPanel,
                          out.high.data() + at, wide ? out.low.data() + at : nullptr,
                          out.correction.data() + i % blocks * kPanel);
  });
}

}  // namespace picabia::cpu
