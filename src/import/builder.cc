// The graph under construction. Called by both importers.
#include "import/builder.h"

#include <cmath>
#include <utility>

#include "base/checked.h"
#include "base/half.h"
#include "kernels/reference/reference.h"
#include "ops/parameters.h"

namespace picabia::import {
namespace {

constexpr int64_t kMaxKnownElements = 64;  // of tensors that are computed at import

bool IsChannelCount(int64_t d) { return d == 1 || d == 3 || d == 4; }

std::optional<Layout> PictureLayout(const Shape& shape, Layout preferred) {
  if (shape.size() != 4) return std::nullopt;
  const bool nhwc = IsChannelCount(shape[3]);
  const bool nchw = IsChannelCount(shape[1]);
  if (preferred == Layout::kNhwc) {
    if (nhwc) return Layout::kNhwc;
    return nchw ? std::optional(Layout::kNchw) : std::nullopt;
  }
  if (nchw) return Layout::kNchw;
  return nhwc ? std::optional(Layout::kNhwc) : std::nullopt;
}

bool AllFinite(const Tensor& t) {
  const auto check = [&t](auto is_finite) {
    for (int64_t i = 0; i < t.num_elements(); ++i) {
      if (!is_finite(i)) return false;
    }
    return true;
  };
  switch (t.dtype()) {
    case DType::kF32:
      return check([d = t.data<float>()](int64_t i) { return std::isfinite(d[i]); });
    case DType::kF64:
      return check([d = t.data<double>()](int64_t i) { return std::isfinite(d[i]); });
    case DType::kF16:
      return check(
          [d = t.data<uint16_t>()](int64_t i) { return std::isfinite(HalfToFloat(d[i])); });
    default:
      return true;
  }
}

}  // namespace

Builder::Builder(std::string source, std::string format, const NameIndex& names) : names_(names) {
  graph_.source = std::move(source);
  graph_.format = std::move(format);
}

ir::ValueId Builder::AddValue(ir::Value value, Info info) {
  const ir::ValueId id{static_cast<int32_t>(graph_.values.size())};
  graph_.values.push_back(std::move(value));
  infos_.push_back(info);
  return id;
}

int32_t Builder::AddType(ops::TensorType type) {
  types_.push_back(std::move(type));
  return static_cast<int32_t>(types_.size()) - 1;
}

ir::ValueId Builder::AddInput(std::string name, DType dtype, std::optional<Shape> shape,
                              Layout preferred) {
  ir::Value value;
  value.name = std::move(name);
  value.dtype = dtype;
  value.declared_shape = shape;
  Info info{.free = true};
  if (shape) {
    const auto layout = dtype == DType::kF32 ? PictureLayout(*shape, preferred) : std::nullopt;
    Shape frozen = *shape;
    if (layout) {
      const size_t channels = *layout == Layout::kNhwc ? 3 : 1;
      value.declared_shape = Shape(4, -1);
      (*value.declared_shape)[channels] = frozen[channels];
      if (frozen[0] < 0) frozen[0] = 1;
      if (graph_.inputs.empty())
        graph_.picture.nchw = graph_.picture.out_nchw = *layout == Layout::kNchw;
    }
    info.exact = true;
    info.free = layout.has_value();
    for (int64_t& d : frozen) {
      if (d >= 0) continue;
      info.exact = false;
      info.free = true;
      d = kProbeSize;
    }
    if (layout && info.exact) value.frozen_shape = frozen;
    info.type = AddType({dtype, std::move(frozen)});
  }
  const ir::ValueId id = AddValue(std::move(value), info);
  graph_.inputs.push_back(id);
  return id;
}

ir::ValueId Builder::AddConstant(std::string name, Tensor tensor) {
  Info info{.type = AddType({tensor.dtype(), tensor.shape()}), .exact = true};
  info.constant = static_cast<int32_t>(graph_.values.size());
  ir::Value value;
  value.name = std::move(name);
  value.dtype = tensor.dtype();
  value.constant = std::move(tensor);
  return AddValue(std::move(value), info);
}

// Small tensors beside the network are computed as the graph is built: their values decide shapes.
void Builder::Evaluate(const ops::Op& op, const std::vector<ir::ValueId>& inputs,
                       const std::vector<const Tensor*>& values, Info& result) {
  const ops::TensorType& type = types_[static_cast<size_t>(result.type)];
  const auto elements = CheckedProduct(type.shape);
  if (!elements || *elements > kMaxKnownElements) return;
  if (const auto* shape_of = std::get_if<ops::ShapeOf>(&op)) {
    const Shape& x = types_[static_cast<size_t>(info(inputs[0]).type)].shape;
    const auto first = static_cast<std::ptrdiff_t>(ops::FirstAxis(*shape_of, x.size()));
    const std::vector<int64_t> dims(x.begin() + first, x.begin() + first + *elements);
    auto tensor = shape_of->to == DType::kI64
                      ? Tensor::From<int64_t>({*elements}, dims)
                      : Tensor::From<int32_t>({*elements}, {dims.begin(), dims.end()});
    if (tensor.ok()) known_.push_back(*std::move(tensor));
  } else {
    if (std::holds_alternative<ops::Custom>(op)) return;  // it may have effects
    std::vector<Tensor> tensors;
    for (const Tensor* t : values) {
      if (t == nullptr || t->num_elements() > kMaxKnownElements) return;
      tensors.push_back(*t);
    }
    auto outputs = kernels::RunReference(op, tensors);
    if (!outputs.ok()) return;  // the graph may never run it with these numbers
    known_.push_back(std::move((*outputs)[0]));
  }
  result.known = static_cast<int32_t>(known_.size()) - 1;
}

// A Reshape to numbers tells the rank even where a made-up size does not fit them.
Builder::Info Builder::InfoOfReshape(const ops::Op& op, DType dtype, bool free) {
  Info result{.free = free};
  const auto* reshape = std::get_if<ops::Reshape>(&op);
  if (reshape == nullptr || reshape->shape.empty()) return result;
  Shape shape = reshape->shape;
  for (int64_t& d : shape) d = std::max<int64_t>(d, 1);
  const auto count = CheckedProduct(shape);
  if (count && *count <= Tensor::kMaxBytes / 8) result.type = AddType({dtype, std::move(shape)});
  return result;
}

Result<Builder::Info> Builder::Infer(const ops::Op& op, const std::vector<ir::ValueId>& inputs) {
  if (std::holds_alternative<ops::Identity>(op)) return info(inputs[0]);
  Info result{.exact = true};
  std::vector<ops::TensorType> types;
  std::vector<const Tensor*> values;
  bool unknown = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ir::ValueId id = inputs[i];
    result.free |= info(id).free;
    values.push_back(ProbeValue(id));
    if (i == 2 && info(id).type < 0 && std::holds_alternative<ops::PowerDifference>(op)) {
      types.push_back({dtype(id), {}});  // the shape of the power does not matter
      continue;
    }
    unknown |= info(id).type < 0;
    if (unknown) continue;
    result.exact &= info(id).exact;
    types.push_back(types_[static_cast<size_t>(info(id).type)]);
  }
  for (size_t i = ops::DataInputs(op); i < inputs.size(); ++i) unknown |= values[i] == nullptr;
  if (unknown) return Info{.free = true};
  auto outputs = ops::InferOutputs(op, types, values);
  if (!outputs.ok()) {
    // With a made-up size the rule may fail for that size alone.
    if (result.exact) return outputs.status();
    return InfoOfReshape(op, types[0].dtype, result.free);
  }
  ops::TensorType& type = (*outputs)[0];
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (types[i] == type) result.type = info(inputs[i]).type;
  }
  if (result.type < 0) result.type = AddType(std::move(type));
  Evaluate(op, inputs, values, result);
  return result;
}

