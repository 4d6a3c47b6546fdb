// Tests of base/: half conversion against its definition, npy round trips and damage, files,
// threads, sizes.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/checked.h"
#include "base/cpu.h"
#include "base/file.h"
#include "base/half.h"
#include "base/npy.h"
#include "base/sha256.h"
#include "base/threads.h"

namespace picabia {
namespace {

std::span<const std::byte> Bytes(const std::string& s) {
  return std::as_bytes(std::span(s.data(), s.size()));
}

TEST(Half, EveryHalfGoesToFloatAndBack) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float f = HalfToFloat(static_cast<uint16_t>(h));
    if (std::isnan(f)) continue;
    ASSERT_EQ(FloatToHalf(f), h) << h;
  }
}

// The nearest half found by search among neighbours, in double, ties to the even one.
TEST(Half, RoundsToNearestEven) {
  for (uint32_t h = 0; h < 0x7BFF; ++h) {
    const double low = HalfToFloat(static_cast<uint16_t>(h));
    const double high = HalfToFloat(static_cast<uint16_t>(h + 1));
    const float middle = static_cast<float>((low + high) / 2);  // 12 significant bits: exact
    const uint16_t even = static_cast<uint16_t>(h % 2 == 0 ? h : h + 1);
    ASSERT_EQ(FloatToHalf(middle), even) << h;
    ASSERT_EQ(FloatToHalf(std::nextafter(middle, 0.f)), h);
    ASSERT_EQ(FloatToHalf(std::nextafter(middle, 1e9f)), h + 1);
    ASSERT_EQ(FloatToHalf(-middle), even | 0x8000);
  }
  EXPECT_EQ(FloatToHalf(65519.99f), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.f), 0x7C00);
  EXPECT_EQ(FloatToHalf(std::numeric_limits<float>::infinity()), 0x7C00);
  EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(std::nanf("")))));
}

TEST(Checked, ProductRefusesOverflowAndNegatives) {
  EXPECT_EQ(CheckedProduct(Shape{2, 3, 4}), 24);
  EXPECT_EQ(CheckedProduct(Shape{}), 1);
  EXPECT_EQ(CheckedProduct(Shape{int64_t{1} << 40, 0, 8}), 0);
  // Rows times columns must fit even where there are no channels: loops count them.
  EXPECT_FALSE(CheckedProduct(Shape{int64_t{1} << 40, int64_t{1} << 40, 0}));
  EXPECT_FALSE(CheckedProduct(Shape{int64_t{1} << 32, int64_t{1} << 32}));
  EXPECT_FALSE(CheckedProduct(Shape{4, -1}));
}

TEST(TensorTest, RefusesImpossibleShapes) {
  EXPECT_FALSE(Tensor::Create(DType::kF32, {-1}).ok());
  EXPECT_FALSE(Tensor::Create(DType::kF64, {int64_t{1} << 60}).ok());
  EXPECT_TRUE(Tensor::Create(DType::kF32, {0, 5}).ok());
}

TEST(Npy, RoundTripsEveryTypeAndRank) {
  const Shape shapes[] = {{}, {0}, {1}, {7}, {2, 3}, {1, 2, 3, 4}};
  for (int d = 0; d < kNumDTypes; ++d) {
    for (const Shape& shape : shapes) {
      auto tensor = Tensor::Create(static_cast<DType>(d), shape);
      ASSERT_TRUE(tensor.ok());
      for (size_t i = 0; i < tensor->num_bytes(); ++i)
        tensor->MutableData<uint8_t>()[i] = static_cast<uint8_t>(i * 7 + 1);
      const std::string file = FormatNpy(*tensor);
      auto back = ParseNpy(Bytes(file));
      ASSERT_TRUE(back.ok()) << back.status().message();
      EXPECT_EQ(back->dtype(), tensor->dtype());
      EXPECT_EQ(back->shape(), shape);
      EXPECT_EQ(std::memcmp(back->bytes(), tensor->bytes(), tensor->num_bytes()), 0);
    }
  }
}

TEST(Npy, EveryPrefixIsRefused) {
  auto tensor = Tensor::From<float>({2, 2}, {1, 2, 3, 4});
  const std::string file = FormatNpy(*tensor);
  for (size_t n = 0; n < file.size(); ++n) {
    // A copy of just n bytes, so that a sanitizer sees a read past the end.
    const std::string cut(file.data(), n);
    EXPECT_FALSE(ParseNpy(Bytes(cut)).ok()) << n;
  }
}

TEST(Npy, ReadsFortranOrder) {
  auto tensor = Tensor::From<float>({2, 3}, {1, 4, 2, 5, 3, 6});
  std::string file = FormatNpy(*tensor);
  file.replace(file.find("False"), 5, "True ");
  auto back = ParseNpy(Bytes(file));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*FloatValues(*back), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(File, ReplacesWholeOrNotAtAll) {
  const auto dir = std::filesystem::temp_directory_path() / ("picabia" + std::to_string(getpid()));
  std::filesystem::create_directory(dir);
  const std::string path = dir / "out";
  ASSERT_TRUE(WriteFileAtomically(path, "first").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "second").ok());
  auto file = FileBytes::Open(path);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->bytes().size(), 6u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir), {}), 1);
  EXPECT_FALSE(WriteFileAtomically(dir / "missing" / "x", "y").ok());
  EXPECT_FALSE(WriteFileAtomically("/dev/full", "y").ok());
  EXPECT_FALSE(FileBytes::Open(dir).ok());
  EXPECT_EQ(FileBytes::Open(dir / "nothing").status().code(), StatusCode::kNotFound);
  std::filesystem::remove_all(dir);
}

TEST(Threads, CallsEachIndexOnceAndSlotsAreExclusive) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    std::vector<std::atomic<int>> calls(1000);
    std::vector<std::atomic<int>> busy(static_cast<size_t>(threads));
    pool.For(1000, [&](int64_t i, int slot) {
      ASSERT_LT(slot, threads);
      EXPECT_EQ(busy[static_cast<size_t>(slot)].fetch_add(1), 0);
      calls[static_cast<size_t>(i)]++;
      busy[static_cast<size_t>(slot)].fetch_sub(1);
    });
    for (const auto& c : calls) EXPECT_EQ(c, 1);
  }
}

TEST(Cpu, ForcedInstructionSet) {
  setenv("PICABIA_ISA", "scalar", 1);
  EXPECT_EQ(*SelectIsa(), Isa::kScalar);
  setenv("PICABIA_ISA", "sse9", 1);
  EXPECT_FALSE(SelectIsa().ok());
  // No machine has both.
  setenv("PICABIA_ISA", BestIsa() == Isa::kNeon ? "sse4" : "neon", 1);
  EXPECT_FALSE(SelectIsa().ok());
  unsetenv("PICABIA_ISA");
  EXPECT_EQ(*SelectIsa(), BestIsa());
  EXPECT_EQ(MachineIsas().front(), Isa::kScalar);
  EXPECT_EQ(MachineIsas().back(), BestIsa());
}

// The examples of FIPS 180-2, and lengths around a block.
TEST(Sha256, GivesThePublishedHashes) {
  EXPECT_EQ(Sha256Hex(std::string_view("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(std::string_view()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex(std::string_view("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 pieces;
  for (int i = 0; i < 1000; ++i) pieces.Add(std::string(1000, 'a'));
  EXPECT_EQ(pieces.Hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace picabia
