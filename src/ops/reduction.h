// Operators that sum, compare or normalise over axes or windows. ops.h says what each struct has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/common.h"

namespace picabia::ops {

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

}  // namespace picabia::ops
