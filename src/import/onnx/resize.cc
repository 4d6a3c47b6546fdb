// Upsample and Resize, nearest neighbour. Called by the table in operators.cc. Picabia's operator
// has factors; a size becomes a factor relative to the input's, so that the graph follows any
// picture.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "import/names.h"
#include "import/onnx/operators.h"

namespace picabia::import::onnx {
namespace {

// The numbers of input `i`: a constant, or computed from the picture's size.
Result<SmallTensor> Numbers(const NodeContext& c, size_t i, const char* what) {
  if (i < c.folded.size() && c.folded[i] != nullptr) return *c.folded[i];
  PICABIA_ASSIGN_OR_RETURN(const Tensor* tensor, ConstantInput(c, i, what));
  const auto small = ToSmallTensor(*tensor);
  if (small) return *small;
  return InvalidModel(std::string(what) + " (input " + std::to_string(i) + ") is a " +
                      DTypeName(tensor->dtype()) + " tensor of shape " +
                      ShapeString(tensor->shape()) + ", expected a few numbers");
}

bool IsGiven(const NodeContext& c, size_t i) {
  if (i < c.folded.size() && c.folded[i] != nullptr) return true;
  if (!c.HasInput(i)) return false;
  // Exporters pass an empty tensor for an input that they leave out.
  const Tensor* tensor = c.builder.Constant(c.inputs[i]);
  return tensor == nullptr || tensor->num_elements() != 0;
}

// Which axis each number is for; all four in NCHW unless the node lists some.
Result<std::vector<size_t>> NumberAxes(NodeContext& c, size_t numbers, const char* what) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> listed,
                           c.attributes.Ints("axes", {0, 1, 2, 3}));
  if (listed.size() != numbers) {
    return Unsupported("it has " + std::to_string(numbers) + " " + what + ", expected " +
                       std::to_string(listed.size()) + " (only 4-d tensors are supported)");
  }
  std::vector<size_t> axes;
  for (const int64_t axis : listed) {
    const auto at = static_cast<size_t>(axis < 0 ? axis + 4 : axis);
    if (at >= 4 || std::find(axes.begin(), axes.end(), at) != axes.end()) {
      return InvalidModel("attribute 'axes' is " + ShapeString(listed) +
                          ", expected axes of a 4-d tensor, each once");
    }
    axes.push_back(at);
  }
  return axes;
}

Result<std::array<float, 2>> SpatialScales(NodeContext& c, const std::vector<double>& numbers) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<size_t> axes, NumberAxes(c, numbers.size(), "scales"));
  std::array<float, 2> scales{1, 1};
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!(numbers[i] > 0) || !std::isfinite(numbers[i])) {
      return InvalidModel("a scale is " + std::to_string(numbers[i]) + ", expected more than 0");
    }
    if (axes[i] < 2 && numbers[i] != 1) return Unsupported("it resizes batch or channels");
    if (axes[i] >= 2) scales[axes[i] - 2] = static_cast<float>(numbers[i]);
  }
  return scales;
}

Result<std::array<float, 2>> ScalesFromSizes(NodeContext& c, const SmallTensor& sizes) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<size_t> axes,
                           NumberAxes(c, sizes.values.size(), "sizes"));
  // A size that follows the picture's is right relative to a made-up size as well.
  const Shape* x =
      sizes.follows_size ? c.builder.ProbeShape(c.inputs[0]) : c.builder.FrozenShape(c.inputs[0]);
  if (x == nullptr) {
    return Unsupported("a resize to a fixed size needs an input whose size is known");
  }
  if (x->size() != 4) {
    return Unsupported("its input has shape " + ShapeString(*x) + ", expected 4 dimensions");
  }
  std::array<float, 2> scales{1, 1};
  for (size_t i = 0; i < axes.size(); ++i) {
    const double size = sizes.values[i];
    if (!(size >= 1) || size > 0x1p24) {  // larger ones are no exact floats
      return InvalidModel("a size is " + std::to_string(size) + ", expected 1 to 16777216");
    }
    PICABIA_ASSIGN_OR_RETURN(const float scale,
                             ResizeScale((*x)[axes[i]], static_cast<int64_t>(size)));
    if (axes[i] < 2 && scale != 1) return Unsupported("it resizes batch or channels");
    if (axes[i] >= 2) scales[axes[i] - 2] = scale;
  }
  return scales;
}

Status ParseMode(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode, c.attributes.String("mode", "nearest"));
  if (mode == "nearest") return OkStatus();
  return Unsupported("attribute 'mode' is " + Quoted(mode) + ", only 'nearest' is supported");
}

