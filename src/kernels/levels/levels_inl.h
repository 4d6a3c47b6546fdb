// Kernels over 16-bit levels, the form in which convolutions hand pictures to each other
// (src/devices/cpu/levels.h): sums to levels with their statistics, levels to the 8-bit factors of
// the next products, sums of two pictures of levels.

constexpr float kLargestLevel = 32767.f;

[[gnu::always_inline]] inline Float16 ClampLevel(Float16 v) {
  const Float16 zero{};
  return Smaller(Larger(v, zero - kLargestLevel), zero + kLargestLevel);
}

using Word32 [[gnu::vector_size(64)]] = uint16_t;

// t = max(level * factor + offset, floor), modulo 2^16: unsigned, since signed numbers must not
// overflow.
template <bool kClamp>
struct MapParameters {
  Int16x32 factor, offset, floor, gain, zero, least{}, most{};
  explicit MapParameters(const LevelRow& r, int64_t j)
      : factor(LoadVector<Int16x32>(r.factor + j)),
        offset(LoadVector<Int16x32>(r.offset + j)),
        floor(LoadVector<Int16x32>(r.floor + j)),
        gain(LoadVector<Int16x32>(r.gain + j)),
        zero(LoadVector<Int16x32>(r.zero + j)) {
    if constexpr (kClamp) {
      least = LoadVector<Int16x32>(r.least + j);
      most = LoadVector<Int16x32>(r.most + j);
    }
  }

  [[gnu::always_inline]] Int16x32 Stretch(Int16x32 level) const {
    if constexpr (kClamp) level = Smaller(Larger(level, least), most);
    return Larger((Int16x32)((Word32)level * (Word32)factor + (Word32)offset), floor);
  }
  [[gnu::always_inline]] Int16x32 Map(Int16x32 level) const {
    return MulHrs(Stretch(level), gain) + zero;
  }
};

// Calls store(position, count, parameters, levels) for whole vectors; those at the end of the row
// are copied in and out. A period that is no multiple of 32 ends with a vector that reaches into
// the next one, which comes after it and puts that right.
template <bool kClamp, typename F>
[[gnu::always_inline]] inline void ForLevelsOf(const LevelRow& row, F store) {
  constexpr int64_t kStep = 32;
  constexpr int64_t kAhead = 4096;  // levels; further than a page, where the processor's own end
  const int64_t covered = (row.period + kStep - 1) / kStep * kStep;
  int64_t i = 0;
  for (; i + covered <= row.count; i += row.period)
    for (int64_t j = 0; j < row.period; j += kStep) {
      __builtin_prefetch(row.levels + i + j + kAhead);
      store(i + j, kStep, MapParameters<kClamp>(row, j), LoadVector<Int16x32>(row.levels + i + j));
    }
  for (; i < row.count; i += row.period)
    for (int64_t j = 0; j < row.period && i + j < row.count; j += kStep) {
      const int64_t left = std::min(kStep, row.count - i - j);
      Int16x32 levels{};
      std::memcpy(&levels, row.levels + i + j, static_cast<size_t>(left) * sizeof(int16_t));
      store(i + j, left, MapParameters<kClamp>(row, j), levels);
    }
}

