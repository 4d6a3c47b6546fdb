// Scales and quantized filters; see scale.h.
#include "quant/scale.h"

#include <algorithm>
#include <cmath>

namespace picabia::quant {
namespace {

float Highest(int bits) { return bits == 8 ? 127.0F : 32767.0F; }

template <typename T>
Tensor Quantized(const Tensor& filter, const std::vector<float>& scales, int64_t inner, int bits) {
  std::vector<T> integers(static_cast<size_t>(filter.num_elements()));
  const float high = Highest(bits), low = -high - 1;
  const auto count = static_cast<int64_t>(scales.size());
  for (size_t i = 0; i < integers.size(); ++i) {
    const int64_t channel = static_cast<int64_t>(i) / inner % count;
    const float value = std::nearbyint(filter.data<float>()[i] * scales[size_t(channel)]);
    integers[i] = static_cast<T>(std::clamp(value, low, high));
  }
  return *Tensor::From<T>(filter.shape(), integers);
}

}  // namespace

float SymmetricScale(const Range& range, int bits) {
  const float high = std::abs(range.high), low = std::abs(range.low);
  if (high == 0 && low == 0) return 1;
  // The quotient of a subnormal number would be infinite.
  const float scale = high >= low ? Highest(bits) / high : (Highest(bits) + 1) / low;
  return std::min(scale, 1e30F);
}

AffineScale AffineScaleOf(const Range& range, int bits) {
  const double low = std::min(range.low, 0.0F), high = std::max(range.high, 0.0F);
  const double levels = bits == 8 ? 255 : 65535;
  const auto scale = static_cast<float>(std::max((high - low) / levels, 1e-30));
  if (high == low) return {1, 0};
  return {scale, static_cast<int32_t>(std::clamp(std::nearbyint(-low / scale), 0.0, levels))};
}

float StepOf(const Range& range, int bits, bool affine) {
  return affine ? AffineScaleOf(range, bits).scale : 1 / SymmetricScale(range, bits);
}

Result<QuantizedFilter> QuantizeFilter(const Tensor& filter, int axis,
                                       const std::vector<Range>& ranges, int bits) {
  QuantizedFilter quantized;
  for (const Range& range : ranges) quantized.scales.push_back(SymmetricScale(range, bits));
  int64_t inner = 1;
  for (size_t d = static_cast<size_t>(axis) + 1; d < filter.shape().size(); ++d)
    inner *= filter.shape()[d];
  quantized.integers = bits == 8 ? Quantized<int8_t>(filter, quantized.scales, inner, bits)
                                 : Quantized<int16_t>(filter, quantized.scales, inner, bits);
  return quantized;
}

}  // namespace picabia::quant
