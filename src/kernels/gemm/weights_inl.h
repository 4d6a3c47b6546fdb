// Master weight panels to the int8 panels of the products, once a picture.

// largest[l] = max(largest[l], |w * scale|) over the run.
void PanelLargest(const PanelRun& args, float* largest) {
  const PanelRun r = args;
  auto most = LoadVector<Float16>(largest);
  for (int64_t k = 0; k < r.length; ++k) {
    const Float16 v = ToFloat(LoadVector<Int16x16>(r.weights + k * kPanel)) * r.scale[k];
    most = Larger(most, Larger(v, -v));
  }
  StoreVector(largest, most);
}

// v = round(w * scale * inverse) of a row: its bytes at their place in a quad.
[[gnu::always_inline]] inline Int32x16 RoundWeights(const PanelRun& r, int64_t row, Float16 inverse,
                                                    Float16& squares) {
  const Float16 limit = Float16{} + 127.f;
  const Float16 w =
      ToFloat(LoadVector<Int16x16>(r.weights + row * kPanel)) * r.scale[row] * inverse;
  const Float16 shifted = Smaller(Larger(w, -limit), limit) + kRoundEven;
  const Float16 v = shifted - kRoundEven;
  squares = squares + v * v;  // exact: 128 * 127 * 127 < 2^24
  return ((Int32x16)shifted & 255) << static_cast<int>(8 * (row % kQuad));
}

// Sums over the rows of a panel of weight * byte, in the registers of the 8-bit products.
class PanelDot {
 public:
  PanelDot() { PICABIA_UNROLL for (auto& v : sum_) v = I8::Zero(); }
  // A quad of rows.
  [[gnu::always_inline]] void Add(typename I8::A bytes, const int8_t* rows) {
    PICABIA_UNROLL for (int v = 0; v < I8::kVectors; ++v) sum_[v] =
        I8::Dot(sum_[v], bytes, I8::LoadB(rows, v));
  }
  [[gnu::always_inline]] Int32x16 Sum() const {
    int32_t sums[kPanel];
    I8::StorePanel(sums, sum_);
    return LoadVector<Int32x16>(sums);
  }

 private:
  typename I8::V sum_[I8::kVectors];
};

[[gnu::noinline]] void AddToDoubles(Int32x16 v, int32_t times, double* to) {
  using Int32x8 [[gnu::vector_size(32)]] = int32_t;
  Int32x8 half[2];
  StoreVector(half, v * times);
  PICABIA_UNROLL for (int i = 0; i < 2; ++i) StoreVector(
      to + 8 * i, LoadVector<Double8>(to + 8 * i) + __builtin_convertvector(half[i], Double8));
}

// What the quads of a run add to the sums of v * zero, and to the largest and smallest sum that any
// input can make: that takes `above` for the one sign of v and -zero for the other.
[[gnu::noinline]] void SumQuads(const int8_t* quads, int64_t count, const uint8_t* zero,
                                const uint8_t* above, int32_t times, PanelSums* sums) {
  using Bytes [[gnu::vector_size(64)]] = int8_t;
  PanelDot by_zero[2], by_above[2];  // of what is positive, and of what is negative
  for (int64_t i = 0; i < count; ++i) {
    const auto v = LoadVector<Bytes>(quads + i * kQuad * kPanel);
    const Bytes none{};
    int8_t part[2][sizeof(Bytes)];
    StoreVector(part[0], Larger(v, none));
    StoreVector(part[1], Smaller(v, none));
    const typename I8::A z = I8::BroadcastA(zero + i * kQuad),
                         a = I8::BroadcastA(above + i * kQuad);
    PICABIA_UNROLL for (int k = 0; k < 2; ++k) {
      by_zero[k].Add(z, part[k]);
      by_above[k].Add(a, part[k]);
    }
  }
  const Int32x16 positive = by_zero[0].Sum(), negative = by_zero[1].Sum();
  AddToDoubles(positive + negative, times, sums->correction);
  AddToDoubles(by_above[0].Sum() - negative, times, sums->high);
  AddToDoubles(by_above[1].Sum() - positive, times, sums->low);
}

void PanelQuantize(const PanelRun& args, const float* inverse, int8_t* out, PanelSums* sums) {
  // The weights come from memory, once a picture: two lines a quad, before they are wanted.
  constexpr int64_t kAhead = 64 * kPanel;
  const PanelRun r = args;
  const auto inv = LoadVector<Float16>(inverse);
  Float16 squares{};
  const auto add = [&](int64_t k, int64_t rows) __attribute__((always_inline)) {
    Int32x16 quad{};
    for (int64_t i = 0; i < rows; ++i) quad = quad | RoundWeights(r, k + i, inv, squares);
    StoreVector(out + k * kPanel, quad);
  };
  int64_t k = 0;
  for (; k + kQuad <= r.length; k += kQuad) {
    PICABIA_UNROLL for (int64_t i = 0; i < kQuad; i += 2)
        __builtin_prefetch(r.weights + (k + i) * kPanel + kAhead);
    add(k, kQuad);
  }
  if (k < r.length) add(k, r.length - k);
  AddToDoubles(__builtin_convertvector(squares, Int32x16), 1, sums->squares);
  const int64_t quads = (r.length + kQuad - 1) / kQuad;
  SumQuads(out, quads, r.zero[0], r.above[0], 1, sums);
  if (r.zero[1] != nullptr) SumQuads(out, quads, r.zero[1], r.above[1], 256, sums);
}
