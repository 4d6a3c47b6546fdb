// Strips, rows and the norm of a bound convolution.
#include "devices/cpu/conv.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include "base/checked.h"
#include "ops/shape.h"

namespace picabia::cpu {
namespace {

using kernels::kPanel;
using kernels::kQuad;

constexpr int64_t kStripBytes =
    512 << 10;  // the padded input of a strip stays in the second-level cache
constexpr int64_t kMaxStripRows = 16;
constexpr int64_t kMinStrips = 16;           // enough for several threads without cutting rows
constexpr int64_t kFinishBytes = 256 << 10;  // rows that are finished together

// Where position i of an axis of `size` pixels comes from, or -1 for zero padding.
int64_t SourceIndex(ops::PadMode mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case ops::PadMode::kConstant:
    case ops::PadMode::kWrap:  // no attribute check lets it through to a block
      return -1;
    case ops::PadMode::kEdge:
      return i < 0 ? 0 : size - 1;
    // Beyond one reflection only positions that no window reads are asked for; any pixel will do.
    case ops::PadMode::kReflect:
      return std::clamp<int64_t>(i < 0 ? -i : 2 * (size - 1) - i, 0, size - 1);
    case ops::PadMode::kSymmetric:
      return std::clamp<int64_t>(i < 0 ? -i - 1 : 2 * size - 1 - i, 0, size - 1);
  }
  return -1;
}

ChannelRange EmptyRange(int64_t channels) {
  const auto n = static_cast<size_t>(channels);
  return {std::vector<float>(n, std::numeric_limits<float>::infinity()),
          std::vector<float>(n, -std::numeric_limits<float>::infinity()), false};
}

// Folds entries that repeat with `channels` into the first `channels`.
template <typename T, typename F>
void FoldPeriod(std::vector<T>& v, int64_t channels, F combine) {
  for (size_t i = static_cast<size_t>(channels); i < v.size(); ++i) {
    T& to = v[i % static_cast<size_t>(channels)];
    to = combine(to, v[i]);
  }
  v.resize(static_cast<size_t>(channels));
}

void MergeRange(ChannelRange& into, const ChannelRange& from) {
  for (size_t c = 0; c < into.low.size(); ++c) {
    into.low[c] = std::min(into.low[c], from.low[c]);
    into.high[c] = std::max(into.high[c], from.high[c]);
  }
}

ChannelRange RowsRange(const kernels::KernelTable& k, const float* x, int64_t count,
                       int64_t channels) {
  const int64_t period = RowPeriod(channels);
  ChannelRange range = EmptyRange(period);
  k.range(x, count, period, range.low.data(), range.high.data());
  FoldPeriod(range.low, channels, [](float a, float b) { return std::min(a, b); });
  FoldPeriod(range.high, channels, [](float a, float b) { return std::max(a, b); });
  return range;
}

bool IsIntegral(const float* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (x[i] != std::nearbyint(x[i])) return false;
  }
  return true;
}

// `count` values, or none, and zeros up to `size`.
std::vector<float> Padded(const float* values, int64_t count, int64_t size) {
  std::vector<float> v(static_cast<size_t>(size), 0.f);
  if (values != nullptr) std::copy_n(values, count, v.begin());
  return v;
}

}  // namespace

struct ConvPlan::Picture {
  explicit Picture(const ConvContext& c) : context(c) {}
  const ConvContext& context;
  const float* x = nullptr;
  float* y = nullptr;
  const float* residual = nullptr;
  std::vector<float> bias;       // [columns], zero where there is none
  std::vector<float> zero_bias;  // for expanded products
  InputQuantization input;
  std::vector<QuantizedPhase> quantized;
  std::vector<std::vector<double>> correction;     // of each phase, per output channel
  std::vector<std::vector<double>> sums, squares;  // of each strip
  std::vector<float> center, scale, shift;         // of the norm, repeated to the row period
  int64_t period = 0;
};

