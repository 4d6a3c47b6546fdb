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

Result<std::vector<int64_t>> WindowInts(NodeContext& c, const char* name,
                                        std::vector<int64_t> fallback, int64_t least) {
  const size_t count = fallback.size();
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> values,
                           c.attributes.Ints(name, std::move(fallback)));
  if (values.size() != count) {
    return Unsupported("attribute '" + std::string(name) + "' has " +
                       std::to_string(values.size()) + " values, expected " +
                       std::to_string(count) + " (only 2-d convolutions are supported)");
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

Result<ops::Window> ParseWindow(NodeContext& c) {
  ops::Window window;
  PICABIA_ASSIGN_OR_RETURN(const auto strides, WindowInts(c, "strides", {1, 1}, 1));
  PICABIA_ASSIGN_OR_RETURN(const auto dilations, WindowInts(c, "dilations", {1, 1}, 1));
  PICABIA_ASSIGN_OR_RETURN(const auto pads, WindowInts(c, "pads", {0, 0, 0, 0}, 0));
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

Result<int64_t> ParseGroups(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t groups, c.attributes.Int("group", 1));
  if (groups >= 1 && groups <= kMaxWindowValue) return groups;
  return InvalidModel("attribute 'group' is " + std::to_string(groups) + ", expected 1 to " +
                      std::to_string(kMaxWindowValue));
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
Status CheckKernelShape(NodeContext& c) {
  if (!c.attributes.Has("kernel_shape")) return OkStatus();
  PICABIA_ASSIGN_OR_RETURN(const auto kernel, WindowInts(c, "kernel_shape", {1, 1}, 1));
  const Shape* filter = c.builder.FrozenShape(c.inputs[1]);
  if (filter == nullptr || filter->size() != 4) return OkStatus();
  if ((*filter)[2] == kernel[0] && (*filter)[3] == kernel[1]) return OkStatus();
  return InvalidModel("attribute 'kernel_shape' is " + ShapeString(kernel) +
                      ", the filter has shape " + ShapeString(*filter));
}

// Replaces input 1 by the filter in Picabia's layout.
Status ConvertFilter(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckKernelShape(c));
  const ir::ValueId constant = c.builder.ConstantId(c.inputs[1]);
  const std::string base = c.builder.graph().value(c.inputs[1]).name;
  if (constant.index < 0) {  // fed, as in tests of single operators
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
  const Tensor& filter = *c.builder.Constant(constant);
  if (filter.dtype() != DType::kF32 || filter.rank() != 4) {
    return Unsupported("the filter " + Quoted(base) + " is a " + DTypeName(filter.dtype()) +
                       " tensor of shape " + ShapeString(filter.shape()) +
                       ", expected float32 and 4 dimensions");
  }
  PICABIA_RETURN_IF_ERROR(c.builder.CheckFinite(constant));
  PICABIA_ASSIGN_OR_RETURN(Tensor permuted, PermuteFilter(filter));
  c.inputs[1] = c.builder.AddConstant(c.builder.FreshName(base + "/hwio"), std::move(permuted));
  c.filters.emplace(constant.index, c.inputs[1]);
  return OkStatus();
}

Status ConvertFilterAndBias(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(ConvertFilter(c));
  if (c.HasInput(2)) return c.builder.CheckFinite(c.inputs[2]);
  c.inputs.resize(2);
  return OkStatus();
}

}  // namespace

Result<ir::ValueId> ConvertConv(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const ops::Window window, ParseWindow(c));
  PICABIA_ASSIGN_OR_RETURN(const int64_t groups, ParseGroups(c));
  PICABIA_RETURN_IF_ERROR(ConvertFilterAndBias(c));
  return AddSpatial(c, ops::Conv2D{window, groups});
}

Result<ir::ValueId> ConvertConvTranspose(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const ops::Window window, ParseWindow(c));
  PICABIA_ASSIGN_OR_RETURN(const int64_t groups, ParseGroups(c));
  PICABIA_ASSIGN_OR_RETURN(const auto output_pads, WindowInts(c, "output_padding", {0, 0}, 0));
  if (c.attributes.Has("output_shape")) {
    return Unsupported(
        "attribute 'output_shape' is given; only 'pads' and 'auto_pad' are supported");
  }
  ops::ConvTranspose2D op{window, {output_pads[0], output_pads[1]}, {0, 0}, groups};
  for (size_t i = 0; i < 2; ++i) {
    if (output_pads[i] == 0) continue;
    if (window.pad_kind != ops::PadKind::kExplicit) {
      return Unsupported("attribute 'output_padding' is given with 'auto_pad' SAME");
    }
    if (output_pads[i] >= std::max(window.strides[i], window.dilations[i])) {
      return InvalidModel("attribute 'output_padding' is " + ShapeString(output_pads) +
                          ", expected less than the stride or dilation");
    }
  }
  PICABIA_RETURN_IF_ERROR(ConvertFilterAndBias(c));
  return AddSpatial(c, op);
}

}  // namespace picabia::import::onnx
