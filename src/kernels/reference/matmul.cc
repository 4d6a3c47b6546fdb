// Reference matrix product.
#include <algorithm>
#include <utility>

#include "kernels/reference/elements.h"
#include "kernels/reference/reference.h"
#include "kernels/reference/walk.h"

namespace picabia::kernels::reference {
namespace {

// One operand as matrices: a vector is a row on the left, a column on the right.
struct Matrices {
  Matrices(const Shape& shape, bool transposed, bool left) {
    if (shape.size() < 2) {
      const int64_t size = shape.empty() ? 1 : shape[0];
      (left ? columns : rows) = size;
      (left ? column_step : row_step) = 1;
      return;
    }
    batch.assign(shape.begin(), shape.end() - 2);
    rows = shape[shape.size() - 2];
    columns = shape[shape.size() - 1];
    row_step = columns;
    if (transposed) {
      std::swap(rows, columns);
      std::swap(row_step, column_step);
    }
  }

  // Offsets between the matrices of a batch that is broadcast to `to`.
  Strides BatchStrides(const Shape& to) const {
    Strides strides = BroadcastStrides(batch, to);
    for (int64_t& s : strides) s *= rows * columns;
    return strides;
  }

  Shape batch;
  int64_t rows = 1, columns = 1;
  int64_t row_step = 1, column_step = 1;  // elements between neighbours
};

template <typename T, typename Sum>
class Multiplier {
 public:
  Multiplier(const Matrices& a, const Matrices& b, const Tensor& ta, const Tensor& tb, Tensor& y)
      : a_(a), b_(b), x_(ta.data<T>()), f_(tb.data<T>()), y_(y.MutableData<T>()) {
    factors_.resize(static_cast<size_t>(b.rows * b.columns));
    sums_.resize(static_cast<size_t>(b.columns));
  }

  // The product of the matrices at these offsets, behind those before it.
  void Multiply(int64_t a_offset, int64_t b_offset) {
    if (b_offset != loaded_) LoadFactors(b_offset);
    for (int64_t i = 0; i < a_.rows; ++i) {
      std::fill(sums_.begin(), sums_.end(), Sum{0});
      const T* row = x_ + a_offset + i * a_.row_step;
      const Sum* factor = factors_.data();
      for (int64_t k = 0; k < a_.columns; ++k) {
        const Sum v = static_cast<Sum>(Load(row[k * a_.column_step]));
        for (Sum& sum : sums_) sum += v * *factor++;
      }
      for (Sum sum : sums_) *y_++ = Convert<T>(sum);
    }
  }

 private:
  // The right matrix in rows, in the type of the sums: the inner loop then runs through it.
  void LoadFactors(int64_t offset) {
    loaded_ = offset;
    Sum* to = factors_.data();
    for (int64_t k = 0; k < b_.rows; ++k)
      for (int64_t j = 0; j < b_.columns; ++j)
        *to++ = static_cast<Sum>(Load(f_[offset + k * b_.row_step + j * b_.column_step]));
  }

  const Matrices &a_, &b_;
  const T *x_, *f_;
  T* y_;
  int64_t loaded_ = -1;
  std::vector<Sum> factors_, sums_;
};

template <typename T>
void MatMulOf(const ops::MatMul& op, const Tensor& a, const Tensor& b, Tensor& y) {
  const Matrices left(a.shape(), op.transpose_a, true), right(b.shape(), op.transpose_b, false);
  Shape batch = y.shape();  // without what the matrices leave
  if (a.rank() > 1) batch.pop_back();
  if (b.rank() > 1) batch.pop_back();
  // Integers sum in uint64_t, which wraps.
  using Sum = std::conditional_t<kIsFloat<T>, double, uint64_t>;
  Multiplier<T, Sum> multiplier(left, right, a, b, y);
  const StridedWalk<2> walk(batch, {left.BatchStrides(batch), right.BatchStrides(batch)});
  walk.ForEachRun([&](const auto& at) {
    for (int64_t i = 0; i < walk.run(); ++i)
      multiplier.Multiply(at[0] + i * walk.step()[0], at[1] + i * walk.step()[1]);
  });
}

}  // namespace

Status MatMul(const ops::MatMul& op, const Tensor& a, const Tensor& b, Tensor& y) {
  return VisitElementType(a.dtype(), [&](auto type) -> Status {
    using T = typename decltype(type)::type;
    if constexpr (std::is_same_v<T, Bool>) {
      return Unsupported("matrix product of bool");
    } else {
      MatMulOf<T>(op, a, b, y);
      return OkStatus();
    }
  });
}

}  // namespace picabia::kernels::reference
