// cnrt_legacy.h, called in the order in which programs for the MLU100 do.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cnrt/cnrt_legacy.h"
#include "cnrt/small_model.h"

namespace {

using picabia::cnrt::kSmallPixels;

constexpr cnrtDim3_t kOne = {1, 1, 1};
constexpr size_t kCount = kSmallPixels * 3;

class CnrtLegacy : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
    std::string bytes = picabia::cnrt::SmallModelBytes();
    ASSERT_EQ(cnrtLoadModelFromMem(&model_, bytes.data()), CNRT_RET_SUCCESS);
    ASSERT_EQ(cnrtCreateFunction(&function_), CNRT_RET_SUCCESS);
    Extract("subnet0");
  }
  void TearDown() override {
    cnrtDestroyFunction(function_);
    cnrtUnloadModel(model_);
    cnrtDestroy();
  }
  void Extract(const char* name) {
    ASSERT_EQ(cnrtExtractFunction(&function_, model_, name), CNRT_RET_SUCCESS);
    int num = 0;
    ASSERT_EQ(cnrtGetInputDataDesc(&in_, &num, function_), CNRT_RET_SUCCESS);
    ASSERT_EQ(num, 1);
    ASSERT_EQ(cnrtGetOutputDataDesc(&out_, &num, function_), CNRT_RET_SUCCESS);
    ASSERT_EQ(num, 1);
  }

  cnrtModel_t model_ = nullptr;
  cnrtFunction_t function_ = nullptr;
  cnrtDataDescArray_t in_ = nullptr, out_ = nullptr;
};

