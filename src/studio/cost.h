// What a program costs at a size, told from its shapes without running it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "program/program.h"

namespace picabia::studio {

// The shapes of the inputs at a picture size: free heights and widths of picture inputs become
// `height` and `width` (0: the size that the model was frozen at), a free batch 1. Nothing where
// something stays free.
std::optional<std::vector<Shape>> InputShapes(const program::Program& program, int64_t height,
                                              int64_t width);

// Elements of the constants.
int64_t Parameters(const program::Program& program);

// Multiply-adds of all convolutions, as direct ones count them.
Result<int64_t> MultiplyAdds(const program::Program& program, const std::vector<Shape>& inputs);

}  // namespace picabia::studio
