// What several operators share: how many inputs they take, windows, padding, activations. ops.h
// says what each struct has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/tensor.h"

namespace picabia::ops {

// How many inputs an operator takes; max is more than min where trailing inputs may be absent.
struct Arity {
  size_t min = 1;
  size_t max = 1;
};
constexpr size_t kManyInputs = size_t{1} << 20;  // of Concat

// Type and shape of a tensor whose contents are not known. All dims >= 0.
struct TensorType {
  DType dtype = DType::kF32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
};

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

}  // namespace picabia::ops
