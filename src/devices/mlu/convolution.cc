// Weights as bytes, padded pictures, products.
#include "devices/mlu/convolution.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/checked.h"

namespace picabia::mlu {
namespace {

using kernels::kPanel;
using kernels::kQuad;

constexpr int64_t kSlack = 128;  // products read up to two vectors behind the last pixel

int32_t WeightOf(float w, bool wide) {
  const float limit = wide ? 32768.f : 128.f;  // only a damaged file has others
  return static_cast<int32_t>(std::min(std::max(std::nearbyint(w), -limit), limit - 1));
}

// The panels of one phase as bytes.
class PhasePacker {
 public:
  PhasePacker(const cpu::ConvWeights& conv, const cpu::ConvPhase& from, bool wide, int64_t pixel,
              const kernels::KernelTable& kernels, IntegerPhase& to)
      : conv_(conv), from_(from), wide_(wide), pixel_(pixel), to_(to) {
    taps_ = from.segments.empty() ? 0 : from.segments[0].taps;
    to.segment_bytes = kernels::SegmentBytes(kernels, taps_ * pixel);
  }

  void Run() {
    const auto segments = static_cast<int64_t>(from_.segments.size());
    const int64_t blocks = CeilDiv(conv_.columns, kPanel);
    to_.low.assign(static_cast<size_t>(blocks * segments * to_.segment_bytes * kPanel), 0);
    if (wide_) to_.high = to_.low;
    sums_.assign(static_cast<size_t>(blocks * kPanel), 0);
    for (int64_t b = 0; b < blocks; ++b)
      for (int64_t s = 0; s < segments; ++s)
        for (int64_t t = 0; t < taps_; ++t) PackTap(b, s, t, segments);
    Correct();
  }

 private:
  void PackTap(int64_t block, int64_t segment, int64_t tap, int64_t segments) {
    const float* panel =
        from_.panels.data() + ((block * from_.taps + segment * taps_ + tap) * conv_.ci) * kPanel;
    for (int64_t c = 0; c < conv_.ci; ++c)
      for (int64_t l = 0; l < kPanel; ++l) {
        const int64_t byte = tap * pixel_ + c;
        const int64_t at = (block * segments + segment) * to_.segment_bytes * kPanel +
                           (byte / kQuad * kPanel + l) * kQuad + byte % kQuad;
        const int64_t column = block * kPanel + l;
        const int32_t v = WeightOf(panel[c * kPanel + l], wide_);
        sums_[static_cast<size_t>(column)] += v;
        Store(v, static_cast<size_t>(at), {static_cast<size_t>(segment), byte, column});
      }
  }

  void Store(int32_t v, size_t at, const Excess& place) {
    if (!wide_) {
      to_.low[at] = static_cast<int8_t>(v);
      return;
    }
    const auto low = static_cast<int8_t>(static_cast<uint32_t>(v) & 255u);
    int32_t high = (v - low) / 256;
    if (high > 127) {
      to_.excess.push_back(place);
      --high;
    }
    to_.low[at] = low;
    to_.high[at] = static_cast<int8_t>(high);
  }

  // The outputs' corrections are sums over the columns that they add.
  void Correct() {
    to_.correction.assign(static_cast<size_t>(RoundUp(conv_.co, kPanel)), 0);
    const double zero = wide_ ? 32768 : 128;
    for (int64_t i = 0; i < conv_.columns; ++i)
      to_.correction[static_cast<size_t>(i % conv_.co)] +=
          zero * static_cast<double>(sums_[static_cast<size_t>(i)]);
  }

