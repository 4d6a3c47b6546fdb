// Bytes of a picture with one zero point for all channels, and the filter that belongs to them.
#include "devices/cpu/grouped_int8.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "devices/cpu/quantized_conv.h"

namespace picabia::cpu {
namespace {

constexpr float kMostWeight = 127;
constexpr float kMostSplitWeight = 127 * 256 + 127;  // both bytes are in -128..127
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

// Each channel about a zero point that all share: bytes of pictures have no other.
InputQuantization SharedZero(const ChannelRange& range, int bits) {
  InputQuantization q = QuantizationFor(range, bits);
  const size_t channels = range.low.size();
  const auto any = [](const std::vector<float>& v, auto f) {
    return std::any_of(v.begin(), v.end(), f);
  };
  if (!any(range.low, [](float v) { return v < 0; })) return q;  // all zero points are 0
  const bool positive = any(range.high, [](float v) { return v > 0; });
  const int32_t most = bits == 8 ? 255 : 65535, zero = positive ? (most + 1) / 2 : most;
  for (size_t i = 0; i < q.scale.size(); ++i) {
    const size_t c = i % channels;
    const float below = std::max(-range.low[c], 0.f) / static_cast<float>(zero);
    const float above =
        positive ? std::max(range.high[c], 0.f) / static_cast<float>(most - zero) : 0.f;
    q.scale[i] = std::clamp(std::max(below, above), q.scale[i], 1e30f);
    q.inverse_scale[i] = q.scale[i] > 0 ? 1 / q.scale[i] : 1;
    q.zero[i] = zero;
    q.low[i] = static_cast<float>(-zero);
    q.high[i] = static_cast<float>(most - zero);
  }
  return q;
}

// A factor of the products; 16-bit ones are two, the high byte counting 256 times as much.
struct FilterPlane {
  std::shared_ptr<const QuantizedFilter> filter;
  float times = 1;
};

// The filter with the scales of the input's channels folded in, and the scale of each output.
struct PictureFilter {
  std::vector<FilterPlane> planes;
  std::vector<float> scale;
};

class FilterQuantizer {
 public:
  FilterQuantizer(const ops::Conv2D& op, const Tensor& filter, const InputQuantization& input,
                  bool wide)
      : op_(op), filter_(filter), input_(input) {
    const Shape& f = filter.shape();
    taps_ = f[0] * f[1];
    ci_ = f[2];
    co_ = f[3];
    whole_ = IsDepthwise(op, f) && taps_ <= kMostWideTaps;
    split_ = wide && !whole_;
  }

  Result<PictureFilter> Run() {
    PictureFilter out;
    out.scale.assign(static_cast<size_t>(co_), 0.f);
    std::vector<int32_t> v(static_cast<size_t>(filter_.num_elements()), 0);
    for (int64_t m = 0; m < co_; ++m) out.scale[static_cast<size_t>(m)] = Column(m, v);
    if (!split_) {
      PICABIA_ASSIGN_OR_RETURN(out.planes.emplace_back().filter, Pack(v));
      return out;
    }
    std::vector<int32_t> low, high;
    for (const int32_t x : v) {
      low.push_back(static_cast<int8_t>(static_cast<uint32_t>(x) & 255u));
      high.push_back((x - low.back()) / 256);
    }
    PICABIA_ASSIGN_OR_RETURN(out.planes.emplace_back().filter, Pack(low));
    PICABIA_ASSIGN_OR_RETURN(out.planes.emplace_back().filter, Pack(high));
    out.planes.back().times = 256;
    return out;
  }

 private:
  float Value(int64_t t, int64_t c, int64_t m) const {
    const int64_t channel = m / (co_ / op_.groups) * ci_ + c;
    return filter_.data<float>()[(t * ci_ + c) * co_ + m] *
           input_.scale[static_cast<size_t>(channel)];
  }

  // The integers of output m; returns their scale, or 0 where there is nothing to tell apart.
  float Column(int64_t m, std::vector<int32_t>& v) const {
    const float most = whole_ ? kMostWideWeight : split_ ? kMostSplitWeight : kMostWeight;
    float largest = 0;
    for (int64_t t = 0; t < taps_; ++t)
      for (int64_t c = 0; c < ci_; ++c) largest = std::max(largest, std::fabs(Value(t, c, m)));
    const float scale = largest / most;
    if (!(scale > 0) || !std::isfinite(1 / scale)) return 0;
    for (int64_t t = 0; t < taps_; ++t)
      for (int64_t c = 0; c < ci_; ++c)
        v[static_cast<size_t>((t * ci_ + c) * co_ + m)] =
            static_cast<int32_t>(std::nearbyint(std::clamp(Value(t, c, m) / scale, -most, most)));
    return scale;
  }

  Result<std::shared_ptr<const QuantizedFilter>> Pack(const std::vector<int32_t>& v) const {
    PICABIA_ASSIGN_OR_RETURN(Tensor bytes, Tensor::Create(DType::kI8, filter_.shape()));
    if (!whole_) std::copy(v.begin(), v.end(), bytes.MutableData<int8_t>());
    auto packed = std::make_shared<QuantizedFilter>(*MakeQuantizedFilter(Quantized(op_), bytes));
    if (whole_) {
      packed->taps = v;
      for (size_t i = 0; i < v.size(); ++i) packed->sums[i % static_cast<size_t>(co_)] += v[i];
    }
    return std::shared_ptr<const QuantizedFilter>(std::move(packed));
  }

