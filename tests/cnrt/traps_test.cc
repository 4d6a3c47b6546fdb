// What real programs have been seen to rely on, one test each: misuse that works with Neuware, and
// habits that a compatible library must bear. Wrong arguments are in bad_arguments/.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "cnrt.h"
#include "cnrt/small_model.h"

typedef unsigned short half;  // as clients spell it

extern "C" {
void Nothing(void* out, int n);
void Slots(int** table, int a, int16_t b, bool c);
}

// Both overloads are the client's own: the header must not have the name.
static cnrtRet_t cnrtConvertFloatToHalfArray(half* to, float* from, int n) {
  for (int i = 0; i < n; ++i) cnrtConvertFloatToHalf(to + i, from[i]);
  return CNRT_RET_SUCCESS;
}
static cnrtRet_t cnrtConvertFloatToHalfArray(half* to, const float* from, int n) {
  for (int i = 0; i < n; ++i) cnrtConvertFloatToHalf(to + i, from[i]);
  return CNRT_RET_SUCCESS;
}

namespace {

constexpr size_t kCount = picabia::cnrt::kSmallPixels * 3, kBytes = kCount * sizeof(half);
constexpr half kOne = 0x3C00, kMinusOne = 0xBC00;

// What a program builds up, without any choice of a device.
struct Program {
  Program() {
    EXPECT_EQ(cnrtLoadModelFromMem(&model, bytes.data()), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtCreateFunction(&function), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtExtractFunction(&function, model, "subnet0"), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtCreateRuntimeContext(&context, function, nullptr), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtInitRuntimeContext(context, nullptr), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtRuntimeContextCreateQueue(context, &queue), CNRT_RET_SUCCESS);
    for (void*& param : params) EXPECT_EQ(cnrtMalloc(&param, kBytes), CNRT_RET_SUCCESS);
  }
  // x = -1, 1, -1, ...; the model makes 0, 1, 0, ... of it.
  void Fill() {
    std::vector<half> in(kCount, kOne);
    for (size_t i = 0; i < kCount; i += 2) in[i] = kMinusOne;
    EXPECT_EQ(cnrtMemcpy(params[0], in.data(), kBytes, CNRT_MEM_TRANS_DIR_HOST2DEV),
              CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtMemset(params[1], 0xFF, kBytes), CNRT_RET_SUCCESS);
  }
  void Check() {
    std::vector<half> out(kCount);
    EXPECT_EQ(cnrtMemcpy(out.data(), params[1], kBytes, CNRT_MEM_TRANS_DIR_DEV2HOST),
              CNRT_RET_SUCCESS);
    for (size_t i = 0; i < kCount; ++i) ASSERT_EQ(out[i], i % 2 == 0 ? 0 : kOne) << i;
  }
  void RunAndCheck() {
    Fill();
    EXPECT_EQ(cnrtInvokeRuntimeContext(context, params, queue, nullptr), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtSyncQueue(queue), CNRT_RET_SUCCESS);
    Check();
  }

  std::string bytes = picabia::cnrt::SmallModelBytes();
  cnrtModel_t model = nullptr;
  cnrtFunction_t function = nullptr;
  cnrtRuntimeContext_t context = nullptr;
  cnrtQueue_t queue = nullptr;
  void* params[2] = {};
};

class Traps : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS); }
  void TearDown() override { cnrtDestroy(); }
};

TEST(TrapsOfInit, T01WrappersInitAndDestroyEachOnItsOwn) {
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
  auto program = std::make_unique<Program>();
  cnrtDestroy();  // of a wrapper that is destroyed first
  program->RunAndCheck();
  cnrtNotifier_t notifier = nullptr;
  ASSERT_EQ(cnrtCreateNotifier(&notifier), CNRT_RET_SUCCESS);
  cnrtDestroy();
  // Destructors of static objects come after the last one.
  EXPECT_EQ(cnrtFree(program->params[0]), CNRT_RET_ERR_INIT);
  EXPECT_EQ(cnrtDestroyQueue(program->queue), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyNotifier(&notifier), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyRuntimeContext(program->context), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyFunction(program->function), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtUnloadModel(program->model), CNRT_RET_SUCCESS);
  cnrtDestroy();
}

