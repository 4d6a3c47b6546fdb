// Where a convolution block keeps its optional inputs; both devices read them by it.
#pragma once

#include <cstddef>

#include "ops/ops.h"

namespace picabia::cpu {

// Where the inputs of a block stand behind x and the filter; 0: it has no such input.
struct BlockPlaces {
  size_t bias = 0, norm_scale = 0, norm_shift = 0, residual = 0;

  explicit BlockPlaces(const ops::ConvBlock& op) {
    size_t next = 2;
    if (op.has_bias) bias = next++;
    if (op.norm == ops::Norm::kInstance) {
      norm_scale = next++;
      norm_shift = next++;
    }
    if (op.has_residual) residual = next;
  }
};

}  // namespace picabia::cpu
