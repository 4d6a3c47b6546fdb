// Reference Resize: each axis apart, by its table.
#include <algorithm>
#include <cmath>

#include "kernels/reference/elements.h"
#include "kernels/reference/reference.h"
#include "kernels/reference/walk.h"
#include "kernels/resize_table.h"

namespace picabia::kernels::reference {
namespace {

template <typename T>
std::vector<T> CopyAxis(const std::vector<T>& x, const AxisView& view, const ResizeAxis& table,
                        T outside) {
  std::vector<T> y(static_cast<size_t>(view.before * view.after) * table.index.size());
  T* out = y.data();
  for (int64_t b = 0; b < view.before; ++b)
    for (int64_t index : table.index) {
      if (index < 0) {
        std::fill_n(out, view.after, outside);
      } else {
        std::copy_n(x.data() + (b * view.size + index) * view.after, view.after, out);
      }
      out += view.after;
    }
  return y;
}

std::vector<double> FilterAxis(const std::vector<double>& x, const AxisView& view,
                               const ResizeAxis& table, double outside) {
  const int64_t size = static_cast<int64_t>(table.index.size()) / table.taps;
  std::vector<double> y(static_cast<size_t>(view.before * size * view.after), 0.0);
  double* out = y.data();
  for (int64_t b = 0; b < view.before; ++b)
    for (int64_t i = 0; i < size; ++i, out += view.after)
      for (int64_t t = i * table.taps; t < (i + 1) * table.taps; ++t) {
        const int64_t index = table.index[static_cast<size_t>(t)];
        const double weight = table.weight[static_cast<size_t>(t)];
        if (index < 0) {
          std::fill_n(out, view.after, outside);
          break;
        }
        if (weight == 0) continue;  // so that an infinity out of reach stays out
        const double* in = x.data() + (b * view.size + index) * view.after;
        for (int64_t k = 0; k < view.after; ++k) out[k] += weight * in[k];
      }
  return y;
}

// `values` of shape x, resized along one axis after the other by f.
template <typename T, typename F>
std::vector<T> AllAxes(std::vector<T> values, Shape shape, const Shape& y,
                       const std::vector<ResizeAxis>& tables, F f) {
  for (size_t a = 0; a < shape.size(); ++a) {
    if (tables[a].IsIdentity(shape[a])) continue;
    values = f(values, AxisView(shape, static_cast<int64_t>(a)), tables[a]);
    shape[a] = y[a];
  }
  return values;
}

// Integers round, halves to even, and saturate.
template <typename T>
T Rounded(double value) {
  if constexpr (kIsInteger<T>) {
    return Truncated<T>(std::nearbyint(value));
  } else {
    return Convert<T>(value);
  }
}

template <typename T>
void ResizeNearest(const ops::Resize& op, const std::vector<ResizeAxis>& tables, const Tensor& x,
                   Tensor& y) {
  const T outside = Rounded<T>(static_cast<double>(op.extrapolation_value));
  const auto values =
      AllAxes(std::vector<T>(x.data<T>(), x.data<T>() + x.num_elements()), x.shape(), y.shape(),
              tables, [outside](const auto& v, const AxisView& view, const ResizeAxis& table) {
                return CopyAxis(v, view, table, outside);
              });
  std::copy(values.begin(), values.end(), y.MutableData<T>());
}

template <typename T>
void ResizeFiltered(const ops::Resize& op, const std::vector<ResizeAxis>& tables, const Tensor& x,
                    Tensor& y) {
  const double outside = static_cast<double>(op.extrapolation_value);
  std::vector<double> values(static_cast<size_t>(x.num_elements()));
  const T* in = x.data<T>();
  for (double& v : values) v = static_cast<double>(Load(*in++));
  values = AllAxes(std::move(values), x.shape(), y.shape(), tables,
                   [outside](const auto& v, const AxisView& view, const ResizeAxis& table) {
                     return FilterAxis(v, view, table, outside);
                   });
  T* out = y.MutableData<T>();
  for (double v : values) *out++ = Rounded<T>(v);
}

}  // namespace

Status Resize(const ops::Resize& op, const Tensor& x, Tensor& y) {
  if (y.num_elements() == 0) return OkStatus();
  const std::vector<ResizeAxis> tables = ResizeTables(op, x.shape(), y.shape());
  return VisitElementType(x.dtype(), [&](auto type) -> Status {
    using T = typename decltype(type)::type;
    if (op.mode == ops::ResizeMode::kNearest) {
      ResizeNearest<T>(op, tables, x, y);
      return OkStatus();
    }
    if constexpr (std::is_same_v<T, Bool>) {
      return Unsupported("interpolation of bool");
    } else {
      ResizeFiltered<T>(op, tables, x, y);
      return OkStatus();
    }
  });
}

}  // namespace picabia::kernels::reference
