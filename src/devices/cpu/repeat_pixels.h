// A row of pixels repeated within its own memory: upsampling while a strip is filled
// (int8_strips.cc).
#pragma once

#include <cstdint>

namespace picabia::cpu {

// Pixel i of `count` becomes pixel (first + i) / times - first / times of those that begin at
// `from` and end where the row ends.
void SpreadPixels(uint8_t* row, int64_t from, int64_t first, int64_t count, int64_t times,
                  int64_t bytes);

}  // namespace picabia::cpu