struct ConvPlan::Scratch {
  std::shared_ptr<std::byte> memory;
  float* strip = nullptr;   // float mode
  uint8_t* high = nullptr;  // integer modes; high only for 16-bit inputs
  uint8_t* low = nullptr;
  float* partial = nullptr;  // expanded float products
  int32_t* sums[4] = {};     // high, middle, low, and one to add
  int32_t* expanded[3] = {};
  uint8_t* dense[2] = {};  // a row before its pixels are spread
};

// One row of one phase: where its first pixel stands in the strip, how many pixels, where they go.
struct ConvPlan::Row {
  int64_t offset;
  int64_t count;
  float* y;
};

ConvPlan::ConvPlan(const ops::ConvBlock& op, std::shared_ptr<const ConvWeights> weights,
                   ConvMode mode, Bits bits, const Shape& x, const Shape& y)
    : op_(op), weights_(std::move(weights)), mode_(mode), bits_(bits) {
  if (mode_ == ConvMode::kStatic) bits_ = {8, 8};
  Plan(x, y);
}

bool ConvPlan::FitsInt32(const ConvWeights& weights, Bits bits) {
  int64_t taps = 0;
  for (const ConvPhase& phase : weights.phases) taps = std::max(taps, phase.taps);
  const int64_t expanded = weights.expanded ? weights.kernel_w : 1;  // columns summed in int32
  const int64_t middles = bits.input == 16 && bits.weight == 16 ? 2 : 1;
  return taps * weights.ci * expanded * middles * 255 * 128 < (int64_t{1} << 31);
}

void ConvPlan::Plan(const Shape& x, const Shape& y) {
  batch_ = x[0];
  in_h_ = x[1];
  in_w_ = x[2];
  out_h_ = y[1];
  out_w_ = y[2];
  const ConvWeights& w = *weights_;
  base_h_ = CeilDiv(out_h_, w.out_stride[0]);
  base_w_ = CeilDiv(out_w_, w.out_stride[1]);
  if (!op_.transposed) {
    pad_top_ = ops::ConvExtent(op_.window, 0, in_h_, w.kernel_h)->pad_before;
    pad_left_ = ops::ConvExtent(op_.window, 1, in_w_, w.kernel_w)->pad_before;
  }
  pixel_ = mode_ == ConvMode::kFloat ? w.ci : RoundUp(w.ci, kQuad);
  strip_width_ = base_w_ == 0 ? 0 : (base_w_ - 1) * w.in_stride[1] + 1 + w.dx_max - w.dx_min;
  const int64_t element = mode_ == ConvMode::kFloat ? 4 : bits_.input / 8;
  const int64_t row_bytes = std::max<int64_t>(strip_width_ * pixel_ * element * w.in_stride[0], 1);
  strip_rows_ = std::clamp<int64_t>(std::min(kStripBytes / row_bytes, CeilDiv(base_h_, kMinStrips)),
                                    1, kMaxStripRows);
  strips_ = CeilDiv(base_h_, strip_rows_);
  columns_ = RoundUp(w.columns, kPanel);
  for (const ConvPhase& phase : w.phases) {
    std::vector<int64_t>& offsets = offsets_.emplace_back();
    for (const Segment& s : phase.segments)
      offsets.push_back(((s.dy - w.dy_min) * strip_width_ + s.dx - w.dx_min) * pixel_);
  }
}

int64_t ConvPlan::macs() const {
  const ConvWeights& w = *weights_;
  const int64_t pixels = op_.transposed ? in_h_ * in_w_ : out_h_ * out_w_;
  return batch_ * pixels * w.kernel_h * w.kernel_w * w.ci * w.co;
}

