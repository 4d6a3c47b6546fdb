// The operators as plain data: one struct each, with nothing but its attributes. The graph of the
// compiler (ir/) and the compiled program (program/) are both made of them, so that shape rules
// (ops/shape.h) and names exist once.
//
// Layout: every spatial operator is NHWC (batch, height, width, channels); filters are HWIO, those
// of transposed convolutions HWOI (TensorFlow's). Importers of other layouts put Transpose around
// them.
//
// Each struct has
//   static constexpr const char* kName   the name in text and files
//   static constexpr Arity kArity        how many inputs it takes
//   static constexpr size_t kDataInputs  only where inputs from this one on are parameters, below
//   VisitFields(v)                       calls v(name, field) for each attribute: printing, parsing
//   and
//                                        file reading and writing are all written once over it
// and its comment lists the inputs in order; [brackets] mark those that may be absent at the end.
//
// Parameters: some attributes (a shape, axes, pads) may also be computed by the graph. They then
// stand as inputs behind the data inputs, in (parentheses), and replace the attributes that the
// comment names when their values are known: ops/parameters.h.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/tensor.h"

namespace picabia::ops {

// How many inputs an operator takes; max is more than min where trailing inputs may be absent.
struct Arity {
  size_t min = 1;
  size_t max = 1;
};
constexpr size_t kManyInputs = size_t{1} << 20;  // of Concat

// How a window operator pads.
enum class PadKind : uint8_t {
  kExplicit = 0,  // pad_top, pad_left, pad_bottom, pad_right
  kSameUpper =
      1,  // TensorFlow SAME: output = ceil(input / stride), an odd total leaves more at the end
  kSameLower = 2,  // ONNX SAME_LOWER: more at the start
};

// What stands in the padding.
enum class PadMode : uint8_t {
  kConstant = 0,
  kReflect = 1,    // mirror without repeating the edge pixel
  kEdge = 2,       // repeat the edge pixel
  kSymmetric = 3,  // mirror with the edge pixel repeated
  kWrap = 4,       // begin again at the other end
};

enum class Activation : uint8_t { kNone = 0, kRelu = 1, kTanh = 2, kLeakyRelu = 3 };
enum class Norm : uint8_t { kNone = 0, kInstance = 1 };

// Attributes shared by all 2-d window operators. The fields are those of Conv2D.
struct Window {
  std::array<int64_t, 2> strides{1, 1};    // vertical, horizontal; >= 1
  std::array<int64_t, 2> dilations{1, 1};  // >= 1
  PadKind pad_kind = PadKind::kExplicit;
  std::array<int64_t, 4> pads{0, 0, 0, 0};  // top, left, bottom, right; >= 0; kExplicit only

