// Plain loops. Operators without a rule of their own compute in float and round once.
#include "devices/mlu/reference.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "kernels/mlu/numerics.h"
#include "kernels/reference/reference.h"
#include "ops/parameters.h"
#include "ops/power.h"
#include "ops/shape.h"

namespace picabia::mlu {
namespace {

namespace rules = kernels::mlu;

Result<Tensor> Reference(const ops::Op& op, const std::vector<Tensor>& inputs) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> y, kernels::RunReference(op, inputs));
  return RoundTensor(y[0]);
}

// y[i] = f(y[i]) of float32.
template <typename F>
void Map(Tensor& y, F f) {
  float* v = y.MutableData<float>();
  for (int64_t i = 0; i < y.num_elements(); ++i) v[i] = f(v[i]);
}

template <typename F>
Result<Tensor> Mapped(const Tensor& x, F f) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DType::kF32, x.shape()));
  std::copy_n(x.data<float>(), x.num_elements(), y.MutableData<float>());
  Map(y, f);
  return y;
}

// The mean over one axis, which stays with one element.
Result<Tensor> MeanAxis(const Tensor& x, size_t axis) {
  Shape shape = x.shape();
  const int64_t n = shape[axis];
  int64_t outer = 1, inner = 1;
  for (size_t a = 0; a < shape.size(); ++a) (a < axis ? outer : inner) *= a == axis ? 1 : shape[a];
  shape[axis] = 1;
  PICABIA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DType::kF32, shape));
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      double sum = 0;
      for (int64_t k = 0; k < n; ++k)
        sum += static_cast<double>(x.data<float>()[(o * n + k) * inner + i]);
      y.MutableData<float>()[o * inner + i] = rules::Mean(sum, n);
    }
  return y;
}

// Over sorted axes, the last one first.
Result<Tensor> MeanAxes(Tensor x, const std::vector<int64_t>& axes) {
  for (size_t i = axes.size(); i-- > 0;) {
    PICABIA_ASSIGN_OR_RETURN(x, MeanAxis(x, static_cast<size_t>(axes[i])));
  }
  return x;
}

Result<Tensor> Binary(ops::BinaryKind kind, const Tensor& x, const Tensor& y) {
  return Reference(ops::Binary{kind}, {x, y});
}

// (x - mean) / sqrt(variance + epsilon) over `axes`.
Result<Tensor> Normalized(const Tensor& x, const std::vector<int64_t>& axes, float epsilon) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor mean, MeanAxes(x, axes));
  PICABIA_ASSIGN_OR_RETURN(const Tensor d, Binary(ops::BinaryKind::kSub, x, mean));
  PICABIA_ASSIGN_OR_RETURN(const Tensor squares, Binary(ops::BinaryKind::kMul, d, d));
  PICABIA_ASSIGN_OR_RETURN(Tensor s, MeanAxes(squares, axes));
  Map(s, [=](float v) { return rules::RoundHalf(std::sqrt(rules::RoundHalf(v + epsilon))); });
  return Binary(ops::BinaryKind::kDiv, d, s);
}

Result<Tensor> InstanceNorm(float epsilon, const Tensor& x, const Tensor& scale,
                            const Tensor& shift) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor z, Normalized(x, {1, 2}, epsilon));
  PICABIA_ASSIGN_OR_RETURN(const Tensor scaled, Binary(ops::BinaryKind::kMul, z, scale));
  return Binary(ops::BinaryKind::kAdd, scaled, shift);
}

// The exact sums of a convolution of quantized numbers.
class Sums {
 public:
  Sums(const ops::ConvBlock& op, const Tensor& x, const Tensor& filter)
      : op_(op), x_(x), filter_(filter) {
    const bool wide = filter.dtype() == DType::kI16;
    const int32_t low = wide ? -32768 : -128, high = wide ? 32767 : 127;
    for (int64_t i = 0; i < x.num_elements(); ++i)
      q_.push_back(rules::Quantize(x.data<float>()[i], op.input_scale, low, high));
    for (int axis = 0; axis < 2; ++axis) {
      const auto a = static_cast<size_t>(axis);
      const int64_t in = x.shape()[a + 1], kernel = filter.shape()[a];
      pad_[a] = op.transposed ? ops::ConvTransposeExtent(op.window, axis, in, kernel,
                                                         op.output_pads[a], op.output_shrink[a])
                                    ->pad_before
                              : ops::ConvExtent(op.window, axis, in, kernel)->pad_before;
    }
  }

