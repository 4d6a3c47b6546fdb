/* Vector conversions. With a position p: q = saturate(round(x / 2^p)) and x = q * 2^p. */
#ifndef PICABIA_BANG_CONVERT_H
#define PICABIA_BANG_CONVERT_H

#include "bang/detail/runtime.h"

/* Reals to integers with a position, plain and strided (strides in bytes, `count` segments less
 * one). */
#define PICABIA_BANG_QUANTIZE(NAME, TO, TO_TYPE, FROM, FROM_TYPE, SUFFIX, ROUNDING)               \
  inline void __bang_##NAME##_##SUFFIX(TO* dst, const FROM* src, int n, int fix_position,         \
                                       picabia_bang::Here here = {}) {                            \
    picabia_bang_convert(TO_TYPE, FROM_TYPE, ROUNDING, dst, src, n, fix_position, 0, 0, 1, here); \
  }                                                                                               \
  inline void __bang_##NAME##_##SUFFIX(TO* dst, const FROM* src, int n, int fix_position,         \
                                       int dst_stride, int src_stride, int count,                 \
                                       picabia_bang::Here here = {}) {                            \
    picabia_bang_convert(TO_TYPE, FROM_TYPE, ROUNDING, dst, src, n, fix_position, dst_stride,     \
                         src_stride, int64_t{count} + 1, here);                                   \
  }
#define PICABIA_BANG_ALL_ROUNDINGS(X, ...) \
  X(__VA_ARGS__, tz, PICABIA_TZ)           \
  X(__VA_ARGS__, oz, PICABIA_OZ)           \
  X(__VA_ARGS__, up, PICABIA_UP)           \
  X(__VA_ARGS__, dn, PICABIA_DN)           \
  X(__VA_ARGS__, rd, PICABIA_RD)           \
  X(__VA_ARGS__, rn, PICABIA_RN)
#define PICABIA_BANG_DEQUANTIZE(NAME, TO, TO_TYPE, FROM, FROM_TYPE)                             \
  inline void __bang_##NAME(TO* dst, const FROM* src, int n, int fix_position,                  \
                            picabia_bang::Here here = {}) {                                     \
    picabia_bang_convert(TO_TYPE, FROM_TYPE, PICABIA_RD, dst, src, n, fix_position, 0, 0, 1,    \
                         here);                                                                 \
  }                                                                                             \
  inline void __bang_##NAME(TO* dst, const FROM* src, int n, int fix_position, int dst_stride,  \
                            int src_stride, int count, picabia_bang::Here here = {}) {          \
    picabia_bang_convert(TO_TYPE, FROM_TYPE, PICABIA_RD, dst, src, n, fix_position, dst_stride, \
                         src_stride, int64_t{count} + 1, here);                                 \
  }
/* Both spellings of the integers. */
#define PICABIA_BANG_FIXED(REAL, REAL_TYPE, BITS, INTEGER, INTEGER_TYPE)                           \
  PICABIA_BANG_ALL_ROUNDINGS(PICABIA_BANG_QUANTIZE, REAL##2int##BITS, INTEGER, INTEGER_TYPE, REAL, \
                             REAL_TYPE)                                                            \
  PICABIA_BANG_ALL_ROUNDINGS(PICABIA_BANG_QUANTIZE, REAL##2fix##BITS, INTEGER, INTEGER_TYPE, REAL, \
                             REAL_TYPE)                                                            \
  PICABIA_BANG_DEQUANTIZE(int##BITS##2##REAL, REAL, REAL_TYPE, INTEGER, INTEGER_TYPE)              \
  PICABIA_BANG_DEQUANTIZE(fix##BITS##2##REAL, REAL, REAL_TYPE, INTEGER, INTEGER_TYPE)
PICABIA_BANG_FIXED(half, PICABIA_HALF, 8, int8_t, PICABIA_INT8)
PICABIA_BANG_FIXED(half, PICABIA_HALF, 16, int16_t, PICABIA_INT16)
PICABIA_BANG_FIXED(float, PICABIA_FLOAT, 8, int8_t, PICABIA_INT8)
PICABIA_BANG_FIXED(float, PICABIA_FLOAT, 16, int16_t, PICABIA_INT16)
PICABIA_BANG_FIXED(half, PICABIA_HALF, 32, int32_t, PICABIA_INT32)
PICABIA_BANG_FIXED(float, PICABIA_FLOAT, 32, int32_t, PICABIA_INT32)
#undef PICABIA_BANG_FIXED
#undef PICABIA_BANG_DEQUANTIZE
#undef PICABIA_BANG_QUANTIZE

/* Without a position, plain and strided. */
#define PICABIA_BANG_PLAIN(NAME, TO, TO_TYPE, FROM, FROM_TYPE, ROUNDING)                       \
  inline void __bang_##NAME(TO* dst, const FROM* src, int n, picabia_bang::Here here = {}) {   \
    picabia_bang_convert(TO_TYPE, FROM_TYPE, ROUNDING, dst, src, n, 0, 0, 0, 1, here);         \
  }                                                                                            \
  inline void __bang_##NAME(TO* dst, const FROM* src, int n, int dst_stride, int src_stride,   \
                            int count, picabia_bang::Here here = {}) {                         \
    picabia_bang_convert(TO_TYPE, FROM_TYPE, ROUNDING, dst, src, n, 0, dst_stride, src_stride, \
                         int64_t{count} + 1, here);                                            \
  }
