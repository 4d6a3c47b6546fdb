// Separable resampling; see resample.h.
#include "studio/resample.h"

#include <algorithm>
#include <cmath>

namespace picabia::studio {
namespace {

double Cubic(double x) {
  constexpr double a = -0.5;  // the one of Keys' family that reproduces quadratic functions
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// What one output sample is made of: `weights` for the inputs from `first` on.
struct Tap {
  int64_t first = 0;
  std::vector<float> weights;
};

std::vector<Tap> Taps(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch = std::max(scale, 1.0), reach = 2 * stretch;
  std::vector<Tap> taps(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    Tap& tap = taps[static_cast<size_t>(i)];
    tap.first = std::max<int64_t>(0, static_cast<int64_t>(center - reach + 0.5));
    const int64_t end = std::min(from, static_cast<int64_t>(center + reach + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int64_t k = tap.first; k < end; ++k) {
      weights.push_back(Cubic((static_cast<double>(k) + 0.5 - center) / stretch));
      sum += weights.back();
    }
    for (const double w : weights) tap.weights.push_back(static_cast<float>(w / sum));
  }
  return taps;
}

// Resamples the middle one of three dimensions [outer, from, inner].
std::vector<float> Along(const std::vector<float>& values, int64_t outer, int64_t from, int64_t to,
                         int64_t inner) {
  const std::vector<Tap> taps = Taps(from, to);
  std::vector<float> out(static_cast<size_t>(outer * to * inner), 0.0f);
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < to; ++i) {
      const Tap& tap = taps[static_cast<size_t>(i)];
      float* row = out.data() + (o * to + i) * inner;
      const float* source = values.data() + (o * from + tap.first) * inner;
      for (const float weight : tap.weights) {
        for (int64_t k = 0; k < inner; ++k) row[k] += weight * source[k];
        source += inner;
      }
    }
  }
  return out;
}

}  // namespace

Samples Resample(const Samples& from, int64_t height, int64_t width) {
  if (from.height == height && from.width == width) return from;
  std::vector<float> wide = Along(from.values, from.height, from.width, width, from.channels);
  return {height, width, from.channels, Along(wide, 1, from.height, height, width * from.channels)};
}

}  // namespace picabia::studio
