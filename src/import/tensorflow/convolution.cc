// Conv2D and Conv2DBackpropInput. Called by the table in operators.cc; Cambricon's integer forms of
// both are in integer_convolution.cc.
//
// TensorFlow names the size of a transposed convolution's result in a constant, which ties the
// graph to one picture size. That constant is read once, at the size that the graph was frozen at,
// to learn by how much it differs from what the strides alone would give; the graph then follows
// any picture.
#include "import/tensorflow/convolution.h"

#include <array>
#include <cmath>
#include <string>

#include "base/checked.h"
#include "import/names.h"

namespace picabia::import::tensorflow {
namespace {

constexpr int64_t kMaxWindowValue = 1 << 24;  // larger strides, dilations and pads are nonsense

struct Axes {
  size_t height, width, batch, channel;
};
constexpr Axes AxesOf(Layout layout) {
  return layout == Layout::kNhwc ? Axes{1, 2, 0, 3} : Axes{2, 3, 0, 1};
}

// Pairs of (before, after) for each of the 4 axes, in the order of the layout.
Result<std::array<int64_t, 4>> ExplicitPads(NodeContext& c, Layout layout) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> all,
                           c.attributes.Ints("explicit_paddings", {}));
  if (all.size() != 8) {
    return InvalidModel("attribute 'explicit_paddings' has " + std::to_string(all.size()) +
                        " values, expected 8");
  }
  for (const int64_t v : all) {
    if (v < 0 || v > kMaxWindowValue) {
      return InvalidModel("attribute 'explicit_paddings' has a value of " + std::to_string(v) +
                          ", expected 0 to " + std::to_string(kMaxWindowValue));
    }
  }
  const Axes axes = AxesOf(layout);
  const size_t n = 2 * axes.batch, ch = 2 * axes.channel, h = 2 * axes.height, w = 2 * axes.width;
  if (all[n] != 0 || all[n + 1] != 0 || all[ch] != 0 || all[ch + 1] != 0) {
    return Unsupported("attribute 'explicit_paddings' pads batch or channels");
  }
  return std::array<int64_t, 4>{all[h], all[w], all[h + 1], all[w + 1]};
}

// A filter of fewer input channels than the picture has works on groups of them.
Result<int64_t> Groups(const NodeContext& c, Layout layout) {
  const Shape* x = c.builder.ProbeShape(c.inputs[0]);
  const Shape* filter = c.builder.FrozenShape(c.inputs[1]);
  if (x == nullptr || filter == nullptr || x->size() != 4 || filter->size() != 4) return 1;
  const int64_t channels = (*x)[AxesOf(layout).channel], each = (*filter)[2];
  // An input whose channels are free is taken for one of as many as the filter has.
  const auto& declared = c.builder.graph().value(c.inputs[0]).declared_shape;
  const bool free = declared && (*declared)[AxesOf(layout).channel] < 0;
  if (free && channels == kProbeSize && c.builder.FrozenShape(c.inputs[0]) == nullptr) return 1;
  // Where they do not fit, the shape rule says so.
  if (each < 1 || channels < each || channels % each != 0) return 1;
  return channels / each;
}

Status CheckCorrection(int64_t correction, int64_t stride, int64_t found, int64_t expected,
                       const char* axis) {
  if (correction >= 0 && correction < stride) return OkStatus();
  return InvalidModel("input_sizes names a " + std::string(axis) + " of " + std::to_string(found) +
                      ", expected " + std::to_string(expected) + " with stride " +
                      std::to_string(stride));
}

