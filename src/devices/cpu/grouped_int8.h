// Convolutions in groups (depthwise ones among them) and convolutions with a computed filter in
// integers: the picture in 8 bits by its own range, channel by channel, the weights requantized
// with those scales folded in, as in int8_weights.h, and the products of quantized_conv.h.
// Depthwise sums are of 16-bit weights. Called by device.cc.
#pragma once

#include "base/status.h"
#include "devices/cpu/conv.h"

namespace picabia::cpu {

// Whether int32 sums cannot overflow and a strip is of a sane size; if not, the step runs in float.
bool GroupedInt8Fits(const ops::Conv2D& op, const Shape& filter, const Shape& output);

// `inputs`: x, filter, [bias], float32. `ranges`: of each picture of x, or empty. `wide`: 16-bit
// factors.
Result<Tensor> RunGroupedInt8(const ConvContext& context, const ops::Conv2D& op,
                              const std::vector<Tensor>& inputs,
                              const std::vector<ChannelRange>& ranges, bool wide,
                              const Shape& output);

const char* GroupedInt8Kernel(const ops::Conv2D& op, const Shape& filter, bool wide);

}  // namespace picabia::cpu
