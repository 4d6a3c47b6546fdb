#include <cstdio>
#include <vector>
#include "cnrt.h"
extern "C" void SelectBoxes(uint16_t*, uint16_t*, uint32_t*, int*, uint16_t*, int);
template <class T> T* device(size_t n) { void* p = nullptr; cnrtMalloc(&p, n * sizeof(T)); cnrtMemset(p, 0, n * sizeof(T)); return (T*)p; }
template <class T> void add(cnrtKernelParamsBuffer_t p, T v) { cnrtKernelParamsBufferAddParam(p, &v, sizeof(T)); }
int main() {
  cnrtInit(0);
  cnrtDev_t dev; cnrtGetDeviceHandle(&dev, 0); cnrtSetCurrentDevice(dev);
  cnrtQueue_t q; cnrtCreateQueue(&q);
  const int n = 200;
  std::vector<uint16_t> s(4 * n), h(4 * 256);
  for (int i = 0; i < 4 * n; ++i) cnrtConvertFloatToHalf(&s[i], (i * 37 % 100) / 100.0f);
  auto *ds = device<uint16_t>(4 * n), *dp = device<uint16_t>(4 * 256), *dt = device<uint16_t>(1);
  auto* dc = device<uint32_t>(4); auto* total = device<int>(2);
  uint16_t limit; cnrtConvertFloatToHalf(&limit, 0.75f);
  cnrtMemcpy(ds, s.data(), s.size() * 2, CNRT_MEM_TRANS_DIR_HOST2DEV);
  cnrtMemcpy(dt, &limit, 2, CNRT_MEM_TRANS_DIR_HOST2DEV);
  cnrtKernelParamsBuffer_t p; cnrtGetKernelParamsBuffer(&p);
  add(p, ds); add(p, dp); add(p, dc); add(p, total); add(p, dt); add(p, n);
  cnrtDim3_t dim; dim.x = 4; dim.y = dim.z = 1;
  if (cnrtInvokeKernel_V2((void*)&SelectBoxes, dim, p, CNRT_FUNC_TYPE_UNION1, q) || cnrtSyncQueue(q)) return 1;
  uint32_t counts[4]; int totals[2];
  cnrtMemcpy(counts, dc, 16, CNRT_MEM_TRANS_DIR_DEV2HOST);
  cnrtMemcpy(totals, total, 8, CNRT_MEM_TRANS_DIR_DEV2HOST);
  cnrtMemcpy(h.data(), dp, h.size() * 2, CNRT_MEM_TRANS_DIR_DEV2HOST);
  int all = 0;
  for (int t = 0; t < 4; ++t) {
    unsigned k = 0;
    for (int i = 0; i < n; ++i) {
      float v; cnrtConvertHalfToFloat(&v, s[t * n + i]);
      if (v > 0.75f && h[t * 256 + k++] != s[t * n + i]) return printf("task %d box %d\n", t, i), 1;
    }
    if (k != counts[t]) return printf("task %d: %u, want %u\n", t, counts[t], k), 1;
    all += k;
  }
  if (totals[0] != all || totals[1] != all) return printf("%d %d, want %d\n", totals[0], totals[1], all), 1;
  cnrtDestroyKernelParamsBuffer(p); cnrtDestroyQueue(q); cnrtDestroy();
  puts("PASS");
}
