// How activations travel between integer convolutions: as 16-bit levels, before their norm and
// activation, which the reader applies while it makes its own 8-bit factors. So a layer is written
// once and read once, and the exact range of every channel is known before it is quantized.
//
//   value = act(level * scale + offset)      act: max(., 0), or nothing
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/tensor.h"
#include "devices/cpu/quantize.h"
#include "kernels/table.h"

namespace picabia::cpu {

// The levels of one picture, per channel.
struct LevelScale {
  std::vector<double> scale, offset;
  std::vector<int32_t> low, high;  // smallest and largest level
  std::vector<double> deviation;   // of the values, before the activation; empty: not known
  bool relu = false;
  bool clamped = false;  // levels beyond `low` and `high` may come, and mean these
  double noise = 0;  // expected share of rounding noise in the variance of the normalised values

  double Value(size_t c, int32_t level) const;  // after the activation
};

// Levels that are not kept but made again, some rows at a time, whenever they are read: for
// pictures whose layers would need more memory than the products take time. Used from several
// threads.
class LevelSource {
 public:
  // Rows made last, and the maker's scratch, of one thread.
  class Cache {
   public:
    virtual ~Cache() = default;
  };
  virtual ~LevelSource() = default;
  virtual Result<std::unique_ptr<Cache>> MakeCache() const = 0;
  // `count` rows from `first` on; valid until the next call with the same cache.
  virtual const int16_t* Rows(int64_t first, int64_t count, Cache& cache) const = 0;
};

// A tensor on its way between steps, with what its producer learned about it.
struct Activation {
  // float32, or int16 where `levels` is there; without data where `source` is there.
  Tensor tensor;
  std::shared_ptr<const LevelSource> source;  // of a batch of one
  std::vector<ChannelRange> ranges;           // of float32: one a picture of the batch, or empty
  std::vector<LevelScale> levels;             // one a picture of the batch
  // Each pixel of levels stands `repeat` times in a row, each row as often: upsampling that only
  // the reader does.
  int64_t repeat = 1;
  std::optional<Tensor> values;  // levels as floats, where a reader has asked for them

  static Activation Floats(Tensor tensor, std::vector<ChannelRange> ranges);

  Shape shape() const;  // with the repetitions
  // Of float32, or of levels whose values are there.
  const Tensor& floats() const { return values ? *values : tensor; }
};

// Smallest and largest value of each channel.
ChannelRange RangeOf(const LevelScale& levels);

// What the levels become: q - zero, times scale, is the value.
struct InputFactors {
  std::vector<double> scale;
  std::vector<int32_t> zero;
  std::vector<int32_t> most;  // the largest q that occurs
};

enum class FactorKind {
  kByte,  // 0..255
  kWord,  // 0..65535
  kTile,  // 12 bits about 0, for Winograd's transform
};
int32_t FactorLevels(FactorKind kind);

// The parameters of kernels::LevelRow for one picture, repeated to `period` entries.
struct LevelMapping {
  int64_t period = 0;
  std::vector<int16_t> factor, offset, floor, gain, zero;
  std::vector<int16_t> least, most;  // empty: no clamp
  InputFactors input;

  kernels::LevelRow Row(const int16_t* levels, int64_t count) const {
    const bool clamps = !least.empty();
    return {levels,
            count,
            period,
            factor.data(),
            offset.data(),
            floor.data(),
            gain.data(),
            zero.data(),
            clamps ? least.data() : nullptr,
            clamps ? most.data() : nullptr};
  }
};

// `weights`: of the convolution that reads the factors; null: every channel gets all the levels
// that the kind has.
void MapLevels(const LevelScale& levels, FactorKind kind, const InputWeights* weights,
               LevelMapping& mapping);

// How often per-channel parameters of the level kernels repeat.
int64_t LevelPeriod(int64_t channels);

// Levels as float32, for readers that want values. `context` supplies kernels, threads and memory.
struct ConvContext;
Result<Tensor> ValuesOf(const ConvContext& context, const Activation& activation);

// Float32 as levels, for a residual that was not made as levels.
Result<Activation> LevelsOf(const ConvContext& context, const Activation& activation);

// The sum of two pictures of levels, after their norms and activations, in the place of `y`.
LevelScale AddLevels(const ConvContext& context, int16_t* y, const LevelScale& y_scale,
                     const int16_t* residual, const LevelScale& residual_scale, int64_t pixels);

}  // namespace picabia::cpu
