// The element types that operators take and give. Called by the shape rules and by the verifier of
// ir/, which knows types but not always shapes.
#include <string>

#include "base/element.h"
#include "ops/parameters.h"

namespace picabia::ops {
namespace {

using DTypes = std::span<const DType>;

Status Wrong(size_t input, const char* role, DType found, const std::string& expected) {
  return InvalidArgument("input " + std::to_string(input) + " (" + role + "): found type " +
                         DTypeName(found) + ", expected " + expected);
}

Status Expect(DTypes in, size_t i, const char* role, DType expected) {
  return in[i] == expected ? OkStatus() : Wrong(i, role, in[i], DTypeName(expected));
}
Status ExpectFloat(DTypes in, size_t i, const char* role) {
  return IsFloat(in[i]) ? OkStatus() : Wrong(i, role, in[i], "a float type");
}
Status ExpectInteger(DTypes in, size_t i, const char* role) {
  return IsInteger(in[i]) ? OkStatus() : Wrong(i, role, in[i], "an integer type");
}
Status ExpectNumber(DTypes in, size_t i, const char* role) {
  return in[i] != DType::kBool ? OkStatus() : Wrong(i, role, in[i], "numbers");
}
Status ExpectIndex(DTypes in, size_t i, const char* role) {
  if (in[i] == DType::kI32 || in[i] == DType::kI64) return OkStatus();
  return Wrong(i, role, in[i], "int32 or int64");
}
// What convolutions and norms compute in.
Status ExpectAllF32(DTypes in, size_t first) {
  for (size_t i = first; i < in.size(); ++i)
    PICABIA_RETURN_IF_ERROR(Expect(in, i, i == 0 ? "x" : "parameter", DType::kF32));
  return OkStatus();
}

bool IsByteOrWord(DType t) {
  return t == DType::kI8 || t == DType::kU8 || t == DType::kI16 || t == DType::kU16;
}

Status ExpectByte(DTypes in, size_t i, const char* role) {
  if (in[i] == DType::kI8 || in[i] == DType::kU8) return OkStatus();
  return Wrong(i, role, in[i], "int8 or uint8");
}

// Parameters are integers but for what a Pad puts in and the scales of a Resize.
Status ExpectParameter(const Op& op, DTypes in, size_t i) {
  if (std::holds_alternative<Pad>(op) && i == 2) return Expect(in, i, "value", in[0]);
  if (std::holds_alternative<Resize>(op) && in[i] == DType::kF32) return OkStatus();
  return ExpectIndex(in, i, "parameter");
}

struct TypeRule {
  DTypes in;

  Result<DType> Same(Status status) const {
    if (!status.ok()) return status;
    return in[0];
  }
  // A quantized one takes filters of 8 or 16 bits.
  Result<DType> Quantized() const {
    return Convolution(in.size() > 1 && in[1] == DType::kI16 ? DType::kI16 : DType::kI8);
  }
  Result<DType> Convolution(DType filter) const {
    PICABIA_RETURN_IF_ERROR(Expect(in, 0, "x", DType::kF32));
    PICABIA_RETURN_IF_ERROR(Expect(in, 1, "filter", filter));
    return Same(ExpectAllF32(in, 2));
  }
  // Operators that only move elements; parameters are looked at when they are absorbed.
  template <typename T>
  Result<DType> operator()(const T&) const {
    return in[0];
  }