  template <typename V>
  void VisitFields(V&& v) {
    v("strides", strides);
    v("dilations", dilations);
    v("pad_kind", pad_kind);
    v("pads", pads);
  }
  bool operator==(const Window&) const = default;
};

// x [N,H,W,C], filter [KH,KW,C/groups,M], [bias [M]] -> [N,OH,OW,M]. Cross-correlation, zero
// padding.
struct Conv2D {
  static constexpr const char* kName = "Conv2D";
  static constexpr Arity kArity{2, 3};
  Window window;
  int64_t groups = 1;
  template <typename V>
  void VisitFields(V&& v) {
    window.VisitFields(v);
    v("groups", groups);
  }
  bool operator==(const Conv2D&) const = default;
};

// x [N,H,W,C], filter [KH,KW,M,C], [bias [M]] -> [N,OH,OW,M]: the gradient of Conv2D with respect
// to its input.
//   kExplicit: OH = (H-1)*stride + (KH-1)*dilation + 1 - top - bottom + output_pads[0]
//   kSame*:    OH = H*stride - output_shrink[0]; the padding is what Conv2D from OH to H would use.
// output_shrink is in [0, stride): TensorFlow names the output size and several sizes lead back to
// H.
struct ConvTranspose2D {
  static constexpr const char* kName = "ConvTranspose2D";
  static constexpr Arity kArity{2, 3};
  Window window;
  std::array<int64_t, 2> output_pads{0, 0};    // rows, columns added at the end; kExplicit only
  std::array<int64_t, 2> output_shrink{0, 0};  // kSame* only
  int64_t groups = 1;
  template <typename V>
  void VisitFields(V&& v) {
    window.VisitFields(v);
    v("output_pads", output_pads);
    v("output_shrink", output_shrink);
    v("groups", groups);
  }
  bool operator==(const ConvTranspose2D&) const = default;
};

// Cambricon's quantized convolution: x float [N,H,W,C], filter int8 [KH,KW,C,M] -> float:
//   y = conv(clamp(round_half_even(x * input_scale), -128, 127), filter) / (input_scale *
//   filter_scale)
struct Int8Conv2D {
  static constexpr const char* kName = "Int8Conv2D";
  static constexpr Arity kArity{2, 2};
  Window window;
  float input_scale = 1;
  float filter_scale = 1;
  template <typename V>
  void VisitFields(V&& v) {
    window.VisitFields(v);
    v("input_scale", input_scale);
    v("filter_scale", filter_scale);
  }
  bool operator==(const Int8Conv2D&) const = default;
};

// The transposed one: x float [N,H,W,C], filter int8 [KH,KW,M,C]; sizes as ConvTranspose2D.
struct Int8ConvTranspose2D {
  static constexpr const char* kName = "Int8ConvTranspose2D";
  static constexpr Arity kArity{2, 2};
  Window window;
  std::array<int64_t, 2> output_shrink{0, 0};
  float input_scale = 1;
  float filter_scale = 1;
  template <typename V>
  void VisitFields(V&& v) {
    window.VisitFields(v);
    v("output_shrink", output_shrink);
    v("input_scale", input_scale);
    v("filter_scale", filter_scale);
  }
  bool operator==(const Int8ConvTranspose2D&) const = default;
};

// x [N,H,W,C], scale [C], shift [C] -> the same shape: (x - mean) / sqrt(variance + epsilon) *
// scale + shift, mean and (biased) variance over H and W of each channel of each picture.
struct InstanceNorm {
  static constexpr const char* kName = "InstanceNorm";
  static constexpr Arity kArity{3, 3};
  float epsilon = 1e-5f;
  template <typename V>
  void VisitFields(V&& v) {
    v("epsilon", epsilon);
  }
  bool operator==(const InstanceNorm&) const = default;
};

// x [N,H,W,C], scale [C], shift [C], mean [C], variance [C]: (x - mean) / sqrt(variance + epsilon)
// * scale + shift.
struct BatchNorm {
  static constexpr const char* kName = "BatchNorm";
  static constexpr Arity kArity{5, 5};
  float epsilon = 1e-5f;
  template <typename V>
  void VisitFields(V&& v) {
    v("epsilon", epsilon);
  }
  bool operator==(const BatchNorm&) const = default;
};

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

// x, y with broadcasting, p (one element, or the first of several): (x - y)^p. Integral p: repeated
// multiplication by value (p = 0 gives 1, negative p the reciprocal); fractional p: pow, NaN for a
// negative difference.
struct PowerDifference {
  static constexpr const char* kName = "PowerDifference";
  static constexpr Arity kArity{3, 3};
  template <typename V>
  void VisitFields(V&&) {}
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

enum class SoftmaxKind : uint8_t { kSoftmax = 0, kLogSoftmax = 1, kHardmax = 2 };

// x -> exp(x) / sum(exp(x)) along `axis` >= 0, its logarithm, or 1 at the first greatest element
// and 0 elsewhere.
struct Softmax {
  static constexpr const char* kName = "Softmax";
  static constexpr Arity kArity{1, 1};
  SoftmaxKind kind = SoftmaxKind::kSoftmax;
  int64_t axis = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("kind", kind);
    v("axis", axis);
  }
  bool operator==(const Softmax&) const = default;
};

// x -> (x - mean) / sqrt(variance + epsilon), mean and (biased) variance over `axes` (sorted, >= 0,
// distinct).
struct Normalize {
  static constexpr const char* kName = "Normalize";
  static constexpr Arity kArity{1, 1};
  std::vector<int64_t> axes;
  float epsilon = 1e-5f;
  template <typename V>
  void VisitFields(V&& v) {
    v("axes", axes);
    v("epsilon", epsilon);
  }
  bool operator==(const Normalize&) const = default;
};

// a [..., M, K], b [..., K, N] (the last two swapped by transpose_a, transpose_b), leading
// dimensions broadcast -> [..., M, N]. A vector counts as a row on the left and a column on the
// right, and that dimension leaves the result again.
struct MatMul {
  static constexpr const char* kName = "MatMul";
  static constexpr Arity kArity{2, 2};
  bool transpose_a = false;
  bool transpose_b = false;
  template <typename V>
  void VisitFields(V&& v) {
    v("transpose_a", transpose_a);
    v("transpose_b", transpose_b);
  }
  bool operator==(const MatMul&) const = default;
};

enum class PoolKind : uint8_t { kMax = 0, kAverage = 1 };

// x [N,H,W,C] -> [N,OH,OW,C]. The padding of kMax is -infinity (the least integer); kAverage
// divides by the elements inside the picture, with include_pad by those inside the padded picture.
// ceil_mode rounds the output size up, but no window begins in the padding at the end (as in ONNX
// and PyTorch).
struct Pool2D {
  static constexpr const char* kName = "Pool2D";
  static constexpr Arity kArity{1, 1};
  PoolKind kind = PoolKind::kMax;
  std::array<int64_t, 2> kernel{1, 1};
  Window window;
  bool ceil_mode = false;
  bool include_pad = false;
  template <typename V>
  void VisitFields(V&& v) {
    v("kind", kind);
    v("kernel", kernel);
    window.VisitFields(v);
    v("ceil_mode", ceil_mode);
    v("include_pad", include_pad);
  }
  bool operator==(const Pool2D&) const = default;
};

enum class ReduceKind : uint8_t {
  kMean = 0,
  kSum = 1,
  kMax = 2,
  kMin = 3,
  kProduct = 4,
  kL1 = 5,  // sum(|x|)
  kL2 = 6,  // sqrt(sum(x^2))
  kLogSum = 7,
  kLogSumExp = 8,
  kSumSquare = 9,
  kAll = 10,  // of bool
  kAny = 11,  // of bool
};

// x, (axes) -> reduced over `axes` (sorted, >= 0, distinct); empty axes mean all of them where
// empty_is_all, else none. A sum of nothing is 0, a greatest element of nothing -infinity (the
// least integer, false). Means of integers drop what is behind the point.
struct Reduce {
  static constexpr const char* kName = "Reduce";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  ReduceKind kind = ReduceKind::kMean;
  std::vector<int64_t> axes;
  bool keep_dims = false;
  bool empty_is_all = false;
  template <typename V>
  void VisitFields(V&& v) {
    v("kind", kind);
    v("axes", axes);
    v("keep_dims", keep_dims);
    v("empty_is_all", empty_is_all);
  }
  bool operator==(const Reduce&) const = default;
};

// x, (axis) -> sums of the elements up to each one along `axis` >= 0, from the other end with
// `reverse`; `exclusive` leaves the element itself out. Integers wrap.
struct CumSum {
  static constexpr const char* kName = "CumSum";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  int64_t axis = 0;
  bool exclusive = false;
  bool reverse = false;
  template <typename V>
  void VisitFields(V&& v) {
    v("axis", axis);
    v("exclusive", exclusive);
    v("reverse", reverse);
  }
  bool operator==(const CumSum&) const = default;
};

enum class ArgKind : uint8_t { kMax = 0, kMin = 1 };

// x -> int64: the index along `axis` >= 0 of the first (or last) greatest or least element.
struct ArgReduce {
  static constexpr const char* kName = "ArgReduce";
  static constexpr Arity kArity{1, 1};
  ArgKind kind = ArgKind::kMax;
  int64_t axis = 0;
  bool keep_dims = false;
  bool select_last = false;
  template <typename V>
  void VisitFields(V&& v) {
    v("kind", kind);
    v("axis", axis);
    v("keep_dims", keep_dims);
    v("select_last", select_last);
  }
  bool operator==(const ArgReduce&) const = default;
};

// x of rank R, (pads), (value), (axes); before and after have R entries, negative ones crop (not
// with the mirroring modes). The parameter pads is [R, 2], or [2R] with all befores first; with
// axes, R is their number.
struct Pad {
  static constexpr const char* kName = "Pad";
  static constexpr Arity kArity{1, 4};
  static constexpr size_t kDataInputs = 1;
  PadMode mode = PadMode::kConstant;
  std::vector<int64_t> before;
  std::vector<int64_t> after;
  float value = 0;  // kConstant only
  template <typename V>
  void VisitFields(V&& v) {
    v("mode", mode);
    v("before", before);
    v("after", after);
    v("value", value);
  }
  bool operator==(const Pad&) const = default;
};

// Which input coordinate x the output index i of a resized axis stands for; n input and m output
// elements, s their scale (ONNX Resize).
enum class CoordinateMode : uint8_t {
  kAsymmetric = 0,          // i / s
  kHalfPixel = 1,           // (i + 1/2) / s - 1/2
  kAlignCorners = 2,        // i * (n - 1) / (n * s - 1); 0 when n * s is 1
  kPytorchHalfPixel = 3,    // as kHalfPixel; 0 when m is 1
  kHalfPixelSymmetric = 4,  // n/2 * (1 - m / (n * s)) + (i + 1/2) / s - 1/2
  kTfHalfPixelForNn = 5,    // (i + 1/2) / s
  kTfCropAndResize = 6,     // between the ends that roi gives
};
enum class NearestMode : uint8_t {
  kFloor = 0,
  kCeil = 1,
  kRoundPreferFloor = 2,
  kRoundPreferCeil = 3
};
enum class ResizeMode : uint8_t { kNearest = 0, kLinear = 1, kCubic = 2 };
// What becomes of `sizes` so that the picture keeps its proportions.
enum class AspectPolicy : uint8_t { kStretch = 0, kNotLarger = 1, kNotSmaller = 2 };

// x of any rank, (scales float, or sizes int64) -> resized along `axes` (distinct, >= 0; empty
// means all), each axis apart. Either scales (> 0; the size is floor(n * scale)) or sizes (>= 1)
// has one entry an axis. Linear and cubic weights repeat the edge element; with exclude_outside
// those beyond the edge are left out and the rest sum to 1. antialias widens the filter of a
// shrinking axis by 1 / scale. roi: starts, then ends of the axes, for kTfCropAndResize, which puts
// extrapolation_value where it leaves the input.
struct Resize {
  static constexpr const char* kName = "Resize";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  std::vector<float> scales;
  std::vector<int64_t> sizes;
  std::vector<int64_t> axes;
  ResizeMode mode = ResizeMode::kNearest;
  CoordinateMode coordinate_mode = CoordinateMode::kHalfPixel;
  NearestMode nearest_mode = NearestMode::kRoundPreferFloor;
  AspectPolicy aspect_policy = AspectPolicy::kStretch;
  float cubic_a = -0.75f;
  bool antialias = false;
  bool exclude_outside = false;
  std::vector<float> roi;
  float extrapolation_value = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("scales", scales);
    v("sizes", sizes);
    v("axes", axes);
    v("mode", mode);
    v("coordinate_mode", coordinate_mode);
    v("nearest_mode", nearest_mode);
    v("aspect_policy", aspect_policy);
    v("cubic_a", cubic_a);
    v("antialias", antialias);
    v("exclude_outside", exclude_outside);
    v("roi", roi);
    v("extrapolation_value", extrapolation_value);
  }
  bool operator==(const Resize&) const = default;
};

