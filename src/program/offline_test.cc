// Offline models: round trips, files that are cut or changed at any byte, and what stands behind
// the checksums.
#include "program/offline.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace picabia::program {
namespace {

std::shared_ptr<const Program> Relu(const Shape& shape) {
  Program p;
  p.source = "relu.pb";
  p.compiler_version = "1.2.3";
  p.values = {{"x", DType::kF32}, {"y", DType::kF32}};
  p.steps.push_back({"relu", ops::Unary{ops::UnaryKind::kRelu, 0}, {0}, {1}});
  p.inputs.push_back({0, true, shape, {}});
  p.outputs.push_back({1, false, {}, {}});
  return std::make_shared<const Program>(std::move(p));
}

OfflineFunction Function(const std::string& name, int64_t batch) {
  OfflineFunction f;
  f.name = name;
  f.inputs = {{"x", DType::kU8, {batch, 4, 5, 3}, true, {1, 2, 3}, {0, -1, 0.5f}}};
  f.outputs = {{"y", DType::kF16, {batch, 4, 5, 3}, true}};
  f.model_parallelism = 4;
  f.memory_bytes = 1000;
  f.program = Relu({batch, 3, 4, 5});
  return f;
}

OfflineModel SmallModel() {
  OfflineModel m;
  m.source = "relu.pb";
  m.compiler_version = "1.2.3";
  m.functions = {Function("subnet0", 1), Function("subnet1", 4)};
  return m;
}

class Aligned {
 public:
  explicit Aligned(const std::string& s)
      : tensor_(*Tensor::Create(DType::kU8, {static_cast<int64_t>(s.size())})) {
    std::memcpy(tensor_.MutableData<char>(), s.data(), s.size());
  }
  std::span<const std::byte> span() const { return {tensor_.bytes(), tensor_.num_bytes()}; }

 private:
  Tensor tensor_;
};

Result<OfflineModel> Read(const std::string& bytes) {
  const Aligned aligned(bytes);
  return ReadOffline(aligned.span(), nullptr);
}

std::string Bytes() { return *WriteOffline(SmallModel()); }

TEST(OfflineFile, RoundTripsEverything) {
  const Aligned bytes(Bytes());
  const auto back = ReadOffline(bytes.span(), nullptr);
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->target, "mlu270");
  EXPECT_EQ(back->source, "relu.pb");
  ASSERT_EQ(back->functions.size(), 2u);
  const OfflineFunction& f = back->functions[1];
  EXPECT_EQ(f.name, "subnet1");
  EXPECT_EQ(f.inputs[0].shape, (Shape{4, 4, 5, 3}));
  EXPECT_EQ(f.inputs[0].program_shape(), (Shape{4, 3, 4, 5}));
  EXPECT_EQ(f.inputs[0].dtype, DType::kU8);
  EXPECT_EQ(f.inputs[0].bytes(), 240);
  EXPECT_EQ(f.outputs[0].bytes(), 480);
  EXPECT_EQ(f.inputs[0].scale, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(f.inputs[0].shift, (std::vector<float>{0, -1, 0.5f}));
  EXPECT_EQ(f.model_parallelism, 4);
  EXPECT_EQ(f.memory_bytes, 1000);
  EXPECT_EQ(f.program->steps[0].name, "relu");
  EXPECT_EQ(*WriteOffline(*back), Bytes());
  EXPECT_EQ(*OfflineSize(bytes.span()), static_cast<int64_t>(Bytes().size()));
}

TEST(OfflineFile, IsRefusedWhenCutAnywhereOrLengthened) {
  const std::string whole = Bytes();
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(Read(whole.substr(0, n)).ok()) << n;
  EXPECT_FALSE(Read(whole + '\0').ok());
}

TEST(OfflineFile, IsRefusedWhenAnyByteIsChanged) {
  const std::string whole = Bytes();
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const int change : {1, 0x80, 0xFF}) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ change);
      EXPECT_FALSE(Read(changed).ok()) << "byte " << i << " ^ " << change;
    }
  }
}

