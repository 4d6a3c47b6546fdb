// The kernels of cores.mlu.
#include <functional>
#include <numeric>
#include <string>

#include "host.h"

extern "C" {
void Numbers(int*);
void MemoryCore(float*, float*, int);
void Unguarded(half*, half*);
void Across(int*, int*);
void EarlyReturn(int*, int*);
void Locked(int*);
void Divergent(int*);
void Endless(int*);
void NullPointer(int*, int*);
void DivideByZero(int*);
void DeepStack(int*);
void BadCopy(int*, int);
}

namespace {

using host::Buffer;

class Cores : public host::DeviceTest {};

TEST_F(Cores, TaskNumbersOfBlocks) {
  const Buffer<int> out(2 * 3 * 5 * 12);
  ASSERT_EQ(
      host::Run(reinterpret_cast<void*>(&Numbers), {2, 3, 5}, CNRT_FUNC_TYPE_BLOCK, out.data()),
      CNRT_RET_SUCCESS);
  const auto r = out.Read();
  for (int z = 0; z < 5; ++z)
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 2; ++x) {
        const int id = (z * 3 + y) * 2 + x;
        const std::vector<int> expected = {id, x, y, z, 30, 2, 3, 5, 0, 0, 0, 4};
        EXPECT_EQ(std::vector<int>(r.begin() + id * 12, r.begin() + id * 12 + 12), expected);
      }
}

TEST_F(Cores, TaskNumbersOfUnions) {
  for (const auto type : {CNRT_FUNC_TYPE_UNION1, CNRT_FUNC_TYPE_UNION2, CNRT_FUNC_TYPE_UNION4,
                          CNRT_FUNC_TYPE_UNION8}) {
    const int cores = type, tasks = 2 * cores;
    const Buffer<int> out(tasks * 12);
    ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Numbers), {static_cast<unsigned>(tasks), 1, 1},
                        type, out.data()),
              CNRT_RET_SUCCESS);
    const auto r = out.Read();
    for (int id = 0; id < tasks; ++id) {
      const int within = id % cores;
      const std::vector<int> expected = {id, id, 0,          0,         tasks,      tasks,
                                         1,  1,  within / 4, cores / 4, within % 4, 4};
      EXPECT_EQ(std::vector<int>(r.begin() + id * 12, r.begin() + id * 12 + 12), expected);
    }
  }
}

TEST_F(Cores, MemoryCoresFetchForTheirClusters) {
  constexpr int kEach = 512, kRounds = 3;
  for (const auto type : {CNRT_FUNC_TYPE_UNION1, CNRT_FUNC_TYPE_UNION4}) {
    const int clusters = type / 4, total = kRounds * clusters * kEach;
    std::vector<float> x(total);
    std::iota(x.begin(), x.end(), 1.0f);
    const Buffer<float> dx(x), out(total);
    ASSERT_EQ(host::Run(reinterpret_cast<void*>(&MemoryCore), {static_cast<unsigned>(type), 1, 1},
                        type, dx.data(), out.data(), kEach),
              CNRT_RET_SUCCESS);
    const auto r = out.Read();
    for (int i = 0; i < total; ++i) ASSERT_EQ(r[i], 2 * x[i]) << i;
  }
}

TEST_F(Cores, UnguardedCodeRunsOnMemoryCoresToo) {
  const Buffer<half> x(std::vector<half>(64, host::Half(3))), out(8 * 64);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Unguarded), {8, 1, 1}, CNRT_FUNC_TYPE_UNION2,
                      x.data(), out.data()),
            CNRT_RET_SUCCESS);
  for (const half h : out.Read()) ASSERT_EQ(host::Float(h), 6);
}

TEST_F(Cores, SramOfAnotherCluster) {
  std::vector<int> x(256);
  std::iota(x.begin(), x.end(), 0);
  const Buffer<int> dx(x), out(256);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Across), {16, 1, 1}, CNRT_FUNC_TYPE_UNION4,
                      dx.data(), out.data()),
            CNRT_RET_SUCCESS);
  const auto r = out.Read();
  for (int i = 0; i < 256; ++i) ASSERT_EQ(r[i], x[(i + 192) % 256]) << i;
}

TEST_F(Cores, BarriersWithoutTheMemoryCoreAndAtomics) {
  const Buffer<int> counter(1), out(16);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&EarlyReturn), {16, 1, 1}, CNRT_FUNC_TYPE_UNION4,
                      counter.data(), out.data()),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(out.Read(), std::vector<int>(16, 16));
}

