// Reference elementwise operators of several inputs, which broadcast.
#include <algorithm>
#include <cmath>

#include "kernels/reference/elements.h"
#include "kernels/reference/reference.h"
#include "kernels/reference/walk.h"

namespace picabia::kernels::reference {
namespace {

// y = f(a, b), in the types that elements of T (the inputs) and R (the output) compute in.
template <typename T, typename R = T, typename F>
Status Zip(const Tensor& a, const Tensor& b, Tensor& y, F f) {
  const StridedWalk<2> walk(
      y.shape(), {BroadcastStrides(a.shape(), y.shape()), BroadcastStrides(b.shape(), y.shape())});
  const int64_t n = walk.run(), a_step = walk.step()[0], b_step = walk.step()[1];
  R* out = y.MutableData<R>();
  walk.ForEachRun([&](const auto& at) {
    const T* u = a.data<T>() + at[0];
    const T* v = b.data<T>() + at[1];
    if (a_step == 1 && b_step == 1) {
      for (int64_t i = 0; i < n; ++i) out[i] = Store<R>(f(Load(u[i]), Load(v[i])));
    } else if (b_step == 0) {
      const auto w = Load(*v);
      for (int64_t i = 0; i < n; ++i) out[i] = Store<R>(f(Load(u[i * a_step]), w));
    } else {
      for (int64_t i = 0; i < n; ++i)
        out[i] = Store<R>(f(Load(u[i * a_step]), Load(v[i * b_step])));
    }
    out += n;
  });
  return OkStatus();
}

Status NoSuchKind(DType dtype) {
  return Unsupported(std::string("this elementwise operator on ") + DTypeName(dtype));
}

// The remainder with the sign of v, as Python's.
template <typename C>
C FloatModulo(C u, C v) {
  const C r = std::fmod(u, v);
  if (r == 0) return std::copysign(r, v);
  return (r < 0) != (v < 0) ? r + v : r;
}

template <typename T>
Status FloatBinary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  using K = ops::BinaryKind;
  using C = Computed<T>;
  switch (kind) {
    case K::kAdd:
      return Zip<T>(a, b, y, [](C u, C v) { return u + v; });
    case K::kSub:
      return Zip<T>(a, b, y, [](C u, C v) { return u - v; });
    case K::kMul:
      return Zip<T>(a, b, y, [](C u, C v) { return u * v; });
    case K::kDiv:
      return Zip<T>(a, b, y, [](C u, C v) { return u / v; });
    case K::kPow:
      return Zip<T>(a, b, y, [](C u, C v) { return std::pow(u, v); });
    case K::kSquaredDifference:
      return Zip<T>(a, b, y, [](C u, C v) { return (u - v) * (u - v); });
    case K::kMin:  // as kMax, NaN where either is
      return Zip<T>(a, b, y, [](C u, C v) { return u < v || u != u ? u : v; });
    case K::kMax:
      return Zip<T>(a, b, y, [](C u, C v) { return u > v || u != u ? u : v; });
    case K::kMod:
      return Zip<T>(a, b, y, FloatModulo<C>);
    case K::kFmod:
      return Zip<T>(a, b, y, [](C u, C v) { return std::fmod(u, v); });
    case K::kFloorDiv:
      return Zip<T>(a, b, y, [](C u, C v) { return std::floor(u / v); });
    case K::kPRelu:
      return Zip<T>(a, b, y, [](C u, C v) { return u < 0 ? u * v : u; });
    default:
      return NoSuchKind(y.dtype());
  }
}

// Integers compute in uint64_t, where products and negatives wrap. A negative one is extended by
// its sign, so that the low bits of the result are right for every T.
template <typename T>
T Wrapped(uint64_t value) {
  return static_cast<T>(value);
}

// Quotient towards zero and remainder for v != 0; the least integer by -1 wraps.
template <typename T>
T Quotient(T u, T v) {
  if constexpr (std::is_signed_v<T>)
    if (v == -1) return Wrapped<T>(uint64_t{0} - static_cast<uint64_t>(u));
  return static_cast<T>(u / v);
}
template <typename T>
T Remainder(T u, T v) {
  if constexpr (std::is_signed_v<T>)
    if (v == -1) return 0;
  return static_cast<T>(u % v);
}
// Whether the quotient of u and v was rounded up, because it is negative and not whole.
template <typename T>
bool RoundedUp(T u, T v) {
  return Remainder(u, v) != 0 && (u < 0) != (v < 0);
}

// Repeated squaring. Where the exponent is negative, 1 / (base^-exponent) without what is behind
// the point; base is not 0 then.
template <typename T>
T IntegerPower(T base, T exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (base != static_cast<T>(-1)) return 0;
    return exponent % 2 == 0 ? T{1} : base;
  }
  uint64_t power = 1, square = static_cast<uint64_t>(base);
  for (uint64_t left = static_cast<uint64_t>(exponent); left != 0; left >>= 1) {
    if (left & 1) power *= square;
    square *= square;
  }
  return Wrapped<T>(power);
}

