// Reference elementwise operators and norms.
#include <algorithm>
#include <cmath>

#include "kernels/reference/reference.h"

namespace picabia::kernels::reference {
namespace {

// Walks a broadcast: for each output element in order, the offsets of a's and b's elements.
class BroadcastWalk {
 public:
  BroadcastWalk(const Shape& a, const Shape& b, const Shape& y)
      : shape_(y), index_(y.size(), 0), a_stride_(Strides(a, y)), b_stride_(Strides(b, y)) {}

  int64_t a() const { return a_; }
  int64_t b() const { return b_; }
  void Next() {
    for (size_t i = index_.size(); i-- > 0;) {
      a_ += a_stride_[i];
      b_ += b_stride_[i];
      if (++index_[i] < shape_[i]) return;
      a_ -= a_stride_[i] * index_[i];
      b_ -= b_stride_[i] * index_[i];
      index_[i] = 0;
    }
  }

 private:
  static std::vector<int64_t> Strides(const Shape& from, const Shape& to) {
    std::vector<int64_t> strides(to.size(), 0);
    int64_t step = 1;
    for (size_t i = 0; i < from.size(); ++i) {
      const size_t f = from.size() - 1 - i;
      if (from[f] != 1) strides[to.size() - 1 - i] = step;
      step *= from[f];
    }
    return strides;
  }

  const Shape& shape_;
  std::vector<int64_t> index_, a_stride_, b_stride_;
  int64_t a_ = 0, b_ = 0;
};

template <typename T, typename F>
void Walk(const Tensor& a, const Tensor& b, Tensor& y, F f) {
  BroadcastWalk walk(a.shape(), b.shape(), y.shape());
  for (int64_t i = 0; i < y.num_elements(); ++i, walk.Next())
    y.MutableData<T>()[i] = f(a.data<T>()[walk.a()], b.data<T>()[walk.b()]);
}

template <typename T>
Status FloatBinary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  using K = ops::BinaryKind;
  switch (kind) {
    case K::kAdd:
      Walk<T>(a, b, y, [](T u, T v) { return u + v; });
      break;
    case K::kSub:
      Walk<T>(a, b, y, [](T u, T v) { return u - v; });
      break;
    case K::kMul:
      Walk<T>(a, b, y, [](T u, T v) { return u * v; });
      break;
    case K::kDiv:
      Walk<T>(a, b, y, [](T u, T v) { return u / v; });
      break;
    case K::kPow:
      Walk<T>(a, b, y, [](T u, T v) { return std::pow(u, v); });
      break;
    case K::kMin:
      Walk<T>(a, b, y, [](T u, T v) { return u < v || u != u ? u : v; });
      break;
    case K::kMax:
      Walk<T>(a, b, y, [](T u, T v) { return u > v || u != u ? u : v; });
      break;
    case K::kSquaredDifference:
      Walk<T>(a, b, y, [](T u, T v) { return (u - v) * (u - v); });
      break;
  }
  return OkStatus();
}

// Integers wrap, as in TensorFlow and NumPy; a division by zero is an error.
template <typename T>
Status IntegerBinary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  using K = ops::BinaryKind;
  using U = uint64_t;
  bool zero = false;
  switch (kind) {
    case K::kAdd:
      Walk<T>(a, b, y, [](T u, T v) { return static_cast<T>(U(u) + U(v)); });
      break;
    case K::kSub:
      Walk<T>(a, b, y, [](T u, T v) { return static_cast<T>(U(u) - U(v)); });
      break;
    case K::kMul:
      Walk<T>(a, b, y, [](T u, T v) { return static_cast<T>(U(u) * U(v)); });
      break;
    case K::kDiv:
      Walk<T>(a, b, y, [&zero](T u, T v) {
        if (v == 0) return zero = true, T{0};
        if (v == static_cast<T>(-1)) return static_cast<T>(U{0} - U(u));
        return static_cast<T>(u / v);
      });
      break;
    case K::kMin:
      Walk<T>(a, b, y, [](T u, T v) { return std::min(u, v); });
      break;
    case K::kMax:
      Walk<T>(a, b, y, [](T u, T v) { return std::max(u, v); });
      break;
    case K::kSquaredDifference:
      Walk<T>(a, b, y, [](T u, T v) { return static_cast<T>((U(u) - U(v)) * (U(u) - U(v))); });
      break;
    case K::kPow:
      return Unsupported("Pow of integers");
  }
  return zero ? InvalidArgument("integer division by zero") : OkStatus();
}

double PowerOf(double d, float power) {
  const int whole = static_cast<int>(std::fmin(std::fmax(power, -1e6f), 1e6f));
  if (static_cast<float>(whole) != power) return std::pow(d, static_cast<double>(power));
  double r = 1;
  for (int i = 0; i < std::abs(whole); ++i) r *= d;
  return whole < 0 ? 1 / r : r;
}

double Softplus(double v) {  // without overflow for a large v
  return std::fmax(v, 0) + std::log1p(std::exp(-std::fabs(v)));
}

}  // namespace

