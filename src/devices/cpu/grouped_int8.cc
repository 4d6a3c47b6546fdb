// Bytes of a picture with one zero point for all channels, and the filter that belongs to them.
#include "devices/cpu/grouped_int8.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "devices/cpu/quantized_conv.h"

namespace picabia::cpu {
namespace {

constexpr int32_t kMostByte = 255;
constexpr float kMostWeight = 127;
constexpr float kMostWideWeight = 32767;
constexpr int64_t kMostWideTaps = 257;  // 257 * 255 * 32767 < 2^31

ops::QuantizedConv2D Quantized(const ops::Conv2D& op) {
  ops::QuantizedConv2D q;
  q.window = op.window;
  q.groups = op.groups;
  return q;
}

bool IsDepthwise(const ops::Conv2D& op, const Shape& filter) {
  return filter[2] == 1 && filter[3] == op.groups;
}

// 8 bits of each channel about a zero point that all share: bytes of pictures have no other.
InputQuantization SharedZero(const ChannelRange& range) {
  InputQuantization q = QuantizationFor(range, 8);
  const size_t channels = range.low.size();
  const bool negative =
      std::any_of(range.low.begin(), range.low.end(), [](float v) { return v < 0; });
  const bool positive =
      std::any_of(range.high.begin(), range.high.end(), [](float v) { return v > 0; });
  if (!negative) return q;  // all zero points are 0
  const int32_t zero = positive ? (kMostByte + 1) / 2 : kMostByte;
  for (size_t i = 0; i < q.scale.size(); ++i) {
    const size_t c = i % channels;
    const float below = std::max(-range.low[c], 0.f) / static_cast<float>(zero);
    const float above =
        positive ? std::max(range.high[c], 0.f) / static_cast<float>(kMostByte - zero) : 0.f;
    q.scale[i] = std::clamp(std::max(below, above), q.scale[i], 1e30f);
    q.inverse_scale[i] = q.scale[i] > 0 ? 1 / q.scale[i] : 1;
    q.zero[i] = zero;
    q.low[i] = static_cast<float>(-zero);
    q.high[i] = static_cast<float>(kMostByte - zero);
  }
  return q;
}

// The filter with the scales of the input's channels folded in, and the scale of each output.
struct PictureFilter {
  std::shared_ptr<const QuantizedFilter> filter;
  std::vector<float> scale;
};

Result<PictureFilter> FilterFor(const ops::Conv2D& op, const Tensor& filter,
                                const InputQuantization& input) {
  const Shape& f = filter.shape();
  const int64_t taps = f[0] * f[1], ci = f[2], co = f[3], per_group = co / op.groups;
  const bool wide = IsDepthwise(op, f) && taps <= kMostWideTaps;
  const float most = wide ? kMostWideWeight : kMostWeight;
  const float* w = filter.data<float>();
  const auto value = [&](int64_t t, int64_t c, int64_t m) {
    return w[(t * ci + c) * co + m] * input.scale[static_cast<size_t>(m / per_group * ci + c)];
  };
  PictureFilter out;
  out.scale.assign(static_cast<size_t>(co), 0.f);
  PICABIA_ASSIGN_OR_RETURN(Tensor bytes, Tensor::Create(DType::kI8, f));
  std::vector<int32_t> wide_taps(wide ? static_cast<size_t>(taps * co) : 0);
  std::vector<int32_t> sums(static_cast<size_t>(co), 0);
  for (int64_t m = 0; m < co; ++m) {
    float largest = 0;
    for (int64_t t = 0; t < taps; ++t)
      for (int64_t c = 0; c < ci; ++c) largest = std::max(largest, std::fabs(value(t, c, m)));
    const float scale = largest / most;
    if (!(scale > 0) || !std::isfinite(1 / scale)) continue;
    out.scale[static_cast<size_t>(m)] = scale;
    for (int64_t t = 0; t < taps; ++t)
      for (int64_t c = 0; c < ci; ++c) {
        const auto v =
            static_cast<int32_t>(std::nearbyint(std::clamp(value(t, c, m) / scale, -most, most)));
        sums[static_cast<size_t>(m)] += v;
        if (wide) {
          wide_taps[static_cast<size_t>(t * co + m)] = v;
        } else {
          bytes.MutableData<int8_t>()[(t * ci + c) * co + m] = static_cast<int8_t>(v);
        }
      }
  }
  auto packed = std::make_shared<QuantizedFilter>(*MakeQuantizedFilter(Quantized(op), bytes));
  if (wide) {
    packed->taps = std::move(wide_taps);
    packed->sums = std::move(sums);
  }
  out.filter = std::move(packed);
  return out;
}

Result<Tensor> ToBytes(const ConvContext& context, const float* x, const Shape& shape,
                       const InputQuantization& q) {
  PICABIA_ASSIGN_OR_RETURN(Tensor bytes, context.pool.AllocateTensor(DType::kU8, shape));
  const int64_t row = shape[2] * shape[3];
  auto* to = bytes.MutableData<uint8_t>();
  context.threads.For(shape[1], [&](int64_t y, int) {
    context.kernels.quantize8({x + y * row, row, q.period, q.inverse_scale.data(), q.low.data(),
                               q.high.data(), q.zero.data()},
                              to + y * row);
  });
  return bytes;
}

}  // namespace

bool GroupedInt8Fits(const ops::Conv2D& op, const Shape& filter, const Shape& output) {
  constexpr int64_t kMaxProducts = ((int64_t{1} << 31) - 1) / (255 * 128);
  const auto products = CheckedProduct(std::array{filter[0], filter[1], filter[2]});
  return products && *products <= kMaxProducts && QuantizedConvFits(Quantized(op), filter, output);
}

const char* GroupedInt8Kernel(const ops::Conv2D& op, const Shape& filter) {
  return IsDepthwise(op, filter) ? "conv-int8-depthwise" : "conv-int8-grouped";
}

Result<Tensor> RunGroupedInt8(const ConvContext& context, const ops::Conv2D& op,
                              const std::vector<Tensor>& inputs,
                              const std::vector<ChannelRange>& ranges, const Shape& output) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, context.pool.AllocateTensor(DType::kF32, output));
  if (y.num_elements() == 0) return y;
  const Tensor& x = inputs[0];
  std::vector<ChannelRange> measured;
  if (ranges.empty()) measured = MeasureRanges(context, x);
  Shape one = x.shape(), one_out = output;
  one[0] = one_out[0] = 1;
  const int64_t channels = output[3], in_size = one[1] * one[2] * one[3];
  const int64_t out_size = one_out[1] * one_out[2] * channels;
  PICABIA_ASSIGN_OR_RETURN(Tensor bias, Tensor::Create(DType::kF32, {channels}));
  if (inputs.size() > 2) bias = inputs[2];
  for (int64_t n = 0; n < output[0]; ++n) {
    const InputQuantization q =
        SharedZero((ranges.empty() ? measured : ranges)[static_cast<size_t>(n)]);
    PICABIA_ASSIGN_OR_RETURN(const PictureFilter filter, FilterFor(op, inputs[1], q));
    PICABIA_ASSIGN_OR_RETURN(const Tensor bytes,
                             ToBytes(context, x.data<float>() + n * in_size, one, q));
    PICABIA_ASSIGN_OR_RETURN(const Tensor scale, Tensor::From<float>({channels}, filter.scale));
    ops::QuantizedConv2D quantized = Quantized(op);
    quantized.x_zero = q.zero[0];
    PICABIA_ASSIGN_OR_RETURN(Tensor picture, RunQuantizedConv(context, quantized, *filter.filter,
                                                              bytes, scale, bias, one_out));
    if (output[0] == 1) return picture;
    std::copy_n(picture.data<float>(), out_size, y.MutableData<float>() + n * out_size);
  }
  return y;
}

}  // namespace picabia::cpu
