// Conv and ConvTranspose. Called by the table in operators.cc. Pictures are transposed around them;
// filters are brought into Picabia's layout here, once: OIHW to HWIO, and IOHW to HWOI, which is
// the same permutation.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "import/names.h"
#include "import/onnx/operators.h"

namespace picabia::import::onnx {
namespace {

constexpr int64_t kMaxWindowValue = 1 << 24;  // larger strides, dilations and pads are nonsense
constexpr std::array<size_t, 4> kFilterPerm{2, 3, 1, 0};

Result<int64_t> ParseGroups(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t groups, c.attributes.Int("group", 1));
  if (groups >= 1 && groups <= kMaxWindowValue) return groups;
  return InvalidModel("attribute 'group' is " + std::to_string(groups) + ", expected 1 to " +
                      std::to_string(kMaxWindowValue));
}

// A list of one or two as one of two.
std::array<int64_t, 2> AsPair(const std::vector<int64_t>& values, int64_t height) {
  return {values.size() == 2 ? values[0] : height, values.back()};
}

// out[h][w][i][o] = in[o][i][h][w], read in the order of the output.
Result<Tensor> PermuteFilter(const Tensor& in) {
  Shape shape;
  for (const size_t axis : kFilterPerm) shape.push_back(in.shape()[axis]);
  PICABIA_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(in.dtype(), shape));
  if (in.num_elements() == 0) return out;
  const size_t size = DTypeSize(in.dtype());
  const Shape& s = in.shape();
  const size_t window = static_cast<size_t>(s[2] * s[3]);
  const auto inner = static_cast<size_t>(s[1]);
  const auto outer = static_cast<size_t>(s[0]);
  const std::byte* from = in.bytes();
  std::byte* to = out.MutableData<std::byte>();
  for (size_t w = 0; w < window; ++w) {
    for (size_t i = 0; i < inner; ++i) {
      for (size_t o = 0; o < outer; ++o, to += size) {
        std::memcpy(to, from + ((o * inner + i) * window + w) * size, size);
      }
    }
  }
  return out;
}

// kernel_shape repeats what the filter's shape says.
Status CheckKernelShape(NodeContext& c, size_t axes) {
  if (!c.attributes.Has("kernel_shape")) return OkStatus();
  PICABIA_ASSIGN_OR_RETURN(const auto kernel,
                           WindowInts(c, "kernel_shape", std::vector<int64_t>(axes, 1), 1));
  const Shape* filter = c.builder.FrozenShape(c.inputs[1]);
  if (filter == nullptr || filter->size() != axes + 2) return OkStatus();
  if (std::equal(kernel.begin(), kernel.end(), filter->begin() + 2)) return OkStatus();
  return InvalidModel("attribute 'kernel_shape' is " + ShapeString(kernel) +
                      ", the filter has shape " + ShapeString(*filter));
}

// Replaces input 1 by the filter in Picabia's layout.
Status ConvertFilter(NodeContext& c, size_t axes) {
  PICABIA_RETURN_IF_ERROR(CheckKernelShape(c, axes));
  const ir::ValueId constant = c.builder.ConstantId(c.inputs[1]);
  const std::string base = c.builder.graph().value(c.inputs[1]).name;
  if (constant.index < 0) {  // computed (dequantized weights), or fed
    if (axes == 1) {
      PICABIA_ASSIGN_OR_RETURN(c.inputs[1],
                               AddStep(c, "filter", ops::Unsqueeze{{2}}, {c.inputs[1]}));
    }
    PICABIA_ASSIGN_OR_RETURN(c.inputs[1],
                             c.builder.AddNode(c.builder.FreshName(base + "/hwio"),
                                               ops::Transpose{{2, 3, 1, 0}}, {c.inputs[1]}));
    return OkStatus();
  }
  const auto known = c.filters.find(constant.index);
  if (known != c.filters.end()) {
    c.inputs[1] = known->second;
    return OkStatus();
  }
  const Tensor* filter = c.builder.Constant(constant);
  if (filter->dtype() != DType::kF32 || filter->shape().size() != axes + 2) {
    return Unsupported("the filter " + Quoted(base) + " is a " + DTypeName(filter->dtype()) +
                       " tensor of shape " + ShapeString(filter->shape()) +
                       ", expected float32 and " + std::to_string(axes + 2) + " dimensions");
  }
  PICABIA_RETURN_IF_ERROR(c.builder.CheckFinite(constant));
  Shape shape = filter->shape();
  if (axes == 1) shape.insert(shape.begin() + 2, 1);
  PICABIA_ASSIGN_OR_RETURN(const Tensor two_d, filter->Reshaped(std::move(shape)));
  PICABIA_ASSIGN_OR_RETURN(Tensor permuted, PermuteFilter(two_d));
  c.inputs[1] = c.builder.AddConstant(c.builder.FreshName(base + "/hwio"), std::move(permuted));
  c.filters.emplace(constant.index, c.inputs[1]);
  return OkStatus();
}

