#include "cnrt.h"
#ifdef __cplusplus
extern "C" {
#endif
typedef uint16_t half;
void PowerDifferenceKernel(half* input1, half* input2, int32_t pow, half* output, int32_t len);
#ifdef __cplusplus
}
#endif
