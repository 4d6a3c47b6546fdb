// Elementwise steps between quantizations: bytes to floats, floats to bytes, and Binary with either
// on any side, a block of elements at a time in the first-level cache; Lookup.
#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "devices/cpu/fast_steps.h"

namespace picabia::cpu {
namespace {

constexpr int64_t kBlock = 2048;  // floats: three of them fill half of the first-level cache

bool IsByte(DType dtype) { return dtype == DType::kI8 || dtype == DType::kU8; }

const uint8_t* Bytes(const Tensor& t) { return reinterpret_cast<const uint8_t*>(t.bytes()); }

// One scale and zero point for the whole tensor, from inputs 1 and 2.
std::optional<kernels::Quantization> WholeTensor(const StepInputs& s, DType levels) {
  if (s.in[1].dtype() != DType::kF32 || s.in[1].num_elements() != 1 || !IsByte(levels))
    return std::nullopt;
  const bool is_signed = levels == DType::kI8;
  int32_t zero = 0;
  if (s.in.size() > 2) {
    if (s.in[2].num_elements() != 1) return std::nullopt;
    zero = is_signed ? *s.in[2].data<int8_t>() : *s.in[2].data<uint8_t>();
  }
  return kernels::Quantization{*s.in[1].data<float>(), zero, is_signed};
}

FastResult RunQuantize(const StepInputs& s) {
  const auto to = WholeTensor(s, s.output.dtype);
  if (!to || s.in[0].dtype() != DType::kF32) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const float* x = s.in[0].data<float>();
  auto* q = y.MutableData<uint8_t>();
  InChunks(s.context, y.num_elements(), [&, x, q](int64_t at, int64_t count) {
    s.context.kernels.quantized.to_bytes(x + at, count, *to, q + at);
  });
  return std::optional<Tensor>(std::move(y));
}

FastResult RunDequantize(const StepInputs& s) {
  const auto from = WholeTensor(s, s.in[0].dtype());
  if (!from || s.output.dtype != DType::kF32) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const uint8_t* q = Bytes(s.in[0]);
  auto* to = y.MutableData<float>();
  InChunks(s.context, y.num_elements(), [&, q, to](int64_t at, int64_t count) {
    s.context.kernels.quantized.to_float(q + at, count, *from, to + at);
  });
  return std::optional<Tensor>(std::move(y));
}

// One side of a Binary: element for element, or a period of floats that repeats.
class Side {
 public:
  // Nothing where it meets the output in another way.
  static std::optional<Side> Of(const StepInputs& s, size_t input,
                                const kernels::Quantization& from) {
    const Tensor& t = s.in[input];
    const Shape& y = s.output.shape;
    size_t ones = 0;  // leading dimensions of 1; behind them all must be the output's
    while (ones < t.shape().size() && t.shape()[ones] == 1) ++ones;
    const size_t rank = t.shape().size() - ones;
    if (t.shape().size() > y.size() ||
        !std::equal(t.shape().begin() + static_cast<int64_t>(ones), t.shape().end(),
                    y.end() - static_cast<int64_t>(rank)))
      return std::nullopt;
    return Side(s, t, from);
  }

  // `count` <= kBlock floats of it at output position `at`, perhaps in `buffer`.
  const float* Block(int64_t at, int64_t count, float* buffer) const {
    if (period_ != 0) return repeated_.data() + at % period_;
    if (t_.dtype() == DType::kF32) return t_.data<float>() + at;
    kernels_->to_float(Bytes(t_) + at, count, from_, buffer);
    return buffer;
  }

 private:
  Side(const StepInputs& s, const Tensor& t, const kernels::Quantization& from)
      : t_(t), from_(from), kernels_(&s.context.kernels.quantized) {
    const int64_t n = t.num_elements();
    if (n == CheckedProduct(s.output.shape) && n > 1) return;
    period_ = n;
    repeated_.resize(static_cast<size_t>(n + kBlock));
    for (int64_t i = 0; i < n + kBlock; i += n) {
      const int64_t count = std::min(n, n + kBlock - i);
      float* to = repeated_.data() + i;
      if (t.dtype() == DType::kF32) {
        std::copy_n(t.data<float>(), count, to);
      } else {
        kernels_->to_float(Bytes(t), count, from, to);
      }
    }
  }

  const Tensor& t_;
  kernels::Quantization from_;
  const kernels::QuantizedKernels* kernels_;
  int64_t period_ = 0;           // 0: element for element
  std::vector<float> repeated_;  // so often that a block may begin anywhere in a period
};

void RunBlock(const kernels::QuantizedKernels& k, const ops::QuantizedBinary& op, const Side& x,
              const Side& y, int64_t at, int64_t count, Tensor& out) {
  float left[kBlock], right[kBlock], result[kBlock];
  const bool to_bytes = out.dtype() != DType::kF32;
  float* to = to_bytes ? result : out.MutableData<float>() + at;
  k.combine(op.kind, x.Block(at, count, left), y.Block(at, count, right), count, to);
  if (op.low > -std::numeric_limits<float>::infinity() ||
      op.high < std::numeric_limits<float>::infinity())
    k.bound(to, count, op.low, op.high);
  if (!to_bytes) return;
  const kernels::Quantization q{op.scale, static_cast<int32_t>(op.zero), out.dtype() == DType::kI8};
  k.to_bytes(to, count, q, out.MutableData<uint8_t>() + at);
}

FastResult RunBinary(const StepInputs& s, const ops::QuantizedBinary& op) {
  const auto from = [&](size_t i, float scale, int64_t zero) {
    return kernels::Quantization{scale, static_cast<int32_t>(zero), s.in[i].dtype() == DType::kI8};
  };
  const auto x = Side::Of(s, 0, from(0, op.x_scale, op.x_zero));
  const auto y = Side::Of(s, 1, from(1, op.y_scale, op.y_zero));
  if (!x || !y) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor out, s.Allocate());
  InChunks(s.context, out.num_elements(), [&](int64_t begin, int64_t total) {
    for (int64_t at = begin; at < begin + total; at += kBlock)
      RunBlock(s.context.kernels.quantized, op, *x, *y, at, std::min(kBlock, begin + total - at),
               out);
  });
  return std::optional<Tensor>(std::move(out));
}

template <typename T>
void LookupAll(const StepInputs& s, Tensor& y) {
  const uint8_t* x = Bytes(s.in[0]);
  const T* table = s.in[1].data<T>();
  T* to = y.MutableData<T>();
  const uint8_t flip = s.in[0].dtype() == DType::kI8 ? 128 : 0;
  InChunks(s.context, y.num_elements(), [=](int64_t at, int64_t count) {
    for (int64_t i = at; i < at + count; ++i) to[i] = table[x[i] ^ flip];
  });
}

FastResult RunLookup(const StepInputs& s) {
  if (!IsByte(s.output.dtype) && s.output.dtype != DType::kF32) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  if (s.output.dtype == DType::kF32) {
    LookupAll<float>(s, y);
  } else {
    LookupAll<uint8_t>(s, y);
  }
  return std::optional<Tensor>(std::move(y));
}

}  // namespace

FastResult TryQuantized(const StepInputs& s, const ops::Op& op) {
  if (const auto* binary = std::get_if<ops::QuantizedBinary>(&op)) return RunBinary(s, *binary);
  if (std::holds_alternative<ops::Lookup>(op)) return RunLookup(s);
  if (std::holds_alternative<ops::QuantizeLinear>(op)) return RunQuantize(s);
  if (std::holds_alternative<ops::DequantizeLinear>(op)) return RunDequantize(s);
  return std::optional<Tensor>();
}

}  // namespace picabia::cpu