// x of rank R -> axes reordered: output axis i is input axis perm[i].
struct Transpose {
  static constexpr const char* kName = "Transpose";
  static constexpr Arity kArity{1, 1};
  std::vector<int64_t> perm;
  template <typename V>
  void VisitFields(V&& v) {
    v("perm", perm);
  }
  bool operator==(const Transpose&) const = default;
};

// x, (shape) -> the same elements under `shape`; one entry may be -1 (what is left); 0 keeps the
// input's dimension unless allow_zero.
struct Reshape {
  static constexpr const char* kName = "Reshape";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  std::vector<int64_t> shape;
  bool allow_zero = false;
  template <typename V>
  void VisitFields(V&& v) {
    v("shape", shape);
    v("allow_zero", allow_zero);
  }
  bool operator==(const Reshape&) const = default;
};

// x -> [product of the dimensions before `axis`, product of the others]; axis >= 0.
struct Flatten {
  static constexpr const char* kName = "Flatten";
  static constexpr Arity kArity{1, 1};
  int64_t axis = 1;
  template <typename V>
  void VisitFields(V&& v) {
    v("axis", axis);
  }
  bool operator==(const Flatten&) const = default;
};

// x, (axes) -> without these dimensions of 1 (sorted, >= 0, distinct; empty: without any of 1).
struct Squeeze {
  static constexpr const char* kName = "Squeeze";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  std::vector<int64_t> axes;
  template <typename V>
  void VisitFields(V&& v) {
    v("axes", axes);
  }
  bool operator==(const Squeeze&) const = default;
};

