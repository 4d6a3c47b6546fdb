// Scales of 16-bit levels, and how they become factors of products.
#include "devices/cpu/levels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/checked.h"
#include "devices/cpu/conv.h"

namespace picabia::cpu {
namespace {

constexpr int64_t kLanes = 32;        // of the widest level kernel
constexpr int64_t kMaxPeriod = 1024;  // parameters stay in the first-level cache
constexpr int64_t kBlockLevels = 64 << 10;
constexpr double kSpan = 65000;    // of the 65,536 numbers that a stretched level or a word may use
constexpr int kMaxShift = 14;      // 2^14 is the largest power that is an int16
constexpr double kHeadroom = 250;  // what is left beyond kSpan, less a margin
constexpr double kQ15 = 32768;
constexpr double kLargestSum = 32400;  // as the bound of a convolution's levels
constexpr double kLargestLevel = 32767;

int16_t Saturate(double v) {
  return static_cast<int16_t>(std::clamp(std::nearbyint(v), -32768.0, 32767.0));
}

// One channel's parameters: t = level * factor + offset, and so on as in kernels::LevelRow.
struct Channel {
  int16_t factor = 0, offset = 0, floor = -32768, gain = 0, zero = 0;
  double scale = 1;  // value of a step of q
  int32_t q_zero = 0;
  int32_t most = 0;  // the largest q; 0: what the kind can hold
};

// Every level has the same value.
Channel ConstantChannel(double value, FactorKind kind) {
  Channel c;
  if (value == 0) {
    c.scale = 0;  // its weights count for nothing, and must not widen the others' scale
    return c;
  }
  // The whole range apart from the zero point, so that the scale is no larger than others.
  const int32_t steps = kind == FactorKind::kTile ? FactorLevels(kind) : 255;
  c.scale = std::fabs(value) / steps;
  const bool negative = value < 0;
  c.q_zero = negative && kind != FactorKind::kTile ? steps : 0;
  c.zero = static_cast<int16_t>(c.q_zero + (negative ? -steps : steps));
  return c;
}

class ChannelMapper {
 public:
  ChannelMapper(const LevelScale& s, size_t c, FactorKind kind)
      : scale_(s.scale[c]),
        offset_(s.offset[c]),
        low_(s.low[c]),
        high_(s.high[c]),
        relu_(s.relu),
        kind_(kind) {
    const double a = s.Value(c, s.low[c]), b = s.Value(c, s.high[c]);
    least_ = std::min(a, b);
    most_ = std::max(a, b);
  }

  // What the values vary by.
  double Width() const { return most_ - least_; }

  // The smallest step of q: that of a level, or of the whole range in all that the kind has.
  double Finest() const {
    if (IsConstant()) return ConstantChannel(Constant(), kind_).scale;
    return std::max(Span() / Levels(), std::fabs(scale_) / (1 << Shift()));
  }

  // With a step of `step` or a little more: Finest() at least.
  Channel Map(double step) const {
    return IsConstant() ? ConstantChannel(Constant(), kind_) : MapScaled(step);
  }

 private:
  bool IsConstant() const {
    return !(scale_ != 0) || high_ == low_ || least_ == most_ || !std::isfinite(Span());
  }
  double Constant() const { return std::isfinite(least_) ? least_ : 0; }
  double Levels() const { return std::min<double>(FactorLevels(kind_), kSpan); }
  // Of the values and zero.
  double Span() const { return std::max(most_, 0.0) - std::min(least_, 0.0); }
  // Exact, since levels are whole numbers.
  int Shift() const {
    return std::clamp(std::ilogb(kSpan / (static_cast<double>(high_) - low_)), 0, kMaxShift);
  }
  double Floor(double t_zero) const { return relu_ ? t_zero : -32768; }

