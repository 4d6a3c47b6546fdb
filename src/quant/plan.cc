// Scales of a layer from what calibration has shown; see quantize.h.
#include <algorithm>

#include "quant/quantize.h"
#include "quant/scale.h"

namespace picabia::quant {
namespace {

// The weights' own ranges: one, or one a channel.
Result<std::vector<Range>> FilterRanges(const Tensor& filter, int axis, const Options& options,
                                        int bits) {
  const auto channels = static_cast<size_t>(filter.shape()[static_cast<size_t>(axis)]);
  int64_t inner = 1;
  for (size_t d = static_cast<size_t>(axis) + 1; d < filter.shape().size(); ++d)
    inner *= filter.shape()[d];
  std::vector<std::vector<float>> parts(options.per_channel ? channels : 1);
  for (int64_t i = 0; i < filter.num_elements(); ++i) {
    const size_t channel = static_cast<size_t>(i / inner) % channels;
    parts[options.per_channel ? channel : 0].push_back(filter.data<float>()[i]);
  }
  std::vector<Range> ranges;
  for (const std::vector<float>& part : parts) {
    const auto [low, high] = std::minmax_element(part.begin(), part.end());
    if (part.empty()) {
      ranges.push_back({});
    } else if (options.weights == Algorithm::kMax) {
      ranges.push_back({*low, *high});
    } else {
      Histogram histogram;
      PICABIA_RETURN_IF_ERROR(histogram.Add(part));
      ranges.push_back(ChooseRange(histogram, options.weights, bits, false));
    }
  }
  return ranges;
}

}  // namespace

Result<LayerPlan> PlanLayer(const Calibration& calibration, size_t layer, const Options& options,
                            Form form, int bits) {
  LayerPlan plan;
  plan.bits = bits;
  if (bits == kFloatBits) return plan;
  const bool size_constant = options.as_cambricon && !calibration.layers[layer].sizes.empty();
  plan.input = size_constant ? calibration.sizes[layer]
                             : ChooseRange(calibration.histogram(layer), options.activations, bits,
                                           form == Form::kOnnx);
  const int axis = calibration.layers[layer].channel_axis;
  const Tensor& filter = calibration.filters[layer];
  PICABIA_ASSIGN_OR_RETURN(const std::vector<Range> ranges,
                           FilterRanges(filter, axis, options, bits));
  PICABIA_ASSIGN_OR_RETURN(QuantizedFilter quantized, QuantizeFilter(filter, axis, ranges, bits));
  plan.filter = std::move(quantized.integers);
  plan.filter_scales = std::move(quantized.scales);
  return plan;
}

Result<std::vector<LayerPlan>> PlanLayers(const Calibration& calibration, const Options& options,
                                          Form form) {
  std::vector<LayerPlan> plans;
  for (size_t i = 0; i < calibration.layers.size(); ++i) {
    PICABIA_ASSIGN_OR_RETURN(LayerPlan plan,
                             PlanLayer(calibration, i, options, form, options.bits));
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace picabia::quant
