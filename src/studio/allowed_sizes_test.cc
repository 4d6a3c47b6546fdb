// Tests of the sizes that messages name.
#include "studio/allowed_sizes.h"

#include <gtest/gtest.h>

#include <functional>

#include "compile/compile.h"
#include "ir/text.h"

namespace picabia::studio {
namespace {

std::string TextOf(const std::function<bool(int64_t)>& takes) {
  std::vector<bool> allowed;
  for (int64_t size = 1; size <= 256; ++size) allowed.push_back(takes(size));
  return SizesText(allowed);
}

TEST(SizesText, SaysTheRule) {
  EXPECT_EQ(TextOf([](int64_t) { return true; }), "");
  EXPECT_EQ(TextOf([](int64_t) { return false; }), "");
  EXPECT_EQ(TextOf([](int64_t n) { return n >= 9; }), "at least 9");
  EXPECT_EQ(TextOf([](int64_t n) { return n % 4 == 0; }), "a multiple of 4");
  EXPECT_EQ(TextOf([](int64_t n) { return n % 4 == 0 && n >= 16; }),
            "a multiple of 4, at least 16");
  EXPECT_EQ(TextOf([](int64_t n) { return n == 64; }), "64");
  EXPECT_EQ(TextOf([](int64_t n) { return n == 1 || n == 5 || n == 6; }), "one of 1, 5, 6");
  EXPECT_EQ(TextOf([](int64_t n) { return n % 4 == 1; }),
            "one of 1, 5, 9, 13, 17, 21, 25, 29, ...");
}

std::string Message(std::string_view text, const std::vector<Shape>& shapes) {
  auto graph = ir::Parse(text);
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  const auto program = compile::CompileGraph(*std::move(graph));
  EXPECT_TRUE(program.ok()) << program.status().message();
  return WithAllowedSizes(InvalidArgument("failed"), *program, shapes).message();
}

// A skip connection past a halving and a doubling: odd sizes do not come together again.
constexpr const char* kSkip = R"(input  %x : float32 [?, ?, ?, 1]
const  %w : float32 [2, 2, 1, 1] = {1, 2, 3, 4}
%down = Conv2D(%x, %w) {strides=[2, 2]}
%up = ConvTranspose2D(%down, %w) {strides=[2, 2]}
%y = Binary(%up, %x)
output %y
)";

TEST(WithAllowedSizes, FindsMultiples) {
  EXPECT_EQ(Message(kSkip, {{1, 5, 8, 1}}),
            "failed; the height of 'x' must be a multiple of 2, the width of 'x' must be a "
            "multiple of 2");
}

TEST(WithAllowedSizes, SaysNothingWhereTheSizeIsFine) {
  EXPECT_EQ(Message(kSkip, {{1, 6, 8, 1}}), "failed");
}

TEST(WithAllowedSizes, FollowsComputedShapes) {
  EXPECT_EQ(Message(R"(input  %x : float32 [1, ?, 1, 1]
const  %two : int64 [1] = {2}
%shape : int64 = ShapeOf(%x)
%rows : int64 = Slice(%shape) {starts=[1], ends=[2]}
%half : int64 = Binary(%rows, %two) {kind=3}
%flat : int64 = Concat(%half, %two) {axis=0}
%y = Reshape(%x, %flat)
output %y
)",
                    {{1, 5, 1, 1}}),
            "failed; the height of 'x' must be a multiple of 2");
}

}  // namespace
}  // namespace picabia::studio