  // The largest gain that keeps q in range and its step as large as wanted; the offset is shifted a
  // little so that the zero point falls on a whole number.
  Channel MapScaled(double wanted) const {
    const double power = (1 << Shift()) * (scale_ < 0 ? -1 : 1);
    const double zero_level = -offset_ / scale_;
    const double step = std::fabs(scale_) / std::fabs(power);  // value of one t
    const double gain = std::floor(std::min(step / wanted * kQ15, 32767.0));
    if (gain < 1)  // the channel varies by less than a step
      return ConstantChannel((least_ + most_) / 2, kind_);
    Channel out;
    out.factor = static_cast<int16_t>(power);
    out.gain = static_cast<int16_t>(gain);
    out.scale = step * kQ15 / gain;
    if (kind_ != FactorKind::kTile) {
      out.q_zero = static_cast<int32_t>(
          std::nearbyint(std::clamp(-std::min(least_, 0.0) / out.scale, 0.0, Levels())));
      // A word is not clamped, and must not fall below 0 where the least value is rounded.
      if (kind_ == FactorKind::kWord) ++out.q_zero;
      out.most = static_cast<int32_t>(std::min<double>(
          out.q_zero + std::ceil(std::max(most_, 0.0) / out.scale) + 1, FactorLevels(kind_)));
    }
    double offset = -std::nearbyint(power * (static_cast<double>(low_) + high_) / 2);
    const double t_zero = power * zero_level + offset;
    const double steps = std::nearbyint(t_zero * gain / kQ15);
    const double move = std::nearbyint(steps * kQ15 / gain - t_zero);
    if (std::fabs(move) <= kHeadroom) offset += move;
    out.offset = Wrap(offset);
    out.floor = Saturate(Floor(power * zero_level + offset));
    // Where the threshold lies among the levels it maps to the zero point exactly.
    double t = power * zero_level + offset;
    // Of a level whose value is 0 the quotient is a whole number, but for the doubles' roundings.
    if (std::fabs(t - std::nearbyint(t)) < 1e-6) t = std::nearbyint(t);
    const double at_zero = relu_ && std::fabs(t) < 32767
                               ? std::floor((out.floor * gain + kQ15 / 2) / kQ15)
                               : std::floor(t * gain / kQ15 + 0.5);  // as the kernels round
    out.zero =
        kind_ == FactorKind::kWord ? Wrap(out.q_zero - at_zero) : Saturate(out.q_zero - at_zero);
    return out;
  }

  static int16_t Wrap(double v) {
    return static_cast<int16_t>(static_cast<uint16_t>(static_cast<int64_t>(v) & 0xffff));
  }

