// Arithmetic and rearrangement of small tensors. Called by importer.cc.
#include "import/onnx/fold.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/checked.h"
#include "import/onnx/model_proto.h"

namespace picabia::import::onnx {
namespace {

Status NotFoldable(const char* what) {
  return Unsupported(std::string("beside the network it is supported only for ") + what);
}

Result<const SmallTensor*> Input(const FoldContext& c, size_t i) {
  if (i < c.inputs.size() && c.inputs[i] != nullptr) return c.inputs[i];
  return InvalidModel("input " + std::to_string(i) + " is missing");
}

// A whole number that is meant as an index, axis or size.
Result<int64_t> ToInteger(double value) {
  constexpr double kLimit = 0x1p53;  // doubles are exact up to here
  if (std::floor(value) == value && std::abs(value) <= kLimit) return static_cast<int64_t>(value);
  return InvalidModel("found " + std::to_string(value) + ", expected a whole number");
}

Result<std::vector<int64_t>> ToIntegers(const SmallTensor& t) {
  std::vector<int64_t> integers;
  for (const double v : t.values) {
    PICABIA_ASSIGN_OR_RETURN(const int64_t i, ToInteger(v));
    integers.push_back(i);
  }
  return integers;
}

// The attribute `name`, or where newer opsets have it, input `i`; nothing when there is neither.
Result<std::optional<std::vector<int64_t>>> AttributeOrInput(FoldContext& c, const char* name,
                                                             size_t i) {
  if (i < c.inputs.size() && c.inputs[i] != nullptr) {
    PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> values, ToIntegers(*c.inputs[i]));
    return std::optional(std::move(values));
  }
  if (!c.attributes.Has(name)) return std::optional<std::vector<int64_t>>();
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> values, c.attributes.Ints(name, {}));
  return std::optional(std::move(values));
}

// Floats round where ONNX's would, integers drop what is behind the point.
double RoundTo(DType dtype, double value) {
  return dtype == DType::kF32 ? static_cast<double>(static_cast<float>(value)) : std::trunc(value);
}

Result<SmallTensor> FoldShape(FoldContext& c) {
  if (c.shape_of_input == nullptr) return Unsupported("the shape of its input is not known");
  const auto rank = static_cast<int64_t>(c.shape_of_input->size());
  PICABIA_ASSIGN_OR_RETURN(int64_t start, c.attributes.Int("start", 0));
  PICABIA_ASSIGN_OR_RETURN(int64_t end, c.attributes.Int("end", rank));
  start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<int64_t>(end < 0 ? end + rank : end, start, rank);
  SmallTensor out{DType::kI64, {end - start}, {}, c.shape_is_free};
  for (int64_t i = start; i < end; ++i) {
    out.values.push_back(static_cast<double>((*c.shape_of_input)[static_cast<size_t>(i)]));
  }
  return out;
}

Result<SmallTensor> FoldGather(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* data, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* indices, Input(c, 1));
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, c.attributes.Int("axis", 0));
  if (data->shape.size() != 1 || (axis != 0 && axis != -1)) return NotFoldable("vectors");
  SmallTensor out{data->dtype, indices->shape, {}, data->follows_size || indices->follows_size};
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> at, ToIntegers(*indices));
  const auto size = static_cast<int64_t>(data->values.size());
  for (const int64_t i : at) {
    if (i < -size || i >= size) {
      return InvalidModel("index " + std::to_string(i) + " into " + std::to_string(size) +
                          " elements");
    }
    out.values.push_back(data->values[static_cast<size_t>(i < 0 ? i + size : i)]);
  }
  return out;
}

Result<SmallTensor> FoldConcat(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t axis, c.attributes.Int("axis", 0));
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* first, Input(c, 0));
  SmallTensor out{first->dtype, {0}, {}, false};
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    PICABIA_ASSIGN_OR_RETURN(const SmallTensor* part, Input(c, i));
    if (part->shape.size() != 1 || (axis != 0 && axis != -1)) return NotFoldable("vectors");
    if (part->dtype != out.dtype) return InvalidModel("its inputs are of different types");
    if (out.values.size() + part->values.size() > kMaxSmallElements) {
      return NotFoldable("a few numbers");
    }
    out.values.insert(out.values.end(), part->values.begin(), part->values.end());
    out.follows_size |= part->follows_size;
  }
  out.shape[0] = static_cast<int64_t>(out.values.size());
  return out;
}

Result<SmallTensor> FoldUnsqueeze(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* x, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const auto axes, AttributeOrInput(c, "axes", 1));
  const bool first = axes && axes->size() == 1 && ((*axes)[0] == 0 || (*axes)[0] == -1);
  if (!x->shape.empty() || !first) return NotFoldable("single numbers");
  SmallTensor out = *x;
  out.shape = {1};
  return out;
}

Result<SmallTensor> FoldSqueeze(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* x, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const auto axes, AttributeOrInput(c, "axes", 1));
  const bool first = !axes || (axes->size() == 1 && ((*axes)[0] == 0 || (*axes)[0] == -1));
  if (x->shape != Shape{1} || !first) return NotFoldable("vectors of one number");
  SmallTensor out = *x;
  out.shape = {};
  return out;
}

