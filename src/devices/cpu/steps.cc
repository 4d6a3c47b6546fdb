// Elementwise operators with equal shapes, a scalar or a channel vector on one side and picture
// transposes, in parallel rows; everything else goes to kernels/reference.
#include "devices/cpu/steps.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/checked.h"
#include "kernels/reference/reference.h"
#include "ops/shape.h"

namespace picabia::cpu {
namespace {

constexpr int64_t kChunk = 64 << 10;  // elements that a thread takes at a time

template <typename F>
void InChunks(const ConvContext& context, int64_t count, F f) {
  context.threads.For(CeilDiv(count, kChunk),
                      [&](int64_t i, int) { f(i * kChunk, std::min(count - i * kChunk, kChunk)); });
}

Result<Tensor> CopyOf(const ConvContext& context, const Tensor& x) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, context.pool.AllocateTensor(x.dtype(), x.shape()));
  InChunks(context, x.num_elements(), [&](int64_t at, int64_t count) {
    std::memcpy(y.MutableData<float>() + at, x.data<float>() + at, static_cast<size_t>(count) * 4);
  });
  return y;
}

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

Result<Tensor> RunActivation(const ConvContext& context, ops::Activation activation, float alpha,
                             const Tensor& x) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, CopyOf(context, x));
  InChunks(context, x.num_elements(), [&](int64_t at, int64_t count) {
    context.kernels.affine(y.MutableData<float>() + at, count, 1, {}, activation, alpha);
  });
  return y;
}

template <typename F>
void Map(const ConvContext& context, const Tensor& a, const Tensor& b, Tensor& y, F f) {
  const float *pa = a.data<float>(), *pb = b.data<float>();
  float* py = y.MutableData<float>();
  const bool scalar = b.num_elements() == 1 && a.num_elements() != 1;
  InChunks(context, y.num_elements(), [=](int64_t at, int64_t count) {
    if (scalar) {
      const float v = *pb;
      for (int64_t i = at; i < at + count; ++i) py[i] = f(pa[i], v);
    } else {
      for (int64_t i = at; i < at + count; ++i) py[i] = f(pa[i], pb[i]);
    }
  });
}

// Same shapes, or a scalar on the right that does not change the shape.
bool IsSimple(const Tensor& a, const Tensor& b) {
  if (a.dtype() != DType::kF32) return false;
  return a.shape() == b.shape() || (b.num_elements() == 1 && b.rank() <= a.rank());
}

Result<Tensor> RunSimpleBinary(const ConvContext& context, ops::BinaryKind kind, const Tensor& a,
                               const Tensor& b, bool* handled) {
  using K = ops::BinaryKind;
  *handled = kind == K::kAdd || kind == K::kSub || kind == K::kMul || kind == K::kDiv ||
             kind == K::kSquaredDifference;
  if (!*handled) return Tensor();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, context.pool.AllocateTensor(DType::kF32, a.shape()));
  switch (kind) {
    case K::kAdd:
      Map(context, a, b, y, [](float u, float v) { return u + v; });
      break;
    case K::kSub:
      Map(context, a, b, y, [](float u, float v) { return u - v; });
      break;
    case K::kMul:
      Map(context, a, b, y, [](float u, float v) { return u * v; });
      break;
    case K::kDiv:
      Map(context, a, b, y, [](float u, float v) { return u / v; });
      break;
    default:
      Map(context, a, b, y, [](float u, float v) { return (u - v) * (u - v); });
      break;
  }
  return y;
}

// Transposition of a picture between NHWC and NCHW: each row of pixels apart.
Result<Tensor> RunPictureTranspose(const ConvContext& context, bool to_nhwc, const Tensor& x) {
  const Shape& s = x.shape();
  const int64_t c = to_nhwc ? s[1] : s[3], h = to_nhwc ? s[2] : s[1], w = to_nhwc ? s[3] : s[2];
  const Shape shape = to_nhwc ? Shape{s[0], h, w, c} : Shape{s[0], c, h, w};
  PICABIA_ASSIGN_OR_RETURN(Tensor y, context.pool.AllocateTensor(DType::kF32, shape));
  const float* from = x.data<float>();
  float* to = y.MutableData<float>();
  context.threads.For(s[0] * h, [=](int64_t i, int) {
    const int64_t n = i / h, row = i % h;
    for (int64_t k = 0; k < c; ++k) {
      const int64_t planar = ((n * c + k) * h + row) * w, packed = (n * h + row) * w * c + k;
      for (int64_t p = 0; p < w; ++p) {
        if (to_nhwc) {
          to[packed + p * c] = from[planar + p];
        } else {
          to[planar + p] = from[packed + p * c];
        }
      }
    }
  });
  return y;
}

const std::vector<int64_t> kToNhwc = {0, 2, 3, 1};
const std::vector<int64_t> kToNchw = {0, 3, 1, 2};

// A fast result, or no value where only the reference will do.
Result<std::optional<Tensor>> TryFast(const ConvContext& context, const ops::Op& op,
                                      const std::vector<Tensor>& in) {
  if (const auto* unary = std::get_if<ops::Unary>(&op)) {
    const auto activation = ActivationOf(unary->kind);
    if (!activation || in[0].dtype() != DType::kF32) return std::optional<Tensor>();
    PICABIA_ASSIGN_OR_RETURN(Tensor y, RunActivation(context, *activation, unary->alpha, in[0]));
    return std::optional<Tensor>(std::move(y));
  }
  if (const auto* binary = std::get_if<ops::Binary>(&op); binary && IsSimple(in[0], in[1])) {
    bool handled = false;
    PICABIA_ASSIGN_OR_RETURN(Tensor y,
                             RunSimpleBinary(context, binary->kind, in[0], in[1], &handled));
    return handled ? std::optional<Tensor>(std::move(y)) : std::nullopt;
  }
  if (const auto* transpose = std::get_if<ops::Transpose>(&op)) {
    const bool to_nhwc = transpose->perm == kToNhwc;
    if (in[0].dtype() != DType::kF32 || (!to_nhwc && transpose->perm != kToNchw))
      return std::optional<Tensor>();
    PICABIA_ASSIGN_OR_RETURN(Tensor y, RunPictureTranspose(context, to_nhwc, in[0]));
    return std::optional<Tensor>(std::move(y));
  }
  return std::optional<Tensor>();
}

}  // namespace

Result<Tensor> RunStep(const ConvContext& context, const ops::Op& op, const ops::TensorType&,
                       const std::vector<Tensor>& inputs, const char** kernel) {
  *kernel = "row";
  PICABIA_ASSIGN_OR_RETURN(std::optional<Tensor> fast, TryFast(context, op, inputs));
  if (fast) return *std::move(fast);
  *kernel = "reference";
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, kernels::RunReference(op, inputs));
  return std::move(outputs[0]);
}

}  // namespace picabia::cpu
