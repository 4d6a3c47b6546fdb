// Elementwise operators on float tensors of equal shapes, with a number, or with one number a
// channel on one side; activations.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/checked.h"
#include "devices/cpu/fast_steps.h"

namespace picabia::cpu {
namespace {

// The activation that a Unary is, where the row kernels have one.
std::optional<ops::Activation> ActivationOf(ops::UnaryKind kind) {
  switch (kind) {
    case ops::UnaryKind::kRelu:
      return ops::Activation::kRelu;
    case ops::UnaryKind::kTanh:
      return ops::Activation::kTanh;
    case ops::UnaryKind::kLeakyRelu:
      return ops::Activation::kLeakyRelu;
    default:
      return std::nullopt;
  }
}

// y[i] = f(x[i])
template <typename F>
FastResult Map(const StepInputs& s, F f) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const float* from = s.in[0].data<float>();
  float* to = y.MutableData<float>();
  InChunks(s.context, y.num_elements(), [=](int64_t at, int64_t count) {
    for (int64_t i = at; i < at + count; ++i) to[i] = f(from[i]);
  });
  return std::optional<Tensor>(std::move(y));
}

FastResult RunActivation(const StepInputs& s, ops::Activation activation, float alpha) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  InChunks(s.context, y.num_elements(), [&](int64_t at, int64_t count) {
    std::memcpy(y.MutableData<float>() + at, s.in[0].data<float>() + at,
                static_cast<size_t>(count) * sizeof(float));
    s.context.kernels.affine(y.MutableData<float>() + at, count, 1, {}, activation, alpha);
  });
  return std::optional<Tensor>(std::move(y));
}

// f in double, for those whose parts cancel.
template <typename F>
FastResult MapInDouble(const StepInputs& s, F f) {
  return Map(s, [f](float v) { return static_cast<float>(f(static_cast<double>(v))); });
}

// log(1 + exp(v)) without overflow.
double Softplus(double v) { return std::fmax(v, 0.0) + std::log1p(std::exp(-std::fabs(v))); }

// The C library's functions, on all threads.
FastResult RunTranscendental(const StepInputs& s, const ops::Unary& op) {
  using K = ops::UnaryKind;
  const float a = op.alpha;
  switch (op.kind) {
    case K::kExp:
      return Map(s, [](float v) { return std::exp(v); });
    case K::kLog:
      return Map(s, [](float v) { return std::log(v); });
    case K::kErf:
      return Map(s, [](float v) { return std::erf(v); });
    case K::kElu:
      return Map(s, [a](float v) { return v < 0 ? a * std::expm1(v) : v; });
    case K::kCelu:
      return Map(s, [a](float v) { return v < 0 ? a * std::expm1(v / a) : v; });
    case K::kSoftsign:
      return Map(s, [](float v) { return v / (1 + std::fabs(v)); });
    case K::kSoftplus:
      return MapInDouble(s, Softplus);
    case K::kMish:
      return MapInDouble(s, [](double v) { return v * std::tanh(Softplus(v)); });
    case K::kGelu:
      return MapInDouble(s, [](double v) { return v * 0.5 * std::erfc(-v * M_SQRT1_2); });
    case K::kSwish:
      return MapInDouble(s, [a](double v) { return v / (1 + std::exp(-double{a} * v)); });
    default:
      return std::optional<Tensor>();
  }
}

FastResult RunUnary(const StepInputs& s, const ops::Unary& op) {
  using K = ops::UnaryKind;
  if (s.in[0].dtype() != DType::kF32) return std::optional<Tensor>();
  if (const auto activation = ActivationOf(op.kind)) return RunActivation(s, *activation, op.alpha);
  switch (op.kind) {
    case K::kSqrt:
      return Map(s, [](float v) { return std::sqrt(v); });
    case K::kNeg:
      return Map(s, [](float v) { return -v; });
    case K::kAbs:
      return Map(s, [](float v) { return std::fabs(v); });
    case K::kReciprocal:
      return Map(s, [](float v) { return 1 / v; });
    case K::kHardSwish:
      return Map(s, [](float v) {
        const float gate = v / 6 + 0.5f;
        return v * (gate < 0 ? 0.0f : gate > 1 ? 1.0f : gate);
      });
    case K::kSigmoid:
      break;
    default:
      return RunTranscendental(s, op);
  }
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  InChunks(s.context, y.num_elements(), [&](int64_t at, int64_t count) {
    s.context.kernels.sigmoid(y.MutableData<float>() + at, s.in[0].data<float>() + at, count);
  });
  return std::optional<Tensor>(std::move(y));
}

}  // namespace