// The kinds that divide: an error where a divisor is 0.
template <typename T>
Status DividingBinary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  using K = ops::BinaryKind;
  bool zero = false;
  const auto divide = [&](auto f) {
    return Zip<T>(a, b, y, [&zero, f](T u, T v) {
      if (v != 0) return f(u, v);
      zero = true;
      return T{0};
    });
  };
  Status status;
  switch (kind) {
    case K::kDiv:
      status = divide([](T u, T v) { return Quotient(u, v); });
      break;
    case K::kMod:
      status = divide(
          [](T u, T v) { return static_cast<T>(Remainder(u, v) + (RoundedUp(u, v) ? v : T{0})); });
      break;
    case K::kFmod:
      status = divide([](T u, T v) { return Remainder(u, v); });
      break;
    case K::kFloorDiv:
      status = divide([](T u, T v) {
        return static_cast<T>(Quotient(u, v) - static_cast<T>(RoundedUp(u, v) ? 1 : 0));
      });
      break;
    case K::kPow:
      status = Zip<T>(a, b, y, [&zero](T u, T v) {
        if (u == 0 && v < 0) zero = true;
        return IntegerPower(u, v);
      });
      break;
    default:
      return NoSuchKind(y.dtype());
  }
  if (zero) return InvalidArgument("integer division: found a divisor of 0, expected none");
  return status;
}

// The kinds that look at bits. A shift by all bits or more (or by a negative number) leaves nothing
// but the sign that a right shift copies.
template <typename T>
Status BitBinary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  using K = ops::BinaryKind;
  constexpr uint64_t kBits = sizeof(T) * 8;
  switch (kind) {
    case K::kBitAnd:
      return Zip<T>(a, b, y, [](T u, T v) { return static_cast<T>(u & v); });
    case K::kBitOr:
      return Zip<T>(a, b, y, [](T u, T v) { return static_cast<T>(u | v); });
    case K::kBitXor:
      return Zip<T>(a, b, y, [](T u, T v) { return static_cast<T>(u ^ v); });
    case K::kShiftLeft:
      return Zip<T>(a, b, y, [](T u, T v) {
        const uint64_t by = static_cast<uint64_t>(v);
        return by < kBits ? Wrapped<T>(static_cast<uint64_t>(u) << by) : T{0};
      });
    case K::kShiftRight:
      return Zip<T>(a, b, y, [](T u, T v) {
        const uint64_t by = static_cast<uint64_t>(v);
        return by < kBits ? static_cast<T>(u >> by) : static_cast<T>(u < 0 ? -1 : 0);
      });
    default:
      return DividingBinary<T>(kind, a, b, y);
  }
}

template <typename T>
Status IntegerBinary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  using K = ops::BinaryKind;
  using U = uint64_t;
  switch (kind) {
    case K::kAdd:
      return Zip<T>(a, b, y, [](T u, T v) { return Wrapped<T>(U(u) + U(v)); });
    case K::kSub:
      return Zip<T>(a, b, y, [](T u, T v) { return Wrapped<T>(U(u) - U(v)); });
    case K::kMul:
      return Zip<T>(a, b, y, [](T u, T v) { return Wrapped<T>(U(u) * U(v)); });
    case K::kSquaredDifference:
      return Zip<T>(a, b, y, [](T u, T v) { return Wrapped<T>((U(u) - U(v)) * (U(u) - U(v))); });
    case K::kMin:
      return Zip<T>(a, b, y, [](T u, T v) { return std::min(u, v); });
    case K::kMax:
      return Zip<T>(a, b, y, [](T u, T v) { return std::max(u, v); });
    case K::kPRelu:
      return Zip<T>(a, b, y, [](T u, T v) { return u < 0 ? Wrapped<T>(U(u) * U(v)) : u; });
    default:
      return BitBinary<T>(kind, a, b, y);
  }
}

