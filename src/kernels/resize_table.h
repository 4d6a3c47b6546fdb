// Which elements of an axis a Resize joins to each element of its output, and with which weights:
// all that its modes decide, once for each axis instead of once for each element.
#pragma once

#include <cstdint>
#include <vector>

#include "base/tensor.h"
#include "ops/ops.h"

namespace picabia::kernels {

// Element i of the output is the sum of weight[i * taps + t] * input[index[i * taps + t]]. Indices
// are in the input, whose edges count several times where weights reach beyond them.
struct ResizeAxis {
  int64_t taps = 1;
  std::vector<int64_t> index;  // -1 in all taps: op.extrapolation_value stands here
  std::vector<double> weight;  // of kNearest: all 1

  // Whether the output is the input, of `size` elements.
  bool IsIdentity(int64_t size) const;
};

// One for each axis of x. y is the shape that the shape rule gives.
std::vector<ResizeAxis> ResizeTables(const ops::Resize& op, const Shape& x, const Shape& y);

}  // namespace picabia::kernels
