// 100 threads that call at random and share what they make: handles go stale under each other's
// hands, devices are left and entered. One second, or PICABIA_STRESS_SECONDS; meant for the
// sanitizers. Only data are each thread's own: what two threads write at once is theirs to answer
// for.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cnrt/small_model.h"
#include "cnrt_legacy.h"

extern "C" void Nothing(void* out, int n);  // kernels.mlu

namespace {

constexpr int kThreads = 100;
constexpr size_t kBytes = picabia::cnrt::kSmallPixels * 3 * 2;
constexpr cnrtDim3_t kOne = {1, 1, 1};

// Handles of one kind that all threads see.
template <typename T>
class Pool {
 public:
  T Any(std::mt19937& random) { return places_[random() % places_.size()]; }
  // Puts one in; the one that stood there is the caller's to destroy.
  T Put(std::mt19937& random, T handle) {
    return places_[random() % places_.size()].exchange(handle);
  }

 private:
  std::array<std::atomic<T>, 16> places_{};
};

struct Shared {
  std::string image = picabia::cnrt::SmallModelBytes();
  Pool<cnrtQueue_t> queues;
  Pool<cnrtNotifier_t> notifiers;
  Pool<cnrtModel_t> models;
  Pool<cnrtFunction_t> functions;
  Pool<cnrtRuntimeContext_t> contexts;
  Pool<cnrtParamDesc_t> descs;
  Pool<cnrtParamDescArray_t> arrays;
  Pool<cnrtDataDesc_t> data;
  Pool<cnrtKernelParamsBuffer_t> params;
  Pool<cnrtKernelInitParam_t> inits;
  Pool<cnrtQuantizedParam_t> quantized;
  Pool<void*> lists;
  std::atomic<int64_t> successes{0}, errors{0};
};

class Caller {
 public:
  Caller(Shared* shared, unsigned seed) : s_(*shared), random_(seed) {}

  void Run(std::chrono::steady_clock::time_point end) {
    while (std::chrono::steady_clock::now() < end) {
      Count(cnrtInit(0));
      for (int i = 0; i < 200 && std::chrono::steady_clock::now() < end; ++i) One();
      cnrtDestroy();
    }
  }

 private:
  void Count(cnrtRet_t result) { ++(result == CNRT_RET_SUCCESS ? s_.successes : s_.errors); }

  void One() {
    switch (random_() % 10) {
      case 0:
        return Queues();
      case 1:
        return Notifiers();
      case 2:
        return Models();
      case 3:
        return Functions();
      case 4:
        return Contexts();
      case 5:
        return Runs();
      case 6:
        return Memory();
      case 7:
        return Kernels();
      case 8:
        return Descriptors();
      default:
        return Rest();
    }
  }

  void Queues() {
    cnrtQueue_t made = nullptr;
    switch (random_() % 4) {
      case 0:
        Count(cnrtCreateQueue(&made));
        Count(cnrtDestroyQueue(s_.queues.Put(random_, made)));
        return;
      case 1:
        Count(cnrtSyncQueue(s_.queues.Any(random_)));
        return;
      case 2:
        Count(cnrtQueryQueue(s_.queues.Any(random_)));
        return;
      default:
        Count(cnrtSyncDevice());
    }
  }

  void Notifiers() {
    cnrtNotifier_t made = nullptr, any = s_.notifiers.Any(random_);
    float us = 0;
    switch (random_() % 7) {
      case 0:
        Count(cnrtCreateNotifier(&made));
        made = s_.notifiers.Put(random_, made);
        Count(cnrtDestroyNotifier(&made));
        return;
      case 1:
      case 2:
        Count(cnrtPlaceNotifier(any, s_.queues.Any(random_)));
        return;
      case 3:
        Count(cnrtWaitNotifier(any));
        return;
      case 4:
        Count(cnrtQueryNotifier(any));
        return;
      case 5:
        Count(cnrtQueueWaitNotifier(any, s_.queues.Any(random_), 0));
        return;
      default:
        Count(cnrtNotifierDuration(any, s_.notifiers.Any(random_), &us));
    }
  }

  void Models() {
    cnrtModel_t made = nullptr, any = s_.models.Any(random_);
    int number = 0;
    cnrtFunction_t function = s_.functions.Any(random_);
    switch (random_() % 4) {
      case 0:
        Count(cnrtLoadModelFromMem(&made, s_.image.data()));
        Count(cnrtUnloadModel(s_.models.Put(random_, made)));
        return;
      case 1:
        Count(cnrtGetFunctionNumber(any, &number));
        return;
      default:
        Count(cnrtExtractFunction(&function, any, random_() % 2 == 0 ? "subnet0" : "subnet1"));
    }
  }

