// The coordinates and filters of ONNX Resize.
#include "kernels/resize_table.h"

#include <algorithm>
#include <cmath>

namespace picabia::kernels {
namespace {

// What maps the output of one axis onto its input.
struct Mapping {
  int64_t n = 0;  // input elements
  int64_t m = 0;  // output elements
  // The scale is numerator / denominator: sizes are not divided first, so that what is whole stays
  // whole.
  double numerator = 1;
  double denominator = 1;
  double roi_start = 0;
  double roi_end = 1;

  double scale() const { return numerator / denominator; }
};

bool IsSame(const ops::Resize& op, const Mapping& map) {
  return map.n == map.m && map.numerator == map.denominator &&
         op.coordinate_mode != ops::CoordinateMode::kTfCropAndResize;
}

// v / scale. A scale that the graph gives is a float: 1/3 of 9 elements would have element 1 come
// from 2.9999999, whose floor is not what anyone means. Where a whole number decides, the quotient
// has the digits of a float, too.
double Unscaled(const ops::Resize& op, const Mapping& map, double v) {
  const double quotient = v * map.denominator / map.numerator;
  const bool whole = op.mode == ops::ResizeMode::kNearest && !op.scales.empty();
  return whole ? static_cast<double>(static_cast<float>(quotient)) : quotient;
}

// The coordinate in the input that output element i stands for.
double InputCoordinate(const ops::Resize& op, const Mapping& map, int64_t index) {
  using M = ops::CoordinateMode;
  const double i = static_cast<double>(index);
  const double n = static_cast<double>(map.n), m = static_cast<double>(map.m);
  const double length = n * map.scale();  // m before it was rounded down, as ONNX has it
  switch (op.coordinate_mode) {
    case M::kAsymmetric:
      return Unscaled(op, map, i);
    case M::kHalfPixel:
      return Unscaled(op, map, i + 0.5) - 0.5;
    case M::kAlignCorners:
      return length == 1 ? 0 : i * (n - 1) / (length - 1);
    case M::kPytorchHalfPixel:
      return map.m == 1 ? 0 : Unscaled(op, map, i + 0.5) - 0.5;
    case M::kHalfPixelSymmetric:
      return n / 2 * (1 - m / (n * map.scale())) + Unscaled(op, map, i + 0.5) - 0.5;
    case M::kTfHalfPixelForNn:
      return Unscaled(op, map, i + 0.5);
    case M::kTfCropAndResize:
      if (map.m == 1) return (map.roi_start + map.roi_end) * (n - 1) / 2;
      return map.roi_start * (n - 1) + i * (map.roi_end - map.roi_start) * (n - 1) / (m - 1);
  }
  return 0;
}

bool IsOutside(const ops::Resize& op, const Mapping& map, double x) {
  if (map.n == 0) return true;
  if (op.coordinate_mode != ops::CoordinateMode::kTfCropAndResize) return false;
  return !(x >= 0 && x <= static_cast<double>(map.n - 1));  // NaN is outside, too
}

int64_t Clamped(double index, int64_t n) {
  return static_cast<int64_t>(std::clamp(index, 0.0, static_cast<double>(n - 1)));
}

int64_t NearestIndex(ops::NearestMode mode, double x, int64_t n) {
  switch (mode) {
    case ops::NearestMode::kFloor:
      return Clamped(std::floor(x), n);
    case ops::NearestMode::kCeil:
      return Clamped(std::ceil(x), n);
    case ops::NearestMode::kRoundPreferFloor:
      return Clamped(std::ceil(x - 0.5), n);
    case ops::NearestMode::kRoundPreferCeil:
      return Clamped(std::floor(x + 0.5), n);
  }
  return 0;
}

// The weight of an element at this distance from the coordinate, where neighbours are 1 apart.
double FilterWeight(const ops::Resize& op, double distance) {
  const double d = std::fabs(distance), a = static_cast<double>(op.cubic_a);
  if (op.mode == ops::ResizeMode::kLinear) return std::fmax(1 - d, 0);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

// Makes weights[0..taps) sum to 1, unless all are 0.
void Normalize(double* weights, int64_t taps) {
  double sum = 0;
  for (int64_t t = 0; t < taps; ++t) sum += weights[t];
  if (sum == 0) return;
  for (int64_t t = 0; t < taps; ++t) weights[t] /= sum;
}

ResizeAxis IdentityAxis(int64_t n) {
  ResizeAxis axis;
  for (int64_t i = 0; i < n; ++i) axis.index.push_back(i);
  axis.weight.assign(axis.index.size(), 1);
  return axis;
}

ResizeAxis NearestAxis(const ops::Resize& op, const Mapping& map) {
  ResizeAxis axis;
  for (int64_t i = 0; i < map.m; ++i) {
    const double x = InputCoordinate(op, map, i);
    axis.index.push_back(IsOutside(op, map, x) ? -1 : NearestIndex(op.nearest_mode, x, map.n));
  }
  axis.weight.assign(axis.index.size(), 1);
  return axis;
}

ResizeAxis FilterAxis(const ops::Resize& op, const Mapping& map) {
  ResizeAxis axis;
  if (map.m == 0) return axis;
  // Against aliasing, the filter is stretched over as many input elements as an output element
  // covers.
  const double shrink = op.antialias ? std::fmin(map.scale(), 1) : 1;
  const double support = op.mode == ops::ResizeMode::kLinear ? 1 : 2;
  const int64_t half = static_cast<int64_t>(std::ceil(support / shrink));
  axis.taps = 2 * half;
  axis.index.reserve(static_cast<size_t>(map.m * axis.taps));
  axis.weight.reserve(axis.index.capacity());
  for (int64_t i = 0; i < map.m; ++i) {
    const double x = InputCoordinate(op, map, i);
    const bool outside = IsOutside(op, map, x);
    const double first = std::ceil(x) - static_cast<double>(half);
    for (int64_t t = 0; t < axis.taps; ++t) {
      const double at = first + static_cast<double>(t);
      const bool beyond = at < 0 || at > static_cast<double>(map.n - 1);
      const bool left_out = outside || (op.exclude_outside && beyond);
      axis.index.push_back(outside ? -1 : Clamped(at, map.n));
      axis.weight.push_back(left_out ? 0 : FilterWeight(op, (at - x) * shrink));
    }
    if (op.antialias || op.exclude_outside)
      Normalize(axis.weight.data() + i * axis.taps, axis.taps);
  }
  return axis;
}

// The k-th resized axis, which is axis `a` of x and y.
Mapping MappingOf(const ops::Resize& op, size_t k, size_t a, const Shape& x, const Shape& y) {
  Mapping map;
  map.n = x[a];
  map.m = y[a];
  if (op.scales.empty()) {
    map.numerator = static_cast<double>(op.sizes[k]);
    map.denominator = static_cast<double>(x[a]);
  } else {
    map.numerator = static_cast<double>(op.scales[k]);
  }
  const size_t count = op.scales.empty() ? op.sizes.size() : op.scales.size();
  if (op.roi.size() == 2 * count) {
    map.roi_start = static_cast<double>(op.roi[k]);
    map.roi_end = static_cast<double>(op.roi[count + k]);
  }
  return map;
}

// Gives all axes the scale of the one that the policy names.
void KeepAspect(ops::AspectPolicy policy, std::vector<Mapping>& maps) {
  const auto less = [](const Mapping& a, const Mapping& b) { return a.scale() < b.scale(); };
  const Mapping chosen = policy == ops::AspectPolicy::kNotLarger
                             ? *std::min_element(maps.begin(), maps.end(), less)
                             : *std::max_element(maps.begin(), maps.end(), less);
  for (Mapping& map : maps) {
    map.numerator = chosen.numerator;
    map.denominator = chosen.denominator;
  }
}

}  // namespace

bool ResizeAxis::IsIdentity(int64_t size) const {
  if (taps != 1 || static_cast<int64_t>(index.size()) != size) return false;
  for (int64_t i = 0; i < size; ++i)
    if (index[static_cast<size_t>(i)] != i) return false;
  return true;
}

std::vector<ResizeAxis> ResizeTables(const ops::Resize& op, const Shape& x, const Shape& y) {
  std::vector<int64_t> axes = op.axes;
  if (axes.empty())
    for (size_t a = 0; a < x.size(); ++a) axes.push_back(static_cast<int64_t>(a));
  std::vector<Mapping> maps;
  for (size_t k = 0; k < axes.size(); ++k)
    maps.push_back(MappingOf(op, k, static_cast<size_t>(axes[k]), x, y));
  if (op.scales.empty() && op.aspect_policy != ops::AspectPolicy::kStretch && !maps.empty())
    KeepAspect(op.aspect_policy, maps);
  std::vector<ResizeAxis> tables(x.size());
  for (size_t k = 0; k < axes.size(); ++k) {
    if (IsSame(op, maps[k])) continue;
    tables[static_cast<size_t>(axes[k])] =
        op.mode == ops::ResizeMode::kNearest ? NearestAxis(op, maps[k]) : FilterAxis(op, maps[k]);
  }
  for (size_t a = 0; a < x.size(); ++a)
    if (tables[a].index.empty() && y[a] != 0) tables[a] = IdentityAxis(x[a]);
  return tables;
}

}  // namespace picabia::kernels
