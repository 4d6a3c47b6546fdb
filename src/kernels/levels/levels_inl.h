// Kernels over 16-bit levels, the form in which convolutions hand pictures to each other
// (src/devices/cpu/levels.h): sums to levels with their statistics, levels to the 8-bit factors of
// the next products, sums of two pictures of levels.

constexpr float kLargestLevel = 32767.f;

using Word32 [[gnu::vector_size(64)]] = uint16_t;

// t = max(level * factor + offset, floor), modulo 2^16: unsigned, since signed numbers must not
// overflow.
struct MapParameters {
  Int16x32 factor, offset, floor, gain, zero;
  explicit MapParameters(const LevelRow& r, int64_t j)
      : factor(LoadVector<Int16x32>(r.factor + j)),
        offset(LoadVector<Int16x32>(r.offset + j)),
        floor(LoadVector<Int16x32>(r.floor + j)),
        gain(LoadVector<Int16x32>(r.gain + j)),
        zero(LoadVector<Int16x32>(r.zero + j)) {}

  [[gnu::always_inline]] Int16x32 Stretch(Int16x32 level) const {
    return Larger((Int16x32)((Word32)level * (Word32)factor + (Word32)offset), floor);
  }
  [[gnu::always_inline]] Int16x32 Map(Int16x32 level) const {
    return MulHrs(Stretch(level), gain) + zero;
  }
};

// Calls store(position, count, parameters, levels) for whole vectors; those at the end of the row
// are copied in and out. A period that is no multiple of 32 ends with a vector that reaches into
// the next one, which comes after it and puts that right.
template <typename F>
[[gnu::always_inline]] inline void ForLevels(const LevelRow& row, F store) {
  constexpr int64_t kStep = 32;
  const int64_t covered = (row.period + kStep - 1) / kStep * kStep;
  int64_t i = 0;
  for (; i + covered <= row.count; i += row.period)
    for (int64_t j = 0; j < row.period; j += kStep)
      store(i + j, kStep, MapParameters(row, j), LoadVector<Int16x32>(row.levels + i + j));
  for (; i < row.count; i += row.period)
    for (int64_t j = 0; j < row.period && i + j < row.count; j += kStep) {
      const int64_t left = std::min(kStep, row.count - i - j);
      Int16x32 levels{};
      std::memcpy(&levels, row.levels + i + j, static_cast<size_t>(left) * sizeof(int16_t));
      store(i + j, left, MapParameters(row, j), levels);
    }
}

template <typename V>
[[gnu::always_inline]] inline void StorePart(void* to, const V& v, int64_t bytes) {
  if (bytes == static_cast<int64_t>(sizeof(V))) {
    StoreVector(to, v);
  } else {
    std::memcpy(to, &v, static_cast<size_t>(bytes));
  }
}

void MapLevels8(const LevelRow& args, uint8_t* q) {
  const LevelRow row = args;
  ForLevels(row, [=](int64_t at, int64_t n, const MapParameters& p, Int16x32 levels) {
    const Int16x32 zero{}, most = zero + int16_t{255};
    const Int16x32 v = Smaller(Larger(p.Map(levels), zero), most);
    StorePart(q + at, __builtin_convertvector(v, Byte32), n);
  });
}

void MapLevels16(const LevelRow& args, uint8_t* high, uint8_t* low) {
  const LevelRow row = args;
  ForLevels(row, [=](int64_t at, int64_t n, const MapParameters& p, Int16x32 levels) {
    const Word32 v = (Word32)p.Stretch(levels) + (Word32)p.zero;
    StorePart(high + at, __builtin_convertvector(v >> 8, Byte32), n);
    StorePart(low + at, __builtin_convertvector(v, Byte32), n);
  });
}

void MapLevelsTile(const LevelRow& args, int16_t* d) {
  const LevelRow row = args;
  ForLevels(row, [=](int64_t at, int64_t n, const MapParameters& p, Int16x32 levels) {
    StorePart(d + at, p.Map(levels), n * 2);
  });
}

