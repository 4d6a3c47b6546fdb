// Kernels of device mlu over rows of halves. LoadHalves, StoreHalves and Any come from the file of
// the instruction set. Each step rounds to half as kernels/mlu/numerics.h says.

// Finite halves that stand for v, NaN as the largest.
[[gnu::always_inline]] inline Float16 SaturateHalf(Float16 v) {
  const Float16 limit = Float16{} + 65504.f;
  const Float16 below = v < limit ? v : limit;
  return below > -limit ? below : -limit;
}

[[gnu::always_inline]] inline Float16 RoundHalves(Float16 v) {
  return HalvesToFloat(FloatToHalves(SaturateHalf(v)));
}

// The first `n` of 16 lanes, others zero.
template <typename V, typename T>
[[gnu::always_inline]] inline V LoadSome(const T* from, int64_t n) {
  V v{};
  std::memcpy(&v, from, static_cast<size_t>(n) * sizeof(T));
  return v;
}

template <typename V, typename T>
[[gnu::always_inline]] inline void StoreSome(T* to, V v, int64_t n) {
  std::memcpy(to, &v, static_cast<size_t>(n) * sizeof(T));
}

// Calls f(position, n, state) for all vectors of a row, those with the parameters of one block of
// the period after another; n: how many elements there are. make(j) gives the state of block j,
// done(j, state) takes it back.
template <typename Make, typename F, typename Done>
[[gnu::always_inline]] inline void ForBlocks(int64_t count, int64_t period, Make make, F f,
                                             Done done) {
  for (int64_t j = 0; j < period && j < count; j += kPanel) {
    auto state = make(j);
    int64_t i = j;
    for (; i + kPanel <= count; i += period) f(i, std::integral_constant<int64_t, kPanel>(), state);
    if (i < count) f(i, count - i, state);
    done(j, state);
  }
}

template <int64_t kN>
[[gnu::always_inline]] inline Float16 ReadHalves(const uint16_t* from,
                                                 std::integral_constant<int64_t, kN>) {
  return HalvesToFloat(LoadVector<Word16>(from));
}
[[gnu::always_inline]] inline Float16 ReadHalves(const uint16_t* from, int64_t n) {
  return HalvesToFloat(LoadSome<Word16>(from, n));
}
template <int64_t kN>
[[gnu::always_inline]] inline void WriteHalves(uint16_t* to, Float16 v,
                                               std::integral_constant<int64_t, kN>) {
  StoreVector(to, FloatToHalves(v));
}
[[gnu::always_inline]] inline void WriteHalves(uint16_t* to, Float16 v, int64_t n) {
  StoreSome(to, FloatToHalves(v), n);
}

// 16 sums of doubles.
struct DoubleSums {
  Double8 low, high;
  explicit DoubleSums(const double* from)
      : low(LoadVector<Double8>(from)), high(LoadVector<Double8>(from + 8)) {}
  [[gnu::always_inline]] void Add(Float16 v) {
    const Float8 a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
    const Float8 b = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    low = low + __builtin_convertvector(a, Double8);
    high = high + __builtin_convertvector(b, Double8);
  }
  void Store(double* to) const {
    StoreVector(to, low);
    StoreVector(to + 8, high);
  }
};

void SumHalves(const uint16_t* x, int64_t count, int64_t period, double* sums) {
  ForBlocks(
      count, period, [=](int64_t j) { return DoubleSums(sums + j); },
      [=](int64_t i, auto n, DoubleSums& s) { s.Add(ReadHalves(x + i, n)); },
      [=](int64_t j, const DoubleSums& s) { s.Store(sums + j); });
}

void SumSquares(const uint16_t* x, int64_t count, int64_t period, const float* mean, double* sums) {
  struct State {
    DoubleSums sums;
    Float16 mean;
  };
  ForBlocks(
      count, period,
      [=](int64_t j) { return State{DoubleSums(sums + j), LoadVector<Float16>(mean + j)}; },
      [=](int64_t i, auto n, State& s) {
        const Float16 d = RoundHalves(ReadHalves(x + i, n) - s.mean);
        Float16 square = RoundHalves(d * d);
        // Lanes that the row does not have must not count.
        if constexpr (std::is_same_v<decltype(n), int64_t>)
          for (int64_t k = n; k < kPanel; ++k) square[k] = 0;
        s.sums.Add(square);
      },
      [=](int64_t j, const State& s) { s.sums.Store(sums + j); });
}

