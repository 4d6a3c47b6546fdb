// Padding, biases, batch normalisation and resizing. Called by the table in operators.cc.
#include <string>

#include "import/names.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {
namespace {

// Input 1 is [rank, 2]: elements before and after each axis.
Result<ops::Pad> ReadPaddings(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values,
                           ConstantIntegers(c, 1, "the paddings"));
  const Shape& shape = c.builder.Constant(c.inputs[1])->shape();
  if (shape.size() != 2 || shape[1] != 2) {
    return InvalidModel("the paddings have shape " + ShapeString(shape) +
                        ", expected one pair for each dimension");
  }
  ops::Pad pad;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] < 0 || values[i] > INT32_MAX) {
      return InvalidModel("a padding is " + std::to_string(values[i]) +
                          ", expected 0 to 2147483647");
    }
    (i % 2 == 0 ? pad.before : pad.after).push_back(values[i]);
  }
  return pad;
}

// The per-channel vector of an NCHW operator, shaped so that it broadcasts over height and width.
Result<ir::ValueId> AsChannelColumn(NodeContext& c, ir::ValueId vector) {
  return c.builder.AddNode(c.builder.FreshName(c.name + "/column"), ops::Reshape{{-1, 1, 1}},
                           {vector});
}

}  // namespace

Result<ir::ValueId> ConvertPad(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(ops::Pad pad, ReadPaddings(c));
  if (c.inputs.size() == 3) {
    const Tensor* value = c.builder.Constant(c.inputs[2]);
    if (value == nullptr || value->num_elements() != 1 || value->dtype() != DType::kF32) {
      return Unsupported("the value to pad with (input 2) must be one constant float");
    }
    pad.value = value->data<float>()[0];
  }
  c.inputs.resize(1);
  return AddNode(c, std::move(pad));
}

Result<ir::ValueId> ConvertMirrorPad(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(ops::Pad pad, ReadPaddings(c));
  PICABIA_ASSIGN_OR_RETURN(const std::string_view mode, c.attributes.String("mode", ""));
  if (mode != "REFLECT" && mode != "SYMMETRIC") {
    return Unsupported("attribute 'mode' is " + Quoted(mode) +
                       ", expected 'REFLECT' or 'SYMMETRIC'");
  }
  pad.mode = mode == "REFLECT" ? ops::PadMode::kReflect : ops::PadMode::kSymmetric;
  c.inputs.resize(1);
  return AddNode(c, std::move(pad));
}

Result<ir::ValueId> ConvertBiasAdd(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_RETURN_IF_ERROR(c.builder.CheckFinite(c.inputs[1]));
  if (layout == Layout::kNchw) {
    PICABIA_ASSIGN_OR_RETURN(c.inputs[1], AsChannelColumn(c, c.inputs[1]));
  }
  return AddNode(c, ops::Binary{ops::BinaryKind::kAdd});
}

Result<ir::ValueId> ConvertFusedBatchNorm(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_ASSIGN_OR_RETURN(const float epsilon, c.attributes.Float("epsilon", 1e-4f));
  PICABIA_ASSIGN_OR_RETURN(const bool training, c.attributes.Bool("is_training", true));
  if (training) {
    return Unsupported("a batch normalisation is in training mode; freeze the graph for inference");
  }
  PICABIA_RETURN_IF_ERROR(c.builder.CheckVariance(c.inputs[4], epsilon));
  c.attributes.Ignore("exponential_avg_factor");  // acts in training only
  c.attributes.Ignore("U");
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    PICABIA_RETURN_IF_ERROR(c.builder.CheckFinite(c.inputs[i]));
  }
  if (layout == Layout::kNhwc) return AddNode(c, ops::BatchNorm{epsilon});
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0], c.builder.ToNhwc(c.inputs[0]));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId result,
                           c.builder.AddNode(c.name, c.builder.FreshName(c.name + "/result"),
                                             ops::BatchNorm{epsilon}, c.inputs));
  return c.builder.ToNchw(result, c.name);
}

// The wanted size is a constant, which is turned into a factor at the frozen size.
Result<ir::ValueId> ConvertResizeNearestNeighbor(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const bool align, c.attributes.Bool("align_corners", false));
  PICABIA_ASSIGN_OR_RETURN(const bool half, c.attributes.Bool("half_pixel_centers", false));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> size, ConstantIntegers(c, 1, "the size"));
  const Shape* x = c.builder.FrozenShape(c.inputs[0]);
  if (size.size() != 2) {
    return InvalidModel("the size (input 1) has " + std::to_string(size.size()) +
                        " values, expected height and width");
  }
  if (x == nullptr || x->size() != 4) {
    return Unsupported("a resize to a fixed size needs a graph frozen at a known size");
  }
  ops::Resize op;
  op.axes = {1, 2};
  for (size_t i = 0; i < 2; ++i) {
    PICABIA_ASSIGN_OR_RETURN(const float scale, ResizeScale((*x)[i + 1], size[i]));
    op.scales.push_back(scale);
  }
  if (align && half) return InvalidModel("align_corners and half_pixel_centers are both true");
  // TensorFlow rounds halves up where corners are aligned, and takes floor((i + 0.5) / scale) with
  // half pixel centres.
  if (align) {
    op.coordinate_mode = ops::CoordinateMode::kAlignCorners;
    op.nearest_mode = ops::NearestMode::kRoundPreferCeil;
  } else {
    op.coordinate_mode =
        half ? ops::CoordinateMode::kTfHalfPixelForNn : ops::CoordinateMode::kAsymmetric;
    op.nearest_mode = ops::NearestMode::kFloor;
  }
  c.inputs.resize(1);
  return AddNode(c, op);
}

}  // namespace picabia::import::tensorflow
