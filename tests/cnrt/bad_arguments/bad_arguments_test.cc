// Every pointer and every handle of every function: null, destroyed, of another kind, an address.
// Each gives the documented code, leaves outputs null or 0, and nothing crashes.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "world.h"

namespace bad_arguments {
namespace {

Rows AllRows() {
  Rows all;
  for (const Rows& rows :
       {DeviceRows(), MemoryRows(), QueueRows(), KernelRows(), ModelRows(), ContextRows(),
        DescriptorRows(), MappingRows(), ConversionRows(), LegacyRows()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

TEST(BadArguments, GiveTheirCodesAndNoResults) {
  for (const Row& row : AllRows())
    for (const Bad bad : row.kinds) {
      SCOPED_TRACE(std::string(row.function) + ", " + row.argument + " is " + Name(bad));
      World world;
      EXPECT_EQ(row.call(world, bad), row.code);
      if (row.code == CNRT_RET_SUCCESS) continue;
      EXPECT_EQ(world.FirstKept(), -1) << "an output was kept";
      EXPECT_EQ(cnrtGetLastErr(), row.code);
    }
}

// Before cnrtInit nothing has a device. What is about the host alone works or gives its own code.
TEST(BadArguments, GiveNoResultsBeforeInit) {
  for (const Row& row : AllRows())
    for (const Bad bad : row.kinds) {
      SCOPED_TRACE(std::string(row.function) + ", " + row.argument + " is " + Name(bad));
      World world;
      cnrtDestroy();
      const cnrtRet_t code = row.call(world, bad);
      if (code != CNRT_RET_SUCCESS) EXPECT_EQ(world.FirstKept(), -1) << "an output was kept";
      ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS);
    }
}

std::string Read(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "function(argument)" of everything in the header that is an address or a handle.
std::set<std::string> WantedArguments() {
  std::string text =
      std::regex_replace(Read(CNRT_HEADERS "cnrt.h") + Read(CNRT_HEADERS "cnrt_legacy.h"),
                         std::regex("/\\*[^]*?\\*/"), "");
  std::set<std::string> wanted;
  const std::regex function("CNRT_DLL_API\\s+cnrtRet_t\\s+(cnrt\\w+)\\(([^)]*)\\)");
  const std::regex argument("([^,]*[\\s*])(\\w+)(\\[\\])?\\s*(,|$)");
  const std::regex handle(
      "(cnrtDev|cnrtModel|cnrtFunction|cnrtQueue|cnrtNotifier|cnrtRuntimeContext|cnrtParamDesc|"
      "cnrtParamDescArray|cnrtDataDesc|cnrtDataDescArray|cnrtStream|cnrtEvent|cnrtQuantizedParam|"
      "cnrtKernelInitParam|cnrtKernelParamsBuffer)_t\\s|"
      "cnrtIpcMemHandle|\\*");
  for (std::sregex_iterator f(text.begin(), text.end(), function), end; f != end; ++f) {
    const std::string list = (*f)[2];
    for (std::sregex_iterator a(list.begin(), list.end(), argument); a != end; ++a) {
      const std::string type = (*a)[1];
      if ((*a)[3].matched || std::regex_search(type, handle))
        wanted.insert((*f)[1].str() + "(" + (*a)[2].str() + ")");
    }
  }
  return wanted;
}

TEST(BadArguments, AreAllTried) {
  const std::set<std::string> wanted = WantedArguments();
  ASSERT_GT(wanted.size(), 250u);
  std::set<std::string> tried;
  for (const Row& row : AllRows())
    tried.insert(std::string(row.function) + "(" + row.argument + ")");
  for (const std::string& argument : wanted) EXPECT_TRUE(tried.count(argument)) << argument;
}

TEST(BadArguments, OfFunctionsWithoutACode) {
  cnrtGetLibVersion(nullptr, nullptr, nullptr);
  testing::internal::CaptureStderr();
  cnrtCheck(CNRT_RET_ERR_QUEUE, nullptr, nullptr, 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("632025"), std::string::npos);
  EXPECT_STRNE(cnrtGetErrorStr(static_cast<cnrtRet_t>(77)), "");
}

}  // namespace
}  // namespace bad_arguments