// Floats of doubles, cut to 24 bits; where something was cut off, the last bit says so, which keeps
// a later rounding to half from being a second one.
[[gnu::always_inline]] inline Float8 RoundToOdd(Double8 v) {
  constexpr uint64_t kCut = (uint64_t{1} << 29) - 1;
  const Word64x8 bits = (Word64x8)v;
  const Word64x8 sticky = (Word64x8)((bits & kCut) != 0) & (kCut + 1);
  return __builtin_convertvector((Double8)((bits & ~kCut) | sticky), Float8);
}

void MeanOfSums(const double* sums, int64_t channels, int64_t count, float* means) {
  const float inverse = 1.f / static_cast<float>(count);
  for (int64_t c = 0; c < channels; c += kPanel) {
    const int64_t n = std::min<int64_t>(kPanel, channels - c);
    Float8 part[2];
    for (int i = 0; i < 2; ++i) {
      const int64_t left = std::clamp<int64_t>(n - 8 * i, 0, 8);
      part[i] = RoundToOdd(left == 8 ? LoadVector<Double8>(sums + c + 8 * i)
                                     : LoadSome<Double8>(sums + c + 8 * i, left));
    }
    StoreSome(means + c, RoundHalves(RoundHalves(LoadVector<Float16>(part)) * inverse), n);
  }
}

[[gnu::always_inline]] inline Float16 Positive(Float16 v) {
  const Float16 zero{};
  return v > zero ? v : zero;
}

template <bool kRelu, bool kResidual>
void NormalizeHalves(const HalfNorm& args) {
  const HalfNorm h = args;
  struct State {
    Float16 mean, deviation, scale, shift;
  };
  ForBlocks(
      h.count, h.period,
      [=](int64_t j) {
        return State{LoadVector<Float16>(h.mean + j), LoadVector<Float16>(h.deviation + j),
                     LoadVector<Float16>(h.scale + j), LoadVector<Float16>(h.shift + j)};
      },
      [=](int64_t i, auto n, const State& s) {
        const Float16 d = RoundHalves(ReadHalves(h.y + i, n) - s.mean);
        const Float16 z = RoundHalves(d / s.deviation);
        Float16 v = SaturateHalf(RoundHalves(z * s.scale) + s.shift);
        if constexpr (kRelu) v = Positive(v);
        if constexpr (kResidual) {
          v = SaturateHalf(HalvesToFloat(FloatToHalves(v)) + ReadHalves(h.residual + i, n));
          if (h.relu2) v = Positive(v);
        }
        WriteHalves(h.y + i, v, n);
      },
      [](int64_t, const State&) {});
}

void NormalizeHalfRow(const HalfNorm& h) {
  const bool relu = h.relu || (h.residual == nullptr && h.relu2);
  if (h.residual != nullptr)
    return relu ? NormalizeHalves<true, true>(h) : NormalizeHalves<false, true>(h);
  return relu ? NormalizeHalves<true, false>(h) : NormalizeHalves<false, false>(h);
}

// Nearest integer, halves away from zero, of |v| <= 2^22. (v - trunc(v) is exact.)
[[gnu::always_inline]] inline Int32x16 RoundAway(Float16 v) {
  const Int32x16 whole = __builtin_convertvector(v, Int32x16);
  const Float16 rest = v - __builtin_convertvector(whole, Float16);
  // A comparison that holds is -1 in each lane.
  return whole - (Int32x16)(rest >= 0.5f) + (Int32x16)(rest <= -0.5f);
}

template <bool kWide>
void QuantizeHalves(const HalfQuantize& args) {
  const HalfQuantize q = args;
  constexpr int32_t kZero = kWide ? 32768 : 128;
  const Float16 low = Float16{} - static_cast<float>(kZero);
  const Float16 high = Float16{} + static_cast<float>(kZero - 1);
  ForBlocks(
      q.count, kPanel, [](int64_t) { return 0; },
      [=](int64_t i, auto n, int) {
        const Float16 v = Smaller(Larger(ReadHalves(q.x + i, n) * q.scale, low), high);
        const Int32x16 level = RoundAway(v) + kZero;
        if constexpr (std::is_same_v<decltype(n), int64_t>) {
          StoreSome(q.low + i, __builtin_convertvector(level, Byte16), n);
          if (kWide) StoreSome(q.high + i, __builtin_convertvector(level >> 8, Byte16), n);
        } else {
          StoreVector(q.low + i, __builtin_convertvector(level, Byte16));
          if (kWide) StoreVector(q.high + i, __builtin_convertvector(level >> 8, Byte16));
        }
      },
      [](int64_t, int) {});
}

void QuantizeHalfRow(const HalfQuantize& q) {
  return q.high != nullptr ? QuantizeHalves<true>(q) : QuantizeHalves<false>(q);
}

