// FuseInstanceNorm: every spelling of the chain, and the chains that must stay.
#include <fmt/format.h>

#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

// The constants that the spellings use.
constexpr const char* kHead = R"(input  %x : float32 [?, ?, ?, 2]
const  %scale : float32 [2] = {2, 3}
const  %shift : float32 [2] = {4, 5}
const  %eps : float32 [] = {0.001}
const  %half : float32 [] = {0.5}
const  %minus_half : float32 [] = {-0.5}
const  %one : float32 [] = {1}
const  %two : float32 [] = {2}
%mean = Reduce(%x) {axes=[1, 2], keep_dims=true}
)";
constexpr const char* kSquares = R"(%sq = Binary(%x, %mean) {kind=5}
)";
constexpr const char* kMiddle = R"(%variance = Reduce(%sq) {axes=[1, 2], keep_dims=true}
%sub = Binary(%x, %mean) {kind=1}
%ve = Binary(%variance, %eps)
)";
constexpr const char* kPowDiv = R"(%pow = Binary(%ve, %half) {kind=4}
%div = Binary(%sub, %pow) {kind=3}
)";
constexpr const char* kTail = R"(%mul = Binary(%scale, %div) {kind=2}
%add = Binary(%mul, %shift)
output %add
)";
constexpr const char* kFused = R"(input  %x : float32 [?, ?, ?, 2]
const  %scale : float32 [2] = {2, 3}
const  %shift : float32 [2] = {4, 5}
%add = InstanceNorm(%x, %scale, %shift) {epsilon=0.001}
output %add
)";

std::string Chain(std::string_view squares, std::string_view root, std::string_view tail = kTail) {
  return fmt::format("{}{}{}{}{}", kHead, squares, kMiddle, root, tail);
}

TEST(FuseInstanceNorm, TheChainOfTheLab) {
  ExpectRewrite(FuseInstanceNorm, Chain(kSquares, kPowDiv), kFused);
}

TEST(FuseInstanceNorm, OtherSpellings) {
  const char* roots[] = {
      "%pow = Unary(%ve) {kind=2}\n%div = Binary(%sub, %pow) {kind=3}\n",
      R"(%pow = Unary(%ve) {kind=2}
%r = Binary(%one, %pow) {kind=3}
%div = Binary(%r, %sub) {kind=2}
)",
      "%r = Binary(%ve, %minus_half) {kind=4}\n%div = Binary(%sub, %r) {kind=2}\n",
  };
  const char* squares[] = {
      "%sq = Binary(%mean, %x) {kind=5}\n",
      "%d = Binary(%x, %mean) {kind=1}\n%sq = Binary(%d, %d) {kind=2}\n",
      "%d = Binary(%x, %mean) {kind=1}\n%sq = Binary(%d, %two) {kind=4}\n",
  };
  for (const char* s : squares) {
    for (const char* r : roots) EXPECT_EQ(After(FuseInstanceNorm, Chain(s, r)), kFused) << s << r;
  }
  EXPECT_EQ(After(FuseInstanceNorm, Chain(kSquares, kPowDiv,
                                          "%mul = Binary(%div, %scale) {kind=2}\n"
                                          "%add = Binary(%shift, %mul)\noutput %add\n")),
            kFused);
}

TEST(FuseInstanceNorm, SharedDifference) {
  // (x - m) is the numerator and the base of the square at once.
  EXPECT_EQ(After(FuseInstanceNorm, std::string(kHead) + R"(%sub = Binary(%x, %mean) {kind=1}
%sq = Binary(%sub, %sub) {kind=2}
%variance = Reduce(%sq) {axes=[1, 2], keep_dims=true}
%ve = Binary(%eps, %variance)
)" + kPowDiv + kTail),
            kFused);
}

TEST(FuseInstanceNorm, ConstantsOfOtherShapes) {
  std::string text = Chain(kSquares, kPowDiv);
  text.replace(text.find("%scale : float32 [2] = {2, 3}"), 29,
               "%scale : float32 [1, 1, 1, 2] = {2, 3}");
  text.replace(text.find("%shift : float32 [2] = {4, 5}"), 29, "%shift : float32 [] = {4}");
  EXPECT_EQ(After(FuseInstanceNorm, text), R"(input  %x : float32 [?, ?, ?, 2]
const  %scale/channels : float32 [2] = {2, 3}
const  %shift/channels : float32 [2] = {4, 4}
%add = InstanceNorm(%x, %scale/channels, %shift/channels) {epsilon=0.001}
output %add
)");
}

