// Shapes of reductions and of operators that move elements about.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/checked.h"
#include "base/element.h"
#include "ops/shape_rule.h"

namespace picabia::ops {
namespace {

bool Contains(const std::vector<int64_t>& sorted, size_t axis) {
  return std::binary_search(sorted.begin(), sorted.end(), static_cast<int64_t>(axis));
}

Status CheckAxes(Types in, const std::vector<int64_t>& axes) {
  for (int64_t axis : axes) PICABIA_RETURN_IF_ERROR(CheckAxis(in, axis));
  return OkStatus();
}

int64_t Clamp(int64_t v, int64_t low, int64_t high) { return std::max(low, std::min(v, high)); }

}  // namespace

Result<Shape> OutputShape(const Reduce& op, Types in) {
  const Shape& x = in[0].shape;
  PICABIA_RETURN_IF_ERROR(CheckAxes(in, op.axes));
  const bool all = op.axes.empty() && op.empty_is_all;
  Shape y;
  for (size_t i = 0; i < x.size(); ++i) {
    const bool reduced = all || Contains(op.axes, i);
    if (!reduced) y.push_back(x[i]);
    if (reduced && op.keep_dims) y.push_back(1);
  }
  return y;
}

Result<Shape> OutputShape(const ArgReduce& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckAxis(in, op.axis));
  Shape y = in[0].shape;
  const auto at = y.begin() + static_cast<std::ptrdiff_t>(op.axis);
  if (*at == 0)
    return InvalidArgument("found no element along axis " + std::to_string(op.axis) + " of " +
                           ShapeString(in[0].shape) + ", expected at least one");
  if (op.keep_dims) {
    *at = 1;
  } else {
    y.erase(at);
  }
  return y;
}

Result<Shape> OutputShape(const MatMul& op, Types in) {
  Shape a = in[0].shape, b = in[1].shape;
  const bool row = a.size() == 1, column = b.size() == 1;
  if (a.empty() || b.empty())
    return InvalidArgument("found shapes " + ShapeString(a) + " and " + ShapeString(b) +
                           ", expected at least one dimension each");
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  if (op.transpose_a && !row) std::swap(a[a.size() - 1], a[a.size() - 2]);
  if (op.transpose_b && !column) std::swap(b[b.size() - 1], b[b.size() - 2]);
  const int64_t m = a[a.size() - 2], k = a.back(), n = b.back();
  if (k != b[b.size() - 2])
    return InvalidArgument("found shapes " + ShapeString(in[0].shape) + " and " +
                           ShapeString(in[1].shape) + ", whose inner dimensions differ: " +
                           std::to_string(k) + " against " + std::to_string(b[b.size() - 2]));
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  PICABIA_ASSIGN_OR_RETURN(Shape y, BroadcastShapes(a, b));
  if (!row) y.push_back(m);
  if (!column) y.push_back(n);
  return y;
}

Result<Shape> OutputShape(const Transpose& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", op.perm.size()));
  Shape y;
  for (int64_t p : op.perm) y.push_back(in[0].shape[static_cast<size_t>(p)]);
  return y;
}

Result<Shape> OutputShape(const Reshape& op, Types in) {
  const Shape& x = in[0].shape;
  Shape y = op.shape;
  const Status mismatch = InvalidArgument("attribute shape: found " + ShapeString(op.shape) +
                                          ", expected the elements of " + ShapeString(x));
  int64_t known = 1;
  int64_t* rest = nullptr;
  for (size_t i = 0; i < y.size(); ++i) {
    if (y[i] == 0 && !op.allow_zero) {
      if (i >= x.size()) return mismatch;
      y[i] = x[i];
    }
    if (y[i] < 0) {
      rest = &y[i];
      continue;
    }
    const auto product = CheckedMul(known, y[i]);
    if (!product) return mismatch;
    known = *product;
  }
  const auto total = CheckedProduct(x);
  if (!total) return mismatch;
  // 0 * ? = 0 has no single answer.
  if (rest != nullptr && (known == 0 || *total % known != 0)) return mismatch;
  if (rest != nullptr) *rest = *total / known;
  if (rest == nullptr && known != *total) return mismatch;
  return y;
}

Result<Shape> OutputShape(const Flatten& op, Types in) {
  const std::span<const int64_t> x = in[0].shape;
  if (op.axis > static_cast<int64_t>(x.size()))
    return InvalidArgument("found axis " + std::to_string(op.axis) +
                           ", expected 0 to the rank of " + ShapeString(in[0].shape));
  const auto rows = CheckedProduct(x.first(static_cast<size_t>(op.axis)));
  const auto columns = CheckedProduct(x.subspan(static_cast<size_t>(op.axis)));
  if (rows && columns) return Shape{*rows, *columns};
  return InvalidArgument("found shape " + ShapeString(in[0].shape) + ", which is too large");
}

