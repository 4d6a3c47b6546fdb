// The rules of operators that need no input types: arity and the ranges of attributes. Called by
// the shape rules, by the verifier of ir/ and by whatever reads operators from files.
#include <algorithm>
#include <cmath>
#include <string>

#include "ops/shape.h"

namespace picabia::ops {
namespace {

struct ArityOf {
  template <typename T>
  Arity operator()(const T&) const {
    return T::kArity;
  }
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

Status CheckFinite(const char* field, float value) {
  return std::isfinite(value) ? OkStatus()
                              : BadField(field, std::to_string(value), "a finite number");
}

Status CheckNotNan(const char* field, float value) {
  return std::isnan(value) ? BadField(field, "NaN", "a number") : OkStatus();
}

Status CheckEpsilon(float value) {
  if (std::isfinite(value) && value >= 0) return OkStatus();
  return BadField("epsilon", std::to_string(value), "a finite number >= 0");
}

// Larger strides, dilations and pads are nonsense, and their products with sizes would not fit.
template <typename Range>
Status CheckSane(const char* field, const Range& values) {
  for (int64_t v : values) {
    if (v > INT32_MAX)
      return BadField(field, std::to_string(v), "a number <= " + std::to_string(INT32_MAX));
  }
  return OkStatus();
}

Status CheckWindow(const Window& w) {
  PICABIA_RETURN_IF_ERROR(CheckSane("strides", w.strides));
  PICABIA_RETURN_IF_ERROR(CheckSane("dilations", w.dilations));
  PICABIA_RETURN_IF_ERROR(CheckSane("pads", w.pads));
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

Status CheckScales(float input_scale, float filter_scale, const std::vector<float>& each) {
  PICABIA_RETURN_IF_ERROR(CheckPositive("input_scale", input_scale));
  for (const float scale : each) {
    PICABIA_RETURN_IF_ERROR(CheckPositive("filter_scales", scale));
    PICABIA_RETURN_IF_ERROR(CheckPositive("input_scale * filter_scales", input_scale * scale));
  }
  PICABIA_RETURN_IF_ERROR(CheckPositive("filter_scale", filter_scale));
  // Each may be fine and their product still leave the range of float.
  return CheckPositive("input_scale * filter_scale", input_scale * filter_scale);
}

// Lists of axes that an operator walks in order.
Status CheckSortedAxes(const std::vector<int64_t>& axes) {
  PICABIA_RETURN_IF_ERROR(CheckEach("axes", axes, 0));
  const auto repeated =
      std::adjacent_find(axes.begin(), axes.end(), [](int64_t a, int64_t b) { return a >= b; });
  if (repeated == axes.end()) return OkStatus();
  return BadField("axes", ShapeString(axes), "distinct axes in rising order");
}

// Lists that pair axes with something else.
Status CheckDistinctAxes(std::vector<int64_t> axes) {
  std::sort(axes.begin(), axes.end());
  return CheckSortedAxes(axes);
}

Status CheckDType(const char* field, DType value) {
  return CheckEnum(field, value, static_cast<DType>(kNumDTypes - 1));
}

// Of int8 or uint8.
Status CheckZeroPoint(const char* field, int64_t zero) {
  if (zero >= INT8_MIN && zero <= UINT8_MAX) return OkStatus();
  return BadField(field, std::to_string(zero), "a number of 8 bits");
}

// Where a quantized result goes, and its zero point.
Status CheckQuantized(DType to, int64_t zero) {
  if (to == DType::kF32) return OkStatus();
  if (to == DType::kI8 || to == DType::kU8) return CheckZeroPoint("zero", zero);
  PICABIA_RETURN_IF_ERROR(CheckDType("to", to));
  return BadField("to", DTypeName(to), "float32, int8 or uint8");
}

Status CheckCount(const char* field, size_t found, size_t expected) {
  if (found == expected) return OkStatus();
  return BadField(field, std::to_string(found) + " numbers", std::to_string(expected));
}

struct Checker {
  // Operators without attributes, or with attributes that are all legal.
  template <typename T>
  Status operator()(const T&) const {
    return OkStatus();
  }

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
    return CheckScales(op.input_scale, op.filter_scale, op.filter_scales);
  }
  Status operator()(const Int8ConvTranspose2D& op) const {
    PICABIA_RETURN_IF_ERROR(CheckTransposed(op.window, {0, 0}, op.output_shrink));
    return CheckScales(op.input_scale, op.filter_scale, op.filter_scales);
  }
  Status operator()(const InstanceNorm& op) const { return CheckEpsilon(op.epsilon); }
  Status operator()(const BatchNorm& op) const { return CheckEpsilon(op.epsilon); }
  Status operator()(const Unary& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("kind", op.kind, UnaryKind::kSwish));
    if (op.kind == UnaryKind::kCelu && op.alpha == 0)
      return BadField("alpha", "0", "another number, which kCelu divides by");
    return CheckNotNan("alpha", op.alpha);
  }
  Status operator()(const Clip& op) const {
    PICABIA_RETURN_IF_ERROR(CheckNotNan("low", op.low));
    return CheckNotNan("high", op.high);
  }
  Status operator()(const Binary& op) const {
    return CheckEnum("kind", op.kind, BinaryKind::kShiftRight);
  }
  Status operator()(const Cast& op) const { return CheckDType("to", op.to); }
  Status operator()(const QuantizeLinear& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEach("axis", std::array{op.axis}, 0));
    const bool fits =
        op.to == DType::kI8 || op.to == DType::kU8 || op.to == DType::kI16 || op.to == DType::kU16;
    if (fits) return OkStatus();
    PICABIA_RETURN_IF_ERROR(CheckDType("to", op.to));
    return BadField("to", DTypeName(op.to), "int8, uint8, int16 or uint16");
  }
  Status operator()(const DequantizeLinear& op) const {
    return CheckEach("axis", std::array{op.axis}, 0);
  }
  Status operator()(const Custom& op) const {
    if (op.type.empty()) return BadField("type", "nothing", "the name of an operator");
    PICABIA_RETURN_IF_ERROR(CheckDType("to", op.to));
    return ParseAttributes(op.attributes).status();
  }
  Status operator()(const PowerDifference& op) const {
    return CheckEnum("convention", op.convention, PowerConvention::kCambriconMlu);
  }
  Status operator()(const Softmax& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("kind", op.kind, SoftmaxKind::kHardmax));
    return CheckEach("axis", std::array{op.axis}, 0);
  }
  Status operator()(const Normalize& op) const {
    PICABIA_RETURN_IF_ERROR(CheckSortedAxes(op.axes));
    return CheckEpsilon(op.epsilon);
  }
  Status operator()(const Pool2D& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("kind", op.kind, PoolKind::kAverage));
    PICABIA_RETURN_IF_ERROR(CheckEach("kernel", op.kernel, 1));
    return CheckWindow(op.window);
  }
  Status operator()(const Reduce& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("kind", op.kind, ReduceKind::kAny));
    return CheckSortedAxes(op.axes);
  }
  Status operator()(const ArgReduce& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("kind", op.kind, ArgKind::kMin));
    return CheckEach("axis", std::array{op.axis}, 0);
  }
  Status operator()(const CumSum& op) const { return CheckEach("axis", std::array{op.axis}, 0); }
  Status operator()(const Pad& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("mode", op.mode, PadMode::kWrap));
    if (op.before.size() != op.after.size())
      return BadField("after", std::to_string(op.after.size()) + " numbers",
                      "as many as before has, " + std::to_string(op.before.size()));
    if (op.mode == PadMode::kConstant || op.mode == PadMode::kEdge) return OkStatus();
    PICABIA_RETURN_IF_ERROR(CheckEach("before", op.before, 0));
    return CheckEach("after", op.after, 0);
  }
  Status operator()(const Resize& op) const;
  Status operator()(const Flatten& op) const { return CheckEach("axis", std::array{op.axis}, 0); }
  Status operator()(const Squeeze& op) const { return CheckSortedAxes(op.axes); }
  Status operator()(const Unsqueeze& op) const { return CheckSortedAxes(op.axes); }
  Status operator()(const Expand& op) const { return CheckEach("shape", op.shape, 0); }
  Status operator()(const Tile& op) const { return CheckEach("repeats", op.repeats, 0); }
  Status operator()(const Concat& op) const { return CheckEach("axis", std::array{op.axis}, 0); }
  Status operator()(const Split& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEach("axis", std::array{op.axis}, 0));
    PICABIA_RETURN_IF_ERROR(CheckEach("index", std::array{op.index}, 0));
    PICABIA_RETURN_IF_ERROR(CheckEach("parts", std::array{op.parts}, 1));
    PICABIA_RETURN_IF_ERROR(CheckEach("sizes", op.sizes, 0));
    const int64_t parts = op.sizes.empty() ? op.parts : static_cast<int64_t>(op.sizes.size());
    if (op.index < parts) return OkStatus();
    return BadField("index", std::to_string(op.index), "less than " + std::to_string(parts));
  }
  Status operator()(const Slice& op) const {
    PICABIA_RETURN_IF_ERROR(CheckDistinctAxes(op.axes));
    PICABIA_RETURN_IF_ERROR(CheckCount("ends", op.ends.size(), op.starts.size()));
    if (!op.axes.empty())
      PICABIA_RETURN_IF_ERROR(CheckCount("axes", op.axes.size(), op.starts.size()));
    if (!op.steps.empty())
      PICABIA_RETURN_IF_ERROR(CheckCount("steps", op.steps.size(), op.starts.size()));
    if (std::count(op.steps.begin(), op.steps.end(), 0) == 0) return OkStatus();
    return BadField("steps", "0", "another number");
  }
  Status operator()(const Gather& op) const { return CheckEach("axis", std::array{op.axis}, 0); }
  Status operator()(const GatherElements& op) const {
    return CheckEach("axis", std::array{op.axis}, 0);
  }
  Status operator()(const GatherNd& op) const {
    return CheckEach("batch_dims", std::array{op.batch_dims}, 0);
  }
  Status operator()(const ShapeOf& op) const {
    if (op.to == DType::kI64 || op.to == DType::kI32) return OkStatus();
    PICABIA_RETURN_IF_ERROR(CheckDType("to", op.to));
    return BadField("to", DTypeName(op.to), "int32 or int64");
  }
  Status operator()(const DepthToSpace& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEnum("order", op.order, BlockOrder::kCrd));
    return CheckBlock(op.block);
  }
  Status operator()(const SpaceToDepth& op) const { return CheckBlock(op.block); }
  Status operator()(const SpaceToBatch& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEach("block", op.block, 1));
    return CheckEach("pads", op.pads, 0);
  }
  Status operator()(const BatchToSpace& op) const {
    PICABIA_RETURN_IF_ERROR(CheckEach("block", op.block, 1));
    return CheckEach("crops", op.crops, 0);
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
  Status operator()(const QuantizedConv2D& op) const {
    PICABIA_RETURN_IF_ERROR(CheckWindow(op.window));
    PICABIA_RETURN_IF_ERROR(CheckEach("groups", std::array{op.groups}, 1));
    PICABIA_RETURN_IF_ERROR(CheckZeroPoint("x_zero", op.x_zero));
    PICABIA_RETURN_IF_ERROR(CheckNotNan("low", op.low));
    PICABIA_RETURN_IF_ERROR(CheckNotNan("high", op.high));
    return CheckQuantized(op.to, op.zero);
  }
  Status operator()(const QuantizedBinary& op) const;

 private:
  static Status CheckBlock(int64_t block) {
    if (block >= 1 && block <= 1024) return OkStatus();
    return BadField("block", std::to_string(block), "1 to 1024");
  }
};

