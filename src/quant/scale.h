// Scales: how a range of numbers becomes integers. Called by the planner and the writers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/tensor.h"
#include "quant/model.h"

namespace picabia::quant {

// Cambricon's symmetric rule, integer = round_half_even(x * scale): the end of the range that is
// farther from zero becomes the last integer of its side, 127 or -128 (32767 or -32768). 1 for a
// range of nothing but zero. Computed in float, as the original does.
float SymmetricScale(const Range& range, int bits);

// ONNX's unsigned affine rule, integer = round_half_even(x / scale) + zero: the range, made to
// include zero, becomes 0..255 (0..65535).
struct AffineScale {
  float scale = 1;
  int32_t zero = 0;
};
AffineScale AffineScaleOf(const Range& range, int bits);

// The step between neighbouring levels of SymmetricScale() or AffineScaleOf().
float StepOf(const Range& range, int bits, bool affine);

struct QuantizedFilter {
  Tensor integers;            // int8 or int16
  std::vector<float> scales;  // one, or one an output channel
};
// A float filter by SymmetricScale() of `ranges`: one, or one an index of `axis`. Saturates where a
// range is narrower than the weights.
Result<QuantizedFilter> QuantizeFilter(const Tensor& filter, int axis,
                                       const std::vector<Range>& ranges, int bits);

}  // namespace picabia::quant
