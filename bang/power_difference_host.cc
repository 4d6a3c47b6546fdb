// Runs PowerDifferenceKernel on 32768 elements and compares with doubles: the error is sum
// |difference| / sum |expected|.
#include "host.h"

extern "C" void PowerDifferenceKernel(half*, half*, int, half*, int);

int main() {
  const host::Device device;
  int worst = 0;
  for (const int pow : {1, 2, 3}) {
    constexpr int kCount = 32768;
    std::mt19937 random(2026);
    std::vector<half> x(kCount), y(kCount);
    for (half& v : x) v = host::ToHalf(static_cast<float>(random() % 14600) / 400);
    for (half& v : y) v = host::ToHalf(static_cast<float>(random() % 14600) / 400);
    const host::Array<half> dx(x), dy(y), out(kCount);
    const float ms =
        host::Launch(reinterpret_cast<void*>(&PowerDifferenceKernel), 1, CNRT_FUNC_TYPE_BLOCK, 20,
                     dx.data(), dy.data(), pow, out.data(), kCount);
    double wrong = 0, all = 0;
    const auto result = out.Read();
    for (int i = 0; i < kCount; ++i) {
      const double expected = std::pow(double{host::ToFloat(x[i])} - host::ToFloat(y[i]), pow);
      wrong += std::fabs(host::ToFloat(result[i]) - expected);
      all += std::fabs(expected);
    }
    worst |= host::Judge("power difference", wrong / all, 0.001, ms);
  }
  return worst;
}
