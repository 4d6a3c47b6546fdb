// Kernels between quantizations: plain loops that the compiler vectorises, compiled once an
// instruction set; see row_inl.h, whose RoundToInt they use.

void FlipBytes(const uint8_t* from, int64_t count, uint8_t flip, uint8_t* __restrict to) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i] ^ flip;
}

// The numbers that a byte of type Q can stand for, less the zero point.
template <typename Q>
struct Levels {
  explicit Levels(int32_t zero_point)
      : zero(zero_point),
        low(static_cast<float>(std::numeric_limits<Q>::min() - zero_point)),
        high(static_cast<float>(std::numeric_limits<Q>::max() - zero_point)) {}
  int32_t zero;
  float low, high;

  [[gnu::always_inline]] Q Of(float v) const {
    const float raised = v > low ? v : low;  // NaN: the lowest
    return static_cast<Q>(RoundToInt(raised < high ? raised : high) + zero);
  }
};

[[gnu::always_inline]] inline float Bounded(float v, float low, float high) {
  const float raised = v < low ? low : v;
  return raised > high ? high : raised;
}

template <typename Y, typename F>
[[gnu::always_inline]] inline void TailAs(const QuantizedTail& args, F store) {
  const QuantizedTail t = args;  // a copy that `y` cannot alias
  for (int64_t p = 0; p < t.pixels; ++p) {
    const int32_t* sums = t.sums + p * t.sum_stride;
    Y* __restrict y = static_cast<Y*>(t.y) + p * t.y_stride;
    for (int64_t c = 0; c < t.channels; ++c) {
      const auto sum = static_cast<float>(sums[c] - t.correction[c]);
      y[c] = store(Bounded(sum * t.scale[c] + t.bias[c], t.low, t.high));
    }
  }
}

void Tail(const QuantizedTail& t) {
  if (t.to == DType::kI8) {
    const Levels<int8_t> levels(t.zero);
    TailAs<int8_t>(t, [=](float v) { return levels.Of(v); });
  } else if (t.to == DType::kU8) {
    const Levels<uint8_t> levels(t.zero);
    TailAs<uint8_t>(t, [=](float v) { return levels.Of(v); });
  } else {
    TailAs<float>(t, [](float v) { return v; });
  }
}

// kPixels pixels by sixteen channels, which stay in registers over all taps.
template <int kPixels>
[[gnu::always_inline]] inline void DepthwiseTile(const QuantizedDepthwise& d, int64_t pixel,
                                                 int64_t c) {
  using V [[gnu::vector_size(64), gnu::aligned(4)]] = int32_t;
  using B [[gnu::vector_size(16), gnu::aligned(1)]] = uint8_t;
  V sum[kPixels]{};
  const uint8_t* x = d.x + pixel * d.pixel_stride + c;
  for (int64_t t = 0; t < d.taps; ++t) {
    V w;
    std::memcpy(&w, d.weights + t * d.channels + c, sizeof(V));
    PICABIA_UNROLL for (int p = 0; p < kPixels; ++p) {
      B bytes;
      std::memcpy(&bytes, x + p * d.pixel_stride + d.offsets[t], sizeof(B));
      sum[p] += __builtin_convertvector(bytes, V) * w;
    }
  }
  PICABIA_UNROLL for (int p = 0; p < kPixels; ++p)
      std::memcpy(d.sums + (pixel + p) * d.sum_stride + c, &sum[p], sizeof(V));
}

void DepthwiseBytes(const QuantizedDepthwise& args) {
  const QuantizedDepthwise d = args;
  constexpr int kPixels = 4;
  int64_t c = 0;
  for (; c + 16 <= d.channels; c += 16) {
    int64_t p = 0;
    for (; p + kPixels <= d.pixels; p += kPixels) DepthwiseTile<kPixels>(d, p, c);
    for (; p < d.pixels; ++p) DepthwiseTile<1>(d, p, c);
  }
  for (; c < d.channels; ++c)
    for (int64_t p = 0; p < d.pixels; ++p) {
      int32_t sum = 0;
      for (int64_t t = 0; t < d.taps; ++t)
        sum += d.x[p * d.pixel_stride + d.offsets[t] + c] * d.weights[t * d.channels + c];
      d.sums[p * d.sum_stride + c] = sum;
    }
}

template <typename Q>
void ToFloatFrom(const Q* q, int64_t count, float scale, int32_t zero, float* __restrict y) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = static_cast<float>(static_cast<int32_t>(q[i]) - zero) * scale;
}

void ToFloat(const uint8_t* q, int64_t count, const Quantization& from, float* y) {
  if (from.is_signed) {
    ToFloatFrom(reinterpret_cast<const int8_t*>(q), count, from.scale, from.zero, y);
  } else {
    ToFloatFrom(q, count, from.scale, from.zero, y);
  }
}

template <typename Q>
void ToBytesOf(const float* x, int64_t count, float scale, const Levels<Q>& to, Q* __restrict q) {
  const Levels<Q> levels = to;
  for (int64_t i = 0; i < count; ++i) q[i] = levels.Of(x[i] / scale);
}

void ToBytes(const float* x, int64_t count, const Quantization& to, uint8_t* q) {
  if (to.is_signed) {
    ToBytesOf(x, count, to.scale, Levels<int8_t>(to.zero), reinterpret_cast<int8_t*>(q));
  } else {
    ToBytesOf(x, count, to.scale, Levels<uint8_t>(to.zero), q);
  }
}

template <typename F>
[[gnu::always_inline]] inline void CombineWith(const float* a, const float* b, int64_t count,
                                               float* y, F f) {
  for (int64_t i = 0; i < count; ++i) y[i] = f(a[i], b[i]);
}

void CombineRows(ops::BinaryKind kind, const float* a, const float* b, int64_t count, float* y) {
  using K = ops::BinaryKind;
  switch (kind) {
    case K::kAdd:
      return CombineWith(a, b, count, y, [](float u, float v) { return u + v; });
    case K::kSub:
      return CombineWith(a, b, count, y, [](float u, float v) { return u - v; });
    case K::kMul:
      return CombineWith(a, b, count, y, [](float u, float v) { return u * v; });
    case K::kDiv:
      return CombineWith(a, b, count, y, [](float u, float v) { return u / v; });
    case K::kSquaredDifference:
      return CombineWith(a, b, count, y, [](float u, float v) { return (u - v) * (u - v); });
    case K::kMin:
      return CombineWith(a, b, count, y, [](float u, float v) { return u < v || u != u ? u : v; });
    case K::kMax:
      return CombineWith(a, b, count, y, [](float u, float v) { return u > v || u != u ? u : v; });
    default:  // no attribute check lets another through
      return;
  }
}

void BoundRow(float* y, int64_t count, float low, float high) {
  for (int64_t i = 0; i < count; ++i) y[i] = Bounded(y[i], low, high);
}

constexpr QuantizedKernels kQuantizedKernels = {FlipBytes, Tail,        DepthwiseBytes, ToFloat,
                                                ToBytes,   CombineRows, BoundRow};
