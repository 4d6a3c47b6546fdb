/* Barriers, locks, atomics, printing, clocks. */
#ifndef PICABIA_BANG_SYSTEM_H
#define PICABIA_BANG_SYSTEM_H

#include "bang/detail/runtime.h"
#include "bang/detail/vector.h"

#define PICABIA_BANG_SYNC(NAME, KIND) \
  inline void NAME(picabia_bang::Here here = {}) { picabia_bang_sync(KIND, #NAME, here); }
PICABIA_BANG_SYNC(__sync_cluster, PICABIA_SYNC_CLUSTER)
PICABIA_BANG_SYNC(__sync_all, PICABIA_SYNC_ALL)
PICABIA_BANG_SYNC(__sync_all_ipu, PICABIA_SYNC_ALL_IPU)
PICABIA_BANG_SYNC(__sync_all_mpu, PICABIA_SYNC_ALL_MPU)
PICABIA_BANG_SYNC(__sync_all_ipu_within_cluster, PICABIA_SYNC_CLUSTER_IPU)
/* Of one core's copies and computations: all wait until what was asked for is done. */
PICABIA_BANG_SYNC(__sync, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_io, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_compute, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_move, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_io_move_compute, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_io_move, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_dram_to_nram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_nram_to_dram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_dram_to_sram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_sram_to_dram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_sram_to_nram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_nram_to_sram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_nram_to_nram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_nram_to_wram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_sram_to_wram, PICABIA_SYNC_PIPELINE)
PICABIA_BANG_SYNC(__sync_copy_dram_to_wram, PICABIA_SYNC_PIPELINE)
#undef PICABIA_BANG_SYNC

inline bool __is_mpu() { return picabia_bang_current->coreId == 0x80; }
inline bool __is_ipu() { return !__is_mpu(); }

/* P and V of one of the device's semaphores. */
inline void __bang_lock(int id0, int id1) { picabia_bang_lock(id0, id1); }
inline void __bang_unlock(int id0, int id1) { picabia_bang_unlock(id0, id1); }

/* dst receives the old value of *src1, which lies in GDRAM. */
#define PICABIA_BANG_ATOMIC(NAME, OP, T)                                                           \
  inline void __bang_atomic_##NAME(T* dst, T* src1, T src2, picabia_bang::Here here = {}) {        \
    picabia_bang_atomic(OP, picabia_bang::TypeOf<T>::value, dst, src1, &src2, nullptr, 1, here);   \
  }                                                                                                \
  inline void __bang_atomic_##NAME(T* dst, T* src1, const T* src2, int size,                       \
                                   picabia_bang::Here here = {}) {                                 \
    picabia_bang_atomic(OP, picabia_bang::TypeOf<T>::value, dst, src1, src2, nullptr, size, here); \
  }
#define PICABIA_BANG_ATOMICS(NAME, OP)          \
  PICABIA_BANG_ATOMIC(NAME, OP, unsigned short) \
  PICABIA_BANG_ATOMIC(NAME, OP, short)          \
  PICABIA_BANG_ATOMIC(NAME, OP, unsigned int)   \
  PICABIA_BANG_ATOMIC(NAME, OP, int)            \
  PICABIA_BANG_ATOMIC(NAME, OP, half)           \
  PICABIA_BANG_ATOMIC(NAME, OP, float)
PICABIA_BANG_ATOMICS(add, PICABIA_ATOMIC_ADD)
PICABIA_BANG_ATOMICS(inc, PICABIA_ATOMIC_INC)
PICABIA_BANG_ATOMICS(dec, PICABIA_ATOMIC_DEC)
PICABIA_BANG_ATOMICS(max, PICABIA_ATOMIC_MAX)
PICABIA_BANG_ATOMICS(min, PICABIA_ATOMIC_MIN)
PICABIA_BANG_ATOMICS(and, PICABIA_ATOMIC_AND)
PICABIA_BANG_ATOMICS(or, PICABIA_ATOMIC_OR)
PICABIA_BANG_ATOMICS(xor, PICABIA_ATOMIC_XOR)
PICABIA_BANG_ATOMICS(exch, PICABIA_ATOMIC_EXCH)
#undef PICABIA_BANG_ATOMICS
#undef PICABIA_BANG_ATOMIC
template <typename T>
inline void __bang_atomic_cas(T* dst, T* src1, T src2, T src3, picabia_bang::Here here = {}) {
  picabia_bang_atomic(PICABIA_ATOMIC_CAS, picabia_bang::TypeOf<T>::value, dst, src1, &src2, &src3,
                      1, here);
}
template <typename T>
inline void __bang_atomic_cas(T* dst, T* src1, const T* src2, const T* src3, int size,
                              picabia_bang::Here here = {}) {
  picabia_bang_atomic(PICABIA_ATOMIC_CAS, picabia_bang::TypeOf<T>::value, dst, src1, src2, src3,
                      size, here);
}

namespace picabia_bang {
template <typename T>
inline picabia_bang_value Printable(T x) {
  if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, half>)
    return {1, 0, static_cast<double>(x), nullptr};
  else if constexpr (std::is_convertible_v<T, const char*>)
    return {2, 0, 0, x};
  else if constexpr (std::is_pointer_v<T>)
    return {0, static_cast<long long>(reinterpret_cast<intptr_t>(x)), 0, nullptr};
  else
    return {0, static_cast<long long>(x), 0, nullptr};
}
}  // namespace picabia_bang

/* `%hf` prints a half. At most 16 values. */
template <typename... T>
inline int __bang_printf(const char* format, T... values) {
  static_assert(sizeof...(T) <= 16, "__bang_printf takes at most 16 values");
  const picabia_bang_value list[] = {picabia_bang::Printable(values)..., picabia_bang_value{}};
  return picabia_bang_printf(format, list, sizeof...(T));
}

#define __assert(x) \
  ((x) ? (void)0 : picabia_bang_fail("assertion failed: " #x, picabia_bang::Here()))

/* cncc puts these for printf, gettimeofday, exit, abort and what assert calls in kernels: the
 * device's clock has no seconds, and a core that ends does not end the process. */
[[noreturn]] inline void __bang_exit(int) {
  picabia_bang_exit();
  __builtin_unreachable();
}
[[noreturn]] inline void __bang_abort(picabia_bang::Here here = {}) {
  picabia_bang_fail("the kernel called abort", here);
  __builtin_unreachable();
}
[[noreturn]] inline void __bang_assert_fail(const char* text, const char* file, unsigned line,
                                            const char*) {
  char message[256];
  snprintf(message, sizeof(message), "assertion failed: %s", text);
  picabia_bang_fail(message, {file, static_cast<int>(line)});
  __builtin_unreachable();
}
inline int __bang_gettimeofday(struct timeval* tv, void*) {
  tv->tv_sec = 0;
  tv->tv_usec = static_cast<long>(picabia_bang_clock() / 1000);
  return 0;
}

/* The counter of the device runs at 25 MHz. */
inline uint64_t __clock() { return picabia_bang_clock() / 40; }

#endif