  int64_t At(int64_t n, int64_t oy, int64_t ox, int64_t m) const {
    const Shape& f = filter_.shape();
    int64_t sum = 0;
    for (int64_t ky = 0; ky < f[0]; ++ky)
      for (int64_t kx = 0; kx < f[1]; ++kx) {
        const int64_t iy = Source(0, oy, ky), ix = Source(1, ox, kx);
        if (iy < 0 || ix < 0) continue;
        const int64_t channels = x_.shape()[3];
        for (int64_t c = 0; c < channels; ++c) {
          const int64_t w = op_.transposed ? ((ky * f[1] + kx) * f[2] + m) * f[3] + c
                                           : ((ky * f[1] + kx) * f[2] + c) * f[3] + m;
          sum += int64_t{q_[static_cast<size_t>(
                     ((n * x_.shape()[1] + iy) * x_.shape()[2] + ix) * channels + c)]} *
                 Weight(w);
        }
      }
    return sum;
  }

 private:
  int64_t Weight(int64_t i) const {
    return filter_.dtype() == DType::kI16 ? filter_.data<int16_t>()[i] : filter_.data<int8_t>()[i];
  }

  // The input position that output position `o` meets under kernel position k, or -1.
  int64_t Source(size_t a, int64_t o, int64_t k) const {
    const int64_t size = x_.shape()[a + 1], stride = op_.window.strides[a];
    int64_t i = 0;
    if (op_.transposed) {
      i = o + pad_[a] - k * op_.window.dilations[a];
      if (i % stride != 0) return -1;
      i /= stride;
    } else {
      i = o * stride - pad_[a] + k * op_.window.dilations[a];
    }
    if (i >= 0 && i < size) return i;
    if (op_.pad_mode == ops::PadMode::kEdge) return std::clamp<int64_t>(i, 0, size - 1);
    if (op_.pad_mode == ops::PadMode::kReflect) return i < 0 ? -i : 2 * (size - 1) - i;
    if (op_.pad_mode == ops::PadMode::kSymmetric) return i < 0 ? -i - 1 : 2 * size - 1 - i;
    return -1;
  }

  const ops::ConvBlock& op_;
  const Tensor &x_, &filter_;
  std::vector<int32_t> q_;
  int64_t pad_[2] = {};
};

// The block's convolution alone.
ops::ConvBlock Bare(const ops::ConvBlock& op) {
  ops::ConvBlock bare;
  bare.window = op.window;
  bare.transposed = op.transposed;
  bare.pad_mode = op.pad_mode;
  bare.output_pads = op.output_pads;
  bare.output_shrink = op.output_shrink;
  bare.input_scale = op.input_scale;
  bare.filter_scale = op.filter_scale;
  bare.filter_scales = op.filter_scales;
  return bare;
}

Result<Tensor> IntegerConvolution(const ops::ConvBlock& op, const Tensor& x, const Tensor& filter) {
  const ops::TensorType types[] = {{x.dtype(), x.shape()}, {filter.dtype(), filter.shape()}};
  PICABIA_ASSIGN_OR_RETURN(const auto out, ops::InferOutputs(Bare(op), types));
  PICABIA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DType::kF32, out[0].shape));
  const Shape& s = y.shape();
  const Sums sums(op, x, filter);
  const auto divisor = [&](int64_t m) {
    const float scale =
        op.filter_scales.empty() ? op.filter_scale : op.filter_scales[static_cast<size_t>(m)];
    return static_cast<double>(op.input_scale) * static_cast<double>(scale);
  };
  float* to = y.MutableData<float>();
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t oy = 0; oy < s[1]; ++oy)
      for (int64_t ox = 0; ox < s[2]; ++ox)
        for (int64_t m = 0; m < s[3]; ++m)
          *to++ =
              HalfToFloat(rules::SumToHalf(static_cast<double>(sums.At(n, oy, ox, m)), divisor(m)));
  return y;
}