Result<Shape> OutputShape(const Squeeze& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckAxes(in, op.axes));
  const Shape& x = in[0].shape;
  Shape y;
  for (size_t i = 0; i < x.size(); ++i) {
    const bool named = Contains(op.axes, i);
    if (named && x[i] != 1)
      return InvalidArgument("found axis " + std::to_string(i) + " of " + ShapeString(x) +
                             ", expected a dimension of 1");
    if (!named && !(op.axes.empty() && x[i] == 1)) y.push_back(x[i]);
  }
  return y;
}

Result<Shape> OutputShape(const Unsqueeze& op, Types in) {
  const Shape& x = in[0].shape;
  const size_t rank = x.size() + op.axes.size();
  if (!op.axes.empty() && op.axes.back() >= static_cast<int64_t>(rank))
    return InvalidArgument("attribute axes: found " + ShapeString(op.axes) +
                           ", expected axes of a result of rank " + std::to_string(rank));
  Shape y;
  for (size_t i = 0, from = 0; i < rank; ++i) y.push_back(Contains(op.axes, i) ? 1 : x[from++]);
  return y;
}

Result<Shape> OutputShape(const Expand& op, Types in) {
  return BroadcastShapes(in[0].shape, op.shape);
}

Result<Shape> OutputShape(const Tile& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 0, "x", op.repeats.size()));
  Shape y = in[0].shape;
  for (size_t i = 0; i < y.size(); ++i) {
    const auto size = CheckedMul(y[i], op.repeats[i]);
    if (!size)
      return InvalidArgument("repeats of axis " + std::to_string(i) +
                             ": the size does not fit in 64 bits");
    y[i] = *size;
  }
  return y;
}

Result<Shape> OutputShape(const Concat& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckAxis(in, op.axis));
  const auto axis = static_cast<size_t>(op.axis);
  Shape y = in[0].shape;
  for (size_t i = 1; i < in.size(); ++i) {
    const Shape& part = in[i].shape;
    bool alike = part.size() == y.size();
    for (size_t k = 0; alike && k < y.size(); ++k) alike = k == axis || part[k] == y[k];
    if (!alike)
      return InvalidArgument(InputLabel(i, "part") + "found shape " + ShapeString(part) +
                             ", expected that of input 0, " + ShapeString(in[0].shape) +
                             ", but for axis " + std::to_string(axis));
    const auto size = CheckedAdd(y[axis], part[axis]);
    if (!size) return InvalidArgument(InputLabel(i, "part") + "the size does not fit in 64 bits");
    y[axis] = *size;
  }
  return y;
}

Result<Shape> OutputShape(const Split& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckAxis(in, op.axis));
  Shape y = in[0].shape;
  int64_t& size = y[static_cast<size_t>(op.axis)];
  if (op.sizes.empty()) {
    const int64_t piece = CeilDiv(size, op.parts);
    size = Clamp(size - op.index * piece, 0, piece);
    return y;
  }
  int64_t sum = 0;
  for (int64_t s : op.sizes) sum = CheckedAdd(sum, s).value_or(INT64_MAX);
  if (sum != size)
    return InvalidArgument("found pieces of " + ShapeString(op.sizes) + ", expected the sum " +
                           std::to_string(size) + " of axis " + std::to_string(op.axis));
  size = op.sizes[static_cast<size_t>(op.index)];
  return y;
}

Result<std::vector<SliceExtent>> ResolveSlice(const Slice& op, const Shape& x) {
  std::vector<SliceExtent> extents;
  for (int64_t d : x) extents.push_back({0, 1, d});
  for (size_t i = 0; i < op.starts.size(); ++i) {
    const size_t axis = op.axes.empty() ? i : static_cast<size_t>(op.axes[i]);
    if (axis >= x.size())
      return InvalidArgument("slice: found axis " + std::to_string(axis) + ", expected one of " +
                             ShapeString(x));
    const int64_t size = x[axis], step = op.steps.empty() ? 1 : op.steps[i];
    const auto wrap = [size](int64_t v) { return v < 0 ? v + size : v; };  // size >= 0: cannot wrap
    SliceExtent e{0, step, 0};
    if (step > 0) {
      e.start = Clamp(wrap(op.starts[i]), 0, size);
      const int64_t span = Clamp(wrap(op.ends[i]), 0, size) - e.start;
      e.count = span <= 0 ? 0 : (span - 1) / step + 1;
    } else {
      e.start = Clamp(wrap(op.starts[i]), -1, size - 1);
      const int64_t span = e.start - Clamp(wrap(op.ends[i]), -1, size - 1);
      // -(step + 1) + 1 would overflow only where one element is left anyway.
      e.count = span <= 0 ? 0 : step == INT64_MIN ? 1 : (span - 1) / -step + 1;
    }
    extents[axis] = e;
  }
  return extents;
}

