/* __memcpy and fills. Sizes and strides in bytes, numbers of elements in fills. */
#ifndef PICABIA_BANG_MEMORY_H
#define PICABIA_BANG_MEMORY_H

#include "bang/detail/runtime.h"

typedef enum {
  GDRAM2NRAM,
  NRAM2GDRAM,
  LDRAM2NRAM,
  NRAM2LDRAM,
  GDRAM2WRAM,
  WRAM2GDRAM,
  LDRAM2WRAM,
  WRAM2LDRAM,
  NRAM2NRAM,
  NRAM2WRAM,
  WRAM2NRAM,
  GDRAM2SRAM,
  SRAM2GDRAM,
  LDRAM2SRAM,
  SRAM2LDRAM,
  SRAM2NRAM,
  NRAM2SRAM,
  SRAM2WRAM,
  WRAM2SRAM,
  GDRAM2GDRAM,
  GDRAM2LDRAM,
  LDRAM2GDRAM,
  SRAM2SRAM
} mluMemcpyDirection_t;

namespace picabia_bang {

inline picabia_bang_copy OneCopy(void* dst, const void* src, int64_t size, int direction,
                                 int async) {
  return {dst, src, size, direction, async, 0, 0, 1, 0, 0, 1, -1};
}
/* segnum: the device's count, which is one less than the number of segments. */
inline picabia_bang_copy RowsCopy(void* dst, const void* src, int64_t size, int direction,
                                  int async, int64_t dst_stride, int64_t src_stride,
                                  int64_t segnum) {
  return {dst, src, size, direction, async, dst_stride, src_stride, segnum + 1, 0, 0, 1, -1};
}

}  // namespace picabia_bang

/* The forms of one name: plain, to another cluster, segments, segments to another cluster, planes
 * of segments. */
#define PICABIA_BANG_COPY(NAME, ASYNC)                                                             \
  inline void NAME(void* dst, const void* src, int size, mluMemcpyDirection_t dir,                 \
                   picabia_bang::Here here = {}) {                                                 \
    const picabia_bang_copy copy = picabia_bang::OneCopy(dst, src, size, dir, ASYNC);              \
    picabia_bang_memcpy(&copy, here);                                                              \
  }                                                                                                \
  inline void NAME(void* dst, const void* src, int size, mluMemcpyDirection_t dir,                 \
                   int id_dst_cluster, picabia_bang::Here here = {}) {                             \
    picabia_bang_copy copy = picabia_bang::OneCopy(dst, src, size, dir, ASYNC);                    \
    copy.cluster = id_dst_cluster;                                                                 \
    picabia_bang_memcpy(&copy, here);                                                              \
  }                                                                                                \
  inline void NAME(void* dst, const void* src, int size, mluMemcpyDirection_t dir, int dst_stride, \
                   int src_stride, int segnum, picabia_bang::Here here = {}) {                     \
    const picabia_bang_copy copy =                                                                 \
        picabia_bang::RowsCopy(dst, src, size, dir, ASYNC, dst_stride, src_stride, segnum);        \
    picabia_bang_memcpy(&copy, here);                                                              \
  }                                                                                                \
  inline void NAME(void* dst, const void* src, int size, mluMemcpyDirection_t dir, int dst_stride, \
                   int src_stride, int segnum, int id_dst_cluster, picabia_bang::Here here = {}) { \
    picabia_bang_copy copy =                                                                       \
        picabia_bang::RowsCopy(dst, src, size, dir, ASYNC, dst_stride, src_stride, segnum);        \
    copy.cluster = id_dst_cluster;                                                                 \
    picabia_bang_memcpy(&copy, here);                                                              \
  }                                                                                                \
  inline void NAME(void* dst, const void* src, int size, mluMemcpyDirection_t dir,                 \
                   int dst_stride0, int dst_segnum0, int dst_stride1, int dst_segnum1,             \
                   int src_stride0, int src_segnum0, int src_stride1, int src_segnum1,             \
                   picabia_bang::Here here = {}) {                                                 \
    (void)dst_segnum0;                                                                             \
    (void)dst_segnum1;                                                                             \
    const picabia_bang_copy copy = {dst,                                                           \
                                    src,                                                           \
                                    size,                                                          \
                                    dir,                                                           \
                                    ASYNC,                                                         \
                                    dst_stride0,                                                   \
                                    src_stride0,                                                   \
                                    src_segnum0 + 1,                                               \
                                    dst_stride1,                                                   \
                                    src_stride1,                                                   \
                                    src_segnum1 + 1,                                               \
                                    -1};                                                           \
    picabia_bang_memcpy(&copy, here);                                                              \
  }
PICABIA_BANG_COPY(__memcpy, 0)
PICABIA_BANG_COPY(__memcpy_async, 1)
#undef PICABIA_BANG_COPY

/* The instructions below __memcpy, each with its direction in its name: size, or size, strides and
 * the number of segments less one. */
#define PICABIA_BANG_INTRINSIC(NAME, DIRECTION)                                                \
  inline void __mlvm_memcpy_##NAME(void* dst, const void* src, int size,                       \
                                   picabia_bang::Here here = {}) {                             \
    __memcpy(dst, src, size, DIRECTION, here);                                                 \
  }                                                                                            \
  inline void __mlvm_memcpy_##NAME(void* dst, const void* src, int size, int dst_stride,       \
                                   int src_stride, int segnum, picabia_bang::Here here = {}) { \
    __memcpy(dst, src, size, DIRECTION, dst_stride, src_stride, segnum, here);                 \
  }
