// The kernel of power.h, compiled once an instruction set. Blocks of elements go through the
// squarings together, so that the loop over the bits of the exponent is outside.

constexpr int kPowerBlock = 64;

[[gnu::always_inline]] inline void PowerOfBlock(const WholePower& power, const float* d, float* z) {
  double square[kPowerBlock], result[kPowerBlock];
  for (int i = 0; i < kPowerBlock; ++i) {
    square[i] = static_cast<double>(d[i]);
    result[i] = 1;
  }
  for (uint32_t bits = power.exponent; bits != 0; bits >>= 1) {
    if (bits & 1)
      for (int i = 0; i < kPowerBlock; ++i) result[i] = result[i] * square[i];
    if (bits > 1)
      for (int i = 0; i < kPowerBlock; ++i) square[i] = square[i] * square[i];
  }
  if (power.reciprocal)
    for (int i = 0; i < kPowerBlock; ++i) result[i] = 1 / result[i];
  for (int i = 0; i < kPowerBlock; ++i) z[i] = static_cast<float>(result[i]);
}

// One run of y.
template <bool kReversed>
[[gnu::always_inline]] inline void PowerOfRun(const PowerRow& row, int64_t base, int64_t count) {
  const float* x = row.x + base;
  float* z = row.z + base;
  for (int64_t at = 0; at < count; at += kPowerBlock) {
    float d[kPowerBlock] = {}, out[kPowerBlock];
    const int64_t n = count - at < kPowerBlock ? count - at : kPowerBlock;
    for (int64_t i = 0; i < n; ++i) {
      const float u = x[at + i], v = row.y[at + i];
      d[i] = kReversed ? v - u : u - v;
    }
    PowerOfBlock(row.power, d, out);
    std::memcpy(z + at, out, static_cast<size_t>(n) * sizeof(float));
  }
}

void Power(const PowerRow& args) {
  const PowerRow row = args;  // a copy that z cannot alias
  for (int64_t base = 0; base < row.count; base += row.period) {
    const int64_t n = row.count - base < row.period ? row.count - base : row.period;
    if (row.reversed) {
      PowerOfRun<true>(row, base, n);
    } else {
      PowerOfRun<false>(row, base, n);
    }
  }
}
