// Reference operators over axes: Reduce, ArgReduce, Softmax, Normalize.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/reference/elements.h"
#include "kernels/reference/reference.h"
#include "kernels/reference/walk.h"

namespace picabia::kernels::reference {
namespace {

// Which results the elements of an array go to.
struct Reduction {
  Reduction(const Shape& shape, const std::vector<int64_t>& axes)
      : results(ResultShape(shape, axes)),
        count(Product(results, 0, results.size())),
        walk(shape, {BroadcastStrides(results, shape)}) {
    for (int64_t a : axes) elements *= shape[static_cast<size_t>(a)];
  }

  // f(result, x's element) for every element, in order; `all` has `count` results.
  template <typename T, typename A, typename F>
  void ForEach(const T* x, A* all, F f) const {
    const int64_t n = walk.run(), step = walk.step()[0];
    walk.ForEachRun([&](const auto& at) {
      A* result = all + at[0];
      if (step == 0) {
        A only = *result;
        for (int64_t i = 0; i < n; ++i) f(only, x[i]);
        *result = only;
      } else {
        for (int64_t i = 0; i < n; ++i) f(result[i * step], x[i]);
      }
      x += n;
    });
  }

  static Shape ResultShape(Shape shape, const std::vector<int64_t>& axes) {
    for (int64_t a : axes) shape[static_cast<size_t>(a)] = 1;
    return shape;
  }

