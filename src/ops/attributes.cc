// The rules of operators that need no input types: arity and the ranges of attributes. Called by
// the shape rules, by the verifier of ir/ and by whatever reads operators from files.
#include <algorithm>
#include <cmath>
#include <string>

#include "ops/shape.h"

namespace picabia::ops {
namespace {

struct ArityOf {
  Arity operator()(const Conv2D&) const { return {2, 3}; }
  Arity operator()(const ConvTranspose2D&) const { return {2, 3}; }
  Arity operator()(const Int8Conv2D&) const { return {2, 2}; }
  Arity operator()(const Int8ConvTranspose2D&) const { return {2, 2}; }
  Arity operator()(const InstanceNorm&) const { return {3, 3}; }
  Arity operator()(const BatchNorm&) const { return {5, 5}; }
  Arity operator()(const Identity&) const { return {1, 1}; }
  Arity operator()(const Unary&) const { return {1, 1}; }
  Arity operator()(const Clip&) const { return {1, 1}; }
  Arity operator()(const Binary&) const { return {2, 2}; }
  Arity operator()(const PowerDifference&) const { return {3, 3}; }
  Arity operator()(const Reduce&) const { return {1, 1}; }
  Arity operator()(const Pad&) const { return {1, 1}; }
  Arity operator()(const ResizeNearest&) const { return {1, 1}; }
  Arity operator()(const Transpose&) const { return {1, 1}; }
  Arity operator()(const Reshape&) const { return {1, 1}; }
  Arity operator()(const ConvBlock& op) const {
    const size_t n = 2 + (op.has_bias ? 1u : 0u) + (op.norm == Norm::kInstance ? 2u : 0u) +
                     (op.has_residual ? 1u : 0u);
    return {n, n};
  }
};

Status BadField(const std::string& field, const std::string& found, const std::string& expected) {
  return InvalidArgument("attribute " + field + ": found " + found + ", expected " + expected);
}

template <typename Range>
Status CheckEach(const char* field, const Range& values, int64_t least) {
  for (int64_t v : values) {
    if (v < least)
      return BadField(field, std::to_string(v), "a number >= " + std::to_string(least));
  }
  return OkStatus();
}

template <typename E>
Status CheckEnum(const char* field, E value, E last) {
  if (value <= last) return OkStatus();
  return BadField(field, std::to_string(static_cast<int>(value)),
                  "a value from 0 to " + std::to_string(static_cast<int>(last)));
}

Status CheckPositive(const char* field, float value) {
  if (std::isfinite(value) && value > 0) return OkStatus();
  return BadField(field, std::to_string(value), "a finite number > 0");
}

Status CheckNotNan(const char* field, float value) {
  return std::isnan(value) ? BadField(field, "NaN", "a number") : OkStatus();
}

Status CheckEpsilon(float value) {
  if (std::isfinite(value) && value >= 0) return OkStatus();
  return BadField("epsilon", std::to_string(value), "a finite number >= 0");
}

Status CheckWindow(const Window& w) {
  PICABIA_RETURN_IF_ERROR(CheckEach("strides", w.strides, 1));
  PICABIA_RETURN_IF_ERROR(CheckEach("dilations", w.dilations, 1));
  PICABIA_RETURN_IF_ERROR(CheckEnum("pad_kind", w.pad_kind, PadKind::kSameLower));
  return CheckEach("pads", w.pads, 0);
}

Status CheckTransposed(const Window& w, const std::array<int64_t, 2>& pads,
                       const std::array<int64_t, 2>& shrink) {
  PICABIA_RETURN_IF_ERROR(CheckWindow(w));
  PICABIA_RETURN_IF_ERROR(CheckEach("output_pads", pads, 0));
  PICABIA_RETURN_IF_ERROR(CheckEach("output_shrink", shrink, 0));
  for (size_t a = 0; a < 2; ++a) {
    if (shrink[a] >= w.strides[a])
      return BadField("output_shrink", std::to_string(shrink[a]),
                      "less than the stride, " + std::to_string(w.strides[a]));
  }
  return OkStatus();
}

Status CheckScales(float input_scale, float filter_scale) {
  PICABIA_RETURN_IF_ERROR(CheckPositive("input_scale", input_scale));
  PICABIA_RETURN_IF_ERROR(CheckPositive("filter_scale", filter_scale));
  // Each may be fine and their product still leave the range of float.
  return CheckPositive("input_scale * filter_scale", input_scale * filter_scale);
}

struct Checker {
  Status operator()(const Conv2D& op) const {
    PICABIA_RETURN_IF_ERROR(CheckWindow(op.window));
    return CheckEach("groups", std::array{op.groups}, 1);
  }
  Status operator()(const ConvTranspose2D& op) const {
    PICABIA_RETURN_IF_ERROR(CheckTransposed(op.window, op.output_pads, op.output_shrink));
    return CheckEach("groups", std::array{op.groups}, 1);
  }
  Status operator()(const Int8Conv2D& op) const {
    PICABIA_RETURN_IF_ERROR(CheckWindow(op.window));
    return CheckScales(op.input_scale, op.filter_scale);
  }
  Status operator()(const Int8ConvTranspose2D& op) const {
    PICABIA_RETURN_IF_ERROR(CheckTransposed(op.window, {0, 0}, op.output_shrink));
    return CheckScales(op.input_scale, op.filter_scale);
  }
  Status operator()(const InstanceNorm& op) const { return CheckEpsilon(op.epsilon); }
  Status operator()(const BatchNorm& op) const { return CheckEpsilon(op.epsilon); }
  Status operator()(const Identity&) const { return OkStatus(); }
  Status operator()(const Unary& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("kind", op.kind, UnaryKind::kMish));
    if (op.kind == UnaryKind::kCelu && op.alpha == 0)
      return BadField("alpha", "0", "another number, which kCelu divides by");
    return CheckNotNan("alpha", op.alpha);
  }
  Status operator()(const Clip& op) const {
    PICABIA_RETURN_IF_ERROR(CheckNotNan("low", op.low));
    return CheckNotNan("high", op.high);
  }
  Status operator()(const Binary& op) const { return CheckEnum("kind", op.kind, BinaryKind::kMax); }
  Status operator()(const PowerDifference&) const { return OkStatus(); }
  Status operator()(const Reduce& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("kind", op.kind, ReduceKind::kMin));
    PICABIA_RETURN_IF_ERROR(CheckEach("axes", op.axes, 0));
    const auto repeated = std::adjacent_find(op.axes.begin(), op.axes.end(),
                                             [](int64_t a, int64_t b) { return a >= b; });
    if (repeated == op.axes.end()) return OkStatus();
    return BadField("axes", ShapeString(op.axes), "distinct axes in rising order");
  }
  Status operator()(const Pad& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("mode", op.mode, PadMode::kSymmetric));
    if (op.before.size() != op.after.size())
      return BadField("after", std::to_string(op.after.size()) + " numbers",
                      "as many as before has, " + std::to_string(op.before.size()));
    PICABIA_RETURN_IF_ERROR(CheckEach("before", op.before, 0));
    return CheckEach("after", op.after, 0);
  }
  Status operator()(const ResizeNearest& op) const {
    PICABIA_RETURN_IF_ERROR(
        CheckEnum("coordinate_mode", op.coordinate_mode, CoordinateMode::kAlignCorners));
    PICABIA_RETURN_IF_ERROR(
        CheckEnum("nearest_mode", op.nearest_mode, NearestMode::kRoundPreferCeil));
    PICABIA_RETURN_IF_ERROR(CheckPositive("scales", op.scales[0]));
    return CheckPositive("scales", op.scales[1]);
  }
  Status operator()(const Transpose& op) const {
    std::vector<bool> seen(op.perm.size(), false);
    for (int64_t p : op.perm) {
      if (p < 0 || p >= static_cast<int64_t>(seen.size()) || seen[static_cast<size_t>(p)])
        return BadField("perm", ShapeString(op.perm),
                        "a permutation of 0.." + std::to_string(op.perm.size() - 1));
      seen[static_cast<size_t>(p)] = true;
    }
    return OkStatus();
  }
  Status operator()(const Reshape& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEach("shape", op.shape, -1));
    if (std::count(op.shape.begin(), op.shape.end(), -1) <= 1) return OkStatus();
    return BadField("shape", ShapeString(op.shape), "at most one -1");
  }
  Status operator()(const ConvBlock& op) const;
};

