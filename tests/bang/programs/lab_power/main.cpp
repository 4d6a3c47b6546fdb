#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <string>
#include <vector>
#include "power_diff.h"

static int MLUPowerDifferenceOp(float* input1, float* input2, int pow, float* output, int len) {
  cnrtInit(0);
  cnrtDev_t dev;
  cnrtGetDeviceHandle(&dev, 0);
  cnrtSetCurrentDevice(dev);
  cnrtQueue_t pQueue;
  cnrtCreateQueue(&pQueue);
  cnrtDim3_t dim;
  dim.x = 1;
  dim.y = 1;
  dim.z = 1;
  float hardware_time = 0.0;
  cnrtNotifier_t event_start, event_end;
  cnrtCreateNotifier(&event_start);
  cnrtCreateNotifier(&event_end);
  cnrtFunctionType_t c = CNRT_FUNC_TYPE_BLOCK;

  half* input1_half = (half*)malloc(len * sizeof(half));
  half* input2_half = (half*)malloc(len * sizeof(half));
  half* output_half = (half*)malloc(len * sizeof(half));
  for (int i = 0; i < len; i++) {
    cnrtConvertFloatToHalf(input1_half + i, input1[i]);
    cnrtConvertFloatToHalf(input2_half + i, input2[i]);
    cnrtConvertFloatToHalf(output_half + i, 0.0);
  }
  half *mlu_input1, *mlu_input2, *mlu_output;
  if (CNRT_RET_SUCCESS != cnrtMalloc((void**)&mlu_input1, len * sizeof(half))) exit(-1);
  if (CNRT_RET_SUCCESS != cnrtMalloc((void**)&mlu_input2, len * sizeof(half))) exit(-1);
  if (CNRT_RET_SUCCESS != cnrtMalloc((void**)&mlu_output, len * sizeof(half))) exit(-1);
  cnrtMemcpy(mlu_input1, input1_half, len * sizeof(half), CNRT_MEM_TRANS_DIR_HOST2DEV);
  cnrtMemcpy(mlu_input2, input2_half, len * sizeof(half), CNRT_MEM_TRANS_DIR_HOST2DEV);

  cnrtKernelParamsBuffer_t params;
  cnrtGetKernelParamsBuffer(&params);
  cnrtKernelParamsBufferAddParam(params, &mlu_input1, sizeof(half*));
  cnrtKernelParamsBufferAddParam(params, &mlu_input2, sizeof(half*));
  cnrtKernelParamsBufferAddParam(params, &pow, sizeof(int));
  cnrtKernelParamsBufferAddParam(params, &mlu_output, sizeof(half*));
  cnrtKernelParamsBufferAddParam(params, &len, sizeof(int));
  cnrtPlaceNotifier(event_start, pQueue);
  cnrtRet_t ret = cnrtInvokeKernel_V2((void*)(&PowerDifferenceKernel), dim, params, c, pQueue);
  cnrtPlaceNotifier(event_end, pQueue);
  if (CNRT_RET_SUCCESS != cnrtSyncQueue(pQueue) || ret != CNRT_RET_SUCCESS) exit(-1);
  cnrtNotifierDuration(event_start, event_end, &hardware_time);
  if (hardware_time < 0) exit(-2);
  cnrtMemcpy(output_half, mlu_output, len * sizeof(half), CNRT_MEM_TRANS_DIR_DEV2HOST);
  for (int i = 0; i < len; i++) cnrtConvertHalfToFloat(output + i, output_half[i]);
  cnrtFree(mlu_input1);
  cnrtFree(mlu_input2);
  cnrtFree(mlu_output);
  cnrtDestroyQueue(pQueue);
  cnrtDestroyNotifier(&event_start);
  cnrtDestroyNotifier(&event_end);
  cnrtDestroyKernelParamsBuffer(params);
  cnrtDestroy();
  free(input1_half);
  free(input2_half);
  free(output_half);
  return 0;
}

int main() {
  const int sizes[] = {1, 63, 64, 1023, 1024, 1025, 32768, 32769};
  for (int len : sizes) {
    std::vector<float> a(len), b(len), out(len);
    for (int i = 0; i < len; ++i) {
      a[i] = (i % 37) * 0.25f;
      b[i] = (i % 11) * 0.5f;
    }
    struct timeval start, end;
    gettimeofday(&start, NULL);
    MLUPowerDifferenceOp(a.data(), b.data(), 2, out.data(), len);
    gettimeofday(&end, NULL);
    double err = 0, ref = 0;
    for (int i = 0; i < len; ++i) {
      double d = a[i] - b[i];  // exact in half, and its square is, too
      err += fabs(out[i] - d * d);
      ref += fabs(d * d);
    }
    if (err > 0 * ref) {
      printf("len %d: err rate %f\n", len, err / ref);
      return 1;
    }
  }
  printf("PASS\n");
  return 0;
}
