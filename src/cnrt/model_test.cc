// Models, functions, contexts and runs, called as clients do: the usual order, the odd orders they
// have been seen to take things down in, and every wrong argument.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/half.h"
#include "cnrt/cnrt.h"
#include "cnrt/small_model.h"

namespace {

using picabia::FloatToHalf;
using picabia::HalfToFloat;

constexpr int kPixels = picabia::cnrt::kSmallPixels;

class CnrtModel : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
    bytes_ = picabia::cnrt::SmallModelBytes();
    path_ = testing::TempDir() + "cnrt_model_" + std::to_string(getpid()) + ".cambricon";
    std::ofstream(path_, std::ios::binary) << bytes_;
    ASSERT_EQ(cnrtLoadModel(&model_, path_.c_str()), CNRT_RET_SUCCESS);
    ASSERT_EQ(cnrtCreateFunction(&function_), CNRT_RET_SUCCESS);
    ASSERT_EQ(cnrtExtractFunction(&function_, model_, "subnet0"), CNRT_RET_SUCCESS);
  }
  void TearDown() override {
    std::remove(path_.c_str());
    cnrtDestroy();
  }

  cnrtRuntimeContext_t Context(cnrtFunction_t function) {
    cnrtRuntimeContext_t context = nullptr;
    EXPECT_EQ(cnrtCreateRuntimeContext(&context, function, nullptr), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtSetRuntimeContextDeviceId(context, 0), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtInitRuntimeContext(context, nullptr), CNRT_RET_SUCCESS);
    return context;
  }

  std::string bytes_, path_;
  cnrtModel_t model_ = nullptr;
  cnrtFunction_t function_ = nullptr;
};

// Buffers of one run of subnet0 and what must come out.
struct OneRun {
  explicit OneRun(unsigned seed) : in(kPixels * 3), want(kPixels * 3) {
    std::mt19937 random(seed);
    for (size_t i = 0; i < in.size(); ++i) {
      in[i] = FloatToHalf(static_cast<float>(static_cast<int>(random() % 2000) - 1000) / 8);
      want[i] = (in[i] & 0x8000) != 0 ? 0 : in[i];
    }
    EXPECT_EQ(cnrtMalloc(&params[0], in.size() * 2), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtMalloc(&params[1], in.size() * 2), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtMemcpy(params[0], in.data(), in.size() * 2, CNRT_MEM_TRANS_DIR_HOST2DEV),
              CNRT_RET_SUCCESS);
  }
  ~OneRun() {
    cnrtFree(params[0]);
    cnrtFree(params[1]);
  }
  void Check() {
    std::vector<uint16_t> out(in.size());
    EXPECT_EQ(cnrtMemcpy(out.data(), params[1], out.size() * 2, CNRT_MEM_TRANS_DIR_DEV2HOST),
              CNRT_RET_SUCCESS);
    EXPECT_EQ(out, want);
  }
  std::vector<uint16_t> in, want;
  void* params[2] = {};
};

TEST_F(CnrtModel, RunsAndTimes) {
  const auto context = Context(function_);
  cnrtQueue_t queue = nullptr;
  ASSERT_EQ(cnrtRuntimeContextCreateQueue(context, &queue), CNRT_RET_SUCCESS);
  cnrtNotifier_t start = nullptr, end = nullptr;
  ASSERT_EQ(cnrtRuntimeContextCreateNotifier(context, &start), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateNotifier(&end), CNRT_RET_SUCCESS);
  OneRun run(1);
  cnrtPlaceNotifier(start, queue);
  {
    std::vector<void*> passing(run.params, run.params + 2);  // gone before the queue comes to it
    ASSERT_EQ(cnrtInvokeRuntimeContext(context, passing.data(), queue, nullptr), CNRT_RET_SUCCESS);
    passing.assign(2, nullptr);
  }
  cnrtPlaceNotifier(end, queue);
  ASSERT_EQ(cnrtSyncQueue(queue), CNRT_RET_SUCCESS);
  float us = 0;
  EXPECT_EQ(cnrtNotifierDuration(start, end, &us), CNRT_RET_SUCCESS);
  EXPECT_GT(us, 0);
  run.Check();
  cnrtDestroyQueue(queue);
  EXPECT_EQ(cnrtDestroyRuntimeContext(context), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyRuntimeContext(context), CNRT_RET_ERR_INVALID);
}

