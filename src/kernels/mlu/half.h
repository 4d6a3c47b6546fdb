// The contracts of the kernels of device mlu, which are members of KernelTable: rows of halves,
// with the rounding of kernels/mlu/numerics.h after each operation. Same bits in every table.
//
// Row kernels walk `count` elements with parameters of `period` entries that repeat; `period` is a
// multiple of 16, and of the channels. Halves are finite.
#pragma once

#include <cstdint>

namespace picabia::kernels {

// One row of pixels of sums of products to halves: SumToHalf(sum, divisor[c]), where the sum is
//   low - correction                                    |.| < 2^31      (high and middle null), or
//   high * 65536 + middle * 256 + low - correction      |.| < 2^53
struct SumsToHalf {
  const int32_t *high, *middle, *low;
  int64_t stride;            // int32 between pixels, >= channels rounded up to 16
  const double* correction;  // [channels rounded up to 16], integers
  const double* divisor;     // the same, not 0
  uint16_t* y;               // pixel p, channel c at y[p * y_stride + c]
  int64_t y_stride;
  int64_t pixels, channels;
};

// A norm and what follows it, in place:
//   y = RoundHalf(activation2(RoundHalf(activation(Normalize(y))) + residual))
// where relu and relu2 say whether the activations are max(., 0) or nothing.
struct HalfNorm {
  uint16_t* y;
  const uint16_t* residual;  // or null
  int64_t count, period;
  const float *mean, *deviation, *scale, *shift;  // halves
  bool relu, relu2;
};

// Halves to the factors of a product: Quantize(x, scale, -128, 127) + 128, or, with `high`, the two
// bytes of Quantize(x, scale, -32768, 32767) + 32768.
struct HalfQuantize {
  const uint16_t* x;
  int64_t count;
  float scale;
  uint8_t *low, *high;
};

struct MluKernels {
  void (*sums_to_half)(const SumsToHalf& s);
  // sums[j] += x; exact as long as the sums are below 2^29.
  void (*sum)(const uint16_t* x, int64_t count, int64_t period, double* sums);
  // sums[j] += SquaredDifference(x, mean[j]).
  void (*sum_squares)(const uint16_t* x, int64_t count, int64_t period, const float* mean,
                      double* sums);
  // means[c] = Mean(sums[c], count) of `channels` sums.
  void (*mean)(const double* sums, int64_t channels, int64_t count, float* means);
  void (*normalize)(const HalfNorm& n);
  void (*quantize)(const HalfQuantize& q);
  // y = RoundHalf(y), in place; ToHalf(x); and exactly back.
  void (*round)(float* y, int64_t count);
  void (*to_half)(const float* x, int64_t count, uint16_t* y);
  void (*to_float)(const uint16_t* x, int64_t count, float* y);
};

}  // namespace picabia::kernels