void Unary(ops::UnaryKind kind, float alpha, const Tensor& x, Tensor& y) {
  using K = ops::UnaryKind;
  const float* in = x.data<float>();
  float* out = y.MutableData<float>();
  for (int64_t i = 0; i < x.num_elements(); ++i) {
    const float v = in[i];
    switch (kind) {
      case K::kRelu:
        out[i] = v < 0 ? 0 : v;
        break;  // NaN stays
      case K::kTanh:
        out[i] = std::tanh(v);
        break;
      case K::kSqrt:
        out[i] = std::sqrt(v);
        break;
      case K::kNeg:
        out[i] = -v;
        break;
      case K::kAbs:
        out[i] = std::fabs(v);
        break;
      case K::kExp:
        out[i] = std::exp(v);
        break;
      case K::kLeakyRelu:
        out[i] = v < 0 ? v * alpha : v;
        break;
      case K::kSigmoid:
        out[i] = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(v))));
        break;
      case K::kLog:
        out[i] = std::log(v);
        break;
      case K::kErf:
        out[i] = std::erf(v);
        break;
      case K::kFloor:
        out[i] = std::floor(v);
        break;
      case K::kCeil:
        out[i] = std::ceil(v);
        break;
      case K::kSign:
        out[i] = v > 0 ? 1.0f : v < 0 ? -1.0f : v;
        break;
      case K::kReciprocal:
        out[i] = 1 / v;
        break;
      case K::kSoftplus:
        out[i] = static_cast<float>(Softplus(static_cast<double>(v)));
        break;
      case K::kSoftsign:
        out[i] = v / (1 + std::fabs(v));
        break;
      case K::kElu:
        out[i] = v < 0 ? alpha * std::expm1(v) : v;
        break;
      case K::kCelu:
        out[i] = v < 0 ? alpha * std::expm1(v / alpha) : v;
        break;
      case K::kHardSwish:
        out[i] = v * std::fmin(std::fmax(v / 6 + 0.5f, 0.0f), 1.0f);
        break;
      case K::kMish:
        out[i] = static_cast<float>(static_cast<double>(v) *
                                    std::tanh(Softplus(static_cast<double>(v))));
        break;
    }
  }
}

void Clip(float low, float high, const Tensor& x, Tensor& y) {
  for (int64_t i = 0; i < x.num_elements(); ++i) {
    const float v = x.data<float>()[i];
    const float raised = v < low ? low : v;
    y.MutableData<float>()[i] = raised > high ? high : raised;
  }
}

Status Binary(ops::BinaryKind kind, const Tensor& a, const Tensor& b, Tensor& y) {
  switch (y.dtype()) {
    case DType::kF32:
      return FloatBinary<float>(kind, a, b, y);
    case DType::kF64:
      return FloatBinary<double>(kind, a, b, y);
    case DType::kI32:
      return IntegerBinary<int32_t>(kind, a, b, y);
    case DType::kI64:
      return IntegerBinary<int64_t>(kind, a, b, y);
    case DType::kI16:
      return IntegerBinary<int16_t>(kind, a, b, y);
    case DType::kI8:
      return IntegerBinary<int8_t>(kind, a, b, y);
    case DType::kU8:
      return IntegerBinary<uint8_t>(kind, a, b, y);
    default:
      return Unsupported(std::string("elementwise operators on ") + DTypeName(y.dtype()));
  }
}

void PowerDifference(const Tensor& x, const Tensor& y, float power, Tensor& z) {
  Walk<float>(x, y, z, [power](float u, float v) {
    return static_cast<float>(PowerOf(static_cast<double>(u - v), power));
  });
}

void InstanceNorm(float epsilon, const Tensor& x, const Tensor& scale, const Tensor& shift,
                  Tensor& y) {
  const int64_t batch = x.shape()[0], pixels = x.shape()[1] * x.shape()[2], c = x.shape()[3];
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t k = 0; k < c; ++k) {
      const float* in = x.data<float>() + n * pixels * c + k;
      float* out = y.MutableData<float>() + n * pixels * c + k;
      double sum = 0, squares = 0;
      for (int64_t p = 0; p < pixels; ++p) sum += in[p * c];
      const double mean = sum / static_cast<double>(pixels);
      for (int64_t p = 0; p < pixels; ++p) squares += (in[p * c] - mean) * (in[p * c] - mean);
      const double inverse =
          1 / std::sqrt(squares / static_cast<double>(pixels) + static_cast<double>(epsilon));
      for (int64_t p = 0; p < pixels; ++p)
        out[p * c] = static_cast<float>((in[p * c] - mean) * inverse * scale.data<float>()[k] +
                                        shift.data<float>()[k]);
    }
  }
}

void BatchNorm(float epsilon, const std::vector<Tensor>& in, Tensor& y) {
  const int64_t c = in[0].shape().back();
  for (int64_t i = 0; i < y.num_elements(); ++i) {
    const int64_t k = i % c;
    const double inverse =
        1 / std::sqrt(static_cast<double>(in[4].data<float>()[k]) + static_cast<double>(epsilon));
    y.MutableData<float>()[i] =
        static_cast<float>((static_cast<double>(in[0].data<float>()[i]) - in[3].data<float>()[k]) *
                               inverse * in[1].data<float>()[k] +
                           in[2].data<float>()[k]);
  }
}

}  // namespace picabia::kernels::reference