Status Checker::operator()(const Resize& op) const {
  PICABIA_RETURN_IF_ERROR(CheckEnum("mode", op.mode, ResizeMode::kCubic));
  PICABIA_RETURN_IF_ERROR(
      CheckEnum("coordinate_mode", op.coordinate_mode, CoordinateMode::kTfCropAndResize));
  PICABIA_RETURN_IF_ERROR(
      CheckEnum("nearest_mode", op.nearest_mode, NearestMode::kRoundPreferCeil));
  PICABIA_RETURN_IF_ERROR(CheckEnum("aspect_policy", op.aspect_policy, AspectPolicy::kNotSmaller));
  PICABIA_RETURN_IF_ERROR(CheckDistinctAxes(op.axes));
  for (float scale : op.scales) PICABIA_RETURN_IF_ERROR(CheckPositive("scales", scale));
  PICABIA_RETURN_IF_ERROR(CheckEach("sizes", op.sizes, 1));
  if (!op.scales.empty() && !op.sizes.empty())
    return BadField("sizes", ShapeString(op.sizes), "none beside scales");
  const size_t given = std::max(op.scales.size(), op.sizes.size());
  if (!op.axes.empty() && given != 0)
    PICABIA_RETURN_IF_ERROR(CheckCount("axes", op.axes.size(), given));
  for (float edge : op.roi) PICABIA_RETURN_IF_ERROR(CheckFinite("roi", edge));
  if (op.coordinate_mode == CoordinateMode::kTfCropAndResize && given != 0)
    PICABIA_RETURN_IF_ERROR(CheckCount("roi", op.roi.size(), 2 * given));
  return CheckFinite("cubic_a", op.cubic_a);
}

