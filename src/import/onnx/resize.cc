// Upsample and Resize. Called by the table in operators.cc. A size that the file fixes for a
// picture whose size is free becomes a factor at the size that the model was exported at, so that
// the graph follows any picture; a size that the graph computes is a parameter.
#include <algorithm>
#include <cmath>
#include <string>

#include "import/names.h"
#include "import/onnx/operators.h"

namespace picabia::import::onnx {
namespace {

Status Misfit(const char* name, std::string_view value, const char* expected) {
  return Unsupported("attribute '" + std::string(name) + "' is " + Quoted(value) + ", expected " +
                     expected);
}

Status ParseMode(NodeContext& c, ops::Resize& op) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode, c.attributes.String("mode", "nearest"));
  if (mode == "nearest") {
    op.mode = ops::ResizeMode::kNearest;
  } else if (mode == "linear" || mode == "bilinear") {
    op.mode = ops::ResizeMode::kLinear;
  } else if (mode == "cubic") {
    op.mode = ops::ResizeMode::kCubic;
  } else {
    return Misfit("mode", mode, "'nearest', 'linear' or 'cubic'");
  }
  return OkStatus();
}

Status ParseCoordinateMode(NodeContext& c, ops::Resize& op) {
  using M = ops::CoordinateMode;
  static constexpr std::pair<std::string_view, M> kModes[] = {
      {"asymmetric", M::kAsymmetric},
      {"half_pixel", M::kHalfPixel},
      {"align_corners", M::kAlignCorners},
      {"pytorch_half_pixel", M::kPytorchHalfPixel},
      {"half_pixel_symmetric", M::kHalfPixelSymmetric},
      {"tf_half_pixel_for_nn", M::kTfHalfPixelForNn},
      {"tf_crop_and_resize", M::kTfCropAndResize},
  };
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode,
                           c.attributes.String("coordinate_transformation_mode", "half_pixel"));
  for (const auto& [name, value] : kModes) {
    if (mode != name) continue;
    op.coordinate_mode = value;
    return OkStatus();
  }
  return Misfit("coordinate_transformation_mode", mode,
                "'asymmetric', 'half_pixel', 'align_corners', 'pytorch_half_pixel', "
                "'half_pixel_symmetric', 'tf_half_pixel_for_nn' or 'tf_crop_and_resize'");
}

Status ParseNearestMode(NodeContext& c, ops::Resize& op) {
  using M = ops::NearestMode;
  static constexpr std::pair<std::string_view, M> kModes[] = {
      {"floor", M::kFloor},
      {"ceil", M::kCeil},
      {"round_prefer_floor", M::kRoundPreferFloor},
      {"round_prefer_ceil", M::kRoundPreferCeil},
  };
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode,
                           c.attributes.String("nearest_mode", "round_prefer_floor"));
  for (const auto& [name, value] : kModes) {
    if (mode != name) continue;
    op.nearest_mode = value;
    return OkStatus();
  }
  return Misfit("nearest_mode", mode,
                "'floor', 'ceil', 'round_prefer_floor' or 'round_prefer_ceil'");
}

Status ParsePolicy(NodeContext& c, ops::Resize& op) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view policy,
                           c.attributes.String("keep_aspect_ratio_policy", "stretch"));
  if (policy == "not_larger") {
    op.aspect_policy = ops::AspectPolicy::kNotLarger;
  } else if (policy == "not_smaller") {
    op.aspect_policy = ops::AspectPolicy::kNotSmaller;
  } else if (policy != "stretch") {
    return Misfit("keep_aspect_ratio_policy", policy, "'stretch', 'not_larger' or 'not_smaller'");
  }
  return OkStatus();
}

Status ParseAttributes(NodeContext& c, ops::Resize& op) {
  PICABIA_RETURN_IF_ERROR(ParseCoordinateMode(c, op));
  PICABIA_RETURN_IF_ERROR(ParseNearestMode(c, op));
  PICABIA_RETURN_IF_ERROR(ParsePolicy(c, op));
  PICABIA_ASSIGN_OR_RETURN(op.cubic_a, c.attributes.Float("cubic_coeff_a", -0.75f));
  PICABIA_ASSIGN_OR_RETURN(op.exclude_outside, c.attributes.Bool("exclude_outside", false));
  PICABIA_ASSIGN_OR_RETURN(op.antialias, c.attributes.Bool("antialias", false));
  PICABIA_ASSIGN_OR_RETURN(op.extrapolation_value, c.attributes.Float("extrapolation_value", 0));
  PICABIA_ASSIGN_OR_RETURN(op.axes, c.attributes.Ints("axes", {}));
  for (int64_t& axis : op.axes) {
    PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
    PICABIA_ASSIGN_OR_RETURN(axis, ops::NormalizeAxis(axis, rank));
  }
  if (op.coordinate_mode != ops::CoordinateMode::kTfCropAndResize) return OkStatus();
  PICABIA_ASSIGN_OR_RETURN(const Tensor* roi, ConstantInput(c, 1, "roi"));
  PICABIA_ASSIGN_OR_RETURN(op.roi, FloatValues(*roi));
  return OkStatus();
}