TEST_F(CnrtModel, TakesPixelsWithTheirScales) {
  ASSERT_EQ(cnrtExtractFunction(&function_, model_, "subnet1"), CNRT_RET_SUCCESS);
  const auto context = Context(function_);
  std::vector<uint8_t> in(2 * kPixels * 3);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<uint8_t>(i * 37);
  void* params[2] = {};
  ASSERT_EQ(cnrtMalloc(&params[0], in.size()), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMalloc(&params[1], in.size() * 2), CNRT_RET_SUCCESS);
  cnrtMemcpy(params[0], in.data(), in.size(), CNRT_MEM_TRANS_DIR_HOST2DEV);
  ASSERT_EQ(cnrtInvokeRuntimeContext(context, params, nullptr, nullptr), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtSyncQueue(nullptr), CNRT_RET_SUCCESS);
  std::vector<uint16_t> out(in.size());
  cnrtMemcpy(out.data(), params[1], out.size() * 2, CNRT_MEM_TRANS_DIR_DEV2HOST);
  const float scale[] = {1, 2, 0.5f}, shift[] = {-100, 0, 1};
  for (size_t i = 0; i < in.size(); ++i) {
    const float x = static_cast<float>(in[i]) * scale[i % 3] + shift[i % 3];
    EXPECT_EQ(HalfToFloat(out[i]), x < 0 ? 0 : x) << i;  // exact in halves
  }
}

TEST_F(CnrtModel, SaysWhatItHas) {
  int64_t* sizes = nullptr;
  int num = 0;
  ASSERT_EQ(cnrtGetInputDataSize(&sizes, &num, function_), CNRT_RET_SUCCESS);
  ASSERT_EQ(num, 1);
  EXPECT_EQ(sizes[0], kPixels * 3 * 2);
  std::free(sizes);  // as one client does
  cnrtDataType_t* types = nullptr;
  ASSERT_EQ(cnrtGetOutputDataType(&types, &num, function_), CNRT_RET_SUCCESS);
  EXPECT_EQ(types[0], CNRT_FLOAT16);
  std::free(types);
  int* shape = nullptr;
  ASSERT_EQ(cnrtGetInputDataShape(&shape, &num, 0, function_), CNRT_RET_SUCCESS);
  EXPECT_EQ(std::vector<int>(shape, shape + num), (std::vector<int>{1, 4, 5, 3}));
  std::free(shape);
  EXPECT_EQ(cnrtGetInputDataShape(&shape, &num, 1, function_), CNRT_RET_ERR_NO_EXIST);
  EXPECT_EQ(shape, nullptr);
  EXPECT_EQ(num, 0);
  EXPECT_EQ(cnrtGetInputDataSize(&sizes, &num, nullptr), CNRT_RET_ERR_INVALID_POINTER);
  int size = 0;
  EXPECT_EQ(cnrtGetModelSize(path_.c_str(), &size), CNRT_RET_SUCCESS);
  EXPECT_EQ(size, static_cast<int>(bytes_.size()));
  EXPECT_EQ(cnrtGetModelSize("/nowhere/x", &size), CNRT_RET_ERR_SYS);
  EXPECT_EQ(size, 0);
  int functions = 0;
  EXPECT_EQ(cnrtGetFunctionNumber(model_, &functions), CNRT_RET_SUCCESS);
  EXPECT_EQ(functions, 2);
  char* symbol = nullptr;
  EXPECT_EQ(cnrtGetFunctionSymbol(model_, 1, &symbol, &size), CNRT_RET_SUCCESS);
  EXPECT_STREQ(symbol, "subnet1");
  std::free(symbol);
  int index = 0;
  EXPECT_EQ(cnrtGetParamIndexByName(function_, "y", &index), CNRT_RET_SUCCESS);
  EXPECT_EQ(index, 1);
  EXPECT_EQ(cnrtGetParamIndexByName(function_, "z", &index), CNRT_RET_ERR_NO_EXIST);
  char **inputs = nullptr, **outputs = nullptr;
  int input_num = 0, output_num = 0;
  ASSERT_EQ(
      cnrtGetInputAndOutputNamesFromFunction(function_, &inputs, &outputs, &input_num, &output_num),
      CNRT_RET_SUCCESS);
  EXPECT_STREQ(inputs[0], "x");
  EXPECT_STREQ(outputs[0], "y");
  EXPECT_EQ(cnrtDestroyInputAndOutputNames(inputs, outputs, input_num, output_num),
            CNRT_RET_SUCCESS);
}

