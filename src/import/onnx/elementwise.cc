// Elementwise operators that are more than a row of the table. Called by the table in operators.cc.
#include <cmath>
#include <limits>
#include <string>

#include "base/element.h"
#include "import/names.h"
#include "import/onnx/operators.h"

namespace picabia::import::onnx {
namespace {

// The attribute of old opsets, or input `i` of newer ones, as a value of x's type; nothing when
// neither is given.
Result<ir::ValueId> Bound(NodeContext& c, const char* name, size_t i) {
  const DType dtype = c.builder.dtype(c.inputs[0]);
  if (c.opset >= 11) {
    if (!c.HasInput(i)) return ir::ValueId{};
    if (c.builder.dtype(c.inputs[i]) == dtype) return c.inputs[i];
    return InvalidModel("bound '" + std::string(name) + "' (input " + std::to_string(i) + ") is " +
                        DTypeName(c.builder.dtype(c.inputs[i])) + ", expected " + DTypeName(dtype));
  }
  if (!c.attributes.Has(name)) return ir::ValueId{};
  PICABIA_ASSIGN_OR_RETURN(const float value, c.attributes.Float(name, 0));
  return AddScalar(c, name, dtype, static_cast<double>(value));
}

// A bound that is one constant float; nothing for others, `fallback` where there is none.
Result<std::optional<float>> FixedBound(const NodeContext& c, ir::ValueId id, float fallback) {
  if (id.index < 0) return std::optional(fallback);
  const Tensor* t = c.builder.FixedValue(id);
  if (t == nullptr || t->dtype() != DType::kF32) return std::optional<float>();
  if (t->num_elements() != 1)
    return InvalidModel("a bound has shape " + ShapeString(t->shape()) + ", expected one element");
  if (std::isnan(t->data<float>()[0])) return InvalidModel("a bound is NaN");
  return std::optional(t->data<float>()[0]);
}

Result<ir::ValueId> CastTo(NodeContext& c, const char* what, DType to, ir::ValueId x) {
  if (c.builder.dtype(x) == to) return x;
  return AddStep(c, what, ops::Cast{to}, {x});
}

Status RefuseNonZero(NodeContext& c, const char* name) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t value, c.attributes.Int(name, 0));
  if (value == 0) return OkStatus();
  return Unsupported("attribute '" + std::string(name) + "' is " + std::to_string(value) +
                     ", only 0 is supported");
}

// The axis of scales and zero points, which does not matter when there is only one of them.
Result<int64_t> QuantizationAxis(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(RefuseNonZero(c, "block_size"));
  const Shape* scale = c.builder.ProbeShape(c.inputs[1]);
  const bool single = scale != nullptr && (scale->empty() || *scale == Shape{1});
  if (!single) return AxisAttribute(c, "axis", 1);
  c.attributes.Ignore("axis");
  return 0;
}

}  // namespace

Result<ir::ValueId> ConvertClip(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId low, Bound(c, "min", 1));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId high, Bound(c, "max", 2));
  const ir::ValueId x = c.inputs[0];
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  PICABIA_ASSIGN_OR_RETURN(const auto fixed_low, FixedBound(c, low, -kInfinity));
  PICABIA_ASSIGN_OR_RETURN(const auto fixed_high, FixedBound(c, high, kInfinity));
  c.inputs = {x};
  if (c.builder.dtype(x) == DType::kF32 && fixed_low && fixed_high)
    return AddNode(c, ops::Clip{*fixed_low, *fixed_high});
  if (high.index < 0) {
    if (low.index < 0) return AddNode(c, ops::Identity{});
    c.inputs = {x, low};
    return AddNode(c, ops::Binary{ops::BinaryKind::kMax});
  }
  ir::ValueId raised = x;
  if (low.index >= 0) {
    PICABIA_ASSIGN_OR_RETURN(raised,
                             AddStep(c, "raised", ops::Binary{ops::BinaryKind::kMax}, {x, low}));
  }
  c.inputs = {raised, high};
  return AddNode(c, ops::Binary{ops::BinaryKind::kMin});
}

Result<ir::ValueId> ConvertCast(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t to, c.attributes.Int("to", 0));
  for (const char* name : {"saturate", "round_mode"}) c.attributes.Ignore(name);  // of float8
  PICABIA_ASSIGN_OR_RETURN(const DType dtype, ToDType(to));
  if (c.builder.dtype(c.inputs[0]) == dtype) return AddNode(c, ops::Identity{});
  return AddNode(c, ops::Cast{dtype});
}

