#include <cstdio>
#include <vector>
#include "cnml.h"
#include "cnplugin.h"
#include "cnrt.h"
extern "C" { void PowerDifferenceKernel(uint16_t* input1, uint16_t* input2, int pow, uint16_t* output, int len); }
int main() {
  cnrtInit(0);
  cnmlInit(0);
  cnrtDev_t dev;
  cnrtGetDeviceHandle(&dev, 0);
  cnrtSetCurrentDevice(dev);
  cnrtQueue_t queue;
  cnrtCreateQueue(&queue);
  int len = 512, pow = 3, shape[4] = {1, 1, 1, 512};
  cnmlTensor_t in[2], out[1];
  for (auto* t : {&in[0], &in[1], &out[0]}) {
    cnmlCreateTensor_V2(t, CNML_TENSOR);
    cnmlSetTensorShape_V2(*t, 4, shape, NULL);
    cnmlSetTensorDataType(*t, CNML_DATA_FLOAT16);
  }
  cnrtKernelParamsBuffer_t params;
  cnrtGetKernelParamsBuffer(&params);
  cnrtKernelParamsBufferMarkInput(params);
  cnrtKernelParamsBufferMarkInput(params);
  cnrtKernelParamsBufferAddParam(params, &pow, sizeof(int));
  cnrtKernelParamsBufferMarkOutput(params);
  cnrtKernelParamsBufferAddParam(params, &len, sizeof(int));
  cnmlBaseOp_t op;
  if (cnmlCreatePluginOp(&op, "PowerDifference", (void*)PowerDifferenceKernel, params, in, 2, out, 1, nullptr, 0) != CNML_STATUS_SUCCESS) return 1;
  std::vector<uint16_t> a(len), b(len), c(len);
  for (int i = 0; i < len; ++i) {
    cnrtConvertFloatToHalf(&a[i], i % 16);
    cnrtConvertFloatToHalf(&b[i], 5);
  }
  void *da, *db, *dc;
  cnrtMalloc(&da, len * 2);
  cnrtMalloc(&db, len * 2);
  cnrtMalloc(&dc, len * 2);
  cnrtMemcpy(da, a.data(), len * 2, CNRT_MEM_TRANS_DIR_HOST2DEV);
  cnrtMemcpy(db, b.data(), len * 2, CNRT_MEM_TRANS_DIR_HOST2DEV);
  void *inputs[] = {da, db}, *outputs[] = {dc};
  if (cnmlComputePluginOpForward_V4(op, NULL, inputs, 2, NULL, outputs, 1, queue, NULL) != CNML_STATUS_SUCCESS) return 2;
  if (cnrtSyncQueue(queue) != CNRT_RET_SUCCESS) return 3;
  cnrtMemcpy(c.data(), dc, len * 2, CNRT_MEM_TRANS_DIR_DEV2HOST);
  for (int i = 0; i < len; ++i) {
    float v, d = i % 16 - 5;
    cnrtConvertHalfToFloat(&v, c[i]);
    if (v != d * d * d) return printf("%d: %g\n", i, v), 4;
  }
  cnmlDestroyBaseOp(&op);
  for (auto* t : {&in[0], &in[1], &out[0]}) cnmlDestroyTensor(t);
  cnrtDestroyKernelParamsBuffer(params);
  cnmlExit();
  cnrtDestroyQueue(queue);
  cnrtDestroy();
  puts("PASS");
}
