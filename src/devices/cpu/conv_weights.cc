// Builds phases and their panels.
#include "devices/cpu/conv_weights.h"

#include <algorithm>

#include "base/checked.h"
#include "base/half.h"
#include "kernels/table.h"
#include "ops/shape.h"

namespace picabia::cpu {
namespace {

using kernels::kPanel;

constexpr int64_t kMaxExpandedOutputs = 8;    // beyond half a panel the plain form wastes less
constexpr int64_t kMaxExpandedColumns = 128;  // bounds the row of partial sums

// Reads [block][tap][ci][16] elements of any stored type as float.
class PanelReader {
 public:
  PanelReader(const program::Constant& filter, int64_t taps, int64_t ci)
      : filter_(filter), taps_(taps), ci_(ci) {}

  float At(int64_t block, int64_t tap, int64_t c, int64_t lane) const {
    const int64_t i = ((block * taps_ + tap) * ci_ + c) * kPanel + lane;
    switch (filter_.stored_dtype) {
      case DType::kF16:
        return HalfToFloat(filter_.data.data<uint16_t>()[i]);
      case DType::kI8:
        return static_cast<float>(filter_.data.data<int8_t>()[i]);
      case DType::kI16:
        return static_cast<float>(filter_.data.data<int16_t>()[i]);
      default:
        return filter_.data.data<float>()[i];
    }
  }

  // All of one tap of one block: ci * 16 floats.
  void CopyTap(int64_t block, int64_t tap, float* to) const {
    const int64_t from = (block * taps_ + tap) * ci_ * kPanel;
    const int64_t count = ci_ * kPanel;
    if (filter_.stored_dtype == DType::kF32) {
      std::copy_n(filter_.data.data<float>() + from, count, to);
    } else {
      for (int64_t i = 0; i < count; ++i) to[i] = At(block, tap, i / kPanel, i % kPanel);
    }
  }

 private:
  const program::Constant& filter_;
  int64_t taps_, ci_;
};

// Kernel positions along one axis that meet output position `phase`, as (distance, kernel index),
// nearest first.
std::vector<std::pair<int64_t, int64_t>> AxisTaps(bool transposed, int64_t kernel, int64_t dilation,
                                                  int64_t stride, int64_t pad, int64_t phase) {
  std::vector<std::pair<int64_t, int64_t>> taps;
  for (int64_t k = 0; k < kernel; ++k) {
    if (!transposed) {
      taps.emplace_back(k * dilation, k);
      continue;
    }
    const int64_t reach = phase + pad - k * dilation;
    if (reach % stride == 0) taps.emplace_back(reach / stride, k);
  }
  std::sort(taps.begin(), taps.end());
  return taps;
}

void FillPhase(const PanelReader& reader, int64_t blocks, int64_t kernel_w, int64_t ci,
               const std::vector<std::pair<int64_t, int64_t>>& rows,
               const std::vector<std::pair<int64_t, int64_t>>& columns, ConvPhase& phase) {
  std::vector<int64_t> order;  // kernel taps in the order of the segments
  for (const auto& [dy, ky] : rows) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto [dx, kx] = columns[i];
      order.push_back(ky * kernel_w + kx);
      const bool joins = i > 0 && columns[i - 1].first + 1 == dx;
      if (joins) {
        ++phase.segments.back().taps;
      } else {
        phase.segments.push_back({dy, dx, 1});
      }
    }
  }
  phase.taps = static_cast<int64_t>(order.size());
  phase.panels.resize(static_cast<size_t>(blocks * phase.taps * ci * kPanel));
  float* to = phase.panels.data();
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t tap : order) {
      reader.CopyTap(b, tap, to);
      to += ci * kPanel;
    }
}

// Gaps between columns (dilation, strides) can leave runs of unequal length; then each tap is a run
// of its own.
void MakeSegmentsEqual(ConvPhase& phase) {
  const auto unequal = [&](const Segment& s) { return s.taps != phase.segments[0].taps; };
  if (std::none_of(phase.segments.begin(), phase.segments.end(), unequal)) return;
  std::vector<Segment> single;
  for (const Segment& s : phase.segments)
    for (int64_t i = 0; i < s.taps; ++i) single.push_back({s.dy, s.dx + i, 1});
  phase.segments = std::move(single);
}

void FillExpanded(const PanelReader& reader, int64_t dilation_y, ConvWeights& w) {
  ConvPhase phase;
  for (int64_t ky = 0; ky < w.kernel_h; ++ky)
    phase.segments.push_back({ky * dilation_y, 0, w.expand_group});
  phase.taps = w.kernel_h * w.expand_group;
  const int64_t blocks = CeilDiv(w.columns, kPanel);
  phase.panels.assign(static_cast<size_t>(blocks * phase.taps * w.ci * kPanel), 0.f);
  for (int64_t column = 0; column < w.columns; ++column) {
    const int64_t first = column / w.co * w.expand_group, m = column % w.co;
    for (int64_t tap = 0; tap < phase.taps; ++tap) {
      const int64_t ky = tap / w.expand_group, kx = first + tap % w.expand_group;
      if (kx >= w.kernel_w) continue;
      for (int64_t c = 0; c < w.ci; ++c)
        phase.panels[static_cast<size_t>(
            ((column / kPanel * phase.taps + tap) * w.ci + c) * kPanel + column % kPanel)] =
            reader.At(m / kPanel, ky * w.kernel_w + kx, c, m % kPanel);
    }
  }
  w.phases.push_back(std::move(phase));
}

