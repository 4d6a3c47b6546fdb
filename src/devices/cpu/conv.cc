// Strips, rows and the norm of a bound convolution.
#include "devices/cpu/conv.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "devices/cpu/finish.h"

namespace picabia::cpu {
namespace {

using kernels::kPanel;
using kernels::kQuad;

constexpr int64_t kStripBytes =
    512 << 10;  // the padded input of a strip stays in the second-level cache
constexpr int64_t kMaxStripRows = 16;
constexpr int64_t kMinStrips = 16;           // enough for several threads without cutting rows
constexpr int64_t kFinishBytes = 256 << 10;  // rows that are finished together

// Whether each value times `inverse` is within `tolerance` of an integer. Of products below 2^22
// (in 1.5 * 2^23 the last bit weighs 1); larger ones count as fractions.
bool AreMultiples(const float* x, int64_t count, float inverse, float tolerance) {
  constexpr int64_t kBlock = 4096;  // looked at without a branch
  for (int64_t from = 0; from < count; from += kBlock) {
    int fractions = 0;
    for (int64_t i = from; i < std::min(count, from + kBlock); ++i) {
      const float v = x[i] * inverse, off = v - ((v + 12582912.f) - 12582912.f);
      fractions |= off <= tolerance && off >= -tolerance ? 0 : 1;
    }
    if (fractions != 0) return false;
  }
  return true;
}

// Of which steps a picture's values are multiples.
struct Grids {
  bool integral = true, parts = true;  // 1, 1/255
  void Measure(const float* x, int64_t count) {
    constexpr float kTolerance = 1e-3f;  // what division and multiplication may round
    integral = AreMultiples(x, count, 1.f, 0.f);
    parts = AreMultiples(x, count, 255.f, kTolerance);
  }
  float Step() const { return integral ? 1.f : parts ? 1.f / 255 : 0.f; }
};

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
  std::vector<std::vector<double>> correction;  // of each phase, per output channel
};

struct ConvPlan::Scratch {
  std::shared_ptr<std::byte> memory;
  float* strip = nullptr;    // float mode
  uint8_t* high = nullptr;   // of kInteger
  uint8_t* low = nullptr;    // of kInteger and kStatic
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
                   ConvMode mode, const Shape& x, const Shape& y)
    : op_(op), weights_(std::move(weights)), mode_(mode), g_(op, *weights_, x, y) {
  Plan();
}

void ConvPlan::Plan() {
  const ConvWeights& w = *weights_;
  pixel_ = mode_ == ConvMode::kFloat ? w.ci : RoundUp(w.ci, kQuad);
  g_.strip_width = g_.base_w == 0 ? 0 : (g_.base_w - 1) * w.in_stride[1] + 1 + w.dx_max - w.dx_min;
  const int64_t element = mode_ == ConvMode::kFloat ? 4 : mode_ == ConvMode::kInteger ? 2 : 1;
  const int64_t row_bytes =
      std::max<int64_t>(g_.strip_width * pixel_ * element * w.in_stride[0], 1);
  strip_rows_ = std::clamp<int64_t>(
      std::min(kStripBytes / row_bytes, CeilDiv(g_.base_h, kMinStrips)), 1, kMaxStripRows);
  strips_ = CeilDiv(g_.base_h, strip_rows_);
  columns_ = RoundUp(w.columns, kPanel);
  for (const ConvPhase& phase : w.phases) {
    std::vector<int64_t>& offsets = offsets_.emplace_back();
    for (const Segment& s : phase.segments)
      offsets.push_back(((s.dy - w.dy_min) * g_.strip_width + s.dx - w.dx_min) * pixel_);
  }
}

Result<std::vector<ConvPlan::Scratch>> ConvPlan::AllocateScratch(const ConvContext& context) const {
  const ConvWeights& w = *weights_;
  const int64_t rows = (strip_rows_ - 1) * w.in_stride[0] + 1 + w.dy_max - w.dy_min;
  const int64_t strip = rows * g_.strip_width * pixel_ + 64;  // a last quad may read past its pixel
  const int64_t line =
      (g_.base_w + (w.expanded ? (w.expand_taps - 1) * w.expand_step : 0)) * columns_;
  const auto align = [](int64_t bytes) { return static_cast<size_t>(RoundUp(bytes, 64)); };
  const bool is_float = mode_ == ConvMode::kFloat;
  const size_t plane = is_float ? align(strip * 4) : align(strip);
  const size_t row = align(line * 4), narrow = align(g_.base_w * kPanel * 4);
  const size_t dense = align(g_.in_w * w.ci + 64);
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
    if (mode_ == ConvMode::kInteger) s.high = reinterpret_cast<uint8_t*>(take(plane));
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
  if (mode_ == ConvMode::kInteger) {
    p.context.kernels.quantize16(row, dense ? s.high + at : s.dense[1], low);
  } else {
    p.context.kernels.quantize8(row, low);
  }
  if (dense) return;
  Spread(low, pixels, s.low + at);
  if (mode_ == ConvMode::kInteger) Spread(s.dense[1], pixels, s.high + at);
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
  const int64_t at = strip_row * g_.strip_width * pixel_;
  const int64_t source = SourceIndex(op_.pad_mode, y, g_.in_h);
  if (source < 0) return FillPadding(p, s, at, g_.strip_width);
  const int64_t left = g_.pad_left - weights_->dx_min;  // where input column 0 stands in the strip
  // Input columns that the strip holds; a stride may skip the last ones.
  const int64_t first = std::clamp<int64_t>(-left, 0, g_.in_w);
  const int64_t end = std::clamp<int64_t>(g_.strip_width - left, first, g_.in_w);
  const float* x = p.x + source * g_.in_w * weights_->ci;
  Convert(p, x + first * weights_->ci, end - first, s, at + (left + first) * pixel_);
  const auto pad = [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t column = SourceIndex(op_.pad_mode, i - left, g_.in_w);
      if (column < 0) {
        FillPadding(p, s, at + i * pixel_, 1);
      } else {
        Convert(p, x + column * weights_->ci, 1, s, at + i * pixel_);
      }
    }
  };
  pad(0, std::min(left + first, g_.strip_width));
  pad(std::max<int64_t>(left + end, 0), g_.strip_width);
}

