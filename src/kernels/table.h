// The table of fast kernels of one instruction set. devices/cpu picks a table once, when it plans;
// nothing chooses inside a loop. Every integer kernel gives the same bits in every table; float
// kernels marked "same bits" do too.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "kernels/int8.h"
#include "kernels/mlu/half.h"
#include "kernels/power/power.h"
#include "kernels/quantized.h"
#include "ops/ops.h"

namespace picabia::kernels {

constexpr int kPanel =
    16;  // output channels of a weight panel: one AVX-512 register of floats or int32
constexpr int kQuad = 4;  // products that one dot-product instruction sums (VPDPBUSD)

// One row of output pixels of a convolution as a matrix product. The row of `A` for pixel p is made
// of `num_segments` runs of `segment_length` elements that begin at a + p * pixel_stride +
// segments[s]: a run is a row of the kernel's window, which is contiguous in a padded NHWC picture.
// K = num_segments * segment_length.
struct GemmF32 {
  const float* a;
  int64_t pixel_stride;
  const int64_t* segments;
  int64_t num_segments;
  int64_t segment_length;
  const float* b;     // [ceil(channels/16)][K][16]
  const float* bias;  // [channels rounded up to 16]
  float* c;           // pixel p, channel m at c[p * c_stride + m]
  int64_t c_stride;
  int64_t pixels;
  int64_t channels;
};

// The same on 8-bit integers, without bias: uint8 pixels times int8 weights into int32. Strides and
// lengths are in bytes, segment_length a multiple of 4. Up to
// 64 bytes behind a segment are read, too. Exact when K * 255 * 128 < 2^31, that is K
// <= 65,793: callers check.
struct GemmInt8 {
  const uint8_t* a;
  int64_t pixel_stride;
  const int64_t* segments;
  int64_t num_segments;
  int64_t segment_length;
  const int8_t* b;  // [ceil(channels/16)][K/4][16][4]
  int32_t* c;  // pixel p, channel m at c[p * c_stride + m]; channels rounded up to 16 are written
  int64_t c_stride;
  int64_t pixels;
  int64_t channels;
};

// Row kernels walk `count` elements with per-channel parameters of `period` entries that repeat:
// period is the number of channels, or a multiple of it when that is small.
struct QuantizeRow {
  const float* x;
  int64_t count;
  int64_t period;
  // q = round_half_even(min(max(x * inverse_scale, low), high)) + zero, all per channel; low, high
  // and zero are integers with low + zero = 0 and high + zero = 255 (or 65535). NaN quantizes as
  // `low`.
  const float* inverse_scale;
  const float* low;
  const float* high;
  const int32_t* zero;
};

// y = (sum of the planes - correction) * scale + bias for one row of pixels with int32 sums; with
// `divisor` != 0 it is float(sum - correction) / divisor + bias, the rule of Int8Conv2D.
struct DequantizeRow {
  // Sums of products of (high, high), (high, low) + (low, high), and (low, low) bytes; the value is
  // high * 65536 + middle * 256 + low, less `correction`. high and middle may be null.
  const int32_t* high;
  const int32_t* middle;
  const int32_t* low;
  int64_t sum_stride;        // int32 between pixels
  const double* correction;  // [channels]: what the zero points of the input add
  const double* scale;       // [channels]
  float divisor;
  const float* bias;  // [channels]
  float* y;
  int64_t y_stride;
  int64_t pixels;
  int64_t channels;
};

// The parameters of an instance norm of one picture, `period` entries each, or null.
struct Affine {
  const float* center = nullptr;
  const float* scale = nullptr;
  const float* shift = nullptr;
};

// One output pixel of a depthwise convolution: sums over the taps that lie inside the picture.
struct DepthwisePixel {
  const float* const* x;        // [taps]: the input pixel under each tap
  const float* const* weights;  // [taps]: its weights, [channels]
  int64_t taps;
  const float* bias;  // [channels], or null
  float* y;           // [channels]
  int64_t channels;
};

struct KernelTable {
  Isa isa;
  // gemm_int8 takes this many bytes of a segment at a time: see SegmentBytes. A segment may be
  // rounded up with zero weights.
  int64_t int8_step;
  void (*gemm_f32)(const GemmF32& g);
  void (*gemm_int8)(const GemmInt8& g);
  // The same for `count` products that differ in a, b and c alone.
  void (*gemm_int8_batch)(const GemmInt8* g, int64_t count);
  // gemm_int8, then requantize to levels: of the sums, r.low is g.c and r.stride g.c_stride; what
  // is left in g.c is undefined.
  void (*gemm_levels)(const GemmInt8& g, const Requantize& r);
  // To be called on the same thread after the last of some products, before other code runs there.
  void (*int8_done)();

  // All below: same bits in every table.
  // y = activation((y - center[c]) * scale[c] + shift[c]); null pointers: activation only. The
  // center comes off first so that a channel which is constant gives its shift exactly, however
  // small its deviation.
  void (*affine)(float* y, int64_t count, int64_t period, const Affine& parameters,
                 ops::Activation activation, float alpha);
  // y = y * scale + shift.
  void (*scale_shift)(float* y, int64_t count, float scale, float shift);
  // y += x.
  void (*add)(float* y, const float* x, int64_t count);
  // sums[c] += x, squares[c] += x * x in order of the pixels.
  void (*statistics)(const float* x, int64_t count, int64_t period, double* sums, double* squares);
  // low[c] = min(low[c], x), high[c] = max(high[c], x). NaN is passed over.
  void (*range)(const float* x, int64_t count, int64_t period, float* low, float* high);
  void (*quantize8)(const QuantizeRow& row, uint8_t* q);
  void (*quantize16)(const QuantizeRow& row, uint8_t* high, uint8_t* low);
  void (*dequantize)(const DequantizeRow& row);
  // y = bias + x[0] * weights[0] + x[1] * weights[1] + ... in this order.
  void (*depthwise)(const DepthwisePixel& pixel);
  // y = 1 / (1 + exp(-x)), absolute error below 2e-7.
  void (*sigmoid)(float* y, const float* x, int64_t count);
  // kernels/power/power.h
  void (*power)(const PowerRow& row);
  // As quantize8, for the tiles of Winograd's transform: no clamp but low and high.
  void (*quantize_tile)(const QuantizeRow& row, int16_t* d);

  // kernels/int8.h
  void (*map8)(const LevelRow& row, uint8_t* q);
  void (*map16)(const LevelRow& row, uint8_t* high, uint8_t* low);
  void (*map_tile)(const LevelRow& row, int16_t* d);
  void (*requantize)(const Requantize& r);
  void (*requantize_float)(const Requantize& r);
  void (*sum_columns)(const ColumnSums& s);
  void (*add_levels)(const LevelSum& s);
  void (*levels_to_float)(const LevelTerm& t, int64_t count, int64_t period, float* y);
  void (*winograd_input)(const WinogradInput& w);
  void (*winograd_output)(const WinogradOutput& w);
  void (*panel_largest)(const PanelRun& run, float* largest);
  void (*panel_quantize)(const PanelRun& run, const float* inverse, int8_t* out, PanelSums* sums);
  QuantizedKernels quantized;
  MluKernels mlu;
};

// Bytes of a segment of `length` factors as gemm_int8 is fastest on it: as many equal steps as it
// takes, each of whole quads. What is added has zero weights.
int64_t SegmentBytes(const KernelTable& kernels, int64_t length);

// The kernels of `isa`, which this build must have (base/cpu.h never selects another).
const KernelTable& KernelsFor(Isa isa);

}  // namespace picabia::kernels
