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
//   VisitFields(v)                       calls v(name, field) for each attribute: printing, parsing
//   and
//                                        file reading and writing are all written once over it
// and its comment lists the inputs in order; [brackets] mark those that may be absent at the end.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/tensor.h"

namespace picabia::ops {

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
};

// x any shape -> the same shape, elementwise; kLog, kSqrt of a negative number: NaN. alpha: the
// slope of kLeakyRelu below zero, the factor of kElu, that of kCelu (not 0); otherwise unused.
struct Unary {
  static constexpr const char* kName = "Unary";
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
};

// x, y with NumPy broadcasting -> elementwise.
struct Binary {
  static constexpr const char* kName = "Binary";
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
  template <typename V>
  void VisitFields(V&&) {}
  bool operator==(const PowerDifference&) const = default;
};

enum class ReduceKind : uint8_t { kMean = 0, kSum = 1, kMax = 2, kMin = 3 };

// x -> reduced over `axes` (sorted, >= 0, distinct; empty means none).
struct Reduce {
  static constexpr const char* kName = "Reduce";
  ReduceKind kind = ReduceKind::kMean;
  std::vector<int64_t> axes;
  bool keep_dims = false;
  template <typename V>
  void VisitFields(V&& v) {
    v("kind", kind);
    v("axes", axes);
    v("keep_dims", keep_dims);
  }
  bool operator==(const Reduce&) const = default;
};

// x of rank R; before and after have R entries >= 0.
struct Pad {
  static constexpr const char* kName = "Pad";
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

// Which input coordinate an output index i of a nearest-neighbour resize stands for (ONNX Resize).
enum class CoordinateMode : uint8_t { kAsymmetric = 0, kHalfPixel = 1, kAlignCorners = 2 };
enum class NearestMode : uint8_t {
  kFloor = 0,
  kCeil = 1,
  kRoundPreferFloor = 2,
  kRoundPreferCeil = 3
};

// x [N,H,W,C] -> [N, floor(H*scales[0]), floor(W*scales[1]), C], nearest neighbour. scales > 0.
struct ResizeNearest {
  static constexpr const char* kName = "ResizeNearest";
  std::array<float, 2> scales{1, 1};
  CoordinateMode coordinate_mode = CoordinateMode::kAsymmetric;
  NearestMode nearest_mode = NearestMode::kFloor;
  template <typename V>
  void VisitFields(V&& v) {
    v("scales", scales);
    v("coordinate_mode", coordinate_mode);
    v("nearest_mode", nearest_mode);
  }
  bool operator==(const ResizeNearest&) const = default;
};

// x of rank R -> axes reordered: output axis i is input axis perm[i].
struct Transpose {
  static constexpr const char* kName = "Transpose";
  std::vector<int64_t> perm;
  template <typename V>
  void VisitFields(V&& v) {
    v("perm", perm);
  }
  bool operator==(const Transpose&) const = default;
};

// x -> the same elements under `shape`; one entry may be -1 (what is left), 0 keeps the input's
// dimension.
struct Reshape {
  static constexpr const char* kName = "Reshape";
  std::vector<int64_t> shape;
  template <typename V>
  void VisitFields(V&& v) {
    v("shape", shape);
  }
  bool operator==(const Reshape&) const = default;
};

// What fusion makes of a convolution and its neighbours, the unit of work of the compiled program:
//   x [N,H,W,C], filter (HWIO, or HWOI when transposed), then as the flags say, in this order:
//   bias [M], norm scale [M], norm shift [M], residual [N,OH,OW,M]
//   -> activation2(activation(norm(conv(pad(x), filter) + bias)) * post_scale + post_shift +
//   residual)
// pad_mode says what stands in `window`'s padding; output_pads and output_shrink are those of
// ConvTranspose2D. filter_scale and input_scale > 0 make it an Int8Conv2D (filter int8); 0: a float
// convolution.
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

using Op = std::variant<Conv2D, ConvTranspose2D, Int8Conv2D, Int8ConvTranspose2D, InstanceNorm,
                        BatchNorm, Identity, Unary, Clip, Binary, PowerDifference, Reduce, Pad,
                        ResizeNearest, Transpose, Reshape, ConvBlock>;

// kName of the alternative that `op` holds.
inline const char* OpName(const Op& op) {
  return std::visit([](const auto& o) { return std::decay_t<decltype(o)>::kName; }, op);
}

}  // namespace picabia::ops
