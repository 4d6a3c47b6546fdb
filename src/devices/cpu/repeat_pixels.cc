// Copies of pixels of the sizes that networks have.
#include "devices/cpu/repeat_pixels.h"

#include <cstring>

namespace picabia::cpu {
namespace {

// As declared, of pixels of kBytes bytes, or of `bytes` where that is 0. Pixel i becomes pixel
// (first + i) / times of those that begin at `from`, which end where the row ends: none is
// overwritten before it has been read.
template <int64_t kBytes>
void Spread(uint8_t* row, int64_t from, int64_t first, int64_t count, int64_t times,
            int64_t bytes) {
  const int64_t size = kBytes > 0 ? kBytes : bytes, skipped = first / times;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t source = from + (first + i) / times - skipped;
    std::memmove(row + i * size, row + source * size, static_cast<size_t>(size));
  }
}

}  // namespace

void SpreadPixels(uint8_t* row, int64_t from, int64_t first, int64_t count, int64_t times,
                  int64_t bytes) {
  switch (bytes) {
    case 8:
      return Spread<8>(row, from, first, count, times, bytes);
    case 16:
      return Spread<16>(row, from, first, count, times, bytes);
    case 32:
      return Spread<32>(row, from, first, count, times, bytes);
    case 64:
      return Spread<64>(row, from, first, count, times, bytes);
    default:
      return Spread<0>(row, from, first, count, times, bytes);
  }
}

}  // namespace picabia::cpu
