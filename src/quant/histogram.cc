// Counts of the values of a tensor; see histogram.h.
#include "quant/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace picabia::quant {
namespace {

constexpr uint32_t kLowBits = 16;  // of a float that a bin does not tell apart

}  // namespace

Status Histogram::Add(std::span<const float> values) {
  Range range = total_ == 0 && !values.empty() ? Range{values[0], values[0]} : range_;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      return InvalidModel(std::string("a value is ") + (std::isnan(value) ? "NaN" : "infinite") +
                          ", expected numbers");
    }
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
    ++counts_[std::bit_cast<uint32_t>(value) >> kLowBits];
  }
  range_ = range;
  total_ += static_cast<int64_t>(values.size());
  return OkStatus();
}

std::vector<Histogram::Bin> Histogram::bins() const {
  std::vector<Bin> found;
  const auto edge = [](uint32_t bin) { return std::bit_cast<float>(bin << kLowBits); };
  const auto add = [&](uint32_t bin) {
    if (counts_[bin] == 0) return;
    // Exact zero is much more frequent than subnormal numbers, which share its bin.
    const bool zero = (bin & 0x7FFF) == 0;
    found.push_back({edge(bin), zero ? edge(bin) : edge(bin + 1), counts_[bin]});
  };
  constexpr uint32_t kSign = 0x8000;
  for (uint32_t bin = kBins - 1; bin >= kSign; --bin) add(bin);
  for (uint32_t bin = 0; bin < kSign; ++bin) add(bin);
  return found;
}

double Histogram::ShareOutside(const Range& range) const {
  if (total_ == 0) return 0;
  int64_t outside = 0;
  for (const Bin& bin : bins()) {
    if (bin.middle() < range.low || bin.middle() > range.high) outside += bin.count;
  }
  // The bins at the ends have their middles beyond the last value.
  const bool all = range_.low >= range.low && range_.high <= range.high;
  return all ? 0 : static_cast<double>(outside) / static_cast<double>(total_);
}

std::vector<double> Histogram::Linear(size_t count) const {
  std::vector<double> linear(count, 0);
  const double width = (double(range_.high) - range_.low) / double(count);
  for (const Bin& bin : bins()) {
    const double low = std::max(std::min(bin.low, bin.high), range_.low);
    const double high = std::min(std::max(bin.low, bin.high), range_.high);
    const auto part = [&](double x) {
      return width <= 0 ? 0.0 : std::clamp((x - range_.low) / width, 0.0, double(count));
    };
    const auto first = std::min(static_cast<size_t>(part(low)), count - 1);
    const auto last = std::min(static_cast<size_t>(part(high)), count - 1);
    const double length = part(high) - part(low);
    for (size_t i = first; i <= last; ++i) {
      const double inside = std::min(part(high), double(i + 1)) - std::max(part(low), double(i));
      const double share = first == last || length <= 0 ? 1.0 / double(last - first + 1)
                                                        : std::max(inside, 0.0) / length;
      linear[i] += share * double(bin.count);
    }
  }
  return linear;
}

}  // namespace picabia::quant