PICABIA_BANG_INTRINSIC(gdram_to_nram, GDRAM2NRAM)
PICABIA_BANG_INTRINSIC(nram_to_gdram, NRAM2GDRAM)
PICABIA_BANG_INTRINSIC(ldram_to_nram, LDRAM2NRAM)
PICABIA_BANG_INTRINSIC(nram_to_ldram, NRAM2LDRAM)
PICABIA_BANG_INTRINSIC(gdram_to_wram, GDRAM2WRAM)
PICABIA_BANG_INTRINSIC(wram_to_gdram, WRAM2GDRAM)
PICABIA_BANG_INTRINSIC(ldram_to_wram, LDRAM2WRAM)
PICABIA_BANG_INTRINSIC(wram_to_ldram, WRAM2LDRAM)
PICABIA_BANG_INTRINSIC(nram_to_nram, NRAM2NRAM)
PICABIA_BANG_INTRINSIC(nram_to_wram, NRAM2WRAM)
PICABIA_BANG_INTRINSIC(wram_to_nram, WRAM2NRAM)
PICABIA_BANG_INTRINSIC(gdram_to_sram, GDRAM2SRAM)
PICABIA_BANG_INTRINSIC(sram_to_gdram, SRAM2GDRAM)
PICABIA_BANG_INTRINSIC(ldram_to_sram, LDRAM2SRAM)
PICABIA_BANG_INTRINSIC(sram_to_ldram, SRAM2LDRAM)
PICABIA_BANG_INTRINSIC(sram_to_nram, SRAM2NRAM)
PICABIA_BANG_INTRINSIC(nram_to_sram, NRAM2SRAM)
PICABIA_BANG_INTRINSIC(sram_to_wram, SRAM2WRAM)
PICABIA_BANG_INTRINSIC(wram_to_sram, WRAM2SRAM)
PICABIA_BANG_INTRINSIC(gdram_to_gdram, GDRAM2GDRAM)
PICABIA_BANG_INTRINSIC(gdram_to_ldram, GDRAM2LDRAM)
PICABIA_BANG_INTRINSIC(ldram_to_gdram, LDRAM2GDRAM)
PICABIA_BANG_INTRINSIC(sram_to_sram, SRAM2SRAM)
#undef PICABIA_BANG_INTRINSIC

/* Within NRAM, of bytes. */
inline void __bang_move(void* dst, const void* src, int size, picabia_bang::Here here = {}) {
  __memcpy(dst, src, size, NRAM2NRAM, here);
}
inline void __bang_move(void* dst, const void* src, int size, int dst_stride, int src_stride,
                        int segnum, picabia_bang::Here here = {}) {
  __memcpy(dst, src, size, NRAM2NRAM, dst_stride, src_stride, segnum, here);
}

#define PICABIA_BANG_FILL(NAME, SPACE, T)                                           \
  inline void NAME(T* dst, int elem_count, T value, picabia_bang::Here here = {}) { \
    picabia_bang_fill(SPACE, dst, elem_count, &value, sizeof(T), here);             \
  }
#define PICABIA_BANG_FILLS(NAME, SPACE)                                                 \
  PICABIA_BANG_FILL(NAME, SPACE, char)                                                  \
  PICABIA_BANG_FILL(NAME, SPACE, signed char)                                           \
  PICABIA_BANG_FILL(NAME, SPACE, unsigned char)                                         \
  PICABIA_BANG_FILL(NAME, SPACE, half)                                                  \
  PICABIA_BANG_FILL(NAME, SPACE, short)                                                 \
  PICABIA_BANG_FILL(NAME, SPACE, unsigned short)                                        \
  PICABIA_BANG_FILL(NAME, SPACE, float)                                                 \
  PICABIA_BANG_FILL(NAME, SPACE, int)                                                   \
  PICABIA_BANG_FILL(NAME, SPACE, unsigned int)                                          \
  PICABIA_BANG_FILL(NAME##_half, SPACE, half)                                           \
  PICABIA_BANG_FILL(NAME##_float, SPACE, float)                                         \
  PICABIA_BANG_FILL(NAME##_int, SPACE, int)                                             \
  PICABIA_BANG_FILL(NAME##_unsigned_int, SPACE, unsigned int)                           \
  PICABIA_BANG_FILL(NAME##_short, SPACE, short)                                         \
  PICABIA_BANG_FILL(NAME##_unsigned_short, SPACE, unsigned short)                       \
  /* a value of another type is converted, as if it were assigned */                    \
  template <typename T, typename V, typename = std::enable_if_t<!std::is_same_v<T, V>>> \
  inline void NAME(T* dst, int elem_count, V value, picabia_bang::Here here = {}) {     \
    NAME(dst, elem_count, static_cast<T>(value), here);                                 \
  }
PICABIA_BANG_FILLS(__nramset, PICABIA_NRAM)
PICABIA_BANG_FILLS(__sramset, PICABIA_SRAM)
PICABIA_BANG_FILLS(__ldramset, PICABIA_LDRAM)
PICABIA_BANG_FILLS(__gdramset, -1)
PICABIA_BANG_FILLS(__bang_write_value, PICABIA_NRAM)
#undef PICABIA_BANG_FILLS
#undef PICABIA_BANG_FILL

/* Any type of elements. */
template <typename T>
inline void __bang_write_zero(T* dst, int elem_count, picabia_bang::Here here = {}) {
  const T zero = T();
  picabia_bang_fill(PICABIA_NRAM, dst, elem_count, &zero, sizeof(T), here);
}

#endif