  void Functions() {
    cnrtFunction_t made = nullptr, any = s_.functions.Any(random_);
    int64_t* sizes = nullptr;
    int *shape = nullptr, num = 0;
    cnrtDataDescArray_t data = nullptr;
    switch (random_() % 6) {
      case 0:
        Count(cnrtCreateFunction(&made));
        Count(cnrtDestroyFunction(s_.functions.Put(random_, made)));
        return;
      case 1:
        Count(cnrtCopyFunction(&made, any));
        Count(cnrtDestroyFunction(s_.functions.Put(random_, made)));
        return;
      case 2:
        Count(cnrtGetInputDataSize(&sizes, &num, any));
        std::free(sizes);
        return;
      case 3:
        Count(cnrtGetOutputDataShape(&shape, &num, 0, any));
        std::free(shape);
        return;
      case 4:
        Count(cnrtGetInputDataDesc(&data, &num, any));
        return;
      default:
        Count(cnrtInitFunctionMemory_V2(any, nullptr));
    }
  }

  void Contexts() {
    cnrtRuntimeContext_t made = nullptr, any = s_.contexts.Any(random_);
    void* function = nullptr;
    cnrtQueue_t queue = nullptr;
    switch (random_() % 6) {
      case 0:
        Count(cnrtCreateRuntimeContext(&made, s_.functions.Any(random_), nullptr));
        Count(cnrtInitRuntimeContext(made, nullptr));
        Count(cnrtDestroyRuntimeContext(s_.contexts.Put(random_, made)));
        return;
      case 1:
        Count(cnrtForkRuntimeContext(&made, any, nullptr));
        Count(cnrtDestroyRuntimeContext(s_.contexts.Put(random_, made)));
        return;
      case 2:
        Count(cnrtSetCurrentContextDevice(any));
        return;
      case 3:
        Count(cnrtGetRuntimeContextInfo(any, CNRT_RT_CTX_FUNCTION, &function));
        return;
      case 4:
        Count(cnrtRuntimeContextCreateQueue(any, &queue));
        Count(cnrtDestroyQueue(s_.queues.Put(random_, queue)));
        return;
      default:
        Count(cnrtDestroyRuntimeContext(any));
    }
  }

  // Memory of its own for each run; cnrtFree waits for it.
  void Runs() {
    void* params[2] = {};
    Count(cnrtMalloc(&params[0], 2 * kBytes));
    Count(cnrtMalloc(&params[1], 2 * kBytes));
    Count(cnrtMemset(params[0], 0, 2 * kBytes));
    if (random_() % 4 == 0)
      Count(cnrtInvokeFunction_V2(s_.functions.Any(random_), kOne, params, CNRT_FUNC_TYPE_BLOCK,
                                  s_.queues.Any(random_), nullptr));
    else
      Count(cnrtInvokeRuntimeContext(s_.contexts.Any(random_), params, s_.queues.Any(random_),
                                     nullptr));
    Count(cnrtFree(params[0]));
    Count(cnrtFree(params[1]));
  }

  void Memory() {
    constexpr size_t kSome = 5000;
    char host[kSome] = {};
    void *block = nullptr, *mapped = nullptr;
    cnrtIpcMemHandle handle = nullptr;
    size_t free = 0, total = 0;
    Count(cnrtMalloc(&block, 1 + random_() % kSome));
    Count(cnrtMemset(block, 7, random_() % kSome));
    Count(cnrtMemsetD8Async(block, 9, random_() % kSome, s_.queues.Any(random_)));
    Count(cnrtMemcpyAsync(block, s_.image.data(), random_() % 500, s_.queues.Any(random_),
                          CNRT_MEM_TRANS_DIR_HOST2DEV));
    Count(cnrtMap(&mapped, block));
    Count(cnrtAcquireMemHandle(&handle, block));
    Count(cnrtMemGetInfo(&free, &total));
    if (random_() % 2 == 0) Count(cnrtUnmap(mapped));
    Count(cnrtFree(block));
    Count(cnrtMemcpy(host, host, 1, CNRT_MEM_TRANS_DIR_HOST2DEV));
  }