  double scale_, offset_;
  int32_t low_, high_;
  bool relu_;
  FactorKind kind_;
  double least_ = 0, most_ = 0;
};

}  // namespace

double LevelScale::Value(size_t c, int32_t level) const {
  const double v = scale[c] * level + offset[c];
  return relu ? std::max(v, 0.0) : v;
}

ChannelRange RangeOf(const LevelScale& levels) {
  ChannelRange range;
  for (size_t c = 0; c < levels.scale.size(); ++c) {
    const double a = levels.Value(c, levels.low[c]), b = levels.Value(c, levels.high[c]);
    range.low.push_back(static_cast<float>(std::min(a, b)));
    range.high.push_back(static_cast<float>(std::max(a, b)));
    if (!levels.deviation.empty())
      range.deviation.push_back(static_cast<float>(levels.deviation[c]));
  }
  return range;
}

int32_t FactorLevels(FactorKind kind) {
  switch (kind) {
    case FactorKind::kByte:
      return 255;
    case FactorKind::kWord:
      return 65535;
    case FactorKind::kTile:
      return kernels::kWinogradLevels;
  }
  return 0;
}

int64_t LevelPeriod(int64_t channels) {
  if (channels == 0) return kLanes;
  const int64_t period = std::lcm(channels, kLanes);
  return period <= kMaxPeriod ? period : channels;
}

void MapLevels(const LevelScale& levels, FactorKind kind, const InputWeights* weights,
               LevelMapping& m) {
  const size_t channels = levels.scale.size();
  std::vector<ChannelMapper> mappers;
  mappers.reserve(channels);
  for (size_t c = 0; c < channels; ++c) mappers.emplace_back(levels, c, kind);
  std::vector<double> steps, width;
  for (const ChannelMapper& mapper : mappers) {
    steps.push_back(mapper.Finest());
    width.push_back(mapper.Width());
  }
  if (weights != nullptr) steps = StepsFor(steps, width, levels.deviation, *weights);
  m.period = LevelPeriod(static_cast<int64_t>(channels));
  const auto size = static_cast<size_t>(RoundUp(m.period, kLanes));
  for (auto* v : {&m.factor, &m.offset, &m.floor, &m.gain, &m.zero}) v->assign(size, 0);
  for (auto* v : {&m.least, &m.most}) v->assign(levels.clamped ? size : 0, 0);
  m.input.scale.resize(channels);
  m.input.zero.resize(channels);
  m.input.most.resize(channels);
  for (size_t c = 0; c < channels; ++c) {
    const Channel channel = mappers[c].Map(steps[c]);
    m.input.scale[c] = channel.scale;
    m.input.zero[c] = channel.q_zero;
    m.input.most[c] = channel.most > 0 ? channel.most : FactorLevels(kind);
    for (size_t i = c; i < static_cast<size_t>(m.period); i += channels) {
      m.factor[i] = channel.factor;
      m.offset[i] = channel.offset;
      m.floor[i] = channel.floor;
      m.gain[i] = channel.gain;
      m.zero[i] = channel.zero;
      if (!levels.clamped) continue;
      m.least[i] = static_cast<int16_t>(levels.low[c]);
      m.most[i] = static_cast<int16_t>(levels.high[c]);
    }
  }
}

namespace {

// The float parameters of kernels::LevelTerm, repeated: value * `times`.
struct TermParameters {
  std::vector<float> scale, offset, floor;
  TermParameters(const LevelScale& s, int64_t period, const std::vector<double>& times) {
    const auto channels = s.scale.size();
    for (size_t i = 0; i < static_cast<size_t>(period); ++i) {
      const size_t c = i % channels;
      scale.push_back(static_cast<float>(s.scale[c] * times[c]));
      offset.push_back(static_cast<float>(s.offset[c] * times[c]));
      floor.push_back(s.relu ? 0.f : -std::numeric_limits<float>::max());
    }
  }
  kernels::LevelTerm Term(const int16_t* levels) const {
    return {levels, scale.data(), offset.data(), floor.data()};
  }
};

// Pixels whose levels are a whole number of periods, about kBlockLevels of them.
int64_t BlockPixels(int64_t channels, int64_t period) {
  const int64_t unit = period / channels;
  return std::max<int64_t>(kBlockLevels / period, 1) * unit;
}

}  // namespace

Activation Activation::Floats(Tensor tensor, std::vector<ChannelRange> ranges) {
  Activation a;
  a.tensor = std::move(tensor);
  a.ranges = std::move(ranges);
  return a;
}

Shape Activation::shape() const {
  Shape s = tensor.shape();
  if (repeat == 1) return s;
  s[1] *= repeat;
  s[2] *= repeat;
  return s;
}

namespace {

Result<Tensor> Repeated(const ConvContext& context, const Tensor& x, int64_t times,
                        const Shape& shape) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, context.pool.AllocateTensor(DType::kF32, shape));
  const int64_t c = shape[3], row = shape[2] * c, small = x.shape()[2] * c;
  const float* from = x.data<float>();
  float* to = y.MutableData<float>();
  context.threads.For(shape[0] * shape[1], [=](int64_t i, int) {
    for (int64_t p = 0; p < row / c; ++p)
      std::copy_n(from + i / times * small + p / times * c, c, to + i * row + p * c);
  });
  return y;
}

}  // namespace