TEST_F(CnrtModel, ContextKeepsWhatItNeeds) {
  const auto context = Context(function_);
  EXPECT_EQ(cnrtUnloadModel(model_), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyFunction(function_), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyFunction(function_), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtUnloadModel(model_), CNRT_RET_ERR_INVALID);
  OneRun run(2);
  ASSERT_EQ(cnrtInvokeRuntimeContext(context, run.params, nullptr, nullptr), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtSyncQueue(nullptr), CNRT_RET_SUCCESS);
  run.Check();
  cnrtFunction_t again = nullptr;
  ASSERT_EQ(
      cnrtGetRuntimeContextInfo(context, CNRT_RT_CTX_FUNCTION, reinterpret_cast<void**>(&again)),
      CNRT_RET_SUCCESS);
  int64_t* sizes = nullptr;
  int num = 0;
  EXPECT_EQ(cnrtGetInputDataSize(&sizes, &num, again), CNRT_RET_SUCCESS);
  std::free(sizes);
  int pair[2] = {-5, -7};
  ASSERT_EQ(cnrtGetRuntimeContextInfo(context, CNRT_RT_CTX_DEV_ORDINAL,
                                      reinterpret_cast<void**>(&pair[0])),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(pair[0], 0);
  EXPECT_EQ(pair[1], -7) << "only an int is written";
}

TEST_F(CnrtModel, ForksRunOnTheirOwn) {
  auto context = Context(function_);
  cnrtRuntimeContext_t fork = nullptr;
  ASSERT_EQ(cnrtForkRuntimeContext(&fork, context, nullptr), CNRT_RET_SUCCESS);
  cnrtDestroyRuntimeContext(context);
  OneRun run(3);
  ASSERT_EQ(cnrtInvokeRuntimeContext_V2(fork, nullptr, run.params, nullptr, nullptr),
            CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtSyncQueue(nullptr), CNRT_RET_SUCCESS);
  run.Check();
}

TEST_F(CnrtModel, RefusesWrongOrders) {
  cnrtRuntimeContext_t context = nullptr;
  cnrtFunction_t empty = nullptr;
  ASSERT_EQ(cnrtCreateFunction(&empty), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtCreateRuntimeContext(&context, empty, nullptr), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(context, nullptr);
  int64_t* sizes = nullptr;
  int num = 1;
  EXPECT_EQ(cnrtGetInputDataSize(&sizes, &num, empty), CNRT_RET_ERR_NO_EXIST);
  EXPECT_EQ(num, 0);
  ASSERT_EQ(cnrtCreateRuntimeContext(&context, function_, nullptr), CNRT_RET_SUCCESS);
  cnrtQueue_t queue = nullptr;
  void* params[2] = {};
  EXPECT_EQ(cnrtRuntimeContextCreateQueue(context, &queue), CNRT_RET_ERR_INIT);
  EXPECT_EQ(cnrtInvokeRuntimeContext(context, params, nullptr, nullptr), CNRT_RET_ERR_INIT);
  EXPECT_EQ(cnrtSetRuntimeContextDeviceId(context, 4711), CNRT_RET_ERR_NODEV);
  ASSERT_EQ(cnrtInitRuntimeContext(context, nullptr), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInitRuntimeContext(context, nullptr), CNRT_RET_ERR_INIT);
  EXPECT_EQ(cnrtSetRuntimeContextDeviceId(context, 0), CNRT_RET_ERR_INIT);
  EXPECT_EQ(cnrtInvokeRuntimeContext(context, nullptr, nullptr, nullptr), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtInvokeRuntimeContext(context, params, nullptr, nullptr), CNRT_RET_ERR_INVALID);
  OneRun run(4);
  void* inside[2] = {static_cast<char*>(run.params[0]) + 2, run.params[1]};
  EXPECT_EQ(cnrtInvokeRuntimeContext(context, inside, nullptr, nullptr), CNRT_RET_ERR_INVALID)
      << "two bytes too few";
  EXPECT_EQ(cnrtExtractFunction(&function_, model_, "subnet7"), CNRT_RET_ERR_NO_EXIST);
  EXPECT_EQ(cnrtExtractFunction(&function_, nullptr, "subnet0"), CNRT_RET_ERR_INVALID);
}

TEST_F(CnrtModel, RefusesWhatIsNoModel) {
  cnrtModel_t model = model_;
  EXPECT_EQ(cnrtLoadModel(&model, "/nowhere/x.cambricon"), CNRT_RET_ERR_SYS);
  EXPECT_EQ(model, nullptr);
  const std::string damaged = path_ + "x";
  std::ofstream(damaged, std::ios::binary) << "\x7FMEF" << std::string(100, 'x');
  EXPECT_EQ(cnrtLoadModel(&model, damaged.c_str()), CNRT_RET_ERR_UNSUPPORTED);
  std::remove(damaged.c_str());
  EXPECT_EQ(cnrtLoadModelFromMem(&model, nullptr), CNRT_RET_ERR_INVALID_POINTER);
  std::string image = bytes_;
  ASSERT_EQ(cnrtLoadModelFromMem(&model, image.data()), CNRT_RET_SUCCESS);
  image.assign(image.size(), 'x');
  EXPECT_EQ(cnrtExtractFunction(&function_, model, "subnet1"), CNRT_RET_SUCCESS);
}

TEST_F(CnrtModel, FullDeviceIsNoMemory) {
  size_t free = 0, total = 0;
  ASSERT_EQ(cnrtGetMemInfo(&free, &total, CNRT_CHANNEL_TYPE_NONE), CNRT_RET_SUCCESS);
  void* all = nullptr;
  if (cnrtMalloc(&all, free - 1024) != CNRT_RET_SUCCESS)
    GTEST_SKIP() << "the host does not give that much memory";
  cnrtRuntimeContext_t context = nullptr;
  ASSERT_EQ(cnrtCreateRuntimeContext(&context, function_, nullptr), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInitRuntimeContext(context, nullptr), CNRT_RET_ERR_NOMEM);
  ASSERT_EQ(cnrtFree(all), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInitRuntimeContext(context, nullptr), CNRT_RET_SUCCESS);
}

TEST_F(CnrtModel, OneContextServesManyThreads) {
  const auto context = Context(function_);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      EXPECT_EQ(cnrtSetCurrentContextDevice(context), CNRT_RET_SUCCESS);
      cnrtQueue_t queue = nullptr;
      ASSERT_EQ(cnrtRuntimeContextCreateQueue(context, &queue), CNRT_RET_SUCCESS);
      for (unsigned i = 0; i < 20; ++i) {
        OneRun run(100 * t + i);
        EXPECT_EQ(cnrtInvokeRuntimeContext(context, run.params, queue, nullptr), CNRT_RET_SUCCESS);
        EXPECT_EQ(cnrtSyncQueue(queue), CNRT_RET_SUCCESS);
        run.Check();
      }
      EXPECT_EQ(cnrtDestroyQueue(queue), CNRT_RET_SUCCESS);
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(CnrtModel, DescriptorsSayWhatTheFunctionHas) {
  cnrtParamDescArray_t in = nullptr, out = nullptr;
  ASSERT_EQ(cnrtCreateParamDescArray(&in, 1), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateParamDescArray(&out, 1), CNRT_RET_SUCCESS);
  int nchw[] = {1, 3, 4, 5}, other[] = {1, 3, 4, 6};
  ASSERT_EQ(cnrtSetShapeToParamDesc(in[0], other, 4), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInferFunctionOutputShape(function_, 1, in, 1, out), CNRT_RET_ERR_FUNC_CALL);
  ASSERT_EQ(cnrtSetShapeToParamDesc(in[0], nchw, 4), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInferFunctionOutputShape(function_, 1, in, 2, out), CNRT_RET_ERR_INVALID);
  ASSERT_EQ(cnrtInferFunctionOutputShape(function_, 1, in, 1, out), CNRT_RET_SUCCESS);
  int* dims = nullptr;
  int num = 0;
  ASSERT_EQ(cnrtGetShapeFromParamDesc(out[0], &dims, &num), CNRT_RET_SUCCESS);
  EXPECT_EQ(std::vector<int>(dims, dims + num), (std::vector<int>{1, 4, 5, 3}));
  std::free(dims);
  int64_t size = 0;
  EXPECT_EQ(cnrtGetParamDescSize(out[0], &size), CNRT_RET_SUCCESS);
  EXPECT_EQ(size, kPixels * 3 * 2);
  EXPECT_EQ(cnrtDestroyParamDescArray(in, 2), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyParamDescArray(in, 1), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyParamDescArray(in, 1), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyParamDescArray(out, 1), CNRT_RET_SUCCESS);
}

TEST_F(CnrtModel, HandlesOutliveTheLastDestroy) {
  const auto context = Context(function_);
  cnrtDestroy();
  void* params[2] = {};
  EXPECT_EQ(cnrtInvokeRuntimeContext(context, params, nullptr, nullptr), CNRT_RET_ERR_INIT);
  EXPECT_EQ(cnrtDestroyRuntimeContext(context), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyFunction(function_), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtUnloadModel(model_), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
}

TEST_F(CnrtModel, MapsAndSharesMemory) {
  void *block = nullptr, *host = nullptr, *back = nullptr;
  ASSERT_EQ(cnrtMalloc(&block, 100), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMap(&host, block), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtCacheOperation(host, CNRT_FLUSH_CACHE), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtCacheOperationRange(host, 101, CNRT_FLUSH_CACHE), CNRT_RET_ERR_OUT_RANGE);
  EXPECT_EQ(cnrtFindDevAddrWithOffsetByMappedAddr(static_cast<char*>(host) + 7, &back),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(back, static_cast<char*>(block) + 7);
  EXPECT_EQ(cnrtUnmap(host), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtUnmap(host), CNRT_RET_ERR_UNMAP);
  cnrtIpcMemHandle handle = nullptr;
  ASSERT_EQ(cnrtAcquireMemHandle(&handle, block), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMapMemHandle(&back, handle, 0), CNRT_RET_SUCCESS);
  EXPECT_EQ(back, block);
  EXPECT_EQ(cnrtUnMapMemHandle(back), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtUnMapMemHandle(back), CNRT_RET_ERR_INVALID);
  cnrtFree(block);
  EXPECT_EQ(cnrtMapMemHandle(&back, handle, 0), CNRT_RET_ERR_FIND_DEV_ADDR);
  void* list = nullptr;
  ASSERT_EQ(cnrtAllocParam(&list), CNRT_RET_SUCCESS);
  cnrtMallocExType_t type = CNRT_MALLOC_EX_PARALLEL_FRAMEBUFFER;
  size_t size = 64;
  char type_name[] = "type", size_name[] = "size";
  EXPECT_EQ(cnrtMallocBufferEx(&block, list), CNRT_RET_ERR_INVALID);
  cnrtAddParam(list, type_name, sizeof(type), &type);
  cnrtAddParam(list, size_name, sizeof(size), &size);
  EXPECT_EQ(cnrtMallocBufferEx(&block, list), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyParam(list), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyParam(list), CNRT_RET_ERR_INVALID);
}

}  // namespace