  void Kernels() {
    cnrtKernelParamsBuffer_t made = nullptr, any = s_.params.Any(random_);
    cnrtKernelInitParam_t init = nullptr;
    void* null = nullptr;
    int n = 0;
    const auto* kernel = reinterpret_cast<const void*>(&Nothing);
    switch (random_() % 5) {
      case 0:
        Count(cnrtGetKernelParamsBuffer(&made));
        Count(cnrtKernelParamsBufferAddParam(made, &null, sizeof(null)));
        Count(cnrtKernelParamsBufferAddParam(made, &n, sizeof(n)));
        Count(cnrtDestroyKernelParamsBuffer(s_.params.Put(random_, made)));
        return;
      case 1:
        Count(cnrtInvokeKernel_V2(kernel, kOne, any, CNRT_FUNC_TYPE_BLOCK, s_.queues.Any(random_)));
        return;
      case 2:
        Count(cnrtCreateKernelInitParam(&init));
        Count(cnrtInitKernelMemory(kernel, init));
        Count(cnrtDestroyKernelInitParamAndMemory(s_.inits.Put(random_, init)));
        return;
      case 3:
        Count(cnrtInvokeKernel_V3(kernel, s_.inits.Any(random_), kOne, any, CNRT_FUNC_TYPE_BLOCK,
                                  s_.queues.Any(random_), nullptr));
        return;
      default:
        Count(cnrtCopyKernelParamsBuffer(any, s_.params.Any(random_)));
    }
  }

  void Descriptors() {
    cnrtParamDesc_t made = nullptr, any = s_.descs.Any(random_);
    cnrtParamDescArray_t array = nullptr;
    int dims[] = {1, 4, 5, 3}, *shape = nullptr, num = 0, index = 0;
    switch (random_() % 6) {
      case 0:
        Count(cnrtCreateParamDesc(&made));
        Count(cnrtDestroyParamDesc(s_.descs.Put(random_, made)));
        return;
      case 1:
        Count(cnrtSetShapeToParamDesc(any, dims, 4));
        return;
      case 2:
        Count(cnrtGetShapeFromParamDesc(any, &shape, &num));
        std::free(shape);
        return;
      case 3:
        Count(cnrtCreateParamDescArray(&array, 1));
        Count(cnrtDestroyParamDescArray(s_.arrays.Put(random_, array), 1));
        return;
      case 4:
        Count(cnrtInferFunctionOutputShape(s_.functions.Any(random_), 1, s_.arrays.Any(random_), 1,
                                           s_.arrays.Any(random_)));
        return;
      default:
        Count(cnrtGetIndexFromParamDescArrayByName(&index, s_.arrays.Any(random_), 1, "x"));
    }
  }

  void Rest() {
    cnrtQuantizedParam_t made = nullptr;
    float from[4] = {1, 2, 3, 4};
    int8_t to[4] = {};
    void* list = nullptr;
    char name[] = "size";
    int value = 5;
    cnrtDev_t device = 0;
    switch (random_() % 6) {
      case 0:
        Count(cnrtCreateQuantizedParam(&made, 1, 1.5f, 0));
        Count(cnrtDestroyQuantizedParam(s_.quantized.Put(random_, made)));
        return;
      case 1:
        Count(cnrtCastDataType(from, CNRT_FLOAT32, to, CNRT_INT8, 4, s_.quantized.Any(random_)));
        return;
      case 2:
        Count(cnrtAllocParam(&list));
        Count(cnrtAddParam(list, name, sizeof(value), &value));
        Count(cnrtDestroyParam(s_.lists.Put(random_, list)));
        return;
      case 3:
        Count(cnrtGetParam(s_.lists.Any(random_), name, &value, sizeof(value)));
        return;
      case 4:
        Count(cnrtGetDeviceHandle(&device, static_cast<int>(random_() % 2)));
        Count(cnrtSetCurrentDevice(device));
        return;
      default:
        Count(cnrtGetLastErr());
    }
  }

  Shared& s_;
  std::mt19937 random_;
};

TEST(RandomCalls, FromManyThreadsCrashNothing) {
  const char* wanted = std::getenv("PICABIA_STRESS_SECONDS");
  const int seconds = wanted == nullptr ? 1 : std::atoi(wanted);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  Shared shared;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t)
    threads.emplace_back([&shared, end, t] { Caller(&shared, t).Run(end); });
  for (auto& thread : threads) thread.join();
  RecordProperty("successes", std::to_string(shared.successes));
  RecordProperty("errors", std::to_string(shared.errors));
  EXPECT_GT(shared.successes, kThreads);
  EXPECT_GT(shared.errors, kThreads);
  // All of it is over: the library is as after its start.
  void* block = nullptr;
  EXPECT_EQ(cnrtMalloc(&block, 16), CNRT_RET_ERR_INIT);
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
  size_t free = 0, total = 0;
  EXPECT_EQ(cnrtMemGetInfo(&free, &total), CNRT_RET_SUCCESS);
  EXPECT_EQ(free, total);
  cnrtDestroy();
}

}  // namespace