// x, (axes) -> with dimensions of 1 that are axes of the result (sorted, >= 0, distinct).
struct Unsqueeze {
  static constexpr const char* kName = "Unsqueeze";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  std::vector<int64_t> axes;
  template <typename V>
  void VisitFields(V&& v) {
    v("axes", axes);
  }
  bool operator==(const Unsqueeze&) const = default;
};

// x, (shape) -> broadcast with `shape`, whose dimensions of 1 keep those of x.
struct Expand {
  static constexpr const char* kName = "Expand";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  std::vector<int64_t> shape;
  template <typename V>
  void VisitFields(V&& v) {
    v("shape", shape);
  }
  bool operator==(const Expand&) const = default;
};

// x of rank R, (repeats) -> each axis repeated so many (>= 0) times.
struct Tile {
  static constexpr const char* kName = "Tile";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  std::vector<int64_t> repeats;
  template <typename V>
  void VisitFields(V&& v) {
    v("repeats", repeats);
  }
  bool operator==(const Tile&) const = default;
};

// One input or more of one type, alike but for `axis` >= 0 -> one behind the other.
struct Concat {
  static constexpr const char* kName = "Concat";
  static constexpr Arity kArity{1, kManyInputs};
  int64_t axis = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("axis", axis);
  }
  bool operator==(const Concat&) const = default;
};

