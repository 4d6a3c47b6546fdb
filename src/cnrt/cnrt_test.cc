// Devices, memory, queues and notifiers, called as a client would, and every misuse that a client
// has been seen to make.
#include "cnrt/cnrt.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace {

class Cnrt : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS); }
  void TearDown() override { cnrtDestroy(); }
};

TEST(CnrtInit, IsCountedAndChecksItsFlags) {
  void* p = &p;
  EXPECT_EQ(cnrtMalloc(&p, 16), CNRT_RET_ERR_INIT);
  EXPECT_EQ(p, nullptr);
  EXPECT_EQ(cnrtInit(2), CNRT_RET_ERR_INVALID);
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtInit(1), CNRT_RET_ERR_INVALID_TYPE);
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
  cnrtDestroy();
  EXPECT_EQ(cnrtMalloc(&p, 16), CNRT_RET_SUCCESS);
  cnrtDestroy();
  EXPECT_EQ(cnrtFree(p), CNRT_RET_ERR_INIT);
  cnrtDestroy();  // once too often
  EXPECT_EQ(cnrtMalloc(&p, 16), CNRT_RET_ERR_INIT);
}

TEST_F(Cnrt, FindsItsDevice) {
  unsigned count = 0;
  ASSERT_EQ(cnrtGetDeviceCount(&count), CNRT_RET_SUCCESS);
  ASSERT_GE(count, 1u);
  cnrtDev_t device = 0;
  ASSERT_EQ(cnrtGetDeviceHandle(&device, 0), CNRT_RET_SUCCESS);
  EXPECT_NE(device, 0u);
  EXPECT_EQ(cnrtSetCurrentDevice(device), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSetCurrentDevice(0), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtGetDeviceHandle(&device, static_cast<int>(count)), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(device, 0u);
  EXPECT_EQ(cnrtGetDeviceHandle(nullptr, 0), CNRT_RET_ERR_INVALID);
  cnrtDeviceInfo_t info;
  ASSERT_EQ(cnrtGetDeviceInfo(&info, 0), CNRT_RET_SUCCESS);
  EXPECT_STREQ(info.device_name, "MLU270");
  EXPECT_EQ(info.core_num, 16);
}

TEST_F(Cnrt, RefusesForeignAndStaleHandles) {
  cnrtQueue_t queue = nullptr;
  cnrtNotifier_t notifier = nullptr;
  ASSERT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateNotifier(&notifier), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSyncQueue(reinterpret_cast<cnrtQueue_t>(notifier)), CNRT_RET_ERR_QUEUE);
  EXPECT_EQ(cnrtPlaceNotifier(reinterpret_cast<cnrtNotifier_t>(queue), queue),
            CNRT_RET_ERR_INVALID);
  int here = 0;
  EXPECT_EQ(cnrtDestroyQueue(reinterpret_cast<cnrtQueue_t>(&here)), CNRT_RET_ERR_INVALID);
  ASSERT_EQ(cnrtDestroyQueue(queue), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyQueue(queue), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtSyncQueue(queue), CNRT_RET_ERR_QUEUE);
  EXPECT_EQ(cnrtDestroyQueue(nullptr), CNRT_RET_ERR_INVALID);
  cnrtQueue_t next = nullptr;
  ASSERT_EQ(cnrtCreateQueue(&next), CNRT_RET_SUCCESS);
  EXPECT_NE(next, queue);  // the same place, another generation
  cnrtNotifier_t copy = notifier;
  ASSERT_EQ(cnrtDestroyNotifier(&notifier), CNRT_RET_SUCCESS);
  EXPECT_EQ(notifier, nullptr);
  EXPECT_EQ(cnrtDestroyNotifier(&notifier), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyNotifier(&copy), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtGetLastErr(), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtGetLastErr(), CNRT_RET_SUCCESS);
}