TEST(OfflineFile, NamesTheVendorsFormat) {
  const auto result = Read(std::string("\x7FMEF", 4) + std::string(100, '\0'));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(result.status().message().find("Cambricon"), std::string::npos);
}

// The header's checksum, by the words of docs/file-format.md and not by the writer's code: 56 bytes
// are one turn of four lanes and 24 bytes behind it.
uint64_t HeaderSum(const std::string& header) {
  const auto turn = [](uint64_t sum, uint64_t word, int bits) {
    sum = (sum ^ word) * 0x100000001B3;
    return sum << bits | sum >> (64 - bits);
  };
  uint64_t lanes[4] = {0xCBF29CE484222325, 0x9AE16A3B2F90404F, 0xC3A5C85C97CB3127,
                       0xB492B66FBE98F273};
  for (size_t i = 0; i < 4; ++i) {
    uint64_t word = 0;
    for (size_t k = 8; k-- > 0;) word = word << 8 | static_cast<uint8_t>(header[8 * i + k]);
    lanes[i] = turn(lanes[i], word, 29);
  }
  for (size_t i = 32; i < 56; ++i)
    lanes[i % 4] = turn(lanes[i % 4], static_cast<uint8_t>(header[i]), 29);
  uint64_t sum = 56;
  for (const uint64_t lane : lanes) sum = turn(sum, lane, 31);
  return sum;
}

TEST(OfflineFile, LaterVersionIsRefusedWithBothNamed) {
  std::string later = Bytes();
  later[8] = 2;
  const uint64_t sum = HeaderSum(later);
  for (size_t k = 0; k < 8; ++k) later[56 + k] = static_cast<char>(sum >> (8 * k));
  const auto result = Read(later);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kUnsupported) << result.status().message();
  EXPECT_NE(result.status().message().find("version 2"), std::string::npos);
  EXPECT_NE(result.status().message().find("version 1"), std::string::npos);
}

// A file of the first version stays readable for ever.
TEST(OfflineFile, FirstVersionIsRead) {
  const unsigned char kFile[] = {
#include "program/offline_v1.inc"
  };
  const auto model = Read(std::string(reinterpret_cast<const char*>(kFile), sizeof(kFile)));
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_EQ(model->functions.size(), 2u);
  EXPECT_EQ(model->functions[1].inputs[0].shape, (Shape{4, 4, 5, 3}));
  EXPECT_EQ(model->functions[0].inputs[0].shift, (std::vector<float>{0, -1, 0.5f}));
}

TEST(OfflineFile, RefusesAnythingThatIsNoModel) {
  EXPECT_FALSE(Read("").ok());
  EXPECT_FALSE(Read(std::string(4096, '\0')).ok());
  EXPECT_FALSE(Read(*WriteProgram(*Relu({1}))).ok());
}

TEST(OfflineFile, ChecksWhatItWrites) {
  const auto refused = [](auto change) {
    OfflineModel m = SmallModel();
    change(m.functions[0]);
    return !WriteOffline(m).ok();
  };
  EXPECT_FALSE(refused([](OfflineFunction&) {}));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.name = "subnet1"; }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.name = ""; }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.inputs.clear(); }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.inputs[0].name = "z"; }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.inputs[0].shape[1] = 5; }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.inputs[0].scale.pop_back(); }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.outputs[0].shape = {-1, 4, 5, 3}; }));
  EXPECT_TRUE(refused([](OfflineFunction& f) {
    f.outputs[0].shape.assign(4, std::numeric_limits<int32_t>::max());
  }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.model_parallelism = 0; }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.memory_bytes = -1; }));
  EXPECT_TRUE(refused([](OfflineFunction& f) { f.program = nullptr; }));
  OfflineModel m = SmallModel();
  m.target = "mlu999";
  EXPECT_FALSE(WriteOffline(m).ok());
}

}  // namespace
}  // namespace picabia::program
