// Kernels over rows of NHWC pixels: plain loops that the compiler vectorises, compiled once an
// instruction set. Each float operation rounds once and in the order written (-ffp-contract=off),
// so every instruction set gives the same bits.

// Calls f(element, channel) for count elements whose channels repeat with `period`.
template <typename F>
[[gnu::always_inline]] inline void ForEach(int64_t count, int64_t period, F f) {
  int64_t base = 0;
  for (; base + period <= count; base += period)
    for (int64_t j = 0; j < period; ++j) f(base + j, j);
  for (int64_t j = 0; base + j < count; ++j) f(base + j, j);
}

// Nearest integer, ties to even, of |v| < 2^22: in 1.5 * 2^23 the last bit weighs 1, so the sum is
// rounded to it.
[[gnu::always_inline]] inline int32_t RoundToInt(float v) {
  return std::bit_cast<int32_t>(v + 12582912.f) - 0x4B400000;
}

// tanh(v) = 1 - 2 / (exp(2v) + 1), exp by 2^n * (Taylor polynomial of degree 7 on |r| <= ln(2)/2,
// error below 6e-9). Absolute error below 2e-7. NaN stays NaN.
[[gnu::always_inline]] inline float Tanh(float v) {
  const float clamped =
      v > 9.01f ? 9.01f : (v < -9.01f ? -9.01f : v);  // tanh is +-1 in float there
  const float x = clamped + clamped;
  const float n_float = (x * 1.44269504f + 12582912.f) - 12582912.f;
  const float r = (x - n_float * 0.693359375f) - n_float * -2.12194440e-4f;  // ln 2 in two parts
  float e = 1.f / 5040;
  e = e * r + 1.f / 720;
  e = e * r + 1.f / 120;
  e = e * r + 1.f / 24;
  e = e * r + 1.f / 6;
  e = e * r + 0.5f;
  e = e * r + 1.f;
  e = e * r + 1.f;
  // A NaN reaches here as some n; the final sum is NaN all the same because e is.
  const int32_t n = std::bit_cast<int32_t>(x * 1.44269504f + 12582912.f) - 0x4B400000;
  const float power = std::bit_cast<float>(static_cast<uint32_t>(n + 127) << 23);
  return 1.f - 2.f / (e * power + 1.f);
}

template <ops::Activation kActivation>
[[gnu::always_inline]] inline float Activate(float v, [[maybe_unused]] float alpha) {
  if constexpr (kActivation == ops::Activation::kRelu) return v < 0 ? 0.f : v;
  if constexpr (kActivation == ops::Activation::kTanh) return Tanh(v);
  if constexpr (kActivation == ops::Activation::kLeakyRelu) return v < 0 ? v * alpha : v;
  return v;
}

template <ops::Activation kActivation>
void NormalizeAs(float* y, int64_t count, int64_t period, const Affine& parameters, float alpha) {
  const Affine p = parameters;  // a copy that `y` cannot alias
  if (p.scale == nullptr) {
    for (int64_t i = 0; i < count; ++i) y[i] = Activate<kActivation>(y[i], alpha);
    return;
  }
  ForEach(count, period, [=](int64_t i, int64_t j) {
    y[i] = Activate<kActivation>((y[i] - p.center[j]) * p.scale[j] + p.shift[j], alpha);
  });
}

void Normalize(float* y, int64_t count, int64_t period, const Affine& parameters,
               ops::Activation activation, float alpha) {
  using A = ops::Activation;
  switch (activation) {
    case A::kNone:
      if (parameters.scale != nullptr) NormalizeAs<A::kNone>(y, count, period, parameters, alpha);
      return;
    case A::kRelu:
      return NormalizeAs<A::kRelu>(y, count, period, parameters, alpha);
    case A::kTanh:
      return NormalizeAs<A::kTanh>(y, count, period, parameters, alpha);
    case A::kLeakyRelu:
      return NormalizeAs<A::kLeakyRelu>(y, count, period, parameters, alpha);
  }
}

void ScaleShift(float* y, int64_t count, float scale, float shift) {
  for (int64_t i = 0; i < count; ++i) y[i] = y[i] * scale + shift;
}

void Add(float* y, const float* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = y[i] + x[i];
}

void Statistics(const float* x, int64_t count, int64_t period, double* sums, double* squares) {
  ForEach(count, period, [=](int64_t i, int64_t j) {
    const double v = static_cast<double>(x[i]);
    sums[j] = sums[j] + v;
    squares[j] = squares[j] + v * v;
  });
}