template <typename T>
Status Compare(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  using K = ops::BinaryKind;
  using C = Computed<T>;
  switch (kind) {
    case K::kEqual:
      return Zip<T, Bool>(a, b, y, [](C u, C v) { return u == v; });
    case K::kNotEqual:
      return Zip<T, Bool>(a, b, y, [](C u, C v) { return u != v; });
    case K::kLess:
      return Zip<T, Bool>(a, b, y, [](C u, C v) { return u < v; });
    case K::kLessOrEqual:
      return Zip<T, Bool>(a, b, y, [](C u, C v) { return u <= v; });
    case K::kGreater:
      return Zip<T, Bool>(a, b, y, [](C u, C v) { return u > v; });
    case K::kGreaterOrEqual:
      return Zip<T, Bool>(a, b, y, [](C u, C v) { return u >= v; });
    default:
      return NoSuchKind(a.dtype());
  }
}

Status BoolBinary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  using K = ops::BinaryKind;
  switch (kind) {
    case K::kAnd:
      return Zip<Bool>(a, b, y, [](bool u, bool v) { return u && v; });
    case K::kOr:
      return Zip<Bool>(a, b, y, [](bool u, bool v) { return u || v; });
    case K::kXor:
      return Zip<Bool>(a, b, y, [](bool u, bool v) { return u != v; });
    default:
      return NoSuchKind(a.dtype());
  }
}

bool IsComparison(ops::BinaryKind kind) {
  return kind >= ops::BinaryKind::kEqual && kind <= ops::BinaryKind::kGreaterOrEqual;
}

// The rule of kernels/power/power.h.
double PowerOf(double d, float power) {
  constexpr float kMostSquared = 65536;
  const bool whole = std::fabs(power) <= kMostSquared && power == std::trunc(power);
  if (!whole) return std::pow(d, static_cast<double>(power));
  double product = 1;
  for (auto left = static_cast<int64_t>(std::fabs(power)); left > 0; left /= 2) {
    if (left % 2 == 1) product *= d;
    d *= d;
  }
  return power < 0 ? 1 / product : product;
}

}  // namespace

Status Binary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  return VisitElementType(a.dtype(), [&](auto type) -> Status {
    using T = typename decltype(type)::type;
    if (IsComparison(kind)) return Compare<T>(kind, a, b, y);
    if constexpr (kIsFloat<T>) {
      return FloatBinary<T>(kind, a, b, y);
    } else if constexpr (kIsInteger<T>) {
      return IntegerBinary<T>(kind, a, b, y);
    } else {
      return BoolBinary(kind, a, b, y);
    }
  });
}

void PowerDifference(const Tensor& x, const Tensor& y, float power, Tensor& z) {
  (void)Zip<float>(x, y, z, [power](float u, float v) {
    return static_cast<float>(PowerOf(static_cast<double>(u - v), power));
  });
}

void Where(const Tensor& condition, const Tensor& x, const Tensor& y, Tensor& z) {
  const Shape& shape = z.shape();
  const StridedWalk<3> walk(
      shape, {BroadcastStrides(condition.shape(), shape), BroadcastStrides(x.shape(), shape),
              BroadcastStrides(y.shape(), shape)});
  const auto step = walk.step();
  VisitElementSize(x.dtype(), [&](auto element) {
    using T = decltype(element);
    T* out = z.MutableData<T>();
    walk.ForEachRun([&](const auto& at) {
      const Bool* c = condition.data<Bool>() + at[0];
      const T* u = x.data<T>() + at[1];
      const T* v = y.data<T>() + at[2];
      for (int64_t i = 0; i < walk.run(); ++i)
        *out++ = static_cast<bool>(c[i * step[0]]) ? u[i * step[1]] : v[i * step[2]];
    });
  });
}

}  // namespace picabia::kernels::reference
