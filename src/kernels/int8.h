// The contracts of the kernels of the int8 engine (src/devices/cpu/int8_conv.h), which are members
// of KernelTable. All integers; the float steps are elementwise, in a fixed order: same bits in
// every table.
#pragma once

#include <cstdint>

namespace picabia::kernels {

// 16-bit levels to the factors of a product, per channel:
//   t = max(clamp(level, least, most) * factor + offset, floor)     modulo 2^16; the caller sees to
//                                                                   it that t fits
//   map8:  q = clamp(((t * gain + 2^14) >> 15) + zero, 0, 255)
//   tile:  d = ((t * gain + 2^14) >> 15) + zero
//   map16: q = the same as unsigned 16 bits, in two bytes
struct LevelRow {
  const int16_t* levels;
  int64_t count;
  int64_t period;  // entries of the parameters below, which repeat: a multiple of the channels
  // [period rounded up to 32]; gain >= 0.
  const int16_t *factor, *offset, *floor, *gain, *zero;
  const int16_t *least, *most;  // null: no clamp
};

// Mean and sum of squared distances from it of each channel's levels so far, and their range; a
// kernel adds its pixels. Some pixels at a time are summed in floats about one of their own, which
// loses nothing that matters however far the levels lie from zero or from each other; the parts are
// joined in doubles (Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for
// Computing Sample Variances", 1979). Arrays have the channels rounded up to 16.
struct LevelStatistics {
  int64_t count;           // pixels before
  double *mean, *squares;  // null: no statistics are wanted
  float *low, *high;
};

// int32 sums of products to levels or floats, per channel c:
//   v = low * scale + offset (+ high * high_scale)
//   level = round_half_even(v), which the caller has made to fit 16 bits or finds not to in `high`
//   and `low`
struct Requantize {
  const int32_t* low;
  const int32_t* high;                       // of the high bytes of 16-bit factors, or null
  int64_t stride;                            // int32 between pixels, >= channels rounded up to 16
  const float *scale, *high_scale, *offset;  // [channels rounded up to 16]
  int16_t* levels;                           // pixel p, channel c at levels[p * y_stride + c]
  float* floats;                             // the same for requantize_float
  int64_t y_stride;
  int64_t pixels, channels;
  LevelStatistics statistics;  // of levels
};

// Each output of an expanded product: the sum of its columns over `taps` neighbouring pixels, then
// as Requantize. Four outputs at most; tap k's columns begin k * outputs behind the first's.
struct ColumnSums {
  const int32_t *low, *high;
  int64_t stride, taps, step;                // step: pixels between the taps
  int64_t outputs;                           // of the convolution
  const float *scale, *high_scale, *offset;  // [4]
  float* y;                                  // pixel p at y[p * y_stride]
  int64_t y_stride;
  int64_t pixels, channels;  // channels: how many of the four are written
};

// value = max(level * scale + offset, floor), per channel.
struct LevelTerm {
  const int16_t* levels;
  const float *scale, *offset, *floor;  // [period]
};

// out = round_half_even(clamp(a + b, -32767, 32767)), and its range per entry of the period.
struct LevelSum {
  LevelTerm a, b;
  int64_t count, period;  // a multiple of 16 that divides count
  int16_t* out;           // may be a.levels or b.levels
  float *low, *high;      // [period]; updated
};

constexpr int kWinogradShift = 6;         // from differences of 12-bit levels to 8 bits
constexpr int kWinogradLevels = 64 * 63;  // 2 * 4032 >> 6 = 126, and 4 * 4032 >> 6 = 252
constexpr int kWinogradZero = 127;        // of all taps but the one that only adds
constexpr int kWinogradSumTap = 5;        // that one: row 1, column 1

// A row of tiles: tile t covers pixels 2t .. 2t + 3 of four rows.
struct WinogradInput {
  const int16_t* rows[4];  // |differences| <= 2 * kWinogradLevels
  int64_t pixel_stride;    // int16 between pixels
  int64_t channels;        // a multiple of 32
  int64_t tiles;
  const int16_t* sum_zero;  // [channels]: zero points of tap kWinogradSumTap
  uint8_t* taps;            // [16][tiles][channels], tap_stride bytes between taps
  int64_t tap_stride;
};

// The sums of a row of tiles to two rows of levels:
//   level = round_half_even(sum over taps of A' (sum * scale) A + offset), as above
// where A' comes first (the columns of a tile), and each sum is made from left to right.
struct WinogradOutput {
  const int32_t* sums;  // [16][tiles][tile_stride]
  int64_t tap_stride;   // int32 between taps
  int64_t tile_stride;  // int32 between tiles, >= channels rounded up to 16
  const float* scale;   // [16][columns]
  const float* offset;  // [4][columns]: of the four outputs of a tile
  int64_t columns;
  int16_t* rows[2];      // [width][pixel_stride]; null where the picture ends
  int64_t pixel_stride;  // int16 between pixels
  int64_t width;         // pixels: 2 * tiles, or one less
  int64_t tiles, channels;
  LevelStatistics statistics;
};

// A run of `length` rows of a panel of 16 weights (16-bit, each column with a scale that the caller
// keeps), and what its inputs are.
struct PanelRun {
  const int16_t* weights;  // [length][16]
  const float* scale;      // [length]: of the input
  // Only for panel_quantize, [length rounded up to a quad]: zero point of the input and the largest
  // (q - zero), as their low and high bytes; the latter are null where no number needs them.
  // length <= 128, and length * 127 * (above + zero) < 2^31.
  const uint8_t *zero[2], *above[2];
  int64_t length;
};

struct PanelSums {
  double squares[16];     // of v * v
  double correction[16];  // of v * zero
  double high[16];        // the largest sum of v * (q - zero) that any input makes
  double low[16];
};

}  // namespace picabia::kernels
