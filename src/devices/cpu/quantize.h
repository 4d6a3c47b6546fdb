// Integer arithmetic of one convolution for one picture: the input's scale and zero point per
// channel from the range that the picture really has, and the weights, with those scales folded in,
// requantized per output channel.
//
//   x_c = s_c * (q_c - z_c)           q_c in 0..255 (or 0..65535), z_c an integer, so that padding
//   with zeros is exact w'_{o,k,c} = w_{o,k,c} * s_c = t_o * v_{o,k,c}   v in -127..127 (or
//   -32639..32639) y_o = t_o * (sum of v * q  -  sum of v * z)
#pragma once

#include <cstdint>
#include <vector>

#include "base/threads.h"
#include "devices/cpu/conv_weights.h"

namespace picabia::cpu {

// Smallest and largest value of each channel of one picture. Empty: not known.
struct ChannelRange {
  std::vector<float> low;
  std::vector<float> high;
  std::vector<float> deviation;  // standard deviation, or an upper bound of it; empty: not known
  // Every value is a multiple of it, as in decoded pictures: 1, 1/255, or 0 for neither.
  float grid = 0;

  // Whether 8 bits hold every value exactly.
  bool OnGrid() const;
};

// The parameters of kernels::QuantizeRow, repeated to `period` entries (a multiple of the
// channels).
struct InputQuantization {
  int64_t channels = 0;
  int64_t period = 0;
  std::vector<float> scale, inverse_scale, low, high;
  std::vector<int32_t> zero;
};

// How much each input channel counts in the products that read it, the weights of every output
// taken relative to the largest of them: root mean squares over the outputs.
struct InputWeights {
  std::vector<float> largest;  // of the channel's largest weight of all taps
  std::vector<float> mean;     // of all its weights
  // What the rounding of a weight meets, in deviations of its channel. An instance norm takes away
  // what the channel's mean adds to every output alike; without one it counts, too: about as much.
  double spread = 1;
};

// What a step of each channel's factors should be worth, for the least noise that is expected of
// the roundings; never less than `finest`. `width`: what the channels vary by; `deviation`: empty
// where it is not known.
std::vector<double> StepsFor(const std::vector<double>& finest, const std::vector<double>& width,
                             const std::vector<double>& deviation, const InputWeights& weights);

// From the picture's ranges. Ranges are widened to hold 0. `weights`: of the convolution that reads
// the factors, whose weights have 8 bits; null: every channel gets all the levels that there are.
InputQuantization QuantizationFor(const ChannelRange& range, int bits,
                                  const InputWeights* weights = nullptr);
// Floats to the 12-bit levels of Winograd's tiles, about zero.
InputQuantization TileQuantization(const ChannelRange& range);
// The static rule of Int8Conv2D: q = clamp(round(x * input_scale), -128, 127) + 128, one scale for
// all channels.
InputQuantization StaticQuantization(int64_t channels, float input_scale);

// How many entries a row kernel's repeated parameters should have: few channels are repeated so
// that whole vectors are used.
int64_t RowPeriod(int64_t channels);

// Weights of one phase for one picture.
struct QuantizedPhase {
  // [blocks][segments][segment bytes/4][16][4], segment bytes = taps * RoundUp(ci, 4); low only for
  // 16-bit weights.
  std::vector<int8_t> high, low;
  std::vector<double> scale;       // t_o per column
  std::vector<double> correction;  // sum of v * z per column
};

// `static_weights`: the panels hold int8 values already (t = 1).
void QuantizeWeights(const ConvWeights& weights, const InputQuantization& input,
                     bool static_weights, ThreadPool& threads, std::vector<QuantizedPhase>& phases);

}  // namespace picabia::cpu
