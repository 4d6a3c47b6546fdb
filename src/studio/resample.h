// Pictures of another size, the same bits on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace picabia::studio {

// Samples of one picture, rows from the top, channels interleaved.
struct Samples {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  std::vector<float> values;
};

// Cubic convolution (Keys, a = -0.5), widened where the picture becomes smaller so that nothing
// aliases; beyond the edges there is nothing, and the weights of what is left are scaled to 1: what
// the Python imaging library calls BICUBIC. Values may go beyond the range of the input's.
Samples Resample(const Samples& from, int64_t height, int64_t width);

}  // namespace picabia::studio
