// Operators that make each element of the output of the elements at the same place. ops.h says what
// each struct has.
#pragma once

#include <cstdint>
#include <limits>

#include "base/tensor.h"
#include "ops/common.h"

namespace picabia::ops {

// x any shape -> x.
struct Identity {
  static constexpr const char* kName = "Identity";
  static constexpr Arity kArity{1, 1};
  template <typename V>
  void VisitFields(V&&) {}
  bool operator==(const Identity&) const = default;
};

enum class UnaryKind : uint8_t {
  kRelu = 0,
  kTanh = 1,
  kSqrt = 2,
  kNeg = 3,
  kAbs = 4,
  kExp = 5,
  kLeakyRelu = 6,
  kSigmoid = 7,
  kLog = 8,
  kErf = 9,
  kFloor = 10,
  kCeil = 11,
  kSign = 12,        // -1, 0 or 1
  kReciprocal = 13,  // 1 / x
  kSoftplus = 14,    // log(1 + exp(x))
  kSoftsign = 15,    // x / (1 + |x|)
  kElu = 16,         // x < 0: alpha * (exp(x) - 1)
  kCelu = 17,        // x < 0: alpha * (exp(x / alpha) - 1)
  kHardSwish = 18,   // x * min(max(x / 6 + 1/2, 0), 1)
  kMish = 19,        // x * tanh(softplus(x))
  kGelu = 20,        // x / 2 * (1 + erf(x / sqrt(2)))
  kGeluTanh = 21,    // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
  kRound = 22,       // halves to even
  kSin = 23,
  kCos = 24,
  kTan = 25,
  kAsin = 26,
  kAcos = 27,
  kAtan = 28,
  kSinh = 29,
  kCosh = 30,
  kAsinh = 31,
  kAcosh = 32,
  kAtanh = 33,
  kThresholdedRelu = 34,  // x > alpha: x, else 0
  kNot = 35,              // of bool
  kIsNan = 36,            // -> bool
  kIsInfinite = 37,       // -> bool; alpha > 0: only +inf, alpha < 0: only -inf
  kBitNot = 38,           // of integers
  kSwish = 39,            // x * sigmoid(alpha * x)
};

// x any shape -> the same shape, elementwise; kLog, kSqrt of a negative number: NaN. x is float32,
// float16 or float64 where the kind does not say otherwise; kRelu, kNeg, kAbs and kSign also take
// integers, which wrap. alpha: the slope of kLeakyRelu below zero, the factor of kElu, that of
// kCelu (not 0), and as above; otherwise unused.
struct Unary {
  static constexpr const char* kName = "Unary";
  static constexpr Arity kArity{1, 1};
  UnaryKind kind = UnaryKind::kRelu;
  float alpha = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("kind", kind);
    v("alpha", alpha);
  }
  bool operator==(const Unary&) const = default;
};

// x any shape -> min(max(x, low), high); infinities for no bound.
struct Clip {
  static constexpr const char* kName = "Clip";
  static constexpr Arity kArity{1, 1};
  float low = 0;
  float high = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("low", low);
    v("high", high);
  }
  bool operator==(const Clip&) const = default;
};

enum class BinaryKind : uint8_t {
  kAdd = 0,
  kSub = 1,
  kMul = 2,
  kDiv = 3,
  kPow = 4,
  kSquaredDifference = 5,
  kMin = 6,
  kMax = 7,
  kMod = 8,   // the remainder with the sign of y, as Python's %
  kFmod = 9,  // the remainder with the sign of x, as C's fmod
  kFloorDiv = 10,
  kPRelu = 11,  // x < 0: x * y
  kEqual = 12,  // -> bool, as the five below
  kNotEqual = 13,
  kLess = 14,
  kLessOrEqual = 15,
  kGreater = 16,
  kGreaterOrEqual = 17,
  kAnd = 18,  // of bool, as the two below
  kOr = 19,
  kXor = 20,
  kBitAnd = 21,  // of integers, as those below
  kBitOr = 22,
  kBitXor = 23,
  kShiftLeft = 24,  // 0 where y is not less than the bits of x
  kShiftRight = 25,
};