Result<std::vector<ConvPlan::Scratch>> ConvPlan::AllocateScratch(const ConvContext& context) const {
  const ConvWeights& w = *weights_;
  const int64_t rows = (strip_rows_ - 1) * w.in_stride[0] + 1 + w.dy_max - w.dy_min;
  const int64_t strip = rows * strip_width_ * pixel_ + 64;  // a last quad may read past its pixel
  const int64_t line = (base_w_ + (w.expanded ? (w.kernel_w - 1) * w.expand_step : 0)) * columns_;
  const auto align = [](int64_t bytes) { return static_cast<size_t>(RoundUp(bytes, 64)); };
  const bool is_float = mode_ == ConvMode::kFloat;
  const size_t plane = is_float ? align(strip * 4) : align(strip);
  const size_t row = align(line * 4), narrow = align(base_w_ * kPanel * 4);
  const size_t dense = align(in_w_ * w.ci + 64);
  const size_t total =
      is_float ? plane + (w.expanded ? row : 0) : 2 * plane + 4 * row + 3 * narrow + 2 * dense;
  std::vector<Scratch> all(static_cast<size_t>(context.threads.threads()));
  for (Scratch& s : all) {
    s.memory = context.pool.Allocate(total);
    if (s.memory == nullptr) return ResourceError("no memory for a convolution's scratch");
    std::byte* next = s.memory.get();
    const auto take = [&next](size_t bytes) { return std::exchange(next, next + bytes); };
    if (is_float) {
      s.strip = reinterpret_cast<float*>(take(plane));
      if (w.expanded) s.partial = reinterpret_cast<float*>(take(row));
      continue;
    }
    s.low = reinterpret_cast<uint8_t*>(take(plane));
    if (bits_.input == 16) s.high = reinterpret_cast<uint8_t*>(take(plane));
    for (auto& sums : s.sums) sums = reinterpret_cast<int32_t*>(take(row));
    for (auto& sums : s.expanded) sums = reinterpret_cast<int32_t*>(take(narrow));
    for (auto& bytes : s.dense) bytes = reinterpret_cast<uint8_t*>(take(dense));
  }
  return all;
}

// Converts `pixels` pixels of the input into the strip at element `at`.
void ConvPlan::Convert(const Picture& p, const float* x, int64_t pixels, Scratch& s,
                       int64_t at) const {
  const int64_t ci = weights_->ci, count = pixels * ci;
  if (mode_ == ConvMode::kFloat) {
    std::memcpy(s.strip + at, x, static_cast<size_t>(count) * sizeof(float));
    return;
  }
  const InputQuantization& q = p.input;
  const kernels::QuantizeRow row{
      x, count, q.period, q.inverse_scale.data(), q.low.data(), q.high.data(), q.zero.data()};
  const bool dense = pixel_ == ci;
  uint8_t* low = dense ? s.low + at : s.dense[0];
  if (bits_.input == 16) {
    p.context.kernels.quantize16(row, dense ? s.high + at : s.dense[1], low);
  } else {
    p.context.kernels.quantize8(row, low);
  }
  if (dense) return;
  Spread(low, pixels, s.low + at);
  if (bits_.input == 16) Spread(s.dense[1], pixels, s.high + at);
}

// Pixels of ci bytes to pixels of pixel_ bytes; the bytes between meet zero weights.
void ConvPlan::Spread(const uint8_t* from, int64_t pixels, uint8_t* to) const {
  const auto ci = static_cast<size_t>(weights_->ci), pixel = static_cast<size_t>(pixel_);
  for (int64_t i = 0; i < pixels; ++i, from += ci, to += pixel) {
    std::memcpy(to, from, ci);
    std::memset(to + ci, 0, pixel - ci);
  }
}

// Writes `pixels` pixels of the value zero at element `at`.
void ConvPlan::FillPadding(const Picture& p, Scratch& s, int64_t at, int64_t pixels) const {
  if (pixels <= 0) return;
  if (mode_ == ConvMode::kFloat) {
    std::fill_n(s.strip + at, pixels * pixel_, 0.f);
    return;
  }
  for (int64_t i = 0; i < pixels; ++i)
    for (int64_t c = 0; c < pixel_; ++c) {
      const int32_t zero = c < weights_->ci ? p.input.zero[static_cast<size_t>(c)] : 0;
      s.low[at + i * pixel_ + c] = static_cast<uint8_t>(zero & 255);
      if (s.high != nullptr) s.high[at + i * pixel_ + c] = static_cast<uint8_t>(zero >> 8);
    }
}

