#include <cmath>
#include <iostream>
#include <vector>
#include "cnrt.h"
using namespace std;
typedef uint16_t half;
void BN(half* x, half* y, int rows, bool verbose);  // by its C++ name
int main() {
  cnrtInit(0);
  cnrtDev_t dev;
  cnrtGetDeviceHandle(&dev, 0);
  cnrtSetCurrentDevice(dev);
  cnrtQueue_t queue;
  cnrtCreateQueue(&queue);
  int rows = 3, n = 4096 * rows;
  vector<half> h(n);
  vector<double> x(n);
  for (int i = 0; i < n; ++i) {
    x[i] = ((i * 31) % 256) / 128.0 + i / 4096;
    cnrtConvertDoubleToHalf(&h[i], x[i]);
    cnrtConvertHalfToDouble(&x[i], h[i]);
  }
  half *dx, *dy;
  cnrtMalloc((void**)&dx, n * 2);
  cnrtMalloc((void**)&dy, n * 2);
  cnrtMemcpy(dx, h.data(), n * 2, CNRT_MEM_TRANS_DIR_HOST2DEV);
  bool verbose = true;
  cnrtKernelParamsBuffer_t params;
  cnrtGetKernelParamsBuffer(&params);
  cnrtKernelParamsBufferAddParam(params, &dx, sizeof(half*));
  cnrtKernelParamsBufferAddParam(params, &dy, sizeof(half*));
  cnrtKernelParamsBufferAddParam(params, &rows, sizeof(int));
  cnrtKernelParamsBufferAddParam(params, &verbose, sizeof(bool));
  cnrtDim3_t dim{1, 1, 1};
  for (int i = 0; i < 2; ++i)
    if (cnrtInvokeKernel_V2(reinterpret_cast<void*>(&BN), dim, params, CNRT_FUNC_TYPE_BLOCK, queue) != CNRT_RET_SUCCESS) return 1;
  if (cnrtSyncQueue(queue) != CNRT_RET_SUCCESS) return 2;
  cnrtMemcpy(h.data(), dy, n * 2, CNRT_MEM_TRANS_DIR_DEV2HOST);
  double err = 0, ref = 0;
  for (int r = 0; r < rows; ++r) {
    double mean = 0, var = 0;
    for (int i = 0; i < 4096; ++i) mean += x[r * 4096 + i] / 4096;
    for (int i = 0; i < 4096; ++i) var += pow(x[r * 4096 + i] - mean, 2) / 4096;
    for (int i = 0; i < 4096; ++i) {
      double want = (x[r * 4096 + i] - mean) / sqrt(var + 1e-3), got;
      cnrtConvertHalfToDouble(&got, h[r * 4096 + i]);
      err += fabs(got - want);
      ref += fabs(want);
    }
  }
  if (err > 0.02 * ref) {
    cout << "error rate " << err / ref << endl;
    return 3;
  }
  cnrtDestroyKernelParamsBuffer(params);
  cnrtFree(dx);
  cnrtFree(dy);
  cnrtDestroyQueue(queue);
  cnrtDestroy();
  cout << "PASS" << endl;
}
