// The geometry of convolutions along one axis, in sizes that cannot wrap. Called by the shape rules
// and by the kernels' planners, so that nobody derives a padding twice.
#include <algorithm>
#include <string>

#include "base/checked.h"
#include "ops/shape.h"

namespace picabia::ops {
namespace {

// One axis of a Window, its values in range.
struct AxisWindow {
  int64_t stride = 1;
  int64_t span = 1;  // input elements from the first to the last that a window touches
  int64_t before = 0;
  int64_t after = 0;
};

Status TooLarge(const char* what) {
  return InvalidArgument(std::string(what) + ": the size does not fit in 64 bits");
}

Result<AxisWindow> CheckAxis(const Window& w, int axis, int64_t input, int64_t kernel) {
  if (axis < 0 || axis > 1)
    return InvalidArgument("window axis: found " + std::to_string(axis) + ", expected 0 or 1");
  const auto a = static_cast<size_t>(axis);
  const int64_t before = w.pads[a], after = w.pads[a + 2];
  if (w.strides[a] < 1 || w.dilations[a] < 1 || before < 0 || after < 0) {
    return InvalidArgument("window: found stride " + std::to_string(w.strides[a]) + ", dilation " +
                           std::to_string(w.dilations[a]) + ", pads " + std::to_string(before) +
                           " and " + std::to_string(after) +
                           ", expected stride and dilation >= 1, pads >= 0");
  }
  if (input < 0 || kernel < 1) {
    return InvalidArgument("window: found input " + std::to_string(input) + ", kernel " +
                           std::to_string(kernel) + ", expected input >= 0, kernel >= 1");
  }
  const auto reach = CheckedMul(kernel - 1, w.dilations[a]);
  const auto span = reach ? CheckedAdd(*reach, 1) : std::nullopt;
  if (!span) return TooLarge("dilated kernel");
  return AxisWindow{w.strides[a], *span, before, after};
}

// The padding with which `output` windows cover `input` elements.
Result<WindowExtent> SamePadding(const AxisWindow& w, PadKind kind, int64_t input, int64_t output) {
  if (output == 0) return WindowExtent{};
  const auto steps = CheckedMul(output - 1, w.stride);
  const auto reach = steps ? CheckedAdd(*steps, w.span) : std::nullopt;
  if (!reach) return TooLarge("padded input");
  const int64_t total = std::max<int64_t>(*reach - input, 0);
  const int64_t odd = kind == PadKind::kSameLower ? total % 2 : 0;
  const int64_t before = total / 2 + odd;
  return WindowExtent{output, before, total - before};
}

}  // namespace

Result<WindowExtent> ConvExtent(const Window& window, int axis, int64_t input, int64_t kernel) {
  PICABIA_ASSIGN_OR_RETURN(const AxisWindow w, CheckAxis(window, axis, input, kernel));
  if (window.pad_kind != PadKind::kExplicit) {
    const int64_t output = input / w.stride + (input % w.stride != 0 ? 1 : 0);
    return SamePadding(w, window.pad_kind, input, output);
  }
  const auto with_before = CheckedAdd(input, w.before);
  const auto padded = with_before ? CheckedAdd(*with_before, w.after) : std::nullopt;
  if (!padded) return TooLarge("padded input");
  if (*padded < w.span) {
    return InvalidArgument("window: the dilated kernel covers " + std::to_string(w.span) +
                           " elements, the padded input has " + std::to_string(*padded));
  }
  return WindowExtent{(*padded - w.span) / w.stride + 1, w.before, w.after};
}

Result<WindowExtent> ConvTransposeExtent(const Window& window, int axis, int64_t input,
                                         int64_t kernel, int64_t output_pad,
                                         int64_t output_shrink) {
  PICABIA_ASSIGN_OR_RETURN(const AxisWindow w, CheckAxis(window, axis, input, kernel));
  if (output_pad < 0 || output_shrink < 0 || output_shrink >= w.stride) {
    return InvalidArgument("transposed window: found output pad " + std::to_string(output_pad) +
                           ", output shrink " + std::to_string(output_shrink) +
                           ", expected a pad >= 0 and a shrink in [0, stride)");
  }
  const bool same = window.pad_kind != PadKind::kExplicit;
  const auto steps = CheckedMul(same ? input : input - 1, w.stride);
  if (!steps) return TooLarge("output");
  if (same) {
    if (*steps < output_shrink)
      return InvalidArgument("transposed window: an output shrink of " +
                             std::to_string(output_shrink) + " leaves nothing of an empty input");
    const int64_t output = *steps - output_shrink;
    PICABIA_ASSIGN_OR_RETURN(WindowExtent extent, SamePadding(w, window.pad_kind, output, input));
    extent.output = output;
    return extent;
  }
  const auto reach = CheckedAdd(*steps, w.span);
  const auto full = reach ? CheckedAdd(*reach, output_pad) : std::nullopt;
  const auto pads = CheckedAdd(w.before, w.after);
  if (!full || !pads) return TooLarge("output");
  if (*full < *pads) {
    return InvalidArgument("transposed window: pads of " + std::to_string(*pads) +
                           " cut off more than the output of " + std::to_string(*full));
  }
  return WindowExtent{*full - *pads, w.before, w.after};
}

Result<WindowExtent> PoolExtent(const Pool2D& op, int axis, int64_t input) {
  const auto a = static_cast<size_t>(axis);
  PICABIA_ASSIGN_OR_RETURN(const WindowExtent floor,
                           ConvExtent(op.window, axis, input, op.kernel[a]));
  if (!op.ceil_mode || op.window.pad_kind != PadKind::kExplicit) return floor;
  PICABIA_ASSIGN_OR_RETURN(const AxisWindow w, CheckAxis(op.window, axis, input, op.kernel[a]));
  // ConvExtent has seen that these sums fit.
  const int64_t rest = (input + w.before + w.after - w.span) % w.stride;
  WindowExtent extent = floor;
  if (rest != 0) ++extent.output;
  if ((extent.output - 1) * w.stride >= input + w.before) --extent.output;
  return extent;
}

}  // namespace picabia::ops