struct SliceRange {
  int64_t start, end, step;
};

// ONNX's rule for one axis; exporters write INT64_MAX or INT64_MIN for "to the end".
SliceRange ClampSlice(double start, double end, int64_t step, int64_t size) {
  const auto clamp = [size](double v, double low, double high) {
    if (v < 0) v += static_cast<double>(size);
    return static_cast<int64_t>(std::clamp(v, low, high));
  };
  const auto last = static_cast<double>(size);
  if (step > 0) return {clamp(start, 0, last), clamp(end, 0, last), step};
  return {clamp(start, 0, last - 1), clamp(end, -1, last - 1), step};
}

// One number of an operand: attribute `name`, or input `i`.
Result<double> SliceNumber(FoldContext& c, const char* name, size_t i, double fallback) {
  if (i < c.inputs.size() && c.inputs[i] != nullptr) {
    if (c.inputs[i]->values.size() == 1) return c.inputs[i]->values[0];
    return NotFoldable("one axis");
  }
  if (!c.attributes.Has(name)) return fallback;
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> values, c.attributes.Ints(name, {}));
  if (values.size() == 1) return static_cast<double>(values[0]);
  return NotFoldable("one axis");
}

Result<SmallTensor> FoldSlice(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* x, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const double start, SliceNumber(c, "starts", 1, 0));
  PICABIA_ASSIGN_OR_RETURN(const double end, SliceNumber(c, "ends", 2, 0));
  PICABIA_ASSIGN_OR_RETURN(const double axis, SliceNumber(c, "axes", 3, 0));
  PICABIA_ASSIGN_OR_RETURN(const double step_number, SliceNumber(c, "steps", 4, 1));
  PICABIA_ASSIGN_OR_RETURN(const int64_t step, ToInteger(step_number));
  const auto rank = static_cast<double>(x->shape.size());
  if (x->shape.empty() || x->shape[0] == 0 || (axis != 0 && axis != -rank)) {
    return NotFoldable("the first axis");
  }
  if (step == 0) return InvalidModel("the step of a slice is 0");
  const SliceRange range = ClampSlice(start, end, step, x->shape[0]);
  const size_t row = x->values.size() / static_cast<size_t>(x->shape[0]);
  SmallTensor out{x->dtype, x->shape, {}, x->follows_size};
  out.shape[0] = 0;
  for (int64_t i = range.start; step > 0 ? i < range.end : i > range.end; i += step) {
    const auto from =
        x->values.begin() + static_cast<std::ptrdiff_t>(i * static_cast<int64_t>(row));
    out.values.insert(out.values.end(), from, from + static_cast<std::ptrdiff_t>(row));
    ++out.shape[0];
    if (std::abs(step) > x->shape[0]) break;  // keeps i + step within range
  }
  return out;
}

Result<SmallTensor> FoldCast(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* x, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const int64_t to, c.attributes.Int("to", 0));
  c.attributes.Ignore("saturate");
  PICABIA_ASSIGN_OR_RETURN(const DType dtype, ToDType(to));
  if (dtype != DType::kF32 && dtype != DType::kI64 && dtype != DType::kI32) {
    return NotFoldable("float, int32 and int64");
  }
  SmallTensor out = *x;
  out.dtype = dtype;
  for (double& v : out.values) v = RoundTo(dtype, v);
  return out;
}

template <typename Function>
Result<SmallTensor> MapValues(FoldContext& c, Function function) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* x, Input(c, 0));
  SmallTensor out = *x;
  for (double& v : out.values) v = function(v);
  return out;
}

Result<SmallTensor> FoldFloor(FoldContext& c) {
  return MapValues(c, [](double v) { return std::floor(v); });
}
Result<SmallTensor> FoldCeil(FoldContext& c) {
  return MapValues(c, [](double v) { return std::ceil(v); });
}
Result<SmallTensor> FoldIdentity(FoldContext& c) {
  return MapValues(c, [](double v) { return v; });
}

template <typename Function>
Result<SmallTensor> Combine(FoldContext& c, Function function) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* x, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* y, Input(c, 1));
  if (x->dtype != y->dtype) return InvalidModel("its inputs are of different types");
  const bool x_is_one = x->values.size() == 1;
  const bool y_is_one = y->values.size() == 1;
  if (x->shape != y->shape && !x_is_one && !y_is_one) {
    return NotFoldable("equal shapes and single numbers");
  }
  SmallTensor out{x->dtype, x->shape, {}, x->follows_size || y->follows_size};
  if (x_is_one && y->shape.size() >= x->shape.size()) out.shape = y->shape;
  const size_t count = std::max(x->values.size(), y->values.size());
  for (size_t i = 0; i < (x->values.empty() || y->values.empty() ? 0 : count); ++i) {
    const double value = function(x->values[x_is_one ? 0 : i], y->values[y_is_one ? 0 : i]);
    if (!std::isfinite(value)) return InvalidModel("element " + std::to_string(i) + " is infinite");
    out.values.push_back(RoundTo(x->dtype, value));
  }
  return out;
}

