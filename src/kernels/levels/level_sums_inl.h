// Sums of products to levels, in registers, and what a convolution learns of them on the way.

// A level as a float, and as an integer of which the low 16 bits are it. Callers see to it that
// levels fit.
struct Level {
  Float16 value;
  Int32x16 bits;

  [[gnu::always_inline]] explicit Level(Float16 v) {
    const Float16 shifted = v + kRoundEven;
    value = shifted - kRoundEven;
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

constexpr int64_t kSumPixels = 128;  // of a row, summed in floats

// What a convolution leaves for its norm and its reader, of 16 channels, while they are in
// registers.
struct LevelSums {
  Float16 pivot, sum{}, square{}, low, high;

  LevelSums() = default;
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

// The factors of 16 channels, in registers.
template <bool kHigh>
struct SumScale {
  Float16 scale, offset, high_scale{};

  SumScale() = default;
  [[gnu::always_inline]] SumScale(const Requantize& r, int64_t c)
      : scale(LoadVector<Float16>(r.scale + c)), offset(LoadVector<Float16>(r.offset + c)) {
    if constexpr (kHigh) high_scale = LoadVector<Float16>(r.high_scale + c);
  }

  // The sums of a pixel; `high` is null without kHigh.
  [[gnu::always_inline]] Float16 Of(const int32_t* low, const int32_t* high) const {
    Float16 v = __builtin_convertvector(LoadVector<Int32x16>(low), Float16) * scale + offset;
    if constexpr (kHigh)
      v = v + __builtin_convertvector(LoadVector<Int32x16>(high), Float16) * high_scale;
    return v;
  }
  [[gnu::always_inline]] Float16 Of(const Requantize& r, int64_t pixel, int64_t c) const {
    const int64_t at = pixel * r.stride + c;
    return Of(r.low + at, kHigh ? r.high + at : nullptr);
  }
};
