// What follows a convolution on device mlu, on rows of halves: instance norm, activation, residual.
// Each operation rounds to half (kernels/mlu/numerics.h).
#pragma once

#include <vector>

#include "base/threads.h"
#include "kernels/table.h"
#include "ops/ops.h"

namespace picabia::mlu {

// How often per-channel parameters of the row kernels repeat: whole vectors.
int64_t HalfPeriod(int64_t channels);

// The norm of one picture at work, or, of a block without one, just what follows.
class Tail {
 public:
  // `op`: what comes behind its convolution. Vectors have `channels` entries; null where the block
  // has none. The bias is that of an integer convolution.
  Tail(const kernels::KernelTable& kernels, ThreadPool& threads, const ops::ConvBlock& op,
       int64_t height, int64_t width, int64_t channels, const float* bias, const float* norm_scale,
       const float* norm_shift);

  int64_t row() const { return width_ * channels_; }
  // Halves of a thread's `scratch`, as floats.
  int64_t scratch_floats() const { return row() + 2 * period_; }

  // Row y as the convolution left it: adds the bias, takes the row's mean. Any thread.
  void AddRow(int64_t y, uint16_t* row, float* scratch);
  // Mean and variance, when all rows were added.
  void Reduce(const uint16_t* picture);
  // A row in place; `residual`: the same row, or null. Any thread.
  void FinishRow(uint16_t* row, const uint16_t* residual, float* scratch) const;

 private:
  void RowMean(double* sums, float* means) const;
  std::vector<float> MeanOfRows(const std::vector<float>& rows) const;
  std::vector<float> Repeat(const float* values) const;
  void FinishFloats(float* v, const uint16_t* residual) const;

  const kernels::KernelTable& kernels_;
  ThreadPool& threads_;
  const ops::ConvBlock& op_;
  int64_t height_, width_, channels_, period_;
  bool norm_;
  std::vector<float> bias_, scale_, shift_, mean_, deviation_;  // [period]
  std::vector<float> row_means_;                                // [height][channels]
};

}  // namespace picabia::mlu
