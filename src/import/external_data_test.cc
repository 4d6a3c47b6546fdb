// Tensors in other files (case 28): what good models name is read, and nothing outside the model's
// folder can be reached.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "import/import.h"
#include "import/testing/messages.h"

namespace picabia::import {
namespace {

using namespace testing::onnx;  // NOLINT: the messages are written in its words
using testing::Ints;
using testing::Strings;
using testing::Write;
namespace fs = std::filesystem;

using Entries = std::vector<std::pair<std::string, std::string>>;

std::string Entry(const std::string& key, const std::string& value) {
  return Write([&](auto& w) {
    w.add_message(13, Write([&](auto& e) {
                    e.add_string(1, key);
                    e.add_string(2, value);
                  }));
  });
}

std::string External(const Entries& entries, int location = 1) {
  std::string fields;
  for (const auto& [key, value] : entries) fields += Entry(key, value);
  return fields + Write([&](auto& w) { w.add_int32(14, location); });
}

// A folder with a model in it and a secret beside it.
class ExternalData : public ::testing::Test {
 protected:
  void SetUp() override {
    top_ = fs::path(::testing::TempDir()) / ("external" + std::to_string(getpid()));
    fs::create_directories(top_ / "model/inner");
    fs::create_directories(top_ / "outside");
    WriteFloats(top_ / "outside/secret.bin", {7, 7});
    WriteFloats(top_ / "model/w.bin", {1, 2, 3, 4});
    WriteFloats(top_ / "model/inner/w.bin", {5, 6});
  }
  void TearDown() override { fs::remove_all(top_); }

  static void WriteFloats(const fs::path& path, const testing::Floats& values) {
    std::ofstream(path, std::ios::binary) << testing::RawBytes(values);
  }

  // k = a float tensor of `shape`; y = x + k.
  Result<ir::Graph> Load(const std::string& data, const Ints& shape = {2}, int64_t ir_version = 8) {
    Model m;
    m.inputs = {ValueInfo("x", {1, 2})};
    m.outputs = {ValueInfo("y", {})};
    m.nodes = {Node("Add", {"x", "k"}, {"y"}, {}, "n")};
    m.initializers = {Tensor("k", kFloat, shape, data)};
    m.ir_version = ir_version;
    const std::string path = top_ / "model/m.onnx";
    std::ofstream(path, std::ios::binary) << m.Bytes();
    return ImportModel(path);
  }

  void ExpectRefused(const std::string& data, const std::string& rule) {
    const auto start = std::chrono::steady_clock::now();
    const auto graph = Load(data);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1)) << rule;
    ASSERT_FALSE(graph.ok()) << rule;
    const std::string& message = graph.status().message();
    EXPECT_TRUE(message.find("m.onnx: initializer 'k': ") != std::string::npos) << message;
    EXPECT_NE(message.find(rule), std::string::npos) << message;
  }
  void ExpectNameRefused(const std::string& name, const std::string& rule) {
    ExpectRefused(External({{"location", name}}), rule);
  }

  void ExpectRead(const Entries& entries, const testing::Floats& expected, int64_t ir_version = 8) {
    const auto graph = Load(External(entries), {2}, ir_version);
    ASSERT_TRUE(graph.ok()) << graph.status().message();
    EXPECT_EQ(*FloatValues(*graph->value(*graph->FindValue("k")).constant), expected);
  }

  fs::path top_;
};

TEST_F(ExternalData, case_028_GoodModels) {
  for (const int64_t ir_version : {3, 4, 8, 10}) {
    ExpectRead({{"location", "w.bin"}, {"length", "8"}}, {1, 2}, ir_version);
    ExpectRead({{"location", "w.bin"}, {"offset", "8"}, {"length", "8"}}, {3, 4}, ir_version);
  }
  ExpectRead({{"location", "w.bin"}}, {1, 2});
  ExpectRead({{"location", "./inner/w.bin"}, {"checksum", "as onnx, not compared"}}, {5, 6});
  ExpectRead({{"location", "inner//w.bin"}}, {5, 6});
}

