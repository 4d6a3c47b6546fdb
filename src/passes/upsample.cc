// The filter of a transposed convolution that does nearest upsampling and a convolution in one.
#include "passes/upsample.h"

#include <algorithm>

namespace picabia::passes {
namespace {

int64_t FloorDiv(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// One axis: a kernel of `kernel` taps over a picture upsampled by `factor`, padded to its own size.
struct Axis {
  int64_t kernel, factor, pad;
  int64_t lead = 0;    // the transposed convolution's padding before the picture
  int64_t length = 0;  // of its kernel

  Axis(int64_t k, int64_t f) : kernel(k), factor(f), pad((k - 1) / 2) {
    for (int64_t p = 0; p < f; ++p)
      for (int64_t j = 0; j < k; ++j) lead = std::max(lead, Distance(p, j) * f - p);
    for (int64_t p = 0; p < f; ++p)
      for (int64_t j = 0; j < k; ++j) length = std::max(length, Index(p, j) + 1);
  }
  // In pixels of the small picture, from the one under output p to the one that tap j reads.
  int64_t Distance(int64_t p, int64_t j) const { return FloorDiv(p + j - pad, factor); }
  // Which tap of the transposed kernel that is.
  int64_t Index(int64_t p, int64_t j) const { return p + lead - Distance(p, j) * factor; }
  int64_t trail() const { return length - factor - lead; }
};

bool KeepsSize(const ops::Window& w, const Axis& y, const Axis& x) {
  const bool odd = y.kernel % 2 == 1 && x.kernel % 2 == 1;
  const bool plain =
      w.strides == std::array<int64_t, 2>{1, 1} && w.dilations == std::array<int64_t, 2>{1, 1};
  const bool same = w.pad_kind != ops::PadKind::kExplicit ||
                    w.pads == std::array<int64_t, 4>{y.pad, x.pad, y.pad, x.pad};
  return odd && plain && same && y.trail() >= 0 && x.trail() >= 0;
}

}  // namespace

std::optional<ops::ConvBlock> WithoutUpsampling(const ops::ConvBlock& op, int64_t factor,
                                                const Shape& filter) {
  const Axis y(filter[0], factor), x(filter[1], factor);
  if (op.transposed || op.input_scale > 0 || !KeepsSize(op.window, y, x)) return std::nullopt;
  ops::ConvBlock out = op;
  switch (op.pad_mode) {
    case ops::PadMode::kConstant:
    case ops::PadMode::kEdge:
      break;
    case ops::PadMode::kReflect:  // of fewer pixels than repeat the edge: that is the edge
      if (y.pad >= factor || x.pad >= factor) return std::nullopt;
      out.pad_mode = ops::PadMode::kEdge;
      break;
    default:
      return std::nullopt;
  }
  out.transposed = true;
  out.window = {};
  out.window.strides = {factor, factor};
  out.window.pads = {y.lead, x.lead, y.trail(), x.trail()};
  return out;
}

Result<Tensor> TransposedFilter(const Tensor& filter, int64_t factor) {
  const Shape& s = filter.shape();
  const Axis y(s[0], factor), x(s[1], factor);
  const int64_t ci = s[2], co = s[3];
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> w, FloatValues(filter));
  PICABIA_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(DType::kF32, {y.length, x.length, co, ci}));
  std::vector<double> sum(static_cast<size_t>(out.num_elements()), 0.0);
  for (int64_t py = 0; py < factor; ++py)
    for (int64_t px = 0; px < factor; ++px)
      for (int64_t jy = 0; jy < s[0]; ++jy)
        for (int64_t jx = 0; jx < s[1]; ++jx) {
          const int64_t to = y.Index(py, jy) * x.length + x.Index(px, jx);
          for (int64_t c = 0; c < ci; ++c)
            for (int64_t m = 0; m < co; ++m)
              sum[static_cast<size_t>((to * co + m) * ci + c)] +=
                  w[static_cast<size_t>(((jy * s[1] + jx) * ci + c) * co + m)];
        }
  std::copy(sum.begin(), sum.end(), out.MutableData<float>());
  return out;
}

}  // namespace picabia::passes