Status CheckBlockEnums(const ConvBlock& op) {
  PICABIA_RETURN_IF_ERROR(CheckEnum("pad_mode", op.pad_mode, PadMode::kSymmetric));
  PICABIA_RETURN_IF_ERROR(CheckEnum("norm", op.norm, Norm::kInstance));
  PICABIA_RETURN_IF_ERROR(CheckEnum("activation", op.activation, Activation::kLeakyRelu));
  return CheckEnum("activation2", op.activation2, Activation::kLeakyRelu);
}

Status Checker::operator()(const ConvBlock& op) const {
  PICABIA_RETURN_IF_ERROR(CheckTransposed(op.window, op.output_pads, op.output_shrink));
  PICABIA_RETURN_IF_ERROR(CheckBlockEnums(op));
  const bool own_padding = !op.transposed && op.window.pad_kind == PadKind::kExplicit;
  if (op.pad_mode != PadMode::kConstant && !own_padding)
    return BadField("pad_mode", std::to_string(static_cast<int>(op.pad_mode)),
                    "0 (zeros), because the padding is not explicit or the block is transposed");
  PICABIA_RETURN_IF_ERROR(CheckEpsilon(op.epsilon));
  PICABIA_RETURN_IF_ERROR(CheckNotNan("alpha", op.alpha));
  PICABIA_RETURN_IF_ERROR(CheckNotNan("post_scale", op.post_scale));
  PICABIA_RETURN_IF_ERROR(CheckNotNan("post_shift", op.post_shift));
  if (op.input_scale == 0 && op.filter_scale == 0) return OkStatus();
  return CheckScales(op.input_scale, op.filter_scale);
}

}  // namespace

Arity InputArity(const Op& op) { return std::visit(ArityOf{}, op); }

Status CheckAttributes(const Op& op) { return std::visit(Checker{}, op); }

}  // namespace picabia::ops
