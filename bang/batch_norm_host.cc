// Runs BatchNormKernel on 100 rows of 192 channels and compares with doubles.
#include "host.h"

extern "C" void BatchNormKernel(half*, float*, float*, half*, int, int, float);

int main() {
  const host::Device device;
  const int rows = 100, channels = 192;
  const float epsilon = 0.001f;
  std::mt19937 random(2026);
  std::normal_distribution<float> normal;
  std::vector<half> x(rows * channels);
  std::vector<float> scale(channels), shift(channels);
  for (int i = 0; i < rows * channels; ++i)
    x[i] = host::ToHalf(normal(random) * (1 + i % channels) + 300);
  for (float& v : scale) v = normal(random);
  for (float& v : shift) v = normal(random);
  const host::Array<half> dx(x), out(x.size());
  const host::Array<float> dscale(scale), dshift(shift);
  const float ms =
      host::Launch(reinterpret_cast<void*>(&BatchNormKernel), 1, CNRT_FUNC_TYPE_BLOCK, 5, dx.data(),
                   dscale.data(), dshift.data(), out.data(), rows, channels, epsilon);
  const auto y = out.Read();
  double worst = 0;
  for (int c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    for (int r = 0; r < rows; ++r) mean += host::ToFloat(x[r * channels + c]) / double{rows};
    for (int r = 0; r < rows; ++r)
      variance += std::pow(host::ToFloat(x[r * channels + c]) - mean, 2) / rows;
    for (int r = 0; r < rows; ++r) {
      const double expected =
          (host::ToFloat(x[r * channels + c]) - mean) / std::sqrt(variance + epsilon) * scale[c] +
          shift[c];
      worst = std::fmax(worst, std::fabs(host::ToFloat(y[r * channels + c]) - expected) /
                                   (1 + std::fabs(expected)));
    }
  }
  // Half rounding is 2^-11 of the result; the mean of 100 floats near 300 is off by about 300 *
  // 2^-20, which matters where the deviation is 1: 0.0003 of it, times a scale of up to 3.
  return host::Judge("batch norm", worst, 0x1p-11 + 0.001, ms);
}
