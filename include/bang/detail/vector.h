/* Vector builtins: operands in NRAM, n elements of half or float (and, on newer devices, integers).
 */
#ifndef PICABIA_BANG_VECTOR_H
#define PICABIA_BANG_VECTOR_H

#include "bang/detail/runtime.h"

namespace picabia_bang {
template <typename T>
struct TypeOf;
#define PICABIA_BANG_TYPE(T, VALUE)     \
  template <>                           \
  struct TypeOf<T> {                    \
    static constexpr int value = VALUE; \
  };
PICABIA_BANG_TYPE(half, PICABIA_HALF)
PICABIA_BANG_TYPE(float, PICABIA_FLOAT)
PICABIA_BANG_TYPE(char, PICABIA_INT8)
PICABIA_BANG_TYPE(signed char, PICABIA_INT8)
PICABIA_BANG_TYPE(unsigned char, PICABIA_UINT8)
PICABIA_BANG_TYPE(short, PICABIA_INT16)
PICABIA_BANG_TYPE(unsigned short, PICABIA_UINT16)
PICABIA_BANG_TYPE(int, PICABIA_INT32)
PICABIA_BANG_TYPE(unsigned int, PICABIA_UINT32)
#undef PICABIA_BANG_TYPE
}  // namespace picabia_bang

#define PICABIA_BANG_NUMBERS(X, NAME, OP) \
  X(NAME, OP, half)                       \
  X(NAME, OP, float)                      \
  X(NAME, OP, short)                      \
  X(NAME, OP, int)

#define PICABIA_BANG_BINARY(NAME, OP, T)                                               \
  inline void __bang_##NAME(T* dst, const T* src0, const T* src1, int n,               \
                            picabia_bang::Here here = {}) {                            \
    picabia_bang_binary(OP, picabia_bang::TypeOf<T>::value, dst, src0, src1, n, here); \
  }
#define PICABIA_BANG_CYCLE(NAME, OP, T)                                                    \
  inline void __bang_cycle_##NAME(T* dst, const T* src, const T* seg, int n, int seg_n,    \
                                  picabia_bang::Here here = {}) {                          \
    picabia_bang_cycle(OP, picabia_bang::TypeOf<T>::value, dst, src, seg, n, seg_n, here); \
  }
#define PICABIA_BANG_SCALAR(NAME, OP, T)                                     \
  inline void __bang_##NAME##_scalar(T* dst, const T* src, T value, int n,   \
                                     picabia_bang::Here here = {}) {         \
    picabia_bang_binary_scalar(OP, picabia_bang::TypeOf<T>::value, dst, src, \
                               static_cast<double>(value), n, here);         \
  }
#define PICABIA_BANG_BITS(NAME, OP, T)                                                       \
  inline void __bang_##NAME##_bitindex(T* dst, const T* src0, const T* src1, int n,          \
                                       picabia_bang::Here here = {}) {                       \
    picabia_bang_compare_bits(OP, picabia_bang::TypeOf<T>::value, dst, src0, src1, n, here); \
  }
#define PICABIA_BANG_ALL_FORMS(NAME, OP)              \
  PICABIA_BANG_NUMBERS(PICABIA_BANG_BINARY, NAME, OP) \
  PICABIA_BANG_NUMBERS(PICABIA_BANG_CYCLE, NAME, OP)  \
  PICABIA_BANG_NUMBERS(PICABIA_BANG_SCALAR, NAME, OP)
PICABIA_BANG_ALL_FORMS(add, PICABIA_ADD)
PICABIA_BANG_ALL_FORMS(sub, PICABIA_SUB)
PICABIA_BANG_ALL_FORMS(mul, PICABIA_MUL)
PICABIA_BANG_ALL_FORMS(div, PICABIA_DIV)
PICABIA_BANG_ALL_FORMS(eq, PICABIA_EQ)
PICABIA_BANG_ALL_FORMS(ne, PICABIA_NE)
PICABIA_BANG_ALL_FORMS(gt, PICABIA_GT)
PICABIA_BANG_ALL_FORMS(ge, PICABIA_GE)
PICABIA_BANG_ALL_FORMS(lt, PICABIA_LT)
PICABIA_BANG_ALL_FORMS(le, PICABIA_LE)
PICABIA_BANG_ALL_FORMS(and, PICABIA_AND)
PICABIA_BANG_ALL_FORMS(or, PICABIA_OR)
PICABIA_BANG_ALL_FORMS(xor, PICABIA_XOR)
PICABIA_BANG_ALL_FORMS(maxequal, PICABIA_MAXEQUAL)
PICABIA_BANG_ALL_FORMS(minequal, PICABIA_MINEQUAL)
PICABIA_BANG_NUMBERS(PICABIA_BANG_SCALAR, max, PICABIA_MAXEQUAL)
PICABIA_BANG_NUMBERS(PICABIA_BANG_SCALAR, min, PICABIA_MINEQUAL)
/* The larger and the smaller of two rows; and of elements that lie `distance` elements apart in
 * one: dst[i] = max(src[i], src[i + distance]). */