Status Builder::AbsorbFixed(ops::Op& op, std::vector<ir::ValueId>& inputs) const {
  const size_t data = ops::DataInputs(op);
  if (!ops::HasParameters(op, inputs.size()) || std::holds_alternative<ops::Range>(op))
    return OkStatus();
  std::vector<ops::TensorType> types;
  std::vector<const Tensor*> values;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (info(inputs[i]).type < 0) return OkStatus();
    types.push_back(types_[static_cast<size_t>(info(inputs[i]).type)]);
    values.push_back(i < data ? nullptr : FixedValue(inputs[i]));
    if (i >= data && values[i] == nullptr) return OkStatus();
  }
  PICABIA_ASSIGN_OR_RETURN(op, ops::Absorb(op, types, values));
  inputs.resize(data);
  return OkStatus();
}

Result<ir::ValueId> Builder::AddNode(std::string node_name, std::string value_name, ops::Op op,
                                     std::vector<ir::ValueId> inputs) {
  PICABIA_RETURN_IF_ERROR(AbsorbFixed(op, inputs));
  PICABIA_ASSIGN_OR_RETURN(const Info info, Infer(op, inputs));
  ir::Value value;
  value.name = std::move(value_name);
  std::vector<DType> dtypes;
  for (const ir::ValueId id : inputs) dtypes.push_back(dtype(id));
  PICABIA_ASSIGN_OR_RETURN(value.dtype, ops::OutputDType(op, dtypes));
  const ir::ValueId id = AddValue(std::move(value), info);
  ir::Node node{std::move(node_name), std::move(op), std::move(inputs), {id}};
  graph_.nodes.push_back(std::move(node));
  return id;
}