Result<Tensor> Activated(ops::Activation activation, float alpha, const Tensor& x) {
  using A = ops::Activation;
  if (activation == A::kNone) return x;
  const ops::UnaryKind kind = activation == A::kRelu   ? ops::UnaryKind::kRelu
                              : activation == A::kTanh ? ops::UnaryKind::kTanh
                                                       : ops::UnaryKind::kLeakyRelu;
  return Reference(ops::Unary{kind, alpha}, {x});
}

Result<Tensor> Block(const ops::ConvBlock& op, const std::vector<Tensor>& in) {
  size_t next = 2;
  Tensor y;
  const bool integer = op.input_scale > 0;
  if (integer) {
    PICABIA_ASSIGN_OR_RETURN(y, IntegerConvolution(op, in[0], in[1]));
    if (op.has_bias) {
      PICABIA_ASSIGN_OR_RETURN(y, Binary(ops::BinaryKind::kAdd, y, in[next++]));
    }
  } else {
    ops::ConvBlock bare = Bare(op);
    bare.has_bias = op.has_bias;
    std::vector<Tensor> inputs(in.begin(), in.begin() + (op.has_bias ? 3 : 2));
    next = inputs.size();
    PICABIA_ASSIGN_OR_RETURN(y, Reference(bare, inputs));
  }
  if (op.norm == ops::Norm::kInstance) {
    PICABIA_ASSIGN_OR_RETURN(y, InstanceNorm(op.epsilon, y, in[next], in[next + 1]));
    next += 2;
  }
  PICABIA_ASSIGN_OR_RETURN(y, Activated(op.activation, op.alpha, y));
  PICABIA_ASSIGN_OR_RETURN(y,
                           Mapped(y, [&](float v) { return rules::RoundHalf(v * op.post_scale); }));
  PICABIA_ASSIGN_OR_RETURN(y,
                           Mapped(y, [&](float v) { return rules::RoundHalf(v + op.post_shift); }));
  if (op.has_residual) {
    PICABIA_ASSIGN_OR_RETURN(y, Binary(ops::BinaryKind::kAdd, y, in[next]));
  }
  return Activated(op.activation2, op.alpha, y);
}

// (x - y)^p, each multiplication rounded; the rules of p are those of ops::PowerDifference.
Result<Tensor> PowerDifference(const Tensor& x, const Tensor& y, float p) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor d, Binary(ops::BinaryKind::kSub, x, y));
  return Mapped(d, [=](float v) { return rules::Power(v, p); });
}

Result<Tensor> Run(const ops::Op& op, const std::vector<Tensor>& in) {
  if (const auto* block = std::get_if<ops::ConvBlock>(&op)) return Block(*block, in);
  if (const auto* conv = std::get_if<ops::Int8Conv2D>(&op)) {
    ops::ConvBlock block;
    block.window = conv->window;
    block.input_scale = conv->input_scale;
    block.filter_scale = conv->filter_scale;
    block.filter_scales = conv->filter_scales;
    return IntegerConvolution(block, in[0], in[1]);
  }
  if (const auto* conv = std::get_if<ops::Int8ConvTranspose2D>(&op)) {
    ops::ConvBlock block;
    block.window = conv->window;
    block.transposed = true;
    block.output_shrink = conv->output_shrink;
    block.input_scale = conv->input_scale;
    block.filter_scale = conv->filter_scale;
    block.filter_scales = conv->filter_scales;
    return IntegerConvolution(block, in[0], in[1]);
  }
  if (const auto* norm = std::get_if<ops::InstanceNorm>(&op))
    return InstanceNorm(norm->epsilon, in[0], in[1], in[2]);
  if (const auto* norm = std::get_if<ops::Normalize>(&op))
    return Normalized(in[0], norm->axes, norm->epsilon);
  if (const auto* difference = std::get_if<ops::PowerDifference>(&op)) {
    PICABIA_ASSIGN_OR_RETURN(const float power, ops::ExponentOf(*difference, in[2]));
    return PowerDifference(in[0], in[1], power);
  }
  if (const auto* binary = std::get_if<ops::Binary>(&op);
      binary != nullptr && binary->kind == ops::BinaryKind::kSquaredDifference)
    return PowerDifference(in[0], in[1], 2);
  return Reference(op, in);
}