// x, (sizes) -> part `index` of x cut along `axis` >= 0: into pieces of `sizes`, or, where there
// are none, into `parts` pieces of ceil(dimension / parts), the last ones with what is left.
struct Split {
  static constexpr const char* kName = "Split";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  int64_t axis = 0;
  int64_t index = 0;
  int64_t parts = 1;
  std::vector<int64_t> sizes;
  template <typename V>
  void VisitFields(V&& v) {
    v("axis", axis);
    v("index", index);
    v("parts", parts);
    v("sizes", sizes);
  }
  bool operator==(const Split&) const = default;
};

// x, (starts), (ends), (axes), (steps) -> elements start, start + step, ... before end along each
// of `axes` (distinct, >= 0; empty: the first ones). Negative starts and ends count from the end,
// all are clamped to the dimension; steps are not 0 (empty: 1).
struct Slice {
  static constexpr const char* kName = "Slice";
  static constexpr Arity kArity{1, 5};
  static constexpr size_t kDataInputs = 1;
  std::vector<int64_t> starts;
  std::vector<int64_t> ends;
  std::vector<int64_t> axes;
  std::vector<int64_t> steps;
  template <typename V>
  void VisitFields(V&& v) {
    v("starts", starts);
    v("ends", ends);
    v("axes", axes);
    v("steps", steps);
  }
  bool operator==(const Slice&) const = default;
};

// x, indices int32 or int64 (negative ones count from the end) -> x with `axis` >= 0 replaced by
// the dimensions of indices.
struct Gather {
  static constexpr const char* kName = "Gather";
  static constexpr Arity kArity{2, 2};
  int64_t axis = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("axis", axis);
  }
  bool operator==(const Gather&) const = default;
};