// A level as a float, and as an integer of which the low 16 bits are it: in 1.5 * 2^23 the last bit
// weighs 1 and the low 16 bits are 0. Callers see to it that levels fit.
struct Level {
  Float16 value;
  Int32x16 bits;

  [[gnu::always_inline]] explicit Level(Float16 v) {
    const Float16 shifted = v + 12582912.f;
    value = shifted - 12582912.f;
    bits = (Int32x16)shifted;
  }
  // kWhole: 16 channels, else the first `channels`.
  template <bool kWhole>
  [[gnu::always_inline]] void Store(int16_t* to, int64_t channels) const {
    const auto levels = __builtin_convertvector(bits, Int16x16);
    if constexpr (kWhole) {
      StoreVector(to, levels);
    } else {
      std::memcpy(to, &levels, static_cast<size_t>(channels) * sizeof(int16_t));
    }
  }
};

// What a convolution leaves for its norm and its reader, of 16 channels, while they are in
// registers.
struct LevelSums {
  Float16 pivot, sum{}, square{}, low, high;

  [[gnu::always_inline]] LevelSums(const LevelStatistics& s, int64_t c, Float16 first)
      : pivot(first), low(LoadVector<Float16>(s.low + c)), high(LoadVector<Float16>(s.high + c)) {}

  [[gnu::always_inline]] void Add(Float16 level) {
    const Float16 d = level - pivot;
    sum = sum + d;
    square = square + d * d;
    low = Smaller(low, level);
    high = Larger(high, level);
  }

  // Joins `pixels` pixels to the `before` pixels that s holds.
  void Join(const LevelStatistics& s, int64_t c, int64_t before, int64_t pixels) const {
    const auto n = static_cast<double>(pixels), m = static_cast<double>(before);
    const double inverse = 1 / n, share = n / (n + m), weight = m * share;
    float p[16], a[16], b[16];
    StoreVector(p, pivot);
    StoreVector(a, sum);
    StoreVector(b, square);
    double* mean = s.mean + c;
    double* squares = s.squares + c;
    for (int i = 0; i < 16; ++i) {
      const double own = static_cast<double>(a[i]) * inverse;
      const double distance = static_cast<double>(p[i]) + own - mean[i];
      const double q = static_cast<double>(b[i]) - static_cast<double>(a[i]) * own;
      mean[i] = mean[i] + distance * share;
      squares[i] = squares[i] + ((q > 0 ? q : 0) + distance * distance * weight);
    }
    StoreVector(s.low + c, low);
    StoreVector(s.high + c, high);
  }
};

[[gnu::always_inline]] inline Float16 ClampLevel(Float16 v) {
  const Float16 zero{};
  return Smaller(Larger(v, zero - kLargestLevel), zero + kLargestLevel);
}

// The factors of 16 channels, in registers.
template <bool kHigh>
struct SumScale {
  Float16 scale, offset, high_scale{};

  [[gnu::always_inline]] SumScale(const Requantize& r, int64_t c)
      : scale(LoadVector<Float16>(r.scale + c)), offset(LoadVector<Float16>(r.offset + c)) {
    if constexpr (kHigh) high_scale = LoadVector<Float16>(r.high_scale + c);
  }

  [[gnu::always_inline]] Float16 Of(const Requantize& r, int64_t pixel, int64_t c) const {
    const int64_t at = pixel * r.stride + c;
    Float16 v = __builtin_convertvector(LoadVector<Int32x16>(r.low + at), Float16) * scale + offset;
    if constexpr (kHigh)
      v = v + __builtin_convertvector(LoadVector<Int32x16>(r.high + at), Float16) * high_scale;
    return v;
  }
};

template <bool kHigh, bool kWhole>
[[gnu::always_inline]] inline void RequantizeGroup(const Requantize& r, int64_t first, int64_t end,
                                                   int64_t c) {
  const SumScale<kHigh> scale(r, c);
  if (r.statistics.mean == nullptr) {
    for (int64_t p = first; p < end; ++p)
      Level(scale.Of(r, p, c))
          .template Store<kWhole>(r.levels + p * r.y_stride + c, r.channels - c);
    return;
  }
  LevelSums sums(r.statistics, c, Level(scale.Of(r, first, c)).value);
  for (int64_t p = first; p < end; ++p) {
    const Level level(scale.Of(r, p, c));
    sums.Add(level.value);
    level.Store<kWhole>(r.levels + p * r.y_stride + c, r.channels - c);
  }
  sums.Join(r.statistics, c, r.statistics.count + first, end - first);
}

