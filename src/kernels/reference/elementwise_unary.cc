// Reference elementwise operators of one input.
#include <cmath>
#include <numbers>

#include "kernels/reference/elements.h"
#include "kernels/reference/reference.h"

namespace picabia::kernels::reference {
namespace {

// y = f(x), each in the type that elements of T and R compute in.
template <typename T, typename R = T, typename F>
Status Map(const Tensor& x, Tensor& y, F f) {
  const T* in = x.data<T>();
  R* out = y.MutableData<R>();
  for (int64_t i = 0; i < x.num_elements(); ++i) out[i] = Store<R>(f(Load(in[i])));
  return OkStatus();
}

// y = f(x) with f in double, for what would lose digits or overflow on the way.
template <typename T, typename F>
Status MapInDouble(const Tensor& x, Tensor& y, F f) {
  return Map<T>(x, y,
                [f](Computed<T> v) { return static_cast<Computed<T>>(f(static_cast<double>(v))); });
}

double Sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

double Softplus(double v) {  // without overflow for a large v
  return std::fmax(v, 0) + std::log1p(std::exp(-std::fabs(v)));
}

double GeluTanh(double v) {
  const double slope = std::sqrt(2 / std::numbers::pi);
  return v / 2 * (1 + std::tanh(slope * (v + 0.044715 * v * v * v)));
}

Status NoSuchKind(DType dtype) {
  return Unsupported(std::string("this elementwise operator on ") + DTypeName(dtype));
}

// The kinds that the C library has.
template <typename T>
Status LibraryUnary(ops::UnaryKind kind, const Tensor& x, Tensor& y) {
  using K = ops::UnaryKind;
  using C = Computed<T>;
  switch (kind) {
    case K::kTanh:
      return Map<T>(x, y, [](C v) { return std::tanh(v); });
    case K::kSqrt:
      return Map<T>(x, y, [](C v) { return std::sqrt(v); });
    case K::kExp:
      return Map<T>(x, y, [](C v) { return std::exp(v); });
    case K::kLog:
      return Map<T>(x, y, [](C v) { return std::log(v); });
    case K::kErf:
      return Map<T>(x, y, [](C v) { return std::erf(v); });
    case K::kFloor:
      return Map<T>(x, y, [](C v) { return std::floor(v); });
    case K::kCeil:
      return Map<T>(x, y, [](C v) { return std::ceil(v); });
    case K::kRound:
      return Map<T>(x, y, [](C v) { return std::nearbyint(v); });
    case K::kSin:
      return Map<T>(x, y, [](C v) { return std::sin(v); });
    case K::kCos:
      return Map<T>(x, y, [](C v) { return std::cos(v); });
    case K::kTan:
      return Map<T>(x, y, [](C v) { return std::tan(v); });
    case K::kAsin:
      return Map<T>(x, y, [](C v) { return std::asin(v); });
    case K::kAcos:
      return Map<T>(x, y, [](C v) { return std::acos(v); });
    case K::kAtan:
      return Map<T>(x, y, [](C v) { return std::atan(v); });
    case K::kSinh:
      return Map<T>(x, y, [](C v) { return std::sinh(v); });
    case K::kCosh:
      return Map<T>(x, y, [](C v) { return std::cosh(v); });
    case K::kAsinh:
      return Map<T>(x, y, [](C v) { return std::asinh(v); });
    case K::kAcosh:
      return Map<T>(x, y, [](C v) { return std::acosh(v); });
    case K::kAtanh:
      return Map<T>(x, y, [](C v) { return std::atanh(v); });
    default:
      return NoSuchKind(x.dtype());
  }
}

// The activation functions of networks. Comparisons stand so that NaN stays NaN.
template <typename T>
Status ActivationUnary(ops::UnaryKind kind, float alpha, const Tensor& x, Tensor& y) {
  using K = ops::UnaryKind;
  using C = Computed<T>;
  const C a = static_cast<C>(alpha);
  switch (kind) {
    case K::kLeakyRelu:
      return Map<T>(x, y, [a](C v) { return v < 0 ? v * a : v; });
    case K::kSigmoid:
      return MapInDouble<T>(x, y, Sigmoid);
    case K::kReciprocal:
      return Map<T>(x, y, [](C v) { return 1 / v; });
    case K::kSoftplus:
      return MapInDouble<T>(x, y, Softplus);
    case K::kSoftsign:
      return Map<T>(x, y, [](C v) { return v / (1 + std::fabs(v)); });
    case K::kElu:
      return Map<T>(x, y, [a](C v) { return v < 0 ? a * std::expm1(v) : v; });
    case K::kCelu:
      return Map<T>(x, y, [a](C v) { return v < 0 ? a * std::expm1(v / a) : v; });
    case K::kHardSwish:
      return Map<T>(x, y, [](C v) {
        return v * std::fmin(std::fmax(v / 6 + static_cast<C>(0.5), C{0}), C{1});
      });
    case K::kMish:
      return MapInDouble<T>(x, y, [](double v) { return v * std::tanh(Softplus(v)); });
    case K::kGelu:
      return MapInDouble<T>(
          x, y, [](double v) { return v / 2 * (1 + std::erf(v / std::numbers::sqrt2)); });
    case K::kGeluTanh:
      return MapInDouble<T>(x, y, GeluTanh);
    case K::kThresholdedRelu:
      return Map<T>(x, y, [a](C v) { return v > a ? v : C{0}; });
    case K::kSwish:
      return MapInDouble<T>(
          x, y, [alpha](double v) { return v * Sigmoid(static_cast<double>(alpha) * v); });
    default:
      return LibraryUnary<T>(kind, x, y);
  }
}

template <typename T>
Status FloatUnary(ops::UnaryKind kind, float alpha, const Tensor& x, Tensor& y) {
  using K = ops::UnaryKind;
  using C = Computed<T>;
  switch (kind) {
    case K::kRelu:
      return Map<T>(x, y, [](C v) { return v < 0 ? C{0} : v; });
    case K::kNeg:
      return Map<T>(x, y, [](C v) { return -v; });
    case K::kAbs:
      return Map<T>(x, y, [](C v) { return std::fabs(v); });
    case K::kSign:
      return Map<T>(x, y, [](C v) { return v > 0 ? C{1} : v < 0 ? C{-1} : v; });
    case K::kIsNan:
      return Map<T, Bool>(x, y, [](C v) { return v != v; });
    case K::kIsInfinite:
      return Map<T, Bool>(
          x, y, [alpha](C v) { return std::isinf(v) && (alpha == 0 || (alpha > 0) == (v > 0)); });
    default:
      return ActivationUnary<T>(kind, alpha, x, y);
  }
}

template <typename T>
Status IntegerUnary(ops::UnaryKind kind, const Tensor& x, Tensor& y) {
  using K = ops::UnaryKind;
  // uint64_t so that the negative of the least integer wraps.
  const auto negative = [](T v) { return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(v)); };
  switch (kind) {
    case K::kRelu:
      return Map<T>(x, y, [](T v) { return v > 0 ? v : T{0}; });
    case K::kNeg:
      return Map<T>(x, y, negative);
    case K::kAbs:
      return Map<T>(x, y, [negative](T v) { return v > 0 ? v : negative(v); });
    case K::kSign:
      return Map<T>(x, y, [](T v) { return static_cast<T>(v > 0 ? 1 : v == 0 ? 0 : -1); });
    case K::kBitNot:
      return Map<T>(x, y, [](T v) { return static_cast<T>(~v); });
    default:
      return NoSuchKind(x.dtype());
  }
}

}  // namespace

Status Unary(ops::UnaryKind kind, float alpha, const Tensor& x, Tensor& y) {
  return VisitElementType(x.dtype(), [&](auto type) -> Status {
    using T = typename decltype(type)::type;
    if constexpr (kIsFloat<T>) {
      return FloatUnary<T>(kind, alpha, x, y);
    } else if constexpr (kIsInteger<T>) {
      return IntegerUnary<T>(kind, x, y);
    } else {
      if (kind != ops::UnaryKind::kNot) return NoSuchKind(x.dtype());
      return Map<T>(x, y, [](bool v) { return !v; });
    }
  });
}

void Clip(float low, float high, const Tensor& x, Tensor& y) {
  const float* in = x.data<float>();
  float* out = y.MutableData<float>();
  for (int64_t i = 0; i < x.num_elements(); ++i) {
    const float raised = in[i] < low ? low : in[i];
    out[i] = raised > high ? high : raised;
  }
}

}  // namespace picabia::kernels::reference