TEST(FuseInstanceNorm, SameNumbers) {
  // Both compute in double or round a handful of times: some 2^-24 each, times scale 3.
  ExpectSameNumbers(FuseInstanceNorm, Chain(kSquares, kPowDiv), {{2, 5, 6, 2}}, 4e-6f);
}

TEST(FuseInstanceNorm, NotWhenAnInnerValueIsUsedElsewhere) {
  ExpectUntouched(FuseInstanceNorm, Chain(kSquares, kPowDiv) + "output %variance\n");
  ExpectUntouched(FuseInstanceNorm,
                  Chain(kSquares, kPowDiv) + "%other = Unary(%mean)\noutput %other\n");
  ExpectUntouched(FuseInstanceNorm, Chain(kSquares, kPowDiv) + "output %sub\n");
}

TEST(FuseInstanceNorm, NotWithPowerDifference) {
  ExpectUntouched(FuseInstanceNorm, Chain("%sq = PowerDifference(%x, %mean, %two)\n", kPowDiv));
}

TEST(FuseInstanceNorm, NotWhenItIsSomethingElse) {
  // Another exponent, another axis, another x, unknown channels.
  ExpectUntouched(FuseInstanceNorm, Chain(kSquares, R"(%pow = Binary(%ve, %one) {kind=4}
%div = Binary(%sub, %pow) {kind=3}
)"));
  std::string text = Chain(kSquares, kPowDiv);
  text.replace(text.find("Reduce(%x) {axes=[1, 2]"), 23, "Reduce(%x) {axes=[1, 3]");
  ExpectUntouched(FuseInstanceNorm, text);
  ExpectUntouched(FuseInstanceNorm,
                  Chain("%y = Unary(%x)\n%sq = Binary(%y, %mean) {kind=5}\n", kPowDiv));
  text = Chain(kSquares, kPowDiv);
  text.replace(text.find("[?, ?, ?, 2]"), 12, "[?, ?, ?, ?]");
  ExpectUntouched(FuseInstanceNorm, text);
}

TEST(FuseInstanceNorm, ComputedScaleAndShift) {
  const std::string graph = R"(input  %x : float32 [?, ?, ?, 2]
input  %style : float32 [3, 2]
const  %eps : float32 [] = {0.001}
const  %one : float32 [] = {1}
const  %two : float32 [] = {2}
%sum = Reduce(%style) {kind=1, axes=[0]}
%scale = Reshape(%sum) {shape=[1, 1, 1, -1]}
%mean = Reduce(%x) {axes=[1, 2], keep_dims=true}
%sub = Binary(%x, %mean) {kind=1}
%sq = Binary(%sub, %two) {kind=4}
%variance = Reduce(%sq) {axes=[1, 2], keep_dims=true}
%ve = Binary(%variance, %eps)
%root = Unary(%ve) {kind=2}
%inverse = Unary(%root) {kind=13}
%normed = Binary(%sub, %inverse) {kind=2}
%scaled = Binary(%normed, %scale) {kind=2}
%y = Binary(%scaled, %sum)
output %y
)";
  EXPECT_EQ(After(FuseInstanceNorm, graph), R"(input  %x : float32 [?, ?, ?, 2]
input  %style : float32 [3, 2]
%sum = Reduce(%style) {kind=1, axes=[0]}
%scale = Reshape(%sum) {shape=[1, 1, 1, -1]}
%scale/channels = Reshape(%scale) {shape=[2]}
%y = InstanceNorm(%x, %scale/channels, %sum) {epsilon=0.001}
output %y
)");
  ExpectSameNumbers(FuseInstanceNorm, graph, {{2, 5, 6, 2}, {3, 2}}, 4e-6f);
  // A scale for each picture is no vector of channels.
  std::string each = graph;
  each.replace(each.find("[3, 2]"), 6, "[3, 2]");
  each.replace(each.find("shape=[1, 1, 1, -1]"), 19, "shape=[2, 1, 1, 1]");
  ExpectUntouched(FuseInstanceNorm, each);
}

}  // namespace
}  // namespace picabia::passes
