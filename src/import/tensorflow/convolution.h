// What float and integer convolutions share. Called by convolution.cc and integer_convolution.cc.
#pragma once

#include <array>

#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

// A filter is of `dtype`, of rank 4 and without NaN.
Status CheckFilter(const NodeContext& context, ir::ValueId filter, DType dtype);

// What the size constant of a transposed convolution adds to the strides: one pair for SAME, the
// other for the rest.
struct SizeCorrection {
  std::array<int64_t, 2> output_pads{0, 0};
  std::array<int64_t, 2> output_shrink{0, 0};
};
// Nothing to correct where the size is computed in the graph, or the frozen size is not known.
Result<SizeCorrection> ReadInputSizes(NodeContext& context, Layout layout,
                                      const ops::Window& window);

}  // namespace picabia::import::tensorflow
