// What follows a convolution whose output is float: statistics, norm, activation, residual, on
// strips of rows that are in the cache. Used by the plans of all precisions.
#pragma once

#include <vector>

#include "devices/cpu/quantize.h"
#include "kernels/table.h"
#include "ops/ops.h"

namespace picabia::cpu {

// One picture of the batch.
class FloatFinish {
 public:
  FloatFinish(const kernels::KernelTable& kernels, const ops::ConvBlock& op, int64_t channels,
              int64_t strips);

  // Sums of one strip's `count` values, for Reduce. Strips may come in any order, from any thread.
  void AddStrip(int64_t strip, const float* y, int64_t count);
  // Mean and variance from the strips' sums, added in the order of the strips.
  void Reduce(int64_t pixels, const float* norm_scale, const float* norm_shift);
  // Norm, activation, residual (or null) on `count` values of y in place; the range of what comes
  // out, unless null.
  void Apply(float* y, int64_t count, const float* residual, ChannelRange* range) const;

 private:
  const kernels::KernelTable& kernels_;
  const ops::ConvBlock& op_;
  int64_t channels_, period_;
  std::vector<std::vector<double>> sums_, squares_;  // of each strip
  std::vector<float> center_, scale_, shift_;        // of the norm, repeated to the row period
};

// A range that holds nothing; the range that holds both; the range of `count` values.
ChannelRange EmptyRange(int64_t channels);
void MergeRange(ChannelRange& into, const ChannelRange& from);
ChannelRange RowsRange(const kernels::KernelTable& kernels, const float* x, int64_t count,
                       int64_t channels);

}  // namespace picabia::cpu
