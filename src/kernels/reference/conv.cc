// Reference convolutions: seven nested loops over output, kernel and channels.
#include <cmath>
#include <vector>

#include "kernels/reference/reference.h"

namespace picabia::kernels::reference {
namespace {

struct Axis {
  int64_t in, out, kernel, stride, dilation, pad;
};

Axis ConvAxis(const ops::Window& w, int axis, int64_t in, int64_t kernel) {
  const auto extent = ops::ConvExtent(w, axis, in, kernel);
  const auto a = static_cast<size_t>(axis);
  return {in, extent->output, kernel, w.strides[a], w.dilations[a], extent->pad_before};
}

// y[o] += x[i] * f at every pair (i, o) that a convolution of this geometry joins; T is the type of
// the products.
template <typename T, typename X, typename F>
std::vector<T> Convolve(const Axis& v, const Axis& h, int64_t batch, int64_t groups, int64_t ci,
                        int64_t co, const X* x, const F* f) {
  std::vector<T> y(static_cast<size_t>(batch * v.out * h.out * co), T{0});
  const int64_t ci_group = ci / groups, co_group = co / groups;
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t oy = 0; oy < v.out; ++oy)
      for (int64_t ox = 0; ox < h.out; ++ox)
        for (int64_t ky = 0; ky < v.kernel; ++ky)
          for (int64_t kx = 0; kx < h.kernel; ++kx) {
            const int64_t iy = oy * v.stride - v.pad + ky * v.dilation;
            const int64_t ix = ox * h.stride - h.pad + kx * h.dilation;
            if (iy < 0 || iy >= v.in || ix < 0 || ix >= h.in) continue;
            for (int64_t c = 0; c < ci_group; ++c)
              for (int64_t m = 0; m < co; ++m) {
                const int64_t channel = m / co_group * ci_group + c;
                y[static_cast<size_t>(((n * v.out + oy) * h.out + ox) * co + m)] +=
                    static_cast<T>(x[((n * v.in + iy) * h.in + ix) * ci + channel]) *
                    static_cast<T>(f[((ky * h.kernel + kx) * ci_group + c) * co + m]);
              }
          }
  return y;
}

// The transposed one: scatters each input pixel. Filter [KH,KW,M/groups,C]; v.in, h.in are of x.
template <typename T, typename X, typename F>
std::vector<T> Scatter(const Axis& v, const Axis& h, int64_t batch, int64_t groups, int64_t ci,
                       int64_t co, const X* x, const F* f) {
  std::vector<T> y(static_cast<size_t>(batch * v.out * h.out * co), T{0});
  const int64_t ci_group = ci / groups, co_group = co / groups;
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t iy = 0; iy < v.in; ++iy)
      for (int64_t ix = 0; ix < h.in; ++ix)
        for (int64_t ky = 0; ky < v.kernel; ++ky)
          for (int64_t kx = 0; kx < h.kernel; ++kx) {
            const int64_t oy = iy * v.stride - v.pad + ky * v.dilation;
            const int64_t ox = ix * h.stride - h.pad + kx * h.dilation;
            if (oy < 0 || oy >= v.out || ox < 0 || ox >= h.out) continue;
            for (int64_t c = 0; c < ci; ++c)
              for (int64_t m = 0; m < co_group; ++m) {
                const int64_t channel = c / ci_group * co_group + m;
                y[static_cast<size_t>(((n * v.out + oy) * h.out + ox) * co + channel)] +=
                    static_cast<T>(x[((n * v.in + iy) * h.in + ix) * ci + c]) *
                    static_cast<T>(f[((ky * h.kernel + kx) * co_group + m) * ci + c]);
              }
          }
  return y;
}

Axis TransposeAxis(const ops::Window& w, int axis, int64_t in, int64_t kernel, int64_t output_pad,
                   int64_t output_shrink) {
  const auto extent = ops::ConvTransposeExtent(w, axis, in, kernel, output_pad, output_shrink);
  const auto a = static_cast<size_t>(axis);
  return {in, extent->output, kernel, w.strides[a], w.dilations[a], extent->pad_before};
}