Result<Tensor> ValuesOf(const ConvContext& context, const Activation& a) {
  if (a.levels.empty()) return a.tensor;
  if (a.repeat > 1) {
    Activation once = a;
    once.repeat = 1;
    PICABIA_ASSIGN_OR_RETURN(const Tensor values, ValuesOf(context, once));
    return Repeated(context, values, a.repeat, a.shape());
  }
  if (a.source != nullptr) {
    Activation kept = a;
    kept.source = nullptr;
    PICABIA_ASSIGN_OR_RETURN(kept.tensor,
                             context.pool.AllocateTensor(DType::kI16, a.tensor.shape()));
    PICABIA_ASSIGN_OR_RETURN(const auto cache, a.source->MakeCache());
    const int64_t row = a.tensor.shape()[2] * a.tensor.shape()[3];
    for (int64_t y = 0; y < a.tensor.shape()[1]; ++y)
      std::copy_n(a.source->Rows(y, 1, *cache), row, kept.tensor.MutableData<int16_t>() + y * row);
    return ValuesOf(context, kept);
  }
  const Shape& shape = a.tensor.shape();
  PICABIA_ASSIGN_OR_RETURN(Tensor out, context.pool.AllocateTensor(DType::kF32, shape));
  const int64_t channels = shape[3], pixels = shape[1] * shape[2];
  // A period of 16 lanes at least; what is left of a picture at the end goes through a copy.
  const int64_t period = std::lcm(channels, int64_t{16});
  const int64_t block = BlockPixels(channels, period);
  for (int64_t n = 0; n < shape[0]; ++n) {
    const std::vector<double> one(static_cast<size_t>(channels), 1.0);
    const TermParameters parameters(a.levels[static_cast<size_t>(n)], period, one);
    const int16_t* from = a.tensor.data<int16_t>() + n * pixels * channels;
    float* to = out.MutableData<float>() + n * pixels * channels;
    context.threads.For(CeilDiv(pixels, block), [&](int64_t i, int) {
      const int64_t count = std::min(block, pixels - i * block) * channels;
      const int64_t whole = count / period * period;
      const int64_t at = i * block * channels;
      context.kernels.levels_to_float(parameters.Term(from + at), whole, period, to + at);
      if (whole == count) return;
      std::vector<int16_t> rest(static_cast<size_t>(period), 0);
      std::vector<float> values(static_cast<size_t>(period));
      std::copy_n(from + at + whole, count - whole, rest.begin());
      context.kernels.levels_to_float(parameters.Term(rest.data()), period, period, values.data());
      std::copy_n(values.begin(), count - whole, to + at + whole);
    });
  }
  return out;
}

namespace {

// One channel after another: the scale that makes the largest magnitude kLargestSum.
LevelScale ScaleFor(const ChannelRange& range) {
  LevelScale scale;
  for (size_t c = 0; c < range.low.size(); ++c) {
    const double largest = std::max(std::fabs(static_cast<double>(range.low[c])),
                                    std::fabs(static_cast<double>(range.high[c])));
    const double step = largest > 0 ? largest / kLargestSum : 1;
    scale.scale.push_back(step);
    scale.offset.push_back(0);
    const auto level = [&](float v) {
      const double l = std::nearbyint(static_cast<double>(v) / step);
      return std::fabs(l) <= kLargestSum ? static_cast<int32_t>(l) : 0;
    };
    scale.low.push_back(level(range.low[c]));
    scale.high.push_back(level(range.high[c]));
  }
  return scale;
}

}  // namespace

Result<Activation> LevelsOf(const ConvContext& context, const Activation& a) {
  if (!a.levels.empty()) return a;
  const Shape& shape = a.tensor.shape();
  const int64_t channels = shape[3], pixels = shape[1] * shape[2];
  const std::vector<ChannelRange> ranges =
      a.ranges.empty() ? MeasureRanges(context, a.tensor) : a.ranges;
  Activation out;
  PICABIA_ASSIGN_OR_RETURN(out.tensor, context.pool.AllocateTensor(DType::kI16, shape));
  const int64_t period = RowPeriod(channels), block = BlockPixels(channels, period);
  for (int64_t n = 0; n < shape[0]; ++n) {
    const LevelScale& scale = out.levels.emplace_back(ScaleFor(ranges[static_cast<size_t>(n)]));
    std::vector<float> inverse, low(static_cast<size_t>(period), static_cast<float>(-kLargestSum)),
        high(static_cast<size_t>(period), static_cast<float>(kLargestSum));
    const std::vector<int32_t> zero(static_cast<size_t>(period), 0);
    for (size_t i = 0; i < static_cast<size_t>(period); ++i)
      inverse.push_back(static_cast<float>(1 / scale.scale[i % scale.scale.size()]));
    const float* from = a.tensor.data<float>() + n * pixels * channels;
    int16_t* to = out.tensor.MutableData<int16_t>() + n * pixels * channels;
    context.threads.For(CeilDiv(pixels, block), [&](int64_t i, int) {
      const int64_t at = i * block * channels;
      context.kernels.quantize_tile({from + at, std::min(block, pixels - i * block) * channels,
                                     period, inverse.data(), low.data(), high.data(), zero.data()},
                                    to + at);
    });
  }
  return out;
}

