// Reference operators that look elements up by number: Gather, GatherElements, GatherNd.
#include <cstring>

#include "kernels/reference/reference.h"
#include "kernels/reference/walk.h"

namespace picabia::kernels::reference {
namespace {

// An index into `size` elements; negative ones count from the end.
Result<int64_t> Position(int64_t index, int64_t size) {
  if (index < -size || index >= size) {
    return InvalidArgument("input 1 (indices): found " + std::to_string(index) +
                           ", expected one of [" + std::to_string(-size) + ", " +
                           std::to_string(size) + ")");
  }
  return index < 0 ? index + size : index;
}

}  // namespace

Status Gather(const ops::Gather& op, const Tensor& x, const Tensor& indices, Tensor& y) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> positions, IntegerValues(indices));
  const AxisView view(x.shape(), op.axis);
  for (int64_t& position : positions) {
    PICABIA_ASSIGN_OR_RETURN(position, Position(position, view.size));
  }
  const size_t piece = static_cast<size_t>(view.after) * DTypeSize(x.dtype());
  if (piece == 0) return OkStatus();
  std::byte* out = y.MutableData<std::byte>();
  for (int64_t b = 0; b < view.before; ++b)
    for (int64_t position : positions) {
      std::memcpy(out, x.bytes() + static_cast<size_t>(b * view.size + position) * piece, piece);
      out += piece;
    }
  return OkStatus();
}

Status GatherElements(const ops::GatherElements& op, const Tensor& x, const Tensor& indices,
                      Tensor& y) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<int64_t> positions, IntegerValues(indices));
  Strides strides = RowMajorStrides(x.shape());
  const size_t axis = static_cast<size_t>(op.axis);
  for (int64_t& position : positions) {
    PICABIA_ASSIGN_OR_RETURN(position, Position(position, x.shape()[axis]));
  }
  const int64_t axis_step = strides[axis];
  strides[axis] = 0;  // where it stands on the axis, the indices say
  const StridedWalk<1> walk(indices.shape(), {strides});
  VisitElementSize(x.dtype(), [&](auto element) {
    using T = decltype(element);
    T* out = y.MutableData<T>();
    const int64_t* position = positions.data();
    walk.ForEachRun([&](const auto& at) {
      const T* in = x.data<T>() + at[0];
      for (int64_t i = 0; i < walk.run(); ++i)
        *out++ = in[i * walk.step()[0] + *position++ * axis_step];
    });
  });
  return OkStatus();
}

Status GatherNd(const ops::GatherNd& op, const Tensor& x, const Tensor& indices, Tensor& y) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> numbers, IntegerValues(indices));
  const Shape& xs = x.shape();
  const size_t shared = static_cast<size_t>(op.batch_dims);
  const size_t depth = static_cast<size_t>(indices.shape().back());
  const int64_t batches = Product(xs, 0, shared);
  const int64_t rows = Product(indices.shape(), shared, indices.shape().size() - 1);
  const int64_t block = Product(xs, shared, xs.size());  // elements of a batch of x
  const int64_t after = Product(xs, shared + depth, xs.size());
  const size_t piece = static_cast<size_t>(after) * DTypeSize(x.dtype());
  std::byte* out = y.MutableData<std::byte>();
  const int64_t* number = numbers.data();
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t r = 0; r < rows; ++r, out += piece) {
      int64_t at = 0;
      for (size_t k = 0; k < depth; ++k) {
        const int64_t size = xs[shared + k];
        PICABIA_ASSIGN_OR_RETURN(const int64_t position, Position(*number++, size));
        at = at * size + position;
      }
      const size_t from = static_cast<size_t>(b * block) * DTypeSize(x.dtype());
      if (piece != 0) std::memcpy(out, x.bytes() + from + static_cast<size_t>(at) * piece, piece);
    }
  return OkStatus();
}

}  // namespace picabia::kernels::reference
