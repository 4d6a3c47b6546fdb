#include <dlfcn.h>
#include <cstdio>
#include <cnrt.h>
#include "common.h"
int main() {
  cnrtInit(0);
  cnrtDev_t dev;
  cnrtGetDeviceHandle(&dev, 0);
  cnrtSetCurrentDevice(dev);
  cnrtQueue_t queue;
  cnrtCreateQueue(&queue);
  // Loaded, used and unloaded twice: kernels come and go with their library.
  for (int round = 0; round < 2; ++round) {
    void* lib = dlopen("./libops.so", RTLD_NOW);
    if (!lib) return printf("%s\n", dlerror()), 1;
    auto iota = (int (*)(float*, int, cnrtQueue_t))dlsym(lib, "launch_iota");
    auto reduce = (int (*)(float*, float*, Box, OpMode, cnrtQueue_t))dlsym(lib, "launch_reduce");
    float *x, *y, host[2];
    cnrtMalloc((void**)&x, 2048);
    cnrtMalloc((void**)&y, 8);
    int bad = iota(x, 500, queue);
    bad += reduce(x, y, Box{10, 20}, OP_SUM, queue);      // 10.5 + ... + 19.5
    bad += reduce(x, y + 1, Box{0, 500}, OP_MAX, queue);  // 499.5
    bad += cnrtSyncQueue(queue);
    cnrtMemcpy(host, y, 8, CNRT_MEM_TRANS_DIR_DEV2HOST);
    if (bad || host[0] != 150 || host[1] != 499.5f) return printf("%d %g %g\n", bad, host[0], host[1]), 1;
    cnrtFree(x);
    cnrtFree(y);
    dlclose(lib);
  }
  cnrtDestroyQueue(queue);
  cnrtDestroy();
  puts("PASS");
}