// One axis; `in` is the input's size, at most a few billion, so that nothing here overflows.
Status CorrectAxis(const ops::Window& window, size_t axis, int64_t in, int64_t kernel,
                   int64_t named, SizeCorrection& correction) {
  const char* axis_name = axis == 0 ? "height" : "width";
  const int64_t stride = window.strides[axis];
  if (window.pad_kind == ops::PadKind::kSameUpper) {
    const int64_t full = in * stride;
    correction.output_shrink[axis] = full - named;
    return CheckCorrection(full - named, stride, named, full, axis_name);
  }
  const int64_t least = (in - 1) * stride + (kernel - 1) * window.dilations[axis] + 1 -
                        window.pads[axis] - window.pads[axis + 2];
  correction.output_pads[axis] = named - least;
  return CheckCorrection(named - least, stride, named, least, axis_name);
}

}  // namespace

Status CheckFilter(const NodeContext& c, ir::ValueId filter, DType dtype) {
  if (c.builder.dtype(filter) != dtype) {
    return InvalidModel("the filter " + Quoted(c.builder.graph().value(filter).name) + " is " +
                        DTypeName(c.builder.dtype(filter)) + ", expected " + DTypeName(dtype));
  }
  const Tensor* tensor = c.builder.Constant(filter);
  if (tensor != nullptr && tensor->rank() != 4) {
    return InvalidModel("the filter " + Quoted(c.builder.graph().value(filter).name) +
                        " has shape " + ShapeString(tensor->shape()) + ", expected 4 dimensions");
  }
  return c.builder.CheckFinite(filter);
}

Result<SizeCorrection> ReadInputSizes(NodeContext& c, Layout layout, const ops::Window& window) {
  SizeCorrection correction;
  const ir::ValueId sizes_id = c.inputs[0];
  if (sizes_id.index < 0 || c.builder.FixedValue(sizes_id) == nullptr) return correction;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, ConstantIntegers(c, 0, "input_sizes"));
  if (sizes.size() != 4 && sizes.size() != 2) {
    return InvalidModel("input_sizes has " + std::to_string(sizes.size()) +
                        " values, expected 4 (or height and width)");
  }
  const Shape* filter = c.builder.FrozenShape(c.inputs[1]);
  const Shape* x = c.builder.FrozenShape(c.inputs[2]);
  if (filter == nullptr || x == nullptr || x->size() != 4 || filter->size() != 4) {
    return correction;
  }
  const Axes axes = AxesOf(layout);
  if (sizes.size() == 4 &&
      (sizes[axes.batch] != (*x)[axes.batch] || sizes[axes.channel] != (*filter)[2])) {
    return InvalidModel("input_sizes is " + ShapeString(sizes) + ", expected batch " +
                        std::to_string((*x)[axes.batch]) + " and " + std::to_string((*filter)[2]) +
                        " channels");
  }
  const std::array<size_t, 2> spatial{axes.height, axes.width};
  for (size_t i = 0; i < 2; ++i) {
    const int64_t in = (*x)[spatial[i]];
    const int64_t named = sizes.size() == 4 ? sizes[spatial[i]] : sizes[i];
    if (in > INT32_MAX || (*filter)[i] > INT32_MAX || named < 0 || named > INT32_MAX) {
      return InvalidModel("input_sizes is " + ShapeString(sizes) + " for an input of shape " +
                          ShapeString(*x) + ", expected sizes of 0 to 2147483647");
    }
    PICABIA_RETURN_IF_ERROR(CorrectAxis(window, i, in, (*filter)[i], named, correction));
  }
  return correction;
}

Result<std::array<int64_t, 2>> SpatialPair(NodeContext& c, std::string_view name, Layout layout) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> all, c.attributes.Ints(name, {1, 1, 1, 1}));
  if (all.size() != 4) {
    return InvalidModel("attribute " + Quoted(name) + " has " + std::to_string(all.size()) +
                        " values, expected 4");
  }
  const Axes axes = AxesOf(layout);
  if (all[axes.batch] != 1 || all[axes.channel] != 1) {
    return Unsupported("attribute " + Quoted(name) + " is " + ShapeString(all) +
                       ", expected 1 for batch and channels");
  }
  for (const int64_t v : all) {
    if (v < 1 || v > kMaxWindowValue) {
      return InvalidModel("attribute " + Quoted(name) + " has a value of " + std::to_string(v) +
                          ", expected 1 to " + std::to_string(kMaxWindowValue));
    }
  }
  return std::array<int64_t, 2>{all[axes.height], all[axes.width]};
}

