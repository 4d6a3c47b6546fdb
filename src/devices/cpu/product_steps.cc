// Steps that are matrix products beside the convolution blocks: MatMul, convolutions in groups or
// with a computed filter; and Softmax. On float tensors.
#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "devices/cpu/fast_steps.h"
#include "devices/cpu/quantized_conv.h"

namespace picabia::cpu {
namespace {

using kernels::kPanel;

// How many matrices a batch holds, or nothing where it is broadcast in part.
std::optional<int64_t> WholeBatch(const Shape& shape, const Shape& y) {
  const auto product = [](const Shape& s) {
    int64_t n = 1;
    for (size_t i = 0; i + 2 < s.size(); ++i) n *= s[i];
    return n;
  };
  const int64_t own = product(shape);
  if (own == 1 || own == product(y)) return own;
  return std::nullopt;
}

// A right factor [K, N] (N rows of K where `transposed`) in panels of 16 columns.
void PackPanel(const float* b, int64_t k, int64_t n, bool transposed, int64_t panel, float* to) {
  for (int64_t i = 0; i < k; ++i)
    for (int64_t j = 0; j < kPanel; ++j, ++to) {
      const int64_t column = panel * kPanel + j;
      *to = column >= n ? 0 : transposed ? b[column * k + i] : b[i * n + column];
    }
}

FastResult RunMatMul(const StepInputs& s, const ops::MatMul& op) {
  const Shape &a = s.in[0].shape(), &b = s.in[1].shape(), &y = s.output.shape;
  if (s.output.dtype != DType::kF32 || a.size() < 2 || b.size() < 2 || op.transpose_a)
    return std::optional<Tensor>();
  const auto a_batch = WholeBatch(a, y), b_batch = WholeBatch(b, y);
  const int64_t rows = y[y.size() - 2], columns = y[y.size() - 1], k = a[a.size() - 1];
  if (!a_batch || !b_batch || k == 0) return std::optional<Tensor>();
  const int64_t panels = CeilDiv(columns, kPanel), matrix = panels * k * kPanel;
  PICABIA_ASSIGN_OR_RETURN(Tensor packed,
                           s.context.pool.AllocateTensor(DType::kF32, {*b_batch, matrix}));
  PICABIA_ASSIGN_OR_RETURN(Tensor out, s.Allocate());
  float* right = packed.MutableData<float>();
  s.context.threads.For(*b_batch * panels, [&](int64_t i, int) {
    const int64_t n = i / panels, panel = i % panels;
    PackPanel(s.in[1].data<float>() + n * k * columns, k, columns, op.transpose_b, panel,
              right + n * matrix + panel * k * kPanel);
  });
  const std::vector<float> zeros(static_cast<size_t>(panels * kPanel), 0.f);
  constexpr int64_t kRows = 48;  // that a thread takes at a time
  const int64_t parts = CeilDiv(rows, kRows), batch = out.num_elements() / (rows * columns);
  s.context.threads.For(batch * parts, [&](int64_t i, int) {
    const int64_t n = i / parts, first = i % parts * kRows, segment = 0;
    kernels::GemmF32 g{};
    g.a = s.in[0].data<float>() + ((*a_batch == 1 ? 0 : n) * rows + first) * k;
    g.pixel_stride = k;
    g.segments = &segment;
    g.num_segments = 1;
    g.segment_length = k;
    g.b = right + (*b_batch == 1 ? 0 : n) * matrix;
    g.bias = zeros.data();
    g.c = out.MutableData<float>() + (n * rows + first) * columns;
    g.c_stride = columns;
    g.pixels = std::min(kRows, rows - first);
    g.channels = columns;
    s.context.kernels.gemm_f32(g);
  });
  return std::optional<Tensor>(std::move(out));
}

// A convolution in groups, an output row at a time over a padded copy of the rows that it reads.
class GroupedConv {
 public:
  GroupedConv(const StepInputs& s, const ops::Conv2D& op)
      : s_(s),
        w_(op.window),
        groups_(op.groups),
        x_(s.in[0].shape()),
        f_(s.in[1].shape()),
        out_(s.output.shape) {
    ci_ = f_[2];
    co_ = f_[3] / groups_;
    panels_ = CeilDiv(co_, kPanel);
    width_ = (out_[2] - 1) * w_.strides[1] + (f_[1] - 1) * w_.dilations[1] + 1;
    for (int64_t a = 0; a < f_[0]; ++a)
      for (int64_t b = 0; b < f_[1]; ++b)
        offsets_.push_back((a * width_ + b * w_.dilations[1]) * x_[3]);
  }

  FastResult Run() {
    Pack();
    const auto rows = ops::ConvExtent(w_, 0, x_[1], f_[0]);
    const auto columns = ops::ConvExtent(w_, 1, x_[2], f_[1]);
    if (!rows.ok() || !columns.ok()) return std::optional<Tensor>();
    top_ = rows->pad_before;
    left_ = columns->pad_before;
    std::vector<std::shared_ptr<std::byte>> strips;
    for (int i = 0; i < s_.context.threads.threads(); ++i) {
      strips.push_back(
          s_.context.pool.Allocate(static_cast<size_t>(f_[0] * width_ * x_[3]) * sizeof(float)));
      if (strips.back() == nullptr) return std::optional<Tensor>();
    }
    PICABIA_ASSIGN_OR_RETURN(Tensor y, s_.Allocate());
    s_.context.threads.For(out_[0] * out_[1], [&](int64_t i, int slot) {
      RunRow(i / out_[1], i % out_[1],
             reinterpret_cast<float*>(strips[static_cast<size_t>(slot)].get()),
             y.MutableData<float>() + i * out_[2] * out_[3]);
    });
    return std::optional<Tensor>(std::move(y));
  }

