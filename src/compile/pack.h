// Constants of the graph into constants of the program. Called by the lowering only.
#pragma once

#include "base/status.h"
#include "base/tensor.h"
#include "program/program.h"

namespace picabia::compile {

// Float tensors whose every element is a half are stored as halves.
Result<program::Constant> PackPlain(int32_t value, const Tensor& tensor);
// A filter, HWIO or (transposed) HWOI, float, int8 or int16, as blocks of 16 output channels.
Result<program::Constant> PackFilter(int32_t value, const Tensor& filter, bool transposed);

}  // namespace picabia::compile