  const cpu::ConvWeights& conv_;
  const cpu::ConvPhase& from_;
  bool wide_;
  int64_t pixel_, taps_ = 0;
  IntegerPhase& to_;
  std::vector<int64_t> sums_;  // of the weights of each column
};

}  // namespace

Result<std::shared_ptr<const IntegerFilter>> MakeIntegerFilter(
    const ops::ConvBlock& op, const program::Constant& constant,
    const kernels::KernelTable& kernels) {
  PICABIA_ASSIGN_OR_RETURN(const auto conv, cpu::MakeConvWeights(op, constant));
  auto filter = std::make_shared<IntegerFilter>();
  filter->wide = constant.stored_dtype == DType::kI16;
  if (!cpu::FitsInt32(*conv, filter->wide))
    return Unsupported("a window of so many inputs overflows 32-bit sums");
  filter->input_scale = op.input_scale;
  for (int64_t m = 0; m < RoundUp(conv->co, kPanel); ++m) {
    const bool own = m < static_cast<int64_t>(op.filter_scales.size());
    const float scale = own ? op.filter_scales[static_cast<size_t>(m)] : op.filter_scale;
    filter->divisor.push_back(static_cast<double>(op.input_scale) * static_cast<double>(scale));
  }
  filter->pixel = RoundUp(conv->ci, kQuad);
  auto bare = std::make_shared<cpu::ConvWeights>(*conv);
  for (cpu::ConvPhase& phase : bare->phases) {
    PhasePacker(*conv, phase, filter->wide, filter->pixel, kernels, filter->phases.emplace_back())
        .Run();
    phase.panels = {};
  }
  filter->conv = std::move(bare);
  return std::shared_ptr<const IntegerFilter>(std::move(filter));
}

// One row of cells at work.
struct IntegerPlan::Run {
  const kernels::KernelTable& kernels;
  const Planes& planes;
  int64_t cell_row, count;
  const Scratch& scratch;
};

IntegerPlan::IntegerPlan(const ops::ConvBlock& op, std::shared_ptr<const IntegerFilter> filter,
                         const Shape& x, const Shape& y)
    : op_(op), filter_(std::move(filter)), w_(*filter_->conv), g_(op, w_, x, y) {
  width_ = g_.strip_width;
  height_ = g_.base_h == 0 ? 0 : (g_.base_h - 1) * w_.in_stride[0] + 1 + w_.dy_max - w_.dy_min;
  top_ = g_.pad_top - w_.dy_min;
  left_ = g_.pad_left - w_.dx_min;
  columns_ = RoundUp(w_.columns, kPanel);
  for (const cpu::ConvPhase& phase : w_.phases) {
    std::vector<int64_t>& offsets = offsets_.emplace_back();
    for (const cpu::Segment& s : phase.segments)
      offsets.push_back(((s.dy - w_.dy_min) * width_ + s.dx - w_.dx_min) * filter_->pixel);
  }
}

Result<IntegerPlan::Scratch> IntegerPlan::AllocateScratch(cpu::BufferPool& pool) const {
  const auto align = [](int64_t bytes) { return static_cast<size_t>(RoundUp(bytes, 64)); };
  const int64_t pixels = g_.base_w + (w_.expanded ? (w_.expand_taps - 1) * w_.expand_step : 0);
  const size_t sums = align(pixels * columns_ * 4);
  const size_t joined = w_.expanded ? align(g_.base_w * kPanel * 4) : 0;
  const size_t planes = filter_->wide ? 4 : 1;
  Scratch s;
  s.memory = pool.Allocate(planes * (sums + joined));
  if (s.memory == nullptr) return ResourceError("no memory for a convolution's scratch");
  std::byte* next = s.memory.get();
  const auto take = [&next](size_t bytes) { return std::exchange(next, next + bytes); };
  for (size_t i = filter_->wide ? 0 : 2; i < (filter_->wide ? 4u : 3u); ++i) {
    s.sums[i] = reinterpret_cast<int32_t*>(take(sums));
    if (i < 3) s.joined[i] = reinterpret_cast<int32_t*>(take(joined));
  }
  return s;
}

Result<Planes> IntegerPlan::AllocatePlanes(cpu::BufferPool& pool) const {
  const auto bytes =
      static_cast<size_t>(RoundUp(width_ * height_ * filter_->pixel + kSlack, int64_t{64}));
  Planes planes;
  planes.memory = pool.Allocate(filter_->wide ? 2 * bytes : bytes);
  if (planes.memory == nullptr) return ResourceError("no memory for a convolution's input");
  planes.low = reinterpret_cast<uint8_t*>(planes.memory.get());
  if (filter_->wide) planes.high = planes.low + bytes;
  return planes;
}

void IntegerPlan::FillZero(const Planes& planes, int64_t at, int64_t pixels) const {
  if (pixels <= 0) return;
  const auto from = static_cast<size_t>(at * filter_->pixel),
             bytes = static_cast<size_t>(pixels * filter_->pixel);
  std::memset(planes.low + from, filter_->wide ? 0 : 128, bytes);
  if (filter_->wide) std::memset(planes.high + from, 128, bytes);
}

void IntegerPlan::CopyPixels(const Planes& planes, int64_t from, int64_t to, int64_t pixels) const {
  const auto bytes = static_cast<size_t>(pixels * filter_->pixel);
  for (uint8_t* plane : {planes.low, planes.high})
    if (plane != nullptr)
      std::memcpy(plane + to * filter_->pixel, plane + from * filter_->pixel, bytes);
}

namespace {

// Pixels of `ci` bytes to pixels of `pixel` bytes; the bytes between meet zero weights.
void Spread(const uint8_t* from, int64_t pixels, int64_t ci, int64_t pixel, uint8_t* to) {
  for (int64_t i = 0; i < pixels; ++i, from += ci, to += pixel)
    for (int64_t c = 0; c < pixel; ++c) to[c] = c < ci ? from[c] : 0;
}

}  // namespace

void IntegerPlan::FillRow(const kernels::KernelTable& kernels, const uint16_t* halves, int64_t y,
                          const Planes& planes, uint8_t* scratch) const {
  const int64_t row = y + top_;
  if (row < 0 || row >= height_) return;
  const int64_t at = row * width_;
  // Input columns that the picture holds; a stride may skip the last ones.
  const int64_t first = std::clamp<int64_t>(-left_, 0, g_.in_w);
  const int64_t end = std::clamp<int64_t>(width_ - left_, first, g_.in_w);
  const int64_t count = end - first, ci = w_.ci;
  const int64_t to = (at + left_ + first) * filter_->pixel;
  const bool dense = ci == filter_->pixel;
  kernels::HalfQuantize q{};
  q.x = halves + first * ci;
  q.count = count * ci;
  q.scale = filter_->input_scale;
  q.low = dense ? planes.low + to : scratch;
  q.high = !filter_->wide ? nullptr : dense ? planes.high + to : scratch + g_.in_w * ci;
  kernels.mlu.quantize(q);
  if (!dense) {
    Spread(q.low, count, ci, filter_->pixel, planes.low + to);
    if (filter_->wide) Spread(q.high, count, ci, filter_->pixel, planes.high + to);
  }
  const auto pad = [&](int64_t from, int64_t until) {
    for (int64_t i = from; i < until; ++i) {
      const int64_t column = cpu::SourceIndex(op_.pad_mode, i - left_, g_.in_w);
      if (column < first || column >= end) {
        FillZero(planes, at + i, 1);
      } else {
        CopyPixels(planes, at + left_ + column, at + i, 1);
      }
    }
  };
  pad(0, std::min(left_ + first, width_));
  pad(std::max<int64_t>(left_ + end, 0), width_);
}

void IntegerPlan::FillBorder(const Planes& planes) const {
  const auto fill = [&](int64_t row) {
    const int64_t source = cpu::SourceIndex(op_.pad_mode, row - top_, g_.in_h);
    const int64_t from = source + top_;
    if (source < 0 || from < 0 || from >= height_) return FillZero(planes, row * width_, width_);
    CopyPixels(planes, from * width_, row * width_, width_);
  };
  for (int64_t row = 0; row < std::min(top_, height_); ++row) fill(row);
  for (int64_t row = std::max<int64_t>(top_ + g_.in_h, 0); row < height_; ++row) fill(row);
  const auto end = static_cast<size_t>(width_ * height_ * filter_->pixel);
  for (uint8_t* plane : {planes.low, planes.high})
    if (plane != nullptr) std::memset(plane + end, 0, static_cast<size_t>(kSlack));
}

// The neighbours' columns of an expanded product, added.
void IntegerPlan::Join(const int32_t* sums, int64_t count, int32_t* out) const {
  for (int64_t i = 0; i < count; ++i)
    for (int64_t m = 0; m < w_.co; ++m) {
      int32_t sum = 0;
      for (int64_t k = 0; k < w_.expand_taps; ++k)
        sum += sums[(i + k * w_.expand_step) * columns_ + k * w_.co + m];
      out[i * kPanel + m] = sum;
    }
}

// An excess weight stands for 256 times its input.
void IntegerPlan::AddExcess(const Run& run, const IntegerPhase& phase, size_t index) const {
  const int64_t row = run.cell_row * w_.in_stride[0] * width_ * filter_->pixel;
  const int64_t step = w_.in_stride[1] * filter_->pixel;
  for (const Excess& e : phase.excess) {
    const int64_t from = row + offsets_[index][e.segment] + e.byte;
    for (int64_t i = 0; i < run.count; ++i) {
      run.scratch.sums[0][i * columns_ + e.column] += run.planes.high[from + i * step];
      run.scratch.sums[1][i * columns_ + e.column] += run.planes.low[from + i * step];
    }
  }
}

// The sums of the row's pixels: planes of 65536, 256 and 1, or the last one alone.
void IntegerPlan::Products(const Run& run, size_t index) const {
  const IntegerPhase& phase = filter_->phases[index];
  const Scratch& s = run.scratch;
  kernels::GemmInt8 g{};
  g.pixel_stride = w_.in_stride[1] * filter_->pixel;
  g.segments = offsets_[index].data();
  g.num_segments = static_cast<int64_t>(offsets_[index].size());
  g.segment_length = phase.segment_bytes;
  g.c_stride = columns_;
  g.pixels = run.count;
  g.channels = w_.columns;
  const int64_t row = run.cell_row * w_.in_stride[0] * width_ * filter_->pixel;
  const auto product = [&](const uint8_t* plane, const std::vector<int8_t>& b, int32_t* c) {
    g.a = plane + row;
    g.b = b.data();
    g.c = c;
    run.kernels.gemm_int8(g);
  };
  product(run.planes.low, phase.low, s.sums[2]);
  if (!filter_->wide) return;
  product(run.planes.high, phase.high, s.sums[0]);
  product(run.planes.high, phase.low, s.sums[1]);
  product(run.planes.low, phase.high, s.sums[3]);
  for (int64_t i = 0; i < run.count * columns_; ++i) s.sums[1][i] += s.sums[3][i];
  AddExcess(run, phase, index);
}

void IntegerPlan::Row(const kernels::KernelTable& kernels, const Planes& planes, int64_t cell_row,
                      const Scratch& s, uint16_t* y) const {
  for (size_t i = 0; i < w_.phases.size(); ++i) {
    const cpu::ConvPhase& phase = w_.phases[i];
    const int64_t out_y = cell_row * w_.out_stride[0] + phase.out_y;
    const int64_t count = CeilDiv(std::max<int64_t>(g_.out_w - phase.out_x, 0), w_.out_stride[1]);
    if (out_y >= g_.out_h || count == 0) continue;
    const int64_t extra = w_.expanded ? (w_.expand_taps - 1) * w_.expand_step : 0;
    Products({kernels, planes, cell_row, count + extra, s}, i);
    const int32_t* sums[3];
    for (int k = 0; k < 3; ++k) {
      sums[k] = s.sums[k];
      if (!w_.expanded || s.sums[k] == nullptr) continue;
      Join(s.sums[k], count, s.joined[k]);
      sums[k] = s.joined[k];
    }
    kernels.mlu.sums_to_half({sums[0], sums[1], sums[2], w_.expanded ? kPanel : columns_,
                              filter_->phases[i].correction.data(), filter_->divisor.data(),
                              y + (out_y * g_.out_w + phase.out_x) * w_.co,
                              w_.out_stride[1] * w_.co, count, w_.co});
  }
  kernels.int8_done();
}

}  // namespace picabia::mlu