// Known scales move into the operator, but for those of 1, which leave their axes alone.
Status TakeScales(NodeContext& c, ir::ValueId by, ops::Resize& op) {
  if (op.scales.empty()) {
    const Tensor* scales = by.index < 0 ? nullptr : c.builder.FixedValue(by);
    if (scales == nullptr || scales->dtype() != DType::kF32) return OkStatus();
    PICABIA_ASSIGN_OR_RETURN(op.scales, FloatValues(*scales));
  }
  if (op.axes.empty()) {
    PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
    if (op.scales.size() != rank)
      return InvalidModel("it has " + std::to_string(op.scales.size()) + " scales, expected " +
                          std::to_string(rank));
    for (size_t i = 0; i < rank; ++i) op.axes.push_back(static_cast<int64_t>(i));
  }
  if (op.coordinate_mode == ops::CoordinateMode::kTfCropAndResize ||
      op.axes.size() != op.scales.size())
    return OkStatus();
  ops::Resize kept = op;
  kept.axes.clear();
  kept.scales.clear();
  for (size_t i = 0; i < op.axes.size(); ++i) {
    if (op.scales[i] == 1) continue;
    kept.axes.push_back(op.axes[i]);
    kept.scales.push_back(op.scales[i]);
  }
  if (!kept.axes.empty()) op = std::move(kept);
  return OkStatus();
}

// `by` holds scales or sizes.
Result<ir::ValueId> AddResize(NodeContext& c, ops::Resize op, ir::ValueId by, bool is_sizes) {
  if (is_sizes) PICABIA_RETURN_IF_ERROR(FollowPicture(c, by, op));
  PICABIA_RETURN_IF_ERROR(TakeScales(c, by, op));
  c.inputs.resize(1);
  if (op.scales.empty()) c.inputs.push_back(by);
  if (c.builder.Rank(c.inputs[0]) != 4) return AddNode(c, std::move(op));
  if (op.axes.empty()) op.axes = {0, 1, 2, 3};
  for (int64_t& axis : op.axes) axis = NhwcAxis(axis);
  return AddSpatial(c, std::move(op));
}

}  // namespace

Result<ir::ValueId> ConvertUpsample(NodeContext& c) {
  if (c.opset >= 10) return InvalidModel("Upsample does not exist from opset 10 on");
  ops::Resize op;
  op.coordinate_mode = ops::CoordinateMode::kAsymmetric;
  op.nearest_mode = ops::NearestMode::kFloor;
  PICABIA_RETURN_IF_ERROR(ParseMode(c, op));
  if (c.opset >= 9) {
    if (!c.HasInput(1)) return InvalidModel("input 1 (the scales) is left out");
    return AddResize(c, std::move(op), c.inputs[1], false);
  }
  PICABIA_ASSIGN_OR_RETURN(op.scales, c.attributes.Floats("scales", {}));
  if (op.scales.empty()) return InvalidModel("attribute 'scales' is missing");
  return AddResize(c, std::move(op), {}, false);
}

Result<ir::ValueId> ConvertResize(NodeContext& c) {
  ops::Resize op;
  PICABIA_RETURN_IF_ERROR(ParseMode(c, op));
  if (c.opset < 11) {
    op.coordinate_mode = ops::CoordinateMode::kAsymmetric;
    op.nearest_mode = ops::NearestMode::kFloor;
    if (!c.HasInput(1)) return InvalidModel("input 1 (the scales) is left out");
    return AddResize(c, std::move(op), c.inputs[1], false);
  }
  PICABIA_RETURN_IF_ERROR(ParseAttributes(c, op));
  const bool has_sizes = IsGiven(c, 3);
  if (has_sizes == IsGiven(c, 2))
    return InvalidModel("it needs either scales or sizes, and not both");
  return AddResize(c, std::move(op), c.inputs[has_sizes ? 3 : 2], has_sizes);
}

}  // namespace picabia::import::onnx
