/* Libraries of operators that break a rule, one for each value of PICABIA_BAD: what must be refused
 * by name, and what fails when it runs. */
#include <string.h>

#include "picabia/operator.h"

static int compute(void* user, const picabia_call* call, const picabia_tensor* output) {
  (void)user;
  (void)output;
  memset(call->error, 'x', call->error_size); /* no final zero */
  return 1;
}

#if PICABIA_BAD == 5
static int wild_shape(void* user, const picabia_call* call, int64_t* dims, uint32_t* rank) {
  (void)user;
  (void)call;
  dims[0] = -3;
  *rank = 1;
  return 0;
}
#elif PICABIA_BAD == 6
static int wild_shape(void* user, const picabia_call* call, int64_t* dims, uint32_t* rank) {
  (void)user;
  (void)call;
  (void)dims;
  *rank = 17;
  return 0;
}
#else
#define wild_shape NULL
#endif

#if PICABIA_BAD == 7
static int element(void* user, const picabia_call* call, uint32_t* to) {
  (void)user;
  (void)call;
  *to = 99;
  return 0;
}
#elif PICABIA_BAD == 8
static int element(void* user, const picabia_call* call, uint32_t* to) {
  (void)user;
  (void)call;
  (void)to;
  return 7; /* without a word */
}
#else
#define element NULL
#endif

static const picabia_operator kBad = {
#if PICABIA_BAD == 1
    sizeof(picabia_operator),
    PICABIA_OPERATOR_ABI_VERSION + 1,
#elif PICABIA_BAD == 2
    sizeof(picabia_operator) - 8,
    PICABIA_OPERATOR_ABI_VERSION,
#else
    sizeof(picabia_operator),
    PICABIA_OPERATOR_ABI_VERSION,
#endif
    PICABIA_BAD == 3 ? "" : "Scale",
    PICABIA_BAD == 4 ? "gpu" : NULL,
    1,
    1,
    NULL,
    element,
    wild_shape,
    compute,
    NULL};

#if PICABIA_BAD != 9
const picabia_operator* const* picabia_operators(size_t* count);

const picabia_operator* const* picabia_operators(size_t* count) {
  static const picabia_operator* const all[] = {&kBad, &kBad};
  *count = PICABIA_BAD == 10 ? 2 : PICABIA_BAD == 11 ? 0 : 1;
  return all;
}
#else
const picabia_operator* const nothing = &kBad;
#endif
