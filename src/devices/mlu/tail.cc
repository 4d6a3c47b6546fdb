// Means by rows, then over them; rows in place.
#include "devices/mlu/tail.h"

#include <cmath>
#include <numeric>

#include "kernels/mlu/numerics.h"

namespace picabia::mlu {
namespace {

namespace rules = kernels::mlu;

constexpr int64_t kRows = 4;  // that a thread takes at a time

bool IsSimple(ops::Activation a) {
  return a == ops::Activation::kNone || a == ops::Activation::kRelu;
}

}  // namespace

int64_t HalfPeriod(int64_t channels) {
  constexpr int64_t kLanes = 16;
  return channels / std::gcd(channels, kLanes) * kLanes;
}

Tail::Tail(const kernels::KernelTable& kernels, ThreadPool& threads, const ops::ConvBlock& op,
           int64_t height, int64_t width, int64_t channels, const float* bias,
           const float* norm_scale, const float* norm_shift)
    : kernels_(kernels),
      threads_(threads),
      op_(op),
      height_(height),
      width_(width),
      channels_(channels),
      period_(HalfPeriod(channels)),
      norm_(op.norm == ops::Norm::kInstance) {
  if (bias != nullptr) bias_ = Repeat(bias);
  if (!norm_) return;
  scale_ = Repeat(norm_scale);
  shift_ = Repeat(norm_shift);
  row_means_.resize(static_cast<size_t>(height_ * channels_));
}

std::vector<float> Tail::Repeat(const float* values) const {
  std::vector<float> v(static_cast<size_t>(period_));
  for (int64_t i = 0; i < period_; ++i) v[static_cast<size_t>(i)] = values[i % channels_];
  return v;
}

// Means along a row from the sums of each entry of the period, which it adds up.
void Tail::RowMean(double* sums, float* means) const {
  for (int64_t i = channels_; i < period_; ++i) sums[i % channels_] += sums[i];
  kernels_.mlu.mean(sums, channels_, width_, means);
}

std::vector<float> Tail::MeanOfRows(const std::vector<float>& rows) const {
  std::vector<double> sums(static_cast<size_t>(channels_), 0.0);
  for (int64_t y = 0; y < height_; ++y)
    for (int64_t c = 0; c < channels_; ++c)
      sums[static_cast<size_t>(c)] +=
          static_cast<double>(rows[static_cast<size_t>(y * channels_ + c)]);
  std::vector<float> means;
  for (const double sum : sums) means.push_back(rules::Mean(sum, height_));
  return means;
}

void Tail::AddRow(int64_t y, uint16_t* row, float* scratch) {
  if (!bias_.empty()) {
    kernels_.mlu.to_float(row, this->row(), scratch);
    for (int64_t i = 0; i < this->row(); ++i)
      scratch[i] += bias_[static_cast<size_t>(i % channels_)];
    kernels_.mlu.to_half(scratch, this->row(), row);
  }
  if (!norm_) return;
  auto* sums = reinterpret_cast<double*>(scratch);
  std::fill_n(sums, period_, 0.0);
  kernels_.mlu.sum(row, this->row(), period_, sums);
  RowMean(sums, row_means_.data() + y * channels_);
}

void Tail::Reduce(const uint16_t* picture) {
  if (!norm_) return;
  const std::vector<float> mean = MeanOfRows(row_means_);
  mean_ = Repeat(mean.data());
  const int64_t parts = (height_ + kRows - 1) / kRows;
  threads_.For(parts, [&](int64_t part, int) {
    std::vector<double> sums(static_cast<size_t>(period_));
    for (int64_t y = part * kRows; y < std::min(height_, (part + 1) * kRows); ++y) {
      std::fill(sums.begin(), sums.end(), 0.0);
      kernels_.mlu.sum_squares(picture + y * row(), row(), period_, mean_.data(), sums.data());
      RowMean(sums.data(), row_means_.data() + y * channels_);
    }
  });
  std::vector<float> deviation = MeanOfRows(row_means_);
  for (float& v : deviation) v = rules::RoundHalf(std::sqrt(rules::RoundHalf(v + op_.epsilon)));
  deviation_ = Repeat(deviation.data());
}

// What the kernel for rows of halves does not do.
void Tail::FinishFloats(float* v, const uint16_t* residual) const {
  const int64_t n = row();
  const auto activate = [&](ops::Activation activation) {
    if (activation == ops::Activation::kNone) return;
    kernels_.affine(v, n, period_, {}, activation, op_.alpha);
    kernels_.mlu.round(v, n);
  };
  activate(op_.activation);
  if (op_.post_scale != 1) {
    kernels_.scale_shift(v, n, op_.post_scale, 0);
    kernels_.mlu.round(v, n);
  }
  if (op_.post_shift != 0) {
    kernels_.scale_shift(v, n, 1, op_.post_shift);
    kernels_.mlu.round(v, n);
  }
  if (residual != nullptr) {
    for (int64_t i = 0; i < n; ++i) v[i] += HalfToFloat(residual[i]);
    kernels_.mlu.round(v, n);
  }
  activate(op_.activation2);
}

void Tail::FinishRow(uint16_t* y, const uint16_t* residual, float* scratch) const {
  const bool simple = IsSimple(op_.activation) && IsSimple(op_.activation2) &&
                      op_.post_scale == 1 && op_.post_shift == 0;
  const bool relu = op_.activation == ops::Activation::kRelu;
  const bool relu2 = op_.activation2 == ops::Activation::kRelu;
  if (norm_) {
    kernels_.mlu.normalize({y, simple ? residual : nullptr, row(), period_, mean_.data(),
                            deviation_.data(), scale_.data(), shift_.data(), simple && relu,
                            simple && relu2});
    if (simple) return;
  } else if (simple && !relu && !relu2 && residual == nullptr) {
    return;
  }
  kernels_.mlu.to_float(y, row(), scratch);
  FinishFloats(scratch, residual);
  kernels_.mlu.to_half(scratch, row(), y);
}

}  // namespace picabia::mlu
