// Offline models that are cut, changed, or say what cannot be: refused from a file and from memory
// alike; and where the checksums are made to fit, nothing crashes all the same.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "cnrt/cnrt.h"
#include "cnrt/small_model.h"

namespace {

constexpr size_t kHeader = 64;

// The checksum of docs/file-format.md, by its words and not by the writer's code.
uint64_t Sum(const std::string& bytes) {
  const auto turn = [](uint64_t sum, uint64_t word, int bits) {
    sum = (sum ^ word) * 0x100000001B3;
    return sum << bits | sum >> (64 - bits);
  };
  uint64_t lanes[4] = {0xCBF29CE484222325, 0x9AE16A3B2F90404F, 0xC3A5C85C97CB3127,
                       0xB492B66FBE98F273};
  size_t i = 0;
  for (; i < bytes.size() / 32 * 32; i += 8) {
    uint64_t word = 0;
    for (size_t k = 8; k-- > 0;) word = word << 8 | static_cast<uint8_t>(bytes[i + k]);
    lanes[i / 8 % 4] = turn(lanes[i / 8 % 4], word, 29);
  }
  for (; i < bytes.size(); ++i)
    lanes[i % 4] = turn(lanes[i % 4], static_cast<uint8_t>(bytes[i]), 29);
  uint64_t sum = bytes.size();
  for (const uint64_t lane : lanes) sum = turn(sum, lane, 31);
  return sum;
}

void PutNumber(std::string* bytes, size_t at, uint64_t value, size_t n) {
  for (size_t k = 0; k < n; ++k) (*bytes)[at + k] = static_cast<char>(value >> (8 * k));
}

std::string WithRightSums(std::string bytes) {
  PutNumber(&bytes, 24, Sum(bytes.substr(kHeader)), 8);
  PutNumber(&bytes, 56, Sum(bytes.substr(0, 56)), 8);
  return bytes;
}

class DamagedModels : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS); }
  void TearDown() override {
    std::remove(path_.c_str());
    cnrtDestroy();
  }

  cnrtRet_t FromFile(const std::string& bytes, cnrtModel_t* model) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return cnrtLoadModel(model, path_.c_str());
  }
  // What the image claims to have and does not is other bytes, as it would be in a client's memory.
  cnrtRet_t FromMemory(std::string bytes, cnrtModel_t* model) {
    if (bytes.size() < whole_.size()) bytes.append(whole_.size() - bytes.size(), '\x5A');
    return cnrtLoadModelFromMem(model, bytes.data());
  }
  void ExpectRefused(const std::string& bytes) {
    cnrtModel_t model = reinterpret_cast<cnrtModel_t>(this);
    EXPECT_NE(FromFile(bytes, &model), CNRT_RET_SUCCESS);
    EXPECT_EQ(model, nullptr);
    int size = 1;
    if (bytes.size() != whole_.size()) {
      EXPECT_NE(cnrtGetModelSize(path_.c_str(), &size), CNRT_RET_SUCCESS);
      EXPECT_EQ(size, 0);
    }
    model = reinterpret_cast<cnrtModel_t>(this);
    EXPECT_NE(FromMemory(bytes, &model), CNRT_RET_SUCCESS);
    EXPECT_EQ(model, nullptr);
  }

  const std::string whole_ = picabia::cnrt::SmallModelBytes();
  const std::string path_ =
      testing::TempDir() + "cnrt_damaged_" + std::to_string(getpid()) + ".cambricon";
};

