/* Between kernels that cncc compiled and the engine in libcnrt.so (src/devices/mlu/bang): plain C,
 * so that kernels compiled by one release keep running with a later one. kPicabiaBangAbi changes
 * when a struct here does. Kernels do not use this file by name; bang.h is what they see.
 */
#ifndef PICABIA_BANG_ABI_H
#define PICABIA_BANG_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PICABIA_BANG_ABI 1
#if defined(__BANG__)
/* nothrow: an object of kernels links into programs that have no C++ library. */
#define PICABIA_BANG_API __attribute__((visibility("default"), nothrow))
#else
#define PICABIA_BANG_API __attribute__((visibility("default")))
#endif

/* The memories of the device. */
enum picabia_bang_space {
  PICABIA_NRAM = 0,  /* of a core */
  PICABIA_WRAM = 1,  /* of a core */
  PICABIA_SRAM = 2,  /* of a cluster */
  PICABIA_LDRAM = 3, /* of a core, off the chip */
  PICABIA_SPACES = 4
};

/* What a core knows of itself while it runs a kernel; the engine owns it. */
struct picabia_bang_core {
  int taskId, taskIdX, taskIdY, taskIdZ;
  int taskDim, taskDimX, taskDimY, taskDimZ;
  int clusterId, clusterDim, coreId, coreDim;
  /* What turns the address of a variable's place holder into that of this core's own copy. */
  intptr_t delta[PICABIA_SPACES];
  int watched; /* the checker or the profiler wants to see every operation */
};

/* The core whose kernel this thread runs; null outside kernels. */
extern
    __attribute__((visibility("default"))) __thread struct picabia_bang_core *picabia_bang_current
    __attribute__((tls_model("initial-exec")));

struct picabia_bang_module;

/* A variable in one of the memories. `address` is its place holder, which takes no memory and is
 * never touched. Aligned so that those of a section lie without gaps. */
struct __attribute__((aligned(64))) picabia_bang_variable {
  const void *address;
  uint64_t bytes;
  const char *name;
  const char *file;
  const struct picabia_bang_module *module;
  int line;
  int space;    /* picabia_bang_space */
  int function; /* in whose body it stands, an index of the module; -1: none */
  int reserved;
};

enum picabia_bang_param_kind {
  PICABIA_PARAM_VALUE = 0,
  PICABIA_PARAM_POINTER = 1,
  PICABIA_PARAM_FLOAT = 2
};

struct picabia_bang_param {
  uint32_t bytes;
  uint32_t kind; /* picabia_bang_param_kind */
};

enum picabia_bang_kernel_flags {
  PICABIA_KERNEL_MEMORY_CORE = 1 /* uses what only the memory core of a cluster does, or SRAM */
};

struct picabia_bang_kernel {
  const char *name;
  const char *file; /* of a template's instance, the name of its picabia_bang_instance */
  int line;
  unsigned flags;
  const void *function;
  /* Calls `function`; arguments[i]: where parameter i lies. */
  void (*call)(const void *function, void *const *arguments);
  const struct picabia_bang_param *params;
  int num_params;
  int num_addresses;
  const void *const *addresses; /* by which programs name it */
  const int
      *functions; /* indices of the functions it may reach, ended by -1; null: any of the module */
};

/* An instance of a kernel that is a template, in an instrumented library, which lists them in
 * `picabia_bang_checked_instances`: a pointer to the first. */
struct picabia_bang_instance {
  const char *name;
  struct picabia_bang_kernel kernel;
  const struct picabia_bang_instance *next;
};

/* One translation unit. */
struct picabia_bang_module {
  int abi;          /* PICABIA_BANG_ABI */
  int arch;         /* 270 ... */
  int instrumented; /* every load and store calls the checker */
  int num_kernels;
  const struct picabia_bang_kernel *kernels;
  /* Of the whole executable or library; those of other modules are among them. */
  const struct picabia_bang_variable *variables_begin, *variables_end;
  /* Runs the initialisers of variables at file scope, on each core; may be null. */
  void (*initialise)(void);
  /* The same source, instrumented, as a shared object; may be empty. */
  const unsigned char *image_begin, *image_end;
};

PICABIA_BANG_API void picabia_bang_register(const struct picabia_bang_module *module);
PICABIA_BANG_API void picabia_bang_unregister(const struct picabia_bang_module *module);

/* ---- builtins: one function a shape of operation, called by the inline functions of bang.h ----
 */

struct picabia_bang_where {
  const char *file;
  int line;
};

enum picabia_bang_type {
  PICABIA_HALF = 0,
  PICABIA_FLOAT = 1,
  PICABIA_INT8 = 2,
  PICABIA_UINT8 = 3,
  PICABIA_INT16 = 4,
  PICABIA_UINT16 = 5,
  PICABIA_INT32 = 6,
  PICABIA_UINT32 = 7
};

