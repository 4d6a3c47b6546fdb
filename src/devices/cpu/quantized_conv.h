// QuantizedConv2D on the cpu: bytes in, exact 32-bit sums, the tail while they are in the cache.
// The picture is worked off in strips of output rows: a strip of the input with its padding is
// copied (as uint8; int8 moves up by 128), then each group of channels is a matrix product over it,
// or, where each channel stands alone, a row of depthwise sums. Called by device.cc.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "devices/cpu/conv.h"
#include "ops/ops.h"

namespace picabia::cpu {

// A filter in the order of the kernels. Made once a session.
struct QuantizedFilter {
  int64_t kernel_h = 0, kernel_w = 0;
  int64_t groups = 1, ci = 0, co = 0;  // channels of one group
  int64_t quad = 0;                    // ci rounded up to what one dot product takes
  int64_t columns = 0;                 // co rounded up to a panel
  bool depthwise = false;              // one channel a group in and out
  std::vector<int8_t> panels;          // of each group [columns/16][taps * quad / 4][16][4]
  std::vector<int32_t> taps;           // depthwise: [taps][channels]
  std::vector<int32_t> sums;           // of the weights of each output channel
};

// `filter` int8 [KH,KW,C/groups,M].
std::shared_ptr<const QuantizedFilter> MakeQuantizedFilter(const ops::QuantizedConv2D& op,
                                                           const Tensor& filter);

// Whether a strip of this geometry is of a sane size; if not, the caller uses the reference.
bool QuantizedConvFits(const ops::QuantizedConv2D& op, const Shape& filter, const Shape& output);

// `output`: the shape rule's. x, scale and bias are the operator's inputs 0, 2 and 3.
Result<Tensor> RunQuantizedConv(const ConvContext& context, const ops::QuantizedConv2D& op,
                                const QuantizedFilter& filter, const Tensor& x, const Tensor& scale,
                                const Tensor& bias, const Shape& output);

}  // namespace picabia::cpu
