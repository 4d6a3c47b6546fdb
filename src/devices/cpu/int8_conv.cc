// The plan of a block, its direct products, and what becomes of a whole picture. int8_strips.cc
// fills the strips, int8_winograd.cc has the products by Winograd.
#include "devices/cpu/int8_conv.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/checked.h"
#include "devices/cpu/finish.h"
#include "devices/cpu/int8_work.h"

namespace picabia::cpu {
namespace {

using kernels::kPanel;

constexpr int64_t kStripBytes = 384 << 10;  // a strip's input stays in the second-level cache
constexpr int64_t kStepBytes = 1 << 20;     // and so does what is made of it
constexpr int64_t kMaxStripRows = 64;
constexpr int64_t kMinStrips = 16;  // enough for several threads without cutting rows
constexpr int64_t kSlack = 128;     // products read up to a vector behind the last pixel

// Of every channel, strip after strip; joined as kernels::LevelStatistics says.
struct Moments {
  double count = 0;
  std::vector<double> mean, squares;
  std::vector<float> low, high;

  explicit Moments(size_t channels)
      : mean(channels),
        squares(channels),
        low(channels, std::numeric_limits<float>::max()),
        high(channels, std::numeric_limits<float>::lowest()) {}

  void Add(const StripStatistics& s) {
    if (s.pixels == 0) return;
    const auto n = static_cast<double>(s.pixels);
    const double share = n / (count + n), weight = count * share;
    for (size_t c = 0; c < mean.size(); ++c) {
      const double d = s.mean[c] - mean[c];
      squares[c] += s.squares[c] + d * d * weight;
      mean[c] += d * share;
      low[c] = std::min(low[c], s.low[c]);
      high[c] = std::max(high[c], s.high[c]);
    }
    count += n;
  }
};

}  // namespace

Int8Plan::Int8Plan(const ops::ConvBlock& op, std::shared_ptr<const Int8Weights> weights,
                   int input_bits, const Shape& x, const Shape& y)
    : op_(op),
      weights_(std::move(weights)),
      conv_(*weights_->conv),
      input_bits_(weights_->winograd ? 8 : input_bits),
      g_(op, conv_, x, y) {
  PlanStrips();
}

bool Int8Plan::CanMakeLevels(const ops::ConvBlock& op, const ConvWeights& weights) {
  const auto simple = [](ops::Activation a) {
    return a == ops::Activation::kNone || a == ops::Activation::kRelu;
  };
  // Scale and shift are part of the levels' own where no activation stands before them.
  const bool plain = op.post_scale == 1 && op.post_shift == 0;
  return !weights.expanded && simple(op.activation) && simple(op.activation2) &&
         (plain || op.activation == ops::Activation::kNone);
}

const char* Int8Plan::kernel() const {
  if (weights_->winograd) return "conv-int8-winograd";
  return input_bits_ == 16 ? "conv-int16x8" : "conv-int8";
}

void Int8Plan::PlanStrips() {
  const bool winograd = weights_->winograd;
  columns_ = RoundUp(conv_.columns, kPanel);
  // Tiles are two pixels wide: an odd width needs one more column.
  strip_width_ = g_.strip_width + (winograd && g_.base_w % 2 != 0 ? 1 : 0);
  const int64_t bytes = winograd ? 2 : input_bits_ / 8;
  const int64_t row = std::max<int64_t>(strip_width_ * conv_.ci * bytes * conv_.in_stride[0], 1);
  strip_rows_ = std::clamp<int64_t>(CeilDiv(g_.base_h, kMinStrips), 1, kMaxStripRows);
  if (winograd) strip_rows_ = RoundUp(strip_rows_, int64_t{2});
  strips_ = CeilDiv(g_.base_h, strip_rows_);
  const int64_t out_row = std::max<int64_t>(
      g_.out_w * conv_.co * conv_.out_stride[0] * static_cast<int64_t>(sizeof(int16_t)), 1);
  step_rows_ =
      std::clamp<int64_t>(std::min(kStripBytes / row, kStepBytes / out_row), 1, strip_rows_);
  if (winograd) step_rows_ = RoundUp(step_rows_, int64_t{2});
  // Steps of equal height.
  const int64_t steps = CeilDiv(strip_rows_, step_rows_);
  step_rows_ = RoundUp(CeilDiv(strip_rows_, steps), winograd ? int64_t{2} : int64_t{1});
  strip_height_ = InputRows(step_rows_);
}

// Memory of one thread. own_rows: for output rows that nobody keeps.
Result<Int8Plan::Scratch> Int8Plan::AllocateScratch(const ConvContext& context,
                                                    const LevelSource* input, bool own_rows) const {
  const auto align = [](int64_t bytes) { return static_cast<size_t>(RoundUp(bytes, 64)); };
  const bool winograd = weights_->winograd;
  const int64_t strip = strip_height_ * strip_width_ * conv_.ci + kSlack;
  const size_t plane = align(winograd ? strip * 2 : strip);
  const int64_t line =
      g_.base_w + (conv_.expanded ? (conv_.expand_taps - 1) * conv_.expand_step : 0);
  // An expanded row's sums are read four at a time.
  const size_t sums =
      align((winograd ? kWinogradTaps * kTiles * kGroup : line * columns_ + kPanel) * 4);
  const size_t taps = winograd ? align(kWinogradTaps * kTiles * conv_.ci + kSlack) : 0;
  const size_t rows =
      own_rows ? align(step_rows_ * conv_.out_stride[0] * g_.out_w * conv_.co * 2) : 0;
  const int planes = input_bits_ == 16 ? 2 : 1;
  Scratch s;
  s.memory = context.pool.Allocate((plane + sums) * static_cast<size_t>(planes) + taps + rows);
  if (s.memory == nullptr) return ResourceError("no memory for a convolution's scratch");
  std::byte* next = s.memory.get();
  const auto take = [&next](size_t bytes) { return std::exchange(next, next + bytes); };
  std::byte* strip_memory = take(plane);
  s.tile = reinterpret_cast<int16_t*>(strip_memory);
  s.low = reinterpret_cast<uint8_t*>(strip_memory);
  if (planes == 2) s.high = reinterpret_cast<uint8_t*>(take(plane));
  for (int i = 0; i < planes; ++i) s.sums[i] = reinterpret_cast<int32_t*>(take(sums));
  if (winograd) s.taps = reinterpret_cast<uint8_t*>(take(taps));
  if (own_rows) s.rows = reinterpret_cast<int16_t*>(take(rows));
  if (input != nullptr) {
    PICABIA_ASSIGN_OR_RETURN(s.cache, input->MakeCache());
  }
  return s;
}

void Int8Plan::ExpandedRow(const Picture& p, int64_t count, Scratch& s, float* y) const {
  const Int8Phase& phase = p.weights.phases[0];
  const int32_t* high = p.input.kind == FactorKind::kWord ? s.sums[1] : nullptr;
  for (int64_t m = 0; m < conv_.co; m += 4)
    p.context.kernels.sum_columns(
        {s.sums[0] + m, high == nullptr ? nullptr : high + m, columns_, conv_.expand_taps,
         conv_.expand_step, conv_.co, phase.scale.data() + m, phase.high_scale.data() + m,
         phase.offset.data() + m, y + m, conv_.co, count, std::min<int64_t>(4, conv_.co - m)});
}

// One row of one phase; `strip_row` is where its first input row stands in the strip.
void Int8Plan::DirectRow(const Picture& p, size_t phase_index, int64_t strip_row, int64_t y,
                         Scratch& s, StripStatistics* statistics) const {
  const ConvPhase& phase = conv_.phases[phase_index];
  const Int8Phase& weights = p.weights.phases[phase_index];
  const int64_t count = CeilDiv(std::max<int64_t>(g_.out_w - phase.out_x, 0), conv_.out_stride[1]);
  if (count == 0) return;
  kernels::GemmInt8 g{};
  g.pixel_stride = conv_.in_stride[1] * conv_.ci;
  s.offsets.clear();
  for (const Segment& segment : phase.segments)
    s.offsets.push_back(RowOffset(s, strip_row + segment.dy - conv_.dy_min) +
                        (segment.dx - conv_.dx_min) * conv_.ci);
  g.segments = s.offsets.data();
  g.num_segments = static_cast<int64_t>(phase.segments.size());
  g.segment_length =
      phase.segments.empty()
          ? 0
          : kernels::SegmentBytes(p.context.kernels, phase.segments[0].taps * conv_.ci);
  g.b = reinterpret_cast<const int8_t*>(weights.panels.get());
  g.c_stride = columns_;
  g.pixels = count + (conv_.expanded ? (conv_.expand_taps - 1) * conv_.expand_step : 0);
  g.channels = conv_.columns;
  const bool wide = p.input.kind == FactorKind::kWord, to_levels = p.out_floats == nullptr;
  g.a = s.low;
  g.c = s.sums[0];
  kernels::Requantize r{};
  r.low = s.sums[0];
  r.high = wide ? s.sums[1] : nullptr;
  r.stride = columns_;
  r.scale = weights.scale.data();
  r.high_scale = weights.high_scale.data();
  r.offset = weights.offset.data();
  r.y_stride = conv_.out_stride[1] * conv_.co;
  r.pixels = count;
  r.channels = conv_.co;
  if (to_levels) {
    r.levels = s.out_levels + ((y - s.out_row) * g_.out_w + phase.out_x) * conv_.co;
    if (statistics != nullptr) {
      r.statistics = statistics->View(0);
      statistics->pixels += count;
    }
    if (!wide) return p.context.kernels.gemm_levels(g, r);
  }
  p.context.kernels.gemm_int8(g);
  if (wide) {
    g.a = s.high;
    g.c = s.sums[1];
    p.context.kernels.gemm_int8(g);
  }
  if (to_levels) return p.context.kernels.requantize(r);
  r.floats = p.out_floats + (y * g_.out_w + phase.out_x) * conv_.co;
  if (conv_.expanded) return ExpandedRow(p, count, s, r.floats);
  p.context.kernels.requantize_float(r);
}

// Rows of output cells [begin, end), a step at a time, into s.out_levels or, where the scratch has
// rows of its own, into these: nobody keeps them then.
void Int8Plan::RunRows(const Picture& p, int64_t begin, int64_t end, Scratch& s,
                       StripStatistics* statistics) const {
  int64_t kept = 0;
  s.first_slot = 0;
  for (int64_t first = begin; first < end; first += step_rows_) {
    const int64_t rows = std::min(step_rows_, end - first);
    FillStrip(p, first, rows, kept, s);
    if (s.rows != nullptr) {
      s.out_levels = s.rows;
      s.out_row = first * conv_.out_stride[0];
    }
    RunStep(p, first, rows, s, statistics);
    if (first + rows < end) kept = KeepRows(rows, s);
  }
  p.context.kernels.int8_done();
}

void Int8Plan::RunStrip(const Picture& p, int64_t strip, Scratch& s,
                        StripStatistics* statistics) const {
  s.out_levels = p.out_levels;
  s.out_row = 0;
  const int64_t begin = strip * strip_rows_;
  RunRows(p, begin, std::min(begin + strip_rows_, g_.base_h), s, statistics);
}

// Output cells' rows [first, first + rows), whose input is in the strip.
void Int8Plan::RunStep(const Picture& p, int64_t first, int64_t rows, Scratch& s,
                       StripStatistics* statistics) const {
  if (weights_->winograd) return WinogradStep(p, first, rows, s, statistics);
  const int64_t every = statistics == nullptr ? 1 : p.statistics_rows;
  for (size_t i = 0; i < conv_.phases.size(); ++i)
    for (int64_t r = RoundUp(first, every) - first; r < rows; r += every) {
      const int64_t y = (first + r) * conv_.out_stride[0] + conv_.phases[i].out_y;
      if (y < g_.out_h) DirectRow(p, i, r * conv_.in_stride[0], y, s, statistics);
    }
}

namespace {

// The zero point that keeps the sum of four levels above 0 after the shift.
std::vector<int16_t> SumZero(const ChannelRange& range, const InputFactors& factors) {
  std::vector<int16_t> zero(factors.scale.size(), 0);
  for (size_t c = 0; c < zero.size(); ++c) {
    if (range.low[c] >= 0) continue;
    const double least = std::floor(range.low[c] / factors.scale[c]) - 1;  // less a rounding
    zero[c] = static_cast<int16_t>(std::ceil(-4 * least / (1 << kernels::kWinogradShift)));
  }
  return zero;
}

// The largest factor of a channel of floats.
int32_t Largest(const Int8Input& in, size_t c) {
  if (in.kind == FactorKind::kTile) return FactorLevels(in.kind);
  const double scale = in.factors.scale[c];
  const double high = std::max(0.0, static_cast<double>(in.range.high[c]));
  const double most = in.factors.zero[c] + (scale > 0 ? std::ceil(high / scale) + 1 : 0);
  return static_cast<int32_t>(std::min<double>(most, FactorLevels(in.kind)));
}

}  // namespace

void Int8Plan::PrepareInput(Picture& p, const Int8Inputs& inputs, size_t n,
                            const std::vector<ChannelRange>& ranges) const {
  Int8Input& in = p.input;
  in.kind = weights_->winograd  ? FactorKind::kTile
            : input_bits_ == 16 ? FactorKind::kWord
                                : FactorKind::kByte;
  if (!inputs.x.levels.empty()) {
    const LevelScale& levels = inputs.x.levels[n];
    in.range = RangeOf(levels);
    MapLevels(levels, in.kind, weights_->winograd ? nullptr : &weights_->input, p.mapping);
    in.factors = p.mapping.input;
  } else {
    in.range = ranges[n];
    if (in.kind == FactorKind::kWord && in.range.OnGrid()) in.kind = FactorKind::kByte;
    p.quantization =
        in.kind == FactorKind::kTile
            ? TileQuantization(in.range)
            : QuantizationFor(in.range, in.kind == FactorKind::kWord ? 16 : 8, &weights_->input);
    for (size_t c = 0; c < static_cast<size_t>(conv_.ci); ++c) {
      in.factors.scale.push_back(static_cast<double>(p.quantization.scale[c]));
      in.factors.zero.push_back(p.quantization.zero[c]);
      in.factors.most.push_back(Largest(in, c));
    }
    in.exact = in.range.OnGrid() && in.kind == FactorKind::kByte;
  }
  for (size_t c = 0; c < in.range.low.size(); ++c) {
    in.range.low[c] = std::min(in.range.low[c], 0.f);
    in.range.high[c] = std::max(in.range.high[c], 0.f);
  }
  if (in.kind == FactorKind::kTile) in.sum_zero = SumZero(in.range, in.factors);
  for (const int32_t zero : in.factors.zero) {
    p.zero_low.push_back(static_cast<uint8_t>(zero & 255));
    p.zero_high.push_back(static_cast<uint8_t>(zero >> 8));
  }
}

namespace {

// What the norm and the activation make of the levels.
LevelScale ScaleOfLevels(const ops::ConvBlock& op, const std::vector<StripStatistics>& strips,
                         const Int8Picture& picture, const Int8Inputs& inputs) {
  const std::vector<double>& level_scale = picture.level_scale;
  LevelScale out;
  double noise = 0, weight = 0;
  const bool residual = op.has_residual;
  out.relu = op.activation == ops::Activation::kRelu ||
             (!residual && op.activation2 == ops::Activation::kRelu);
  Moments moments(level_scale.size());
  for (const StripStatistics& s : strips) moments.Add(s);
  for (auto* v : {&out.scale, &out.offset, &out.deviation}) v->reserve(level_scale.size());
  out.low.assign(moments.low.begin(), moments.low.end());
  out.high.assign(moments.high.begin(), moments.high.end());
  for (size_t c = 0; c < level_scale.size(); ++c) {
    const double mean = moments.mean[c], squares = moments.squares[c];
    double scale = level_scale[c], offset = 0;
    if (op.norm == ops::Norm::kInstance) {
      const double variance = squares / moments.count * scale * scale;
      const double gain = static_cast<double>(inputs.norm_scale[c]);
      if (!picture.noise.empty()) {
        // After the norm, each channel's variance is about the square of its gain.
        const double rounding = level_scale[c] * level_scale[c] / 12;
        noise += gain * gain * (picture.noise[c] + rounding) /
                 (variance + static_cast<double>(op.epsilon));
        weight += gain * gain;
      }
      scale *= gain / std::sqrt(variance + static_cast<double>(op.epsilon));
      offset = static_cast<double>(inputs.norm_shift[c]) - scale * mean;
    } else if (inputs.bias != nullptr) {
      offset = static_cast<double>(inputs.bias[c]);
    }
    const auto factor = static_cast<double>(op.post_scale);
    out.scale.push_back(scale * factor);
    out.offset.push_back(offset * factor + static_cast<double>(op.post_shift));
    out.deviation.push_back(std::sqrt(squares / std::max(moments.count, 1.0)) *
                            std::fabs(out.scale.back()));
  }
  out.noise = weight > 0 ? noise / weight : 0;
  return out;
}

constexpr double kMostHeadroom = 1e6;
// Odd, since rows of pixels that a network doubled come in pairs.
constexpr int64_t kSampleRows = 3;

bool LevelsFit(const LevelScale& levels) {
  const auto fits = [](int32_t v) { return v >= -32767 && v <= 32767; };
  return std::all_of(levels.low.begin(), levels.low.end(), fits) &&
         std::all_of(levels.high.begin(), levels.high.end(), fits);
}

}  // namespace

void Int8Plan::RunPicture(Picture& p, const Int8Inputs& inputs, std::vector<Scratch>& scratch,
                          ChannelRange* range, LevelScale* levels) const {
  const auto strips = static_cast<size_t>(strips_);
  ThreadPool& threads = p.context.threads;
  if (levels != nullptr) {
    PictureStatistics statistics(strips_, columns_);
    threads.For(strips_, [&](int64_t i, int slot) {
      RunStrip(p, i, scratch[static_cast<size_t>(slot)], &statistics.Strip(i));
    });
    *levels = ScaleOfLevels(op_, statistics.strips(), p.weights, inputs);
    return;
  }
  const bool norm = op_.norm != ops::Norm::kNone;
  FloatFinish finisher(p.context.kernels, op_, conv_.co, strips_);
  std::vector<ChannelRange> ranges(range == nullptr ? 0 : strips);
  // Calls f(first element, elements) for the output of one strip.
  const auto output = [&](int64_t strip, auto f) {
    const int64_t row = g_.out_w * conv_.co, height = strip_rows_ * conv_.out_stride[0];
    f(strip * height * row, (std::min((strip + 1) * height, g_.out_h) - strip * height) * row);
  };
  const auto finish = [&](int64_t i) {
    output(i, [&](int64_t first, int64_t count) {
      finisher.Apply(p.out_floats + first, count,
                     p.residual == nullptr ? nullptr : p.residual + first,
                     range == nullptr ? nullptr : &ranges[static_cast<size_t>(i)]);
    });
  };
  threads.For(strips_, [&](int64_t i, int slot) {
    RunStrip(p, i, scratch[static_cast<size_t>(slot)], nullptr);
    if (!norm) return finish(i);
    output(i, [&](int64_t first, int64_t count) {
      finisher.AddStrip(i, p.out_floats + first, count);
    });
  });
  if (norm) {
    finisher.Reduce(g_.out_h * g_.out_w, inputs.norm_scale, inputs.norm_shift);
    threads.For(strips_, [&](int64_t i, int) { finish(i); });
  }
  if (range == nullptr) return;
  *range = EmptyRange(conv_.co);
  for (const ChannelRange& r : ranges) MergeRange(*range, r);
}

// The block at work again: some output rows of one picture.
class Int8Plan::Source : public LevelSource {
 public:
  Source(std::shared_ptr<const Int8Plan> plan, Activation x, std::shared_ptr<const Picture> picture)
      : plan_(std::move(plan)), x_(std::move(x)), picture_(std::move(picture)) {}

