#include <cnrt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <vector>
extern "C" void softmax(uint16_t*, uint16_t*, int);
int main(int argc, char* argv[]) {
  CNRT_CHECK(cnrtInit(0));
  cnrtDev_t dev;
  CNRT_CHECK(cnrtGetDeviceHandle(&dev, 0));
  CNRT_CHECK(cnrtSetCurrentDevice(dev));
  int rows = 101, n = rows * 128;
  std::vector<float> x(n), y(n);
  std::vector<uint16_t> h(n);
  for (int i = 0; i < n; ++i) x[i] = ((i * 7919) % 1000) / 125.0f - 4;
  CNRT_CHECK(cnrtCastDataType(x.data(), CNRT_FLOAT32, h.data(), CNRT_FLOAT16, n, NULL));
  void *in, *out;
  CNRT_CHECK(cnrtMalloc(&in, n * 2));
  CNRT_CHECK(cnrtMalloc(&out, n * 2));
  CNRT_CHECK(cnrtMemset(out, 0, n * 2));
  CNRT_CHECK(cnrtMemcpy(in, h.data(), n * 2, CNRT_MEM_TRANS_DIR_HOST2DEV));
  cnrtQueue_t queue;
  CNRT_CHECK(cnrtCreateQueue(&queue));
  for (auto type : {CNRT_FUNC_TYPE_UNION1, CNRT_FUNC_TYPE_UNION4, CNRT_FUNC_TYPE_BLOCK}) {
    cnrtDim3_t dim = {type == CNRT_FUNC_TYPE_UNION1 ? 4u : 16u, 1, 1};
    cnrtKernelParamsBuffer_t params;
    CNRT_CHECK(cnrtGetKernelParamsBuffer(&params));
    CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &in, sizeof(void*)));
    CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &out, sizeof(void*)));
    CNRT_CHECK(cnrtKernelParamsBufferAddParam(params, &rows, sizeof(rows)));
    CNRT_CHECK(cnrtInvokeKernel_V2((void*)&softmax, dim, params, type, queue));
    CNRT_CHECK(cnrtSyncQueue(queue));
    CNRT_CHECK(cnrtDestroyKernelParamsBuffer(params));
    CNRT_CHECK(cnrtMemcpy(h.data(), out, n * 2, CNRT_MEM_TRANS_DIR_DEV2HOST));
    CNRT_CHECK(cnrtCastDataType(h.data(), CNRT_FLOAT16, y.data(), CNRT_FLOAT32, n, NULL));
    for (int r = 0; r < rows; ++r) {
      double sum = 0;
      for (int c = 0; c < 128; ++c) sum += exp(x[r * 128 + c]);
      for (int c = 0; c < 128; ++c) {
        double want = exp(x[r * 128 + c]) / sum;
        if (fabs(y[r * 128 + c] - want) > 0.01 * want + 1e-6) {
          printf("row %d col %d: %g, want %g\n", r, c, y[r * 128 + c], want);
          return 1;
        }
      }
    }
  }
  cnrtFree(in);
  cnrtFree(out);
  CNRT_CHECK(cnrtDestroyQueue(queue));
  cnrtDestroy();
  printf("PASS\n");
  return argc > 100 ? atoi(argv[1]) : 0;
}