TEST(TrapsOfInit, T02ModelsAreLoadedBeforeInitAndNoDeviceIsChosen) {
  std::string bytes = picabia::cnrt::SmallModelBytes();
  const std::string path = testing::TempDir() + "trap.cambricon";
  std::ofstream(path, std::ios::binary) << bytes;
  cnrtModel_t model = nullptr;
  EXPECT_EQ(cnrtLoadModel(&model, path.c_str()), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
  std::thread([] { Program().RunAndCheck(); }).join();  // a thread that never chose a device
  EXPECT_EQ(cnrtUnloadModel(model), CNRT_RET_SUCCESS);
  cnrtDestroy();
  std::remove(path.c_str());
}

TEST_F(Traps, T03ArraysOfSizesAreFreedOrKept) {
  Program p;
  int64_t *kept = nullptr, *freed = nullptr;
  cnrtDataType_t* types = nullptr;
  int num = 0;
  ASSERT_EQ(cnrtGetInputDataSize(&kept, &num, p.function), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtGetInputDataSize(&freed, &num, p.function), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtGetOutputDataType(&types, &num, p.function), CNRT_RET_SUCCESS);
  std::free(freed);
  std::free(types);
  ASSERT_EQ(cnrtDestroyFunction(p.function), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtUnloadModel(p.model), CNRT_RET_SUCCESS);
  EXPECT_EQ(kept[0], static_cast<int64_t>(kBytes));
  std::free(kept);
}

// Each letter destroys one thing: Queue, Function, Model, Context. The context serves until it
// goes.
TEST_F(Traps, T04ThingsAreTakenDownInManyOrders) {
  for (const std::string order : {"QFMC", "QCFM", "CFM", "FMQ", "FMC", "MFCQ"}) {
    SCOPED_TRACE(order);
    Program p;
    cnrtQueue_t own = nullptr;
    ASSERT_EQ(cnrtCreateQueue(&own), CNRT_RET_SUCCESS);
    for (const char what : order) {
      if (what == 'Q') EXPECT_EQ(cnrtDestroyQueue(p.queue), CNRT_RET_SUCCESS);
      if (what == 'F') EXPECT_EQ(cnrtDestroyFunction(p.function), CNRT_RET_SUCCESS);
      if (what == 'M') EXPECT_EQ(cnrtUnloadModel(p.model), CNRT_RET_SUCCESS);
      if (what == 'C') EXPECT_EQ(cnrtDestroyRuntimeContext(p.context), CNRT_RET_SUCCESS);
      if (order.find('C') < order.find(what) || what == 'C') continue;
      std::swap(p.queue, own);
      p.RunAndCheck();
      std::swap(p.queue, own);
    }
    cnrtDestroyQueue(own);
  }
}

TEST_F(Traps, T05WhatIsPassedDiesAfterTheCall) {
  Program p;
  p.Fill();
  auto params = std::make_unique<std::vector<void*>>(p.params, p.params + 2);
  auto extra = std::make_unique<cnrtInvokeParam_t>();
  extra->invoke_param_type = static_cast<cnrtInvokeParamType_t>(1 << 20);
  extra->cluster_affinity.affinity = reinterpret_cast<unsigned*>(16);  // dangles
  cnrtParamDescArray_t descs = nullptr;
  ASSERT_EQ(cnrtCreateParamDescArray(&descs, 2), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInvokeRuntimeContext_V2(p.context, descs, params->data(), p.queue, extra.get()),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyParamDescArray(descs, 2), CNRT_RET_SUCCESS);
  params.reset();
  extra.reset();
  cnrtInvokeFuncParam_t other = {nullptr, nullptr, CNRT_PARAM_END};  // of another type
  EXPECT_EQ(cnrtInvokeRuntimeContext(p.context, p.params, p.queue, &other), CNRT_RET_SUCCESS);
  cnrtKernelParamsBuffer_t buffer = nullptr;
  int n = 0;
  ASSERT_EQ(cnrtGetKernelParamsBuffer(&buffer), CNRT_RET_SUCCESS);
  cnrtKernelParamsBufferAddParam(buffer, &p.params[0], sizeof(void*));
  cnrtKernelParamsBufferAddParam(buffer, &n, sizeof(n));
  EXPECT_EQ(cnrtInvokeKernel_V2(reinterpret_cast<void*>(&Nothing), {1, 1, 1}, buffer,
                                CNRT_FUNC_TYPE_BLOCK, p.queue),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyKernelParamsBuffer(buffer), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSyncQueue(p.queue), CNRT_RET_SUCCESS);
  p.Check();
}

TEST_F(Traps, T06IntegersOfAContextAreFourBytes) {
  const Program p;
  for (const auto key : {CNRT_RT_CTX_DEV_ORDINAL, CNRT_RT_CTX_CORE_NUMBER,
                         CNRT_RT_CTX_MODEL_PARALLEL, CNRT_RT_CTX_MAX_BATCH_NUM}) {
    int pair[2] = {-5, -7};
    EXPECT_EQ(cnrtGetRuntimeContextInfo(p.context, key, reinterpret_cast<void**>(pair)),
              CNRT_RET_SUCCESS);
    EXPECT_GE(pair[0], 0);
    EXPECT_EQ(pair[1], -7);
  }
}

TEST_F(Traps, T07KernelParametersOfEverySize) {
  int *first = nullptr, *second = nullptr, **table = nullptr;
  ASSERT_EQ(cnrtMalloc(reinterpret_cast<void**>(&first), 8), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMalloc(reinterpret_cast<void**>(&second), 8), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMalloc(reinterpret_cast<void**>(&table), 16), CNRT_RET_SUCCESS);
  int* addresses[] = {first, second};
  ASSERT_EQ(cnrtMemcpy(table, addresses, 16, CNRT_MEM_TRANS_DIR_HOST2DEV), CNRT_RET_SUCCESS);
  cnrtKernelParamsBuffer_t buffer = nullptr;
  ASSERT_EQ(cnrtGetKernelParamsBuffer(&buffer), CNRT_RET_SUCCESS);
  int a = -70000;
  int16_t b = -300;
  bool c = true;
  cnrtKernelParamsBufferAddParam(buffer, &table, sizeof(int**));
  cnrtKernelParamsBufferAddParam(buffer, &a, sizeof(a));
  cnrtKernelParamsBufferAddParam(buffer, &b, sizeof(b));
  cnrtKernelParamsBufferAddParam(buffer, &c, sizeof(c));
  ASSERT_EQ(cnrtInvokeKernel_V2(reinterpret_cast<void*>(&Slots), {1, 1, 1}, buffer,
                                CNRT_FUNC_TYPE_BLOCK, nullptr),
            CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtSyncQueue(nullptr), CNRT_RET_SUCCESS);
  int results[2] = {};
  ASSERT_EQ(cnrtMemcpy(results, second, 8, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_SUCCESS);
  EXPECT_EQ(results[0], b);
  EXPECT_EQ(results[1], 1);
  ASSERT_EQ(cnrtMemcpy(results, first, 4, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_SUCCESS);
  EXPECT_EQ(results[0], a);
  cnrtDestroyKernelParamsBuffer(buffer);
}

TEST_F(Traps, T08MemoryIsFreedWhileItIsInUse) {
  constexpr size_t kLarge = 32 << 20;
  std::vector<char> host(kLarge);
  void* block = nullptr;
  ASSERT_EQ(cnrtMalloc(&block, kLarge), CNRT_RET_SUCCESS);
  cnrtQueue_t queue = nullptr;
  ASSERT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemsetD8Async(block, 7, kLarge, queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemcpyAsync(host.data(), block, kLarge, queue, CNRT_MEM_TRANS_DIR_DEV2HOST),
            CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtFree(block), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtQueryQueue(queue), CNRT_RET_SUCCESS) << "the queue was waited for";
  EXPECT_EQ(std::count(host.begin(), host.end(), 7), static_cast<std::ptrdiff_t>(kLarge));
}

TEST_F(Traps, T09ThreadsShareAContext) {
  Program p;
  p.Fill();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&p] {
      cnrtQueue_t queue = nullptr;
      void* params[] = {p.params[0], nullptr};
      EXPECT_EQ(cnrtSetCurrentContextDevice(p.context), CNRT_RET_SUCCESS);
      EXPECT_EQ(cnrtRuntimeContextCreateQueue(p.context, &queue), CNRT_RET_SUCCESS);
      EXPECT_EQ(cnrtMalloc(&params[1], kBytes), CNRT_RET_SUCCESS);
      for (int i = 0; i < 25; ++i)
        EXPECT_EQ(cnrtInvokeRuntimeContext(p.context, params, queue, nullptr), CNRT_RET_SUCCESS);
      EXPECT_EQ(cnrtSyncQueue(queue), CNRT_RET_SUCCESS);
      half out[2];
      EXPECT_EQ(cnrtMemcpy(out, params[1], 4, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_SUCCESS);
      EXPECT_EQ(out[0], 0);
      EXPECT_EQ(out[1], kOne);
      cnrtDestroyQueue(queue);
    });
  for (auto& thread : threads) thread.join();
}

TEST_F(Traps, T10KernelsAreNamedInThreeWays) {
  cnrtKernelInitParam_t init = nullptr;
  ASSERT_EQ(cnrtCreateKernelInitParam(&init), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInitKernelMemory((void*)&Nothing, init), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInitKernelMemory((const void*)Nothing, init), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInitKernelMemory(reinterpret_cast<void**>(&Nothing), init), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyKernelInitParamAndMemory(init), CNRT_RET_SUCCESS);
}

TEST_F(Traps, T11ResultsAreIntegers) {
  unsigned count = 0;
  int code = cnrtGetDeviceCount(&count);
  code += cnrtSyncQueue(nullptr);
  cnrtRet_t result = cnrtSyncDevice();
  int copy = result;
  EXPECT_FALSE(code != 0 || copy != 0);
  EXPECT_EQ(std::to_string(cnrtSetCurrentDevice(0)), "632007");
}

TEST_F(Traps, T12DescriptorsMayHaveAnotherOrder) {
  Program p;
  p.Fill();
  cnrtParamDescArray_t descs = nullptr;
  int nchw[] = {1, 3, 224, 224};
  ASSERT_EQ(cnrtCreateParamDescArray(&descs, 2), CNRT_RET_SUCCESS);
  cnrtSetShapeToParamDesc(descs[0], nchw, 4);
  EXPECT_EQ(cnrtInvokeRuntimeContext_V2(p.context, descs, p.params, p.queue, nullptr),
            CNRT_RET_SUCCESS);
  cnrtDestroyParamDescArray(descs, 2);
  EXPECT_EQ(cnrtSyncQueue(p.queue), CNRT_RET_SUCCESS);
  p.Check();
}

TEST_F(Traps, T13ResultsAreReadWithoutALookAtTheCode) {
  cnrtFunction_t empty = nullptr;
  cnrtCreateFunction(&empty);
  int64_t* sizes = reinterpret_cast<int64_t*>(16);
  int num = 77;
  cnrtGetInputDataSize(&sizes, &num, empty);
  EXPECT_EQ(num, 0);
  EXPECT_EQ(sizes, nullptr);
  unsigned count = 77;
  cnrtDestroy();
  cnrtGetDeviceCount(&count);
  EXPECT_EQ(count, 0u);
  cnrtDestroyFunction(empty);
  cnrtInit(0);
}

TEST_F(Traps, T14NotifiersAreReadAfterTheSync) {
  Program p;
  cnrtNotifier_t start = nullptr, end = nullptr;
  ASSERT_EQ(cnrtCreateNotifier(&start), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtRuntimeContextCreateNotifier(p.context, &end), CNRT_RET_SUCCESS);
  p.Fill();
  cnrtPlaceNotifier(start, p.queue);
  cnrtInvokeRuntimeContext(p.context, p.params, p.queue, nullptr);
  cnrtPlaceNotifier(end, p.queue);
  ASSERT_EQ(cnrtSyncQueue(p.queue), CNRT_RET_SUCCESS);
  float us = -1;
  EXPECT_EQ(cnrtNotifierDuration(start, end, &us), CNRT_RET_SUCCESS);
  EXPECT_GT(us, 0);
}

TEST_F(Traps, T15CopiesWithinTheDevice) {
  Program p;
  p.Fill();
  EXPECT_EQ(cnrtMemcpy(p.params[1], p.params[0], kBytes, CNRT_MEM_TRANS_DIR_DEV2DEV),
            CNRT_RET_SUCCESS);
  half out = 0;
  EXPECT_EQ(cnrtMemcpy(&out, p.params[1], 2, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_SUCCESS);
  EXPECT_EQ(out, kMinusOne);
}

TEST_F(Traps, T16DeviceAddressesAreReckonedWith) {
  Program p;
  void* both = nullptr;
  ASSERT_EQ(cnrtMalloc(&both, 2 * kBytes + 64), CNRT_RET_SUCCESS);
  p.params[0] = static_cast<char*>(both) + 64;
  p.params[1] = static_cast<char*>(both) + 64 + kBytes;
  p.RunAndCheck();  // interior addresses in copies and as tensors
}

TEST_F(Traps, T17NumbersArePrinted) {
  cnrtDev_t device = 0;
  cnrtGetDeviceHandle(&device, 0);
  const cnrtDataType type = cnrtDataType::CNRT_INT8;
  std::ostringstream out;
  out << device << ' ' << type << ' ' << CNRT_NHWC;
  EXPECT_EQ(out.str(), std::to_string(device) + " 33 561");
}

TEST_F(Traps, T18MemoryOutlivesTheThreadThatTookIt) {
  void* block = nullptr;
  std::thread([&block] {
    cnrtDev_t device = 0;
    cnrtGetDeviceHandle(&device, 0);
    EXPECT_EQ(cnrtSetCurrentDevice(device), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtMalloc(&block, 64), CNRT_RET_SUCCESS);
  }).join();
  EXPECT_EQ(cnrtMemset(block, 1, 64), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtFree(block), CNRT_RET_SUCCESS);
}

TEST(TrapsOfConversion, T19ClientsHaveOverloadsOfTheirOwn) {
  float values[] = {1, -1};
  const float constant[] = {-1, 1};
  half halves[2];
  cnrtConvertFloatToHalfArray(halves, values, 2);
  EXPECT_EQ(halves[1], kMinusOne);
  cnrtConvertFloatToHalfArray(halves, constant, 2);
  EXPECT_EQ(halves[1], kOne);
}

}  // namespace