// x, indices of x's rank -> the shape of indices: element [i][j]... is x[index][j]... (for axis 0).
struct GatherElements {
  static constexpr const char* kName = "GatherElements";
  static constexpr Arity kArity{2, 2};
  int64_t axis = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("axis", axis);
  }
  bool operator==(const GatherElements&) const = default;
};

// x, indices [..., K]: each K numbers are an index into x behind batch_dims shared dimensions.
struct GatherNd {
  static constexpr const char* kName = "GatherNd";
  static constexpr Arity kArity{2, 2};
  int64_t batch_dims = 0;
  template <typename V>
  void VisitFields(V&& v) {
    v("batch_dims", batch_dims);
  }
  bool operator==(const GatherNd&) const = default;
};

// x -> its dimensions from `start` to before `end` (clamped to the rank, negative ones count from
// the end), `to` is int64 or int32.
struct ShapeOf {
  static constexpr const char* kName = "ShapeOf";
  static constexpr Arity kArity{1, 1};
  int64_t start = 0;
  int64_t end = INT64_MAX;
  DType to = DType::kI64;
  template <typename V>
  void VisitFields(V&& v) {
    v("start", start);
    v("end", end);
    v("to", to);
  }
  bool operator==(const ShapeOf&) const = default;
};

// (start), (limit), (delta): numbers of one type -> start, start + delta, ... before limit.
struct Range {
  static constexpr const char* kName = "Range";
  static constexpr Arity kArity{3, 3};
  static constexpr size_t kDataInputs = 0;
  template <typename V>
  void VisitFields(V&&) {}
  bool operator==(const Range&) const = default;
};

// Where the channels of a block go: the block's position is the slow part of the channel number
// (kDcr, as in TensorFlow) or the fast one (kCrd, as in PyTorch's PixelShuffle).
enum class BlockOrder : uint8_t { kDcr = 0, kCrd = 1 };

// x [N,H,W,C*block*block] -> [N,H*block,W*block,C].
struct DepthToSpace {
  static constexpr const char* kName = "DepthToSpace";
  static constexpr Arity kArity{1, 1};
  int64_t block = 1;
  BlockOrder order = BlockOrder::kDcr;
  template <typename V>
  void VisitFields(V&& v) {
    v("block", block);
    v("order", order);
  }
  bool operator==(const DepthToSpace&) const = default;
};

// x [N,H*block,W*block,C] -> [N,H,W,C*block*block], in the order kDcr.
struct SpaceToDepth {
  static constexpr const char* kName = "SpaceToDepth";
  static constexpr Arity kArity{1, 1};
  int64_t block = 1;
  template <typename V>
  void VisitFields(V&& v) {
    v("block", block);
  }
  bool operator==(const SpaceToDepth&) const = default;
};

// x [N,H,W,C], (pads [2, 2]: height before and after, width) -> padded with zeros by `pads` (top,
// left, bottom, right), each position of a block[0] x block[1] grid a picture of its own:
// [N*block[0]*block[1], H/block[0], W/block[1], C], the grid position the slow part of the batch.
struct SpaceToBatch {
  static constexpr const char* kName = "SpaceToBatch";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  std::array<int64_t, 2> block{1, 1};
  std::array<int64_t, 4> pads{0, 0, 0, 0};
  template <typename V>
  void VisitFields(V&& v) {
    v("block", block);
    v("pads", pads);
  }
  bool operator==(const SpaceToBatch&) const = default;
};

// The inverse of SpaceToBatch; (crops [2, 2]) or `crops` (top, left, bottom, right) fall off the
// result.
struct BatchToSpace {
  static constexpr const char* kName = "BatchToSpace";
  static constexpr Arity kArity{1, 2};
  static constexpr size_t kDataInputs = 1;
  std::array<int64_t, 2> block{1, 1};
  std::array<int64_t, 4> crops{0, 0, 0, 0};
  template <typename V>
  void VisitFields(V&& v) {
    v("block", block);
    v("crops", crops);
  }
  bool operator==(const BatchToSpace&) const = default;
};