  Result<std::unique_ptr<Cache>> MakeCache() const override {
    auto cache = std::make_unique<CachedRows>();
    PICABIA_ASSIGN_OR_RETURN(cache->scratch,
                             plan_->AllocateScratch(picture_->context, x_.source.get(), false));
    return std::unique_ptr<Cache>(std::move(cache));
  }

  const int16_t* Rows(int64_t first, int64_t count, Cache& cache) const override {
    auto& c = static_cast<CachedRows&>(cache);
    const Int8Plan& plan = *plan_;
    const int64_t stride = plan.conv_.out_stride[0], row = plan.g_.out_w * plan.conv_.co;
    const int64_t begin = first / stride, end = CeilDiv(first + count, stride);  // cells
    c.levels.resize(static_cast<size_t>((end - begin) * stride * row));
    Scratch& s = c.scratch;
    s.out_levels = c.levels.data();
    s.out_row = begin * stride;
    plan.RunRows(*picture_, begin, end, s, nullptr);
    return c.levels.data() + (first - s.out_row) * row;
  }

 private:
  struct CachedRows : Cache {
    Scratch scratch;
    std::vector<int16_t> levels;
  };

  std::shared_ptr<const Int8Plan> plan_;
  Activation x_;  // keeps the input
  std::shared_ptr<const Picture> picture_;
};

Result<Activation> Int8Plan::Run(const ConvContext& context, const Int8Inputs& inputs,
                                 Int8Output output, bool want_ranges) const {
  const Shape shape{g_.batch, g_.out_h, g_.out_w, conv_.co};
  const bool empty = CheckedProduct(shape) == 0;  // has no levels
  const bool to_levels = output != Int8Output::kFloats && !empty;
  const bool sampled = output == Int8Output::kSampledSource;
  const bool keep = (output != Int8Output::kSource && !sampled) || empty;
  Activation out;
  const DType dtype = to_levels ? DType::kI16 : DType::kF32;
  PICABIA_ASSIGN_OR_RETURN(out.tensor, keep ? context.pool.AllocateTensor(dtype, shape)
                                            : Tensor::WithoutData(dtype, shape));
  if (empty) return out;
  std::vector<Scratch> scratch(static_cast<size_t>(context.threads.threads()));
  for (Scratch& s : scratch) {
    PICABIA_ASSIGN_OR_RETURN(s, AllocateScratch(context, inputs.x.source.get(), !keep));
  }
  std::vector<ChannelRange> measured;
  if (inputs.x.levels.empty() && inputs.x.ranges.empty())
    measured = MeasureRanges(context, inputs.x.tensor);
  const std::vector<ChannelRange>& ranges = measured.empty() ? inputs.x.ranges : measured;
  const int64_t pixels = g_.out_h * g_.out_w, size = pixels * conv_.co;
  const int64_t in_size = g_.in_h * g_.in_w * conv_.ci;
  if (to_levels) out.levels.resize(static_cast<size_t>(g_.batch));
  if (!to_levels && want_ranges) out.ranges.resize(static_cast<size_t>(g_.batch));
  for (int64_t n = 0; n < g_.batch; ++n) {
    const auto at = static_cast<size_t>(n);
    auto picture = std::make_shared<Picture>(context);
    Picture& p = *picture;
    if (inputs.x.source != nullptr) {
      p.source = inputs.x.source.get();
    } else if (inputs.x.levels.empty()) {
      p.floats = inputs.x.tensor.data<float>() + n * in_size;
    } else {
      p.repeat = inputs.x.repeat;
      p.levels = inputs.x.tensor.data<int16_t>() + n * (in_size / (p.repeat * p.repeat));
    }
    PrepareInput(p, inputs, at, ranges);
    if (sampled) p.statistics_rows = kSampleRows;
    if (to_levels && keep) {
      p.out_levels = out.tensor.MutableData<int16_t>() + n * size;
    } else if (!to_levels) {
      p.out_floats = out.tensor.MutableData<float>() + n * size;
      if (inputs.residual != nullptr)
        p.residual = inputs.residual->floats().data<float>() + n * size;
    }
    // Levels have room for what the input's range can lead to; a second try that rarely happens has
    // room for what the first one found.
    for (double headroom = 1; headroom < kMostHeadroom; headroom *= 4) {
      PICABIA_ASSIGN_OR_RETURN(p.weights, QuantizeForPicture(context, *weights_, p.input, to_levels,
                                                             inputs.bias, headroom));
      RunPicture(p, inputs, scratch, out.ranges.empty() ? nullptr : &out.ranges[at],
                 to_levels ? &out.levels[at] : nullptr);
      if (!to_levels || LevelsFit(out.levels[at])) break;
    }
    if (!keep) {
      out.levels[at].clamped = sampled;
      out.source = std::make_shared<Source>(shared_from_this(), inputs.x, std::move(picture));
      return out;
    }
    if (!to_levels || inputs.residual == nullptr) continue;
    const LevelScale sum = AddLevels(context, p.out_levels, out.levels[at],
                                     inputs.residual->tensor.data<int16_t>() + n * size,
                                     inputs.residual->levels[at], pixels);
    out.levels[at] = sum;
    out.levels[at].relu = op_.activation2 == ops::Activation::kRelu;
  }
  return out;
}

}  // namespace picabia::cpu
