// Reference of what fusion makes of the operators between quantizations.
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/reference/reference.h"

namespace picabia::kernels::reference {
namespace {

int32_t ByteAt(const Tensor& t, int64_t i) {
  return t.dtype() == DType::kI8 ? t.data<int8_t>()[i] : t.data<uint8_t>()[i];
}

// Stores v as the element type of y wants it; `v` counts in steps of y's scale where that is a
// byte.
void StoreLevel(float v, int64_t zero, Tensor& y, int64_t i) {
  const bool is_signed = y.dtype() == DType::kI8;
  const float low = is_signed ? -128.f : 0.f, high = is_signed ? 127.f : 255.f;
  // NaN has no level; fmax makes it the lowest.
  const float level = std::fmin(std::fmax(std::nearbyint(v) + static_cast<float>(zero), low), high);
  if (is_signed) {
    y.MutableData<int8_t>()[i] = static_cast<int8_t>(level);
  } else {
    y.MutableData<uint8_t>()[i] = static_cast<uint8_t>(level);
  }
}

float Bounded(float v, float low, float high) {
  const float raised = v < low ? low : v;
  return raised > high ? high : raised;
}

// The sum at one output pixel and channel.
int64_t ProductSum(const ops::QuantizedConv2D& op, const Tensor& x, const Tensor& filter,
                   const ops::WindowExtent& v, const ops::WindowExtent& h, const int64_t (&at)[4]) {
  const Shape &xs = x.shape(), &f = filter.shape();
  const int64_t group = at[3] / (f[3] / op.groups);
  int64_t sum = 0;
  for (int64_t a = 0; a < f[0]; ++a)
    for (int64_t b = 0; b < f[1]; ++b) {
      const int64_t row = at[1] * op.window.strides[0] + a * op.window.dilations[0] - v.pad_before;
      const int64_t col = at[2] * op.window.strides[1] + b * op.window.dilations[1] - h.pad_before;
      if (row < 0 || row >= xs[1] || col < 0 || col >= xs[2]) continue;
      for (int64_t c = 0; c < f[2]; ++c) {
        const int64_t from = ((at[0] * xs[1] + row) * xs[2] + col) * xs[3] + group * f[2] + c;
        sum += (ByteAt(x, from) - op.x_zero) *
               ByteAt(filter, ((a * f[1] + b) * f[2] + c) * f[3] + at[3]);
      }
    }
  return sum;
}

// The operand as floats.
Result<Tensor> Dequantized(const Tensor& t, float scale, int64_t zero) {
  if (t.dtype() == DType::kF32) return t;
  PICABIA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(DType::kF32, t.shape()));
  for (int64_t i = 0; i < t.num_elements(); ++i)
    y.MutableData<float>()[i] = static_cast<float>(ByteAt(t, i) - zero) * scale;
  return y;
}

}  // namespace

void QuantizedConv2D(const ops::QuantizedConv2D& op, std::span<const Tensor> inputs, Tensor& y) {
  const Tensor &x = inputs[0], &filter = inputs[1];
  const auto v = ops::ConvExtent(op.window, 0, x.shape()[1], filter.shape()[0]);
  const auto h = ops::ConvExtent(op.window, 1, x.shape()[2], filter.shape()[1]);
  const float *scale = inputs[2].data<float>(), *bias = inputs[3].data<float>();
  const Shape& s = y.shape();
  for (int64_t i = 0; i < y.num_elements(); ++i) {
    const int64_t m = i % s[3], p = i / s[3];
    const int64_t at[4] = {p / s[2] / s[1], p / s[2] % s[1], p % s[2], m};
    const auto sum = static_cast<float>(ProductSum(op, x, filter, *v, *h, at));
    const float value = Bounded(sum * scale[m] + bias[m], op.low, op.high);
    if (y.dtype() == DType::kF32) {
      y.MutableData<float>()[i] = value;
    } else {
      StoreLevel(value, op.zero, y, i);
    }
  }
}

Status QuantizedBinary(const ops::QuantizedBinary& op, const Tensor& a, const Tensor& b,
                       Tensor& y) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor left, Dequantized(a, op.x_scale, op.x_zero));
  PICABIA_ASSIGN_OR_RETURN(const Tensor right, Dequantized(b, op.y_scale, op.y_zero));
  PICABIA_ASSIGN_OR_RETURN(Tensor value, Tensor::Create(DType::kF32, y.shape()));
  PICABIA_RETURN_IF_ERROR(Binary(op.kind, left, right, value));
  for (int64_t i = 0; i < y.num_elements(); ++i) {
    const float v = Bounded(value.data<float>()[i], op.low, op.high);
    if (y.dtype() == DType::kF32) {
      y.MutableData<float>()[i] = v;
    } else {
      StoreLevel(v / op.scale, op.zero, y, i);
    }
  }
  return OkStatus();
}

void Lookup(const Tensor& x, const Tensor& table, Tensor& y) {
  const int32_t least = x.dtype() == DType::kI8 ? -128 : 0;
  const size_t size = DTypeSize(table.dtype());
  auto* out = y.MutableData<std::byte>();
  for (int64_t i = 0; i < x.num_elements(); ++i, out += size)
    std::memcpy(out, table.bytes() + static_cast<size_t>(ByteAt(x, i) - least) * size, size);
}

}  // namespace picabia::kernels::reference