#define PICABIA_BANG_EXTREME(NAME, OP, T)                                                          \
  inline void __bang_##NAME(T* dst, const T* src0, const T* src1, int n,                           \
                            picabia_bang::Here here = {}) {                                        \
    picabia_bang_binary(OP, picabia_bang::TypeOf<T>::value, dst, src0, src1, n, here);             \
  }                                                                                                \
  inline void __bang_##NAME(T* dst, const T* src, int distance, int size,                          \
                            picabia_bang::Here here = {}) {                                        \
    picabia_bang_binary(OP, picabia_bang::TypeOf<T>::value, dst, src, src + distance, size, here); \
  }
PICABIA_BANG_NUMBERS(PICABIA_BANG_EXTREME, maximum, PICABIA_MAXEQUAL)
PICABIA_BANG_NUMBERS(PICABIA_BANG_EXTREME, minimum, PICABIA_MINEQUAL)
#undef PICABIA_BANG_EXTREME
PICABIA_BANG_NUMBERS(PICABIA_BANG_BITS, eq, PICABIA_EQ)
PICABIA_BANG_NUMBERS(PICABIA_BANG_BITS, ne, PICABIA_NE)
PICABIA_BANG_NUMBERS(PICABIA_BANG_BITS, gt, PICABIA_GT)
PICABIA_BANG_NUMBERS(PICABIA_BANG_BITS, ge, PICABIA_GE)
PICABIA_BANG_NUMBERS(PICABIA_BANG_BITS, lt, PICABIA_LT)
PICABIA_BANG_NUMBERS(PICABIA_BANG_BITS, le, PICABIA_LE)
#undef PICABIA_BANG_ALL_FORMS
#undef PICABIA_BANG_BITS
#undef PICABIA_BANG_SCALAR
#undef PICABIA_BANG_CYCLE
#undef PICABIA_BANG_BINARY

/* dst = src * value. The value may be of any arithmetic type, as in an assignment. */
#define PICABIA_BANG_MUL_CONST(NAME, OP, T)                                                       \
  inline void __bang_##NAME(T* dst, const T* src, T value, int n, picabia_bang::Here here = {}) { \
    picabia_bang_binary_scalar(OP, picabia_bang::TypeOf<T>::value, dst, src,                      \
                               static_cast<double>(value), n, here);                              \
  }
PICABIA_BANG_NUMBERS(PICABIA_BANG_MUL_CONST, mul_const, PICABIA_MUL)
PICABIA_BANG_NUMBERS(PICABIA_BANG_MUL_CONST, add_const, PICABIA_ADD)
PICABIA_BANG_NUMBERS(PICABIA_BANG_MUL_CONST, sub_const, PICABIA_SUB)
#undef PICABIA_BANG_MUL_CONST

/* Bits of n bytes. */
#define PICABIA_BANG_BYTES(NAME, OP)                                                             \
  inline void __bang_##NAME(char* dst, const char* src0, const char* src1, int n,                \
                            picabia_bang::Here here = {}) {                                      \
    picabia_bang_binary(OP, PICABIA_INT8, dst, src0, src1, n, here);                             \
  }                                                                                              \
  inline void __bang_cycle_##NAME(char* dst, const char* src, const char* seg, int n, int seg_n, \
                                  picabia_bang::Here here = {}) {                                \
    picabia_bang_cycle(OP, PICABIA_INT8, dst, src, seg, n, seg_n, here);                         \
  }
PICABIA_BANG_BYTES(band, PICABIA_BAND)
PICABIA_BANG_BYTES(bor, PICABIA_BOR)
PICABIA_BANG_BYTES(bxor, PICABIA_BXOR)
#undef PICABIA_BANG_BYTES
inline void __bang_bnot(char* dst, const char* src, int n, picabia_bang::Here here = {}) {
  picabia_bang_unary(PICABIA_BNOT, PICABIA_INT8, dst, src, n, here);
}

#define PICABIA_BANG_UNARY(NAME, OP, T)                                                  \
  inline void __bang_##NAME(T* dst, const T* src, int n, picabia_bang::Here here = {}) { \
    picabia_bang_unary(OP, picabia_bang::TypeOf<T>::value, dst, src, n, here);           \
  }