Result<ops::CoordinateMode> ParseCoordinateMode(NodeContext& c) {
  if (c.opset < 11) return ops::CoordinateMode::kAsymmetric;
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode,
                           c.attributes.String("coordinate_transformation_mode", "half_pixel"));
  if (mode == "asymmetric") return ops::CoordinateMode::kAsymmetric;
  if (mode == "align_corners") return ops::CoordinateMode::kAlignCorners;
  // PyTorch's differs only for a result of one pixel.
  if (mode == "half_pixel" || mode == "pytorch_half_pixel") return ops::CoordinateMode::kHalfPixel;
  return Unsupported("attribute 'coordinate_transformation_mode' is " + Quoted(mode) +
                     ", expected 'asymmetric', 'half_pixel', 'pytorch_half_pixel' or "
                     "'align_corners'");
}

Result<ops::NearestMode> ParseNearestMode(NodeContext& c) {
  if (c.opset < 11) return ops::NearestMode::kFloor;
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode,
                           c.attributes.String("nearest_mode", "round_prefer_floor"));
  if (mode == "floor") return ops::NearestMode::kFloor;
  if (mode == "ceil") return ops::NearestMode::kCeil;
  if (mode == "round_prefer_floor") return ops::NearestMode::kRoundPreferFloor;
  if (mode == "round_prefer_ceil") return ops::NearestMode::kRoundPreferCeil;
  return Unsupported("attribute 'nearest_mode' is " + Quoted(mode) +
                     ", expected 'floor', 'ceil', 'round_prefer_floor' or 'round_prefer_ceil'");
}

// What changes nothing for nearest neighbour, and what would.
Status CheckOtherAttributes(NodeContext& c) {
  for (const char* name : {"cubic_coeff_a", "exclude_outside", "extrapolation_value"}) {
    c.attributes.Ignore(name);
  }
  PICABIA_ASSIGN_OR_RETURN(const bool antialias, c.attributes.Bool("antialias", false));
  if (antialias) return Unsupported("attribute 'antialias' is 1");
  PICABIA_ASSIGN_OR_RETURN(const std::string_view policy,
                           c.attributes.String("keep_aspect_ratio_policy", "stretch"));
  if (policy == "stretch") return OkStatus();
  return Unsupported("attribute 'keep_aspect_ratio_policy' is " + Quoted(policy) +
                     ", only 'stretch' is supported");
}

}  // namespace

Result<ir::ValueId> ConvertUpsample(NodeContext& c) {
  if (c.opset >= 10) return InvalidModel("Upsample does not exist from opset 10 on");
  PICABIA_RETURN_IF_ERROR(ParseMode(c));
  ops::ResizeNearest op;
  if (c.opset < 9) {
    PICABIA_ASSIGN_OR_RETURN(const std::vector<float> scales, c.attributes.Floats("scales", {}));
    PICABIA_ASSIGN_OR_RETURN(op.scales,
                             SpatialScales(c, std::vector<double>(scales.begin(), scales.end())));
  } else {
    PICABIA_ASSIGN_OR_RETURN(const SmallTensor scales, Numbers(c, 1, "the scales"));
    PICABIA_ASSIGN_OR_RETURN(op.scales, SpatialScales(c, scales.values));
  }
  c.inputs.resize(1);
  return AddSpatial(c, op);
}

Result<ir::ValueId> ConvertResize(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(ParseMode(c));
  PICABIA_RETURN_IF_ERROR(CheckOtherAttributes(c));
  ops::ResizeNearest op;
  PICABIA_ASSIGN_OR_RETURN(op.coordinate_mode, ParseCoordinateMode(c));
  PICABIA_ASSIGN_OR_RETURN(op.nearest_mode, ParseNearestMode(c));
  const size_t scales_input = c.opset < 11 ? 1 : 2;
  const bool has_sizes = IsGiven(c, 3);
  if (has_sizes == IsGiven(c, scales_input)) {
    return InvalidModel("it needs either scales or sizes, and not both");
  }
  if (has_sizes) {
    PICABIA_ASSIGN_OR_RETURN(const SmallTensor sizes, Numbers(c, 3, "the sizes"));
    PICABIA_ASSIGN_OR_RETURN(op.scales, ScalesFromSizes(c, sizes));
  } else {
    PICABIA_ASSIGN_OR_RETURN(const SmallTensor scales, Numbers(c, scales_input, "the scales"));
    PICABIA_ASSIGN_OR_RETURN(op.scales, SpatialScales(c, scales.values));
  }
  c.inputs.resize(1);
  return AddSpatial(c, op);
}

}  // namespace picabia::import::onnx