const Tensor* Builder::ProbeValue(ir::ValueId id) const {
  if (const Tensor* constant = Constant(id)) return constant;
  return info(id).known < 0 ? nullptr : &known_[static_cast<size_t>(info(id).known)];
}

const Tensor* Builder::FixedValue(ir::ValueId id) const {
  return info(id).free ? nullptr : ProbeValue(id);
}

ir::ValueId Builder::ConstantId(ir::ValueId id) const { return {info(id).constant}; }

const Tensor* Builder::Constant(ir::ValueId id) const {
  const ir::ValueId constant = ConstantId(id);
  return constant.index < 0 ? nullptr : &*graph_.value(constant).constant;
}

Status Builder::CheckFinite(ir::ValueId id) {
  const ir::ValueId constant = ConstantId(id);
  if (constant.index < 0) return OkStatus();
  Info& info = infos_[static_cast<size_t>(constant.index)];
  if (!info.finite && !AllFinite(*graph_.value(constant).constant)) {
    return InvalidModel("constant " + Quoted(graph_.value(constant).name) +
                        " has an element that is NaN or infinite");
  }
  info.finite = true;
  return OkStatus();
}

Status Builder::CheckVariance(ir::ValueId id, float epsilon) {
  if (!std::isfinite(epsilon) || epsilon < 0) {
    return InvalidModel("attribute 'epsilon' is " + std::to_string(epsilon) +
                        ", expected at least 0");
  }
  const Tensor* variance = Constant(id);
  if (variance == nullptr || variance->dtype() != DType::kF32) return OkStatus();
  for (int64_t i = 0; i < variance->num_elements(); ++i) {
    const float v = variance->data<float>()[i];
    if (v >= 0 && v + epsilon > 0) continue;
    return InvalidModel("constant " + Quoted(graph_.value(ConstantId(id)).name) + " has variance " +
                        std::to_string(v) + " of channel " + std::to_string(i) +
                        ", expected it and epsilon to be at least 0, and not both 0");
  }
  return OkStatus();
}

const Shape* Builder::FrozenShape(ir::ValueId id) const {
  if (!info(id).exact || info(id).type < 0) return nullptr;
  return &types_[static_cast<size_t>(info(id).type)].shape;
}

const Shape* Builder::ProbeShape(ir::ValueId id) const {
  return info(id).type < 0 ? nullptr : &types_[static_cast<size_t>(info(id).type)].shape;
}

int Builder::Rank(ir::ValueId id) const {
  const Shape* shape = ProbeShape(id);
  return shape == nullptr ? -1 : static_cast<int>(shape->size());
}

Result<ir::ValueId> Builder::ToNhwc(ir::ValueId nchw) {
  const auto known = nhwc_of_.find(nchw.index);
  if (known != nhwc_of_.end()) return known->second;
  const std::string name = FreshName(graph_.value(nchw).name + "/nhwc");
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId nhwc,
                           AddNode(name, ops::Transpose{{0, 2, 3, 1}}, {nchw}));
  nhwc_of_.emplace(nchw.index, nhwc);
  return nhwc;
}

Result<ir::ValueId> Builder::ToNchw(ir::ValueId nhwc, std::string value_name) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId nchw,
                           AddNode(value_name, ops::Transpose{{0, 3, 1, 2}}, {nhwc}));
  nhwc_of_.emplace(nchw.index, nhwc);
  return nchw;
}

std::string Builder::FreshName(const std::string& base) {
  std::string name = base;
  for (int64_t n = 1; names_.Contains(name) || fresh_names_.contains(name); ++n) {
    name = base + "_" + std::to_string(n);
  }
  fresh_names_.insert(name);
  return name;
}

Result<float> ResizeScale(int64_t in, int64_t out) {
  if (in > 0 && out > 0) {
    float scale = static_cast<float>(out) / static_cast<float>(in);
    for (int step = 0; step < 4; ++step) {  // rounding may leave the quotient a little too small
      const float size = std::floor(static_cast<float>(in) * scale);  // as the shape rule does
      if (size == static_cast<float>(out)) return scale;
      scale = std::nextafter(scale, INFINITY);
    }
  }
  return Unsupported("no factor leads from size " + std::to_string(in) + " to size " +
                     std::to_string(out));
}

}  // namespace picabia::import
