#include <cnrt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
void scale(float* a, float* b, float f, int len, bool add, uint8_t mode);
#define LEN 3001
int main(void) {
  cnrtDev_t dev;
  cnrtQueue_t queue;
  cnrtKernelParamsBuffer_t params;
  cnrtDim3_t dim = {1, 1, 1};
  float *a, *b, *h = malloc(LEN * sizeof(float)), f = 1.5f;
  int len = LEN, i;
  bool add = true;
  uint8_t mode = 3;
  CNRT_CHECK(cnrtInit(0));
  CNRT_CHECK(cnrtGetDeviceHandle(&dev, 0));
  CNRT_CHECK(cnrtSetCurrentDevice(dev));
  CNRT_CHECK(cnrtCreateQueue(&queue));
  for (i = 0; i < LEN; ++i) h[i] = (float)i / 16;
  CNRT_CHECK(cnrtMalloc((void**)&a, LEN * sizeof(float)));
  CNRT_CHECK(cnrtMalloc((void**)&b, LEN * sizeof(float)));
  CNRT_CHECK(cnrtMemcpy(a, h, LEN * sizeof(float), CNRT_MEM_TRANS_DIR_HOST2DEV));
  CNRT_CHECK(cnrtGetKernelParamsBuffer(&params));
  CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &a, sizeof a));
  CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &b, sizeof b));
  CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &f, sizeof f));
  CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &len, sizeof len));
  CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &add, sizeof add));
  CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &mode, sizeof mode));
  CNRT_CHECK(cnrtInvokeKernel_V2((void*)&scale, dim, params, CNRT_FUNC_TYPE_BLOCK, queue));
  CNRT_CHECK(cnrtSyncQueue(queue));
  CNRT_CHECK(cnrtMemcpy(h, b, LEN * sizeof(float), CNRT_MEM_TRANS_DIR_DEV2HOST));
  for (i = 0; i < LEN; ++i) {
    float v = (float)i / 16 * 1.5f + 1;
    if (h[i] != v * v) return printf("%d: %g, want %g\n", i, h[i], v * v), 1;
  }
  CNRT_CHECK(cnrtDestroyKernelParamsBuffer(params));
  CNRT_CHECK(cnrtDestroyQueue(queue));
  cnrtFree(a);
  cnrtFree(b);
  cnrtDestroy();
  free(h);
  puts("PASS");
  return 0;
}
