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

// Statistics of one strip's levels, an entry a column.
struct StripStatistics {
  float *low, *high;
  double *mean, *squares;
  int64_t pixels = 0;

  // From channel c on.
  kernels::LevelStatistics View(int64_t c) const {
    return {pixels, mean + c, squares + c, low + c, high + c};
  }
};

// Those of all strips of a picture.
class PictureStatistics {
 public:
  PictureStatistics(int64_t strips, int64_t columns)
      : lows_(static_cast<size_t>(strips * columns), std::numeric_limits<float>::max()),
        highs_(lows_.size(), std::numeric_limits<float>::lowest()),
        means_(lows_.size()),
        squares_(lows_.size()) {
    for (int64_t at = 0; at < strips * columns; at += columns)
      strips_.push_back(
          {lows_.data() + at, highs_.data() + at, means_.data() + at, squares_.data() + at});
  }

  StripStatistics& Strip(int64_t i) { return strips_[static_cast<size_t>(i)]; }
  const std::vector<StripStatistics>& strips() const { return strips_; }

 private:
  std::vector<float> lows_, highs_;
  std::vector<double> means_, squares_;
  std::vector<StripStatistics> strips_;
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
  int64_t statistics_rows = 1;      // one in so many rows of cells counts
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
