// Resizing. Called by the table in operators.cc. A size that the file fixes for a picture whose
// size is free becomes a factor at the size that the graph was frozen at; one that the graph
// computes is a parameter.
#include <string>

#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

Result<ir::ValueId> ConvertResizeBy(NodeContext& c, ops::ResizeMode mode) {
  PICABIA_ASSIGN_OR_RETURN(const bool align, c.attributes.Bool("align_corners", false));
  PICABIA_ASSIGN_OR_RETURN(const bool half, c.attributes.Bool("half_pixel_centers", false));
  if (align && half) return InvalidModel("align_corners and half_pixel_centers are both true");
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 1, "the size"));
  const int rank = c.builder.Rank(c.inputs[0]);
  if (rank >= 0 && rank != 4)
    return InvalidModel("its input has rank " + std::to_string(rank) + ", expected 4");
  const Shape* size = c.builder.ProbeShape(c.inputs[1]);
  if (size != nullptr && *size != Shape{2})
    return InvalidModel("the size (input 1) has shape " + ShapeString(*size) +
                        ", expected height and width");
  const bool nearest = mode == ops::ResizeMode::kNearest;
  ops::Resize op;
  op.axes = {1, 2};
  op.mode = mode;
  op.coordinate_mode = ops::CoordinateMode::kAsymmetric;
  op.nearest_mode = ops::NearestMode::kFloor;
  if (align) {
    op.coordinate_mode = ops::CoordinateMode::kAlignCorners;
    op.nearest_mode = ops::NearestMode::kRoundPreferCeil;
  } else if (half) {
    // The nearest one is floor((i + 1/2) / scale).
    op.coordinate_mode =
        nearest ? ops::CoordinateMode::kTfHalfPixelForNn : ops::CoordinateMode::kHalfPixel;
    // With half pixel centres, cubic filters are Keys' and leave out what is beyond the edge.
    op.exclude_outside = mode == ops::ResizeMode::kCubic;
    op.cubic_a = mode == ops::ResizeMode::kCubic ? -0.5f : op.cubic_a;
  }
  // What is between elements is float.
  if (!nearest && c.builder.dtype(c.inputs[0]) != DType::kF32) {
    PICABIA_ASSIGN_OR_RETURN(c.inputs[0],
                             AddStep(c, "float", ops::Cast{DType::kF32}, {c.inputs[0]}));
  }
  PICABIA_RETURN_IF_ERROR(FollowPicture(c, c.inputs[1], op));
  if (!op.scales.empty()) c.inputs.resize(1);
  return AddNode(c, std::move(op));
}

}  // namespace picabia::import::tensorflow