Result<SmallTensor> FoldAdd(FoldContext& c) {
  return Combine(c, [](double a, double b) { return a + b; });
}
Result<SmallTensor> FoldSub(FoldContext& c) {
  return Combine(c, [](double a, double b) { return a - b; });
}
Result<SmallTensor> FoldMul(FoldContext& c) {
  return Combine(c, [](double a, double b) { return a * b; });
}
Result<SmallTensor> FoldDiv(FoldContext& c) {
  return Combine(c, [](double a, double b) { return b == 0 ? INFINITY : a / b; });
}

Result<SmallTensor> FoldConstantOfShape(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* shape, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(Shape dims, ToIntegers(*shape));
  const auto count = CheckedProduct(dims);
  if (!count || *count > kMaxSmallElements) return NotFoldable("a few numbers");
  SmallTensor out{DType::kF32, dims, {}, shape->follows_size};
  double value = 0;
  if (const Attribute* a = c.attributes.Find("value", Attribute::Kind::kTensor)) {
    PICABIA_ASSIGN_OR_RETURN(const Tensor tensor, ParseTensor(a->bytes, c.owner, c.log));
    const auto small = ToSmallTensor(tensor);
    if (!small || small->values.size() != 1) return InvalidModel("its value is not one number");
    out.dtype = small->dtype;
    value = small->values[0];
  }
  out.values.assign(static_cast<size_t>(*count), value);
  return out;
}

Result<SmallTensor> FoldReshape(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* x, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* shape, Input(c, 1));
  PICABIA_ASSIGN_OR_RETURN(Shape dims, ToIntegers(*shape));
  const auto rest = std::find(dims.begin(), dims.end(), -1);
  if (rest != dims.end()) *rest = 1;
  const auto known = CheckedProduct(dims);
  const auto total = static_cast<int64_t>(x->values.size());
  if (!known || *known == 0 || total % *known != 0 || (rest == dims.end() && *known != total)) {
    return InvalidModel("it cannot make " + std::to_string(total) + " elements " +
                        ShapeString(dims));
  }
  if (rest != dims.end()) *rest = total / *known;
  SmallTensor out = *x;
  out.shape = dims;
  return out;
}

Result<SmallTensor> FoldTranspose(FoldContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const SmallTensor* x, Input(c, 0));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> perm, c.attributes.Ints("perm", {1, 0}));
  if (x->shape.size() != 2 || perm != std::vector<int64_t>{1, 0}) return NotFoldable("matrices");
  SmallTensor out{x->dtype, {x->shape[1], x->shape[0]}, {}, x->follows_size};
  for (int64_t i = 0; i < x->shape[1]; ++i) {
    for (int64_t j = 0; j < x->shape[0]; ++j) {
      out.values.push_back(x->values[static_cast<size_t>(j * x->shape[1] + i)]);
    }
  }
  return out;
}

struct Row {
  std::string_view op_type;
  Folder fold;
};

constexpr Row kRows[] = {
    {"Add", FoldAdd},
    {"Cast", FoldCast},
    {"Ceil", FoldCeil},
    {"Concat", FoldConcat},
    {"Div", FoldDiv},
    {"Floor", FoldFloor},
    {"Gather", FoldGather},
    {"Identity", FoldIdentity},
    {"Mul", FoldMul},
    {"Reshape", FoldReshape},
    {"Shape", FoldShape},
    {"Slice", FoldSlice},
    {"Squeeze", FoldSqueeze},
    {"Sub", FoldSub},
    {"Transpose", FoldTranspose},
    {"Unsqueeze", FoldUnsqueeze},
    {"ConstantOfShape", FoldConstantOfShape},
};

}  // namespace

Folder FindFolder(std::string_view op_type) {
  for (const Row& row : kRows) {
    if (row.op_type == op_type) return row.fold;
  }
  return nullptr;
}

std::optional<SmallTensor> ToSmallTensor(const Tensor& tensor) {
  if (tensor.num_elements() > kMaxSmallElements) return std::nullopt;
  SmallTensor small{tensor.dtype(), tensor.shape(), {}, false};
  if (tensor.dtype() == DType::kF32) {
    const auto values = FloatValues(tensor);
    small.values.assign(values->begin(), values->end());
    return small;
  }
  const auto integers = IntegerValues(tensor);
  if (!integers.ok()) return std::nullopt;
  for (const int64_t v : *integers) small.values.push_back(static_cast<double>(v));
  return small;
}

Result<Tensor> ToTensor(const SmallTensor& small) {
  if (small.dtype == DType::kF32) {
    return Tensor::From(small.shape, std::vector<float>(small.values.begin(), small.values.end()));
  }
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> integers, ToIntegers(small));
  if (small.dtype != DType::kI32) return Tensor::From(small.shape, integers);
  return Tensor::From(small.shape, std::vector<int32_t>(integers.begin(), integers.end()));
}

}  // namespace picabia::import::onnx
