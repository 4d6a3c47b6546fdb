// Tests of the size rules and of reflection.
#include "studio/sizes.h"

#include <gtest/gtest.h>

namespace picabia::studio {
namespace {

// A chain of steps over values 0, 1, 2, ...; the filters are left out: the rule does not read them.
program::Program Chain(std::vector<ops::Op> ops) {
  program::Program program;
  program.values.resize(ops.size() + 1);
  program.inputs.resize(1);
  program.inputs[0].value = 0;
  for (size_t i = 0; i < ops.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    program.steps.push_back({"step", ops[i], {index}, {index + 1}});
  }
  return program;
}

ops::ConvBlock Block(int64_t stride, bool transposed = false) {
  ops::ConvBlock block;
  block.window.strides = {stride, stride};
  block.transposed = transposed;
  return block;
}

ops::Pad Reflect(int64_t pixels) {
  return {ops::PadMode::kReflect, {0, pixels, pixels, 0}, {0, pixels, pixels, 0}, 0};
}

TEST(SizeRule, OfAnEmptyProgramAdmitsAll) {
  const SizeRule rule = SizeRuleOf(Chain({}));
  EXPECT_EQ(rule.multiple, 1);
  EXPECT_EQ(rule.minimum, 1);
}

TEST(SizeRule, TakesTheDeepestReduction) {
  EXPECT_EQ(SizeRuleOf(Chain({Block(1), Block(2), Block(2), Block(1), Block(2, true),
                              Block(2, true), Block(1)}))
                .multiple,
            4);
}

TEST(SizeRule, KnowsEveryKindOfStep) {
  ops::Conv2D conv;
  conv.window.strides = {3, 3};
  ops::Int8Conv2D int8;
  int8.window.strides = {1, 2};
  ops::Resize resize;
  resize.axes = {1, 2};
  resize.scales = {3, 3};
  EXPECT_EQ(SizeRuleOf(Chain({conv, int8, resize})).multiple, 6);
  ops::QuantizedConv2D quantized;
  quantized.window.strides = {4, 4};
  EXPECT_EQ(SizeRuleOf(Chain({quantized})).multiple, 4);
  EXPECT_EQ(SizeRuleOf(Chain({conv, resize, int8})).multiple, 6);  // least common multiple of 3, 2
  ops::ConvTranspose2D up;
  up.window.strides = {2, 2};
  EXPECT_EQ(SizeRuleOf(Chain({up, int8})).multiple, 1);  // enlarged first: any size will do
}

TEST(SizeRule, CountsReflectionInPixelsOfThePicture) {
  EXPECT_EQ(SizeRuleOf(Chain({Reflect(40)})).minimum, 41);
  EXPECT_EQ(SizeRuleOf(Chain({Block(2), Block(2), Reflect(1)})).minimum, 8);
  ops::ConvBlock block = Block(2);
  block.pad_mode = ops::PadMode::kReflect;
  block.window.pads = {4, 4, 4, 4};
  EXPECT_EQ(SizeRuleOf(Chain({block})).minimum, 5);
}

TEST(SizeRule, StaysBoundedForAbsurdPrograms) {
  std::vector<ops::Op> ops(100, Block(1'000'003));
  ops.push_back(Reflect(int64_t{1} << 60));
  const SizeRule rule = SizeRuleOf(Chain(ops));
  EXPECT_LE(rule.multiple, 1024);
  EXPECT_LE(rule.minimum, 65536);
}

TEST(PaddedSize, IsTheNextMultipleAtLeastTheMinimum) {
  const SizeRule rule{4, 9};
  EXPECT_EQ(PaddedSize(1, rule), 12);
  EXPECT_EQ(PaddedSize(9, rule), 12);
  EXPECT_EQ(PaddedSize(12, rule), 12);
  EXPECT_EQ(PaddedSize(13, rule), 16);
}

TEST(ReflectIndices, MirrorWithoutRepeatingTheEdge) {
  EXPECT_EQ(ReflectIndices(1, 4), (std::vector<int64_t>{0, 0, 0, 0}));
  EXPECT_EQ(ReflectIndices(2, 5), (std::vector<int64_t>{0, 1, 0, 1, 0}));
  EXPECT_EQ(ReflectIndices(3, 8), (std::vector<int64_t>{0, 1, 2, 1, 0, 1, 2, 1}));
  EXPECT_EQ(ReflectIndices(4, 4), (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST(ParseSize, TakesHeightThenWidth) {
  const auto size = ParseSize("256x512");
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(*size, std::pair(int64_t{256}, int64_t{512}));
}

TEST(ParseSize, RefusesTheRest) {
  for (const char* text : {"", "x", "512", "512x", "x512", "0x1", "1x0", "-1x2", "1x2x3", " 1x2",
                           "1x2 ", "1.5x2", "65537x1", "99999999999999999999x1", "1*2"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

}  // namespace
}  // namespace picabia::studio
