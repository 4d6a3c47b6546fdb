// Each kind of report is made where it belongs, with the line of the kernel, and not made by the
// same kernel done right.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

#include "host.h"

extern "C" {
void Overrun(half*, half*, int);
void PastAllocation(half*, half*, int);
void ScalarPast(float*, float*, int);
void Index(float*, float*, int);
void Alignment(half*, half*, int);
void Misaligned(half*, half*, int);
void Uninitialised(half*, half*, int);
void Padding(half*, half*, int);
void PaddingInASum(float*, float*, int);
void UninitialisedScalar(int*, int*, int);
void TooMuch(half*, half*, int);
void TooMuchMore(half*, half*, int);
void RaceInSram(float*, float*, int);
void RaceInGdram(int*, int*, int);
void SharedPointer(float*, float*, int);
void ScalarConversions(half*, half*, int);
void SameCopyByAll(float*, float*, int);
void AsyncRead(half*, half*, int);
void Direction(half*, half*, int);
void WrongMemory(half*, half*, int);
void Locks(int*, int*, int);
void Mixture(half*, half*, int);
}

namespace {

using host::Buffer;

// The line of checked.mlu that holds `text`, behind the kernel's head.
int LineOf(const std::string& kernel, const std::string& text) {
  std::ifstream file(CHECKED_SOURCE);
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    inside |= line.find("void " + kernel + "(") != std::string::npos;
    if (inside && line.find(text) != std::string::npos) return number;
  }
  return -1;
}

struct Case {
  std::string name;
  const void* kernel;
  std::string kind;
  std::string line;  // some text of the line that is to be named
  cnrtFunctionType_t type = CNRT_FUNC_TYPE_BLOCK;
  unsigned tasks = 1;
};

#define KERNEL(name) #name, reinterpret_cast<const void*>(&name)
const Case kCases[] = {
    {KERNEL(Overrun), "out-of-bounds", "bad ? 4"},
    {KERNEL(PastAllocation), "out-of-bounds", "192 + 64"},
    {KERNEL(ScalarPast), "out-of-bounds", "sum += x[i]"},
    {KERNEL(Index), "out-of-bounds", "a[last]"},
    {KERNEL(Alignment), "alignment", "bad ? 65"},
    {KERNEL(Misaligned), "alignment", "bad ? 3"},
    {KERNEL(Uninitialised), "uninitialised", "__bang_add"},
    {KERNEL(Padding), "uninitialised", "bad ? 202"},
    {KERNEL(PaddingInASum), "uninitialised", "__bang_reduce_sum"},
    {KERNEL(UninitialisedScalar), "uninitialised", "out[0] = t[3]"},
    {KERNEL(RaceInSram), "race", "SRAM2NRAM", CNRT_FUNC_TYPE_UNION1, 4},
    {KERNEL(RaceInGdram), "race", "out[bad", CNRT_FUNC_TYPE_BLOCK, 4},
    {KERNEL(SharedPointer), "race", "from = ", CNRT_FUNC_TYPE_UNION1, 4},
    {KERNEL(ScalarConversions), "race", "bad ? 0", CNRT_FUNC_TYPE_UNION1, 4},
    {KERNEL(SameCopyByAll), "race", "GDRAM2SRAM", CNRT_FUNC_TYPE_UNION1, 4},
    {KERNEL(AsyncRead), "async-read", "__bang_add"},
    {KERNEL(Direction), "unsupported-copy", "NRAM2WRAM, 128"},
    {KERNEL(WrongMemory), "wrong-memory", "b, a, 128, GDRAM2NRAM"},
    {KERNEL(Locks), "race", "out[0] += x[0]", CNRT_FUNC_TYPE_UNION1, 4},
};

