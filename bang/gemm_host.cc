// usage: gemm [N]: C [256][N] = A [256][256] B in int8, N 2048 unless given. Prints the rate;
// compares with a plain loop.
#include "host.h"

extern "C" void GemmKernel(half*, int8_t*, int8_t*, int, int, int, int);

int main(int argc, char** argv) {
  const host::Device device;
  const int m = 256, k = 256, n = argc > 1 ? std::atoi(argv[1]) : 2048, position = -11;
  if (n <= 0 || n % 64 != 0) return std::fprintf(stderr, "N must be a multiple of 64\n"), 2;
  std::mt19937 random(2026);
  std::vector<int8_t> a(m * k), b(static_cast<size_t>(n) * k);
  for (int8_t& v : a) v = static_cast<int8_t>(random());
  for (int8_t& v : b) v = static_cast<int8_t>(random());
  const host::Array<int8_t> da(a), db(b);
  const host::Array<half> out(static_cast<size_t>(m) * n);
  const float ms = host::Launch(reinterpret_cast<void*>(&GemmKernel), 16, CNRT_FUNC_TYPE_UNION4, 5,
                                out.data(), da.data(), db.data(), m, k, n, position);
  std::printf("%.1f GMAC/s\n", double{m} * k * n / ms / 1e6);
  const auto result = out.Read();
  double worst = 0;
  for (int i = 0; i < m; i += 5)
    for (int j = 0; j < n; j += n > 4096 ? 97 : 1) {
      int sum = 0;
      for (int e = 0; e < k; ++e) sum += a[i * k + e] * b[static_cast<size_t>(j) * k + e];
      const double expected = std::ldexp(sum, position);
      // One rounding to half.
      const double unit = std::fmax(std::ldexp(std::fabs(expected), -11), 0x1p-25);
      worst = std::fmax(
          worst,
          std::fabs(host::ToFloat(result[static_cast<size_t>(i) * n + j]) - expected) / unit);
    }
  return host::Judge("gemm, error in half units of the last place", worst, 1, ms);
}