void StoreWithBias(const std::vector<double>& sums, const Tensor* bias, Tensor& y) {
  const size_t channels = static_cast<size_t>(y.shape()[3]);
  float* out = y.MutableData<float>();
  for (size_t i = 0; i < sums.size(); ++i)
    out[i] = static_cast<float>(sums[i] + (bias ? bias->data<float>()[i % channels] : 0.0));
}

std::vector<int64_t> QuantizeInput(const Tensor& x, float scale, const Tensor& filter) {
  const float most = filter.dtype() == DType::kI16 ? 32767.f : 127.f;
  std::vector<int64_t> q(static_cast<size_t>(x.num_elements()));
  for (size_t i = 0; i < q.size(); ++i) {
    // NaN has no integer; fmax makes it the least one.
    const float clamped = std::fmin(std::fmax(x.data<float>()[i] * scale, -most - 1), most);
    q[i] = static_cast<int64_t>(std::nearbyint(clamped));
  }
  return q;
}

std::vector<int64_t> FilterValues(const Tensor& filter) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < filter.num_elements(); ++i)
    values.push_back(filter.dtype() == DType::kI16 ? filter.data<int16_t>()[i]
                                                   : filter.data<int8_t>()[i]);
  return values;
}

template <typename Op>
void StoreScaled(const std::vector<int64_t>& sums, const Op& op, Tensor& y) {
  for (size_t i = 0; i < sums.size(); ++i) {
    const float scale =
        op.filter_scales.empty() ? op.filter_scale : op.filter_scales[i % op.filter_scales.size()];
    y.MutableData<float>()[i] = static_cast<float>(sums[i]) / (op.input_scale * scale);
  }
}

}  // namespace

void Conv2D(const ops::Window& w, int64_t groups, const Tensor& x, const Tensor& filter,
            const Tensor* bias, Tensor& y) {
  const Shape &xs = x.shape(), &fs = filter.shape();
  StoreWithBias(Convolve<double>(ConvAxis(w, 0, xs[1], fs[0]), ConvAxis(w, 1, xs[2], fs[1]), xs[0],
                                 groups, xs[3], fs[3], x.data<float>(), filter.data<float>()),
                bias, y);
}

void ConvTranspose2D(const ops::ConvTranspose2D& op, const Tensor& x, const Tensor& filter,
                     const Tensor* bias, Tensor& y) {
  const Shape &xs = x.shape(), &fs = filter.shape();
  StoreWithBias(
      Scatter<double>(
          TransposeAxis(op.window, 0, xs[1], fs[0], op.output_pads[0], op.output_shrink[0]),
          TransposeAxis(op.window, 1, xs[2], fs[1], op.output_pads[1], op.output_shrink[1]), xs[0],
          op.groups, xs[3], y.shape()[3], x.data<float>(), filter.data<float>()),
      bias, y);
}

void Int8Conv2D(const ops::Int8Conv2D& op, const Tensor& x, const Tensor& filter, Tensor& y) {
  const Shape &xs = x.shape(), &fs = filter.shape();
  const auto q = QuantizeInput(x, op.input_scale, filter), f = FilterValues(filter);
  StoreScaled(
      Convolve<int64_t>(ConvAxis(op.window, 0, xs[1], fs[0]), ConvAxis(op.window, 1, xs[2], fs[1]),
                        xs[0], 1, xs[3], fs[3], q.data(), f.data()),
      op, y);
}

void Int8ConvTranspose2D(const ops::Int8ConvTranspose2D& op, const Tensor& x, const Tensor& filter,
                         Tensor& y) {
  const Shape &xs = x.shape(), &fs = filter.shape();
  const auto q = QuantizeInput(x, op.input_scale, filter), f = FilterValues(filter);
  StoreScaled(Scatter<int64_t>(TransposeAxis(op.window, 0, xs[1], fs[0], 0, op.output_shrink[0]),
                               TransposeAxis(op.window, 1, xs[2], fs[1], 0, op.output_shrink[1]),
                               xs[0], 1, xs[3], y.shape()[3], q.data(), f.data()),
              op, y);
}

}  // namespace picabia::kernels::reference