class Checked : public host::DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    setenv("PICABIA_BANG_CHECK", "1", 1);
  }
  void TearDown() override {
    unsetenv("PICABIA_BANG_CHECK");
    DeviceTest::TearDown();
  }
  std::string Reports(const Case& c, int bad, cnrtRet_t code = CNRT_RET_SUCCESS) {
    const Buffer<int> x(128), out(1024);
    testing::internal::CaptureStderr();
    EXPECT_EQ(host::Run(c.kernel, {c.tasks, 1, 1}, c.type, x.data(), out.data(), bad), code)
        << c.name;
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(Checked, ReportsEachKindAtItsLine) {
  for (const Case& c : kCases) {
    const std::string said = Reports(c, 1);
    const std::string expected =
        std::string("checked.mlu:") + std::to_string(LineOf(c.name, c.line)) + ": " + c.kind + ": ";
    EXPECT_NE(said.find(expected), std::string::npos) << c.name << " expects " << expected << "\n"
                                                      << said;
    EXPECT_NE(said.find("kernel " + c.name + ", task "), std::string::npos) << said;
  }
}

TEST_F(Checked, IsSilentAboutWhatIsRight) {
  for (const Case& c : kCases) EXPECT_EQ(Reports(c, 0), "") << c.name;
}

TEST_F(Checked, TheMemoryCoreConvertsScalars) {
  const Buffer<half> x(256), out(256);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&ScalarConversions), {4, 1, 1}, CNRT_FUNC_TYPE_UNION1,
                      x.data(), out.data(), 0),
            CNRT_RET_SUCCESS);
  const std::vector<half> got = out.Read();
  for (int task = 0; task < 4; ++task)
    for (int i = 0; i < 64; ++i) {
      float value = 0;
      cnrtConvertHalfToFloat(&value, got[static_cast<size_t>(task * 64 + i)]);
      EXPECT_EQ(value, static_cast<float>(i) * 0.25f + static_cast<float>(task));
    }
}

TEST_F(Checked, MemoryBeyondTheChip) {
  EXPECT_EQ(Reports({KERNEL(TooMuch), "", ""}, 0), "");
  const std::string said = Reports({KERNEL(TooMuchMore), "", ""}, 0);
  EXPECT_NE(said.find("memory-size: 614400 bytes of NRAM are used, an MLU270 has 524288"),
            std::string::npos)
      << said;
}

TEST_F(Checked, ErrorsWhenAskedFor) {
  setenv("PICABIA_BANG_CHECK", "error", 1);
  const std::string said = Reports(kCases[0], 1, CNRT_RET_ERR_ONCHIP_CORE);
  EXPECT_NE(said.find("reports of the checker, the first: "), std::string::npos) << said;
  EXPECT_EQ(Reports(kCases[0], 0), "");
}

TEST_F(Checked, NothingIsSaidWhenItIsOff) {
  setenv("PICABIA_BANG_CHECK", "0", 1);
  EXPECT_EQ(Reports(kCases[0], 1), "");
}

// At most 50 times slower on usual work; single measurements are noisy, the least of some is not.
TEST_F(Checked, CostsAtMostFiftyTimes) {
  if (kAsan || kTsan) GTEST_SKIP() << "a sanitizer slows the checker, not the vector kernels";
  const Buffer<half> x(4096), out(4096);
  const auto least = [&] {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const auto start = std::chrono::steady_clock::now();
      EXPECT_EQ(host::Run(reinterpret_cast<void*>(&Mixture), {1, 1, 1}, CNRT_FUNC_TYPE_BLOCK,
                          x.data(), out.data(), 200),
                CNRT_RET_SUCCESS);
      best = std::min(
          best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
  };
  const double checked = least();
  unsetenv("PICABIA_BANG_CHECK");
  const double plain = least();
  RecordProperty("ratio", std::to_string(checked / plain));
  std::printf("checked: %.2f ms, plain: %.2f ms, ratio %.1f\n", checked * 1e3, plain * 1e3,
              checked / plain);
  EXPECT_LT(checked, 50 * plain);
}

}  // namespace
