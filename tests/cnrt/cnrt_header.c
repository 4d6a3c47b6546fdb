/* cnrt.h in C99, C++11 and C++20 without a warning: with its legacy part; includes it twice, uses
 * what clients use, and takes the address of every function that it declares. */
#include <stdio.h>

#define CNRT_LEGACY
#include "cnrt.h"
#include "cnrt_legacy.h"

/* Names that clients define themselves, so that the header must not. */
typedef unsigned short half;
static int cnrtConvertFloatToHalfArray(half *to, float const *from, int n) {
  int i;
  for (i = 0; i < n; ++i)
    if (cnrtConvertFloatToHalf(to + i, from[i]) != CNRT_RET_SUCCESS) return 1;
  return 0;
}

typedef void (*Function)(void);
static const Function kFunctions[] = {
#define FUNCTION(name) (Function) name,
#include "cnrt_functions.inc"
#undef FUNCTION
};

int main(void) {
  const cnrtDim3_t dim = {1, 1, 1};
  float numbers[2] = {1.0f, -2.5f};
  half halves[2];
  unsigned int version = 0, i;
  int code = cnrtGetVersion(&version); /* results are used as int */
  enum cnrtDataType type = CNRT_FLOAT16;
  u32_t count = dim.x + dim.y + dim.z;
  if (code != 0)
    CNRT_CHECK(cnrtGetLastErr());
  else
    CNRT_CHECK(CNRT_RET_SUCCESS);
  if (version != CNRT_VERSION || count != 3 || cnrtDataTypeSize(type) != 2) return 1;
  if (cnrtConvertFloatToHalfArray(halves, numbers, 2) != 0 || halves[0] != 0x3C00) return 2;
  for (i = 0; i < sizeof(kFunctions) / sizeof(kFunctions[0]); ++i)
    if (kFunctions[i] == NULL) return 3;
  printf("%u functions\n", (unsigned)(sizeof(kFunctions) / sizeof(kFunctions[0])));
  return 0;
}