// The host has float NCHW, the device half NHWC; two items at once. All values are exact in halves.
TEST_F(CnrtLegacy, RunsABatch) {
  constexpr int kItems = 2;
  ASSERT_EQ(cnrtSetHostDataLayout(in_[0], CNRT_FLOAT32, CNRT_NCHW), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtSetHostDataLayout(out_[0], CNRT_FLOAT32, CNRT_NCHW), CNRT_RET_SUCCESS);
  int count = 0;
  ASSERT_EQ(cnrtGetHostDataCount(in_[0], &count), CNRT_RET_SUCCESS);
  ASSERT_EQ(count, static_cast<int>(kCount));
  unsigned n = 0, c = 0, h = 0, w = 0;
  ASSERT_EQ(cnrtGetDataShape(in_[0], &n, &c, &h, &w), CNRT_RET_SUCCESS);
  EXPECT_EQ((std::vector<unsigned>{n, c, h, w}), (std::vector<unsigned>{1, 3, 4, 5}));
  std::vector<float> in(kCount * kItems), out(in.size()), want(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    in[i] = static_cast<float>(i) - 60;
    want[i] = std::max(in[i], 0.0f);
  }
  int parallelism = kItems;
  unsigned affinity = 1;
  bool muta = false;
  cnrtInitFuncParam_t init = {&muta, &parallelism, &affinity, CNRT_PARAM_END};
  void *host_in = in.data(), *host_out = out.data();
  void **device_in = nullptr, **device_out = nullptr;
  ASSERT_EQ(cnrtMallocBatchByDescArray(&device_in, in_, 1, kItems), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMallocBatchByDescArray(&device_out, out_, 1, kItems), CNRT_RET_SUCCESS);
  void* params[] = {device_in[0], device_out[0]};
  cnrtStream_t stream = nullptr;
  ASSERT_EQ(cnrtCreateStream(&stream), CNRT_RET_SUCCESS);
  cnrtInvokeFuncParam_t invoke = {&parallelism, &affinity, CNRT_PARAM_END};
  const auto type = static_cast<cnrtFunctionType_t>(0);
  EXPECT_EQ(cnrtInvokeFunction_V2(function_, kOne, params, type, stream, &invoke),
            CNRT_RET_ERR_INIT);
  ASSERT_EQ(cnrtInitFunctionMemory_V2(function_, &init), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtInitFunctionMemory(function_, CNRT_FUNC_TYPE_BLOCK), CNRT_RET_SUCCESS);
  ASSERT_EQ(
      cnrtMemcpyBatchByDescArray(device_in, &host_in, in_, 1, kItems, CNRT_MEM_TRANS_DIR_HOST2DEV),
      CNRT_RET_SUCCESS);
  cnrtEvent_t start = nullptr, end = nullptr;
  ASSERT_EQ(cnrtCreateEvent(&start), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateEvent(&end), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtPlaceEvent(start, stream), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtInvokeFunction_V2(function_, kOne, params, type, stream, &invoke),
            CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtPlaceEvent(end, stream), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtSyncStream(stream), CNRT_RET_SUCCESS);
  float us = -1;
  EXPECT_EQ(cnrtEventElapsedTime(start, end, &us), CNRT_RET_SUCCESS);
  EXPECT_GE(us, 0);
  ASSERT_EQ(cnrtMemcpyBatchByDescArray(&host_out, device_out, out_, 1, kItems,
                                       CNRT_MEM_TRANS_DIR_DEV2HOST),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(out, want);
  parallelism = 3;  // more than there is memory for
  EXPECT_EQ(cnrtInvokeFunction_V2(function_, kOne, params, type, stream, &invoke),
            CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtFreeArray(device_in, 1), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtFreeArray(device_in, 1), CNRT_RET_ERR_FIND_DEV_ADDR);
  EXPECT_EQ(cnrtFreeArray(device_out, 1), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyEvent(start), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyEvent(start), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyEvent(end), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyStream(stream), CNRT_RET_SUCCESS);
}

// Pixels on the host and on the device, planes against pixels; descriptors with a runtime context.
TEST_F(CnrtLegacy, ConvertsPixels) {
  Extract("subnet1");
  ASSERT_EQ(cnrtSetHostDataLayout(in_[0], CNRT_UINT8, CNRT_NCHW), CNRT_RET_SUCCESS);
  std::vector<unsigned char> in(2 * kCount), back(in.size());
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<unsigned char>(i * 7);
  void* block = nullptr;
  ASSERT_EQ(cnrtMallocByDesc(&block, in_[0]), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemcpyByDesc(block, in.data(), in_[0], CNRT_MEM_TRANS_DIR_HOST2DEV),
            CNRT_RET_SUCCESS);
  const auto* nhwc = static_cast<const unsigned char*>(block);
  for (size_t b = 0; b < 2; ++b)
    for (size_t p = 0; p < kSmallPixels; ++p)
      for (size_t ch = 0; ch < 3; ++ch)
        ASSERT_EQ(nhwc[b * kCount + p * 3 + ch], in[b * kCount + ch * kSmallPixels + p]);
  ASSERT_EQ(cnrtMemcpyByDesc(back.data(), block, in_[0], CNRT_MEM_TRANS_DIR_DEV2HOST),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(back, in);
  EXPECT_EQ(cnrtMemcpyBatchByDesc(block, in.data(), in_[0], 2, CNRT_MEM_TRANS_DIR_HOST2DEV),
            CNRT_RET_ERR_OUT_RANGE);
  ASSERT_EQ(cnrtSetHostDataLayout(in_[0], CNRT_INT16, CNRT_NHWC), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtMemcpyByDesc(block, in.data(), in_[0], CNRT_MEM_TRANS_DIR_HOST2DEV),
            CNRT_RET_ERR_UNSUPPORTED);
  EXPECT_EQ(cnrtSetHostDataLayout(in_[0], CNRT_UINT8, CNRT_HWCN), CNRT_RET_ERR_UNSUPPORTED);
  for (const auto type : {CNRT_INVALID, CNRT_AUTO, static_cast<cnrtDataType_t>(0x7F)})
    EXPECT_EQ(cnrtSetHostDataLayout(in_[0], type, CNRT_NHWC), CNRT_RET_ERR_UNSUPPORTED);
  EXPECT_EQ(cnrtFree(block), CNRT_RET_SUCCESS);
}

TEST_F(CnrtLegacy, DescriptorsEndWithTheirFunction) {
  cnrtDataDescArray_t old = in_;
  cnrtDataDesc_t desc = in_[0];
  int count = 0;
  ASSERT_EQ(cnrtExtractFunction(&function_, model_, "subnet1"), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtGetHostDataCount(desc, &count), CNRT_RET_ERR_INVALID_DATADESC);
  Extract("subnet0");
  ASSERT_EQ(cnrtInitFunctionMemory_V2(function_, nullptr), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtDestroyFunction(function_), CNRT_RET_SUCCESS);
  void** blocks = nullptr;
  EXPECT_EQ(cnrtMallocByDescArray(&blocks, old, 1), CNRT_RET_ERR_INVALID_DATADESC);
  EXPECT_EQ(blocks, nullptr);
  size_t free = 0, total = 0;
  ASSERT_EQ(cnrtMemGetInfo(&free, &total), CNRT_RET_SUCCESS);
  EXPECT_EQ(free, total) << "what cnrtInitFunctionMemory took is given back";
}

// The memory of functions ends with the last cnrtDestroy and is made again.
TEST_F(CnrtLegacy, InitialisesAgain) {
  ASSERT_EQ(cnrtInitFunctionMemory_V2(function_, nullptr), CNRT_RET_SUCCESS);
  cnrtDestroy();
  EXPECT_EQ(cnrtInitFunctionMemory_V2(function_, nullptr), CNRT_RET_ERR_INIT);
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtInitFunctionMemory_V2(function_, nullptr), CNRT_RET_SUCCESS);
  void* params[2] = {};
  ASSERT_EQ(cnrtMallocBatch(&params[0], kCount * 2, 1), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMallocBatch(&params[1], kCount * 2, 1), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInvokeFunction(function_, kOne, params, CNRT_FUNC_TYPE_BLOCK, nullptr, nullptr),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSyncStream(nullptr), CNRT_RET_SUCCESS);
}

}  // namespace