void RoundFloats(float* y, int64_t count) {
  int64_t i = 0;
  for (; i + kPanel <= count; i += kPanel)
    StoreVector(y + i, RoundHalves(LoadVector<Float16>(y + i)));
  if (i < count) StoreSome(y + i, RoundHalves(LoadSome<Float16>(y + i, count - i)), count - i);
}

void FloatsToHalves(const float* x, int64_t count, uint16_t* y) {
  int64_t i = 0;
  for (; i + kPanel <= count; i += kPanel)
    StoreVector(y + i, FloatToHalves(SaturateHalf(LoadVector<Float16>(x + i))));
  if (i < count)
    StoreSome(y + i, FloatToHalves(SaturateHalf(LoadSome<Float16>(x + i, count - i))), count - i);
}

void HalvesToFloats(const uint16_t* x, int64_t count, float* y) {
  int64_t i = 0;
  for (; i + kPanel <= count; i += kPanel)
    StoreVector(y + i, HalvesToFloat(LoadVector<Word16>(x + i)));
  if (i < count) StoreSome(y + i, HalvesToFloat(LoadSome<Word16>(x + i, count - i)), count - i);
}

// The sums of 16 channels of a pixel, exact, and as floats rounded once.
template <bool kWide>
struct PixelSums {
  [[gnu::always_inline]] static double Exact(const SumsToHalf& s, int64_t at, double correction) {
    double sum = static_cast<double>(s.low[at]) - correction;
    if (kWide) sum += 65536.0 * s.high[at] + 256.0 * s.middle[at];
    return sum;
  }
  [[gnu::always_inline]] static Float16 Rounded(const SumsToHalf& s, int64_t at,
                                                const double* correction,
                                                Int32x16 whole_correction) {
    if constexpr (!kWide)
      return __builtin_convertvector(LoadVector<Int32x16>(s.low + at) - whole_correction, Float16);
    Float16 v;
    for (int k = 0; k < kPanel; ++k) v[k] = static_cast<float>(Exact(s, at + k, correction[k]));
    return v;
  }
};

// sum / divisor in float, with an error below 4 units of the last place; where that might decide
// how the half is rounded, the lanes are computed again in double. So also for numbers below the
// normal halves, whose last place is elsewhere.
template <bool kWide>
void SumsToHalves(const SumsToHalf& args) {
  const SumsToHalf s = args;
  for (int64_t c = 0; c < s.channels; c += kPanel) {
    const int64_t n = std::min<int64_t>(kPanel, s.channels - c);
    const double *correction = s.correction + c, *divisor = s.divisor + c;
    Float16 inverse;
    for (int k = 0; k < kPanel; ++k) inverse[k] = static_cast<float>(1 / divisor[k]);
    Int32x16 whole{};
    if (!kWide)
      for (int k = 0; k < kPanel; ++k) whole[k] = static_cast<int32_t>(correction[k]);
    for (int64_t p = 0; p < s.pixels; ++p) {
      const int64_t at = p * s.stride + c;
      const Float16 v = PixelSums<kWide>::Rounded(s, at, correction, whole) * inverse;
      const Int32x16 bits = (Int32x16)v, size = bits & 0x7FFFFFFF;
      // The 13 bits that the half cuts off: 0x1000 is a tie.
      const Int32x16 cut = (bits & 0x1FFF) - (0x1000 - 4);
      const Int32x16 near = ((Int32x16)((Word32x16)cut <= 8u)) | (size < 0x38800000 && size > 0);
      Word16 y = FloatToHalves(SaturateHalf(v));
      if (__builtin_expect(AnyLane(near), 0))
        for (int k = 0; k < kPanel; ++k)
          if (near[k] != 0)
            y[k] = mlu::SumToHalf(PixelSums<kWide>::Exact(s, at + k, correction[k]), divisor[k]);
      uint16_t* to = s.y + p * s.y_stride + c;
      if (n == kPanel) {
        StoreVector(to, y);
      } else {
        StoreSome(to, y, n);
      }
    }
  }
}

void SumsToHalfRow(const SumsToHalf& s) {
  return s.high != nullptr ? SumsToHalves<true>(s) : SumsToHalves<false>(s);
}

constexpr MluKernels kMluKernels = {.sums_to_half = SumsToHalfRow,
                                    .sum = SumHalves,
                                    .sum_squares = SumSquares,
                                    .mean = MeanOfSums,
                                    .normalize = NormalizeHalfRow,
                                    .quantize = QuantizeHalfRow,
                                    .round = RoundFloats,
                                    .to_half = FloatsToHalves,
                                    .to_float = HalvesToFloats};