// One row of the strip: input row y (which may lie outside) with its horizontal padding.
void ConvPlan::FillRow(const Picture& p, int64_t y, Scratch& s, int64_t strip_row) const {
  const int64_t at = strip_row * strip_width_ * pixel_;
  const int64_t source = SourceIndex(op_.pad_mode, y, in_h_);
  if (source < 0) return FillPadding(p, s, at, strip_width_);
  const int64_t left = pad_left_ - weights_->dx_min;  // where input column 0 stands in the strip
  // Input columns that the strip holds; a stride may skip the last ones.
  const int64_t first = std::clamp<int64_t>(-left, 0, in_w_);
  const int64_t end = std::clamp<int64_t>(strip_width_ - left, first, in_w_);
  const float* x = p.x + source * in_w_ * weights_->ci;
  Convert(p, x + first * weights_->ci, end - first, s, at + (left + first) * pixel_);
  const auto pad = [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t column = SourceIndex(op_.pad_mode, i - left, in_w_);
      if (column < 0) {
        FillPadding(p, s, at + i * pixel_, 1);
      } else {
        Convert(p, x + column * weights_->ci, 1, s, at + i * pixel_);
      }
    }
  };
  pad(0, std::min(left + first, strip_width_));
  pad(std::max<int64_t>(left + end, 0), strip_width_);
}

// The strip for output cells' rows [first_row, first_row + rows).
void ConvPlan::FillStrip(const Picture& p, int64_t first_row, int64_t rows, Scratch& s) const {
  const ConvWeights& w = *weights_;
  const int64_t count = (rows - 1) * w.in_stride[0] + 1 + w.dy_max - w.dy_min;
  const int64_t y = first_row * w.in_stride[0] - pad_top_ + w.dy_min;
  for (int64_t i = 0; i < count; ++i) FillRow(p, y + i, s, i);
}

// Products of one row of `count` output pixels; `offset` is where its first pixel's base stands in
// the strip.
void ConvPlan::FloatRow(const Picture& p, size_t phase_index, const Row& row, Scratch& s) const {
  const ConvWeights& w = *weights_;
  const ConvPhase& phase = w.phases[phase_index];
  kernels::GemmF32 g{};
  g.a = s.strip + row.offset;
  g.pixel_stride = w.in_stride[1] * pixel_;
  g.segments = offsets_[phase_index].data();
  g.num_segments = static_cast<int64_t>(phase.segments.size());
  g.segment_length = phase.segments.empty() ? 0 : phase.segments[0].taps * w.ci;
  g.b = phase.panels.data();
  if (!w.expanded) {
    g.bias = p.bias.data();
    g.c = row.y;
    g.c_stride = w.out_stride[1] * w.co;
    g.pixels = row.count;
    g.channels = w.co;
    p.context.kernels.gemm_f32(g);
    return;
  }
  g.bias = p.zero_bias.data();
  g.c = s.partial;
  g.c_stride = columns_;
  g.pixels = row.count + (w.kernel_w - 1) * w.expand_step;
  g.channels = w.columns;
  p.context.kernels.gemm_f32(g);
  for (int64_t i = 0; i < row.count; ++i)
    for (int64_t m = 0; m < w.co; ++m) {
      float sum = p.bias[static_cast<size_t>(m)];
      for (int64_t kx = 0; kx < w.kernel_w; ++kx)
        sum += s.partial[(i + kx * w.expand_step) * columns_ + kx * w.co + m];
      row.y[i * w.co + m] = sum;
    }
}

// Adds the neighbours' columns of an expanded product.
void ConvPlan::SumColumns(const int32_t* sums, int64_t count, int32_t* out) const {
  const ConvWeights& w = *weights_;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t m = 0; m < w.co; ++m) {
      int32_t sum = 0;
      for (int64_t kx = 0; kx < w.kernel_w; ++kx)
        sum += sums[(i + kx * w.expand_step) * columns_ + kx * w.co + m];
      out[i * kPanel + m] = sum;
    }
}