TEST_F(ExternalData, case_028_NamesThatLeadOut) {
  for (const char* name : {"../outside/secret.bin", "..", "inner/../w.bin", "inner/../../w.bin",
                           "a/../../b", "inner/.."}) {
    ExpectNameRefused(name, "the name has '..', expected one below the model's folder");
  }
  for (const std::string& name :
       {std::string("/etc/passwd"), std::string("/dev/zero"), std::string("/proc/self/mem"),
        std::string("//etc/passwd"), (top_ / "model/w.bin").string()}) {
    ExpectNameRefused(name, "the name is absolute");
  }
  ExpectNameRefused("#../outside/secret.bin", "#../");  // '#..' is a folder that is not there
  ExpectNameRefused("..\\outside\\secret.bin", "cannot open it");
  ExpectNameRefused("", "the name is empty");
  ExpectNameRefused(".", "the name is that of a folder");
  ExpectNameRefused("inner/", "the name ends in '/'");
  ExpectNameRefused("inner", "it is no regular file");
  ExpectNameRefused(std::string("w.bin\0x", 7), "the name has a zero byte");
  ExpectNameRefused(std::string(1 << 20, 'a'), "the name is too long");
  ExpectNameRefused(std::string(300, 'a'), "cannot open it");
  ExpectNameRefused("gone.bin", "external data 'gone.bin': cannot open it: No such file");
  ExpectNameRefused("\x1b[31m", "external data '\\x1b[31m'");
}

TEST_F(ExternalData, case_028_LinksAndDevices) {
  fs::create_symlink(top_ / "outside/secret.bin", top_ / "model/link.bin");
  ExpectNameRefused("link.bin", "it is a symbolic link");
  fs::create_symlink("w.bin", top_ / "model/near.bin");
  ExpectNameRefused("near.bin", "it is a symbolic link");
  fs::create_directory_symlink(top_ / "outside", top_ / "model/folder");
  ExpectNameRefused("folder/secret.bin", "symbolic links are not followed");
  fs::create_hard_link(top_ / "outside/secret.bin", top_ / "model/hard.bin");
  ExpectNameRefused("hard.bin", "it has 2 hard links, expected 1");
  ASSERT_EQ(mkfifo((top_ / "model/fifo").c_str(), 0600), 0);
  ExpectNameRefused("fifo", "it is no regular file");
  if (mknod((top_ / "model/zero").c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0) {
    ExpectNameRefused("zero", "it is no regular file");
  }
}

TEST_F(ExternalData, case_028_NumbersAndKeys) {
  const auto refused = [this](Entries entries, const std::string& rule) {
    entries.insert(entries.begin(), {"location", "w.bin"});
    ExpectRefused(External(entries), rule);
  };
  refused({{"offset", "9"}}, "it has 16 bytes, expected 8 bytes from byte 9 on");
  refused({{"offset", "18446744073709551615"}, {"length", "8"}}, "it has 16 bytes");
  refused({{"offset", "18446744073709551608"}, {"length", "8"}}, "it has 16 bytes");
  refused({{"length", "18446744073709551615"}}, "it has 16 bytes");
  refused({{"length", "4"}}, "holds 4 bytes of data, expected 8");
  refused({{"length", "16"}}, "holds 16 bytes of data, expected 8");
  for (const char* bad : {"", "-1", "+1", " 1", "0x1", "1 ", "18446744073709551616", "1e1"}) {
    refused({{"offset", bad}}, "expected a whole number that is not negative");
    refused({{"length", bad}}, "expected a whole number that is not negative");
  }
  refused({{"location", "w.bin"}}, "two keys 'location'");
  refused({{"basepath", "/"}}, "external data has a key 'basepath', expected location, offset");
  refused(Entries(20, {"offset", "0"}), "more than 16 keys");
  ExpectRefused(External({}), "external data have no key 'location'");
  ExpectRefused(External({{"location", "w.bin"}}, 0), "says that they are here");
  ExpectRefused(External({{"location", "w.bin"}}, 2), "data_location 2, expected 0");
  ExpectRefused(External({{"location", "w.bin"}}) + Raw("12345678"), "here and in another file");
  // A shape that no file holds.
  const auto huge = Load(External({{"location", "w.bin"}}), {1ll << 36});
  ASSERT_FALSE(huge.ok());
  EXPECT_NE(huge.status().message().find("it has 16 bytes, expected 274877906944"),
            std::string::npos);
}

TEST_F(ExternalData, case_028_ModelsFromMemoryHaveNoFolder) {
  Model m;
  m.inputs = {ValueInfo("x", {1, 2})};
  m.outputs = {ValueInfo("y", {})};
  m.nodes = {Node("Add", {"x", "k"}, {"y"}, {}, "n")};
  m.initializers = {Tensor("k", kFloat, {2}, External({{"location", "w.bin"}}))};
  EXPECT_EQ(testing::Error(m.Bytes()),
            "m.pb: initializer 'k': external data 'w.bin': the model is not a file, so that it has "
            "no folder");
}

}  // namespace
}  // namespace picabia::import