 private:
  void Pack() {
    const int64_t k = f_[0] * f_[1] * ci_, m = f_[3];
    packed_.assign(static_cast<size_t>(groups_ * panels_ * k * kPanel), 0.f);
    bias_.assign(static_cast<size_t>(groups_ * panels_ * kPanel), 0.f);
    for (int64_t g = 0; g < groups_; ++g)
      for (int64_t o = 0; o < co_; ++o) {
        const int64_t column = (g * panels_ + o / kPanel) * kPanel + o % kPanel;
        if (s_.in.size() > 2)
          bias_[static_cast<size_t>(column)] = s_.in[2].data<float>()[g * co_ + o];
        for (int64_t i = 0; i < k; ++i)
          packed_[static_cast<size_t>(((g * panels_ + o / kPanel) * k + i) * kPanel + o % kPanel)] =
              s_.in[1].data<float>()[i * m + g * co_ + o];
      }
  }

  void Fill(int64_t n, int64_t row, float* strip) const {
    const int64_t c = x_[3], inside = std::clamp<int64_t>(width_ - left_, 0, x_[2]);
    const int64_t left = std::min(left_, width_);
    for (int64_t a = 0; a < f_[0]; ++a, strip += width_ * c) {
      const int64_t y = row * w_.strides[0] - top_ + a * w_.dilations[0];
      if (y < 0 || y >= x_[1]) {
        std::fill_n(strip, width_ * c, 0.f);
        continue;
      }
      std::fill_n(strip, left * c, 0.f);
      std::copy_n(s_.in[0].data<float>() + (n * x_[1] + y) * x_[2] * c, inside * c,
                  strip + left * c);
      std::fill_n(strip + (left + inside) * c, (width_ - left - inside) * c, 0.f);
    }
  }

  void RunRow(int64_t n, int64_t row, float* strip, float* y) const {
    Fill(n, row, strip);
    kernels::GemmF32 g{};
    g.pixel_stride = w_.strides[1] * x_[3];
    g.segments = offsets_.data();
    g.num_segments = static_cast<int64_t>(offsets_.size());
    g.segment_length = ci_;
    g.c_stride = out_[3];
    g.pixels = out_[2];
    g.channels = co_;
    for (int64_t group = 0; group < groups_; ++group) {
      g.a = strip + group * ci_;
      g.b = packed_.data() + group * panels_ * g.num_segments * ci_ * kPanel;
      g.bias = bias_.data() + group * panels_ * kPanel;
      g.c = y + group * co_;
      s_.context.kernels.gemm_f32(g);
    }
  }

  const StepInputs& s_;
  const ops::Window& w_;
  int64_t groups_;
  const Shape &x_, &f_, &out_;
  int64_t ci_ = 0, co_ = 0, panels_ = 0;  // of a group
  int64_t width_ = 0;                     // pixels of a padded row
  int64_t top_ = 0, left_ = 0;
  std::vector<int64_t> offsets_;
  std::vector<float> packed_, bias_;
};

FastResult RunConv(const StepInputs& s, const ops::Conv2D& op) {
  ops::QuantizedConv2D geometry;
  geometry.window = op.window;
  geometry.groups = op.groups;
  if (!QuantizedConvFits(geometry, s.in[1].shape(), s.output.shape)) return std::optional<Tensor>();
  return GroupedConv(s, op).Run();
}

// exp(x - greatest) / sum along the last axis, or its logarithm; sums in double, in order.
void SoftmaxRow(const float* x, int64_t n, bool logarithm, float* y) {
  float greatest = x[0];
  for (int64_t i = 1; i < n; ++i) greatest = x[i] > greatest || x[i] != x[i] ? x[i] : greatest;
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    y[i] = std::exp(x[i] - greatest);
    sum += static_cast<double>(y[i]);
  }
  const auto log_sum = static_cast<float>(std::log(sum));
  const auto factor = static_cast<float>(1 / sum);
  for (int64_t i = 0; i < n; ++i) y[i] = logarithm ? x[i] - greatest - log_sum : y[i] * factor;
}

FastResult RunSoftmax(const StepInputs& s, const ops::Softmax& op) {
  const Shape& x = s.output.shape;
  if (s.output.dtype != DType::kF32 || op.kind == ops::SoftmaxKind::kHardmax ||
      op.axis + 1 != static_cast<int64_t>(x.size()))
    return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const int64_t n = x.back(), rows = y.num_elements() / n;
  const int64_t step = std::max<int64_t>(1, 4096 / n);
  s.context.threads.For(CeilDiv(rows, step), [&](int64_t part, int) {
    for (int64_t r = part * step; r < std::min(rows, (part + 1) * step); ++r)
      SoftmaxRow(s.in[0].data<float>() + r * n, n, op.kind == ops::SoftmaxKind::kLogSoftmax,
                 y.MutableData<float>() + r * n);
  });
  return std::optional<Tensor>(std::move(y));
}

}  // namespace

FastResult TryProduct(const StepInputs& s, const ops::Op& op) {
  if (const auto* product = std::get_if<ops::MatMul>(&op)) return RunMatMul(s, *product);
  if (const auto* conv = std::get_if<ops::Conv2D>(&op)) return RunConv(s, *conv);
  if (const auto* softmax = std::get_if<ops::Softmax>(&op)) return RunSoftmax(s, *softmax);
  return std::optional<Tensor>();
}

}  // namespace picabia::cpu
