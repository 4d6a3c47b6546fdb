// Nearest upsampling before a convolution becomes part of it, where that is exact for every size.
#include "passes/upsample.h"

#include <fmt/format.h>

#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

std::string Filter(int64_t k, int64_t ci, int64_t co) {
  std::string items = "0.25";
  for (int64_t i = 1; i < k * k * ci * co; ++i)
    items += fmt::format(", {}", static_cast<double>((i * 7) % 11 - 5) / 8);
  return fmt::format("const  %w : float32 [{}, {}, {}, {}] = {{{}}}\n", k, k, ci, co, items);
}

std::string Net(std::string_view resize, std::string_view pad, int64_t k, std::string_view conv) {
  return "input  %x : float32 [?, ?, ?, 2]\n" + Filter(k, 2, 3) +
         fmt::format("%r = Resize(%x) {{{}}}\n{}%y = Conv2D(%{}, %w) {{{}}}\noutput %y\n", resize,
                     pad.empty() ? "" : fmt::format("%p = Pad(%r) {{{}}}\n", pad),
                     pad.empty() ? "r" : "p", conv);
}

std::string BeforeNorm(std::string net) {
  const std::string output = "output %y\n";
  net.resize(net.size() - output.size());
  return net + "const %s : float32 [3] = {1, 2, 3}\n%z = InstanceNorm(%y, %s, %s)\noutput %z\n";
}

constexpr const char* kFloor = "scales=[1, 2, 2, 1], coordinate_mode=0, nearest_mode=0";
constexpr const char* kReflect1 = "mode=1, before=[0, 1, 1, 0], after=[0, 1, 1, 0]";

void ExpectFolded(const std::string& text, std::string_view block) {
  const std::string after = After(FuseConvBlocks, text);
  EXPECT_NE(after.find(block), std::string::npos) << after;
  EXPECT_EQ(after.find("Resize"), std::string::npos) << after;
  for (const Shape& size : {Shape{1, 1, 1, 2}, {1, 1, 4, 2}, {2, 3, 2, 2}, {1, 6, 5, 2}})
    ExpectSameNumbers(FuseConvBlocks, text, {size}, 1e-5);
}

TEST(Upsample, FoldsIntoTheConvolution) {
  ExpectFolded(Net(kFloor, kReflect1, 3, ""),
               "ConvBlock(%x, %w/upsampled) {strides=[2, 2], pads=[1, 1, 1, 1], "
               "transposed=true, pad_mode=2}");
  ExpectFolded(Net(kFloor, "", 3, "pads=[1, 1, 1, 1]"),
               "{strides=[2, 2], pads=[1, 1, 1, 1], transposed=true}");
  ExpectFolded(Net(kFloor, "", 5, "pad_kind=1"), "transposed=true");
  ExpectFolded(Net(kFloor, "", 1, ""), "transposed=true");
  ExpectFolded(Net(kFloor, "mode=2, before=[0, 2, 2, 0], after=[0, 2, 2, 0]", 5, ""), "pad_mode=2");
  ExpectFolded(Net("scales=[1, 3, 3, 1], coordinate_mode=1, nearest_mode=2",
                   "mode=1, before=[0, 2, 2, 0], after=[0, 2, 2, 0]", 5, ""),
               "strides=[3, 3]");
  ExpectFolded(
      Net("scales=[4, 4], axes=[1, 2], coordinate_mode=5, nearest_mode=0", kReflect1, 3, ""),
      "strides=[4, 4]");
}

TEST(Upsample, StaysWhereItIsNotTheSame) {
  const std::string nets[] = {
      Net("scales=[1, 2, 2, 1], coordinate_mode=0, nearest_mode=1", kReflect1, 3, ""),  // ceil
      Net("scales=[1, 2, 2, 1], mode=1, coordinate_mode=1", kReflect1, 3, ""),          // linear
      Net("scales=[1, 2, 3, 1], coordinate_mode=0, nearest_mode=0", kReflect1, 3, ""),
      Net("scales=[1, 1.5, 1.5, 1], coordinate_mode=0, nearest_mode=0", kReflect1, 3, ""),
      Net("scales=[1, 2, 2, 2], coordinate_mode=0, nearest_mode=0", "", 1, ""),
      Net("sizes=[1, 8, 8, 2], coordinate_mode=0, nearest_mode=0", kReflect1, 3, ""),
      Net(kFloor, "mode=1, before=[0, 2, 2, 0], after=[0, 2, 2, 0]", 5, ""),  // beyond one pixel
      Net(kFloor, "", 3, ""),                                                 // another size
      Net(kFloor, "", 3, "pads=[1, 1, 1, 1], strides=[2, 2]"),
      Net(kFloor, "", 3, "pads=[1, 1, 1, 1], dilations=[2, 2]"),
      Net(kFloor, "", 2, "pad_kind=1"),
      Net(kFloor, kReflect1, 3, "") + "output %r\n",
      BeforeNorm(Net(kFloor, kReflect1, 3, "")),
  };
  for (const std::string& text : nets) {
    const std::string after = After(FuseConvBlocks, text);
    EXPECT_NE(after.find("Resize"), std::string::npos) << after;
  }
}

}  // namespace
}  // namespace picabia::passes
