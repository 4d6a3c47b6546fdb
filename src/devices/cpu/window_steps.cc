// Depthwise convolutions, pools, and means over height and width, on float NHWC pictures.
#include <algorithm>
#include <limits>

#include "base/checked.h"
#include "devices/cpu/fast_steps.h"

namespace picabia::cpu {
namespace {

// The window of one axis as it lies on the picture.
struct AxisWindow {
  int64_t stride, dilation, kernel, before, size;

  int64_t At(int64_t output, int64_t tap) const {
    return output * stride + tap * dilation - before;
  }
  // The taps [First, Last) lie inside the picture. A window may be far larger than that.
  int64_t First(int64_t output) const {
    const int64_t start = At(output, 0);
    return start >= 0 ? 0 : CeilDiv(-start, dilation);
  }
  int64_t Last(int64_t output) const {
    const int64_t start = At(output, 0);
    return start >= size ? 0 : std::min(kernel, CeilDiv(size - start, dilation));
  }
};

AxisWindow Axis(const ops::Window& w, size_t a, const ops::WindowExtent& e, int64_t kernel,
                int64_t size) {
  return {w.strides[a], w.dilations[a], kernel, e.pad_before, size};
}

// Filter [KH, KW, 1, C]: one for each channel.
FastResult RunDepthwise(const StepInputs& s, const ops::Conv2D& op) {
  const Shape &x = s.in[0].shape(), &f = s.in[1].shape(), &out = s.output.shape;
  const int64_t c = x[3];
  if (op.groups != c || f[3] != c || f[2] != 1) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(const auto rows_extent, ops::ConvExtent(op.window, 0, x[1], f[0]));
  PICABIA_ASSIGN_OR_RETURN(const auto columns_extent, ops::ConvExtent(op.window, 1, x[2], f[1]));
  const AxisWindow v = Axis(op.window, 0, rows_extent, f[0], x[1]);
  const AxisWindow h = Axis(op.window, 1, columns_extent, f[1], x[2]);
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const float *from = s.in[0].data<float>(), *weights = s.in[1].data<float>();
  const float* bias = s.in.size() > 2 ? s.in[2].data<float>() : nullptr;
  float* to = y.MutableData<float>();
  s.context.threads.For(out[0] * out[1], [&, from, weights, bias, to](int64_t i, int) {
    const int64_t n = i / out[1], row = i % out[1];
    std::vector<const float*> taps, tap_weights;
    taps.reserve(static_cast<size_t>(f[0] * f[1]));
    tap_weights.reserve(taps.capacity());
    for (int64_t p = 0; p < out[2]; ++p) {
      taps.clear();
      tap_weights.clear();
      for (int64_t a = v.First(row); a < v.Last(row); ++a) {
        const int64_t iy = v.At(row, a);
        for (int64_t b = h.First(p); b < h.Last(p); ++b) {
          const int64_t ix = h.At(p, b);
          taps.push_back(from + ((n * x[1] + iy) * x[2] + ix) * c);
          tap_weights.push_back(weights + (a * f[1] + b) * c);
        }
      }
      s.context.kernels.depthwise({taps.data(), tap_weights.data(),
                                   static_cast<int64_t>(taps.size()), bias,
                                   to + (i * out[2] + p) * c, c});
    }
  });
  return std::optional<Tensor>(std::move(y));
}

FastResult RunPool(const StepInputs& s, const ops::Pool2D& op) {
  const Shape &x = s.in[0].shape(), &out = s.output.shape;
  const int64_t c = x[3];
  const bool is_max = op.kind == ops::PoolKind::kMax;
  if (s.output.dtype != DType::kF32) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(const auto rows_extent, ops::PoolExtent(op, 0, x[1]));
  PICABIA_ASSIGN_OR_RETURN(const auto columns_extent, ops::PoolExtent(op, 1, x[2]));
  const AxisWindow v = Axis(op.window, 0, rows_extent, op.kernel[0], x[1]);
  const AxisWindow h = Axis(op.window, 1, columns_extent, op.kernel[1], x[2]);
  if (!is_max && op.include_pad) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const float* from = s.in[0].data<float>();
  float* to = y.MutableData<float>();
  s.context.threads.For(out[0] * out[1], [=, &x, &out](int64_t i, int) {
    const int64_t n = i / out[1], row = i % out[1];
    for (int64_t p = 0; p < out[2]; ++p) {
      float* at = to + (i * out[2] + p) * c;
      std::fill(at, at + c, is_max ? -std::numeric_limits<float>::infinity() : 0.0f);
      int64_t count = 0;
      for (int64_t a = v.First(row); a < v.Last(row); ++a) {
        const int64_t iy = v.At(row, a);
        for (int64_t b = h.First(p); b < h.Last(p); ++b) {
          const int64_t ix = h.At(p, b);
          const float* pixel = from + ((n * x[1] + iy) * x[2] + ix) * c;
          ++count;
          if (is_max) {
            for (int64_t k = 0; k < c; ++k)
              at[k] = pixel[k] > at[k] || pixel[k] != pixel[k] ? pixel[k] : at[k];
          } else {
            for (int64_t k = 0; k < c; ++k) at[k] += pixel[k];
          }
        }
      }
      if (is_max) continue;
      const auto divisor = static_cast<float>(count);
      for (int64_t k = 0; k < c; ++k) at[k] /= divisor;
    }
  });
  return std::optional<Tensor>(std::move(y));
}

// The mean of each channel of each picture, in double and in the order of the pixels.
FastResult RunPictureMean(const StepInputs& s, const ops::Reduce& op) {
  const Shape& x = s.in[0].shape();
  if (s.output.dtype != DType::kF32 || x.size() != 4 || op.kind != ops::ReduceKind::kMean ||
      op.axes != std::vector<int64_t>{1, 2} || s.in[0].num_elements() == 0)
    return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const int64_t pixels = x[1] * x[2], c = x[3];
  constexpr int64_t kChannels = 64;  // that a thread takes at a time
  const int64_t parts = CeilDiv(c, kChannels);
  const float* from = s.in[0].data<float>();
  float* to = y.MutableData<float>();
  s.context.threads.For(x[0] * parts, [=](int64_t i, int) {
    const int64_t n = i / parts, first = i % parts * kChannels;
    const int64_t count = std::min(kChannels, c - first);
    double sums[kChannels] = {};
    for (int64_t p = 0; p < pixels; ++p) {
      const float* pixel = from + (n * pixels + p) * c + first;
      for (int64_t k = 0; k < count; ++k) sums[k] += static_cast<double>(pixel[k]);
    }
    for (int64_t k = 0; k < count; ++k)
      to[n * c + first + k] = static_cast<float>(sums[k] / static_cast<double>(pixels));
  });
  return std::optional<Tensor>(std::move(y));
}

}  // namespace

FastResult TryWindow(const StepInputs& s, const ops::Op& op) {
  if (const auto* conv = std::get_if<ops::Conv2D>(&op)) return RunDepthwise(s, *conv);
  if (const auto* pool = std::get_if<ops::Pool2D>(&op)) return RunPool(s, *pool);
  if (const auto* reduce = std::get_if<ops::Reduce>(&op)) return RunPictureMean(s, *reduce);
  return std::optional<Tensor>();
}

}  // namespace picabia::cpu