// What fusion makes of a convolution and its neighbours, the unit of work of the compiled program:
//   x [N,H,W,C], filter (HWIO, or HWOI when transposed), then as the flags say, in this order:
//   bias [M], norm scale [M], norm shift [M], residual [N,OH,OW,M]
//   -> activation2(activation(norm(conv(pad(x), filter) + bias)) * post_scale + post_shift +
//   residual)
// pad_mode says what stands in `window`'s padding, or (kConstant and kEdge) what a transposed
// convolution meets beyond x; output_pads and output_shrink are those of ConvTranspose2D.
// filter_scale and input_scale > 0 make it an Int8Conv2D (filter int8); 0: a float convolution.
struct ConvBlock {
  static constexpr const char* kName = "ConvBlock";
  Window window;
  bool transposed = false;
  PadMode pad_mode = PadMode::kConstant;
  std::array<int64_t, 2> output_pads{0, 0};
  std::array<int64_t, 2> output_shrink{0, 0};
  float input_scale = 0;
  float filter_scale = 0;
  bool has_bias = false;
  Norm norm = Norm::kNone;
  float epsilon = 0;
  Activation activation = Activation::kNone;
  float alpha = 0;  // slope of kLeakyRelu, for both activations
  float post_scale = 1;
  float post_shift = 0;
  bool has_residual = false;
  Activation activation2 = Activation::kNone;
  template <typename V>
  void VisitFields(V&& v) {
    window.VisitFields(v);
    v("transposed", transposed);
    v("pad_mode", pad_mode);
    v("output_pads", output_pads);
    v("output_shrink", output_shrink);
    v("input_scale", input_scale);
    v("filter_scale", filter_scale);
    v("has_bias", has_bias);
    v("norm", norm);
    v("epsilon", epsilon);
    v("activation", activation);
    v("alpha", alpha);
    v("post_scale", post_scale);
    v("post_shift", post_shift);
    v("has_residual", has_residual);
    v("activation2", activation2);
  }
  bool operator==(const ConvBlock&) const = default;
};

// What fusion makes of a convolution between quantizations: x int8 or uint8 [N,H,W,C], filter int8
// [KH,KW,C/groups,M], scale [M], bias [M] -> [N,OH,OW,M]:
//   v = min(max(float(sum of (x - x_zero) * filter) * scale + bias, low), high)
// as float32, or, where `to` is int8 or uint8, as round_half_even(v) + zero, saturated. The sum is
// exact; the padding holds x_zero.
struct QuantizedConv2D {
  static constexpr const char* kName = "QuantizedConv2D";
  static constexpr Arity kArity{4, 4};
  Window window;
  int64_t groups = 1;
  int64_t x_zero = 0;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  DType to = DType::kF32;
  int64_t zero = 0;
  template <typename V>
  void VisitFields(V&& v) {
    window.VisitFields(v);
    v("groups", groups);
    v("x_zero", x_zero);
    v("low", low);
    v("high", high);
    v("to", to);
    v("zero", zero);
  }
  bool operator==(const QuantizedConv2D&) const = default;
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

using Op =
    std::variant<Conv2D, ConvTranspose2D, Int8Conv2D, Int8ConvTranspose2D, InstanceNorm, BatchNorm,
                 Identity, Unary, Clip, Binary, PowerDifference, Where, Cast, QuantizeLinear,
                 DequantizeLinear, Softmax, Normalize, MatMul, Pool2D, Reduce, ArgReduce, CumSum,
                 Pad, Resize, Transpose, Reshape, Flatten, Squeeze, Unsqueeze, Expand, Tile, Concat,
                 Split, Slice, Gather, GatherElements, GatherNd, ShapeOf, Range, DepthToSpace,
                 SpaceToDepth, SpaceToBatch, BatchToSpace, ConvBlock, QuantizedConv2D,
                 QuantizedBinary, Lookup>;

// kName of the alternative that `op` holds.
inline const char* OpName(const Op& op) {
  return std::visit([](const auto& o) { return std::decay_t<decltype(o)>::kName; }, op);
}

}  // namespace picabia::ops
