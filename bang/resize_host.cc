// Runs ResizeKernel up and down and compares with doubles.
#include <algorithm>

#include "host.h"

extern "C" void ResizeKernel(uint8_t*, int, int, uint8_t*, int, int, int);

namespace {

double Source(int to, double step, int limit) {
  return std::clamp((to + 0.5) * step - 0.5, 0.0, limit - 1.0);
}

int Check(int height, int width, int out_height, int out_width, int channels) {
  std::mt19937 random(2026);
  std::vector<uint8_t> x(height * width * channels);
  for (uint8_t& v : x) v = static_cast<uint8_t>(random());
  const host::Array<uint8_t> dx(x), out(out_height * out_width * channels);
  const float ms =
      host::Launch(reinterpret_cast<void*>(&ResizeKernel), 16, CNRT_FUNC_TYPE_BLOCK, 3, dx.data(),
                   height, width, out.data(), out_height, out_width, channels);
  const auto y = out.Read();
  double worst = 0;
  for (int i = 0; i < out_height; ++i)
    for (int j = 0; j < out_width; ++j)
      for (int c = 0; c < channels; ++c) {
        const double at_y = Source(i, double{1} * height / out_height, height);
        const double at_x = Source(j, double{1} * width / out_width, width);
        const int top = static_cast<int>(at_y), left = static_cast<int>(at_x);
        const int bottom = std::min(top + 1, height - 1), right = std::min(left + 1, width - 1);
        const auto pixel = [&](int r, int q) {
          return double{1} * x[(r * width + q) * channels + c];
        };
        const double upper =
            pixel(top, left) + (pixel(top, right) - pixel(top, left)) * (at_x - left);
        const double lower =
            pixel(bottom, left) + (pixel(bottom, right) - pixel(bottom, left)) * (at_x - left);
        const double expected = upper + (lower - upper) * (at_y - top);
        worst = std::fmax(worst, std::fabs(y[(i * out_width + j) * channels + c] - expected));
      }
  // Rounding to a whole number, and floats whose place is off by 255 * 100 * 2^-23 at most.
  return host::Judge("resize", worst, 0.504, ms);
}

}  // namespace

int main() {
  const host::Device device;
  return Check(40, 61, 77, 128, 3) | Check(100, 90, 33, 31, 4) | Check(1, 1, 5, 4, 1) |
         Check(9, 8, 9, 8, 3);
}
