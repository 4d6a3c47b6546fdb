// Resizing that repeats pixels. Called by the passes and by device cpu.
#pragma once

#include <cstdint>
#include <optional>

#include "ops/ops.h"

namespace picabia::ops {

// The factor >= 2 by which a Resize of [N,H,W,C] repeats each pixel in height and width, if that is
// all it does, for every size.
std::optional<int64_t> RepeatFactor(const Resize& op);

}  // namespace picabia::ops
