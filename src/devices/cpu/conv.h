// One ConvBlock bound to a size. The picture is worked off in strips of output rows: a strip of the
// input is copied into a padded buffer (quantized on the way in integer modes), the matrix products
// run over it, and what the norm needs (sums, squares) is gathered from the rows while they are in
// the cache. Strips depend on the geometry alone, so the result does not depend on the number of
// threads.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "base/threads.h"
#include "devices/cpu/buffer_pool.h"
#include "devices/cpu/conv_weights.h"
#include "devices/cpu/geometry.h"
#include "devices/cpu/levels.h"
#include "devices/cpu/quantize.h"
#include "kernels/table.h"

namespace picabia::cpu {

enum class ConvMode {
  kFloat,
  kInteger,  // 16-bit factors, ranges of the picture
  kStatic,   // Int8Conv2D: 8-bit factors, the scales of the graph
};

struct ConvContext {
  const kernels::KernelTable& kernels;
  ThreadPool& threads;
  BufferPool& pool;
};

// Pointers are borrowed for the call; vectors have co entries. Null where the block has no such
// input.
struct ConvInputs {
  const Activation& x;
  const float* bias = nullptr;
  const float* norm_scale = nullptr;
  const float* norm_shift = nullptr;
  const float* residual = nullptr;
};

class ConvPlan {
 public:
  // Shapes are NHWC and follow the operator's shape rule.
  ConvPlan(const ops::ConvBlock& op, std::shared_ptr<const ConvWeights> weights, ConvMode mode,
           const Shape& x, const Shape& y);

  // want_ranges: fill the output's ranges for a consumer that quantizes.
  Result<Activation> Run(const ConvContext& context, const ConvInputs& inputs,
                         bool want_ranges) const;

  int64_t macs() const { return g_.macs; }

 private:
  struct Picture;  // one picture of the batch at work
  struct Scratch;  // memory of one thread
  struct Row;

  void Plan();
  Result<std::vector<Scratch>> AllocateScratch(const ConvContext& context) const;
  void PrepareIntegers(Picture& p, const ChannelRange& range) const;
  void RunPicture(Picture& p, const ConvInputs& inputs, std::vector<Scratch>& scratch,
                  ChannelRange* range) const;

  void RunStrip(const Picture& p, int64_t strip, Scratch& s) const;
  void FillStrip(const Picture& p, int64_t first_row, int64_t rows, Scratch& s) const;
  void FillRow(const Picture& p, int64_t y, Scratch& s, int64_t strip_row) const;
  void FillPadding(const Picture& p, Scratch& s, int64_t at, int64_t pixels) const;
  void Convert(const Picture& p, const float* x, int64_t pixels, Scratch& s, int64_t at) const;
  void Spread(const uint8_t* from, int64_t pixels, uint8_t* to) const;
  void FloatRow(const Picture& p, size_t phase_index, const Row& row, Scratch& s) const;
  void IntegerRow(const Picture& p, size_t phase_index, const Row& row, Scratch& s) const;
  void SumColumns(const int32_t* sums, int64_t count, int32_t* out) const;

  std::pair<int64_t, int64_t> OutputRows(int64_t strip) const;

  ops::ConvBlock op_;
  std::shared_ptr<const ConvWeights> weights_;
  ConvMode mode_;

  ConvGeometry g_;
  int64_t pixel_ = 0;       // elements of a strip pixel: ci, rounded up to 4 in integer modes
  int64_t strip_rows_ = 0;  // output cells' rows of a strip
  int64_t strips_ = 0;
  int64_t columns_ = 0;                        // GEMM columns rounded up to a panel
  std::vector<std::vector<int64_t>> offsets_;  // segment offsets of each phase, in strip elements
};

// Ranges of every channel of each picture of `x` [N,H,W,C].
std::vector<ChannelRange> MeasureRanges(const ConvContext& context, const Tensor& x);

}  // namespace picabia::cpu
