// Runs SoftmaxKernel on rows of 1000 and of 31 and compares with doubles.
#include "host.h"

extern "C" void SoftmaxKernel(float*, float*, int, int);

int main() {
  const host::Device device;
  int failed = 0;
  for (const int columns : {1000, 31, 1}) {
    const int rows = 37;
    std::mt19937 random(2026);
    std::normal_distribution<float> normal(0, 5);
    std::vector<float> x(rows * columns);
    for (float& v : x) v = normal(random);
    const host::Array<float> dx(x), out(x.size());
    const float ms = host::Launch(reinterpret_cast<void*>(&SoftmaxKernel), 4, CNRT_FUNC_TYPE_UNION1,
                                  5, dx.data(), out.data(), rows, columns);
    const auto y = out.Read();
    double worst = 0;
    for (int r = 0; r < rows; ++r) {
      double largest = -1e30, sum = 0;
      for (int c = 0; c < columns; ++c) largest = std::fmax(largest, x[r * columns + c]);
      for (int c = 0; c < columns; ++c) sum += std::exp(x[r * columns + c] - largest);
      for (int c = 0; c < columns; ++c) {
        const double expected = std::exp(x[r * columns + c] - largest) / sum;
        worst = std::fmax(worst, std::fabs(y[r * columns + c] - expected) / expected);
      }
    }
    // The argument's rounding (up to 40 * 2^-24), exp's own, 1000 additions in groups, two
    // products.
    failed |= host::Judge("softmax", worst, 80 * 0x1p-24, ms);
  }
  return failed;
}