Result<Shape> OutputShape(const Slice& op, Types in) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<SliceExtent> extents, ResolveSlice(op, in[0].shape));
  Shape y;
  for (const SliceExtent& e : extents) y.push_back(e.count);
  return y;
}

Result<Shape> OutputShape(const Gather& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckAxis(in, op.axis));
  const Shape& x = in[0].shape;
  const auto at = static_cast<std::ptrdiff_t>(op.axis);
  Shape y(x.begin(), x.begin() + at);
  y.insert(y.end(), in[1].shape.begin(), in[1].shape.end());
  y.insert(y.end(), x.begin() + at + 1, x.end());
  return y;
}

Result<Shape> OutputShape(const GatherElements& op, Types in) {
  PICABIA_RETURN_IF_ERROR(CheckAxis(in, op.axis));
  const Shape &x = in[0].shape, &y = in[1].shape;
  PICABIA_RETURN_IF_ERROR(CheckRank(in, 1, "indices", x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    if (i == static_cast<size_t>(op.axis) || y[i] <= x[i]) continue;
    return InvalidArgument(InputLabel(1, "indices") + "found shape " + ShapeString(y) +
                           ", expected no dimension larger than those of " + ShapeString(x) +
                           " but axis " + std::to_string(op.axis));
  }
  return y;
}

Result<Shape> OutputShape(const GatherNd& op, Types in) {
  const Shape &x = in[0].shape, &indices = in[1].shape;
  const auto batch = static_cast<size_t>(op.batch_dims);
  const bool fits =
      !indices.empty() && batch < indices.size() && indices.back() >= 0 &&
      indices.back() <= static_cast<int64_t>(x.size()) &&
      batch + static_cast<size_t>(indices.back()) <= x.size() &&
      std::equal(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(batch), indices.begin());
  if (!fits)
    return InvalidArgument(InputLabel(1, "indices") + "found shape " + ShapeString(indices) +
                           ", expected indices into " + ShapeString(x) + " with " +
                           std::to_string(batch) + " shared dimensions");
  Shape y(indices.begin(), indices.end() - 1);
  y.insert(y.end(), x.begin() + static_cast<std::ptrdiff_t>(batch) + indices.back(), x.end());
  return y;
}

int64_t FirstAxis(const ShapeOf& op, size_t rank) {
  const auto n = static_cast<int64_t>(rank);
  return Clamp(op.start < 0 ? op.start + n : op.start, 0, n);
}

Result<Shape> OutputShape(const ShapeOf& op, Types in) {
  const auto rank = static_cast<int64_t>(in[0].shape.size());
  const int64_t start = FirstAxis(op, in[0].shape.size());
  return Shape{Clamp(op.end < 0 ? op.end + rank : op.end, start, rank) - start};
}

Result<int64_t> RangeLength(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  const auto too_long = [] { return InvalidArgument("range: found more than 2^40 elements"); };
  constexpr int64_t kMost = int64_t{1} << 40;
  if (IsFloat(start.dtype())) {
    PICABIA_ASSIGN_OR_RETURN(const std::vector<float> s, FloatValues(start));
    PICABIA_ASSIGN_OR_RETURN(const std::vector<float> l, FloatValues(limit));
    PICABIA_ASSIGN_OR_RETURN(const std::vector<float> d, FloatValues(delta));
    const double n = std::ceil((double{l[0]} - double{s[0]}) / double{d[0]});
    if (std::isnan(n) || d[0] == 0) return InvalidArgument("range: found a step of 0 or NaN");
    return n <= 0                            ? 0
           : n <= static_cast<double>(kMost) ? Result<int64_t>(static_cast<int64_t>(n))
                                             : too_long();
  }
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> s, IntegerValues(start));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> l, IntegerValues(limit));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> d, IntegerValues(delta));
  if (d[0] == 0) return InvalidArgument("range: found a step of 0");
  if ((d[0] > 0) != (l[0] > s[0])) return 0;
  // Distances as unsigned numbers, which cannot overflow.
  const auto distance = [](int64_t a, int64_t b) {
    return a > b ? static_cast<uint64_t>(a) - static_cast<uint64_t>(b)
                 : static_cast<uint64_t>(b) - static_cast<uint64_t>(a);
  };
  const uint64_t span = distance(l[0], s[0]), step = distance(d[0], 0);
  const uint64_t n = span == 0 ? 0 : (span - 1) / step + 1;
  if (n > static_cast<uint64_t>(kMost)) return too_long();
  return static_cast<int64_t>(n);
}

}  // namespace picabia::ops
