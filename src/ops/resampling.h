// Operators that change how many pixels there are: padding and resizing. ops.h says what each
// struct has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/common.h"

namespace picabia::ops {

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

}  // namespace picabia::ops