bool ShouldExpand(const ops::ConvBlock& op, const ConvWeights& w) {
  return !op.transposed && op.window.strides[1] == 1 && w.kernel_w > 1 &&
         w.co <= kMaxExpandedOutputs && w.kernel_w * w.co <= kMaxExpandedColumns && w.ci >= w.co;
}

// How many kernel columns share the columns of an expanded product: what makes it smallest.
void ChooseGroup(int64_t dilation, ConvWeights& w) {
  constexpr int64_t kMostGroup = 4;
  int64_t least = INT64_MAX;
  for (int64_t group = 1; group <= (dilation == 1 ? kMostGroup : 1); ++group) {
    const int64_t taps = CeilDiv(w.kernel_w, group);
    const int64_t size = RoundUp(taps * w.co, kPanel) * group;
    if (size > least) continue;
    least = size;
    w.expand_group = group;
    w.expand_taps = taps;
  }
  w.expand_step = dilation * w.expand_group;
  w.columns = w.expand_taps * w.co;
}

// The leading padding that a transposed convolution of this geometry removes; it does not depend on
// the size.
Result<int64_t> TransposedPad(const ops::ConvBlock& op, int axis, int64_t kernel) {
  const auto a = static_cast<size_t>(axis);
  constexpr int64_t kAnySize = 4096;
  PICABIA_ASSIGN_OR_RETURN(const ops::WindowExtent extent,
                           ops::ConvTransposeExtent(op.window, axis, kAnySize, kernel,
                                                    op.output_pads[a], op.output_shrink[a]));
  return extent.pad_before;
}

void Bound(ConvWeights& w) {
  w.dy_min = w.dx_min = INT64_MAX;
  w.dy_max = w.dx_max = INT64_MIN;
  for (const ConvPhase& phase : w.phases)
    for (const Segment& s : phase.segments) {
      w.dy_min = std::min(w.dy_min, s.dy);
      w.dy_max = std::max(w.dy_max, s.dy);
      w.dx_min = std::min(w.dx_min, s.dx);
      w.dx_max = std::max(w.dx_max, s.dx + s.taps - 1);
    }
  if (w.dy_min > w.dy_max) w.dy_min = w.dy_max = w.dx_min = w.dx_max = 0;
  if (w.expanded) w.dx_max += (w.expand_taps - 1) * w.expand_step;
}

}  // namespace

bool FitsInt32(const ConvWeights& weights, bool wide) {
  int64_t taps = 0;
  for (const ConvPhase& phase : weights.phases) taps = std::max(taps, phase.taps);
  const int64_t expanded = weights.expanded ? weights.expand_taps : 1;  // columns summed in int32
  return taps * weights.ci * expanded * (wide ? 2 : 1) * 255 * 128 < (int64_t{1} << 31);
}

void ShareScales(const ConvWeights& weights, std::vector<double>& scale) {
  for (int64_t m = 0; m < weights.co; ++m) {
    double largest = 0;
    for (int64_t i = m; i < weights.columns; i += weights.co)
      largest = std::max(largest, scale[static_cast<size_t>(i)]);
    for (int64_t i = m; i < weights.columns; i += weights.co)
      scale[static_cast<size_t>(i)] = largest;
  }
}

Result<std::shared_ptr<const ConvWeights>> MakeConvWeights(const ops::ConvBlock& op,
                                                           const program::Constant& filter) {
  auto w = std::make_shared<ConvWeights>();
  const Shape& s = filter.shape;
  w->kernel_h = s[0];
  w->kernel_w = s[1];
  w->ci = op.transposed ? s[3] : s[2];
  w->co = op.transposed ? s[2] : s[3];
  const PanelReader reader(filter, s[0] * s[1], w->ci);
  w->expanded = ShouldExpand(op, *w);
  w->columns = w->co;
  if (w->expanded) ChooseGroup(op.window.dilations[1], *w);
  for (size_t a = 0; a < 2; ++a)
    (op.transposed ? w->out_stride : w->in_stride)[a] = op.window.strides[a];
  if (w->expanded) {
    FillExpanded(reader, op.window.dilations[0], *w);
    Bound(*w);
    return std::shared_ptr<const ConvWeights>(std::move(w));
  }
  int64_t pad[2] = {0, 0};
  if (op.transposed) {
    PICABIA_ASSIGN_OR_RETURN(pad[0], TransposedPad(op, 0, w->kernel_h));
    PICABIA_ASSIGN_OR_RETURN(pad[1], TransposedPad(op, 1, w->kernel_w));
  }
  for (int64_t py = 0; py < w->out_stride[0]; ++py)
    for (int64_t px = 0; px < w->out_stride[1]; ++px) {
      ConvPhase phase;
      phase.out_y = py;
      phase.out_x = px;
      FillPhase(reader, CeilDiv(w->co, kPanel), w->kernel_w, w->ci,
                AxisTaps(op.transposed, w->kernel_h, op.window.dilations[0], op.window.strides[0],
                         pad[0], py),
                AxisTaps(op.transposed, w->kernel_w, op.window.dilations[1], op.window.strides[1],
                         pad[1], px),
                phase);
      MakeSegmentsEqual(phase);
      w->phases.push_back(std::move(phase));
    }
  Bound(*w);
  return std::shared_ptr<const ConvWeights>(std::move(w));
}

}  // namespace picabia::cpu