/* dst = a op b. Comparisons and logical operations give 1 or 0 of the type; a value counts as true
 * when it is not 0. */
enum picabia_bang_binary_op {
  PICABIA_ADD,
  PICABIA_SUB,
  PICABIA_MUL,
  PICABIA_DIV,
  PICABIA_EQ,
  PICABIA_NE,
  PICABIA_GT,
  PICABIA_GE,
  PICABIA_LT,
  PICABIA_LE,
  PICABIA_AND,
  PICABIA_OR,
  PICABIA_XOR,
  PICABIA_MAXEQUAL,
  PICABIA_MINEQUAL,
  PICABIA_BAND,
  PICABIA_BOR,
  PICABIA_BXOR, /* bytes */
  PICABIA_BINARY_OPS
};

enum picabia_bang_unary_op {
  PICABIA_ABS,
  PICABIA_SQUARE,
  PICABIA_NOT,
  PICABIA_RELU,
  PICABIA_NEG,
  PICABIA_COPY,
  PICABIA_GELU,
  PICABIA_GELUP,
  PICABIA_SIGMOID,
  PICABIA_EXP,
  PICABIA_EXP_LESS_0,
  PICABIA_SQRT,
  PICABIA_RSQRT,
  PICABIA_RECIP,
  PICABIA_RECIP_GREATER_1,
  PICABIA_SIN,
  PICABIA_COS,
  PICABIA_LOG,
  PICABIA_TANH,
  PICABIA_LOG2,
  PICABIA_POW2,
  PICABIA_FLOOR,
  PICABIA_CEIL,
  PICABIA_ROUND,
  PICABIA_TRUNC,
  PICABIA_BNOT, /* bytes */
  PICABIA_UNARY_OPS
};

enum picabia_bang_reduce_op {
  PICABIA_MAX, /* dst[0] the value, its index behind it */
  PICABIA_MIN,
  PICABIA_REDUCE_SUM, /* of each 128 bytes, into the first element of their place */
  PICABIA_SUM,        /* of all, into dst[0] */
  PICABIA_COUNT,
  PICABIA_FINDFIRST1,
  PICABIA_FINDLAST1, /* into an unsigned int */
  PICABIA_REDUCE_OPS
};

enum picabia_bang_pick_op { PICABIA_COLLECT, PICABIA_SELECT, PICABIA_MASKMOVE, PICABIA_PICK_OPS };

enum picabia_bang_rounding {
  PICABIA_TZ,
  PICABIA_OZ,
  PICABIA_UP,
  PICABIA_DN,
  PICABIA_RD,
  PICABIA_RN
};

enum picabia_bang_turn {
  PICABIA_TRANSPOSE,
  PICABIA_ROTATE90,
  PICABIA_ROTATE180,
  PICABIA_ROTATE270,
  PICABIA_MIRROR
};

enum picabia_bang_reshape_op { PICABIA_NHWC2NCHW, PICABIA_NCHW2NHWC, PICABIA_FILTER };

enum picabia_bang_pool_op { PICABIA_MAXPOOL, PICABIA_MINPOOL, PICABIA_AVGPOOL, PICABIA_SUMPOOL };

enum picabia_bang_atomic_op {
  PICABIA_ATOMIC_ADD,
  PICABIA_ATOMIC_INC,
  PICABIA_ATOMIC_DEC,
  PICABIA_ATOMIC_MAX,
  PICABIA_ATOMIC_MIN,
  PICABIA_ATOMIC_AND,
  PICABIA_ATOMIC_OR,
  PICABIA_ATOMIC_XOR,
  PICABIA_ATOMIC_EXCH,
  PICABIA_ATOMIC_CAS
};

enum picabia_bang_sync_kind {
  PICABIA_SYNC_CLUSTER,
  PICABIA_SYNC_ALL,
  PICABIA_SYNC_ALL_IPU,
  PICABIA_SYNC_ALL_MPU,
  PICABIA_SYNC_CLUSTER_IPU,
  PICABIA_SYNC_PIPELINE
};

/* A copy: outer x middle x 1 segments of `size` bytes. Counts are of segments, not the card's
 * counts minus one. */
struct picabia_bang_copy {
  void *dst;
  const void *src;
  int64_t size;
  int direction;    /* mluMemcpyDirection_t */
  int asynchronous; /* done at the next sync */
  int64_t dst_stride, src_stride, segments;
  int64_t dst_stride1, src_stride1, segments1;
  int cluster; /* whose SRAM dst is; -1: one's own */
};

struct picabia_bang_window {
  void *dst;
  const void *src;
  int channels, height, width, kernel_height, kernel_width, stride_x, stride_y;
};

