// Device memory of one process in another. A program of its own, since the other process must be
// there before CNRT's threads are.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "cnrt/cnrt.h"

namespace {

constexpr size_t kBytes = (size_t{9} << 20) + 100;  // no whole page at the end

bool Holds(void* block, char wanted) {
  std::vector<char> host(kBytes);
  return cnrtMemcpy(host.data(), block, kBytes, CNRT_MEM_TRANS_DIR_DEV2HOST) == CNRT_RET_SUCCESS &&
         std::count(host.begin(), host.end(), wanted) == static_cast<std::ptrdiff_t>(kBytes);
}

// Number of what went wrong.
int Child(int in, int out) {
  cnrtIpcMemHandle handle = nullptr;
  char go = 0;
  if (read(in, &handle, sizeof(handle)) != sizeof(handle)) return 1;
  if (cnrtInit(0) != CNRT_RET_SUCCESS) return 2;
  void *block = nullptr, *again = nullptr;
  if (cnrtMapMemHandle(&block, handle, 0) != CNRT_RET_SUCCESS || !Holds(block, 1)) return 3;
  if (cnrtFree(block) != CNRT_RET_ERR_FIND_DEV_ADDR) return 4;
  cnrtIpcMemHandle other = nullptr;
  if (cnrtAcquireMemHandle(&other, block) != CNRT_RET_ERR_FIND_DEV_ADDR) return 5;
  cnrtQueue_t queue = nullptr;
  if (cnrtCreateQueue(&queue) != CNRT_RET_SUCCESS) return 6;
  if (cnrtMemsetD8Async(block, 2, kBytes, queue) != CNRT_RET_SUCCESS) return 7;
  if (cnrtUnMapMemHandle(block) != CNRT_RET_SUCCESS) return 8;  // waits for the queue
  if (cnrtUnMapMemHandle(block) != CNRT_RET_ERR_INVALID) return 9;
  if (write(out, &go, 1) != 1 || read(in, &go, 1) != 1) return 10;  // the block is free now
  if (cnrtMapMemHandle(&again, handle, 0) != CNRT_RET_ERR_INVALID || again != nullptr) return 11;
  cnrtDestroy();
  return 0;
}

TEST(Sharing, AnotherProcessReadsAndWritesABlock) {
  int to[2], from[2];
  ASSERT_EQ(pipe(to), 0);
  ASSERT_EQ(pipe(from), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(Child(to[0], from[1]));
  close(from[1]);  // so that a child that ends is noticed
  ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
  void* block = nullptr;
  ASSERT_EQ(cnrtMalloc(&block, kBytes), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtMemset(block, 1, kBytes), CNRT_RET_SUCCESS);
  cnrtIpcMemHandle handle = nullptr, same = nullptr;
  ASSERT_EQ(cnrtAcquireMemHandle(&handle, block), CNRT_RET_SUCCESS);
  ASSERT_EQ(cnrtAcquireMemHandle(&same, block), CNRT_RET_SUCCESS);
  EXPECT_EQ(handle, same);
  EXPECT_TRUE(Holds(block, 1));
  ASSERT_EQ(write(to[1], &handle, sizeof(handle)), static_cast<ssize_t>(sizeof(handle)));
  char go = 0;
  EXPECT_EQ(read(from[0], &go, 1), 1);
  EXPECT_TRUE(Holds(block, 2));
  EXPECT_EQ(cnrtFree(block), CNRT_RET_SUCCESS);
  ASSERT_EQ(write(to[1], &go, 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  cnrtDestroy();
}

}  // namespace