PICABIA_BANG_NUMBERS(PICABIA_BANG_UNARY, square, PICABIA_SQUARE)
PICABIA_BANG_NUMBERS(PICABIA_BANG_UNARY, not, PICABIA_NOT)
PICABIA_BANG_NUMBERS(PICABIA_BANG_UNARY, abs, PICABIA_ABS)
PICABIA_BANG_NUMBERS(PICABIA_BANG_UNARY, relu, PICABIA_RELU)
PICABIA_BANG_NUMBERS(PICABIA_BANG_UNARY, neg, PICABIA_NEG)
#define PICABIA_BANG_REALS(X, NAME, OP) \
  X(NAME, OP, half)                     \
  X(NAME, OP, float)
/* Plain, and with the suffix of the newer, more precise form. */
#define PICABIA_BANG_ACTIVE(NAME, OP)                       \
  PICABIA_BANG_REALS(PICABIA_BANG_UNARY, active_##NAME, OP) \
  PICABIA_BANG_REALS(PICABIA_BANG_UNARY, active_##NAME##hp, OP)
PICABIA_BANG_ACTIVE(relu, PICABIA_RELU)
PICABIA_BANG_ACTIVE(gelu, PICABIA_GELU)
PICABIA_BANG_ACTIVE(gelup, PICABIA_GELUP)
PICABIA_BANG_ACTIVE(sigmoid, PICABIA_SIGMOID)
PICABIA_BANG_ACTIVE(exp, PICABIA_EXP)
PICABIA_BANG_ACTIVE(exp_less_0, PICABIA_EXP_LESS_0)
PICABIA_BANG_ACTIVE(sqrt, PICABIA_SQRT)
PICABIA_BANG_ACTIVE(rsqrt, PICABIA_RSQRT)
PICABIA_BANG_ACTIVE(recip, PICABIA_RECIP)
PICABIA_BANG_ACTIVE(recip_greater_1, PICABIA_RECIP_GREATER_1)
PICABIA_BANG_ACTIVE(sin, PICABIA_SIN)
PICABIA_BANG_ACTIVE(cos, PICABIA_COS)
PICABIA_BANG_ACTIVE(log, PICABIA_LOG)
PICABIA_BANG_ACTIVE(tanh, PICABIA_TANH)
PICABIA_BANG_ACTIVE(abs, PICABIA_ABS)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, log, PICABIA_LOG2) /* base 2, as on the device */
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, log2, PICABIA_LOG2)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, pow2, PICABIA_POW2)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, recip, PICABIA_RECIP)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, sqrt, PICABIA_SQRT)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, rsqrt, PICABIA_RSQRT)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, tanh, PICABIA_TANH)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, floor, PICABIA_FLOOR)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, ceil, PICABIA_CEIL)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, round, PICABIA_ROUND)
PICABIA_BANG_REALS(PICABIA_BANG_UNARY, trunc, PICABIA_TRUNC)
#undef PICABIA_BANG_ACTIVE
#undef PICABIA_BANG_UNARY

#define PICABIA_BANG_REDUCE(NAME, OP, T)                                                 \
  inline void __bang_##NAME(T* dst, const T* src, int n, picabia_bang::Here here = {}) { \
    picabia_bang_reduce(OP, picabia_bang::TypeOf<T>::value, dst, src, n, here);          \
  }
PICABIA_BANG_REALS(PICABIA_BANG_REDUCE, max, PICABIA_MAX)
PICABIA_BANG_REALS(PICABIA_BANG_REDUCE, min, PICABIA_MIN)
PICABIA_BANG_REALS(PICABIA_BANG_REDUCE, argmax, PICABIA_MAX)
PICABIA_BANG_REALS(PICABIA_BANG_REDUCE, argmin, PICABIA_MIN)
PICABIA_BANG_REALS(PICABIA_BANG_REDUCE, reduce_sum, PICABIA_REDUCE_SUM)
PICABIA_BANG_REALS(PICABIA_BANG_REDUCE, sum, PICABIA_SUM)
#undef PICABIA_BANG_REDUCE

/* Into dst[0], and the value of the newer forms, which have no dst. */
#define PICABIA_BANG_COUNTS(NAME, OP)                                                      \
  template <typename T>                                                                    \
  inline unsigned __bang_##NAME(unsigned int* dst, const T* src, int n,                    \
                                picabia_bang::Here here = {}) {                            \
    return picabia_bang_reduce(OP, picabia_bang::TypeOf<T>::value, dst, src, n, here);     \
  }                                                                                        \
  template <typename T>                                                                    \
  inline unsigned __bang_##NAME(const T* src, int n, picabia_bang::Here here = {}) {       \
    return picabia_bang_reduce(OP, picabia_bang::TypeOf<T>::value, nullptr, src, n, here); \
  }
