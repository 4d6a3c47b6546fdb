// Reference operators that only move elements, of whatever type: Pad, Transpose, Expand, Tile,
// Concat, Split, Slice, and ShapeOf and Range, which make some.
#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/reference/elements.h"
#include "kernels/reference/reference.h"
#include "kernels/reference/strided_copy.h"
#include "kernels/reference/walk.h"

namespace picabia::kernels::reference {
namespace {

// `i` in [0, period), as if [0, period) went on in both directions.
int64_t Modulo(int64_t i, int64_t period) { return (i % period + period) % period; }

// Where position `i` of a padded axis comes from, or -1 for the constant.
int64_t PadSource(ops::PadMode mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  if (size == 0) return -1;
  switch (mode) {
    case ops::PadMode::kConstant:
      return -1;
    case ops::PadMode::kEdge:
      return i < 0 ? 0 : size - 1;
    case ops::PadMode::kReflect: {
      if (size == 1) return 0;
      const int64_t at = Modulo(i, 2 * (size - 1));  // there and back, the ends once
      return std::min(at, 2 * (size - 1) - at);
    }
    case ops::PadMode::kSymmetric: {
      const int64_t at = Modulo(i, 2 * size);  // there and back, the ends twice
      return std::min(at, 2 * size - 1 - at);
    }
    case ops::PadMode::kWrap:
      return Modulo(i, size);
  }
  return -1;
}

// Pads elements of type T: a run for each stretch of the last padded axis that is copied as it is.
template <typename T>
class Padder {
 public:
  Padder(const ops::Pad& op, const Tensor& x, const Shape& y_shape, T value)
      : value_(value),
        x_strides_(RowMajorStrides(x.shape())),
        y_strides_(RowMajorStrides(y_shape)) {
    for (size_t axis = 0; axis < y_shape.size(); ++axis) {
      std::vector<int64_t>& sources = sources_.emplace_back();
      for (int64_t i = 0; i < y_shape[axis]; ++i)
        sources.push_back(PadSource(op.mode, i - op.before[axis], x.shape()[axis]));
      if (op.before[axis] != 0 || op.after[axis] != 0) padded_axes_ = axis + 1;
    }
    all_ = x.num_elements();
  }

  void Run(const T* from, T* to) const { Block(0, from, to); }

 private:
  // The block of y that lies under one index of the axes before `axis`.
  void Block(size_t axis, const T* from, T* to) const {
    if (axis == padded_axes_) {  // only if nothing is padded at all
      std::copy_n(from, all_, to);
      return;
    }
    const std::vector<int64_t>& sources = sources_[axis];
    const int64_t x_step = x_strides_[axis], y_step = y_strides_[axis];
    for (size_t i = 0; i < sources.size();) {
      size_t n = 1;
      if (sources[i] < 0) {
        std::fill_n(to, y_step, value_);
      } else if (axis + 1 < padded_axes_) {
        Block(axis + 1, from + sources[i] * x_step, to);
      } else {
        while (i + n < sources.size() && sources[i + n] == sources[i + n - 1] + 1) ++n;
        std::copy_n(from + sources[i] * x_step, static_cast<int64_t>(n) * x_step, to);
      }
      to += static_cast<int64_t>(n) * y_step;
      i += n;
    }
  }

