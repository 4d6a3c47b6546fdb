// Rounds what device cpu computes; means, powers of differences and norms by their own rules.
#include "devices/mlu/steps.h"

#include <algorithm>

#include "base/checked.h"
#include "devices/cpu/quantized_conv.h"
#include "devices/cpu/steps.h"
#include "devices/mlu/power_steps.h"
#include "devices/mlu/reference.h"
#include "kernels/mlu/numerics.h"
#include "kernels/reference/reference.h"
#include "ops/power.h"

namespace picabia::mlu {
namespace {

namespace rules = kernels::mlu;

// Operators that only move numbers, or share their input's memory: nothing to round.
template <typename T>
constexpr bool kMoves =
    std::is_same_v<T, ops::Identity> || std::is_same_v<T, ops::Reshape> ||
    std::is_same_v<T, ops::Flatten> || std::is_same_v<T, ops::Squeeze> ||
    std::is_same_v<T, ops::Unsqueeze> || std::is_same_v<T, ops::Transpose> ||
    std::is_same_v<T, ops::Expand> || std::is_same_v<T, ops::Tile> ||
    std::is_same_v<T, ops::Concat> || std::is_same_v<T, ops::Split> ||
    std::is_same_v<T, ops::Slice> || std::is_same_v<T, ops::Gather> ||
    std::is_same_v<T, ops::GatherElements> || std::is_same_v<T, ops::GatherNd> ||
    std::is_same_v<T, ops::DepthToSpace> || std::is_same_v<T, ops::SpaceToDepth> ||
    std::is_same_v<T, ops::SpaceToBatch> || std::is_same_v<T, ops::BatchToSpace> ||
    std::is_same_v<T, ops::Where> || std::is_same_v<T, ops::ShapeOf>;

bool Moves(const ops::Op& op) {
  return std::visit([](const auto& o) { return kMoves<std::decay_t<decltype(o)>>; }, op);
}

constexpr int64_t kChunk = 64 << 10;  // elements that a thread takes at a time

// In place.
void Round(const cpu::ConvContext& context, Tensor& y) {
  const int64_t n = y.num_elements();
  float* data = y.MutableData<float>();
  context.threads.For(CeilDiv(n, kChunk), [&](int64_t i, int) {
    context.kernels.mlu.round(data + i * kChunk, std::min(kChunk, n - i * kChunk));
  });
}

// The mean over one axis, which stays with one element.
Result<Tensor> MeanAxis(const cpu::ConvContext& context, const Tensor& x, size_t axis) {
  Shape shape = x.shape();
  const int64_t n = shape[axis];
  int64_t outer = 1, inner = 1;
  for (size_t a = 0; a < shape.size(); ++a) (a < axis ? outer : inner) *= a == axis ? 1 : shape[a];
  shape[axis] = 1;
  PICABIA_ASSIGN_OR_RETURN(Tensor y, context.pool.AllocateTensor(DType::kF32, shape));
  float* out = y.MutableData<float>();
  context.threads.For(outer, [&](int64_t o, int) {
    std::vector<double> sums(static_cast<size_t>(inner), 0.0);
    const float* from = x.data<float>() + o * n * inner;
    for (int64_t k = 0; k < n; ++k, from += inner)
      for (int64_t i = 0; i < inner; ++i)
        sums[static_cast<size_t>(i)] += static_cast<double>(from[i]);
    for (int64_t i = 0; i < inner; ++i)
      out[o * inner + i] = rules::Mean(sums[static_cast<size_t>(i)], n);
  });
  return y;
}

Result<Tensor> Rounded(const cpu::ConvContext& context, const ops::Op& op,
                       const ops::TensorType& output, const std::vector<Tensor>& inputs,
                       const char** kernel) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, cpu::RunStep(context, op, output, inputs, kernel));
  if (Moves(op)) return y;
  if (y.dtype() != DType::kF32) return RoundTensor(y);
  Round(context, y);
  return y;
}

Result<Tensor> SquaredDifference(const cpu::ConvContext& context, const ops::TensorType& output,
                                 const std::vector<Tensor>& in, const char** kernel) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor d, Rounded(context, ops::Binary{ops::BinaryKind::kSub},
                                                   output, {in[0], in[1]}, kernel));
  return Rounded(context, ops::Binary{ops::BinaryKind::kMul}, output, {d, d}, kernel);
}

}  // namespace

std::vector<int64_t> MeanAxes(const ops::Op& op, const Shape& x) {
  std::vector<int64_t> axes;
  if (const auto* reduce = std::get_if<ops::Reduce>(&op);
      reduce != nullptr && reduce->kind == ops::ReduceKind::kMean) {
    axes = reduce->axes;
    if (axes.empty() && reduce->empty_is_all)
      for (size_t a = 0; a < x.size(); ++a) axes.push_back(static_cast<int64_t>(a));
  }
  // A pool whose window is the whole picture is a mean like any other.
  if (const auto* pool = std::get_if<ops::Pool2D>(&op);
      pool != nullptr && pool->kind == ops::PoolKind::kAverage &&
      pool->window.pads == std::array<int64_t, 4>{} &&
      pool->kernel == std::array<int64_t, 2>{x[1], x[2]})
    axes = {1, 2};
  return axes;
}

Result<Tensor> RunStep(const cpu::ConvContext& context, const ops::Op& op,
                       const ops::TensorType& output, const std::vector<Tensor>& in,
                       const char** kernel) {
  const bool floats = output.dtype == DType::kF32 && in[0].dtype() == DType::kF32;
  if (CheckedProduct(output.shape) == 0) return Rounded(context, op, output, in, kernel);
  if (const auto axes = MeanAxes(op, in[0].shape()); floats && !axes.empty()) {
    *kernel = "mlu-mean";
    Tensor y = in[0];
    for (size_t i = axes.size(); i-- > 0;) {
      PICABIA_ASSIGN_OR_RETURN(y, MeanAxis(context, y, static_cast<size_t>(axes[i])));
    }
    return y.Reshaped(output.shape);
  }
  if (const auto* difference = std::get_if<ops::PowerDifference>(&op);
      difference != nullptr && floats) {
    PICABIA_ASSIGN_OR_RETURN(const float power, ops::ExponentOf(*difference, in[2]));
    return RunPowerDifference(context, output, in, power, kernel);
  }
  if (const auto* binary = std::get_if<ops::Binary>(&op);
      binary != nullptr && binary->kind == ops::BinaryKind::kSquaredDifference && floats)
    return SquaredDifference(context, output, in, kernel);
  const bool own_rule =
      std::holds_alternative<ops::Int8Conv2D>(op) ||
      std::holds_alternative<ops::Int8ConvTranspose2D>(op) ||
      std::holds_alternative<ops::InstanceNorm>(op) || std::holds_alternative<ops::Normalize>(op) ||
      std::holds_alternative<ops::PowerDifference>(op) || !MeanAxes(op, in[0].shape()).empty();
  if (own_rule) {
    *kernel = "mlu-reference";
    return RunReference(op, in);
  }
  if (const auto* conv = std::get_if<ops::QuantizedConv2D>(&op);
      conv != nullptr && cpu::QuantizedConvFits(*conv, in[1].shape(), output.shape)) {
    *kernel = "conv-q8";
    PICABIA_ASSIGN_OR_RETURN(
        Tensor y, cpu::RunQuantizedConv(context, *conv, *cpu::MakeQuantizedFilter(*conv, in[1]),
                                        in[0], in[2], in[3], output.shape));
    if (y.dtype() == DType::kF32) Round(context, y);
    return y;
  }
  return Rounded(context, op, output, in, kernel);
}

}  // namespace picabia::mlu
