#include <cnrt.h>
#include "common.h"
extern "C" {
void Reduce(float* in, float* out, Box box, OpMode mode);
void Iota(float* out, int n);
}
extern "C" int launch_iota(float* out, int n, cnrtQueue_t queue) {
  cnrtDim3_t dim{1, 1, 1};
  cnrtKernelParamsBuffer_t p;
  cnrtGetKernelParamsBuffer(&p);
  cnrtKernelParamsBufferAddParam(p, &out, sizeof(out));
  cnrtKernelParamsBufferAddParam(p, &n, sizeof(n));
  auto r = cnrtInvokeKernel_V2((const void*)&Iota, dim, p, CNRT_FUNC_TYPE_BLOCK, queue);
  cnrtDestroyKernelParamsBuffer(p);
  return r;
}
extern "C" int launch_reduce(float* in, float* out, Box box, OpMode mode, cnrtQueue_t queue) {
  cnrtDim3_t dim{1, 1, 1};
  cnrtKernelParamsBuffer_t p;
  cnrtGetKernelParamsBuffer(&p);
  cnrtKernelParamsBufferAddParam(p, &in, sizeof(in));
  cnrtKernelParamsBufferAddParam(p, &out, sizeof(out));
  cnrtKernelParamsBufferAddParam(p, &box, sizeof(box));
  cnrtKernelParamsBufferAddParam(p, &mode, sizeof(mode));
  auto r = cnrtInvokeKernel_V2((const void*)&Reduce, dim, p, CNRT_FUNC_TYPE_BLOCK, queue);
  cnrtDestroyKernelParamsBuffer(p);
  return r;
}
