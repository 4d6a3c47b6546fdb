#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include "cnrt.h"
using namespace std;
typedef unsigned short half;
extern "C" {
void gemm16Kernel(half* outputDDR, int8_t* input1DDR, int8_t* input2DDR, uint32_t m, uint32_t k, uint32_t n, int16_t pos);
}
#define CHECK(x) if ((x) != CNRT_RET_SUCCESS) { printf("%s:%d %s\n", __FILE__, __LINE__, #x); exit(1); }

static void Quantize(const vector<float>& x, vector<int8_t>& q, int& pos, float& scale) {
  float absmax = 0;
  for (float v : x) absmax = max(absmax, fabs(v));
  pos = (int)ceil(log2(absmax / 127));
  scale = max(1.0f, (float)(pow(2, pos) * 127 / absmax));
  for (size_t i = 0; i < x.size(); ++i) q[i] = (int8_t)round(x[i] * scale * pow(2, -pos));
}

int main() {
  CHECK(cnrtInit(0));
  unsigned count = 0;
  CHECK(cnrtGetDeviceCount(&count));
  cnrtDev_t dev;
  CHECK(cnrtGetDeviceHandle(&dev, 0));
  CHECK(cnrtSetCurrentDevice(dev));
  cnrtQueue_t queue;
  CHECK(cnrtCreateQueue(&queue));
  cnrtKernelInitParam_t init;
  CHECK(cnrtCreateKernelInitParam(&init));
  CHECK(cnrtInitKernelMemory((const void*)gemm16Kernel, init));
  uint32_t m = 33, k = 256, n = 192;
  vector<float> a(m * k), b(k * n);
  srand(1);
  for (float& v : a) v = (rand() % 2001 - 1000) / 300.0f;
  for (float& v : b) v = (rand() % 2001 - 1000) / 3000.0f;
  vector<int8_t> qa(m * k), qb(k * n), qbt(k * n);
  int pos1, pos2;
  float scale1, scale2;
  Quantize(a, qa, pos1, scale1);
  Quantize(b, qb, pos2, scale2);
  for (uint32_t i = 0; i < k; ++i) for (uint32_t j = 0; j < n; ++j) qbt[j * k + i] = qb[i * n + j];
  int16_t pos = pos1 + pos2;
  half* out_d; int8_t *a_d, *b_d;
  CHECK(cnrtMalloc((void**)&out_d, m * n * sizeof(half)));
  CHECK(cnrtMalloc((void**)&a_d, m * k));
  CHECK(cnrtMalloc((void**)&b_d, k * n));
  CHECK(cnrtMemcpy(a_d, qa.data(), m * k, CNRT_MEM_TRANS_DIR_HOST2DEV));
  CHECK(cnrtMemcpy(b_d, qbt.data(), k * n, CNRT_MEM_TRANS_DIR_HOST2DEV));
  cnrtKernelParamsBuffer_t params;
  CHECK(cnrtGetKernelParamsBuffer(&params));
  CHECK(cnrtKernelParamsBufferAddParam(params, &out_d, sizeof(half*)));
  CHECK(cnrtKernelParamsBufferAddParam(params, &a_d, sizeof(int8_t*)));
  CHECK(cnrtKernelParamsBufferAddParam(params, &b_d, sizeof(int8_t*)));
  CHECK(cnrtKernelParamsBufferAddParam(params, &m, sizeof(uint32_t)));
  CHECK(cnrtKernelParamsBufferAddParam(params, &k, sizeof(uint32_t)));
  CHECK(cnrtKernelParamsBufferAddParam(params, &n, sizeof(uint32_t)));
  CHECK(cnrtKernelParamsBufferAddParam(params, &pos, sizeof(int16_t)));
  cnrtDim3_t dim = {1, 1, 1};
  for (int repeat = 0; repeat < 3; ++repeat)
    CHECK(cnrtInvokeKernel_V3((const void*)gemm16Kernel, init, dim, params, CNRT_FUNC_TYPE_BLOCK, queue, NULL));
  CHECK(cnrtSyncQueue(queue));
  vector<half> out(m * n);
  CHECK(cnrtMemcpy(out.data(), out_d, m * n * sizeof(half), CNRT_MEM_TRANS_DIR_DEV2HOST));
  for (uint32_t i = 0; i < m; ++i)
    for (uint32_t j = 0; j < n; ++j) {
      int sum = 0;
      for (uint32_t t = 0; t < k; ++t) sum += qa[i * k + t] * qb[t * n + j];
      const double want = ldexp(sum, pos);
      float got;
      CHECK(cnrtConvertHalfToFloat(&got, out[i * n + j]));
      if (fabs(got - want) > fabs(want) / 2048 + 1e-7) { printf("%u %u: %g, want %g\n", i, j, got, want); return 1; }
    }
  CHECK(cnrtDestroyKernelInitParamAndMemory(init));
  CHECK(cnrtDestroyKernelParamsBuffer(params));
  CHECK(cnrtFree(out_d)); CHECK(cnrtFree(a_d)); CHECK(cnrtFree(b_d));
  CHECK(cnrtDestroyQueue(queue));
  cnrtDestroy();
  puts("PASS");
}
