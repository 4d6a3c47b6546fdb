// The part of the kernel table (kernels/table.h) that works between quantizations: the tails of
// QuantizedConv2D, and rows of bytes to floats and back. The same bits in every table.
#pragma once

#include <cstdint>

#include "base/tensor.h"
#include "ops/ops.h"

namespace picabia::kernels {

// What becomes of the int32 sums of a convolution, as QuantizedConv2D (ops/ops.h) says:
//   v = min(max(float(sum - correction) * scale + bias, low), high)
struct QuantizedTail {
  const int32_t* sums;
  int64_t sum_stride;         // int32 between pixels
  const int32_t* correction;  // [channels]: what the zero point of x adds
  const float* scale;         // [channels]
  const float* bias;          // [channels]
  float low, high;
  DType to;  // kF32, kI8 or kU8
  int32_t zero;
  void* y;           // of type `to`
  int64_t y_stride;  // elements
  int64_t pixels;
  int64_t channels;
};

// A row of a depthwise convolution: sums[p][c] = sum over taps of x[p * pixel_stride + offsets[t] +
// c] * weights[t][c].
struct QuantizedDepthwise {
  const uint8_t* x;
  int64_t pixel_stride;
  const int64_t* offsets;  // [taps]
  const int32_t* weights;  // [taps][channels]
  int64_t taps;
  int32_t* sums;
  int64_t sum_stride;
  int64_t pixels;
  int64_t channels;
};

// How a row of bytes stands for floats: (q - zero) * scale.
struct Quantization {
  float scale;
  int32_t zero;
  bool is_signed;  // int8, else uint8
};

struct QuantizedKernels {
  // to = from ^ flip: int8 and uint8 into each other for 128.
  void (*flip)(const uint8_t* from, int64_t count, uint8_t flip, uint8_t* to);
  void (*tail)(const QuantizedTail& tail);
  void (*depthwise)(const QuantizedDepthwise& row);
  void (*to_float)(const uint8_t* q, int64_t count, const Quantization& from, float* y);
  // round_half_even(x / scale) + zero, saturated; NaN is the lowest.
  void (*to_bytes)(const float* x, int64_t count, const Quantization& to, uint8_t* q);
  // a = kind(a, b), of the kinds of QuantizedBinary.
  void (*combine)(ops::BinaryKind kind, const float* a, const float* b, int64_t count, float* y);
  // y = min(max(y, low), high); NaN stays.
  void (*bound)(float* y, int64_t count, float low, float high);
};

}  // namespace picabia::kernels
