// One ConvBlock bound to a size in the int8 engine. The input is levels (levels.h) or floats; every
// strip of rows is mapped to 8-bit factors (or 16-bit ones, as two bytes), the integer products run
// over it, and their sums become levels again while they are in the cache, together with the
// statistics that the norm and the next layer's range need. A block whose output is no such thing
// (few channels, other activations) writes floats.
//
// Strips depend on the geometry alone, sums are integers or are added in a fixed order: the same
// bits for every instruction set and number of threads.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "devices/cpu/conv.h"
#include "devices/cpu/geometry.h"
#include "devices/cpu/int8_weights.h"
#include "devices/cpu/levels.h"

namespace picabia::cpu {

// Pointers are borrowed for the call; vectors have co entries. Null where the block has no such
// input.
struct Int8Inputs {
  const Activation& x;
  const float* bias = nullptr;
  const float* norm_scale = nullptr;
  const float* norm_shift = nullptr;
  const Activation* residual = nullptr;  // levels where the output is levels, else float32
};

struct StripStatistics;

// What a block makes of its sums.
enum class Int8Output {
  kFloats,
  kLevels,  // only where CanMakeLevels, and always with Winograd's weights
  kSource,  // levels that are made again when they are read; not of residuals, a batch of one
  // The same; their statistics are those of every third row, and levels beyond them are clamped.
  kSampledSource,
};

class Int8Plan : public std::enable_shared_from_this<Int8Plan> {
 public:
  // input_bits: 8 or 16.
  Int8Plan(const ops::ConvBlock& op, std::shared_ptr<const Int8Weights> weights, int input_bits,
           const Shape& x, const Shape& y);

  // Whether a block with this operator can hand levels on.
  static bool CanMakeLevels(const ops::ConvBlock& op, const ConvWeights& weights);

  // want_ranges: of float outputs.
  Result<Activation> Run(const ConvContext& context, const Int8Inputs& inputs, Int8Output output,
                         bool want_ranges) const;

  int64_t macs() const { return g_.macs; }
  const char* kernel() const;

 private:
  struct Picture;  // one picture of the batch at work
  struct Scratch;  // memory of one thread
  class Source;

  void PlanStrips();
  Result<Scratch> AllocateScratch(const ConvContext& context, const LevelSource* input,
                                  bool own_rows) const;
  void RunPicture(Picture& p, const Int8Inputs& inputs, std::vector<Scratch>& scratch,
                  ChannelRange* range, LevelScale* levels) const;
  void PrepareInput(Picture& p, const Int8Inputs& inputs, size_t n,
                    const std::vector<ChannelRange>& ranges) const;

  void Convert(const Picture& p, int64_t pixel, int64_t count, Scratch& s, int64_t at) const;
  void FillZero(const Picture& p, Scratch& s, int64_t at, int64_t pixels) const;
  void CopyPixel(const Picture& p, Scratch& s, int64_t from, int64_t to) const;
  void ConvertRepeated(const Picture& p, int64_t y, int64_t first, int64_t count, Scratch& s,
                       int64_t at) const;
  int64_t PixelAt(const Picture& p, int64_t y, int64_t x) const;
  bool CopyRowBefore(const Picture& p, int64_t y, Scratch& s, int64_t from, int64_t to) const;
  void FillRow(const Picture& p, int64_t y, Scratch& s, int64_t strip_row) const;
  int64_t InputRows(int64_t rows) const;
  void FillStrip(const Picture& p, int64_t first_row, int64_t rows, int64_t kept, Scratch& s) const;
  void ReadSource(const Picture& p, int64_t y, int64_t count, Scratch& s) const;
  int64_t KeepRows(int64_t rows, Scratch& s) const;
  int64_t RowOffset(const Scratch& s, int64_t r) const;

  void RunRows(const Picture& p, int64_t begin, int64_t end, Scratch& s,
               StripStatistics* statistics) const;
  void RunStrip(const Picture& p, int64_t strip, Scratch& s, StripStatistics* statistics) const;
  void RunStep(const Picture& p, int64_t first, int64_t rows, Scratch& s,
               StripStatistics* statistics) const;
  void DirectRow(const Picture& p, size_t phase, int64_t strip_row, int64_t y, Scratch& s,
                 StripStatistics* statistics) const;
  void ExpandedRow(const Picture& p, int64_t count, Scratch& s, float* y) const;
  struct Tiles;
  void WinogradStep(const Picture& p, int64_t first_row, int64_t rows, Scratch& s,
                    StripStatistics* statistics) const;
  void WinogradInputs(const Picture& p, const std::vector<Tiles>& tiles, Scratch& s) const;
  void WinogradProducts(const Picture& p, int64_t tiles, int64_t panel, int64_t panels,
                        Scratch& s) const;
  void WinogradOutputs(const Picture& p, const std::vector<Tiles>& tiles, int64_t first_row,
                       int64_t panel, int64_t panels, Scratch& s,
                       StripStatistics* statistics) const;

  ops::ConvBlock op_;
  std::shared_ptr<const Int8Weights> weights_;
  const ConvWeights& conv_;
  int input_bits_;
  ConvGeometry g_;
  int64_t strip_rows_ = 0;  // output cells' rows of a strip, the unit of work of a thread
  int64_t step_rows_ = 0;   // of them, those whose input is in the cache together
  int64_t strips_ = 0;
  int64_t strip_width_ = 0;   // pixels
  int64_t strip_height_ = 0;  // input rows of a step
  int64_t columns_ = 0;       // of the products, rounded up to a panel
};

}  // namespace picabia::cpu