PICABIA_BANG_COUNTS(count, PICABIA_COUNT)
PICABIA_BANG_COUNTS(findfirst1, PICABIA_FINDFIRST1)
PICABIA_BANG_COUNTS(findlast1, PICABIA_FINDLAST1)
#undef PICABIA_BANG_COUNTS
inline unsigned __bang_count_bitindex(unsigned int* dst, const void* src, int n,
                                      picabia_bang::Here here = {}) {
  return picabia_bang_count_bits(dst, src, n, here);
}

#define PICABIA_BANG_PICK(NAME, OP)                                                           \
  template <typename T>                                                                       \
  inline unsigned __bang_##NAME(T* dst, const T* src, const T* mask, int n,                   \
                                picabia_bang::Here here = {}) {                               \
    return picabia_bang_pick(OP, picabia_bang::TypeOf<T>::value, dst, src, mask, 0, n, here); \
  }                                                                                           \
  template <typename T>                                                                       \
  inline unsigned __bang_##NAME##_bitindex(T* dst, const T* src, const void* mask, int n,     \
                                           picabia_bang::Here here = {}) {                    \
    return picabia_bang_pick(OP, picabia_bang::TypeOf<T>::value, dst, src, mask, 1, n, here); \
  }
PICABIA_BANG_PICK(collect, PICABIA_COLLECT)
PICABIA_BANG_PICK(filter, PICABIA_COLLECT)
PICABIA_BANG_PICK(select, PICABIA_SELECT)
PICABIA_BANG_PICK(maskmove, PICABIA_MASKMOVE)
#undef PICABIA_BANG_PICK

/* [height][width] elements of 1, 2 or 4 bytes. */
#define PICABIA_BANG_TURN(NAME, OP)                                      \
  template <typename T>                                                  \
  inline void __bang_##NAME(T* dst, const T* src, int height, int width, \
                            picabia_bang::Here here = {}) {              \
    static_assert(sizeof(T) <= 4, "elements of 1, 2 or 4 bytes");        \
    picabia_bang_turn(OP, sizeof(T), dst, src, height, width, here);     \
  }
PICABIA_BANG_TURN(transpose, PICABIA_TRANSPOSE)
PICABIA_BANG_TURN(rotate90, PICABIA_ROTATE90)
PICABIA_BANG_TURN(rotate180, PICABIA_ROTATE180)
PICABIA_BANG_TURN(rotate270, PICABIA_ROTATE270)
PICABIA_BANG_TURN(mirror, PICABIA_MIRROR)
#undef PICABIA_BANG_TURN

#define PICABIA_BANG_RESHAPE(NAME, OP)                                                \
  template <typename T>                                                               \
  inline void __bang_reshape_##NAME(T* dst, const T* src, int n, int h, int w, int c, \
                                    picabia_bang::Here here = {}) {                   \
    static_assert(sizeof(T) <= 4, "elements of 1, 2 or 4 bytes");                     \
    picabia_bang_reshape(OP, sizeof(T), dst, src, n, h, w, c, here);                  \
  }
PICABIA_BANG_RESHAPE(nhwc2nchw, PICABIA_NHWC2NCHW)
PICABIA_BANG_RESHAPE(nchw2nhwc, PICABIA_NCHW2NHWC)
PICABIA_BANG_RESHAPE(filter, PICABIA_FILTER)
#undef PICABIA_BANG_RESHAPE

/* [height][width][channel] elements, zeros around them. */
template <typename T>
inline void __bang_pad(T* dst, const T* src, int channel, int height, int width, int pad_top,
                       int pad_bottom, int pad_left, int pad_right, picabia_bang::Here here = {}) {
  picabia_bang_pad(sizeof(T), dst, src, channel, height, width, pad_top, pad_bottom, pad_left,
                   pad_right, here);
}
template <typename T>
inline void __bang_pad(T* dst, const T* src, int channel, int height, int width, int pad_height,
                       int pad_width, picabia_bang::Here here = {}) {
  picabia_bang_pad(sizeof(T), dst, src, channel, height, width, pad_height, pad_height, pad_width,
                   pad_width, here);
}