Result<ir::ValueId> ConvertCastLike(NodeContext& c) {
  for (const char* name : {"saturate", "round_mode"}) c.attributes.Ignore(name);
  const DType dtype = c.builder.dtype(c.inputs[1]);
  c.inputs.resize(1);
  if (c.builder.dtype(c.inputs[0]) == dtype) return AddNode(c, ops::Identity{});
  return AddNode(c, ops::Cast{dtype});
}

// In inference it does nothing.
Result<ir::ValueId> ConvertDropout(NodeContext& c) {
  for (const char* name : {"ratio", "seed", "is_test"}) c.attributes.Ignore(name);
  if (c.HasInput(2)) {
    PICABIA_ASSIGN_OR_RETURN(const Tensor* training, ConstantInput(c, 2, "training_mode"));
    if (training->num_elements() != 1 || training->dtype() != DType::kBool ||
        training->data<uint8_t>()[0] != 0) {
      return Unsupported("training_mode (input 2) must be false");
    }
  }
  c.inputs.resize(1);
  if (!c.more_outputs.empty() && !c.more_outputs[0].name.empty() && c.opset >= 10) {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId yes, AddScalar(c, "kept", DType::kBool, 1));
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shape, AddShape(c, c.inputs[0]));
    PICABIA_ASSIGN_OR_RETURN(c.more_outputs[0].value,
                             c.builder.AddNode(c.name, std::string(c.more_outputs[0].name),
                                               ops::Expand{}, {yes, shape}));
  }
  return AddNode(c, ops::Identity{});
}

Result<ir::ValueId> ConvertGelu(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view how, c.attributes.String("approximate", "none"));
  if (how == "none") return AddNode(c, ops::Unary{ops::UnaryKind::kGelu, 0});
  if (how == "tanh") return AddNode(c, ops::Unary{ops::UnaryKind::kGeluTanh, 0});
  return Unsupported("attribute 'approximate' is " + Quoted(how) + ", expected 'none' or 'tanh'");
}

// max(0, min(1, alpha * x + beta))
Result<ir::ValueId> ConvertHardSigmoid(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha, c.attributes.Float("alpha", 0.2f));
  PICABIA_ASSIGN_OR_RETURN(const float beta, c.attributes.Float("beta", 0.5f));
  const DType dtype = c.builder.dtype(c.inputs[0]);
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId a,
                           AddScalar(c, "alpha", dtype, static_cast<double>(alpha)));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId b,
                           AddScalar(c, "beta", dtype, static_cast<double>(beta)));
  PICABIA_ASSIGN_OR_RETURN(
      const ir::ValueId scaled,
      AddStep(c, "scaled", ops::Binary{ops::BinaryKind::kMul}, {c.inputs[0], a}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shifted,
                           AddStep(c, "shifted", ops::Binary{ops::BinaryKind::kAdd}, {scaled, b}));
  c.inputs = {shifted};
  return AddNode(c, ops::Clip{0, 1});
}

// gamma * elu(x, alpha)
Result<ir::ValueId> ConvertSelu(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float alpha,
                           c.attributes.Float("alpha", 1.67326319217681884765625f));
  PICABIA_ASSIGN_OR_RETURN(const float gamma,
                           c.attributes.Float("gamma", 1.05070102214813232421875f));
  return AddSelu(c, alpha, gamma);
}

// x < -lambd: x + bias; x > lambd: x - bias; else 0
Result<ir::ValueId> ConvertShrink(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const float lambd, c.attributes.Float("lambd", 0.5f));
  PICABIA_ASSIGN_OR_RETURN(const float bias, c.attributes.Float("bias", 0));
  const ir::ValueId x = c.inputs[0];
  const DType dtype = c.builder.dtype(x);
  const auto scalar = [&](const char* what, float value) {
    return AddScalar(c, what, dtype, static_cast<double>(value));
  };
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId low, scalar("low", -lambd));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId high, scalar("high", lambd));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId shift, scalar("bias", bias));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId zero, scalar("zero", 0));
  const auto binary = [&](const char* what, ops::BinaryKind kind, ir::ValueId y) {
    return AddStep(c, what, ops::Binary{kind}, {x, y});
  };
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId below, binary("below", ops::BinaryKind::kLess, low));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId above,
                           binary("above", ops::BinaryKind::kGreater, high));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId more, binary("more", ops::BinaryKind::kAdd, shift));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId less, binary("less", ops::BinaryKind::kSub, shift));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId right,
                           AddStep(c, "right", ops::Where{}, {above, less, zero}));
  c.inputs = {below, more, right};
  return AddNode(c, ops::Where{});
}

