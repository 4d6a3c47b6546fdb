// Convolutions, and what fusion makes of them and their neighbours. ops.h says what each struct
// has.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/tensor.h"
#include "ops/common.h"

namespace picabia::ops {

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
// filter_scales: one each output channel in the place of filter_scale, or empty. With an int16
// filter x has 16 bits, too: clamp(..., -32768, 32767). (Device mlu rounds halves away from zero.)
struct Int8Conv2D {
  static constexpr const char* kName = "Int8Conv2D";
  static constexpr Arity kArity{2, 2};
  Window window;
  float input_scale = 1;
  float filter_scale = 1;
  std::vector<float> filter_scales = {};
  template <typename V>
  void VisitFields(V&& v) {
    window.VisitFields(v);
    v("input_scale", input_scale);
    v("filter_scale", filter_scale);
    v("filter_scales", filter_scales);
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
  std::vector<float> filter_scales = {};
  template <typename V>
  void VisitFields(V&& v) {
    window.VisitFields(v);
    v("output_shrink", output_shrink);
    v("input_scale", input_scale);
    v("filter_scale", filter_scale);
    v("filter_scales", filter_scales);
  }
  bool operator==(const Int8ConvTranspose2D&) const = default;
};

// What fusion makes of a convolution and its neighbours, the unit of work of the compiled program:
//   x [N,H,W,C], filter (HWIO, or HWOI when transposed), then as the flags say, in this order:
//   bias [M], norm scale [M], norm shift [M], residual [N,OH,OW,M]
//   -> activation2(activation(norm(conv(pad(x), filter) + bias)) * post_scale + post_shift +
//   residual)
// pad_mode says what stands in `window`'s padding, or (kConstant and kEdge) what a transposed
// convolution meets beyond x; output_pads and output_shrink are those of ConvTranspose2D.
// filter_scale and input_scale > 0 make it an Int8Conv2D (filter int8 or int16); 0: a float
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
  std::vector<float> filter_scales = {};
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
    v("filter_scales", filter_scales);
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

}  // namespace picabia::ops
