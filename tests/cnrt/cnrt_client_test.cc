// Device mlu behind a CNRT library: the same bytes as in this process, and the order and arguments
// of the calls, as a library that records them (recording_cnrt.cc) saw them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/session.h"

namespace {

using picabia::DType;
using picabia::Shape;
using picabia::Tensor;
using picabia::program::Program;
using picabia::runtime::Session;
using picabia::runtime::SessionOptions;

// y = tanh(x) of pictures of any size: numbers that are rounded to halves.
std::shared_ptr<const Program> Tanh() {
  Program p;
  p.source = "tanh.pb";
  p.compiler_version = "1";
  p.values = {{"x", DType::kF32}, {"y", DType::kF32}};
  p.steps.push_back({"tanh", picabia::ops::Unary{picabia::ops::UnaryKind::kTanh, 0}, {0}, {1}});
  p.inputs.push_back({0, true, {1, -1, -1, 3}, {}});
  p.outputs.push_back({1, false, {}, {}});
  return std::make_shared<const Program>(std::move(p));
}

Tensor Picture(int64_t h, int64_t w) {
  std::vector<float> values(static_cast<size_t>(h * w * 3));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.013f - 1;
  return *Tensor::From<float>({1, h, w, 3}, values);
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

class CnrtClient : public testing::Test {
 protected:
  void SetUp() override {
    std::remove(record_.c_str());
    setenv("PICABIA_RECORD_FORWARD", REAL_CNRT, 1);
    setenv("PICABIA_RECORD_FILE", record_.c_str(), 1);
    setenv("PICABIA_CNRT", RECORDING_CNRT, 1);
    options_.device = picabia::runtime::DeviceKind::kMlu;
  }
  void TearDown() override {
    for (const char* name : {"PICABIA_CNRT", "PICABIA_RECORD_FAIL"}) unsetenv(name);
    std::remove(record_.c_str());
  }
  std::vector<std::vector<std::string>> Calls() const {
    std::ifstream in(record_);
    std::vector<std::vector<std::string>> calls;
    for (std::string line; std::getline(in, line);) calls.push_back(Words(line));
    return calls;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& call : Calls()) names.push_back(call[0]);
    return names;
  }
  // Each number that a function made is what later functions take, and nothing is used after its
  // end.
  void CheckArguments() const {
    std::set<std::string> blocks, handles;
    const std::map<std::string, size_t> makers = {{"cnrtLoadModelFromMem", 1},
                                                  {"cnrtCreateFunction", 1},
                                                  {"cnrtCreateRuntimeContext", 1},
                                                  {"cnrtRuntimeContextCreateQueue", 2},
                                                  {"cnrtRuntimeContextCreateNotifier", 2}};
    for (const auto& call : Calls()) {
      const std::string& name = call[0];
      if (makers.count(name)) handles.insert(call[makers.at(name)]);
      if (name == "cnrtMalloc") blocks.insert(call[1]);
      if (name == "cnrtMemcpy") EXPECT_TRUE(blocks.count(call[1])) << name;
      if (name == "cnrtFree") EXPECT_EQ(blocks.erase(call[1]), 1u);
      if (name == "cnrtInvokeRuntimeContext") {
        EXPECT_TRUE(handles.count(call[1]) && handles.count(call[4]));
        EXPECT_TRUE(blocks.count(call[2]) && blocks.count(call[3]));
        EXPECT_TRUE(call[5] == "0" || call[5] == "(nil)") << call[5];
      }
      if (name == "cnrtPlaceNotifier" || name == "cnrtNotifierDuration")
        EXPECT_TRUE(handles.count(call[1]) && handles.count(call[2]));
      if (name == "cnrtUnloadModel" || (name.find("cnrtDestroy") == 0 && name != "cnrtDestroy"))
        EXPECT_EQ(handles.erase(call[1]), 1u) << name;
    }
    EXPECT_TRUE(handles.empty()) << "something was not destroyed";
    EXPECT_TRUE(blocks.empty()) << "something was not freed";
  }

  const std::string record_ = testing::TempDir() + "cnrt_record_" + std::to_string(getpid());
  SessionOptions options_;
};

using Lines = std::vector<std::string>;

const Lines kOpen = {"cnrtInit", "cnrtGetDeviceCount", "cnrtGetDeviceHandle"};
const Lines kBind = {"cnrtSetCurrentDevice",
                     "cnrtLoadModelFromMem",
                     "cnrtCreateFunction",
                     "cnrtExtractFunction",
                     "cnrtCreateRuntimeContext",
                     "cnrtSetRuntimeContextDeviceId",
                     "cnrtInitRuntimeContext",
                     "cnrtRuntimeContextCreateQueue",
                     "cnrtRuntimeContextCreateNotifier",
                     "cnrtRuntimeContextCreateNotifier",
                     "cnrtMalloc",
                     "cnrtMalloc"};
const Lines kRun = {"cnrtSetCurrentDevice",     "cnrtMemcpy",        "cnrtPlaceNotifier",
                    "cnrtInvokeRuntimeContext", "cnrtPlaceNotifier", "cnrtSyncQueue",
                    "cnrtNotifierDuration",     "cnrtMemcpy"};
const Lines kUnbind = {"cnrtFree",
                       "cnrtFree",
                       "cnrtDestroyNotifier",
                       "cnrtDestroyNotifier",
                       "cnrtDestroyQueue",
                       "cnrtDestroyRuntimeContext",
                       "cnrtDestroyFunction",
                       "cnrtUnloadModel"};

Lines Join(std::initializer_list<Lines> parts) {
  Lines all;
  for (const Lines& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST_F(CnrtClient, GivesTheSameBytesInTheRightOrderOfCalls) {
  const auto program = Tanh();
  const Tensor small = Picture(4, 5), large = Picture(7, 3);
  {
    auto session = Session::Create(program, options_);
    ASSERT_TRUE(session.ok()) << session.status().message();
    SessionOptions here = options_;
    here.mlu.in_process = true;
    auto own = Session::Create(program, here);
    ASSERT_TRUE(own.ok());
    for (const Tensor& picture : {small, small, large}) {
      const auto got = (*session)->Run({{"x", picture}}), want = (*own)->Run({{"x", picture}});
      ASSERT_TRUE(got.ok()) << got.status().message();
      ASSERT_TRUE(want.ok());
      ASSERT_EQ((*got)[0].shape(), picture.shape());
      EXPECT_EQ(std::memcmp((*got)[0].bytes(), (*want)[0].bytes(), picture.num_bytes()), 0);
      ASSERT_EQ((*session)->profile().size(), 1u);
      EXPECT_EQ((*session)->profile()[0].kernel, "cnrt");
      EXPECT_GT((*session)->profile()[0].ms, 0);
    }
  }
  EXPECT_EQ(Names(),
            Join({kOpen, kBind, kRun, kRun, kUnbind, kBind, kRun, kUnbind, {"cnrtDestroy"}}));
  CheckArguments();
  const auto calls = Calls();
  EXPECT_EQ(calls[0][1], "0");
  EXPECT_EQ(calls[4][2], "PICBMLU");
  EXPECT_EQ(calls[6][3], "subnet0");
  for (const auto& call : calls)
    if (call[0] == "cnrtMalloc" || call[0] == "cnrtMemcpy")
      EXPECT_TRUE(call[2] == std::to_string(small.num_bytes()) ||
                  call[2] == std::to_string(large.num_bytes()));
}

// Whatever fails, the error names file and function, and what was made is given back.
TEST_F(CnrtClient, EveryFailureIsNamedAndTidy) {
  for (const std::string& name : std::set<std::string>(kBind.begin(), kBind.end())) {
    std::remove(record_.c_str());
    setenv("PICABIA_RECORD_FAIL", name.c_str(), 1);
    {
      auto session = Session::Create(Tanh(), options_);
      ASSERT_TRUE(session.ok());
      const auto result = (*session)->Run({{"x", Picture(4, 5)}});
      ASSERT_FALSE(result.ok()) << name;
      EXPECT_EQ(result.status().code(), picabia::StatusCode::kUnsupported);
      EXPECT_NE(result.status().message().find(name + " gave 632020"), std::string::npos)
          << result.status().message();
      EXPECT_NE(result.status().message().find(RECORDING_CNRT), std::string::npos);
    }
    EXPECT_EQ(Names().back(), "cnrtDestroy");
  }
}

TEST_F(CnrtClient, WrongLibrariesAreNamed) {
  setenv("PICABIA_CNRT", "/nowhere/libcnrt.so", 1);
  const auto missing = Session::Create(Tanh(), options_);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.status().message().find("/nowhere/libcnrt.so"), std::string::npos);
  setenv("PICABIA_CNRT", "libm.so.6", 1);
  const auto other = Session::Create(Tanh(), options_);
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.status().message().find("has no function cnrtInit"), std::string::npos);
  options_.device = picabia::runtime::DeviceKind::kCpu;
  EXPECT_TRUE(Session::Create(Tanh(), options_).ok()) << "device cpu does not look";
}

}  // namespace
