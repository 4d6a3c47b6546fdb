// Size rules of networks and reflection; see sizes.h.
#include "studio/sizes.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <variant>

#include "base/checked.h"

namespace picabia::studio {
namespace {

// How one step changes the scale of the picture (2: half as many rows), and how far it reflects.
struct StepSize {
  double reduces = 1;
  int64_t reflects = 0;
};

// A program may come from a stranger's file: beyond any real network the rule stops growing.
constexpr int64_t kLargestMultiple = 1024;
constexpr double kLargestMinimum = 65536;

double Largest(const std::array<int64_t, 2>& strides) {
  return static_cast<double>(std::max(strides[0], strides[1]));
}

struct StepSizeVisitor {
  StepSize operator()(const ops::Conv2D& op) const { return {Largest(op.window.strides), 0}; }
  StepSize operator()(const ops::Int8Conv2D& op) const { return {Largest(op.window.strides), 0}; }
  StepSize operator()(const ops::QuantizedConv2D& op) const {
    return {Largest(op.window.strides), 0};
  }
  StepSize operator()(const ops::ConvTranspose2D& op) const {
    return {1 / Largest(op.window.strides), 0};
  }
  StepSize operator()(const ops::Int8ConvTranspose2D& op) const {
    return {1 / Largest(op.window.strides), 0};
  }
  StepSize operator()(const ops::Pool2D& op) const { return {Largest(op.window.strides), 0}; }
  StepSize operator()(const ops::SpaceToDepth& op) const {
    return {static_cast<double>(op.block), 0};
  }
  StepSize operator()(const ops::DepthToSpace& op) const {
    return {1 / static_cast<double>(op.block), 0};
  }
  StepSize operator()(const ops::Resize& op) const {
    if (op.scales.empty()) return {};
    return {1 / static_cast<double>(*std::max_element(op.scales.begin(), op.scales.end())), 0};
  }
  StepSize operator()(const ops::Pad& op) const {
    if (op.mode != ops::PadMode::kReflect) return {};
    StepSize size;
    for (int64_t n : op.before) size.reflects = std::max(size.reflects, n);
    for (int64_t n : op.after) size.reflects = std::max(size.reflects, n);
    return size;
  }
  StepSize operator()(const ops::ConvBlock& op) const {
    const double stride = Largest(op.window.strides);
    StepSize size{op.transposed ? 1 / stride : stride, 0};
    if (op.pad_mode == ops::PadMode::kReflect) {
      size.reflects = *std::max_element(op.window.pads.begin(), op.window.pads.end());
    }
    return size;
  }
  template <typename Op>
  StepSize operator()(const Op&) const {
    return {};
  }
};

}  // namespace

SizeRule SizeRuleOf(const program::Program& program) {
  // How many pixels of the picture one pixel of each value stands for, along one axis. Constants
  // and values that do not depend on a picture keep 0.
  std::vector<double> scales(program.values.size(), 0);
  for (const program::Port& port : program.inputs) scales[static_cast<size_t>(port.value)] = 1;
  SizeRule rule;
  for (const program::Step& step : program.steps) {
    double scale = 0;
    for (int32_t input : step.inputs) scale = std::max(scale, scales[static_cast<size_t>(input)]);
    const StepSize size = std::visit(StepSizeVisitor{}, step.op);
    if (scale > 0 && size.reflects > 0) {
      const double needed = std::ceil((double(size.reflects) + 1) * scale);
      rule.minimum =
          std::max(rule.minimum, static_cast<int64_t>(std::min(needed, kLargestMinimum)));
    }
    scale *= size.reduces;
    const int64_t whole = std::llround(std::clamp(scale, 1.0, double(kLargestMultiple)));
    rule.multiple = std::min(std::lcm(rule.multiple, whole), kLargestMultiple);
    for (int32_t output : step.outputs) scales[static_cast<size_t>(output)] = scale;
  }
  return rule;
}

int64_t PaddedSize(int64_t size, const SizeRule& rule) {
  return RoundUp(std::max(size, rule.minimum), rule.multiple);
}

std::vector<int64_t> ReflectIndices(int64_t size, int64_t padded) {
  std::vector<int64_t> indices(static_cast<size_t>(padded));
  const int64_t period = std::max<int64_t>(1, 2 * (size - 1));
  for (int64_t i = 0; i < padded; ++i) {
    const int64_t place = i % period;
    indices[static_cast<size_t>(i)] = size == 1 ? 0 : std::min(place, period - place);
  }
  return indices;
}

Result<std::pair<int64_t, int64_t>> ParseSize(const std::string& text) {
  constexpr int64_t kMost = 65536;
  const char* end = text.data() + text.size();
  int64_t height = 0, width = 0;
  const auto h = std::from_chars(text.data(), end, height);
  if (h.ec == std::errc() && h.ptr != end && (*h.ptr == 'x' || *h.ptr == 'X')) {
    const auto w = std::from_chars(h.ptr + 1, end, width);
    if (w.ec == std::errc() && w.ptr == end && height >= 1 && width >= 1 && height <= kMost &&
        width <= kMost) {
      return std::pair{height, width};
    }
  }
  return InvalidArgument("size \"" + text + "\", expected HEIGHTxWIDTH, for example 512x512");
}

}  // namespace picabia::studio
