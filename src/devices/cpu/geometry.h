// Where a convolution bound to a size reads and writes; shared by the plans of all precisions.
#pragma once

#include "base/tensor.h"
#include "devices/cpu/conv_weights.h"
#include "ops/ops.h"

namespace picabia::cpu {

// A "cell" is what all phases of a transposed convolution write together (conv_weights.h), else a
// pixel. A "strip" is the padded input of some rows of cells.
struct ConvGeometry {
  // Shapes are NHWC and follow the operator's shape rule.
  ConvGeometry(const ops::ConvBlock& op, const ConvWeights& weights, const Shape& x,
               const Shape& y);

  int64_t batch = 0, in_h = 0, in_w = 0, out_h = 0, out_w = 0;
  int64_t base_h = 0, base_w = 0;  // output cells
  int64_t pad_top = 0, pad_left = 0;
  int64_t strip_width = 0;  // pixels
  int64_t macs = 0;         // of the whole batch, as a direct convolution counts them
};

// Where position i of an axis of `size` pixels comes from, or -1 for zero padding.
int64_t SourceIndex(ops::PadMode mode, int64_t i, int64_t size);

}  // namespace picabia::cpu