Status ConvertFilterAndBias(NodeContext& c, size_t axes) {
  PICABIA_RETURN_IF_ERROR(ConvertFilter(c, axes));
  if (c.HasInput(2)) return c.builder.CheckFinite(c.inputs[2]);
  c.inputs.resize(2);
  return OkStatus();
}

// output_shape names the size of the result; the pads follow from it at the frozen size, by the
// rule of the operator's text, and hold for any other.
Status PadsFromOutputShape(NodeContext& c, size_t axes, std::string_view auto_pad,
                           ops::ConvTranspose2D& op) {
  PICABIA_ASSIGN_OR_RETURN(const auto named,
                           WindowInts(c, "output_shape", std::vector<int64_t>(axes, 0), 0));
  const Shape* x = c.builder.FrozenShape(c.inputs[0]);
  const Shape* filter = c.builder.FrozenShape(c.inputs[1]);
  if (x == nullptr || filter == nullptr)
    return Unsupported("attribute 'output_shape' needs an input whose size is known");
  for (size_t i = 0; i < axes; ++i) {
    const size_t a = i + 2 - axes;  // 0: vertical, 1: horizontal
    const int64_t in = (*x)[i + 2], kernel = (*filter)[i + 2];
    if (in < 1 || in > kMaxWindowValue || kernel > kMaxWindowValue)
      return InvalidModel("attribute 'output_shape' is given for an input of shape " +
                          ShapeString(*x));
    const int64_t full = (in - 1) * op.window.strides[a] + (kernel - 1) * op.window.dilations[a] +
                         1 + op.output_pads[a];
    const int64_t total = full - named[i];
    if (total < 0) {
      op.output_pads[a] -= total;
      continue;
    }
    const int64_t half = total / 2;
    const bool upper = auto_pad == "SAME_UPPER";
    op.window.pads[a] = upper ? half : total - half;
    op.window.pads[a + 2] = total - op.window.pads[a];
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<int64_t>> WindowInts(NodeContext& c, const char* name,
                                        std::vector<int64_t> fallback, int64_t least) {
  const size_t count = fallback.size();
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> values,
                           c.attributes.Ints(name, std::move(fallback)));
  if (values.size() != count) {
    return Unsupported("attribute '" + std::string(name) + "' has " +
                       std::to_string(values.size()) + " values, expected " +
                       std::to_string(count) + ", one for each spatial axis");
  }
  for (const int64_t v : values) {
    if (v < least || v > kMaxWindowValue) {
      return InvalidModel("attribute '" + std::string(name) + "' has a value of " +
                          std::to_string(v) + ", expected " + std::to_string(least) + " to " +
                          std::to_string(kMaxWindowValue));
    }
  }
  return values;
}

Result<ops::Window> ParseWindow(NodeContext& c, size_t axes) {
  ops::Window window;
  const std::vector<int64_t> ones(axes, 1);
  PICABIA_ASSIGN_OR_RETURN(auto strides, WindowInts(c, "strides", ones, 1));
  PICABIA_ASSIGN_OR_RETURN(auto dilations, WindowInts(c, "dilations", ones, 1));
  PICABIA_ASSIGN_OR_RETURN(auto pads, WindowInts(c, "pads", std::vector<int64_t>(2 * axes, 0), 0));
  if (axes == 1) {
    strides.insert(strides.begin(), 1);
    dilations.insert(dilations.begin(), 1);
    pads = {0, pads[0], 0, pads[1]};
  }
  PICABIA_ASSIGN_OR_RETURN(const std::string_view auto_pad,
                           c.attributes.String("auto_pad", "NOTSET"));
  window.strides = {strides[0], strides[1]};
  window.dilations = {dilations[0], dilations[1]};
  if (auto_pad == "NOTSET") {
    window.pads = {pads[0], pads[1], pads[2], pads[3]};
    return window;
  }
  for (const int64_t p : pads) {
    if (p != 0) return InvalidModel("attributes 'pads' and 'auto_pad' are both given");
  }
  if (auto_pad == "SAME_UPPER") {
    window.pad_kind = ops::PadKind::kSameUpper;
  } else if (auto_pad == "SAME_LOWER") {
    window.pad_kind = ops::PadKind::kSameLower;
  } else if (auto_pad != "VALID") {
    return Unsupported("attribute 'auto_pad' is " + Quoted(auto_pad) +
                       ", expected 'NOTSET', 'SAME_UPPER', 'SAME_LOWER' or 'VALID'");
  }
  return window;
}

Result<size_t> SpatialAxes(const NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  if (rank == 3 || rank == 4) return rank - 2;
  return Unsupported("its input has rank " + std::to_string(rank) +
                     ", expected 3 or 4 (one or two spatial axes)");
}

Result<ir::ValueId> AddWindowNode(NodeContext& c, size_t axes, ops::Op op) {
  if (axes == 2) return AddSpatial(c, std::move(op));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId flat,
                           AddStep(c, "with_height", ops::Unsqueeze{{2}}, {c.inputs[0]}));
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0], c.builder.ToNhwc(flat));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId nhwc, AddStep(c, "nhwc", std::move(op), c.inputs));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId nchw,
                           c.builder.ToNchw(nhwc, c.builder.FreshName(c.output + "/nchw")));
  c.inputs = {nchw};
  return AddNode(c, ops::Squeeze{{2}});
}

