// Measures of difference; see metrics.h.
#include "quant/metrics.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace picabia::quant {

Status Difference::Add(const Tensor& expected, const Tensor& found) {
  if (expected.shape() != found.shape()) {
    return InvalidArgument("found shape " + ShapeString(found.shape()) + ", expected " +
                           ShapeString(expected.shape()));
  }
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> e, FloatValues(expected));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> f, FloatValues(found));
  for (size_t i = 0; i < e.size(); ++i) {
    const double error = double(f[i]) - e[i];
    signal += double(e[i]) * e[i];
    noise += error * error;
    max_error = std::max(max_error, std::abs(error));
  }
  count += static_cast<int64_t>(e.size());
  return OkStatus();
}

double Difference::sqnr() const {
  if (noise == 0) return kNoNoise;
  if (signal == 0) return 0;
  return std::min(10 * std::log10(signal / noise), kNoNoise);
}

double Difference::psnr() const {
  if (noise == 0 || count == 0) return kNoNoise;
  return std::min(10 * std::log10(255.0 * 255.0 * double(count) / noise), kNoNoise);
}

bool IsPicture(const Tensor& output, const PictureConvention& convention) {
  if (output.rank() != 4 && output.rank() != 3) return false;
  const int64_t channels =
      output.shape()[size_t(convention.out_nchw ? output.rank() - 3 : output.rank() - 1)];
  return channels == 1 || channels == 3 || channels == 4;
}

Result<Tensor> AsPixels(const Tensor& output, const PictureConvention& convention) {
  if (output.rank() != 4 && output.rank() != 3) {
    return Unsupported("found an output of shape " + ShapeString(output.shape()) +
                       ", expected a picture of 4 dimensions");
  }
  Shape from = output.shape();
  if (from.size() == 3) from.insert(from.begin(), 1);
  const bool nchw = convention.out_nchw;
  const int64_t n = from[0], c = from[nchw ? 1 : 3], h = from[nchw ? 2 : 1], w = from[nchw ? 3 : 2];
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> values, FloatValues(output));
  PICABIA_ASSIGN_OR_RETURN(Tensor pixels, Tensor::Create(DType::kF32, {n, h, w, c}));
  auto* out = pixels.MutableData<float>();
  for (int64_t i = 0; i < n * h * w; ++i) {
    const int64_t picture = i / (h * w), place = i % (h * w);
    for (int64_t k = 0; k < c; ++k) {
      const int64_t at = nchw ? (picture * c + k) * h * w + place : i * c + k;
      const size_t channel = std::min<size_t>(size_t(k), 3);
      const float value =
          values[size_t(at)] * convention.out_scale[channel] + convention.out_shift[channel];
      out[i * c + k] = std::isnan(value) ? 0 : std::clamp(value, 0.0F, 255.0F);
    }
  }
  return pixels;
}

namespace {

// Sums over a window that slides along: five numbers of each pixel.
struct Moments {
  double e = 0, f = 0, ee = 0, ff = 0, ef = 0;
  void Add(double a, double b, double sign) {
    e += sign * a, f += sign * b;
    ee += sign * a * a, ff += sign * b * b, ef += sign * a * b;
  }
  void Add(const Moments& o, double sign) {
    e += sign * o.e, f += sign * o.f, ee += sign * o.ee, ff += sign * o.ff, ef += sign * o.ef;
  }
};

double SsimOf(const Moments& sum, double count) {
  constexpr double kC1 = 0.01 * 255 * 0.01 * 255, kC2 = 0.03 * 255 * 0.03 * 255;
  const double e = sum.e / count, f = sum.f / count;
  const double ve = sum.ee / count - e * e, vf = sum.ff / count - f * f;
  const double cov = sum.ef / count - e * f;
  return (2 * e * f + kC1) * (2 * cov + kC2) / ((e * e + f * f + kC1) * (ve + vf + kC2));
}

// One channel of one picture; `at` gives the pixels of both.
template <typename At>
double SsimOfPlane(int64_t height, int64_t width, At at) {
  const int64_t window = std::min<int64_t>({7, height, width});
  std::vector<Moments> columns(static_cast<size_t>(width));
  double total = 0;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const auto [a, b] = at(y, x);
      columns[size_t(x)].Add(a, b, 1);
      if (y < window) continue;
      const auto [c, d] = at(y - window, x);
      columns[size_t(x)].Add(c, d, -1);
    }
    if (y + 1 < window) continue;
    Moments sum;
    for (int64_t x = 0; x < width; ++x) {
      sum.Add(columns[size_t(x)], 1);
      if (x >= window) sum.Add(columns[size_t(x - window)], -1);
      if (x + 1 >= window) total += SsimOf(sum, double(window * window));
    }
  }
  return total / double((height - window + 1) * (width - window + 1));
}

}  // namespace

Result<double> Ssim(const Tensor& expected, const Tensor& found) {
  if (expected.shape() != found.shape() || expected.rank() != 4 || expected.num_elements() == 0)
    return InvalidArgument("found pictures of shapes " + ShapeString(expected.shape()) + " and " +
                           ShapeString(found.shape()) + ", expected equal ones");
  const Shape& s = expected.shape();
  double total = 0;
  for (int64_t plane = 0; plane < s[0] * s[3]; ++plane) {
    const int64_t picture = plane / s[3], channel = plane % s[3];
    total += SsimOfPlane(s[1], s[2], [&](int64_t y, int64_t x) {
      const int64_t i = ((picture * s[1] + y) * s[2] + x) * s[3] + channel;
      return std::pair<double, double>(expected.data<float>()[i], found.data<float>()[i]);
    });
  }
  return total / double(s[0] * s[3]);
}

}  // namespace picabia::quant