template <typename F>
[[gnu::always_inline]] inline void ForLevels(const LevelRow& row, F store) {
  if (row.least != nullptr) {
    ForLevelsOf<true>(row, store);
  } else {
    ForLevelsOf<false>(row, store);
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
  ForLevels(row, [=](int64_t at, int64_t n, const auto& p, Int16x32 levels) {
    const Int16x32 zero{}, most = zero + int16_t{255};
    const Int16x32 v = Smaller(Larger(p.Map(levels), zero), most);
    StorePart(q + at, __builtin_convertvector(v, Byte32), n);
  });
}

void MapLevels16(const LevelRow& args, uint8_t* high, uint8_t* low) {
  const LevelRow row = args;
  ForLevels(row, [=](int64_t at, int64_t n, const auto& p, Int16x32 levels) {
    const Word32 v = (Word32)p.Map(levels);
    StorePart(high + at, __builtin_convertvector(v >> 8, Byte32), n);
    StorePart(low + at, __builtin_convertvector(v, Byte32), n);
  });
}

void MapLevelsTile(const LevelRow& args, int16_t* d) {
  const LevelRow row = args;
  ForLevels(row, [=](int64_t at, int64_t n, const auto& p, Int16x32 levels) {
    StorePart(d + at, p.Map(levels), n * 2);
  });
}

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

void GemmLevels(const GemmInt8& g, const Requantize& r) {
  RunGemmInt8(g);
  RequantizeLevels(r);
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

template <int kChannels>
void SumColumnsAs(const ColumnSums& args) {
  const ColumnSums s = args;
  const auto scale = LoadVector<Float4>(s.scale), high_scale = LoadVector<Float4>(s.high_scale),
             offset = LoadVector<Float4>(s.offset);
  for (int64_t i = 0; i < s.pixels; ++i) {
    Int32x4 low{}, high{};
    for (int64_t k = 0; k < s.taps; ++k) {
      const int64_t at = (i + k * s.step) * s.stride + k * s.outputs;
      low = low + LoadVector<Int32x4>(s.low + at);
      if (s.high != nullptr) high = high + LoadVector<Int32x4>(s.high + at);
    }
    Float4 v = __builtin_convertvector(low, Float4) * scale + offset;
    if (s.high != nullptr) v = v + __builtin_convertvector(high, Float4) * high_scale;
    std::memcpy(s.y + i * s.y_stride, &v, kChannels * sizeof(float));
  }
}

void SumColumns4(const ColumnSums& s) {
  constexpr void (*kRun[])(const ColumnSums&) = {SumColumnsAs<1>, SumColumnsAs<2>, SumColumnsAs<3>,
                                                 SumColumnsAs<4>};
  kRun[s.channels - 1](s);
}

// The parameters of 16 entries of a term's period, in registers.
template <bool kFloor>
struct TermScale {
  Float16 scale, offset, floor{};

  TermScale(const LevelTerm& t, int64_t j)
      : scale(LoadVector<Float16>(t.scale + j)), offset(LoadVector<Float16>(t.offset + j)) {
    if constexpr (kFloor) floor = LoadVector<Float16>(t.floor + j);
  }
  [[gnu::always_inline]] Float16 Of(const int16_t* levels) const {
    const Float16 v = ToFloat(LoadVector<Int16x16>(levels)) * scale + offset;
    return kFloor ? Larger(v, floor) : v;
  }
};

// Entries j to j + 15 of `count` levels' periods.
template <bool kFloor>
[[gnu::always_inline]] inline void AddLevelsAt(const LevelSum& s, int64_t count, int64_t j) {
  const TermScale<kFloor> a(s.a, j), b(s.b, j);
  auto low = LoadVector<Float16>(s.low + j), high = LoadVector<Float16>(s.high + j);
  // A line of the block behind this one, of the one picture and of the other by turns.
  const int16_t* ahead = (j % 32 == 0 ? s.a.levels : s.b.levels - 16) + count;
  for (int64_t i = j; i < count; i += s.period) {
    __builtin_prefetch(ahead + i);
    const Level v(ClampLevel(a.Of(s.a.levels + i) + b.Of(s.b.levels + i)));
    v.Store<true>(s.out + i, 16);
    low = Smaller(low, v.value);
    high = Larger(high, v.value);
  }
  StoreVector(s.low + j, low);
  StoreVector(s.high + j, high);
}

// out = round(a + b), and its range.
template <bool kFloor>
void AddLevelsAs(const LevelSum& args) {
  constexpr int64_t kBlock = 4096;  // levels, which stay in the first-level cache
  LevelSum s = args;
  const int64_t block = std::max<int64_t>(kBlock / s.period, 1) * s.period;
  for (int64_t left = s.count / s.period * s.period, n; left > 0; left -= n) {
    n = std::min(block, left);
    for (int64_t j = 0; j < s.period; j += 16) AddLevelsAt<kFloor>(s, n, j);
    s.a.levels += n;
    s.b.levels += n;
    s.out += n;
  }
}

void AddLevels(const LevelSum& s) {
  constexpr float kNone = std::numeric_limits<float>::lowest();
  const auto floors = [&s](const LevelTerm& t) {
    return std::any_of(t.floor, t.floor + s.period, [](float f) { return f > kNone; });
  };
  floors(s.a) || floors(s.b) ? AddLevelsAs<true>(s) : AddLevelsAs<false>(s);
}

void LevelsToFloat(const LevelTerm& args, int64_t count, int64_t period, float* y) {
  const LevelTerm t = args;
  for (int64_t i = 0; i + period <= count; i += period)
    for (int64_t j = 0; j < period; j += 16)
      StoreVector(y + i + j, TermScale<true>(t, j).Of(t.levels + i + j));
}