LevelScale AddLevels(const ConvContext& context, int16_t* y, const LevelScale& y_scale,
                     const int16_t* residual, const LevelScale& residual_scale, int64_t pixels) {
  const size_t n = y_scale.scale.size();
  const auto channels = static_cast<int64_t>(n);
  const ChannelRange a = RangeOf(y_scale), b = RangeOf(residual_scale);
  LevelScale out;
  std::vector<double> inverse(n);
  for (size_t c = 0; c < n; ++c) {
    const double largest = std::max(std::fabs(static_cast<double>(a.low[c]) + b.low[c]),
                                    std::fabs(static_cast<double>(a.high[c]) + b.high[c]));
    const double step = largest > 0 ? largest / kLargestSum : 1;
    out.scale.push_back(step);
    out.offset.push_back(0);
    if (!y_scale.deviation.empty() && !residual_scale.deviation.empty())
      out.deviation.push_back(std::hypot(y_scale.deviation[c], residual_scale.deviation[c]));
    inverse[c] = 1 / step;
  }
  const int64_t period = std::lcm(channels, int64_t{16});
  const TermParameters py(y_scale, period, inverse), pr(residual_scale, period, inverse);
  const int64_t block = BlockPixels(channels, period), blocks = CeilDiv(pixels, block);
  std::vector<std::vector<float>> low(static_cast<size_t>(blocks)), high(low);
  context.threads.For(blocks, [&](int64_t i, int) {
    auto& l = low[static_cast<size_t>(i)];
    auto& h = high[static_cast<size_t>(i)];
    l.assign(static_cast<size_t>(period), kLargestLevel);
    h.assign(static_cast<size_t>(period), -kLargestLevel);
    const int64_t count = std::min(block, pixels - i * block) * channels;
    const int64_t whole = count / period * period, at = i * block * channels;
    int16_t* to = y + at;
    context.kernels.add_levels(
        {py.Term(to), pr.Term(residual + at), whole, period, to, l.data(), h.data()});
    if (whole == count) return;
    // The pixels left over, with the last one repeated so that the range stays true.
    std::vector<int16_t> ry(static_cast<size_t>(period)), rr(ry);
    for (int64_t k = 0; k < period; ++k) {
      const int64_t from =
          whole + (k < count - whole ? k : (count - whole) - channels + k % channels);
      ry[static_cast<size_t>(k)] = to[from];
      rr[static_cast<size_t>(k)] = residual[at + from];
    }
    context.kernels.add_levels(
        {py.Term(ry.data()), pr.Term(rr.data()), period, period, ry.data(), l.data(), h.data()});
    std::copy_n(ry.begin(), count - whole, to + whole);
  });
  out.low.assign(n, std::numeric_limits<int32_t>::max());
  out.high.assign(n, std::numeric_limits<int32_t>::min());
  for (size_t i = 0; i < static_cast<size_t>(blocks); ++i)
    for (size_t k = 0; k < static_cast<size_t>(period); ++k) {
      out.low[k % n] = std::min(out.low[k % n], static_cast<int32_t>(low[i][k]));
      out.high[k % n] = std::max(out.high[k % n], static_cast<int32_t>(high[i][k]));
    }
  return out;
}

}  // namespace picabia::cpu
