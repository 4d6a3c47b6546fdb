// The reference of CumSum.
#include "base/element.h"
#include "kernels/reference/reference.h"

namespace picabia::kernels::reference {
namespace {

// A running sum: floats in double, integers as unsigned numbers, which wrap.
template <typename T>
struct Sum {
  double value = 0;
  void Add(T v) { value += static_cast<double>(static_cast<float>(v)); }
  T Get() const { return T(static_cast<float>(value)); }
};
template <>
struct Sum<double> {
  double value = 0;
  void Add(double v) { value += v; }
  double Get() const { return value; }
};
template <typename T>
  requires std::is_integral_v<T>
struct Sum<T> {
  uint64_t value = 0;
  void Add(T v) { value += static_cast<uint64_t>(v); }
  T Get() const { return static_cast<T>(value); }
};

template <typename T>
void SumAlong(const ops::CumSum& op, const Tensor& x, Tensor& y) {
  const auto axis = static_cast<size_t>(op.axis);
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < axis; ++i) outer *= x.shape()[i];
  for (size_t i = axis + 1; i < x.shape().size(); ++i) inner *= x.shape()[i];
  const int64_t count = x.shape()[axis];
  for (int64_t line = 0; line < outer * inner; ++line) {
    const int64_t first = line / inner * count * inner + line % inner;
    Sum<T> sum;
    for (int64_t step = 0; step < count; ++step) {
      const int64_t at = first + (op.reverse ? count - 1 - step : step) * inner;
      if (op.exclusive) y.MutableData<T>()[at] = sum.Get();
      sum.Add(x.data<T>()[at]);
      if (!op.exclusive) y.MutableData<T>()[at] = sum.Get();
    }
  }
}

}  // namespace

void CumSum(const ops::CumSum& op, const Tensor& x, Tensor& y) {
  VisitElementType(x.dtype(), [&]<typename T>(ElementType<T>) {
    if constexpr (!std::is_same_v<T, Bool>) SumAlong<T>(op, x, y);  // bool is no number
  });
}

}  // namespace picabia::kernels::reference