// Uses all there is of a function; errors are as good as results.
void Use(cnrtModel_t model, const char* name) {
  cnrtFunction_t function = nullptr;
  ASSERT_EQ(cnrtCreateFunction(&function), CNRT_RET_SUCCESS);
  if (cnrtExtractFunction(&function, model, name) == CNRT_RET_SUCCESS) {
    std::vector<void*> params;
    int num = 0;
    bool enough = true;
    int64_t* sizes = nullptr;
    for (const auto ask : {cnrtGetInputDataSize, cnrtGetOutputDataSize}) {
      if (ask(&sizes, &num, function) != CNRT_RET_SUCCESS) continue;
      for (int i = 0; i < num; ++i)
        enough =
            cnrtMalloc(&params.emplace_back(), static_cast<size_t>(sizes[i])) == CNRT_RET_SUCCESS &&
            enough;
      std::free(sizes);
    }
    cnrtRuntimeContext_t context = nullptr;
    cnrtCreateRuntimeContext(&context, function, nullptr);
    if (cnrtInitRuntimeContext(context, nullptr) == CNRT_RET_SUCCESS && enough) {
      cnrtInvokeRuntimeContext(context, params.data(), nullptr, nullptr);
      cnrtSyncQueue(nullptr);
    }
    cnrtDestroyRuntimeContext(context);
    for (void* param : params) cnrtFree(param);
  }
  cnrtDestroyFunction(function);
}

TEST_F(DamagedModels, TheOracleOfChecksumsIsRight) {
  EXPECT_EQ(WithRightSums(whole_), whole_);
  cnrtModel_t model = nullptr;
  EXPECT_EQ(FromFile(whole_, &model), CNRT_RET_SUCCESS);
  cnrtUnloadModel(model);
}

TEST_F(DamagedModels, CutAtEvery64Bytes) {
  for (size_t n = 0; n < whole_.size(); n += 64) {
    SCOPED_TRACE(n);
    ExpectRefused(whole_.substr(0, n));
  }
  ExpectRefused(whole_.substr(0, whole_.size() - 1));
}

TEST_F(DamagedModels, AnyByteChanged) {
  for (size_t i = 0; i < whole_.size(); ++i) {
    SCOPED_TRACE(i);
    std::string changed = whole_;
    changed[i] = static_cast<char>(changed[i] ^ (i % 2 == 0 ? 0x80 : 0x01));
    ExpectRefused(changed);
  }
}

TEST_F(DamagedModels, SizesInTheHeaderThatCannotBe) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{63}, uint64_t{1} << 40, ~uint64_t{0}}) {
    std::string changed = whole_;
    PutNumber(&changed, 16, size, 8);
    ExpectRefused(changed);
    PutNumber(&changed, 56, Sum(changed.substr(0, 56)), 8);
    ExpectRefused(changed);
  }
}

// Every word of the tables as a count, an offset, a dimension that cannot be. Most are refused; one
// that is not (a byte of a name) makes a model which may be used, with the same outcome from either
// source.
TEST_F(DamagedModels, OversizedCountsUnderRightChecksums) {
  int refused = 0, taken = 0;
  for (size_t at = kHeader; at + 4 <= whole_.size(); at += 4)
    for (const uint64_t value : {uint64_t{0xFFFFFFFF}, uint64_t{0x7FFFFFFF}, uint64_t{0x10000}}) {
      SCOPED_TRACE(testing::Message() << "word at " << at << " = " << value);
      std::string changed = whole_;
      PutNumber(&changed, at, value, 4);
      changed = WithRightSums(changed);
      cnrtModel_t one = nullptr, other = nullptr;
      const cnrtRet_t result = FromFile(changed, &one);
      EXPECT_EQ(FromMemory(changed, &other), result);
      EXPECT_EQ(one == nullptr, result != CNRT_RET_SUCCESS);
      EXPECT_EQ(other == nullptr, result != CNRT_RET_SUCCESS);
      ++(result == CNRT_RET_SUCCESS ? taken : refused);
      if (result != CNRT_RET_SUCCESS) continue;
      Use(one, "subnet0");
      Use(other, "subnet1");
      cnrtUnloadModel(one);
      cnrtUnloadModel(other);
    }
  EXPECT_GT(refused, 100);
  EXPECT_GT(taken, 0);
}

}  // namespace
