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

// v = round(w * scale * inverse), packed in quads, and over the run the sums that the caller needs:
// of v * zero, and the largest and smallest sum that any input can make.
void PanelQuantize(const PanelRun& args, const float* inverse, int8_t* out, PanelSums* sums) {
  const PanelRun r = args;
  const auto inv = LoadVector<Float16>(inverse);
  const Float16 limit = Float16{} + 127.f;
  Int32x16 squares{}, correction{}, high{}, low{};
  for (int64_t k = 0; k < r.length; k += kQuad) {
    Int32x16 quad{};
    for (int64_t i = 0; i < std::min<int64_t>(kQuad, r.length - k); ++i) {
      const Float16 w =
          ToFloat(LoadVector<Int16x16>(r.weights + (k + i) * kPanel)) * r.scale[k + i] * inv;
      const Int32x16 v =
          __builtin_convertvector(RoundEven(Smaller(Larger(w, -limit), limit)), Int32x16);
      quad = quad | ((v & 255) << static_cast<int>(8 * i));
      squares = squares + v * v;
      correction = correction + v * r.zero[k + i];
      const Int32x16 a = v * r.above[k + i], b = v * r.below[k + i];
      high = high + Larger(a, b);
      low = low + Smaller(a, b);
    }
    StoreVector(out + k * kPanel, quad);
  }
  for (int l = 0; l < kPanel; ++l) {
    sums->squares[l] += static_cast<double>(squares[l]);
    sums->correction[l] += static_cast<double>(correction[l]);
    sums->high[l] += static_cast<double>(high[l]);
    sums->low[l] += static_cast<double>(low[l]);
  }
}