void ConvPlan::IntegerRow(const Picture& p, size_t phase_index, const Row& row, Scratch& s) const {
  const ConvWeights& w = *weights_;
  const ConvPhase& phase = w.phases[phase_index];
  const QuantizedPhase& q = p.quantized[phase_index];
  kernels::GemmInt8 g{};
  g.pixel_stride = w.in_stride[1] * pixel_;
  g.segments = offsets_[phase_index].data();
  g.num_segments = static_cast<int64_t>(phase.segments.size());
  g.segment_length = phase.segments.empty() ? 0 : phase.segments[0].taps * pixel_;
  g.c_stride = columns_;
  g.pixels = row.count + (w.expanded ? (w.kernel_w - 1) * w.expand_step : 0);
  g.channels = w.columns;
  const auto product = [&](const uint8_t* a, const std::vector<int8_t>& b, int32_t* c) {
    g.a = a + row.offset;
    g.b = b.data();
    g.c = c;
    p.context.kernels.gemm_int8(g);
  };
  // Planes of a value: index 0 weighs 65536, 1 weighs 256, 2 weighs 1.
  const bool wide_x = bits_.input == 16, wide_w = bits_.weight == 16;
  const bool used[3] = {wide_x && wide_w, wide_x || wide_w, true};
  if (used[0]) product(s.high, q.high, s.sums[0]);
  if (wide_x) product(s.high, wide_w ? q.low : q.high, s.sums[1]);
  if (wide_w) product(s.low, q.high, wide_x ? s.sums[3] : s.sums[1]);
  if (used[0]) {
    for (int64_t i = 0; i < g.pixels * columns_; ++i) s.sums[1][i] += s.sums[3][i];
  }
  product(s.low, wide_w ? q.low : q.high, s.sums[2]);
  const int32_t* planes[3] = {};
  for (int i = 0; i < 3; ++i) {
    if (!used[i]) continue;
    if (w.expanded) SumColumns(s.sums[i], row.count, s.expanded[i]);
    planes[i] = w.expanded ? s.expanded[i] : s.sums[i];
  }
  kernels::DequantizeRow d{};
  d.high = planes[0];
  d.middle = planes[1];
  d.low = planes[2];
  d.sum_stride = w.expanded ? kPanel : columns_;
  d.correction = p.correction[phase_index].data();
  d.scale = q.scale.data();
  d.divisor = mode_ == ConvMode::kStatic ? op_.input_scale * op_.filter_scale : 0;
  d.bias = p.bias.data();
  d.y = row.y;
  d.y_stride = w.out_stride[1] * w.co;
  d.pixels = row.count;
  d.channels = w.co;
  p.context.kernels.dequantize(d);
}

void ConvPlan::RunStrip(const Picture& p, int64_t strip, Scratch& s) const {
  const ConvWeights& w = *weights_;
  const int64_t first = strip * strip_rows_;
  const int64_t rows = std::min(strip_rows_, base_h_ - first);
  FillStrip(p, first, rows, s);
  for (size_t i = 0; i < w.phases.size(); ++i) {
    const ConvPhase& phase = w.phases[i];
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t y = (first + r) * w.out_stride[0] + phase.out_y;
      const int64_t count = CeilDiv(std::max<int64_t>(out_w_ - phase.out_x, 0), w.out_stride[1]);
      if (y >= out_h_ || count == 0) continue;
      const Row row{r * w.in_stride[0] * strip_width_ * pixel_, count,
                    p.y + (y * out_w_ + phase.out_x) * w.co};
      if (mode_ == ConvMode::kFloat) {
        FloatRow(p, i, row, s);
      } else {
        IntegerRow(p, i, row, s);
      }
    }
  }
}

// Output rows of one strip.
std::pair<int64_t, int64_t> ConvPlan::OutputRows(int64_t strip) const {
  const int64_t stride = weights_->out_stride[0];
  const int64_t first = strip * strip_rows_ * stride;
  return {first, std::min((strip + 1) * strip_rows_ * stride, out_h_) - first};
}

