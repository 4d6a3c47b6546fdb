// Strips, products and tails of QuantizedConv2D.
#include "devices/cpu/quantized_conv.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked.h"
#include "ops/shape.h"

namespace picabia::cpu {
namespace {

using kernels::kPanel;
using kernels::kQuad;

constexpr int64_t kTaskPixels = 192;  // output pixels of a strip, where the picture is that large
constexpr int64_t kMaxStripRows = 16;
constexpr int64_t kNarrow = 96;  // rows below are joined: a tile of a product has 12 pixels
constexpr int64_t kStripBytes = 256 << 10;  // stays in the second-level cache

int8_t FilterAt(const QuantizedFilter& f, const Tensor& filter, int64_t tap, int64_t c, int64_t m) {
  return filter.data<int8_t>()[(tap * f.ci + c) * f.co * f.groups + m];
}

void FillPanels(const Tensor& filter, QuantizedFilter& f) {
  const int64_t taps = f.kernel_h * f.kernel_w, k = taps * f.quad;
  f.panels.assign(static_cast<size_t>(f.groups * f.columns * k), 0);
  for (int64_t g = 0; g < f.groups; ++g)
    for (int64_t t = 0; t < taps; ++t)
      for (int64_t c = 0; c < f.ci; ++c)
        for (int64_t m = 0; m < f.co; ++m) {
          const int64_t row = t * f.quad + c;
          const int64_t at = g * f.columns * k + m / kPanel * kPanel * k +
                             (row / kQuad * kPanel + m % kPanel) * kQuad + row % kQuad;
          f.panels[static_cast<size_t>(at)] = FilterAt(f, filter, t, c, g * f.co + m);
        }
}

// One convolution at work.
class Job {
 public:
  Job(const ConvContext& context, const ops::QuantizedConv2D& op, const QuantizedFilter& filter,
      const Tensor& x, const Tensor& scale, const Tensor& bias, Tensor& y);
  Status Run();

 private:
  struct Scratch {
    std::shared_ptr<std::byte> memory;
    uint8_t* strip;
    int32_t* sums;
  };
  // Part of the picture: output rows, and columns of the product of each group.
  struct Part {
    int64_t picture, first_row, rows, first_column, columns;
  };

  void PlanStrips();
  void PlanOffsets();
  Status AllocateScratch();
  Part PartOf(int64_t i) const;
  void RunPart(const Part& part, const Scratch& s) const;
  void FillStrip(const Part& part, const Scratch& s) const;
  void CopyPixels(const uint8_t* from, int64_t pixels, uint8_t* to) const;
  void Products(const Part& part, const Scratch& s, int64_t group, int64_t strip_row,
                int64_t pixels) const;
  void Tail(const Part& part, const Scratch& s, int64_t group, int64_t row, int64_t sum_row) const;