// The strip for output cells' rows [first_row, first_row + rows).
void ConvPlan::FillStrip(const Picture& p, int64_t first_row, int64_t rows, Scratch& s) const {
  const ConvWeights& w = *weights_;
  const int64_t count = (rows - 1) * w.in_stride[0] + 1 + w.dy_max - w.dy_min;
  const int64_t y = first_row * w.in_stride[0] - g_.pad_top + w.dy_min;
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
  g.pixels = row.count + (w.expand_taps - 1) * w.expand_step;
  g.channels = w.columns;
  p.context.kernels.gemm_f32(g);
  for (int64_t i = 0; i < row.count; ++i)
    for (int64_t m = 0; m < w.co; ++m) {
      float sum = p.bias[static_cast<size_t>(m)];
      for (int64_t kx = 0; kx < w.expand_taps; ++kx)
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
      for (int64_t kx = 0; kx < w.expand_taps; ++kx)
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
  g.pixels = row.count + (w.expanded ? (w.expand_taps - 1) * w.expand_step : 0);
  g.channels = w.columns;
  const auto product = [&](const uint8_t* a, const std::vector<int8_t>& b, int32_t* c) {
    g.a = a + row.offset;
    g.b = b.data();
    g.c = c;
    p.context.kernels.gemm_int8(g);
  };
  // Planes of a value: index 0 weighs 65536, 1 weighs 256, 2 weighs 1. Static factors are bytes,
  // and their weights stand in q.high.
  const bool wide = mode_ == ConvMode::kInteger;
  if (wide) {
    product(s.high, q.high, s.sums[0]);
    product(s.high, q.low, s.sums[1]);
    product(s.low, q.high, s.sums[3]);
    for (int64_t i = 0; i < g.pixels * columns_; ++i) s.sums[1][i] += s.sums[3][i];
  }
  product(s.low, wide ? q.low : q.high, s.sums[2]);
  const int32_t* planes[3] = {};
  for (int i = wide ? 0 : 2; i < 3; ++i) {
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
  const int64_t rows = std::min(strip_rows_, g_.base_h - first);
  FillStrip(p, first, rows, s);
  for (size_t i = 0; i < w.phases.size(); ++i) {
    const ConvPhase& phase = w.phases[i];
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t y = (first + r) * w.out_stride[0] + phase.out_y;
      const int64_t count = CeilDiv(std::max<int64_t>(g_.out_w - phase.out_x, 0), w.out_stride[1]);
      if (y >= g_.out_h || count == 0) continue;
      const Row row{r * w.in_stride[0] * g_.strip_width * pixel_, count,
                    p.y + (y * g_.out_w + phase.out_x) * w.co};
      if (mode_ == ConvMode::kFloat) {
        FloatRow(p, i, row, s);
      } else {
        IntegerRow(p, i, row, s);
      }
    }
  }
  p.context.kernels.int8_done();
}

// Output rows of one strip.
std::pair<int64_t, int64_t> ConvPlan::OutputRows(int64_t strip) const {
  const int64_t stride = weights_->out_stride[0];
  const int64_t first = strip * strip_rows_ * stride;
  return {first, std::min((strip + 1) * strip_rows_ * stride, g_.out_h) - first};
}

// Scales and weights of this picture.
void ConvPlan::PrepareIntegers(Picture& p, const ChannelRange& range) const {
  const bool is_static = mode_ == ConvMode::kStatic;
  p.input =
      is_static ? StaticQuantization(weights_->ci, op_.input_scale) : QuantizationFor(range, 16);
  QuantizeWeights(*weights_, p.input, is_static, p.context.threads, p.quantized);
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
  const int64_t row = g_.out_w * weights_->co;
  FloatFinish finisher(p.context.kernels, op_, weights_->co, strips_);
  std::vector<ChannelRange> ranges(range == nullptr ? 0 : static_cast<size_t>(strips_));
  const auto finish = [&](int64_t i) {
    const auto [first, rows] = OutputRows(i);
    finisher.Apply(p.y + first * row, rows * row,
                   p.residual == nullptr ? nullptr : p.residual + first * row,
                   range == nullptr ? nullptr : &ranges[static_cast<size_t>(i)]);
  };
  p.context.threads.For(strips_, [&](int64_t i, int slot) {
    RunStrip(p, i, scratch[static_cast<size_t>(slot)]);
    if (norm) {
      const auto [first, rows] = OutputRows(i);
      finisher.AddStrip(i, p.y + first * row, rows * row);
    } else {
      finish(i);
    }
  });
  if (norm) {
    finisher.Reduce(g_.out_h * g_.out_w, inputs.norm_scale, inputs.norm_shift);
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
      out.tensor,
      context.pool.AllocateTensor(DType::kF32, {g_.batch, g_.out_h, g_.out_w, weights_->co}));
  if (out.tensor.num_elements() == 0) return out;
  PICABIA_ASSIGN_OR_RETURN(std::vector<Scratch> scratch, AllocateScratch(context));
  std::vector<ChannelRange> measured;
  if (mode_ == ConvMode::kInteger && inputs.x.ranges.empty())
    measured = MeasureRanges(context, inputs.x.tensor);
  const std::vector<ChannelRange>& ranges = measured.empty() ? inputs.x.ranges : measured;
  if (want_ranges) out.ranges.resize(static_cast<size_t>(g_.batch));
  const int64_t out_size = g_.out_h * g_.out_w * weights_->co;
  for (int64_t n = 0; n < g_.batch; ++n) {
    const auto at = static_cast<size_t>(n);
    Picture p(context);
    p.x = inputs.x.tensor.data<float>() + n * g_.in_h * g_.in_w * weights_->ci;
    p.y = out.tensor.MutableData<float>() + n * out_size;
    if (inputs.residual != nullptr) p.residual = inputs.residual + n * out_size;
    p.bias = Padded(inputs.bias, weights_->co, columns_);
    p.zero_bias.assign(static_cast<size_t>(columns_), 0.f);
    if (mode_ != ConvMode::kFloat)
      PrepareIntegers(p, mode_ == ConvMode::kInteger ? ranges[at] : ChannelRange{});
    RunPicture(p, inputs, scratch, want_ranges ? &out.ranges[at] : nullptr);
  }
  return out;
}

namespace {

// Sums of a block of pixels, repeated to the row period.
struct BlockSums {
  std::vector<double> sums, squares;

  void Add(const kernels::KernelTable& k, const float* x, int64_t count, int64_t channels) {
    const int64_t period = RowPeriod(channels);
    sums.assign(static_cast<size_t>(period), 0);
    squares = sums;
    k.statistics(x, count, period, sums.data(), squares.data());
  }
};

std::vector<float> Deviation(const std::vector<BlockSums>& blocks, int64_t channels,
                             double pixels) {
  const auto n = static_cast<size_t>(channels);
  std::vector<double> sums(n, 0.0), squares(sums);
  for (const BlockSums& b : blocks)
    for (size_t i = 0; i < b.sums.size(); ++i) {
      sums[i % n] += b.sums[i];
      squares[i % n] += b.squares[i];
    }
  std::vector<float> deviation;
  for (size_t c = 0; c < n; ++c) {
    const double mean = sums[c] / pixels;
    deviation.push_back(
        static_cast<float>(std::sqrt(std::max(squares[c] / pixels - mean * mean, 0.0))));
  }
  return deviation;
}

}  // namespace

std::vector<ChannelRange> MeasureRanges(const ConvContext& context, const Tensor& x) {
  const Shape& s = x.shape();
  const int64_t channels = s[3], row = s[2] * channels, rows = s[1];
  const int64_t block = std::max<int64_t>(kFinishBytes / 4 / std::max<int64_t>(row, 1), 1);
  const int64_t blocks = CeilDiv(rows, block);
  std::vector<ChannelRange> ranges;
  for (int64_t n = 0; n < s[0]; ++n) {
    const float* picture = x.data<float>() + n * rows * row;
    std::vector<ChannelRange> parts(static_cast<size_t>(blocks));
    std::vector<Grids> grids(static_cast<size_t>(blocks));
    std::vector<BlockSums> sums(static_cast<size_t>(blocks));
    context.threads.For(blocks, [&](int64_t i, int) {
      const float* from = picture + i * block * row;
      const int64_t count = std::min(block, rows - i * block) * row;
      ChannelRange& part = parts[static_cast<size_t>(i)];
      part = RowsRange(context.kernels, from, count, channels);
      grids[static_cast<size_t>(i)].Measure(from, count);
      sums[static_cast<size_t>(i)].Add(context.kernels, from, count, channels);
    });
    ChannelRange& whole = ranges.emplace_back(EmptyRange(channels));
    for (const ChannelRange& part : parts) MergeRange(whole, part);
    Grids common;
    for (const Grids& g : grids) {
      common.integral = common.integral && g.integral;
      common.parts = common.parts && g.parts;
    }
    whole.grid = common.Step();
    whole.deviation = Deviation(sums, channels, static_cast<double>(rows * s[2]));
  }
  return ranges;
}

}  // namespace picabia::cpu