  const ops::Conv2D& op_;
  const Tensor& filter_;
  const InputQuantization& input_;
  int64_t taps_ = 0, ci_ = 0, co_ = 0;
  bool whole_ = false;  // 16-bit weights in one piece: depthwise sums take them
  bool split_ = false;
};

// A byte of the picture's factors.
struct InputPlane {
  Tensor bytes;
  int32_t zero = 0;
  float times = 1;
};

Result<std::vector<InputPlane>> ToPlanes(const ConvContext& context, const float* x,
                                         const Shape& shape, const InputQuantization& q,
                                         bool wide) {
  std::vector<InputPlane> planes(wide ? 2 : 1);
  for (InputPlane& p : planes) {
    PICABIA_ASSIGN_OR_RETURN(p.bytes, context.pool.AllocateTensor(DType::kU8, shape));
  }
  planes[0].zero = q.zero[0] & 255;
  auto* low = planes[0].bytes.MutableData<uint8_t>();
  uint8_t* high = nullptr;
  if (wide) {
    planes[1].zero = q.zero[0] >> 8;
    planes[1].times = 256;
    high = planes[1].bytes.MutableData<uint8_t>();
  }
  const int64_t row = shape[2] * shape[3];
  context.threads.For(shape[1], [&](int64_t y, int) {
    const kernels::QuantizeRow from{
        x + y * row,  row,           q.period,     q.inverse_scale.data(),
        q.low.data(), q.high.data(), q.zero.data()};
    if (wide) {
      context.kernels.quantize16(from, high + y * row, low + y * row);
    } else {
      context.kernels.quantize8(from, low + y * row);
    }
  });
  return planes;
}

// The sum over all pairs of planes, in order.
Result<Tensor> Products(const ConvContext& context, const ops::Conv2D& op,
                        const std::vector<InputPlane>& x, const PictureFilter& filter, Tensor bias,
                        const Shape& output) {
  const auto channels = static_cast<int64_t>(filter.scale.size());
  Tensor sum;
  for (const InputPlane& a : x)
    for (const FilterPlane& b : filter.planes) {
      std::vector<float> scale = filter.scale;
      for (float& v : scale) v *= a.times * b.times;
      PICABIA_ASSIGN_OR_RETURN(const Tensor scales, Tensor::From<float>({channels}, scale));
      ops::QuantizedConv2D quantized = Quantized(op);
      quantized.x_zero = a.zero;
      PICABIA_ASSIGN_OR_RETURN(
          Tensor y, RunQuantizedConv(context, quantized, *b.filter, a.bytes, scales, bias, output));
      if (!sum.has_data()) {
        sum = std::move(y);
        PICABIA_ASSIGN_OR_RETURN(bias, Tensor::Create(DType::kF32, {channels}));
        continue;
      }
      float* to = sum.MutableData<float>();
      const int64_t row = output[2] * output[3];
      context.threads.For(output[1], [&, to](int64_t i, int) {
        context.kernels.add(to + i * row, y.data<float>() + i * row, row);
      });
    }
  return sum;
}

}  // namespace

bool GroupedInt8Fits(const ops::Conv2D& op, const Shape& filter, const Shape& output) {
  constexpr int64_t kMaxProducts = ((int64_t{1} << 31) - 1) / (255 * 128);
  const auto products = CheckedProduct(std::array{filter[0], filter[1], filter[2]});
  return products && *products <= kMaxProducts && QuantizedConvFits(Quantized(op), filter, output);
}

const char* GroupedInt8Kernel(const ops::Conv2D& op, const Shape& filter, bool wide) {
  if (wide) return IsDepthwise(op, filter) ? "conv-int16-depthwise" : "conv-int16-grouped";
  return IsDepthwise(op, filter) ? "conv-int8x16-depthwise" : "conv-int8-grouped";
}

Result<Tensor> RunGroupedInt8(const ConvContext& context, const ops::Conv2D& op,
                              const std::vector<Tensor>& inputs,
                              const std::vector<ChannelRange>& ranges, bool wide,
                              const Shape& output) {
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
    const ChannelRange& range = (ranges.empty() ? measured : ranges)[static_cast<size_t>(n)];
    const InputQuantization q = SharedZero(range, wide ? 16 : 8);
    PICABIA_ASSIGN_OR_RETURN(const PictureFilter filter,
                             FilterQuantizer(op, inputs[1], q, wide).Run());
    PICABIA_ASSIGN_OR_RETURN(const std::vector<InputPlane> planes,
                             ToPlanes(context, x.data<float>() + n * in_size, one, q, wide));
    PICABIA_ASSIGN_OR_RETURN(Tensor picture, Products(context, op, planes, filter, bias, one_out));
    if (output[0] == 1) return picture;
    std::copy_n(picture.data<float>(), out_size, y.MutableData<float>() + n * out_size);
  }
  return y;
}

}  // namespace picabia::cpu
