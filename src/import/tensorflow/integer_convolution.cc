// Cambricon's integer convolutions and products: Int8Conv2D, Int8MatMul, their transposed and
// 16-bit forms. Called by the table in operators.cc.
//
//   y = conv(clamp(round_half_even(x * input_scale)), filter) / (input_scale * filter_scale)
//
// A node with use_convfirst reads raw pixels: its x is (x - mean) / std, and its padding is 0 then.
//
// All are one operator, whose filter says how many bits there are. Passes of device cpu take those
// of 16 bits, or with a scale a channel (filter_scales), apart.
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "import/names.h"
#include "import/tensorflow/convolution.h"

namespace picabia::import::tensorflow {
namespace {

using ir::ValueId;

// Cambricon's attributes that would change the result are refused unless they say "unset"; 1024 is
// its mark for a position that is not used.
Status CheckCambriconDefaults(NodeContext& c) {
  constexpr int64_t kUnsetPosition = 1024;
  const std::pair<const char*, int64_t> integers[] = {{"filter_position", kUnsetPosition},
                                                      {"input_position", kUnsetPosition},
                                                      {"mlu_group", 1},
                                                      {"filter_is_sparse", 0}};
  for (const auto& [name, expected] : integers) {
    PICABIA_ASSIGN_OR_RETURN(const int64_t value, c.attributes.Int(name, expected));
    if (value != expected) {
      return Unsupported("attribute '" + std::string(name) + "' is " + std::to_string(value) +
                         ", only " + std::to_string(expected) + " is supported");
    }
  }
  for (const char* name : {"filter_positions", "paddings"}) {
    // An empty list has no type of its own and reads as one of integers.
    PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values, c.attributes.Ints(name, {}));
    for (const int64_t v : values) {
      if (v == 0 && std::string_view(name) == "paddings") continue;
      return Unsupported("attribute '" + std::string(name) + "' is " + ShapeString(values) +
                         ", only an empty list is supported");
    }
  }
  for (const char* name : {"FilterT", "InT", "OutT"}) c.attributes.Ignore(name);
  return OkStatus();
}

// What a convolution with use_convfirst does to its picture first.
struct FirstPicture {
  bool used = false;
  std::vector<float> mean;  // of the first, second and third channel
  float std = 1;
};

Result<FirstPicture> ParseFirstPicture(NodeContext& c) {
  FirstPicture first;
  PICABIA_ASSIGN_OR_RETURN(first.used, c.attributes.Bool("use_convfirst", false));
  for (const char* name : {"mean_r", "mean_g", "mean_b"}) {
    PICABIA_ASSIGN_OR_RETURN(const float mean, c.attributes.Float(name, 0));
    first.mean.push_back(mean);
    if (std::isfinite(mean) && (first.used || mean == 0)) continue;
    return Unsupported(
        "attribute " + Quoted(name) + " is " + std::to_string(mean) +
        (first.used ? ", expected a number" : ", only 0 goes without use_convfirst"));
  }
  PICABIA_ASSIGN_OR_RETURN(first.std, c.attributes.Float("std", 1));
  if (std::isfinite(first.std) && first.std != 0 && (first.used || first.std == 1)) return first;
  return Unsupported(
      "attribute 'std' is " + std::to_string(first.std) +
      (first.used ? ", expected a number other than 0" : ", only 1 goes without use_convfirst"));
}

// (x - mean) / std of input 0, in the node's layout.
Status Prepare(NodeContext& c, const FirstPicture& first, Layout layout) {
  if (!first.used) return OkStatus();
  const Shape* filter = c.builder.FrozenShape(c.inputs[1]);
  if (filter != nullptr && filter->size() == 4 && (*filter)[2] != 3) {
    return Unsupported("attribute 'use_convfirst' is true for a filter of " +
                       std::to_string((*filter)[2]) + " channels, expected 3");
  }
  PICABIA_ASSIGN_OR_RETURN(
      Tensor mean,
      Tensor::From<float>(layout == Layout::kNhwc ? Shape{3} : Shape{3, 1, 1}, first.mean));
  const ValueId mean_id =
      c.builder.AddConstant(c.builder.FreshName(c.output + "/mean"), std::move(mean));
  PICABIA_ASSIGN_OR_RETURN(const ValueId std_id, AddScalar(c, "std", DType::kF32, first.std));
  PICABIA_ASSIGN_OR_RETURN(
      const ValueId centered,
      AddStep(c, "centered", ops::Binary{ops::BinaryKind::kSub}, {c.inputs[0], mean_id}));
  PICABIA_ASSIGN_OR_RETURN(
      c.inputs[0], AddStep(c, "prepared", ops::Binary{ops::BinaryKind::kDiv}, {centered, std_id}));
  return OkStatus();
}

Result<float> ParseScale(NodeContext& c, std::string_view name) {
  PICABIA_ASSIGN_OR_RETURN(const float scale, c.attributes.Float(name, 0));
  if (std::isfinite(scale) && scale > 0) return scale;
  return InvalidModel("attribute " + Quoted(name) + " is " + std::to_string(scale) +
                      ", expected a scale above 0");
}

// One scale, or one an output channel.
Result<std::vector<float>> FilterScales(NodeContext& c, int64_t channels) {
  const Attribute* list = c.attributes.Find("filter_scales", Attribute::Kind::kFloats);
  if (list == nullptr || list->floats.empty()) {
    // An empty list has no type of its own and reads as one of integers.
    PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> none,
                             c.attributes.Ints("filter_scales", {}));
    if (!none.empty()) return InvalidModel("attribute 'filter_scales' is a list of integers");
    PICABIA_ASSIGN_OR_RETURN(const float scale, ParseScale(c, "filter_scale"));
    return std::vector<float>{scale};
  }
  c.attributes.Ignore("filter_scale");
  if (static_cast<int64_t>(list->floats.size()) != channels) {
    return InvalidModel("attribute 'filter_scales' has " + std::to_string(list->floats.size()) +
                        " values, expected " + std::to_string(channels) +
                        ", one an output channel");
  }
  for (const float scale : list->floats) {
    if (std::isfinite(scale) && scale > 0) continue;
    return InvalidModel("attribute 'filter_scales' has " + std::to_string(scale) +
                        ", expected scales above 0");
  }
  return list->floats;
}

