// When the nearest pixel of output i is floor(i / f).
#include "ops/repeat.h"

#include <algorithm>
#include <array>

namespace picabia::ops {

std::optional<int64_t> RepeatFactor(const Resize& op) {
  using C = CoordinateMode;
  using N = NearestMode;
  if (op.mode != ResizeMode::kNearest || op.scales.empty()) return std::nullopt;
  // Output i reads floor(i / f): the first modes by definition, the others because i / f and the
  // middle of pixel floor(i / f) are less than half a pixel apart.
  const bool floor =
      (op.coordinate_mode == C::kAsymmetric || op.coordinate_mode == C::kTfHalfPixelForNn) &&
      op.nearest_mode == N::kFloor;
  const bool round =
      (op.coordinate_mode == C::kHalfPixel || op.coordinate_mode == C::kPytorchHalfPixel) &&
      (op.nearest_mode == N::kRoundPreferFloor || op.nearest_mode == N::kRoundPreferCeil);
  if (!floor && !round) return std::nullopt;
  std::array<float, 4> scale{1, 1, 1, 1};
  if (op.axes.empty() && op.scales.size() != scale.size()) return std::nullopt;
  for (size_t i = 0; i < op.scales.size(); ++i) {
    const size_t axis = op.axes.empty() ? i : static_cast<size_t>(op.axes[i]);
    if (axis >= scale.size()) return std::nullopt;
    scale[axis] = op.scales[i];
  }
  constexpr float kMostFactor = 8;  // kernels grow with it
  const auto factor = static_cast<int64_t>(std::clamp(scale[1], 0.f, kMostFactor));
  if (scale[0] != 1 || scale[3] != 1 || scale[1] != scale[2] || factor < 2 ||
      scale[1] != static_cast<float>(factor))
    return std::nullopt;
  return factor;
}

}  // namespace picabia::ops
