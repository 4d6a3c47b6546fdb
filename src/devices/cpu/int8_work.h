// What the files of Int8Plan share and nobody else sees: a picture at work, a thread's memory, and
// the statistics of a strip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "devices/cpu/int8_conv.h"

namespace picabia::cpu {

constexpr int64_t kTiles = 48;  // Winograd tiles at a time: their 16 products fit the cache
constexpr int64_t kGroup = 32;  // channels of their sums at a time

// Statistics of one strip's levels.
struct StripStatistics {
  std::vector<float> low, high;
  std::vector<double> mean, squares;
  int64_t pixels = 0;

  explicit StripStatistics(int64_t columns)
      : low(static_cast<size_t>(columns), std::numeric_limits<float>::max()),
        high(static_cast<size_t>(columns), std::numeric_limits<float>::lowest()),
        mean(static_cast<size_t>(columns), 0.0),
        squares(mean) {}

  // From channel c on.
  kernels::LevelStatistics View(int64_t c) {
    return {pixels, mean.data() + c, squares.data() + c, low.data() + c, high.data() + c};
  }
};

struct Int8Plan::Picture {
  explicit Picture(const ConvContext& c) : context(c) {}
  ConvContext context;
  const int16_t* levels = nullptr;      // or
  const LevelSource* source = nullptr;  // or
  int64_t repeat = 1;                   // of levels: Activation::repeat
  const float* floats = nullptr;
  LevelMapping mapping;
  InputQuantization quantization;
  Int8Input input;
  Int8Picture weights;
  std::vector<uint8_t> zero_low, zero_high;  // the zero point of each channel
  int16_t* out_levels = nullptr;             // or
  float* out_floats = nullptr;
  const float* residual = nullptr;  // of float outputs
};

struct Int8Plan::Scratch {
  std::shared_ptr<std::byte> memory;
  uint8_t *low = nullptr, *high = nullptr;  // of the strip, or
  int16_t* tile = nullptr;
  int64_t first_slot = 0;        // of the ring of rows that the strip is
  std::vector<int64_t> offsets;  // of the segments of a row
  int32_t* sums[2] = {};         // of the low and the high bytes
  uint8_t* taps = nullptr;
  // Input rows from `in_row` on, of a source.
  std::unique_ptr<LevelSource::Cache> cache;
  const int16_t* in_levels = nullptr;
  int64_t in_row = 0;
  // Where output rows go, from `out_row` on; `rows` is memory for those of a step.
  int16_t* rows = nullptr;
  int16_t* out_levels = nullptr;
  int64_t out_row = 0;
};

}  // namespace picabia::cpu
