// Integer convolutions of device mlu: the quantized input as a padded picture of bytes, on which
// the products run where they stand, and rows of halves as their result.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "devices/cpu/buffer_pool.h"
#include "devices/cpu/conv_weights.h"
#include "devices/cpu/geometry.h"
#include "kernels/table.h"
#include "ops/ops.h"

namespace picabia::mlu {

// A weight that is 256 more than what its two bytes say: of 16 bits, those above 127 * 256 + 127.
struct Excess {
  size_t segment;
  int64_t byte;  // of the segment
  int64_t column;
};

// Weights of one phase as the products read them.
struct IntegerPhase {
  int64_t segment_bytes = 0;
  // [columns / 16][segments][segment bytes / 4][16][4]; weights are high * 256 + low, without
  // `high` in 8 bits.
  std::vector<int8_t> high, low;
  std::vector<Excess> excess;
  std::vector<double> correction;  // what the zero point adds, per output, rounded up to 16
};

struct IntegerFilter {
  std::shared_ptr<const cpu::ConvWeights> conv;  // without panels
  bool wide = false;                             // 16 bits
  float input_scale = 1;
  std::vector<double> divisor;  // of each output, rounded up to 16
  int64_t pixel = 0;            // bytes of a pixel of a plane: channels rounded up to 4
  std::vector<IntegerPhase> phases;
};

// `op` has an input scale; `filter` is its packed constant.
Result<std::shared_ptr<const IntegerFilter>> MakeIntegerFilter(const ops::ConvBlock& op,
                                                               const program::Constant& filter,
                                                               const kernels::KernelTable& kernels);

// One quantized picture with its padding; `high` only in 16 bits.
struct Planes {
  std::shared_ptr<std::byte> memory;
  uint8_t *low = nullptr, *high = nullptr;
};

// A filter bound to a size.
class IntegerPlan {
 public:
  IntegerPlan(const ops::ConvBlock& op, std::shared_ptr<const IntegerFilter> filter, const Shape& x,
              const Shape& y);

  // Memory of one thread.
  struct Scratch {
    std::shared_ptr<std::byte> memory;
    int32_t* sums[4] = {};  // high, middle, low, and one to add
    int32_t* joined[3] = {};
  };
  Result<Scratch> AllocateScratch(cpu::BufferPool& pool) const;

  Result<Planes> AllocatePlanes(cpu::BufferPool& pool) const;
  // Row `y` of the input into its place, with the padding beside it. Rows may come from any thread,
  // each with `fill_bytes()` of memory.
  void FillRow(const kernels::KernelTable& kernels, const uint16_t* halves, int64_t y,
               const Planes& planes, uint8_t* scratch) const;
  int64_t fill_bytes() const { return 2 * g_.in_w * w_.ci; }
  // The padding above and below, when all rows are there.
  void FillBorder(const Planes& planes) const;

  // Of a transposed convolution a row of cells is `out_stride` rows of the output, else it is one.
  int64_t cell_rows() const { return g_.base_h; }
  int64_t rows_of_cell() const { return w_.out_stride[0]; }
  // Writes the output rows of one row of cells; `y` is the picture.
  void Row(const kernels::KernelTable& kernels, const Planes& planes, int64_t cell_row,
           const Scratch& scratch, uint16_t* y) const;

  int64_t macs() const { return g_.macs; }
  const char* kernel() const { return filter_->wide ? "mlu-conv-int16" : "mlu-conv-int8"; }

 private:
  struct Run;
  void Products(const Run& run, size_t phase) const;
  void AddExcess(const Run& run, const IntegerPhase& phase, size_t index) const;
  void Join(const int32_t* sums, int64_t count, int32_t* out) const;
  void FillZero(const Planes& planes, int64_t at, int64_t pixels) const;
  void CopyPixels(const Planes& planes, int64_t from, int64_t to, int64_t pixels) const;

  ops::ConvBlock op_;
  std::shared_ptr<const IntegerFilter> filter_;
  const cpu::ConvWeights& w_;
  cpu::ConvGeometry g_;
  int64_t width_ = 0, height_ = 0;             // of the padded picture
  int64_t top_ = 0, left_ = 0;                 // where input pixel (0, 0) stands in it
  int64_t columns_ = 0;                        // of the products, rounded up to a panel
  std::vector<std::vector<int64_t>> offsets_;  // of the segments of each phase, in bytes
};

}  // namespace picabia::mlu
