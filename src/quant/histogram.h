// The values of one tensor over all pictures, in constant memory: exact minimum and maximum, and a
// count for each number that agrees in the upper 16 bits of its float. Counts are integers, so that
// the result depends on neither the order of the pictures nor the threads. Called while the model
// is calibrated.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "quant/model.h"

namespace picabia::quant {

class Histogram {
 public:
  Histogram() : counts_(kBins, 0) {}

  // Numbers that are not finite are an error, which does not name the tensor.
  Status Add(std::span<const float> values);

  int64_t total() const { return total_; }
  Range range() const { return range_; }

  // A bin with numbers in it; |low| < |high| unless it holds zero alone.
  struct Bin {
    float low = 0, high = 0;  // both of the same sign; the bin has [low, high) of positive numbers
    int64_t count = 0;
    float middle() const { return 0.5F * (low + high); }
  };
  // From the least to the greatest.
  std::vector<Bin> bins() const;

  // The share of values outside the range.
  double ShareOutside(const Range& range) const;
  // Counts in `count` equal parts of the range of all values.
  std::vector<double> Linear(size_t count) const;

 private:
  static constexpr size_t kBins = 1 << 16;
  std::vector<int64_t> counts_;
  int64_t total_ = 0;
  Range range_;
};

enum class Algorithm { kMax, kPercentile, kMse, kEntropy };
Result<Algorithm> ParseAlgorithm(const std::string& name);
const char* AlgorithmName(Algorithm algorithm);

// The range to quantize with. `affine`: the levels are those of AffineScaleOf(), else those of
// SymmetricScale().
//   max         all values
//   percentile  all but one in ten thousand
//   mse         the part of the range that makes the mean square error least
//   entropy     the part that keeps the distribution's information best (Kullback-Leibler)
Range ChooseRange(const Histogram& histogram, Algorithm algorithm, int bits, bool affine);

}  // namespace picabia::quant