Result<ops::Window> ParseWindow(NodeContext& c, Layout layout, bool dilations) {
  ops::Window window;
  PICABIA_ASSIGN_OR_RETURN(window.strides, SpatialPair(c, "strides", layout));
  if (dilations) {
    PICABIA_ASSIGN_OR_RETURN(window.dilations, SpatialPair(c, "dilations", layout));
  }
  PICABIA_ASSIGN_OR_RETURN(const std::string_view padding, c.attributes.String("padding", ""));
  if (padding == "EXPLICIT") {
    PICABIA_ASSIGN_OR_RETURN(window.pads, ExplicitPads(c, layout));
  } else if (padding == "SAME") {
    window.pad_kind = ops::PadKind::kSameUpper;
  } else if (padding != "VALID") {
    return Unsupported("attribute 'padding' is " + Quoted(padding) +
                       ", expected 'SAME', 'VALID' or 'EXPLICIT'");
  }
  if (padding != "EXPLICIT") {
    PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> none,
                             c.attributes.Ints("explicit_paddings", {}));
    if (!none.empty()) {
      return InvalidModel("attribute 'explicit_paddings' is given with padding " + Quoted(padding));
    }
  }
  c.attributes.Ignore("use_cudnn_on_gpu");
  return window;
}

Result<ir::ValueId> ConvertConv2D(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_ASSIGN_OR_RETURN(const ops::Window window, ParseWindow(c, layout, true));
  PICABIA_RETURN_IF_ERROR(CheckFilter(c, c.inputs[1], DType::kF32));
  PICABIA_ASSIGN_OR_RETURN(const int64_t groups, Groups(c, layout));
  return AddSpatial(c, layout, ops::Conv2D{window, groups});
}

// Filter [KH,KW,C,M]: channel i gives the channels i * M to i * M + M - 1.
Result<ir::ValueId> ConvertDepthwiseConv2d(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_ASSIGN_OR_RETURN(const ops::Window window, ParseWindow(c, layout, true));
  PICABIA_RETURN_IF_ERROR(CheckFilter(c, c.inputs[1], DType::kF32));
  const Shape* shape = c.builder.FrozenShape(c.inputs[1]);
  if (shape == nullptr) return Unsupported("the shape of the filter (input 1) is not known");
  if (shape->size() != 4) {
    return InvalidModel("the filter (input 1) has shape " + ShapeString(*shape) +
                        ", expected 4 dimensions");
  }
  const int64_t height = (*shape)[0], width = (*shape)[1], channels = (*shape)[2];
  if (channels < 1) {
    return InvalidModel("the filter (input 1) has shape " + ShapeString(*shape) +
                        ", expected at least one channel");
  }
  const auto outputs = CheckedMul(channels, (*shape)[3]);
  if (!outputs) return InvalidModel("the filter (input 1) is too large");
  PICABIA_ASSIGN_OR_RETURN(
      c.inputs[1],
      AddStep(c, "filter", ops::Reshape{{height, width, 1, *outputs}, true}, {c.inputs[1]}));
  return AddSpatial(c, layout, ops::Conv2D{window, channels});
}

Result<ir::ValueId> ConvertConv2DBackpropInput(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  PICABIA_ASSIGN_OR_RETURN(const ops::Window window, ParseWindow(c, layout, true));
  PICABIA_RETURN_IF_ERROR(CheckFilter(c, c.inputs[1], DType::kF32));
  PICABIA_ASSIGN_OR_RETURN(const SizeCorrection size, ReadInputSizes(c, layout, window));
  const ops::ConvTranspose2D op{window, size.output_pads, size.output_shrink, 1};
  c.inputs = {c.inputs[2], c.inputs[1]};
  return AddSpatial(c, layout, op);
}

}  // namespace picabia::import::tensorflow