struct picabia_bang_conv {
  void *dst;
  const void *src, *kernel, *bias;
  int dst_type, src_type, kernel_type;
  int ci, height, width, kernel_height, kernel_width, stride_x, stride_y, co;
  int position; /* results are multiplied by 2^position */
  const char *name;
};

PICABIA_BANG_API void picabia_bang_binary(int op, int type, void *dst, const void *a, const void *b,
                                          int64_t n, struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_binary_scalar(int op, int type, void *dst, const void *a,
                                                 double b, int64_t n,
                                                 struct picabia_bang_where where);
/* One bit an element instead of 1 or 0. */
PICABIA_BANG_API void picabia_bang_compare_bits(int op, int type, void *dst, const void *a,
                                                const void *b, int64_t n,
                                                struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_cycle(int op, int type, void *dst, const void *a, const void *b,
                                         int64_t n, int64_t period,
                                         struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_unary(int op, int type, void *dst, const void *src, int64_t n,
                                         struct picabia_bang_where where);
/* strides in bytes, segments of n elements; segments 1: plain. */
PICABIA_BANG_API void picabia_bang_convert(int to, int from, int rounding, void *dst,
                                           const void *src, int64_t n, int position,
                                           int64_t dst_stride, int64_t src_stride, int64_t segments,
                                           struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_memcpy(const struct picabia_bang_copy *copy,
                                          struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_fill(int space, void *dst, int64_t n, const void *value,
                                        int bytes, struct picabia_bang_where where);
PICABIA_BANG_API unsigned picabia_bang_reduce(int op, int type, void *dst, const void *src,
                                              int64_t n, struct picabia_bang_where where);
PICABIA_BANG_API unsigned picabia_bang_pick(int op, int type, void *dst, const void *src,
                                            const void *mask, int mask_is_bits, int64_t n,
                                            struct picabia_bang_where where);
PICABIA_BANG_API unsigned picabia_bang_count_bits(void *dst, const void *src, int64_t n,
                                                  struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_turn(int op, int bytes, void *dst, const void *src, int height,
                                        int width, struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_reshape(int op, int bytes, void *dst, const void *src, int n,
                                           int h, int w, int c, struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_pad(int bytes, void *dst, const void *src, int c, int h, int w,
                                       int top, int bottom, int left, int right,
                                       struct picabia_bang_where where);
/* index: 1, dst gets the place of the extreme value in its window instead of the value. */
PICABIA_BANG_API void picabia_bang_pool(int op, int type, const struct picabia_bang_window *window,
                                        int index, struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_unpool(int type, const struct picabia_bang_window *window,
                                          const void *index, struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_avgpool_bp(int type, const struct picabia_bang_window *window,
                                              struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_convolve(const struct picabia_bang_conv *conv,
                                            struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_histogram(int type, void *dst, const void *src,
                                             const void *kernel, int64_t n,
                                             struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_rand(void *dst, int64_t n, struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_atomic(int op, int type, void *dst, void *memory, const void *a,
                                          const void *b, int64_t n,
                                          struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_sync(int kind, const char *name,
                                        struct picabia_bang_where where);
PICABIA_BANG_API void picabia_bang_lock(int id0, int id1);
PICABIA_BANG_API void picabia_bang_unlock(int id0, int id1);
PICABIA_BANG_API uint64_t picabia_bang_clock(void); /* nanoseconds */

/* Arguments of printf: integers and pointers in i, floating point in d. */
struct picabia_bang_value {
  int kind; /* 0 integer, 1 floating point, 2 string */
  long long i;
  double d;
  const char *s;
};
PICABIA_BANG_API int picabia_bang_printf(const char *format,
                                         const struct picabia_bang_value *values, int count);
/* Ends the core that calls, as if its kernel had returned. */
PICABIA_BANG_API void picabia_bang_exit(void);
/* Fails the launch; does not return to a kernel. */
PICABIA_BANG_API void picabia_bang_fail(const char *what, struct picabia_bang_where where);

/* `Kernel<<<dim, type, queue>>>(...)`; sizes of the arguments as the kernel's parameters have them.
 * Returns a cnrtRet_t, which the next cnrtPeekLastErr returns, too. */
PICABIA_BANG_API int picabia_bang_launch(const struct picabia_bang_kernel *kernel,
                                         const void *address,
                                         const struct picabia_bang_module *module,
                                         const unsigned dim[3], int type, void *queue,
                                         const void *const *arguments, const size_t *sizes);

/* ---- what instrumented kernels call ---- */
PICABIA_BANG_API void picabia_bang_access(const void *address, size_t bytes, int write,
                                          const void *pc);
PICABIA_BANG_API void picabia_bang_bad_index(const char *file, int line, long long index);

#ifdef __cplusplus
}
#endif
#endif /* PICABIA_BANG_ABI_H */