// What follows the convolution on rows that are in the cache; `range` may be null.
void ConvPlan::Finish(const Picture& p, int64_t strip, ChannelRange* range) const {
  const auto [first, rows] = OutputRows(strip);
  const int64_t co = weights_->co, count = rows * out_w_ * co;
  const kernels::KernelTable& k = p.context.kernels;
  float* y = p.y + first * out_w_ * co;
  kernels::Affine norm;
  if (op_.norm != ops::Norm::kNone) norm = {p.center.data(), p.scale.data(), p.shift.data()};
  k.affine(y, count, p.period, norm, op_.activation, op_.alpha);
  if (op_.post_scale != 1 || op_.post_shift != 0)
    k.scale_shift(y, count, op_.post_scale, op_.post_shift);
  if (p.residual != nullptr) k.add(y, p.residual + first * out_w_ * co, count);
  k.affine(y, count, p.period, {}, op_.activation2, op_.alpha);
  if (range != nullptr) *range = RowsRange(k, y, count, co);
}

// Mean and variance from the strips' sums, added in the order of the strips; then the norm as y *
// scale + shift.
void ConvPlan::ReduceStatistics(Picture& p, const ConvInputs& inputs) const {
  const auto co = static_cast<size_t>(weights_->co), period = static_cast<size_t>(p.period);
  p.center.resize(period);
  p.scale.resize(period);
  p.shift.resize(period);
  const auto n = static_cast<double>(out_h_ * out_w_);
  for (size_t i = 0; i < period; ++i) {
    const size_t c = i % co;
    double sum = 0, squares = 0;
    for (size_t s = 0; s < p.sums.size(); ++s) {
      sum += p.sums[s][c];
      squares += p.squares[s][c];
    }
    const double mean = sum / n;
    const double variance = std::max(squares / n - mean * mean, 0.0);
    const double scale = static_cast<double>(inputs.norm_scale[c]) /
                         std::sqrt(variance + static_cast<double>(op_.epsilon));
    p.center[i] = static_cast<float>(mean);
    p.scale[i] = static_cast<float>(scale);
    // What rounding the mean left out goes into the shift.
    p.shift[i] = static_cast<float>(static_cast<double>(inputs.norm_shift[c]) +
                                    (static_cast<double>(p.center[i]) - mean) * scale);
  }
}

void ConvPlan::StripStatistics(Picture& p, int64_t strip) const {
  const auto [first, rows] = OutputRows(strip);
  const int64_t co = weights_->co;
  std::vector<double>& sums = p.sums[static_cast<size_t>(strip)];
  std::vector<double>& squares = p.squares[static_cast<size_t>(strip)];
  sums.assign(static_cast<size_t>(p.period), 0);
  squares.assign(static_cast<size_t>(p.period), 0);
  p.context.kernels.statistics(p.y + first * out_w_ * co, rows * out_w_ * co, p.period, sums.data(),
                               squares.data());
  FoldPeriod(sums, co, std::plus<>());
  FoldPeriod(squares, co, std::plus<>());
}

// Scales and weights of this picture.
void ConvPlan::PrepareIntegers(Picture& p, const ChannelRange& range) const {
  const bool is_static = mode_ == ConvMode::kStatic;
  p.input = is_static ? StaticQuantization(weights_->ci, op_.input_scale)
                      : QuantizationFor(range, bits_.input);
  QuantizeWeights(*weights_, p.input, bits_.weight, is_static, p.context.threads, p.quantized);
  for (const QuantizedPhase& q : p.quantized) {
    // Of an expanded product the outputs' corrections are sums over the columns that they add, and
    // every column of an output shares one scale (quantize.cc sees to that).
    std::vector<double> correction(static_cast<size_t>(weights_->co), 0.0);
    for (int64_t i = 0; i < weights_->columns; ++i)
      correction[static_cast<size_t>(i % weights_->co)] += q.correction[static_cast<size_t>(i)];
    p.correction.push_back(std::move(correction));
  }
}