// A convolution as its node describes it.
struct Spatial {
  Layout layout = Layout::kNhwc;
  ops::Window window;
  bool transposed = false;
  std::array<int64_t, 2> output_shrink{0, 0};
  float input_scale = 1;
  std::vector<float> filter_scales;

  ops::Op Op() const {
    const bool one = filter_scales.size() == 1;
    const float scale = one ? filter_scales[0] : 1;
    const std::vector<float> each = one ? std::vector<float>() : filter_scales;
    if (transposed)
      return ops::Int8ConvTranspose2D{window, output_shrink, input_scale, scale, each};
    return ops::Int8Conv2D{window, input_scale, scale, each};
  }
};

// One operator for both widths: the filter says which it is.
Result<ValueId> AddInteger(NodeContext& c, const Spatial& s, DType dtype) {
  if (dtype == DType::kI16 && c.builder.Constant(c.inputs[1]) == nullptr)
    return Unsupported("the int16 filter (input 1) is not a constant");
  return AddSpatial(c, s.layout, s.Op());
}

// The attributes, and c.inputs as picture and filter.
Result<Spatial> ParseSpatial(NodeContext& c, bool transposed, DType dtype) {
  Spatial s;
  s.transposed = transposed;
  PICABIA_ASSIGN_OR_RETURN(s.layout, DataFormat(c));
  PICABIA_ASSIGN_OR_RETURN(s.window, ParseWindow(c, s.layout, true));
  PICABIA_ASSIGN_OR_RETURN(s.input_scale, ParseScale(c, "input_scale"));
  PICABIA_RETURN_IF_ERROR(CheckCambriconDefaults(c));
  PICABIA_ASSIGN_OR_RETURN(const FirstPicture first, ParseFirstPicture(c));
  PICABIA_RETURN_IF_ERROR(CheckFilter(c, c.inputs[1], dtype));
  const Shape* filter = c.builder.FrozenShape(c.inputs[1]);
  const bool known = filter != nullptr && filter->size() == 4;
  PICABIA_ASSIGN_OR_RETURN(s.filter_scales,
                           FilterScales(c, known ? (*filter)[transposed ? 2 : 3] : -1));
  if (transposed && first.used)
    return Unsupported("attribute 'use_convfirst' is true, which a transposed convolution has not");
  PICABIA_RETURN_IF_ERROR(Prepare(c, first, s.layout));
  if (!transposed) return s;
  PICABIA_ASSIGN_OR_RETURN(const SizeCorrection size, ReadInputSizes(c, s.layout, s.window));
  if (size.output_pads != std::array<int64_t, 2>{0, 0}) {
    return Unsupported("input_sizes asks for rows or columns beyond the windows' reach (" +
                       std::to_string(size.output_pads[0]) + ", " +
                       std::to_string(size.output_pads[1]) + "), which the integer form cannot do");
  }
  s.output_shrink = size.output_shrink;
  c.inputs = {c.inputs[2], c.inputs[1]};
  return s;
}