#define PICABIA_BANG_PLAIN_ROUNDING(NAME, TO, TO_TYPE, FROM, FROM_TYPE, SUFFIX, ROUNDING) \
  PICABIA_BANG_PLAIN(NAME##_##SUFFIX, TO, TO_TYPE, FROM, FROM_TYPE, ROUNDING)
PICABIA_BANG_PLAIN(half2float, float, PICABIA_FLOAT, half, PICABIA_HALF, PICABIA_RD)
PICABIA_BANG_PLAIN(short2half, half, PICABIA_HALF, short, PICABIA_INT16, PICABIA_RD)
PICABIA_BANG_PLAIN(uchar2half, half, PICABIA_HALF, unsigned char, PICABIA_UINT8, PICABIA_RD)
PICABIA_BANG_PLAIN(char2half, half, PICABIA_HALF, signed char, PICABIA_INT8, PICABIA_RD)
PICABIA_BANG_PLAIN(uchar2float, float, PICABIA_FLOAT, unsigned char, PICABIA_UINT8, PICABIA_RD)
PICABIA_BANG_PLAIN(short2float, float, PICABIA_FLOAT, short, PICABIA_INT16, PICABIA_RD)
PICABIA_BANG_PLAIN(int2float, float, PICABIA_FLOAT, int, PICABIA_INT32, PICABIA_RD)
PICABIA_BANG_ALL_ROUNDINGS(PICABIA_BANG_PLAIN_ROUNDING, float2half, half, PICABIA_HALF, float,
                           PICABIA_FLOAT)
PICABIA_BANG_ALL_ROUNDINGS(PICABIA_BANG_PLAIN_ROUNDING, half2short, short, PICABIA_INT16, half,
                           PICABIA_HALF)
PICABIA_BANG_ALL_ROUNDINGS(PICABIA_BANG_PLAIN_ROUNDING, half2char, signed char, PICABIA_INT8, half,
                           PICABIA_HALF)
PICABIA_BANG_ALL_ROUNDINGS(PICABIA_BANG_PLAIN_ROUNDING, half2int, int, PICABIA_INT32, half,
                           PICABIA_HALF)
PICABIA_BANG_ALL_ROUNDINGS(PICABIA_BANG_PLAIN_ROUNDING, float2int, int, PICABIA_INT32, float,
                           PICABIA_FLOAT)
PICABIA_BANG_ALL_ROUNDINGS(PICABIA_BANG_PLAIN_ROUNDING, float2short, short, PICABIA_INT16, float,
                           PICABIA_FLOAT)
/* The three-argument form floors to int8, whatever its name says; the one with scratch takes 256
 * from what is 128 or more first, so that the bytes come out as those of uint8. */
PICABIA_BANG_PLAIN(half2uchar_dn, signed char, PICABIA_INT8, half, PICABIA_HALF, PICABIA_DN)
inline void __bang_half2uchar_dn(unsigned char* dst, const half* src, half* scratch, int n,
                                 picabia_bang::Here here = {}) {
  for (int i = 0; i < n; ++i) scratch[i] = src[i] >= 128 ? static_cast<half>(src[i] - 256) : src[i];
  picabia_bang_convert(PICABIA_INT8, PICABIA_HALF, PICABIA_DN, dst, scratch, n, 0, 0, 0, 1, here);
}
#undef PICABIA_BANG_PLAIN_ROUNDING
#undef PICABIA_BANG_PLAIN
#undef PICABIA_BANG_ALL_ROUNDINGS

#endif
