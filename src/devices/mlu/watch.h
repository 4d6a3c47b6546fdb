// Looks for means over a picture whose sums saturate on the card, and says by how much they are
// wrong. Plain loops over values that the device is about to reduce; used where somebody asks.
#pragma once

#include <string>
#include <vector>

#include "base/tensor.h"
#include "devices/mlu/device.h"

namespace picabia::mlu {

// The mean of halves, as floats, over sorted `axes`: an entry where a sum saturates.
void WatchMean(const std::string& node, const std::string& what, const Tensor& x,
               const std::vector<int64_t>& axes, std::vector<SaturatedMean>& found);

// Mean and variance of an instance norm of halves [N,H,W,C].
void WatchNorm(const std::string& node, const Tensor& halves, std::vector<SaturatedMean>& found);

}  // namespace picabia::mlu