template <bool kHigh>
void RequantizeAs(const Requantize& args) {
  constexpr int64_t kSumPixels = 128;  // summed in floats
  const Requantize r = args;
  for (int64_t first = 0; first < r.pixels; first += kSumPixels) {
    const int64_t end = std::min(r.pixels, first + kSumPixels);
    int64_t c = 0;
    for (; c + 16 <= r.channels; c += 16) RequantizeGroup<kHigh, true>(r, first, end, c);
    if (c < r.channels) RequantizeGroup<kHigh, false>(r, first, end, c);
  }
}

void RequantizeLevels(const Requantize& r) {
  r.high == nullptr ? RequantizeAs<false>(r) : RequantizeAs<true>(r);
}

template <bool kHigh>
void RequantizeFloatAs(const Requantize& args) {
  const Requantize r = args;
  for (int64_t c = 0; c < r.channels; c += 16) {
    const SumScale<kHigh> scale(r, c);
    const int64_t bytes = std::min<int64_t>(16, r.channels - c) * 4;
    for (int64_t p = 0; p < r.pixels; ++p)
      StorePart(r.floats + p * r.y_stride + c, scale.Of(r, p, c), bytes);
  }
}

void RequantizeFloat(const Requantize& r) {
  r.high == nullptr ? RequantizeFloatAs<false>(r) : RequantizeFloatAs<true>(r);
}

void SumColumns4(const ColumnSums& args) {
  const ColumnSums s = args;
  const auto scale = LoadVector<Float4>(s.scale), high_scale = LoadVector<Float4>(s.high_scale),
             offset = LoadVector<Float4>(s.offset);
  const size_t bytes = static_cast<size_t>(s.channels) * sizeof(float);
  for (int64_t i = 0; i < s.pixels; ++i) {
    Int32x4 low{}, high{};
    for (int64_t k = 0; k < s.taps; ++k) {
      const int64_t at = (i + k * s.step) * s.stride + k * s.outputs;
      low = low + LoadVector<Int32x4>(s.low + at);
      if (s.high != nullptr) high = high + LoadVector<Int32x4>(s.high + at);
    }
    Float4 v = __builtin_convertvector(low, Float4) * scale + offset;
    if (s.high != nullptr) v = v + __builtin_convertvector(high, Float4) * high_scale;
    std::memcpy(s.y + i * s.y_stride, &v, bytes);
  }
}

[[gnu::always_inline]] inline Float16 LevelValue(const LevelTerm& t, int64_t at, int64_t j) {
  const Float16 v =
      ToFloat(LoadVector<Int16x16>(t.levels + at)) * LoadVector<Float16>(t.scale + j) +
      LoadVector<Float16>(t.offset + j);
  return Larger(v, LoadVector<Float16>(t.floor + j));
}

// out = round(a + b), and its range.
void AddLevels(const LevelSum& args) {
  const LevelSum s = args;
  for (int64_t i = 0; i + s.period <= s.count; i += s.period)
    for (int64_t j = 0; j < s.period; j += 16) {
      const Level v(ClampLevel(LevelValue(s.a, i + j, j) + LevelValue(s.b, i + j, j)));
      v.Store<true>(s.out + i + j, 16);
      StoreVector(s.low + j, Smaller(LoadVector<Float16>(s.low + j), v.value));
      StoreVector(s.high + j, Larger(LoadVector<Float16>(s.high + j), v.value));
    }
}

void LevelsToFloat(const LevelTerm& args, int64_t count, int64_t period, float* y) {
  const LevelTerm t = args;
  for (int64_t i = 0; i + period <= count; i += period)
    for (int64_t j = 0; j < period; j += 16) StoreVector(y + i + j, LevelValue(t, i + j, j));
}
