// The four ways to choose a range; see histogram.h.
#include <algorithm>
#include <cmath>
#include <utility>

#include "quant/histogram.h"
#include "quant/scale.h"

namespace picabia::quant {
namespace {

constexpr std::pair<const char*, Algorithm> kAlgorithms[] = {{"max", Algorithm::kMax},
                                                             {"percentile", Algorithm::kPercentile},
                                                             {"mse", Algorithm::kMse},
                                                             {"entropy", Algorithm::kEntropy}};

// Rounds away what a bin's width hides, but never leaves the values' own range.
Range Within(const Range& range, const Range& all) {
  return {std::max(range.low, all.low), std::min(range.high, all.high)};
}

Range Percentile(const Histogram& histogram, bool affine) {
  constexpr double kOutside = 1e-4;
  const double allowed = kOutside * double(histogram.total()) / (affine ? 2 : 1);
  const auto bins = histogram.bins();
  Range range = histogram.range();
  if (affine) {
    double left = allowed;
    for (size_t i = 0; i < bins.size() && (left -= double(bins[i].count)) >= 0; ++i)
      range.low = i + 1 < bins.size() ? std::min(bins[i + 1].low, bins[i + 1].high) : range.low;
    left = allowed;
    for (size_t i = bins.size(); i-- > 1 && (left -= double(bins[i].count)) >= 0;)
      range.high = std::max(bins[i - 1].low, bins[i - 1].high);
    return Within(range, histogram.range());
  }
  std::vector<std::pair<float, int64_t>> sizes;  // by distance from zero
  for (const auto& bin : bins)
    sizes.emplace_back(std::max(std::abs(bin.low), std::abs(bin.high)), bin.count);
  std::sort(sizes.rbegin(), sizes.rend());
  double left = allowed;
  size_t i = 0;
  while (i + 1 < sizes.size() && (left -= double(sizes[i].second)) >= 0) ++i;
  return Within({-sizes[i].first, sizes[i].first}, histogram.range());
}

// The square error that is expected of levels `step` apart which end at `range`.
double SquareError(const std::vector<Histogram::Bin>& bins, const Range& range, float step) {
  double sum = 0;
  const double of_rounding = double(step) * step / 12;
  for (const auto& bin : bins) {
    const double x = bin.middle(), count = double(bin.count);
    const double beyond = x > range.high ? x - range.high : x < range.low ? range.low - x : 0;
    if (beyond > 0) {
      sum += count * beyond * beyond;
    } else if (std::abs(x) < step / 2) {
      sum += count * x * x;  // becomes zero
    } else {
      sum += count * of_rounding;
    }
  }
  return sum;
}

Range LeastSquareError(const Histogram& histogram, int bits, bool affine) {
  constexpr int kParts = 200;
  const Range all = histogram.range();
  const auto bins = histogram.bins();
  Range best = all;
  double least = -1;
  for (int part = kParts; part > kParts / 20; --part) {
    const float share = float(part) / kParts;
    const float reach = share * std::max(std::abs(all.low), std::abs(all.high));
    const Range range =
        affine ? Range{share * all.low, share * all.high} : Within({-reach, reach}, all);
    const double error = SquareError(bins, range, StepOf(range, bits, affine));
    if (least >= 0 && error >= least) continue;
    least = error;
    best = range;
  }
  return best;
}

// sum of p * log(p / q) of `counts` cut at `kept` bins, against what `levels` levels keep of them.
double Divergence(const std::vector<double>& counts, size_t kept, size_t levels) {
  std::vector<double> p(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(kept));
  double total = 0, q_total = 0;
  std::vector<double> q(kept, 0);
  for (size_t level = 0; level < levels; ++level) {
    const size_t first = level * kept / levels, end = (level + 1) * kept / levels;
    double sum = 0;
    size_t filled = 0;
    for (size_t i = first; i < end; ++i) {
      sum += p[i];
      filled += p[i] > 0 ? 1 : 0;
    }
    for (size_t i = first; i < end; ++i)
      if (p[i] > 0) q[i] = sum / double(filled);
    q_total += sum;
  }
  for (size_t i = kept; i < counts.size(); ++i) p.back() += counts[i];
  for (const double each : p) total += each;
  double divergence = 0;
  for (size_t i = 0; i < kept; ++i) {
    if (p[i] <= 0) continue;
    constexpr double kLeast = 1e-9;  // for a last bin that only what was cut off fills
    const double share = std::max(q_total > 0 ? q[i] / q_total : 0, kLeast);
    divergence += p[i] / total * std::log(p[i] / total / share);
  }
  return divergence;
}

Range LeastDivergence(const Histogram& histogram, bool affine) {
  constexpr size_t kBins = 2048, kLevels = 128, kStride = 16;
  const Range all = histogram.range();
  const float reach = std::max(std::abs(all.low), std::abs(all.high));
  if (reach == 0) return all;
  std::vector<double> counts(kBins, 0);
  for (const auto& bin : histogram.bins()) {
    // A bin may be wider than a part: its count is spread over those that it covers.
    const double low = std::min(std::abs(bin.low), std::abs(bin.high)) / reach * kBins;
    const double high =
        std::min(double(std::max(std::abs(bin.low), std::abs(bin.high))) / reach, 1.0) * kBins;
    const auto first = std::min(static_cast<size_t>(low), kBins - 1);
    const auto last = std::max(
        first, std::min(static_cast<size_t>(std::ceil(high)) - (high > 0 ? 1 : 0), kBins - 1));
    for (size_t i = first; i <= last; ++i)
      counts[i] += double(bin.count) / double(last - first + 1);
  }
  counts[0] = counts[1];  // zeros are exact whatever the range is, and would drown all else
  size_t best = kBins;
  double least = -1;
  for (size_t kept = kBins; kept >= kLevels; kept -= kStride) {
    const double divergence = Divergence(counts, kept, affine ? 2 * kLevels : kLevels);
    if (least >= 0 && divergence >= least) continue;
    least = divergence;
    best = kept;
  }
  const float cut = reach * float(best) / kBins;
  return Within({-cut, cut}, all);
}

}  // namespace

Result<Algorithm> ParseAlgorithm(const std::string& name) {
  for (const auto& [known, algorithm] : kAlgorithms)
    if (name == known) return algorithm;
  return InvalidArgument("found algorithm \"" + name +
                         "\", expected max, percentile, mse or entropy");
}

const char* AlgorithmName(Algorithm algorithm) {
  return kAlgorithms[static_cast<size_t>(algorithm)].first;
}

Range ChooseRange(const Histogram& histogram, Algorithm algorithm, int bits, bool affine) {
  if (histogram.total() == 0) return {};
  switch (algorithm) {
    case Algorithm::kMax:
      break;
    case Algorithm::kPercentile:
      return Percentile(histogram, affine);
    case Algorithm::kMse:
      return LeastSquareError(histogram, bits, affine);
    case Algorithm::kEntropy:
      // 65,536 levels keep any distribution: there is nothing to weigh.
      return bits == 8 ? LeastDivergence(histogram, affine) : histogram.range();
  }
  return histogram.range();
}

}  // namespace picabia::quant