TEST_F(Cnrt, CopiesAndChecksRanges) {
  std::vector<unsigned char> in(1000), out(1000);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<unsigned char>(i * 7);
  void *a = nullptr, *b = nullptr;
  ASSERT_EQ(cnrtMalloc(&a, in.size()), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMalloc(&b, in.size()), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemcpy(a, in.data(), in.size(), CNRT_MEM_TRANS_DIR_HOST2DEV), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemcpy(b, a, in.size(), CNRT_MEM_TRANS_DIR_DEV2DEV), CNRT_RET_SUCCESS);
  char* interior = static_cast<char*>(b) + 10;
  ASSERT_EQ(cnrtMemcpy(out.data(), interior, 990, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_SUCCESS);
  EXPECT_EQ(std::memcmp(out.data(), in.data() + 10, 990), 0);
  EXPECT_EQ(cnrtMemcpy(out.data(), interior, 991, CNRT_MEM_TRANS_DIR_DEV2HOST),
            CNRT_RET_ERR_OUT_RANGE);
  EXPECT_EQ(cnrtMemcpy(in.data(), out.data(), 10, CNRT_MEM_TRANS_DIR_HOST2DEV),
            CNRT_RET_ERR_FIND_DEV_ADDR);
  EXPECT_EQ(cnrtMemcpy(nullptr, a, 10, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtMemcpy(out.data(), a, 10, CNRT_MEM_TRANS_DIR_NODIR), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtMemset(a, 256, 10), CNRT_RET_ERR_OUT_RANGE);
  EXPECT_EQ(cnrtMemset(a, 7, 1001), CNRT_RET_ERR_OUT_RANGE);
  ASSERT_EQ(cnrtMemsetD32(a, 0x01020304, 250), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemcpy(out.data(), a, 1000, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_SUCCESS);
  EXPECT_EQ(out[999], 1);
  EXPECT_EQ(cnrtFree(interior), CNRT_RET_ERR_FIND_DEV_ADDR);
  EXPECT_EQ(cnrtFree(a), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtFree(a), CNRT_RET_ERR_FIND_DEV_ADDR);
  EXPECT_EQ(cnrtFree(nullptr), CNRT_RET_ERR_FIND_DEV_ADDR);
  EXPECT_EQ(cnrtMemcpy(out.data(), a, 10, CNRT_MEM_TRANS_DIR_DEV2HOST), CNRT_RET_ERR_FIND_DEV_ADDR);
}

TEST_F(Cnrt, HasSixteenGibibytes) {
  void* p = &p;
  EXPECT_EQ(cnrtMalloc(&p, size_t{17} << 30), CNRT_RET_ERR_NOMEM);
  EXPECT_EQ(p, nullptr);
  EXPECT_EQ(cnrtMalloc(&p, ~size_t{0}), CNRT_RET_ERR_NOMEM);
  EXPECT_EQ(cnrtMalloc(nullptr, 1), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtMalloc(&p, 0), CNRT_RET_SUCCESS);
  EXPECT_EQ(p, nullptr);
  ASSERT_EQ(cnrtMalloc(&p, 1 << 20), CNRT_RET_SUCCESS);
  size_t free = 0, total = 0;
  ASSERT_EQ(cnrtMemGetInfo(&free, &total), CNRT_RET_SUCCESS);
  EXPECT_EQ(total - free, size_t{1} << 20);
}

TEST_F(Cnrt, QueuesKeepOrderAndNotifiersTheirTime) {
  cnrtQueue_t queue = nullptr;
  ASSERT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  cnrtNotifier_t start = nullptr, end = nullptr;
  ASSERT_EQ(cnrtCreateNotifier(&start), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateNotifier(&end), CNRT_RET_SUCCESS);
  float us = -1;
  EXPECT_EQ(cnrtNotifierDuration(start, end, &us), CNRT_RET_ERR_CNDRV_FUNC_CALL);
  EXPECT_EQ(us, 0);
  constexpr size_t kBytes = 8 << 20;
  std::vector<char> host(kBytes, 3), back(kBytes);
  void* device = nullptr;
  ASSERT_EQ(cnrtMalloc(&device, kBytes), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtPlaceNotifier(start, queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemcpyAsync(device, host.data(), kBytes, queue, CNRT_MEM_TRANS_DIR_HOST2DEV),
            CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemsetD8Async(device, 5, 10, queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemcpyAsync(back.data(), device, kBytes, queue, CNRT_MEM_TRANS_DIR_DEV2HOST),
            CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtPlaceNotifier(end, queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtWaitNotifier(end), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtQueryNotifier(end), CNRT_RET_SUCCESS);
  EXPECT_EQ(back[0], 5);
  EXPECT_EQ(back[10], 3);
  ASSERT_EQ(cnrtNotifierDuration(start, end, &us), CNRT_RET_SUCCESS);
  EXPECT_GT(us, 0);
  EXPECT_EQ(cnrtFree(device), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSyncQueue(queue), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSyncQueue(nullptr), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyQueue(queue), CNRT_RET_SUCCESS);
}

TEST_F(Cnrt, DestroyedQueueStillDoesItsWork) {
  cnrtQueue_t queue = nullptr;
  ASSERT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  cnrtNotifier_t end = nullptr;
  ASSERT_EQ(cnrtCreateNotifier(&end), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtPlaceNotifier(end, queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtDestroyQueue(queue), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtWaitNotifier(end), CNRT_RET_SUCCESS);
  cnrtNotifier_t other = nullptr;
  ASSERT_EQ(cnrtCreateNotifier(&other), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtPlaceNotifier(other, queue), CNRT_RET_ERR_QUEUE);
  EXPECT_EQ(cnrtQueueWaitNotifier(end, nullptr, 0), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSyncDevice(), CNRT_RET_SUCCESS);
}

TEST_F(Cnrt, FreeWaitsForWorkOfDestroyedQueues) {
  constexpr size_t kBytes = size_t{64} << 20;
  void* block = nullptr;
  cnrtQueue_t queue = nullptr;
  cnrtNotifier_t end = nullptr;
  ASSERT_EQ(cnrtMalloc(&block, kBytes), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtCreateNotifier(&end), CNRT_RET_SUCCESS);
  for (int i = 0; i < 4; ++i)
    ASSERT_EQ(cnrtMemsetD8Async(block, 1, kBytes, queue), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtPlaceNotifier(end, queue), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtDestroyQueue(queue), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtFree(block), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtQueryNotifier(end), CNRT_RET_SUCCESS);
}

TEST_F(Cnrt, CommitsNoCrimeUnderRandomCallsFromManyThreads) {
  std::atomic<bool> wrong{false};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t)
    threads.emplace_back([&wrong, t] {
      std::mt19937 random(t);
      std::vector<cnrtQueue_t> queues(1);
      std::vector<cnrtNotifier_t> notifiers(1);
      std::vector<void*> blocks(1);
      const auto any = [&](auto& list) { return list[random() % list.size()]; };
      for (int i = 0; i < 300; ++i) {
        switch (random() % 8) {
          case 0:
            cnrtCreateQueue(&queues.emplace_back());
            break;
          case 1:
            cnrtDestroyQueue(any(queues));
            break;
          case 2:
            cnrtCreateNotifier(&notifiers.emplace_back());
            break;
          case 3:
            cnrtPlaceNotifier(any(notifiers), any(queues));
            break;
          case 4:
            cnrtSyncQueue(any(queues));
            break;
          case 5:
            cnrtMalloc(&blocks.emplace_back(), random() % 5000);
            break;
          case 6: {
            void* block = any(blocks);
            std::erase(blocks, block);
            blocks.push_back(nullptr);
            if (cnrtFree(block) != CNRT_RET_SUCCESS && block != nullptr) wrong = true;
            break;
          }
          default: {
            cnrtNotifier_t notifier = any(notifiers);
            cnrtWaitNotifier(notifier);
            cnrtDestroyNotifier(&notifier);
          }
        }
      }
      for (cnrtQueue_t queue : queues) cnrtDestroyQueue(queue);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(wrong);
}

// The threads of the queues are gone in a child: calls say so instead of waiting for ever.
TEST_F(Cnrt, ForkAfterInit) {
  const pid_t child = fork();
  if (child == 0) {
    void* p = nullptr;
    const bool refused = cnrtMalloc(&p, 16) == CNRT_RET_ERR_SYS &&
                         cnrtSyncQueue(nullptr) == CNRT_RET_ERR_SYS &&
                         cnrtSyncDevice() == CNRT_RET_ERR_SYS;
    cnrtDestroy();
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  void* p = nullptr;
  EXPECT_EQ(cnrtMalloc(&p, 16), CNRT_RET_SUCCESS);
}

TEST_F(Cnrt, ErrorsHaveNamesAndTexts) {
  EXPECT_STREQ(cnrtGetErrorName(CNRT_RET_ERR_QUEUE), "CNRT_RET_ERR_QUEUE");
  EXPECT_STRNE(cnrtGetErrorStr(CNRT_RET_ERR_QUEUE), "");
  EXPECT_STREQ(cnrtGetErrorName(static_cast<cnrtRet_t>(7)), "CNRT_RET_ERR_UNKNOWN");
  unsigned version = 0;
  ASSERT_EQ(cnrtGetVersion(&version), CNRT_RET_SUCCESS);
  EXPECT_EQ(version, static_cast<unsigned>(CNRT_VERSION));
}

}  // namespace