  Shape results;         // reduced axes as 1
  int64_t count;         // of results
  int64_t elements = 1;  // that make one result
  StridedWalk<1> walk;
};

// result = f(result, element) from `start` on, then finish(result).
template <typename T, typename A, typename F, typename G>
Status Fold(const Reduction& r, const Tensor& x, Tensor& y, A start, F f, G finish) {
  std::vector<A> results(static_cast<size_t>(r.count), start);
  r.ForEach(x.data<T>(), results.data(), [f](A& result, T v) { result = f(result, Load(v)); });
  T* out = y.MutableData<T>();
  for (A result : results) *out++ = finish(result);
  return OkStatus();
}

Status NoSuchKind(DType dtype) {
  return Unsupported(std::string("this reduction of ") + DTypeName(dtype));
}

// The kinds with fractions in between, in double.
template <typename T>
Status RootOrLog(ops::ReduceKind kind, const Reduction& r, const Tensor& x, Tensor& y) {
  using K = ops::ReduceKind;
  using C = Computed<T>;
  const auto square = [](double sum, C v) {
    return sum + static_cast<double>(v) * static_cast<double>(v);
  };
  const auto add = [](double sum, C v) { return sum + static_cast<double>(v); };
  switch (kind) {
    case K::kL2:
      return Fold<T>(r, x, y, 0.0, square, [](double s) { return Convert<T>(std::sqrt(s)); });
    case K::kLogSum:
      return Fold<T>(r, x, y, 0.0, add, [](double s) { return Convert<T>(std::log(s)); });
    default:
      return NoSuchKind(x.dtype());
  }
}

// log(sum(exp(x))) with the greatest x taken off first, so that no exp overflows.
template <typename T>
Status LogSumExp(const Reduction& r, const Tensor& x, Tensor& y) {
  struct Sum {
    double shift = -std::numeric_limits<double>::infinity();
    double sum = 0;
  };
  std::vector<Sum> sums(static_cast<size_t>(r.count));
  r.ForEach(x.data<T>(), sums.data(),
            [](Sum& s, T v) { s.shift = std::fmax(s.shift, static_cast<double>(Load(v))); });
  for (Sum& s : sums)
    if (std::isinf(s.shift)) s.shift = 0;  // inf - inf would be NaN
  r.ForEach(x.data<T>(), sums.data(),
            [](Sum& s, T v) { s.sum += std::exp(static_cast<double>(Load(v)) - s.shift); });
  T* out = y.MutableData<T>();
  for (const Sum& s : sums) *out++ = Convert<T>(std::log(s.sum) + s.shift);
  return OkStatus();
}

template <typename T>
Status FloatReduce(ops::ReduceKind kind, const Reduction& r, const Tensor& x, Tensor& y) {
  using K = ops::ReduceKind;
  using C = Computed<T>;
  const double infinity = std::numeric_limits<double>::infinity();
  const double divisor = kind == K::kMean ? static_cast<double>(r.elements) : 1;
  const auto quotient = [divisor](double s) { return Convert<T>(s / divisor); };
  switch (kind) {
    case K::kMean:
    case K::kSum:
      return Fold<T>(
          r, x, y, 0.0, [](double s, C v) { return s + static_cast<double>(v); }, quotient);
    case K::kMax:
      return Fold<T>(
          r, x, y, -infinity,
          [](double s, C v) { return v > s || v != v ? static_cast<double>(v) : s; }, quotient);
    case K::kMin:
      return Fold<T>(
          r, x, y, infinity,
          [](double s, C v) { return v < s || v != v ? static_cast<double>(v) : s; }, quotient);
    case K::kProduct:
      return Fold<T>(
          r, x, y, 1.0, [](double s, C v) { return s * static_cast<double>(v); }, quotient);
    case K::kL1:
      return Fold<T>(
          r, x, y, 0.0, [](double s, C v) { return s + std::fabs(static_cast<double>(v)); },
          quotient);
    case K::kSumSquare:
      return Fold<T>(
          r, x, y, 0.0,
          [](double s, C v) { return s + static_cast<double>(v) * static_cast<double>(v); },
          quotient);
    default:
      return RootOrLog<T>(kind, r, x, y);
  }
}

// Sums and products in uint64_t, which wraps.
template <typename T>
Status IntegerReduce(ops::ReduceKind kind, const Reduction& r, const Tensor& x, Tensor& y) {
  using K = ops::ReduceKind;
  using U = uint64_t;
  using Wide = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
  const auto low_bits = [](U s) { return static_cast<T>(s); };
  const auto itself = [](T v) { return v; };
  const auto add = [](U s, T v) { return s + U(v); };
  const Wide count = static_cast<Wide>(r.elements);
  switch (kind) {
    case K::kMean:
      if (count == 0 && r.count != 0)
        return InvalidArgument("mean of integers: found no element, expected one or more");
      return Fold<T>(r, x, y, U{0}, add,
                     [count](U s) { return static_cast<T>(static_cast<Wide>(s) / count); });
    case K::kSum:
      return Fold<T>(r, x, y, U{0}, add, low_bits);
    case K::kMax:
      return Fold<T>(
          r, x, y, std::numeric_limits<T>::min(), [](T s, T v) { return std::max(s, v); }, itself);
    case K::kMin:
      return Fold<T>(
          r, x, y, std::numeric_limits<T>::max(), [](T s, T v) { return std::min(s, v); }, itself);
    case K::kProduct:
      return Fold<T>(r, x, y, U{1}, [](U s, T v) { return s * U(v); }, low_bits);
    case K::kL1:
      return Fold<T>(r, x, y, U{0}, [](U s, T v) { return v < 0 ? s - U(v) : s + U(v); }, low_bits);
    case K::kSumSquare:
      return Fold<T>(r, x, y, U{0}, [](U s, T v) { return s + U(v) * U(v); }, low_bits);
    default:
      return RootOrLog<T>(kind, r, x, y);
  }
}

Status BoolReduce(ops::ReduceKind kind, const Reduction& r, const Tensor& x, Tensor& y) {
  using K = ops::ReduceKind;
  const auto store = [](uint8_t v) { return Bool(v != 0); };
  switch (kind) {
    case K::kAll:
    case K::kMin:
      return Fold<Bool>(
          r, x, y, uint8_t{1}, [](uint8_t s, bool v) { return static_cast<uint8_t>(v ? s : 0); },
          store);
    case K::kAny:
    case K::kMax:
      return Fold<Bool>(
          r, x, y, uint8_t{0}, [](uint8_t s, bool v) { return static_cast<uint8_t>(v ? 1 : s); },
          store);
    default:
      return NoSuchKind(x.dtype());
  }
}

// Whether v takes the place of the best so far. NaN is better than every number.
template <typename C>
bool Better(ops::ArgKind kind, bool select_last, C v, C best) {
  if (best != best) return select_last && v != v;
  if (v != v) return true;
  if (v == best) return select_last;
  return kind == ops::ArgKind::kMax ? v > best : v < best;
}

template <typename T>
void ArgBest(const ops::ArgReduce& op, const Tensor& x, Tensor& y) {
  const AxisView view(x.shape(), op.axis);
  const T* in = x.data<T>();
  int64_t* out = y.MutableData<int64_t>();
  for (int64_t b = 0; b < view.before; ++b) {
    for (int64_t k = 1; k < view.size; ++k)
      for (int64_t i = 0; i < view.after; ++i)
        if (Better(op.kind, op.select_last, Load(in[k * view.after + i]),
                   Load(in[out[i] * view.after + i])))
          out[i] = k;
    in += view.size * view.after;
    out += view.after;
  }
}

// The softmax of the n numbers of `lane`, in place.
void SoftmaxLane(ops::SoftmaxKind kind, std::vector<double>& lane) {
  if (lane.empty()) return;
  size_t best = 0;
  for (size_t i = 1; i < lane.size(); ++i)
    if (Better(ops::ArgKind::kMax, false, lane[i], lane[best])) best = i;
  if (kind == ops::SoftmaxKind::kHardmax) {
    std::fill(lane.begin(), lane.end(), 0.0);
    lane[best] = 1;
    return;
  }
  const double greatest = lane[best];
  double sum = 0;
  for (double v : lane) sum += std::exp(v - greatest);
  const double log_sum = std::log(sum);
  for (double& v : lane) {
    v -= greatest;
    v = kind == ops::SoftmaxKind::kSoftmax ? std::exp(v) / sum : v - log_sum;
  }
}

template <typename T>
void SoftmaxOf(const ops::Softmax& op, const Tensor& x, Tensor& y) {
  const AxisView view(x.shape(), op.axis);
  std::vector<double> lane(static_cast<size_t>(view.size));
  for (int64_t b = 0; b < view.before; ++b)
    for (int64_t i = 0; i < view.after; ++i) {
      const int64_t first = b * view.size * view.after + i;
      const T* in = x.data<T>() + first;
      T* out = y.MutableData<T>() + first;
      for (size_t k = 0; k < lane.size(); ++k)
        lane[k] = static_cast<double>(Load(in[static_cast<int64_t>(k) * view.after]));
      SoftmaxLane(op.kind, lane);
      for (size_t k = 0; k < lane.size(); ++k)
        out[static_cast<int64_t>(k) * view.after] = Convert<T>(lane[k]);
    }
}

template <typename T>
void NormalizeOf(const ops::Normalize& op, const Tensor& x, Tensor& y) {
  struct Moments {
    double mean = 0;
    double variance = 0;
  };
  const Reduction r(x.shape(), op.axes);
  const double count = static_cast<double>(r.elements);
  std::vector<Moments> moments(static_cast<size_t>(r.count));
  r.ForEach(x.data<T>(), moments.data(),
            [](Moments& m, T v) { m.mean += static_cast<double>(Load(v)); });
  for (Moments& m : moments) m.mean /= count;
  r.ForEach(x.data<T>(), moments.data(), [](Moments& m, T v) {
    const double d = static_cast<double>(Load(v)) - m.mean;
    m.variance += d * d;
  });
  for (Moments& m : moments) m.variance /= count;
  T* out = y.MutableData<T>();
  r.ForEach(x.data<T>(), moments.data(), [&](const Moments& m, T v) {
    const double deviation = std::sqrt(m.variance + static_cast<double>(op.epsilon));
    *out++ = Convert<T>((static_cast<double>(Load(v)) - m.mean) / deviation);
  });
}

// f(ElementType of x) where it is a float.
template <typename F>
Status VisitFloatType(const Tensor& x, const char* what, F f) {
  return VisitElementType(x.dtype(), [&](auto type) -> Status {
    if constexpr (kIsFloat<typename decltype(type)::type>) {
      f(type);
      return OkStatus();
    } else {
      return Unsupported(std::string(what) + " of " + DTypeName(x.dtype()));
    }
  });
}

}  // namespace

Status Reduce(const ops::Reduce& op, const Tensor& x, Tensor& y) {
  std::vector<int64_t> axes = op.axes;
  if (axes.empty() && op.empty_is_all)
    for (int64_t a = 0; a < x.rank(); ++a) axes.push_back(a);
  const Reduction r(x.shape(), axes);
  return VisitElementType(x.dtype(), [&](auto type) -> Status {
    using T = typename decltype(type)::type;
    if constexpr (std::is_same_v<T, Bool>) {
      return BoolReduce(op.kind, r, x, y);
    } else {
      if (op.kind == ops::ReduceKind::kLogSumExp) return LogSumExp<T>(r, x, y);
      if constexpr (kIsFloat<T>) {
        return FloatReduce<T>(op.kind, r, x, y);
      } else {
        return IntegerReduce<T>(op.kind, r, x, y);
      }
    }
  });
}

void ArgReduce(const ops::ArgReduce& op, const Tensor& x, Tensor& y) {
  VisitElementType(x.dtype(), [&](auto type) { ArgBest<typename decltype(type)::type>(op, x, y); });
}

Status Softmax(const ops::Softmax& op, const Tensor& x, Tensor& y) {
  return VisitFloatType(x, "softmax",
                        [&](auto type) { SoftmaxOf<typename decltype(type)::type>(op, x, y); });
}

Status Normalize(const ops::Normalize& op, const Tensor& x, Tensor& y) {
  return VisitFloatType(x, "normalization",
                        [&](auto type) { NormalizeOf<typename decltype(type)::type>(op, x, y); });
}

}  // namespace picabia::kernels::reference
