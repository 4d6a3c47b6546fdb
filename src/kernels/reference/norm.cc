// Reference norms with parameters for each channel.
#include <cmath>

#include "kernels/reference/reference.h"

namespace picabia::kernels::reference {

void InstanceNorm(float epsilon, const Tensor& x, const Tensor& scale, const Tensor& shift,
                  Tensor& y) {
  const int64_t batch = x.shape()[0], pixels = x.shape()[1] * x.shape()[2], c = x.shape()[3];
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t k = 0; k < c; ++k) {
      const float* in = x.data<float>() + n * pixels * c + k;
      float* out = y.MutableData<float>() + n * pixels * c + k;
      double sum = 0, squares = 0;
      for (int64_t p = 0; p < pixels; ++p) sum += in[p * c];
      const double mean = sum / static_cast<double>(pixels);
      for (int64_t p = 0; p < pixels; ++p) squares += (in[p * c] - mean) * (in[p * c] - mean);
      const double inverse =
          1 / std::sqrt(squares / static_cast<double>(pixels) + static_cast<double>(epsilon));
      for (int64_t p = 0; p < pixels; ++p)
        out[p * c] = static_cast<float>((in[p * c] - mean) * inverse * scale.data<float>()[k] +
                                        shift.data<float>()[k]);
    }
  }
}

void BatchNorm(float epsilon, std::span<const Tensor> in, Tensor& y) {
  const int64_t c = in[0].shape().back();
  for (int64_t i = 0; i < y.num_elements(); ++i) {
    const int64_t k = i % c;
    const double inverse =
        1 / std::sqrt(static_cast<double>(in[4].data<float>()[k]) + static_cast<double>(epsilon));
    y.MutableData<float>()[i] =
        static_cast<float>((static_cast<double>(in[0].data<float>()[i]) - in[3].data<float>()[k]) *
                               inverse * in[1].data<float>()[k] +
                           in[2].data<float>()[k]);
  }
}

}  // namespace picabia::kernels::reference