Status Checker::operator()(const QuantizedBinary& op) const {
  using K = BinaryKind;
  static constexpr K kKinds[] = {K::kAdd, K::kSub, K::kMul, K::kDiv, K::kSquaredDifference,
                                 K::kMin, K::kMax};
  if (std::find(std::begin(kKinds), std::end(kKinds), op.kind) == std::end(kKinds))
    return BadField("kind", std::to_string(static_cast<int>(op.kind)), "an arithmetic one");
  PICABIA_RETURN_IF_ERROR(CheckPositive("x_scale", op.x_scale));
  PICABIA_RETURN_IF_ERROR(CheckPositive("y_scale", op.y_scale));
  PICABIA_RETURN_IF_ERROR(CheckPositive("scale", op.scale));
  PICABIA_RETURN_IF_ERROR(CheckZeroPoint("x_zero", op.x_zero));
  PICABIA_RETURN_IF_ERROR(CheckZeroPoint("y_zero", op.y_zero));
  PICABIA_RETURN_IF_ERROR(CheckNotNan("low", op.low));
  PICABIA_RETURN_IF_ERROR(CheckNotNan("high", op.high));
  return CheckQuantized(op.to, op.zero);
}

Status CheckBlockEnums(const ConvBlock& op) {
  PICABIA_RETURN_IF_ERROR(CheckEnum("pad_mode", op.pad_mode, PadMode::kSymmetric));
  PICABIA_RETURN_IF_ERROR(CheckEnum("norm", op.norm, Norm::kInstance));
  PICABIA_RETURN_IF_ERROR(CheckEnum("activation", op.activation, Activation::kLeakyRelu));
  return CheckEnum("activation2", op.activation2, Activation::kLeakyRelu);
}