  const ConvContext& context_;
  const ops::QuantizedConv2D& op_;
  const QuantizedFilter& f_;
  const Tensor &x_, &scale_, &bias_;
  Tensor& y_;
  int64_t in_h_, in_w_, out_h_, out_w_;
  int64_t pad_top_, pad_left_;
  int64_t pixel_ = 0;        // bytes of a strip pixel
  int64_t strip_width_ = 0;  // pixels
  int64_t strip_rows_ = 0;   // output rows of a part
  int64_t strips_ = 0;       // of a picture
  int64_t column_parts_ = 1;
  bool joined_ = false;  // rows of a strip as one run of pixels; those between rows are dropped
  uint8_t zero_ = 0;     // x's zero point as uint8
  std::vector<int64_t> offsets_;  // of the taps, or of rows of taps where they follow each other
  int64_t segment_ = 0;           // bytes of each
  std::vector<int32_t> correction_;
  std::vector<Scratch> scratch_;
};

Job::Job(const ConvContext& context, const ops::QuantizedConv2D& op, const QuantizedFilter& filter,
         const Tensor& x, const Tensor& scale, const Tensor& bias, Tensor& y)
    : context_(context), op_(op), f_(filter), x_(x), scale_(scale), bias_(bias), y_(y) {
  in_h_ = x.shape()[1];
  in_w_ = x.shape()[2];
  out_h_ = y.shape()[1];
  out_w_ = y.shape()[2];
  pad_top_ = ops::ConvExtent(op.window, 0, in_h_, f_.kernel_h)->pad_before;
  pad_left_ = ops::ConvExtent(op.window, 1, in_w_, f_.kernel_w)->pad_before;
  zero_ = static_cast<uint8_t>(op.x_zero + (x.dtype() == DType::kI8 ? 128 : 0));
  pixel_ = f_.depthwise ? f_.groups : f_.groups * f_.quad;
  PlanStrips();
  PlanOffsets();
  for (int32_t sum : f_.sums) correction_.push_back(sum * zero_);
}

void Job::PlanStrips() {
  const ops::Window& w = op_.window;
  strip_width_ = (out_w_ - 1) * w.strides[1] + (f_.kernel_w - 1) * w.dilations[1] + 1;
  const int64_t row_bytes = strip_width_ * pixel_ * w.strides[0];
  const int64_t fits = std::max<int64_t>(kStripBytes / row_bytes, 1);
  const int64_t wanted = std::max<int64_t>(CeilDiv(kTaskPixels, out_w_), f_.kernel_h > 1 ? 4 : 1);
  strip_rows_ = std::min({wanted, fits, kMaxStripRows, out_h_});
  strip_rows_ = CeilDiv(out_h_, CeilDiv(out_h_, strip_rows_));  // as equal as can be
  strips_ = CeilDiv(out_h_, strip_rows_);
  joined_ = !f_.depthwise && w.strides[0] == 1 && w.strides[1] == 1 && out_w_ < kNarrow;
  const int64_t panels = f_.columns / kPanel;
  if (strips_ < context_.threads.threads() && f_.groups == 1 && !f_.depthwise)
    column_parts_ = std::min<int64_t>(CeilDiv(panels, 2), 2 * context_.threads.threads());
}

void Job::PlanOffsets() {
  const ops::Window& w = op_.window;
  const bool rows = !f_.depthwise && f_.groups == 1 && w.dilations[1] == 1;
  segment_ = rows ? f_.kernel_w * f_.quad : f_.quad;
  for (int64_t a = 0; a < f_.kernel_h; ++a)
    for (int64_t b = 0; b < (rows ? 1 : f_.kernel_w); ++b)
      offsets_.push_back((a * w.dilations[0] * strip_width_ + b * w.dilations[1]) * pixel_);
}

Status Job::AllocateScratch() {
  const int64_t rows =
      (strip_rows_ - 1) * op_.window.strides[0] + (f_.kernel_h - 1) * op_.window.dilations[0] + 1;
  const int64_t strip = RoundUp(rows * strip_width_ * pixel_ + 64, 64);
  const int64_t columns = f_.depthwise ? f_.groups : f_.columns;
  const int64_t pixels = joined_ ? strip_rows_ * strip_width_ : out_w_;
  for (int i = 0; i < context_.threads.threads(); ++i) {
    Scratch s{
        context_.pool.Allocate(static_cast<size_t>(strip + pixels * columns * 4 + 64)), {}, {}};
    if (s.memory == nullptr) return ResourceError("no memory for a convolution's scratch");
    s.strip = reinterpret_cast<uint8_t*>(s.memory.get());
    s.sums = reinterpret_cast<int32_t*>(s.memory.get() + strip);
    scratch_.push_back(std::move(s));
  }
  return OkStatus();
}

Job::Part Job::PartOf(int64_t i) const {
  const int64_t column_part = i % column_parts_, strip = i / column_parts_ % strips_;
  const int64_t panels = f_.columns / kPanel;
  const int64_t first = panels * column_part / column_parts_ * kPanel;
  const int64_t end = panels * (column_part + 1) / column_parts_ * kPanel;
  const int64_t row = strip * strip_rows_;
  return {i / column_parts_ / strips_, row, std::min(strip_rows_, out_h_ - row), first,
          std::min(end, f_.co) - first};
}

// Pixels of the input to pixels of the strip, whose spare bytes meet zero weights.
void Job::CopyPixels(const uint8_t* from, int64_t pixels, uint8_t* to) const {
  const uint8_t flip = x_.dtype() == DType::kI8 ? 128 : 0;
  if (f_.depthwise || f_.quad == f_.ci)
    return context_.kernels.quantized.flip(from, pixels * pixel_, flip, to);
  const int64_t count = pixels * f_.groups, ci = f_.ci, quad = f_.quad;
  for (int64_t i = 0; i < count; ++i, from += ci, to += quad)
    for (int64_t c = 0; c < quad; ++c) to[c] = c < ci ? from[c] ^ flip : 0;
}

void Job::FillStrip(const Part& part, const Scratch& s) const {
  const ops::Window& w = op_.window;
  const int64_t channels = f_.groups * f_.ci;
  const int64_t rows = (part.rows - 1) * w.strides[0] + (f_.kernel_h - 1) * w.dilations[0] + 1;
  const int64_t top = part.first_row * w.strides[0] - pad_top_;
  const int64_t left = std::min(pad_left_, strip_width_);
  const int64_t inside = std::clamp<int64_t>(strip_width_ - left, 0, in_w_);
  const auto* x =
      reinterpret_cast<const uint8_t*>(x_.bytes()) + part.picture * in_h_ * in_w_ * channels;
  for (int64_t r = 0; r < rows; ++r) {
    uint8_t* to = s.strip + r * strip_width_ * pixel_;
    if (top + r < 0 || top + r >= in_h_) {
      std::memset(to, zero_, static_cast<size_t>(strip_width_ * pixel_));
      continue;
    }
    std::memset(to, zero_, static_cast<size_t>(left * pixel_));
    CopyPixels(x + (top + r) * in_w_ * channels, inside, to + left * pixel_);
    std::memset(to + (left + inside) * pixel_, zero_,
                static_cast<size_t>((strip_width_ - left - inside) * pixel_));
  }
}

// Sums of `pixels` pixels from the strip's row `strip_row` on.
void Job::Products(const Part& part, const Scratch& s, int64_t group, int64_t strip_row,
                   int64_t pixels) const {
  const auto taps = static_cast<int64_t>(offsets_.size());
  const uint8_t* a = s.strip + strip_row * strip_width_ * pixel_;
  const int64_t stride = op_.window.strides[1] * pixel_;
  if (f_.depthwise) {
    context_.kernels.quantized.depthwise(
        {a, stride, offsets_.data(), f_.taps.data(), taps, s.sums, f_.groups, pixels, f_.groups});
    return;
  }
  const int64_t k = taps * segment_;
  kernels::GemmInt8 g{};
  g.a = a + group * f_.quad;
  g.pixel_stride = stride;
  g.segments = offsets_.data();
  g.num_segments = taps;
  g.segment_length = segment_;
  g.b = f_.panels.data() + (group * f_.columns + part.first_column) * k;
  g.c = s.sums;
  g.c_stride = f_.columns;
  g.pixels = pixels;
  g.channels = part.columns;
  context_.kernels.gemm_int8(g);
}

void Job::Tail(const Part& part, const Scratch& s, int64_t group, int64_t row,
               int64_t sum_row) const {
  const int64_t channels = f_.groups * f_.co;
  const int64_t first = group * f_.co + part.first_column;
  const int64_t columns = f_.depthwise ? f_.groups : f_.columns;
  kernels::QuantizedTail t{};
  t.sums = s.sums + sum_row * strip_width_ * columns;
  t.sum_stride = columns;
  t.correction = correction_.data() + first;
  t.scale = scale_.data<float>() + first;
  t.bias = bias_.data<float>() + first;
  t.low = op_.low;
  t.high = op_.high;
  t.to = op_.to;
  t.zero = static_cast<int32_t>(op_.zero);
  const int64_t pixel = (part.picture * out_h_ + part.first_row + row) * out_w_;
  t.y = y_.MutableData<std::byte>() +
        static_cast<size_t>(pixel * channels + first) * DTypeSize(op_.to);
  t.y_stride = channels;
  t.pixels = out_w_;
  t.channels = f_.depthwise ? channels : part.columns;
  context_.kernels.quantized.tail(t);
}

void Job::RunPart(const Part& part, const Scratch& s) const {
  FillStrip(part, s);
  const int64_t groups = f_.depthwise ? 1 : f_.groups;
  for (int64_t g = 0; g < groups; ++g) {
    if (joined_) {
      // Up to the last pixel of the last row: beyond it, windows would leave the strip.
      Products(part, s, g, 0, (part.rows - 1) * strip_width_ + out_w_);
      for (int64_t r = 0; r < part.rows; ++r) Tail(part, s, g, r, r);
      continue;
    }
    for (int64_t r = 0; r < part.rows; ++r) {
      Products(part, s, g, r * op_.window.strides[0], out_w_);
      Tail(part, s, g, r, 0);
    }
  }
  context_.kernels.int8_done();
}

Status Job::Run() {
  PICABIA_RETURN_IF_ERROR(AllocateScratch());
  const int64_t parts = y_.shape()[0] * strips_ * column_parts_;
  context_.threads.For(
      parts, [&](int64_t i, int slot) { RunPart(PartOf(i), scratch_[static_cast<size_t>(slot)]); });
  return OkStatus();
}

}  // namespace

std::shared_ptr<const QuantizedFilter> MakeQuantizedFilter(const ops::QuantizedConv2D& op,
                                                           const Tensor& filter) {
  auto f = std::make_shared<QuantizedFilter>();
  const Shape& s = filter.shape();
  f->kernel_h = s[0];
  f->kernel_w = s[1];
  f->groups = op.groups;
  f->ci = s[2];
  f->co = s[3] / op.groups;
  f->quad = RoundUp(f->ci, kQuad);
  f->columns = RoundUp(f->co, kPanel);
  f->depthwise = f->ci == 1 && f->co == 1;
  const int64_t taps = s[0] * s[1] * s[2];
  f->sums.assign(static_cast<size_t>(s[3]), 0);
  for (int64_t t = 0; t < taps; ++t)
    for (int64_t m = 0; m < s[3]; ++m)
      f->sums[static_cast<size_t>(m)] += filter.data<int8_t>()[t * s[3] + m];
  if (f->depthwise) {
    f->taps.assign(filter.data<int8_t>(), filter.data<int8_t>() + filter.num_elements());
  } else {
    FillPanels(filter, *f);
  }
  return f;
}

bool QuantizedConvFits(const ops::QuantizedConv2D& op, const Shape& filter, const Shape& output) {
  constexpr int64_t kMaxBytes = int64_t{1} << 31;
  int64_t strip[2];  // of a single output row
  for (size_t a = 0; a < 2; ++a) {
    const int64_t steps = a == 0 ? 0 : std::max<int64_t>(output[2] - 1, 0);
    const auto reach = CheckedMul(steps, op.window.strides[a]);
    const auto span = CheckedMul(filter[a] - 1, op.window.dilations[a]);
    const auto sum = reach && span ? CheckedAdd(*reach, *span) : std::nullopt;
    if (!sum || *sum >= kMaxBytes) return false;
    strip[a] = *sum + 1;
  }
  const auto bytes = CheckedProduct(std::array{std::max(strip[0], op.window.strides[0]), strip[1],
                                               RoundUp(filter[2], kQuad), op.groups});
  return bytes && *bytes < kMaxBytes;
}

Result<Tensor> RunQuantizedConv(const ConvContext& context, const ops::QuantizedConv2D& op,
                                const QuantizedFilter& filter, const Tensor& x, const Tensor& scale,
                                const Tensor& bias, const Shape& output) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, context.pool.AllocateTensor(op.to, output));
  if (y.num_elements() == 0) return y;
  PICABIA_RETURN_IF_ERROR(Job(context, op, filter, x, scale, bias, y).Run());
  return y;
}

}  // namespace picabia::cpu
