// The file form: round trips, damage at every byte, and the checks behind the checksum-free
// structure. The programs are built here by hand, without the compiler.
#include "program/program.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "base/half.h"

namespace picabia::program {
namespace {

Tensor Floats(const std::vector<float>& v) {
  return *Tensor::From<float>({static_cast<int64_t>(v.size())}, v);
}

// x -> ConvBlock 1x1, 2 -> 3 channels, with bias -> Relu -> y.
Program SmallProgram() {
  Program p;
  p.source = "small.pb";
  p.compiler_version = "1.2.3";
  p.values = {{"x", DType::kF32},
              {"w", DType::kF32},
              {"b", DType::kF32},
              {"c", DType::kF32},
              {"y", DType::kF32}};
  std::vector<float> panel(2 * 16, 0.f);
  for (size_t i = 0; i < 3; ++i) {
    panel[i] = static_cast<float>(i) + 0.1f;
    panel[16 + i] = -1.7f;
  }
  p.constants.push_back({1, DType::kF32, Packing::kPanels16, {1, 1, 2, 3}, Floats(panel)});
  p.constants.push_back({2, DType::kF32, Packing::kPlain, {3}, Floats({1, 2, 3})});
  ops::ConvBlock block;
  block.has_bias = true;
  block.window.strides = {2, 1};
  p.steps.push_back({"conv", block, {0, 1, 2}, {3}});
  p.steps.push_back({"relu", ops::Unary{ops::UnaryKind::kRelu, 0}, {3}, {4}});
  p.inputs.push_back({0, true, {-1, -1, -1, 2}, {1, 8, 8, 2}});
  p.outputs.push_back({4, false, {}, {}});
  p.picture.bgr = true;
  p.picture.out_shift = EveryChannel(0.5f);
  return p;
}

// Bytes at the alignment that a mapped file has.
class AlignedBytes {
 public:
  explicit AlignedBytes(const std::string& s)
      : tensor_(*Tensor::Create(DType::kU8, {static_cast<int64_t>(s.size())})) {
    std::memcpy(tensor_.MutableData<char>(), s.data(), s.size());
  }
  std::span<const std::byte> span() const { return {tensor_.bytes(), tensor_.num_bytes()}; }
  char* data() { return tensor_.MutableData<char>(); }

 private:
  Tensor tensor_;
};

Result<Program> Read(const AlignedBytes& bytes) { return ReadProgram(bytes.span(), nullptr); }

TEST(ProgramFile, RoundTripsEverything) {
  const Program p = SmallProgram();
  const auto bytes = WriteProgram(p);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  const AlignedBytes aligned(*bytes);
  const auto back = Read(aligned);
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->source, p.source);
  EXPECT_EQ(back->compiler_version, p.compiler_version);
  EXPECT_EQ(back->picture, p.picture);
  ASSERT_EQ(back->steps.size(), 2u);
  EXPECT_EQ(back->steps[0].op, p.steps[0].op);
  EXPECT_EQ(back->steps[0].inputs, p.steps[0].inputs);
  EXPECT_EQ(back->inputs[0].declared_shape, p.inputs[0].declared_shape);
  EXPECT_EQ(back->inputs[0].default_shape, p.inputs[0].default_shape);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(back->constants[i].shape, p.constants[i].shape);
    EXPECT_EQ(std::memcmp(back->constants[i].data.bytes(), p.constants[i].data.bytes(),
                          p.constants[i].data.num_bytes()),
              0);
    // Viewed in place: inside the bytes, aligned for the widest loads.
    EXPECT_GE(back->constants[i].data.bytes(), aligned.span().data());
    EXPECT_LT(back->constants[i].data.bytes(), aligned.span().data() + aligned.span().size());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(back->constants[i].data.bytes()) % 64, 0u);
  }
  EXPECT_EQ(*WriteProgram(*back), *bytes);  // the same program gives the same bytes
}

TEST(ProgramFile, PictureConventionsComeBack) {
  PictureConvention per_channel{.nchw = true, .bgr = true};
  per_channel.scale = {0.1f, 0.2f, 0.3f, 1};
  per_channel.shift = {-1, -2, -3, 0};
  per_channel.out_scale = {1, 1, 1, 255};
  per_channel.out_shift = {0, 0, 0, 0.5f};
  for (const PictureConvention& picture :
       {PictureConvention{}, PictureConvention{.nchw = true, .out_nchw = true},
        PictureConvention{.out_nchw = true}, per_channel}) {
    Program p = SmallProgram();
    p.picture = picture;
    const auto bytes = WriteProgram(p);
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    const auto back = Read(AlignedBytes(*bytes));
    ASSERT_TRUE(back.ok()) << back.status().message();
    EXPECT_EQ(back->picture, picture);
  }
}

