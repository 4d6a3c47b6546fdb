// Resizes of height and width. Called by the table in operators.cc.
#include <string>

#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

// The size is a constant, which becomes factors where the picture's size is free, or computed.
Result<ir::ValueId> ConvertResizeBy(NodeContext& c, ops::ResizeMode mode) {
  PICABIA_ASSIGN_OR_RETURN(const bool align, c.attributes.Bool("align_corners", false));
  PICABIA_ASSIGN_OR_RETURN(const bool half, c.attributes.Bool("half_pixel_centers", false));
  if (align && half) return InvalidModel("align_corners and half_pixel_centers are both true");
  if (const Tensor* size = c.builder.FixedValue(c.inputs[1]);
      size != nullptr && size->num_elements() != 2) {
    return InvalidModel("the size (input 1) has " + std::to_string(size->num_elements()) +
                        " values, expected height and width");
  }
  ops::Resize op;
  op.mode = mode;
  op.axes = {1, 2};
  // TensorFlow rounds halves up where corners are aligned, and takes floor((i + 0.5) / scale) with
  // half pixel centres.
  op.nearest_mode = align ? ops::NearestMode::kRoundPreferCeil : ops::NearestMode::kFloor;
  using M = ops::CoordinateMode;
  const bool nearest = mode == ops::ResizeMode::kNearest;
  op.coordinate_mode = align  ? M::kAlignCorners
                       : half ? (nearest ? M::kTfHalfPixelForNn : M::kHalfPixel)
                              : M::kAsymmetric;
  PICABIA_RETURN_IF_ERROR(FollowPicture(c, c.inputs[1], op));
  if (!op.scales.empty()) c.inputs.resize(1);
  if (nearest || c.builder.dtype(c.inputs[0]) == DType::kF32) return AddNode(c, std::move(op));
  // Bilinear results are floats, whatever the picture is.
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0], AddStep(c, "float", ops::Cast{DType::kF32}, {c.inputs[0]}));
  return AddNode(c, std::move(op));
}

}  // namespace picabia::import::tensorflow
