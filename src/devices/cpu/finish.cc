// Statistics, norm, activation and residual of float rows.
#include "devices/cpu/finish.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace picabia::cpu {
namespace {

// Folds entries that repeat with `channels` into the first `channels`.
template <typename T, typename F>
void FoldPeriod(std::vector<T>& v, int64_t channels, F combine) {
  for (size_t i = static_cast<size_t>(channels); i < v.size(); ++i) {
    T& to = v[i % static_cast<size_t>(channels)];
    to = combine(to, v[i]);
  }
  v.resize(static_cast<size_t>(channels));
}

}  // namespace

ChannelRange EmptyRange(int64_t channels) {
  const auto n = static_cast<size_t>(channels);
  return {std::vector<float>(n, std::numeric_limits<float>::infinity()),
          std::vector<float>(n, -std::numeric_limits<float>::infinity()),
          {},
          0};
}

void MergeRange(ChannelRange& into, const ChannelRange& from) {
  for (size_t c = 0; c < into.low.size(); ++c) {
    into.low[c] = std::min(into.low[c], from.low[c]);
    into.high[c] = std::max(into.high[c], from.high[c]);
  }
}

ChannelRange RowsRange(const kernels::KernelTable& k, const float* x, int64_t count,
                       int64_t channels) {
  const int64_t period = RowPeriod(channels);
  ChannelRange range = EmptyRange(period);
  k.range(x, count, period, range.low.data(), range.high.data());
  FoldPeriod(range.low, channels, [](float a, float b) { return std::min(a, b); });
  FoldPeriod(range.high, channels, [](float a, float b) { return std::max(a, b); });
  return range;
}

FloatFinish::FloatFinish(const kernels::KernelTable& kernels, const ops::ConvBlock& op,
                         int64_t channels, int64_t strips)
    : kernels_(kernels),
      op_(op),
      channels_(channels),
      period_(RowPeriod(channels)),
      sums_(static_cast<size_t>(strips)),
      squares_(static_cast<size_t>(strips)) {}

void FloatFinish::AddStrip(int64_t strip, const float* y, int64_t count) {
  std::vector<double>& sums = sums_[static_cast<size_t>(strip)];
  std::vector<double>& squares = squares_[static_cast<size_t>(strip)];
  sums.assign(static_cast<size_t>(period_), 0);
  squares.assign(static_cast<size_t>(period_), 0);
  kernels_.statistics(y, count, period_, sums.data(), squares.data());
  FoldPeriod(sums, channels_, std::plus<>());
  FoldPeriod(squares, channels_, std::plus<>());
}

void FloatFinish::Reduce(int64_t pixels, const float* norm_scale, const float* norm_shift) {
  const auto channels = static_cast<size_t>(channels_), period = static_cast<size_t>(period_);
  center_.resize(period);
  scale_.resize(period);
  shift_.resize(period);
  const auto n = static_cast<double>(pixels);
  for (size_t i = 0; i < period; ++i) {
    const size_t c = i % channels;
    double sum = 0, squares = 0;
    for (size_t s = 0; s < sums_.size(); ++s) {
      sum += sums_[s][c];
      squares += squares_[s][c];
    }
    const double mean = sum / n;
    const double variance = std::max(squares / n - mean * mean, 0.0);
    const double scale =
        static_cast<double>(norm_scale[c]) / std::sqrt(variance + static_cast<double>(op_.epsilon));
    center_[i] = static_cast<float>(mean);
    scale_[i] = static_cast<float>(scale);
    // What rounding the mean left out goes into the shift.
    shift_[i] = static_cast<float>(static_cast<double>(norm_shift[c]) +
                                   (static_cast<double>(center_[i]) - mean) * scale);
  }
}

void FloatFinish::Apply(float* y, int64_t count, const float* residual, ChannelRange* range) const {
  kernels::Affine norm;
  if (op_.norm != ops::Norm::kNone) norm = {center_.data(), scale_.data(), shift_.data()};
  kernels_.affine(y, count, period_, norm, op_.activation, op_.alpha);
  if (op_.post_scale != 1 || op_.post_shift != 0)
    kernels_.scale_shift(y, count, op_.post_scale, op_.post_shift);
  if (residual != nullptr) kernels_.add(y, residual, count);
  kernels_.affine(y, count, period_, {}, op_.activation2, op_.alpha);
  if (range != nullptr) *range = RowsRange(kernels_, y, count, channels_);
}

}  // namespace picabia::cpu