TEST_F(Cores, LocksExclude) {
  const Buffer<int> counter(1);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Locked), {16, 1, 1}, CNRT_FUNC_TYPE_UNION4,
                      counter.data()),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(counter.Read()[0], 1600);
  ASSERT_EQ(
      host::Run(reinterpret_cast<void*>(&Locked), {64, 1, 1}, CNRT_FUNC_TYPE_BLOCK, counter.data()),
      CNRT_RET_SUCCESS);
  EXPECT_EQ(counter.Read()[0], 1600 + 6400);
}

// Faults end the launch, with an error that names the kernel; the process and the next launch go
// on.
class Faults : public Cores {
 protected:
  void ExpectFault(const std::string& text, const std::function<cnrtRet_t()>& run,
                   cnrtRet_t code = CNRT_RET_ERR_ONCHIP_CORE) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run(), code);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find(text), std::string::npos) << said;
    const Buffer<int> out(12);
    EXPECT_EQ(
        host::Run(reinterpret_cast<void*>(&Numbers), {1, 1, 1}, CNRT_FUNC_TYPE_BLOCK, out.data()),
        CNRT_RET_SUCCESS);
    EXPECT_EQ(out.Read()[4], 1);
  }
};

TEST_F(Faults, NullPointer) {
  const Buffer<int> out(4);
  ExpectFault("kernel NullPointer, task 0: access to (nil), which is no memory", [&] {
    return host::Run(reinterpret_cast<void*>(&NullPointer), {1, 1, 1}, CNRT_FUNC_TYPE_BLOCK,
                     static_cast<int*>(nullptr), out.data());
  });
}

TEST_F(Faults, DivisionByZero) {
  const Buffer<int> x(std::vector<int>{1, 2, 0});
  ExpectFault("kernel DivideByZero, task 0: integer division by zero", [&] {
    return host::Run(reinterpret_cast<void*>(&DivideByZero), {1, 1, 1}, CNRT_FUNC_TYPE_BLOCK,
                     x.data());
  });
}

TEST_F(Faults, StackOverflow) {
  const Buffer<int> x(4);
  ExpectFault("kernel DeepStack", [&] {
    return host::Run(reinterpret_cast<void*>(&DeepStack), {1, 1, 1}, CNRT_FUNC_TYPE_BLOCK,
                     x.data());
  });
}

TEST_F(Faults, DivergentBarrier) {
  const Buffer<int> out(8);
  ExpectFault("kernel Divergent: cores wait for each other in vain: task 1 in __sync_all_ipu at ",
              [&] {
                return host::Run(reinterpret_cast<void*>(&Divergent), {8, 1, 1},
                                 CNRT_FUNC_TYPE_UNION2, out.data());
              });
}

TEST_F(Faults, InsideBuiltins) {
  const Buffer<int> x(4);
  const char* texts[] = {"access to 0x10",
                         "access to 0x10",
                         "access to 0x20",
                         "access to 0x40",
                         "more than the chip holds",
                         "more than the chip holds",
                         "window is larger than its picture",
                         "negative size",
                         "a pooling window"};
  // The sanitizers' own memcpy looks at its bookkeeping for the address first, and faults there.
  const int first = kAsan || kTsan ? 4 : 0;
  for (int kind = first; kind < 9; ++kind)
    ExpectFault(texts[kind], [&] {
      return host::Run(reinterpret_cast<void*>(&BadCopy), {8, 1, 1}, CNRT_FUNC_TYPE_UNION2,
                       x.data(), kind);
    });
}

TEST_F(Faults, KernelThatNeverEnds) {
  if (kTsan)
    GTEST_SKIP()
        << "ThreadSanitizer delivers signals only at calls, of which an endless loop has none";
  const Buffer<int> out(1), other(12);
  cnrtQueue_t queue = nullptr;
  ASSERT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  const host::Params params(out.data());
  testing::internal::CaptureStderr();
  ASSERT_EQ(cnrtInvokeKernel_V2(reinterpret_cast<void*>(&Endless), {4, 1, 1}, params.get(),
                                CNRT_FUNC_TYPE_UNION1, queue),
            CNRT_RET_SUCCESS);
  // Other queues work meanwhile.
  EXPECT_EQ(
      host::Run(reinterpret_cast<void*>(&Numbers), {1, 1, 1}, CNRT_FUNC_TYPE_BLOCK, other.data()),
      CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtSyncQueue(queue), CNRT_RET_ERR_TIMEOUT);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("kernel Endless: still running after"), std::string::npos) << said;
  EXPECT_EQ(cnrtSyncQueue(queue), CNRT_RET_SUCCESS);  // told once
}

}  // namespace