Result<ir::ValueId> ConvertConv(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const size_t axes, SpatialAxes(c));
  PICABIA_ASSIGN_OR_RETURN(const ops::Window window, ParseWindow(c, axes));
  PICABIA_ASSIGN_OR_RETURN(const int64_t groups, ParseGroups(c));
  PICABIA_RETURN_IF_ERROR(ConvertFilterAndBias(c, axes));
  return AddWindowNode(c, axes, ops::Conv2D{window, groups});
}

Result<ir::ValueId> ConvertConvTranspose(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const size_t axes, SpatialAxes(c));
  ops::ConvTranspose2D op;
  PICABIA_ASSIGN_OR_RETURN(op.window, ParseWindow(c, axes));
  PICABIA_ASSIGN_OR_RETURN(op.groups, ParseGroups(c));
  PICABIA_ASSIGN_OR_RETURN(const auto output_pads,
                           WindowInts(c, "output_padding", std::vector<int64_t>(axes, 0), 0));
  op.output_pads = AsPair(output_pads, 0);
  for (size_t i = 0; i < 2; ++i) {
    if (op.output_pads[i] >= std::max(op.window.strides[i], op.window.dilations[i])) {
      if (op.output_pads[i] == 0) continue;
      return InvalidModel("attribute 'output_padding' is " + ShapeString(output_pads) +
                          ", expected less than the stride or dilation");
    }
  }
  if (c.attributes.Has("output_shape")) {
    PICABIA_ASSIGN_OR_RETURN(const std::string_view auto_pad,
                             c.attributes.String("auto_pad", "NOTSET"));
    op.window.pad_kind = ops::PadKind::kExplicit;
    PICABIA_RETURN_IF_ERROR(PadsFromOutputShape(c, axes, auto_pad, op));
  } else if (op.window.pad_kind != ops::PadKind::kExplicit &&
             op.output_pads != std::array<int64_t, 2>{0, 0}) {
    return Unsupported("attribute 'output_padding' is given with 'auto_pad' SAME");
  }
  PICABIA_RETURN_IF_ERROR(ConvertFilterAndBias(c, axes));
  return AddWindowNode(c, axes, op);
}

}  // namespace picabia::import::onnx
