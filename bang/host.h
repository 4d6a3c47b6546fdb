// What the host programs of the example kernels share: device arrays, launches, the time of the
// fastest of some.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "cnrt.h"

typedef unsigned short half;  // as hosts spell it

namespace host {

inline void Must(cnrtRet_t result, const char* what) {
  if (result == CNRT_RET_SUCCESS) return;
  std::fprintf(stderr, "%s: %s\n", what, cnrtGetErrorStr(result));
  std::exit(1);
}

inline half ToHalf(float x) {
  half h = 0;
  cnrtConvertFloatToHalf(&h, x);
  return h;
}
inline float ToFloat(half h) {
  float x = 0;
  cnrtConvertHalfToFloat(&x, h);
  return x;
}

// Opens the device for the life of the program.
class Device {
 public:
  Device() {
    Must(cnrtInit(0), "cnrtInit");
    cnrtDev_t device = 0;
    Must(cnrtGetDeviceHandle(&device, 0), "cnrtGetDeviceHandle");
    Must(cnrtSetCurrentDevice(device), "cnrtSetCurrentDevice");
  }
  ~Device() { cnrtDestroy(); }
};

template <typename T>
class Array {
 public:
  explicit Array(size_t size) : size_(size) {
    Must(cnrtMalloc(reinterpret_cast<void**>(&data_), size * sizeof(T)), "cnrtMalloc");
  }
  explicit Array(const std::vector<T>& values) : Array(values.size()) {
    Must(cnrtMemcpy(data_, const_cast<T*>(values.data()), size_ * sizeof(T),
                    CNRT_MEM_TRANS_DIR_HOST2DEV),
         "cnrtMemcpy");
  }
  ~Array() { cnrtFree(data_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  T* data() const { return data_; }
  std::vector<T> Read() const {
    std::vector<T> values(size_);
    Must(cnrtMemcpy(values.data(), data_, size_ * sizeof(T), CNRT_MEM_TRANS_DIR_DEV2HOST),
         "cnrtMemcpy");
    return values;
  }

 private:
  T* data_ = nullptr;
  size_t size_;
};

// Launches some times; the least time in milliseconds, launch included.
template <typename... T>
float Launch(const void* kernel, unsigned tasks, cnrtFunctionType_t type, int times, T... values) {
  cnrtKernelParamsBuffer_t params = nullptr;
  Must(cnrtGetKernelParamsBuffer(&params), "cnrtGetKernelParamsBuffer");
  (Must(cnrtKernelParamsBufferAddParam(params, &values, sizeof(values)),
        "cnrtKernelParamsBufferAddParam"),
   ...);
  cnrtQueue_t queue = nullptr;
  cnrtNotifier_t start = nullptr, end = nullptr;
  Must(cnrtCreateQueue(&queue), "cnrtCreateQueue");
  Must(cnrtCreateNotifier(&start), "cnrtCreateNotifier");
  Must(cnrtCreateNotifier(&end), "cnrtCreateNotifier");
  float least = INFINITY;
  for (int i = 0; i < times; ++i) {
    Must(cnrtPlaceNotifier(start, queue), "cnrtPlaceNotifier");
    Must(cnrtInvokeKernel_V2(kernel, {tasks, 1, 1}, params, type, queue), "cnrtInvokeKernel_V2");
    Must(cnrtPlaceNotifier(end, queue), "cnrtPlaceNotifier");
    Must(cnrtSyncQueue(queue), "cnrtSyncQueue");
    float us = 0;
    Must(cnrtNotifierDuration(start, end, &us), "cnrtNotifierDuration");
    least = std::fmin(least, us / 1000);
  }
  cnrtDestroyNotifier(&start);
  cnrtDestroyNotifier(&end);
  cnrtDestroyQueue(queue);
  cnrtDestroyKernelParamsBuffer(params);
  return least;
}

// Prints and judges: the program's exit code.
inline int Judge(const char* name, double error, double limit, float ms) {
  std::printf("%s: %.3f ms, error %.3g (at most %.3g)\n", name, ms, error, limit);
  return error <= limit ? 0 : 1;
}

}  // namespace host