Result<ir::ValueId> ConvertIsInf(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const bool negative, c.attributes.Bool("detect_negative", true));
  PICABIA_ASSIGN_OR_RETURN(const bool positive, c.attributes.Bool("detect_positive", true));
  if (!negative && !positive) return Unsupported("it detects neither infinity");
  const float alpha = negative && positive ? 0.0f : positive ? 1.0f : -1.0f;
  return AddNode(c, ops::Unary{ops::UnaryKind::kIsInfinite, alpha});
}

Result<ir::ValueId> ConvertBitShift(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const std::string_view direction, c.attributes.String("direction", ""));
  if (direction == "LEFT") return AddNode(c, ops::Binary{ops::BinaryKind::kShiftLeft});
  if (direction == "RIGHT") return AddNode(c, ops::Binary{ops::BinaryKind::kShiftRight});
  return InvalidModel("attribute 'direction' is " + Quoted(direction) +
                      ", expected 'LEFT' or 'RIGHT'");
}

Result<ir::ValueId> ConvertMod(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const bool fmod, c.attributes.Bool("fmod", false));
  return AddNode(c, ops::Binary{fmod ? ops::BinaryKind::kFmod : ops::BinaryKind::kMod});
}

// The types of base and exponent may differ; the result has that of the base.
Result<ir::ValueId> ConvertPow(NodeContext& c) {
  const DType x = c.builder.dtype(c.inputs[0]), y = c.builder.dtype(c.inputs[1]);
  const ops::Binary pow{ops::BinaryKind::kPow};
  if (x == y) return AddNode(c, pow);
  const DType common = IsFloat(x) ? x : y;
  PICABIA_ASSIGN_OR_RETURN(c.inputs[0], CastTo(c, "base", common, c.inputs[0]));
  PICABIA_ASSIGN_OR_RETURN(c.inputs[1], CastTo(c, "exponent", common, c.inputs[1]));
  if (common == x) return AddNode(c, pow);
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId power, AddStep(c, "power", pow, c.inputs));
  c.inputs = {power};
  return AddNode(c, ops::Cast{x});
}

Result<ir::ValueId> ConvertMean(NodeContext& c) {
  const std::vector<ir::ValueId> inputs = c.inputs;
  ir::ValueId sum = inputs[0];
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (!c.HasInput(i)) return InvalidModel("input " + std::to_string(i) + " is left out");
    PICABIA_ASSIGN_OR_RETURN(
        sum, AddStep(c, "sum", ops::Binary{ops::BinaryKind::kAdd}, {sum, inputs[i]}));
  }
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId count, AddScalar(c, "count", c.builder.dtype(sum),
                                                              static_cast<double>(inputs.size())));
  c.inputs = {sum, count};
  return AddNode(c, ops::Binary{ops::BinaryKind::kDiv});
}

Result<ir::ValueId> ConvertQuantizeLinear(NodeContext& c) {
  for (const char* name : {"saturate"}) c.attributes.Ignore(name);  // of float8
  PICABIA_RETURN_IF_ERROR(RefuseNonZero(c, "precision"));
  PICABIA_ASSIGN_OR_RETURN(const int64_t output_dtype, c.attributes.Int("output_dtype", 0));
  ops::QuantizeLinear op;
  PICABIA_ASSIGN_OR_RETURN(op.axis, QuantizationAxis(c));
  if (output_dtype != 0) {
    PICABIA_ASSIGN_OR_RETURN(op.to, ToDType(output_dtype));
  }
  if (c.HasInput(2)) {
    op.to = c.builder.dtype(c.inputs[2]);
  } else {
    c.inputs.resize(2);
  }
  return AddNode(c, op);
}

Result<ir::ValueId> ConvertDequantizeLinear(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t output_dtype, c.attributes.Int("output_dtype", 0));
  ops::DequantizeLinear op;
  PICABIA_ASSIGN_OR_RETURN(op.axis, QuantizationAxis(c));
  if (!c.HasInput(2)) c.inputs.resize(2);
  if (output_dtype == 0) return AddNode(c, op);
  PICABIA_ASSIGN_OR_RETURN(const DType to, ToDType(output_dtype));
  if (to == c.builder.dtype(c.inputs[1])) return AddNode(c, op);
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId y, AddStep(c, "dequantized", op, c.inputs));
  c.inputs = {y};
  return AddNode(c, ops::Cast{to});
}

}  // namespace picabia::import::onnx