void ConvPlan::RunPicture(Picture& p, const ConvInputs& inputs, std::vector<Scratch>& scratch,
                          ChannelRange* range) const {
  const bool norm = op_.norm != ops::Norm::kNone;
  const auto strips = static_cast<size_t>(strips_);
  p.sums.resize(strips);
  p.squares.resize(strips);
  std::vector<ChannelRange> ranges(range == nullptr ? 0 : strips);
  const auto finish = [&](int64_t i) {
    Finish(p, i, range == nullptr ? nullptr : &ranges[static_cast<size_t>(i)]);
  };
  p.context.threads.For(strips_, [&](int64_t i, int slot) {
    RunStrip(p, i, scratch[static_cast<size_t>(slot)]);
    if (norm) {
      StripStatistics(p, i);
    } else {
      finish(i);
    }
  });
  if (norm) {
    ReduceStatistics(p, inputs);
    p.context.threads.For(strips_, [&](int64_t i, int) { finish(i); });
  }
  if (range == nullptr) return;
  *range = EmptyRange(weights_->co);
  for (const ChannelRange& r : ranges) MergeRange(*range, r);
}

Result<Activation> ConvPlan::Run(const ConvContext& context, const ConvInputs& inputs,
                                 bool want_ranges) const {
  Activation out;
  PICABIA_ASSIGN_OR_RETURN(
      out.tensor, context.pool.AllocateTensor(DType::kF32, {batch_, out_h_, out_w_, weights_->co}));
  if (out.tensor.num_elements() == 0) return out;
  PICABIA_ASSIGN_OR_RETURN(std::vector<Scratch> scratch, AllocateScratch(context));
  std::vector<ChannelRange> measured;
  if (mode_ == ConvMode::kInteger && inputs.x.ranges.empty())
    measured = MeasureRanges(context, inputs.x.tensor);
  const std::vector<ChannelRange>& ranges = measured.empty() ? inputs.x.ranges : measured;
  if (want_ranges) out.ranges.resize(static_cast<size_t>(batch_));
  const int64_t out_size = out_h_ * out_w_ * weights_->co;
  for (int64_t n = 0; n < batch_; ++n) {
    const auto at = static_cast<size_t>(n);
    Picture p(context);
    p.x = inputs.x.tensor.data<float>() + n * in_h_ * in_w_ * weights_->ci;
    p.y = out.tensor.MutableData<float>() + n * out_size;
    if (inputs.residual != nullptr) p.residual = inputs.residual + n * out_size;
    p.bias = Padded(inputs.bias, weights_->co, columns_);
    p.zero_bias.assign(static_cast<size_t>(columns_), 0.f);
    p.period = RowPeriod(weights_->co);
    if (mode_ != ConvMode::kFloat)
      PrepareIntegers(p, mode_ == ConvMode::kInteger ? ranges[at] : ChannelRange{});
    RunPicture(p, inputs, scratch, want_ranges ? &out.ranges[at] : nullptr);
  }
  return out;
}

std::vector<ChannelRange> MeasureRanges(const ConvContext& context, const Tensor& x) {
  const Shape& s = x.shape();
  const int64_t channels = s[3], row = s[2] * channels, rows = s[1];
  const int64_t block = std::max<int64_t>(kFinishBytes / 4 / std::max<int64_t>(row, 1), 1);
  const int64_t blocks = CeilDiv(rows, block);
  std::vector<ChannelRange> ranges;
  for (int64_t n = 0; n < s[0]; ++n) {
    const float* picture = x.data<float>() + n * rows * row;
    std::vector<ChannelRange> parts(static_cast<size_t>(blocks));
    context.threads.For(blocks, [&](int64_t i, int) {
      const float* from = picture + i * block * row;
      const int64_t count = std::min(block, rows - i * block) * row;
      ChannelRange& part = parts[static_cast<size_t>(i)];
      part = RowsRange(context.kernels, from, count, channels);
      part.integral = IsIntegral(from, count);
    });
    ChannelRange& whole = ranges.emplace_back(EmptyRange(channels));
    whole.integral = true;
    for (const ChannelRange& part : parts) {
      MergeRange(whole, part);
      whole.integral = whole.integral && part.integral;
    }
  }
  return ranges;
}

}  // namespace picabia::cpu
