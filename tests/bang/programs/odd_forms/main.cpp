#include <cnrt.h>
#include <cstdio>
#include <vector>
extern "C" { void Misc(float* out, int n, char* names, unsigned long long big, long l, double dv, int64_t i64, float (*rows)[4], const float* const ptr, volatile int* flag, bool t); }
template <class T> T* dev(std::vector<T> v) { void* p; cnrtMalloc(&p, v.size() * sizeof(T)); cnrtMemcpy(p, v.data(), v.size() * sizeof(T), CNRT_MEM_TRANS_DIR_HOST2DEV); return (T*)p; }
int main() {
  cnrtInit(0); cnrtDev_t d; cnrtGetDeviceHandle(&d, 0); cnrtSetCurrentDevice(d); cnrtQueue_t q; cnrtCreateQueue(&q);
  float* out = dev(std::vector<float>(32)); char* names = dev(std::vector<char>{1, 2}); float* rows = dev(std::vector<float>{0,1,2,3,4,5,6,7}); float* ptr = dev(std::vector<float>{42}); int* flag = dev(std::vector<int>{4});
  cnrtKernelParamsBuffer_t p; cnrtGetKernelParamsBuffer(&p);
  int n = 7; unsigned long long big = 10; long l = 20; double dv = 0.5; int64_t i64 = -3; bool t = true;
#define A(x) cnrtKernelParamsBufferAddParam(p, &x, sizeof(x))
  A(out); A(n); A(names); A(big); A(l); A(dv); A(i64); A(rows); A(ptr); A(flag); A(t);
  cnrtDim3_t dim = {1, 1, 1};
  for (int i = 0; i < 2; ++i) { if (cnrtInvokeKernel_V2((void*)&Misc, dim, p, CNRT_FUNC_TYPE_BLOCK, q) || cnrtSyncQueue(q)) return 1; }
  float h[15]; int f; cnrtMemcpy(h, out, 60, CNRT_MEM_TRANS_DIR_DEV2HOST); cnrtMemcpy(&f, flag, 4, CNRT_MEM_TRANS_DIR_DEV2HOST);
  // The second call: `counter` is 5 again, and what the first one wrote to *flag is read.
  const float want[15] = {12.5f, 7, 10, 3, 1, 27.5f, 6, 42, 9, 1, 3, 3, 4.5f, 2, 6};
  for (int i = 0; i < 15; ++i) if (h[i] != want[i]) return printf("%d: %g, want %g\n", i, h[i], want[i]), 1;
  if (f != 9) return 1;
  puts("PASS");
}