template <typename T>
void CopyMatrix(const Tensor& matrix, bool transposed, Tensor& filter) {
  const int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  for (int64_t i = 0; i < rows * columns; ++i) {
    const int64_t at = transposed ? i % columns * rows + i / columns : i;
    filter.MutableData<T>()[at] = matrix.data<T>()[i];
  }
}

// The constant matrix at input 1, [K,N] or, `transposed`, [N,K], as a filter [1,1,K,N].
Result<ValueId> FilterOfMatrix(NodeContext& c, DType dtype, bool transposed) {
  const Tensor* matrix = c.builder.Constant(c.inputs[1]);
  if (matrix == nullptr) return Unsupported("the matrix (input 1) is not a constant");
  if (matrix->dtype() != dtype || matrix->rank() != 2) {
    return InvalidModel("the matrix (input 1) is " + std::string(DTypeName(matrix->dtype())) + " " +
                        ShapeString(matrix->shape()) + ", expected " + DTypeName(dtype) +
                        " of 2 dimensions");
  }
  const int64_t rows = matrix->shape()[0], columns = matrix->shape()[1];
  const Shape shape = {1, 1, transposed ? columns : rows, transposed ? rows : columns};
  PICABIA_ASSIGN_OR_RETURN(Tensor filter, Tensor::Create(dtype, shape));
  dtype == DType::kI8 ? CopyMatrix<int8_t>(*matrix, transposed, filter)
                      : CopyMatrix<int16_t>(*matrix, transposed, filter);
  return c.builder.AddConstant(c.builder.FreshName(c.output + "/filter"), std::move(filter));
}

// A product x [M,K] * matrix [K,N] is a convolution of M pictures of one pixel and K channels.
Result<ValueId> AddProduct(NodeContext& c, DType dtype) {
  Spatial s;
  PICABIA_ASSIGN_OR_RETURN(s.input_scale, ParseScale(c, "input_scale"));
  PICABIA_RETURN_IF_ERROR(CheckCambriconDefaults(c));
  PICABIA_ASSIGN_OR_RETURN(const bool transpose_a, c.attributes.Bool("transpose_a", false));
  PICABIA_ASSIGN_OR_RETURN(const bool transpose_b, c.attributes.Bool("transpose_b", false));
  const int rank = c.builder.Rank(c.inputs[0]);
  if (rank >= 0 && rank != 2)
    return InvalidModel("input 0 has rank " + std::to_string(rank) + ", expected 2");
  PICABIA_ASSIGN_OR_RETURN(const ValueId filter, FilterOfMatrix(c, dtype, transpose_b));
  const Shape shape = c.builder.Constant(filter)->shape();
  PICABIA_ASSIGN_OR_RETURN(s.filter_scales, FilterScales(c, shape[3]));
  ValueId x = c.inputs[0];
  if (transpose_a) {
    PICABIA_ASSIGN_OR_RETURN(x, AddStep(c, "transposed", ops::Transpose{{1, 0}}, {x}));
  }
  PICABIA_ASSIGN_OR_RETURN(x, AddStep(c, "pixels", ops::Reshape{{-1, 1, 1, shape[2]}, false}, {x}));
  const std::string output = c.output;
  c.output = c.builder.FreshName(output + "/product");
  c.inputs = {x, filter};
  PICABIA_ASSIGN_OR_RETURN(const ValueId y, AddInteger(c, s, dtype));
  c.output = output;
  c.inputs = {y};
  return AddNode(c, ops::Reshape{{-1, shape[3]}, false});
}

Result<ValueId> Convert(NodeContext& c, bool transposed, DType dtype) {
  PICABIA_ASSIGN_OR_RETURN(const Spatial s, ParseSpatial(c, transposed, dtype));
  return AddInteger(c, s, dtype);
}

}  // namespace

Result<ValueId> ConvertInt8MatMul(NodeContext& c) { return AddProduct(c, DType::kI8); }

Result<ValueId> ConvertInt16MatMul(NodeContext& c) { return AddProduct(c, DType::kI16); }

Result<ValueId> ConvertInt8Conv2D(NodeContext& c) { return Convert(c, false, DType::kI8); }

Result<ValueId> ConvertInt8Conv2DBackpropInput(NodeContext& c) {
  return Convert(c, true, DType::kI8);
}

Result<ValueId> ConvertInt16Conv2D(NodeContext& c) { return Convert(c, false, DType::kI16); }

Result<ValueId> ConvertInt16Conv2DBackpropInput(NodeContext& c) {
  return Convert(c, true, DType::kI16);
}

}  // namespace picabia::import::tensorflow
