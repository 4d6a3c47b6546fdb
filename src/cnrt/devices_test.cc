// Several cards. A program of its own, since their number is read once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "cnrt/cnrt.h"
#include "cnrt/small_model.h"

namespace {

constexpr size_t kLarge = 32 << 20;

class Devices : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(setenv("PICABIA_MLU_DEVICES", "3", 1), 0);
    ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
    for (int i = 0; i < 3; ++i) {
      Choose(i);
      ASSERT_EQ(cnrtMalloc(&blocks_[i], kLarge), CNRT_RET_SUCCESS);
    }
  }
  void TearDown() override { cnrtDestroy(); }
  static void Choose(int ordinal) {
    cnrtDev_t device = 0;
    ASSERT_EQ(cnrtGetDeviceHandle(&device, ordinal), CNRT_RET_SUCCESS);
    ASSERT_EQ(cnrtSetCurrentDevice(device), CNRT_RET_SUCCESS);
  }

  void* blocks_[3] = {};
};

TEST_F(Devices, AreCountedAndChosen) {
  unsigned int count = 0, ordinal = 0;
  EXPECT_EQ(cnrtGetDeviceCount(&count), CNRT_RET_SUCCESS);
  EXPECT_EQ(count, 3U);
  Choose(2);
  EXPECT_EQ(cnrtGetCurrentOrdinal(&ordinal), CNRT_RET_SUCCESS);
  EXPECT_EQ(ordinal, 2U);
  cnrtDev_t device = 0;
  EXPECT_EQ(cnrtGetDeviceHandle(&device, 3), CNRT_RET_ERR_INVALID);
}

TEST_F(Devices, TheFakeOneHasNoQueues) {
  cnrtDev_t fake = 0, current = 0;
  ASSERT_EQ(cnrtGetDeviceHandle(&fake, -1), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtSetCurrentDevice(fake), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtGetCurrentDevice(&current), CNRT_RET_SUCCESS);
  EXPECT_EQ(current, fake);
  cnrtQueue_t queue = nullptr;
  cnrtNotifier_t notifier = nullptr;
  EXPECT_EQ(cnrtCreateQueue(&queue), CNRT_RET_WARNING_FAKE_DEVICE);
  EXPECT_EQ(cnrtCreateNotifier(&notifier), CNRT_RET_WARNING_FAKE_DEVICE);
  EXPECT_EQ(queue, nullptr);
  EXPECT_EQ(notifier, nullptr);
  Choose(1);
  EXPECT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtCreateNotifier(&notifier), CNRT_RET_SUCCESS);
}

TEST_F(Devices, PeerCopiesWantTheDevicesOfTheBlocks) {
  ASSERT_EQ(cnrtMemset(blocks_[0], 7, 64), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtMemcpyPeer(blocks_[1], 1, blocks_[0], 0, 64), CNRT_RET_SUCCESS);
  char host[64] = {};
  EXPECT_EQ(cnrtMemcpy(host, blocks_[1], 64, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_SUCCESS);
  EXPECT_EQ(std::count(host, host + 64, 7), 64);
  EXPECT_EQ(cnrtMemcpyPeer(blocks_[1], 2, blocks_[0], 0, 64), CNRT_RET_ERR_FIND_DEV_ADDR);
  EXPECT_EQ(cnrtMemcpyPeer(blocks_[1], 1, blocks_[0], 1, 64), CNRT_RET_ERR_FIND_DEV_ADDR);
  EXPECT_EQ(cnrtMemcpyPeerAsync(blocks_[1], 2, blocks_[0], 0, 64, nullptr),
            CNRT_RET_ERR_FIND_DEV_ADDR);
  EXPECT_EQ(cnrtMemcpyPeer(blocks_[1], 3, blocks_[0], 0, 64), CNRT_RET_ERR_NODEV);
}

// The queue is of device 2, the memory that it reads of device 0.
TEST_F(Devices, MemoryOutlivesTheWorkOfAnotherDevice) {
  Choose(2);
  cnrtQueue_t queue = nullptr;
  ASSERT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  std::vector<char> host(kLarge);
  ASSERT_EQ(cnrtMemset(blocks_[0], 7, kLarge), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemsetD8Async(blocks_[2], 1, kLarge, queue), CNRT_RET_SUCCESS);  // takes a while
  ASSERT_EQ(cnrtMemcpyPeerAsync(blocks_[2], 2, blocks_[0], 0, kLarge, queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemcpyAsync(host.data(), blocks_[2], kLarge, queue, CNRT_MEM_TRANS_DIR_DEV2HOST),
            CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtFree(blocks_[0]), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtQueryQueue(queue), CNRT_RET_SUCCESS) << "the queue was waited for";
  EXPECT_EQ(std::count(host.begin(), host.end(), 7), static_cast<std::ptrdiff_t>(kLarge));
}

// A context runs on its own device and reads that device's memory only.
TEST_F(Devices, ContextsRefuseTheMemoryOfAnother) {
  std::string bytes = picabia::cnrt::SmallModelBytes();
  cnrtModel_t model = nullptr;
  cnrtFunction_t function = nullptr;
  cnrtRuntimeContext_t context = nullptr;
  cnrtQueue_t queue = nullptr;
  ASSERT_EQ(cnrtLoadModelFromMem(&model, bytes.data()), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateFunction(&function), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtExtractFunction(&function, model, "subnet0"), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateRuntimeContext(&context, function, nullptr), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtSetRuntimeContextDeviceId(context, 1), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtInitRuntimeContext(context, nullptr), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtRuntimeContextCreateQueue(context, &queue), CNRT_RET_SUCCESS);
  char* const own = static_cast<char*>(blocks_[1]);
  const auto invoke = [&](void* in, void* out) {
    void* params[] = {in, out};
    return cnrtInvokeRuntimeContext(context, params, queue, nullptr);
  };
  EXPECT_EQ(invoke(blocks_[0], own), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(invoke(own, blocks_[2]), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(invoke(own, own + kLarge / 2), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSyncQueue(queue), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyRuntimeContext(context), CNRT_RET_SUCCESS);
}

}  // namespace
