// Operators that move elements, or tell shapes, and compute nothing. ops.h says what each struct
// has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/tensor.h"
#include "ops/common.h"

namespace picabia::ops {

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

}  // namespace picabia::ops
