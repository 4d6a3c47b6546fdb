/* Convolutions and matrix products: dst = sums of products * 2^fix_position (+ bias). Sources in
 * NRAM, [height][width][ci]; filters in WRAM, in its order (docs/bang.md). */
#ifndef PICABIA_BANG_MATRIX_H
#define PICABIA_BANG_MATRIX_H

#include "bang/detail/runtime.h"
#include "bang/detail/vector.h"

namespace picabia_bang {
template <typename D, typename S, typename K>
inline void Conv(const char* name, D* dst, const S* src, const K* kernel, const D* bias, int ci,
                 int height, int width, int kh, int kw, int sx, int sy, int co, int position,
                 Here here) {
  const picabia_bang_conv conv = {dst,
                                  src,
                                  kernel,
                                  bias,
                                  TypeOf<D>::value,
                                  TypeOf<S>::value,
                                  TypeOf<K>::value,
                                  ci,
                                  height,
                                  width,
                                  kh,
                                  kw,
                                  sx,
                                  sy,
                                  co,
                                  position,
                                  name};
  picabia_bang_convolve(&conv, here);
}
}  // namespace picabia_bang

#define PICABIA_BANG_CONV(D, S, K)                                                                 \
  inline void __bang_conv(D* dst, const S* src, const K* kernel, int channel_input, int height,    \
                          int width, int kernel_height, int kernel_width, int stride_x,            \
                          int stride_y, int channel_output, int fix_position,                      \
                          picabia_bang::Here here = {}) {                                          \
    picabia_bang::Conv<D, S, K>("__bang_conv", dst, src, kernel, nullptr, channel_input, height,   \
                                width, kernel_height, kernel_width, stride_x, stride_y,            \
                                channel_output, fix_position, here);                               \
  }                                                                                                \
  inline void __bang_conv(D* dst, const S* src, const K* kernel, const D* bias, int channel_input, \
                          int height, int width, int kernel_height, int kernel_width,              \
                          int stride_x, int stride_y, int channel_output, int fix_position,        \
                          picabia_bang::Here here = {}) {                                          \
    picabia_bang::Conv<D, S, K>("__bang_conv", dst, src, kernel, bias, channel_input, height,      \
                                width, kernel_height, kernel_width, stride_x, stride_y,            \
                                channel_output, fix_position, here);                               \
  }                                                                                                \
  inline void __bang_mlp(D* dst, const S* src, const D* bias, const K* weight, int height,         \
                         int width, int fix_position, picabia_bang::Here here = {}) {              \
    picabia_bang::Conv<D, S, K>("__bang_mlp", dst, src, weight, bias, width, 1, 1, 1, 1, 1, 1,     \
                                height, fix_position, here);                                       \
  }                                                                                                \
  inline void __bang_matmul(D* dst, const S* src, const K* weight, int m, int k, int n,            \
                            int fix_position, picabia_bang::Here here = {}) {                      \
    picabia_bang::Conv<D, S, K>("__bang_matmul", dst, src, weight, nullptr, k, m, 1, 1, 1, 1, 1,   \
                                n, fix_position, here);                                            \
  }
#define PICABIA_BANG_CONVS(S, K) \
  PICABIA_BANG_CONV(half, S, K)  \
  PICABIA_BANG_CONV(float, S, K) \
  PICABIA_BANG_CONV(int16_t, S, K)
PICABIA_BANG_CONVS(int8_t, int8_t)
PICABIA_BANG_CONVS(int16_t, int8_t)
PICABIA_BANG_CONVS(int16_t, int16_t)
PICABIA_BANG_CONV(float, int32_t, int16_t)
PICABIA_BANG_CONV(half, half, half) /* devices before the MLU200 */
#undef PICABIA_BANG_CONVS
#undef PICABIA_BANG_CONV

/* Floating point, without a position. */
#define PICABIA_BANG_REAL_CONV(D, S)                                                               \
  inline void __bang_conv(D* dst, const S* src, const S* kernel, int channel_input, int height,    \
                          int width, int kernel_height, int kernel_width, int stride_x,            \
                          int stride_y, int channel_output, picabia_bang::Here here = {}) {        \
    picabia_bang::Conv<D, S, S>("__bang_conv", dst, src, kernel, nullptr, channel_input, height,   \
                                width, kernel_height, kernel_width, stride_x, stride_y,            \
                                channel_output, 0, here);                                          \
  }                                                                                                \
  inline void __bang_conv(D* dst, const S* src, const S* kernel, const D* bias, int channel_input, \
                          int height, int width, int kernel_height, int kernel_width,              \
                          int stride_x, int stride_y, int channel_output,                          \
                          picabia_bang::Here here = {}) {                                          \
    picabia_bang::Conv<D, S, S>("__bang_conv", dst, src, kernel, bias, channel_input, height,      \
                                width, kernel_height, kernel_width, stride_x, stride_y,            \
                                channel_output, 0, here);                                          \
  }                                                                                                \
  inline void __bang_matmul(D* dst, const S* src, const S* weight, int m, int k, int n,            \
                            picabia_bang::Here here = {}) {                                        \
    picabia_bang::Conv<D, S, S>("__bang_matmul", dst, src, weight, nullptr, k, m, 1, 1, 1, 1, 1,   \
                                n, 0, here);                                                       \
  }                                                                                                \
  inline void __bang_mlp(D* dst, const S* src, const D* bias, const S* weight, int height,         \
                         int width, picabia_bang::Here here = {}) {                                \
    picabia_bang::Conv<D, S, S>("__bang_mlp", dst, src, weight, bias, width, 1, 1, 1, 1, 1, 1,     \
                                height, 0, here);                                                  \
  }
PICABIA_BANG_REAL_CONV(float, float)
PICABIA_BANG_REAL_CONV(half, half)
PICABIA_BANG_REAL_CONV(float, half)
#undef PICABIA_BANG_REAL_CONV

#endif