  Result<DType> operator()(const Conv2D&) const { return Convolution(DType::kF32); }
  Result<DType> operator()(const ConvTranspose2D&) const { return Convolution(DType::kF32); }
  Result<DType> operator()(const Int8Conv2D&) const { return Quantized(); }
  Result<DType> operator()(const Int8ConvTranspose2D&) const { return Quantized(); }
  Result<DType> operator()(const ConvBlock& op) const {
    return op.filter_scale > 0 ? Quantized() : Convolution(DType::kF32);
  }
  Result<DType> operator()(const InstanceNorm&) const { return Same(ExpectAllF32(in, 0)); }
  Result<DType> operator()(const BatchNorm&) const { return Same(ExpectAllF32(in, 0)); }
  Result<DType> operator()(const PowerDifference&) const { return Same(ExpectAllF32(in, 0)); }
  Result<DType> operator()(const Clip&) const { return Same(Expect(in, 0, "x", DType::kF32)); }
  Result<DType> operator()(const Normalize&) const { return Same(ExpectFloat(in, 0, "x")); }
  Result<DType> operator()(const Softmax&) const { return Same(ExpectFloat(in, 0, "x")); }
  Result<DType> operator()(const Cast& op) const { return op.to; }
  Result<DType> operator()(const ShapeOf& op) const { return op.to; }
  Result<DType> operator()(const CumSum&) const { return Same(ExpectNumber(in, 0, "x")); }
  Result<DType> operator()(const ArgReduce&) const {
    PICABIA_RETURN_IF_ERROR(ExpectNumber(in, 0, "x"));
    return DType::kI64;
  }
  Result<DType> operator()(const Pool2D& op) const {
    return Same(op.kind == PoolKind::kMax ? ExpectNumber(in, 0, "x") : ExpectFloat(in, 0, "x"));
  }
  Result<DType> operator()(const Resize& op) const {
    return Same(op.mode == ResizeMode::kNearest ? OkStatus() : ExpectNumber(in, 0, "x"));
  }
  Result<DType> operator()(const Range&) const {
    PICABIA_RETURN_IF_ERROR(ExpectNumber(in, 0, "start"));
    PICABIA_RETURN_IF_ERROR(Expect(in, 1, "limit", in[0]));
    return Same(Expect(in, 2, "delta", in[0]));
  }
  Result<DType> operator()(const Where&) const {
    PICABIA_RETURN_IF_ERROR(Expect(in, 0, "condition", DType::kBool));
    PICABIA_RETURN_IF_ERROR(Expect(in, 2, "y", in[1]));
    return in[1];
  }
  Result<DType> operator()(const Concat&) const {
    for (size_t i = 1; i < in.size(); ++i) PICABIA_RETURN_IF_ERROR(Expect(in, i, "part", in[0]));
    return in[0];
  }
  Result<DType> operator()(const Gather&) const { return Same(ExpectIndex(in, 1, "indices")); }
  Result<DType> operator()(const GatherElements&) const {
    return Same(ExpectIndex(in, 1, "indices"));
  }
  Result<DType> operator()(const GatherNd&) const { return Same(ExpectIndex(in, 1, "indices")); }
  Result<DType> operator()(const MatMul&) const {
    const bool small = IsByteOrWord(in[0]) || in[0] == DType::kBool;
    if (small) return Wrong(0, "a", in[0], "a float type or integers of 32 or 64 bits");
    return Same(Expect(in, 1, "b", in[0]));
  }
  Result<DType> operator()(const Reduce& op) const {
    if (op.kind == ReduceKind::kAll || op.kind == ReduceKind::kAny)
      return Same(Expect(in, 0, "x", DType::kBool));
    if (op.kind == ReduceKind::kMax || op.kind == ReduceKind::kMin) return in[0];
    return Same(ExpectNumber(in, 0, "x"));
  }
  Result<DType> operator()(const QuantizeLinear& op) const {
    if (!IsFloat(in[0]) && in[0] != DType::kI32)
      return Wrong(0, "x", in[0], "a float type or int32");
    PICABIA_RETURN_IF_ERROR(ExpectFloat(in, 1, "scale"));
    if (in.size() > 2) PICABIA_RETURN_IF_ERROR(Expect(in, 2, "zero point", op.to));
    return op.to;
  }
  Result<DType> operator()(const DequantizeLinear&) const {
    if (!IsByteOrWord(in[0]) && in[0] != DType::kI32)
      return Wrong(0, "x", in[0], "integers of 8, 16 or 32 bits");
    PICABIA_RETURN_IF_ERROR(ExpectFloat(in, 1, "scale"));
    if (in.size() > 2) PICABIA_RETURN_IF_ERROR(Expect(in, 2, "zero point", in[0]));
    return in[1];
  }
  Result<DType> operator()(const QuantizedConv2D& op) const {
    PICABIA_RETURN_IF_ERROR(ExpectByte(in, 0, "x"));
    const int64_t least = in[0] == DType::kI8 ? INT8_MIN : 0;
    if (op.x_zero < least || op.x_zero > least + UINT8_MAX)
      return InvalidArgument("attribute x_zero: found " + std::to_string(op.x_zero) +
                             ", expected a number of input 0's type, " + DTypeName(in[0]));
    PICABIA_RETURN_IF_ERROR(Expect(in, 1, "filter", DType::kI8));
    PICABIA_RETURN_IF_ERROR(ExpectAllF32(in, 2));
    return op.to;
  }
  Result<DType> operator()(const QuantizedBinary& op) const {
    for (size_t i = 0; i < 2; ++i)
      if (in[i] != DType::kF32) PICABIA_RETURN_IF_ERROR(ExpectByte(in, i, i == 0 ? "x" : "y"));
    return op.to;
  }
  Result<DType> operator()(const Custom& op) const {
    if (op.implementation == nullptr) return op.to;
    PICABIA_ASSIGN_OR_RETURN(const DType to, op.implementation->OutputType(in, op.attributes));
    if (to == op.to) return to;
    return InvalidArgument("operator '" + op.type + "' gives " + DTypeName(to) +
                           ", the model was made for " + DTypeName(op.to));
  }
  Result<DType> operator()(const Lookup&) const {
    PICABIA_RETURN_IF_ERROR(ExpectByte(in, 0, "x"));
    return in[1];
  }
  Result<DType> operator()(const Unary& op) const;
  Result<DType> operator()(const Binary& op) const;
};

Result<DType> TypeRule::operator()(const Unary& op) const {
  using K = UnaryKind;
  switch (op.kind) {
    case K::kNot:
      return Same(Expect(in, 0, "x", DType::kBool));
    case K::kBitNot:
      return Same(ExpectInteger(in, 0, "x"));
    case K::kRelu:
    case K::kNeg:
    case K::kAbs:
    case K::kSign:
      return Same(ExpectNumber(in, 0, "x"));
    case K::kIsNan:
    case K::kIsInfinite:
      PICABIA_RETURN_IF_ERROR(ExpectFloat(in, 0, "x"));
      return DType::kBool;
    default:
      return Same(ExpectFloat(in, 0, "x"));
  }
}

Result<DType> TypeRule::operator()(const Binary& op) const {
  using K = BinaryKind;
  PICABIA_RETURN_IF_ERROR(Expect(in, 1, "y", in[0]));
  switch (op.kind) {
    case K::kAnd:
    case K::kOr:
    case K::kXor:
      return Same(Expect(in, 0, "x", DType::kBool));
    case K::kEqual:
    case K::kNotEqual:
    case K::kLess:
    case K::kLessOrEqual:
    case K::kGreater:
    case K::kGreaterOrEqual:
      return DType::kBool;
    case K::kBitAnd:
    case K::kBitOr:
    case K::kBitXor:
    case K::kShiftLeft:
    case K::kShiftRight:
      return Same(ExpectInteger(in, 0, "x"));
    default:
      return Same(ExpectNumber(in, 0, "x"));
  }
}

}  // namespace

Result<DType> OutputDType(const Op& op, std::span<const DType> inputs) {
  for (size_t i = DataInputs(op); i < inputs.size() && !std::holds_alternative<Range>(op); ++i)
    PICABIA_RETURN_IF_ERROR(ExpectParameter(op, inputs, i));
  return std::visit(TypeRule{inputs}, op);
}

}  // namespace picabia::ops