Operand OperandOf(const Tensor& t, const Shape& y) {
  const Shape& shape = t.shape();
  if (t.num_elements() == 1) return Operand::kNumber;
  if (shape.size() > y.size()) return Operand::kOther;
  bool leading_ones = true;  // until the run begins, all dimensions are 1
  bool full = shape.size() == y.size();
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t whole = y[y.size() - shape.size() + i];
    if (leading_ones && shape[i] == 1 && whole != 1) {
      full = false;
      continue;
    }
    if (shape[i] != whole) return Operand::kOther;
    if (shape[i] != 1) leading_ones = false;
  }
  return full ? Operand::kFull : Operand::kPeriodic;
}

namespace {

template <typename F>
void Combine(const StepInputs& s, Operand left, Operand right, Tensor& y, F f) {
  const float *a = s.in[0].data<float>(), *b = s.in[1].data<float>();
  float* out = y.MutableData<float>();
  const int64_t total = y.num_elements();
  const int64_t period = std::min(s.in[0].num_elements(), s.in[1].num_elements());
  if (left == Operand::kFull && right == Operand::kFull) {
    InChunks(s.context, total, [=](int64_t at, int64_t n) {
      for (int64_t i = at; i < at + n; ++i) out[i] = f(a[i], b[i]);
    });
  } else if (right == Operand::kNumber || left == Operand::kNumber) {
    const bool on_right = right == Operand::kNumber;
    const float v = on_right ? *b : *a;
    InChunks(s.context, total, [=](int64_t at, int64_t n) {
      if (on_right) {
        for (int64_t i = at; i < at + n; ++i) out[i] = f(a[i], v);
      } else {
        for (int64_t i = at; i < at + n; ++i) out[i] = f(v, b[i]);
      }
    });
  } else {
    const bool on_right = right == Operand::kPeriodic;
    const int64_t rows = total / period, step = std::max<int64_t>(1, (16 << 10) / period);
    s.context.threads.For(CeilDiv(rows, step), [=](int64_t part, int) {
      for (int64_t r = part * step; r < std::min(rows, (part + 1) * step); ++r) {
        const int64_t at = r * period;
        if (on_right) {
          for (int64_t j = 0; j < period; ++j) out[at + j] = f(a[at + j], b[j]);
        } else {
          for (int64_t j = 0; j < period; ++j) out[at + j] = f(a[j], b[at + j]);
        }
      }
    });
  }
}

FastResult RunBinary(const StepInputs& s, ops::BinaryKind kind) {
  using K = ops::BinaryKind;
  if (s.in[0].dtype() != DType::kF32 || s.output.dtype != DType::kF32)
    return std::optional<Tensor>();
  const Operand left = OperandOf(s.in[0], s.output.shape);
  const Operand right = OperandOf(s.in[1], s.output.shape);
  const bool one_full = left == Operand::kFull || right == Operand::kFull;
  if (!one_full || left == Operand::kOther || right == Operand::kOther)
    return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  if (y.num_elements() == 0) return std::optional<Tensor>(std::move(y));
  switch (kind) {
    case K::kAdd:
      Combine(s, left, right, y, [](float u, float v) { return u + v; });
      break;
    case K::kSub:
      Combine(s, left, right, y, [](float u, float v) { return u - v; });
      break;
    case K::kMul:
      Combine(s, left, right, y, [](float u, float v) { return u * v; });
      break;
    case K::kDiv:
      Combine(s, left, right, y, [](float u, float v) { return u / v; });
      break;
    case K::kSquaredDifference:
      Combine(s, left, right, y, [](float u, float v) { return (u - v) * (u - v); });
      break;
    case K::kMin:
      Combine(s, left, right, y, [](float u, float v) { return u < v || u != u ? u : v; });
      break;
    case K::kMax:
      Combine(s, left, right, y, [](float u, float v) { return u > v || u != u ? u : v; });
      break;
    case K::kPRelu:
      Combine(s, left, right, y, [](float u, float v) { return u < 0 ? u * v : u; });
      break;
    default:
      return std::optional<Tensor>();
  }
  return std::optional<Tensor>(std::move(y));
}

FastResult RunClip(const StepInputs& s, float low, float high) {
  return Map(s, [=](float v) {
    const float raised = v < low ? low : v;
    return raised > high ? high : raised;
  });
}

}  // namespace

FastResult TryElementwise(const StepInputs& s, const ops::Op& op) {
  if (const auto* unary = std::get_if<ops::Unary>(&op)) return RunUnary(s, *unary);
  if (const auto* binary = std::get_if<ops::Binary>(&op)) return RunBinary(s, binary->kind);
  if (const auto* clip = std::get_if<ops::Clip>(&op)) return RunClip(s, clip->low, clip->high);
  return std::optional<Tensor>();
}

}  // namespace picabia::cpu
