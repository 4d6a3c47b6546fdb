// The same means twice: by the card's rule, and exactly.
#include "devices/mlu/watch.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "kernels/mlu/numerics.h"

namespace picabia::mlu {
namespace {

namespace rules = kernels::mlu;

// Values that a mean brings together, one channel after another: the card's means so far, the exact
// ones, and whether a sum on the way saturated.
struct Reduced {
  Shape shape;
  std::vector<double> given, exact;
  std::vector<bool> saturated;
};

Reduced OverAxis(const Reduced& x, size_t axis) {
  Reduced y;
  y.shape = x.shape;
  const int64_t n = x.shape[axis];
  y.shape[axis] = 1;
  int64_t outer = 1, inner = 1;
  for (size_t a = 0; a < x.shape.size(); ++a)
    (a < axis ? outer : inner) *= a == axis ? 1 : x.shape[a];
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      double given = 0, exact = 0;
      bool saturated = false;
      for (int64_t k = 0; k < n; ++k) {
        const auto at = static_cast<size_t>((o * n + k) * inner + i);
        given += x.given[at];
        exact += x.exact[at];
        saturated = saturated || x.saturated[at];
      }
      y.saturated.push_back(saturated ||
                            std::fabs(given) > static_cast<double>(rules::kLargestHalf));
      y.given.push_back(static_cast<double>(rules::Mean(given, n)));
      y.exact.push_back(exact / static_cast<double>(n));
    }
  return y;
}

void Report(const std::string& node, const std::string& what, Reduced x,
            const std::vector<int64_t>& axes, std::vector<SaturatedMean>& found) {
  int64_t longest = 1;
  for (size_t i = axes.size(); i-- > 0;) {
    longest = std::max(longest, x.shape[static_cast<size_t>(axes[i])]);
    x = OverAxis(x, static_cast<size_t>(axes[i]));
  }
  SaturatedMean entry{node, what};
  entry.channels = static_cast<int64_t>(x.given.size());
  entry.limit = static_cast<double>(rules::kLargestHalf) / static_cast<double>(longest);
  for (size_t i = 0; i < x.given.size(); ++i) {
    if (!x.saturated[i]) continue;
    SaturatedMean channel = entry;
    channel.exact = x.exact[i];
    channel.given = x.given[i];
    channel.saturated = entry.saturated + 1;
    if (entry.saturated == 0 || channel.factor() > entry.factor()) {
      entry = std::move(channel);
    } else {
      ++entry.saturated;
    }
  }
  if (entry.saturated > 0) found.push_back(std::move(entry));
}

Reduced Begin(const Shape& shape) {
  Reduced x;
  x.shape = shape;
  x.saturated.assign(static_cast<size_t>([&] {
                       int64_t n = 1;
                       for (const int64_t d : shape) n *= d;
                       return n;
                     }()),
                     false);
  return x;
}

}  // namespace

void WatchMean(const std::string& node, const std::string& what, const Tensor& x,
               const std::vector<int64_t>& axes, std::vector<SaturatedMean>& found) {
  Reduced values = Begin(x.shape());
  for (int64_t i = 0; i < x.num_elements(); ++i)
    values.given.push_back(static_cast<double>(x.data<float>()[i]));
  values.exact = values.given;
  Report(node, what, std::move(values), axes, found);
}

void WatchNorm(const std::string& node, const Tensor& halves, std::vector<SaturatedMean>& found) {
  const Shape& s = halves.shape();
  const std::vector<int64_t> axes{1, 2};
  Reduced x = Begin(s);
  for (int64_t i = 0; i < halves.num_elements(); ++i)
    x.given.push_back(static_cast<double>(HalfToFloat(halves.data<uint16_t>()[i])));
  x.exact = x.given;
  const Reduced mean = OverAxis(OverAxis(x, 2), 1);
  Report(node, "mean", x, axes, found);
  // The card takes the squares about its own mean.
  const int64_t picture = s[1] * s[2] * s[3];
  for (size_t i = 0; i < x.given.size(); ++i) {
    const auto at = static_cast<size_t>(static_cast<int64_t>(i) / picture * s[3] +
                                        static_cast<int64_t>(i) % s[3]);
    const double d = x.exact[i] - mean.exact[at];
    x.given[i] = static_cast<double>(rules::SquaredDifference(static_cast<float>(x.given[i]),
                                                              static_cast<float>(mean.given[at])));
    x.exact[i] = d * d;
  }
  Report(node, "variance", std::move(x), axes, found);
}

}  // namespace picabia::mlu