void Range(const float* x, int64_t count, int64_t period, float* low, float* high) {
  ForEach(count, period, [=](int64_t i, int64_t j) {
    low[j] = x[i] < low[j] ? x[i] : low[j];
    high[j] = x[i] > high[j] ? x[i] : high[j];
  });
}

[[gnu::always_inline]] inline int32_t Quantize(const QuantizeRow& row, int64_t i, int64_t j) {
  const float v = row.x[i] * row.inverse_scale[j];
  const float raised = v > row.low[j] ? v : row.low[j];  // NaN: low
  return RoundToInt(raised < row.high[j] ? raised : row.high[j]) + row.zero[j];
}

void Quantize8(const QuantizeRow& args, uint8_t* q) {
  const QuantizeRow row = args;  // a copy that `q` cannot alias
  ForEach(row.count, row.period,
          [=](int64_t i, int64_t j) { q[i] = static_cast<uint8_t>(Quantize(row, i, j)); });
}

void Quantize16(const QuantizeRow& args, uint8_t* high, uint8_t* low) {
  const QuantizeRow row = args;
  ForEach(row.count, row.period, [=](int64_t i, int64_t j) {
    const int32_t v = Quantize(row, i, j);
    high[i] = static_cast<uint8_t>(v >> 8);
    low[i] = static_cast<uint8_t>(v & 255);
  });
}

void QuantizeTile(const QuantizeRow& args, int16_t* d) {
  const QuantizeRow row = args;
  ForEach(row.count, row.period,
          [=](int64_t i, int64_t j) { d[i] = static_cast<int16_t>(Quantize(row, i, j)); });
}

// (int32 and double arithmetic on integers below 2^53 is exact; the float result is rounded once
// from the product.)
[[gnu::always_inline]] inline void DequantizePixel(const DequantizeRow& row, const int32_t* high,
                                                   const int32_t* middle, const int32_t* low,
                                                   float* y) {
  for (int64_t c = 0; c < row.channels; ++c) {
    double sum = low[c] - row.correction[c];
    if (middle != nullptr) sum += 256.0 * middle[c];
    if (high != nullptr) sum += 65536.0 * high[c];
    y[c] = static_cast<float>(sum * row.scale[c]) + row.bias[c];
  }
}

void Dequantize(const DequantizeRow& args) {
  const DequantizeRow row = args;
  const int64_t stride = row.sum_stride;
  for (int64_t p = 0; p < row.pixels; ++p) {
    const int32_t* low = row.low + p * stride;
    float* y = row.y + p * row.y_stride;
    if (row.divisor != 0) {
      for (int64_t c = 0; c < row.channels; ++c)
        y[c] = static_cast<float>(low[c] - row.correction[c]) / row.divisor + row.bias[c];
    } else if (row.high != nullptr) {
      DequantizePixel(row, row.high + p * stride, row.middle + p * stride, low, y);
    } else if (row.middle != nullptr) {
      DequantizePixel(row, nullptr, row.middle + p * stride, low, y);
    } else {
      DequantizePixel(row, nullptr, nullptr, low, y);
    }
  }
}

// Sixteen channels at a time, which stay in registers over all taps.
void Depthwise(const DepthwisePixel& args) {
  using V [[gnu::vector_size(64), gnu::aligned(4)]] = float;
  const DepthwisePixel p = args;
  int64_t c = 0;
  for (; c + 16 <= p.channels; c += 16) {
    V sum{};
    if (p.bias != nullptr) std::memcpy(&sum, p.bias + c, sizeof(V));
    for (int64_t t = 0; t < p.taps; ++t) {
      V x, w;
      std::memcpy(&x, p.x[t] + c, sizeof(V));
      std::memcpy(&w, p.weights[t] + c, sizeof(V));
      sum = sum + x * w;
    }
    std::memcpy(p.y + c, &sum, sizeof(V));
  }
  for (; c < p.channels; ++c) {
    float sum = p.bias != nullptr ? p.bias[c] : 0.f;
    for (int64_t t = 0; t < p.taps; ++t) sum = sum + p.x[t][c] * p.weights[t][c];
    p.y[c] = sum;
  }
}

// (1 + tanh(x / 2)) / 2
void Sigmoid(float* y, const float* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = Tanh(x[i] * 0.5f) * 0.5f + 0.5f;
}