Status Checker::operator()(const ConvBlock& op) const {
  PICABIA_RETURN_IF_ERROR(CheckTransposed(op.window, op.output_pads, op.output_shrink));
  PICABIA_RETURN_IF_ERROR(CheckBlockEnums(op));
  const bool own_padding =
      op.window.pad_kind == PadKind::kExplicit && (!op.transposed || op.pad_mode == PadMode::kEdge);
  if (op.pad_mode != PadMode::kConstant && !own_padding)
    return BadField("pad_mode", std::to_string(static_cast<int>(op.pad_mode)),
                    op.transposed
                        ? "0 (zeros) or, with explicit padding, 2 (the edge), because the "
                          "block is transposed"
                        : "0 (zeros), because the padding is not explicit");
  PICABIA_RETURN_IF_ERROR(CheckEpsilon(op.epsilon));
  PICABIA_RETURN_IF_ERROR(CheckNotNan("alpha", op.alpha));
  PICABIA_RETURN_IF_ERROR(CheckNotNan("post_scale", op.post_scale));
  PICABIA_RETURN_IF_ERROR(CheckNotNan("post_shift", op.post_shift));
  if (op.input_scale == 0 && op.filter_scale == 0 && op.filter_scales.empty()) return OkStatus();
  return CheckScales(op.input_scale, op.filter_scale, op.filter_scales);
}

}  // namespace

Arity InputArity(const Op& op) { return std::visit(ArityOf{}, op); }

Status CheckAttributes(const Op& op) { return std::visit(Checker{}, op); }

}  // namespace picabia::ops