// A pool whose window is the whole picture is a mean like any other.
bool IsGlobalMean(const ops::Pool2D& op, const Shape& x) {
  return op.kind == ops::PoolKind::kAverage && op.window.pads == std::array<int64_t, 4>{} &&
         op.kernel == std::array<int64_t, 2>{x[1], x[2]};
}

bool IsFloat(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kF64;
}

Result<Tensor> As(DType dtype, const Tensor& tensor) {
  if (tensor.dtype() == dtype) return tensor;
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> y,
                           kernels::RunReference(ops::Cast{dtype}, {tensor}));
  return std::move(y[0]);
}

}  // namespace

Result<Tensor> RoundTensor(const Tensor& x) {
  if (!IsFloat(x.dtype())) return x;
  PICABIA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(x.dtype(), x.shape()));
  for (int64_t i = 0; i < x.num_elements(); ++i) {
    switch (x.dtype()) {
      case DType::kF32:
        y.MutableData<float>()[i] = rules::RoundHalf(x.data<float>()[i]);
        break;
      case DType::kF64:
        y.MutableData<double>()[i] = static_cast<double>(rules::RoundHalf(x.data<double>()[i]));
        break;
      default:
        y.MutableData<uint16_t>()[i] = rules::ToHalf(HalfToFloat(x.data<uint16_t>()[i]));
    }
  }
  return y;
}

Result<Tensor> RunReference(const ops::Op& op, const std::vector<Tensor>& inputs) {
  std::vector<ops::TensorType> types;
  std::vector<const Tensor*> values;
  for (const Tensor& t : inputs) {
    types.push_back({t.dtype(), t.shape()});
    values.push_back(&t);
  }
  PICABIA_ASSIGN_OR_RETURN(const auto out, ops::InferOutputs(op, types, values));
  if (!IsFloat(out[0].dtype) || CheckedProduct(out[0].shape) == 0) return Reference(op, inputs);
  PICABIA_ASSIGN_OR_RETURN(const ops::Op absorbed, ops::Absorb(op, types, values));
  std::vector<int64_t> mean_axes;
  if (const auto* reduce = std::get_if<ops::Reduce>(&absorbed);
      reduce != nullptr && reduce->kind == ops::ReduceKind::kMean) {
    mean_axes = reduce->axes;
    if (mean_axes.empty() && reduce->empty_is_all)
      for (int64_t a = 0; a < static_cast<int64_t>(types[0].shape.size()); ++a)
        mean_axes.push_back(a);
  } else if (const auto* pool = std::get_if<ops::Pool2D>(&absorbed);
             pool != nullptr && IsGlobalMean(*pool, types[0].shape)) {
    mean_axes = {1, 2};
  }
  std::vector<Tensor> floats;
  for (const Tensor& t : inputs) {
    floats.push_back(t);
    if (IsFloat(t.dtype())) {
      PICABIA_ASSIGN_OR_RETURN(floats.back(), As(DType::kF32, t));
    }
  }
  if (!mean_axes.empty()) {
    PICABIA_ASSIGN_OR_RETURN(const Tensor mean, MeanAxes(floats[0], mean_axes));
    PICABIA_ASSIGN_OR_RETURN(const Tensor y, mean.Reshaped(out[0].shape));
    return As(out[0].dtype, y);
  }
  // Operators without a rule of their own see their inputs as they are.
  const bool own_type = out[0].dtype == DType::kF32;
  PICABIA_ASSIGN_OR_RETURN(const Tensor y, Run(op, own_type ? inputs : floats));
  return As(out[0].dtype, y);
}

}  // namespace picabia::mlu
