// Reference operators that move or reduce elements: Reduce, Pad, ResizeNearest, Transpose.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/reference/reference.h"

namespace picabia::kernels::reference {
namespace {

std::vector<int64_t> RowMajorStrides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Steps `index` to the next one in row-major order.
void Increment(std::vector<int64_t>& index, const Shape& shape) {
  for (size_t i = index.size(); i-- > 0;) {
    if (++index[i] < shape[i]) return;
    index[i] = 0;
  }
}

// Where position `i` of a padded axis comes from, or -1 for the constant.
int64_t PadSource(ops::PadMode mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case ops::PadMode::kConstant:
      return -1;
    case ops::PadMode::kEdge:
      return i < 0 ? 0 : size - 1;
    case ops::PadMode::kReflect:
      return i < 0 ? -i : 2 * (size - 1) - i;
    case ops::PadMode::kSymmetric:
      return i < 0 ? -i - 1 : 2 * size - 1 - i;
  }
  return -1;
}

int64_t NearestSource(const ops::ResizeNearest& op, int64_t i, int64_t in, int64_t out,
                      float scale) {
  double at = 0;
  switch (op.coordinate_mode) {
    case ops::CoordinateMode::kAsymmetric:
      at = static_cast<double>(i) / scale;
      break;
    case ops::CoordinateMode::kHalfPixel:
      at = (static_cast<double>(i) + 0.5) / scale - 0.5;
      break;
    case ops::CoordinateMode::kAlignCorners:
      at = out == 1 ? 0
                    : static_cast<double>(i) * static_cast<double>(in - 1) /
                          static_cast<double>(out - 1);
      break;
  }
  double rounded = 0;
  switch (op.nearest_mode) {
    case ops::NearestMode::kFloor:
      rounded = std::floor(at);
      break;
    case ops::NearestMode::kCeil:
      rounded = std::ceil(at);
      break;
    case ops::NearestMode::kRoundPreferFloor:
      rounded = std::ceil(at - 0.5);
      break;
    case ops::NearestMode::kRoundPreferCeil:
      rounded = std::floor(at + 0.5);
      break;
  }
  return std::clamp(static_cast<int64_t>(rounded), int64_t{0}, in - 1);
}

double Combine(ops::ReduceKind kind, double sum, double v) {
  switch (kind) {
    case ops::ReduceKind::kMax:
      return v > sum || v != v ? v : sum;
    case ops::ReduceKind::kMin:
      return v < sum || v != v ? v : sum;
    default:
      return sum + v;
  }
}

}  // namespace

Status Reduce(const ops::Reduce& op, const Tensor& x, Tensor& y) {
  if (x.dtype() != DType::kF32) {
    return Unsupported(std::string("reductions of ") + DTypeName(x.dtype()));
  }
  double start = 0;
  if (op.kind == ops::ReduceKind::kMax) start = -std::numeric_limits<double>::infinity();
  if (op.kind == ops::ReduceKind::kMin) start = std::numeric_limits<double>::infinity();
  std::vector<double> sums(static_cast<size_t>(y.num_elements()), start);
  Shape kept = x.shape();  // the output's shape with the reduced axes as 1
  int64_t count = 1;
  for (int64_t a : op.axes) count *= std::exchange(kept[static_cast<size_t>(a)], 1);
  std::vector<int64_t> strides = RowMajorStrides(kept);
  for (int64_t a : op.axes) strides[static_cast<size_t>(a)] = 0;
  std::vector<int64_t> index(kept.size(), 0);
  for (int64_t i = 0; i < x.num_elements(); ++i, Increment(index, x.shape())) {
    int64_t o = 0;
    for (size_t k = 0; k < index.size(); ++k) o += index[k] * strides[k];
    double& sum = sums[static_cast<size_t>(o)];
    sum = Combine(op.kind, sum, static_cast<double>(x.data<float>()[i]));
  }
  const double divisor = op.kind == ops::ReduceKind::kMean ? static_cast<double>(count) : 1;
  for (size_t i = 0; i < sums.size(); ++i)
    y.MutableData<float>()[i] = static_cast<float>(sums[i] / divisor);
  return OkStatus();
}

void Pad(const ops::Pad& op, const Tensor& x, Tensor& y) {
  const size_t size = DTypeSize(x.dtype());
  const std::vector<int64_t> strides = RowMajorStrides(x.shape());
  std::vector<int64_t> index(x.shape().size(), 0);
  for (int64_t i = 0; i < y.num_elements(); ++i, Increment(index, y.shape())) {
    int64_t from = 0;
    for (size_t k = 0; k < index.size() && from >= 0; ++k) {
      const int64_t s = PadSource(op.mode, index[k] - op.before[k], x.shape()[k]);
      from = s < 0 ? -1 : from + s * strides[k];
    }
    std::byte* to = y.MutableData<std::byte>() + static_cast<size_t>(i) * size;
    if (from >= 0) {
      std::memcpy(to, x.bytes() + static_cast<size_t>(from) * size, size);
    } else if (x.dtype() == DType::kF32) {
      std::memcpy(to, &op.value, size);
    } else {
      std::memset(to, 0, size);
    }
  }
}

void ResizeNearest(const ops::ResizeNearest& op, const Tensor& x, Tensor& y) {
  const Shape &xs = x.shape(), &ys = y.shape();
  const size_t run = static_cast<size_t>(xs[3]) * DTypeSize(x.dtype());
  std::byte* to = y.MutableData<std::byte>();
  for (int64_t n = 0; n < ys[0]; ++n)
    for (int64_t oy = 0; oy < ys[1]; ++oy) {
      const int64_t iy = NearestSource(op, oy, xs[1], ys[1], op.scales[0]);
      for (int64_t ox = 0; ox < ys[2]; ++ox, to += run) {
        const int64_t ix = NearestSource(op, ox, xs[2], ys[2], op.scales[1]);
        std::memcpy(to, x.bytes() + static_cast<size_t>((n * xs[1] + iy) * xs[2] + ix) * run, run);
      }
    }
}

void Transpose(const ops::Transpose& op, const Tensor& x, Tensor& y) {
  const size_t size = DTypeSize(x.dtype());
  const std::vector<int64_t> strides = RowMajorStrides(x.shape());
  std::vector<int64_t> index(x.shape().size(), 0);
  std::byte* to = y.MutableData<std::byte>();
  for (int64_t i = 0; i < y.num_elements(); ++i, to += size, Increment(index, y.shape())) {
    int64_t from = 0;
    for (size_t k = 0; k < index.size(); ++k)
      from += index[k] * strides[static_cast<size_t>(op.perm[k])];
    std::memcpy(to, x.bytes() + static_cast<size_t>(from) * size, size);
  }
}

}  // namespace picabia::kernels::reference
