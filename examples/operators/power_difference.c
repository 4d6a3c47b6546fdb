/* A library of custom operators in plain C: PowerDifference, (x - y)^p, as Picabia has it built in,
 * and Scale, which has an attribute. Build and use:
 *
 *   cc -std=c99 -O3 -shared -fPIC -I include examples/operators/power_difference.c -lm -o
 * power_difference.so picabia run power_diff.pb --operators ./power_difference.so --feed ...
 * --fetch ...
 *
 * The nodes of type PowerDifference in the model then run this code.
 */
#include <math.h>
#include <stdio.h>

#include "picabia/operator.h"

static int fail(const picabia_call* call, const char* text) {
  snprintf(call->error, call->error_size, "%s", text);
  return 1;
}

static int64_t count_of(const picabia_tensor* t) {
  int64_t n = 1;
  uint32_t i;
  for (i = 0; i < t->rank; ++i) n *= t->dims[i];
  return n;
}

static int only_float32(void* user, const picabia_call* call, uint32_t* element) {
  size_t i;
  (void)user;
  for (i = 0; i < call->num_inputs; ++i)
    if (call->inputs[i].element != PICABIA_FLOAT32)
      return fail(call, "every input must be float32");
  *element = PICABIA_FLOAT32;
  return 0;
}

/* The shape of x; y is like x, one number, or one number a channel. */
static int shape_of_x(void* user, const picabia_call* call, int64_t* dims, uint32_t* rank) {
  const picabia_tensor* x = &call->inputs[0];
  uint32_t i;
  (void)user;
  if (x->rank > PICABIA_MAX_RANK) return fail(call, "x has too many dimensions");
  for (i = 0; i < x->rank; ++i) dims[i] = x->dims[i];
  *rank = x->rank;
  return 0;
}

static int power_difference(void* user, const picabia_call* call, const picabia_tensor* output) {
  const float* x = (const float*)call->inputs[0].data;
  const float* y = (const float*)call->inputs[1].data;
  float* z = (float*)output->data;
  const int64_t n = count_of(output), period = count_of(&call->inputs[1]);
  int64_t i, k, p;
  float power;
  (void)user;
  if (count_of(&call->inputs[2]) < 1) return fail(call, "the power has no element");
  if (n == 0) return 0;
  if (period == 0 || n % period != 0) return fail(call, "y does not repeat in x");
  power = *(const float*)call->inputs[2].data;
  p = power >= 0 && power <= 64 && power == floorf(power) ? (int64_t)power : -1;
  for (i = 0; i < n; i += period) {
    for (k = 0; k < period; ++k) {
      const float d = x[i + k] - y[k];
      double r = 1;
      int64_t times = p;
      while (times-- > 0) r *= d;
      z[i + k] = (float)(p >= 0 ? r : pow(d, power));
    }
  }
  return 0;
}

/* x * factor; the attribute is 1 where the node has none. */
static int scale(void* user, const picabia_call* call, const picabia_tensor* output) {
  const float* x = (const float*)call->inputs[0].data;
  float* y = (float*)output->data;
  float factor = 1;
  int64_t i;
  size_t a;
  (void)user;
  for (a = 0; a < call->num_attributes; ++a) {
    const picabia_attribute* attribute = &call->attributes[a];
    if (attribute->kind == PICABIA_FLOATS && attribute->count == 1)
      factor = (float)attribute->floats[0];
  }
  for (i = 0; i < count_of(output); ++i) y[i] = x[i] * factor;
  return 0;
}

static const picabia_operator kPowerDifference = {sizeof(picabia_operator),
                                                  PICABIA_OPERATOR_ABI_VERSION,
                                                  "PowerDifference",
                                                  "cpu",
                                                  3,
                                                  3,
                                                  NULL,
                                                  only_float32,
                                                  shape_of_x,
                                                  power_difference,
                                                  NULL};

static const picabia_operator kScale = {sizeof(picabia_operator),
                                        PICABIA_OPERATOR_ABI_VERSION,
                                        "Scale",
                                        NULL,
                                        1,
                                        1,
                                        NULL,
                                        only_float32,
                                        NULL,
                                        scale,
                                        NULL};

const picabia_operator* const* picabia_operators(size_t* count);

const picabia_operator* const* picabia_operators(size_t* count) {
  static const picabia_operator* const all[] = {&kPowerDifference, &kScale};
  *count = sizeof(all) / sizeof(all[0]);
  return all;
}