// x, y of one type with NumPy broadcasting -> elementwise. Integers wrap; their division by zero is
// an error. Comparisons with NaN are false but for kNotEqual.
struct Binary {
  static constexpr const char* kName = "Binary";
  static constexpr Arity kArity{2, 2};
  BinaryKind kind = BinaryKind::kAdd;
  template <typename V>
  void VisitFields(V&& v) {
    v("kind", kind);
  }
  bool operator==(const Binary&) const = default;
};

// How a PowerDifference reads its exponent.
enum class PowerConvention : uint8_t {
  kValue = 0,         // the first element
  kCambriconCpu = 1,  // the lab's CPU kernel: the first element as an int, 1 where that is less
  kCambriconMlu = 2,  // the lab's MLU kernel: how long the tensor is; the value of a scalar
};

// x, y with broadcasting, p (one element, or the first of several): (x - y)^p, as
// kernels/power/power.h says in full. Whole p: repeated multiplication by value (p = 0 gives 1,
// negative p the reciprocal); fractional p: pow, NaN for a negative difference.
struct PowerDifference {
  static constexpr const char* kName = "PowerDifference";
  static constexpr Arity kArity{3, 3};
  PowerConvention convention = PowerConvention::kValue;
  template <typename V>
  void VisitFields(V&& v) {
    v("convention", convention);
  }
  bool operator==(const PowerDifference&) const = default;
};

// condition bool, x, y of one type, all broadcast -> x where condition, else y.
struct Where {
  static constexpr const char* kName = "Where";
  static constexpr Arity kArity{3, 3};
  template <typename V>
  void VisitFields(V&&) {}
  bool operator==(const Where&) const = default;
};

// x any type -> `to`. Floats to integers drop what is behind the point and saturate, NaN gives 0;
// integers wrap; anything but 0 is true.
struct Cast {
  static constexpr const char* kName = "Cast";
  static constexpr Arity kArity{1, 1};
  DType to = DType::kF32;
  template <typename V>
  void VisitFields(V&& v) {
    v("to", to);
  }
  bool operator==(const Cast&) const = default;
};

// x, scale, [zero point of the output's type] -> round_half_even(x / scale) + zero point, saturated
// to `to` (int8, uint8, int16, uint16). scale and zero point are one number, or one each index of
// `axis`.
struct QuantizeLinear {
  static constexpr const char* kName = "QuantizeLinear";
  static constexpr Arity kArity{2, 3};
  int64_t axis = 0;
  DType to = DType::kU8;
  template <typename V>
  void VisitFields(V&& v) {
    v("axis", axis);
    v("to", to);
  }
  bool operator==(const QuantizeLinear&) const = default;
};

// x integer, scale, [zero point of x's type] -> (x - zero point) * scale, of scale's type.
struct DequantizeLinear {
  static constexpr const char* kName = "DequantizeLinear";
  static constexpr Arity kArity{2, 3};
  int64_t axis = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("axis", axis);
  }
  bool operator==(const DequantizeLinear&) const = default;
};

// What fusion makes of a Binary between quantizations: x, y float32, or int8 or uint8 that stand
// for (q - x_zero) * x_scale and (q - y_zero) * y_scale, with NumPy broadcasting ->
//   v = min(max(kind(x, y), low), high)
// as float32, or, where `to` is int8 or uint8, as round_half_even(v / scale) + zero, saturated.
// kind: kAdd, kSub, kMul, kDiv, kSquaredDifference, kMin or kMax.
struct QuantizedBinary {
  static constexpr const char* kName = "QuantizedBinary";
  static constexpr Arity kArity{2, 2};
  BinaryKind kind = BinaryKind::kAdd;
  float x_scale = 1;
  int64_t x_zero = 0;
  float y_scale = 1;
  int64_t y_zero = 0;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  DType to = DType::kF32;
  float scale = 1;
  int64_t zero = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("kind", kind);
    v("x_scale", x_scale);
    v("x_zero", x_zero);
    v("y_scale", y_scale);
    v("y_zero", y_zero);
    v("low", low);
    v("high", high);
    v("to", to);
    v("scale", scale);
    v("zero", zero);
  }
  bool operator==(const QuantizedBinary&) const = default;
};

// x int8 or uint8, table [256] of any type -> table[x - least number of x's type]: any function of
// one quantized number.
struct Lookup {
  static constexpr const char* kName = "Lookup";
  static constexpr Arity kArity{2, 2};
  template <typename V>
  void VisitFields(V&&) {}
  bool operator==(const Lookup&) const = default;
};

}  // namespace picabia::ops