  T value_;
  Strides x_strides_, y_strides_;
  std::vector<std::vector<int64_t>> sources_;  // of each axis of y
  size_t padded_axes_ = 0;                     // the axes from here on are copied whole
  int64_t all_ = 0;
};

// `count` elements of x along an axis, from `begin` on.
void CopyPart(int64_t axis, int64_t begin, const Tensor& x, Tensor& y) {
  const size_t size = DTypeSize(x.dtype());
  const AxisView from(x.shape(), axis), to(y.shape(), axis);
  const size_t from_block = static_cast<size_t>(from.size * from.after) * size;
  const size_t to_block = static_cast<size_t>(to.size * to.after) * size;
  const std::byte* in = x.bytes() + static_cast<size_t>(begin * from.after) * size;
  std::byte* out = y.MutableData<std::byte>();
  if (to_block == 0) return;
  for (int64_t b = 0; b < from.before; ++b, in += from_block, out += to_block)
    std::memcpy(out, in, to_block);
}

}  // namespace

void Pad(const ops::Pad& op, const Tensor& x, Tensor& y) {
  if (y.num_elements() == 0) return;
  VisitElementType(x.dtype(), [&](auto type) {
    using T = typename decltype(type)::type;
    const Padder<T> padder(op, x, y.shape(), Convert<T>(op.value));
    padder.Run(x.data<T>(), y.MutableData<T>());
  });
}

void Transpose(const ops::Transpose& op, const Tensor& x, Tensor& y) {
  const Strides from = RowMajorStrides(x.shape());
  Strides strides;
  for (int64_t axis : op.perm) strides.push_back(from[static_cast<size_t>(axis)]);
  CopyStrided(y.shape(), strides, 0, x, y);
}

void Expand(const Tensor& x, Tensor& y) {
  CopyStrided(y.shape(), BroadcastStrides(x.shape(), y.shape()), 0, x, y);
}

void Tile(const ops::Tile& op, const Tensor& x, Tensor& y) {
  const Strides from = RowMajorStrides(x.shape());
  Shape shape;  // each axis twice: which copy, and where in it
  Strides strides;
  for (size_t axis = 0; axis < from.size(); ++axis) {
    shape.insert(shape.end(), {op.repeats[axis], x.shape()[axis]});
    strides.insert(strides.end(), {0, from[axis]});
  }
  CopyStrided(shape, strides, 0, x, y);
}

void Concat(const ops::Concat& op, std::span<const Tensor> inputs, Tensor& y) {
  const size_t size = DTypeSize(y.dtype());
  const AxisView to(y.shape(), op.axis);
  std::byte* out = y.MutableData<std::byte>();
  if (y.num_elements() == 0) return;
  for (int64_t b = 0; b < to.before; ++b)
    for (const Tensor& x : inputs) {
      const size_t block =
          static_cast<size_t>(x.shape()[static_cast<size_t>(op.axis)] * to.after) * size;
      if (block != 0) std::memcpy(out, x.bytes() + static_cast<size_t>(b) * block, block);
      out += block;
    }
}

void Split(const ops::Split& op, const Tensor& x, Tensor& y) {
  const int64_t size = x.shape()[static_cast<size_t>(op.axis)];
  int64_t begin = 0;
  if (op.sizes.empty()) {
    const int64_t part = size / op.parts + (size % op.parts != 0 ? 1 : 0);
    begin = std::min(op.index * part, size);
  }
  for (size_t i = 0; i < op.sizes.size() && i < static_cast<size_t>(op.index); ++i)
    begin += op.sizes[i];
  CopyPart(op.axis, begin, x, y);
}

Status Slice(const ops::Slice& op, const Tensor& x, Tensor& y) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<ops::SliceExtent> extents,
                           ops::ResolveSlice(op, x.shape()));
  Strides strides = RowMajorStrides(x.shape());
  int64_t first = 0;
  for (size_t axis = 0; axis < strides.size(); ++axis) {
    if (extents[axis].count == 0) return OkStatus();
    first += extents[axis].start * strides[axis];
    // An axis of one element takes no step, however long (it could wrap).
    strides[axis] = extents[axis].count == 1 ? 0 : strides[axis] * extents[axis].step;
  }
  CopyStrided(y.shape(), strides, first, x, y);
  return OkStatus();
}

void ShapeOf(const ops::ShapeOf& op, const Tensor& x, Tensor& y) {
  const int64_t rank = x.rank();
  const int64_t begin = std::clamp(op.start < 0 ? op.start + rank : op.start, int64_t{0}, rank);
  for (int64_t i = 0; i < y.num_elements(); ++i) {
    const int64_t size = x.shape()[static_cast<size_t>(begin + i)];
    if (y.dtype() == DType::kI32) {
      y.MutableData<int32_t>()[i] = static_cast<int32_t>(size);
    } else {
      y.MutableData<int64_t>()[i] = size;
    }
  }
}

Status Range(const Tensor& start, const Tensor& delta, Tensor& y) {
  return VisitElementType(y.dtype(), [&](auto type) -> Status {
    using T = typename decltype(type)::type;
    if constexpr (std::is_same_v<T, Bool>) {
      return Unsupported("a range of bool");
    } else {
      // Integers in uint64_t, which wraps; no element but those behind the last one ever does.
      using C = std::conditional_t<kIsFloat<T>, double, uint64_t>;
      const C first = static_cast<C>(Load(*start.data<T>()));
      const C step = static_cast<C>(Load(*delta.data<T>()));
      T* out = y.MutableData<T>();
      for (int64_t i = 0; i < y.num_elements(); ++i)
        out[i] = Convert<T>(first + static_cast<C>(i) * step);
      return OkStatus();
    }
  });
}

}  // namespace picabia::kernels::reference