/* Windows over [height][width][channel]; strides are those of the window unless given. */
#define PICABIA_BANG_POOL(NAME, OP, T)                                                           \
  inline void __bang_##NAME(T* dst, const T* src, int channel, int height, int width,            \
                            int kernel_height, int kernel_width, int stride_x, int stride_y,     \
                            picabia_bang::Here here = {}) {                                      \
    const picabia_bang_window window = {dst,           src,          channel,  height,  width,   \
                                        kernel_height, kernel_width, stride_x, stride_y};        \
    picabia_bang_pool(OP, picabia_bang::TypeOf<T>::value, &window, 0, here);                     \
  }                                                                                              \
  inline void __bang_##NAME(T* dst, const T* src, int channel, int height, int width,            \
                            int kernel_height, int kernel_width, picabia_bang::Here here = {}) { \
    __bang_##NAME(dst, src, channel, height, width, kernel_height, kernel_width, kernel_width,   \
                  kernel_height, here);                                                          \
  }
PICABIA_BANG_REALS(PICABIA_BANG_POOL, maxpool, PICABIA_MAXPOOL)
PICABIA_BANG_REALS(PICABIA_BANG_POOL, minpool, PICABIA_MINPOOL)
PICABIA_BANG_REALS(PICABIA_BANG_POOL, avgpool, PICABIA_AVGPOOL)
PICABIA_BANG_REALS(PICABIA_BANG_POOL, sumpool, PICABIA_SUMPOOL)
#undef PICABIA_BANG_POOL
#define PICABIA_BANG_POOL_INDEX(NAME, OP, T, INDEX)                                               \
  inline void __bang_##NAME##_index(INDEX* dst, const T* src, int channel, int height, int width, \
                                    int kernel_height, int kernel_width, int stride_x,            \
                                    int stride_y, picabia_bang::Here here = {}) {                 \
    const picabia_bang_window window = {dst,           src,          channel,  height,  width,    \
                                        kernel_height, kernel_width, stride_x, stride_y};         \
    picabia_bang_pool(OP, picabia_bang::TypeOf<T>::value, &window, 1, here);                      \
  }                                                                                               \
  inline void __bang_##NAME##_index(INDEX* dst, const T* src, int channel, int height, int width, \
                                    int kernel_height, int kernel_width,                          \
                                    picabia_bang::Here here = {}) {                               \
    __bang_##NAME##_index(dst, src, channel, height, width, kernel_height, kernel_width,          \
                          kernel_width, kernel_height, here);                                     \
  }
PICABIA_BANG_POOL_INDEX(maxpool, PICABIA_MAXPOOL, half, unsigned short)
PICABIA_BANG_POOL_INDEX(maxpool, PICABIA_MAXPOOL, float, unsigned int)
PICABIA_BANG_POOL_INDEX(minpool, PICABIA_MINPOOL, half, unsigned short)
PICABIA_BANG_POOL_INDEX(minpool, PICABIA_MINPOOL, float, unsigned int)
#undef PICABIA_BANG_POOL_INDEX
#define PICABIA_BANG_UNPOOL(T, INDEX)                                                            \
  inline void __bang_unpool(T* dst, const T* src, const INDEX* index, int channel, int height,   \
                            int width, int kernel_height, int kernel_width, int stride_x,        \
                            int stride_y, picabia_bang::Here here = {}) {                        \
    const picabia_bang_window window = {dst,           src,          channel,  height,  width,   \
                                        kernel_height, kernel_width, stride_x, stride_y};        \
    picabia_bang_unpool(picabia_bang::TypeOf<T>::value, &window, index, here);                   \
  }                                                                                              \
  inline void __bang_avgpool_bp(T* dst, const T* src, int channel, int height, int width,        \
                                int kernel_height, int kernel_width, int stride_x, int stride_y, \
                                picabia_bang::Here here = {}) {                                  \
    const picabia_bang_window window = {dst,           src,          channel,  height,  width,   \
                                        kernel_height, kernel_width, stride_x, stride_y};        \
    picabia_bang_avgpool_bp(picabia_bang::TypeOf<T>::value, &window, here);                      \
  }
PICABIA_BANG_UNPOOL(half, unsigned short)
PICABIA_BANG_UNPOOL(float, unsigned int)
#undef PICABIA_BANG_UNPOOL

inline void __bang_rand(short* dst, int n, picabia_bang::Here here = {}) {
  picabia_bang_rand(dst, n, here);
}
inline void __bang_histogram(int* dst, const int8_t* src, const int8_t* kernel, int n,
                             picabia_bang::Here here = {}) {
  picabia_bang_histogram(PICABIA_INT8, dst, src, kernel, n, here);
}
inline void __bang_histogram(int* dst, const int16_t* src, const int16_t* kernel, int n,
                             picabia_bang::Here here = {}) {
  picabia_bang_histogram(PICABIA_INT16, dst, src, kernel, n, here);
}
#undef PICABIA_BANG_REALS
#undef PICABIA_BANG_NUMBERS

#endif