TEST(ProgramFile, EveryPrefixIsRefused) {
  const std::string bytes = *WriteProgram(SmallProgram());
  for (size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(Read(AlignedBytes(bytes.substr(0, n))).ok()) << n;
}

// Any change of any byte: refused or a legal program, and never a read outside (the sanitizers
// watch).
TEST(ProgramFile, EveryByteChangedIsRefusedOrLegal) {
  const std::string bytes = *WriteProgram(SmallProgram());
  int refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    for (const int flip : {1, 0x80, 0xFF}) {
      AlignedBytes damaged(bytes);
      damaged.data()[i] = static_cast<char>(damaged.data()[i] ^ flip);
      const auto program = Read(damaged);
      if (program.ok()) {
        EXPECT_TRUE(CheckProgram(*program).ok());
      } else {
        ++refused;
        EXPECT_FALSE(program.status().message().empty());
      }
    }
  EXPECT_GT(refused, 100);
}

TEST(ProgramFile, ForeignBytesAreNamed) {
  EXPECT_FALSE(LooksLikeProgram({}));
  const auto result = Read(AlignedBytes("version https://git-lfs.github.com/spec/v1\n"));
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.status().message().find("not a compiled program"), std::string::npos);
}

struct Broken {
  const char* rule;
  void (*damage)(Program&);
};

const Broken kBroken[] = {
    {"not made before", [](Program& p) { p.steps[0].inputs[0] = 4; }},
    {"not made before", [](Program& p) { p.steps[0].inputs[0] = -1; }},
    {"not made before", [](Program& p) { p.steps[1].inputs[0] = 99; }},
    {"made twice", [](Program& p) { p.steps[1].outputs[0] = 3; }},
    {"made twice", [](Program& p) { p.inputs[0].value = 1; }},
    {"made by no step", [](Program& p) { p.outputs[0].value = 77; }},
    {"has no output", [](Program& p) { p.outputs.clear(); }},
    {"inputs", [](Program& p) { p.steps[0].inputs.pop_back(); }},
    {"strides", [](Program& p) { std::get<ops::ConvBlock>(p.steps[0].op).window.strides[0] = 0; }},
    {"pads", [](Program& p) { std::get<ops::ConvBlock>(p.steps[0].op).window.pads[0] = -5; }},
    {"kind",
     [](Program& p) {
       std::get<ops::Unary>(p.steps[1].op).kind = static_cast<ops::UnaryKind>(200);
     }},
    {"packed", [](Program& p) { p.constants[0].shape = {1, 1, 2, 99}; }},
    {"four dimensions", [](Program& p) { p.constants[0].shape = {0, 1, 2, 3}; }},
    {"four dimensions",
     [](Program& p) { p.constants[0].shape = {int64_t{1} << 40, int64_t{1} << 40, 2, 3}; }},
    {"not a packed filter",
     [](Program& p) {
       p.constants[0].packing = Packing::kPlain;
       p.constants[0].shape = {32};
     }},
    {"is a packed filter", [](Program& p) { p.steps[1].inputs[0] = 1; }},
    {"elements", [](Program& p) { p.constants[1].shape = {4}; }},
    {"element type", [](Program& p) { p.values[4].dtype = static_cast<DType>(250); }},
    {"stored as", [](Program& p) { p.values[2].dtype = DType::kI32; }},
    {"not finite", [](Program& p) { p.picture.scale[0] = std::numeric_limits<float>::infinity(); }},
    {"not finite",
     [](Program& p) { p.picture.out_shift[3] = std::numeric_limits<float>::quiet_NaN(); }},
};

TEST(CheckProgramTest, EachRuleIsEnforcedAndNamed) {
  ASSERT_TRUE(CheckProgram(SmallProgram()).ok());
  for (const Broken& broken : kBroken) {
    Program p = SmallProgram();
    broken.damage(p);
    const Status status = CheckProgram(p);
    ASSERT_FALSE(status.ok()) << broken.rule;
    EXPECT_NE(status.message().find(broken.rule), std::string::npos) << status.message();
    EXPECT_FALSE(WriteProgram(p).ok());
  }
}

}  // namespace
}  // namespace picabia::program
