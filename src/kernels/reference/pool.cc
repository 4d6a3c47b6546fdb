// Reference pooling.
#include <algorithm>
#include <limits>

#include "base/checked.h"
#include "kernels/reference/elements.h"
#include "kernels/reference/reference.h"

namespace picabia::kernels::reference {
namespace {

struct Axis {
  int64_t in, out, kernel, stride, dilation, before, after;

  // Where tap k of window o lies; [0, in) is the picture.
  int64_t At(int64_t o, int64_t k) const { return o * stride - before + k * dilation; }
  // The first tap of window o that lies at 0 or behind, and the first that lies at `end` or behind:
  // a window may be far larger than the picture.
  int64_t TapFrom(int64_t o, int64_t end) const {
    const int64_t distance = end - At(o, 0);
    return distance <= 0 ? 0 : std::min(kernel, CeilDiv(distance, dilation));
  }
  // How many taps of window o lie in the picture, or in the padded one. What ceil_mode adds behind
  // the padding is in neither.
  int64_t Taps(int64_t o, bool include_pad) const {
    return include_pad ? TapFrom(o, in + after) : TapFrom(o, in) - TapFrom(o, 0);
  }
};

Result<Axis> PoolAxis(const ops::Pool2D& op, int axis, int64_t in) {
  PICABIA_ASSIGN_OR_RETURN(const ops::WindowExtent extent, ops::PoolExtent(op, axis, in));
  const auto a = static_cast<size_t>(axis);
  return Axis{in,
              extent.output,
              op.kernel[a],
              op.window.strides[a],
              op.window.dilations[a],
              extent.pad_before,
              extent.pad_after};
}

// For each window: result[c] = start, f(result[c], element) for its elements inside the picture,
// then finish(oy, ox, result[c]).
template <typename T, typename A, typename F, typename G>
void Windows(const Axis& v, const Axis& h, const Tensor& x, Tensor& y, A start, F f, G finish) {
  const int64_t batch = x.shape()[0], channels = x.shape()[3];
  std::vector<A> results(static_cast<size_t>(channels));
  T* out = y.MutableData<T>();
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t oy = 0; oy < v.out; ++oy)
      for (int64_t ox = 0; ox < h.out; ++ox) {
        std::fill(results.begin(), results.end(), start);
        for (int64_t ky = v.TapFrom(oy, 0); ky < v.TapFrom(oy, v.in); ++ky)
          for (int64_t kx = h.TapFrom(ox, 0); kx < h.TapFrom(ox, h.in); ++kx) {
            const int64_t iy = v.At(oy, ky), ix = h.At(ox, kx);
            const T* in = x.data<T>() + ((n * v.in + iy) * h.in + ix) * channels;
            for (A& result : results) result = f(result, Load(*in++));
          }
        for (A result : results) *out++ = finish(oy, ox, result);
      }
}

template <typename T>
void MaxPool(const Axis& v, const Axis& h, const Tensor& x, Tensor& y) {
  using C = Computed<T>;
  C start = std::numeric_limits<C>::lowest();
  if constexpr (kIsFloat<T>) start = -std::numeric_limits<C>::infinity();
  // NaN stays, once there.
  Windows<T>(
      v, h, x, y, start, [](C best, C u) { return u > best || u != u ? u : best; },
      [](int64_t, int64_t, C best) { return Store<T>(best); });
}

template <typename T>
void AveragePool(bool include_pad, const Axis& v, const Axis& h, const Tensor& x, Tensor& y) {
  std::vector<int64_t> rows, columns;
  for (int64_t o = 0; o < v.out; ++o) rows.push_back(v.Taps(o, include_pad));
  for (int64_t o = 0; o < h.out; ++o) columns.push_back(h.Taps(o, include_pad));
  Windows<T>(
      v, h, x, y, 0.0, [](double sum, Computed<T> u) { return sum + static_cast<double>(u); },
      [&](int64_t oy, int64_t ox, double sum) {
        const int64_t taps = rows[static_cast<size_t>(oy)] * columns[static_cast<size_t>(ox)];
        return Convert<T>(sum / static_cast<double>(taps));
      });
}

}  // namespace

Status Pool2D(const ops::Pool2D& op, const Tensor& x, Tensor& y) {
  PICABIA_ASSIGN_OR_RETURN(const Axis v, PoolAxis(op, 0, x.shape()[1]));
  PICABIA_ASSIGN_OR_RETURN(const Axis h, PoolAxis(op, 1, x.shape()[2]));
  return VisitElementType(x.dtype(), [&](auto type) -> Status {
    using T = typename decltype(type)::type;
    if (op.kind == ops::PoolKind::kMax) {
      if constexpr (!std::is_same_v<T, Bool>) {
        MaxPool<T>(v, h, x, y);
        return OkStatus();
      }
    } else if constexpr (kIsFloat<T>) {
      AveragePool<T>(op.include_pad, v, h, x, y);
      return OkStatus();
    }
    return Unsupported(std::string("this pool of ") + DTypeName(x.dtype()));
  });
}

}  // namespace picabia::kernels::reference
