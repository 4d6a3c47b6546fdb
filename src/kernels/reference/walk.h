// Walking arrays whose elements lie apart by strides: broadcasts, transpositions, reductions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/tensor.h"

namespace picabia::kernels::reference {

using Strides = std::vector<int64_t>;

// Elements between neighbours along each axis of a dense array.
inline Strides RowMajorStrides(const Shape& shape) {
  Strides strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Those of an array of shape `from` that is broadcast to `to`: 0 where an element repeats.
inline Strides BroadcastStrides(const Shape& from, const Shape& to) {
  Strides strides(to.size(), 0);
  int64_t step = 1;
  for (size_t i = 1; i <= from.size(); ++i) {
    const int64_t size = from[from.size() - i];
    if (size != 1) strides[to.size() - i] = step;
    step *= size;
  }
  return strides;
}

// Visits the indices of `shape` in row-major order and keeps the offsets that they have in N
// arrays. Axes that are dense in every array count as one, so that the innermost run is as long as
// it can be; callers loop over the run themselves.
template <size_t N>
class StridedWalk {
 public:
  using Offsets = std::array<int64_t, N>;

  StridedWalk(const Shape& shape, const std::array<Strides, N>& strides) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      Offsets step{};
      for (size_t k = 0; k < N; ++k) step[k] = strides[k][axis];
      Append(shape[axis], step);
    }
    if (axes_.empty()) axes_.push_back({1, {}});
  }

  // Elements of a run, and the distance between them in each array.
  int64_t run() const { return axes_.back().size; }
  const Offsets& step() const { return axes_.back().step; }

  // f(offsets of the run's first element) for each run.
  template <typename F>
  void ForEachRun(F&& f) const {
    if (empty_) return;
    Offsets at{};
    std::vector<int64_t> index(axes_.size() - 1, 0);
    do {
      f(at);
    } while (Next(index, at));
  }

 private:
  struct Axis {
    int64_t size = 1;
    Offsets step{};
  };

  void Append(int64_t size, const Offsets& step) {
    if (size == 0) empty_ = true;
    if (size == 1) return;
    bool dense = !axes_.empty();
    for (size_t k = 0; k < N && dense; ++k) dense = axes_.back().step[k] == step[k] * size;
    if (dense) {
      axes_.back() = {axes_.back().size * size, step};
    } else {
      axes_.push_back({size, step});
    }
  }

  bool Next(std::vector<int64_t>& index, Offsets& at) const {
    for (size_t i = index.size(); i-- > 0;) {
      const Axis& axis = axes_[i];
      for (size_t k = 0; k < N; ++k) at[k] += axis.step[k];
      if (++index[i] < axis.size) return true;
      for (size_t k = 0; k < N; ++k) at[k] -= axis.step[k] * axis.size;
      index[i] = 0;
    }
    return false;
  }

  std::vector<Axis> axes_;
  bool empty_ = false;
};

// The product of dims[begin], ..., dims[end - 1].
inline int64_t Product(const Shape& dims, size_t begin, size_t end) {
  int64_t product = 1;
  for (size_t i = begin; i < end; ++i) product *= dims[i];
  return product;
}

// A shape seen from one axis: `before` blocks of `size` pieces of `after` elements.
struct AxisView {
  AxisView(const Shape& shape, int64_t axis)
      : before(Product(shape, 0, static_cast<size_t>(axis))),
        size(shape[static_cast<size_t>(axis)]),
        after(Product(shape, static_cast<size_t>(axis) + 1, shape.size())) {}
  int64_t before, size, after;
};

// An unsigned integer type of the given size, for those who only move elements: f(uint32_t{}).
template <typename F>
void VisitElementSize(DType dtype, F&& f) {
  switch (DTypeSize(dtype)) {
    case 1:
      return f(uint8_t{});
    case 2:
      return f(uint16_t{});
    case 4:
      return f(uint32_t{});
    default:
      return f(uint64_t{});
  }
}

}  // namespace picabia::kernels::reference
