// FuseConvBlocks: each part of the formula, the residual's proof, and what must stay.
#include <fmt/format.h>

#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

constexpr const char* kHead = R"(input  %x : float32 [?, ?, ?, 2]
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
const  %c : float32 [2] = {5, 6}
const  %n : float32 [] = {2}
)";

// Text with kHead before it.
std::string Net(std::string_view text) { return std::string(kHead) + std::string(text); }

void ExpectFused(std::string_view text, std::string_view block) {
  const std::string after = After(FuseConvBlocks, Net(text));
  EXPECT_NE(after.find(block), std::string::npos) << after;
}

TEST(FuseConvBlocks, AConvolutionAlone) {
  ExpectRewrite(FuseConvBlocks, R"(input  %x : float32
const  %w : float32 [1, 1, 1, 1] = {1}
%y = Conv2D(%x, %w) {strides=[2, 2], pad_kind=1}
output %y
)",
                R"(input  %x : float32
const  %w : float32 [1, 1, 1, 1] = {1}
%y = ConvBlock(%x, %w) {strides=[2, 2], pad_kind=1}
output %y
)");
}

TEST(FuseConvBlocks, TheWholeFormula) {
  constexpr const char* kText = R"(%first = Conv2D(%x, %w)
%bias = Binary(%first, %c)
%norm = InstanceNorm(%bias, %c, %c) {epsilon=0.001}
%tanh = Unary(%norm) {kind=1}
%scaled = Binary(%tanh, %n) {kind=2}
%shifted = Binary(%n, %scaled)
%sum = Binary(%x, %shifted)
%y = Unary(%sum) {kind=6, alpha=0.25}
output %y
)";
  ExpectRewrite(FuseConvBlocks, Net(kText), R"(input  %x : float32 [?, ?, ?, 2]
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
const  %c : float32 [2] = {5, 6}
%y = ConvBlock(%x, %w, %c, %c, %c, %x) {has_bias=true, norm=1, epsilon=0.001, activation=2, alpha=0.25, post_scale=2, post_shift=2, has_residual=true, activation2=3}
output %y
)");
  ExpectSameNumbers(FuseConvBlocks, Net(kText), {{2, 3, 4, 2}}, 0);
}

TEST(FuseConvBlocks, TransposedAndInt8) {
  ExpectFused(
      "%a = ConvTranspose2D(%x, %w) {strides=[2, 2], pad_kind=1, output_shrink=[1, 0]}\n"
      "%y = Unary(%a)\noutput %y\n",
      "%y = ConvBlock(%x, %w) {strides=[2, 2], pad_kind=1, transposed=true, "
      "output_shrink=[1, 0], activation=1}");
  ExpectFused(
      "const %q : int8 [1, 1, 2, 2] = {1, 2, 3, 4}\n"
      "%y = Int8Conv2D(%x, %q) {input_scale=2, filter_scale=4}\noutput %y\n",
      "%y = ConvBlock(%x, %q) {input_scale=2, filter_scale=4}");
  ExpectFused(
      "const %q : int8 [1, 1, 2, 2] = {1, 2, 3, 4}\n"
      "%y = Int8ConvTranspose2D(%x, %q) {input_scale=2, filter_scale=4}\noutput %y\n",
      "%y = ConvBlock(%x, %q) {transposed=true, input_scale=2, filter_scale=4}");
}

TEST(FuseConvBlocks, BiasesOfOtherShapes) {
  ExpectFused(
      "const %b : float32 [1, 1, 1, 2] = {7, 8}\n"
      "%a = Conv2D(%x, %w)\n%y = Binary(%b, %a)\noutput %y\n",
      "const  %b/channels : float32 [2] = {7, 8}\n"
      "%y = ConvBlock(%x, %w, %b/channels) {has_bias=true}");
  ExpectFused("%a = Conv2D(%x, %w)\n%y = Binary(%a, %n)\noutput %y\n",
              "const  %n/channels : float32 [2] = {2, 2}\n"
              "%y = ConvBlock(%x, %w, %n/channels) {has_bias=true}");
  ExpectFused("%a = Conv2D(%x, %w, %c)\n%y = Binary(%a, %n) {kind=1}\noutput %y\n",
              "%y = ConvBlock(%x, %w, %c) {has_bias=true, post_shift=-2}");
}

TEST(FuseConvBlocks, Pads) {
  ExpectFused(
      "%p = Pad(%x) {before=[0, 1, 2, 0], after=[0, 3, 4, 0]}\n"
      "%y = Conv2D(%p, %w) {pads=[1, 1, 1, 1]}\noutput %y\n",
      "%y = ConvBlock(%x, %w) {pads=[2, 3, 4, 5]}");
  ExpectFused(
      "%p = Pad(%x) {mode=1, before=[0, 1, 2, 0], after=[0, 3, 4, 0]}\n"
      "%y = Conv2D(%p, %w)\noutput %y\n",
      "%y = ConvBlock(%x, %w) {pads=[1, 2, 3, 4], pad_mode=1}");
  ExpectFused(
      "%p = Pad(%x) {mode=2, before=[0, 1, 2, 0], after=[0, 3, 4, 0]}\n"
      "%y = Conv2D(%p, %w)\noutput %y\n",
      "%y = ConvBlock(%x, %w) {pads=[1, 2, 3, 4], pad_mode=2}");
  ExpectSameNumbers(FuseConvBlocks,
                    Net("%p = Pad(%x) {mode=1, before=[0, 1, 2, 0], after=[0, 3, 1, 0]}\n"
                        "%y = Conv2D(%p, %w)\noutput %y\n"),
                    {{1, 4, 4, 2}}, 0);
}

TEST(FuseConvBlocks, PadsThatStay) {
  const char* pads[] = {
      "%p = Pad(%x) {before=[0, 1, 2, 0], after=[0, 3, 4, 0], value=1}\n",  // not zero
      "%p = Pad(%x) {mode=3, before=[0, 1, 2, 0], after=[0, 3, 4, 0]}\n",   // symmetric
      "%p = Pad(%x) {before=[0, 1, 2, 1], after=[0, 3, 4, -0]}\n",          // channels
      "%p = Pad(%x) {before=[0, 1, 2, 0], after=[0, 3, 4, 0]}\n%q = Unary(%p)\noutput %q\n",
      "%p = Pad(%x) {before=[0, 1, 2, 0], after=[0, 3, 4, 0]}\noutput %p\n",
  };
  for (const char* pad : pads)
    ExpectFused(std::string(pad) + "%y = Conv2D(%p, %w)\noutput %y\n", "= ConvBlock(%p, %w)\n");
  const char* zeros = "%p = Pad(%x) {before=[0, 1, 2, 0], after=[0, 3, 4, 0]}\n";
  const char* mirror = "%p = Pad(%x) {mode=1, before=[0, 1, 2, 0], after=[0, 3, 4, 0]}\n";
  ExpectFused(std::string(zeros) + "%y = Conv2D(%p, %w) {pad_kind=1}\noutput %y\n",
              "= ConvBlock(%p, %w) {pad_kind=1}");
  ExpectFused(std::string(zeros) + "%y = ConvTranspose2D(%p, %w)\noutput %y\n",
              "= ConvBlock(%p, %w) {transposed=true}");
  ExpectFused(std::string(mirror) + "%y = Conv2D(%p, %w) {pads=[1, 1, 1, 1]}\noutput %y\n",
              "= ConvBlock(%p, %w) {pads=[1, 1, 1, 1]}");
}

TEST(FuseConvBlocks, ResidualOfAProvablyEqualShape) {
  // Reflected padding of 1 and a 3x3 filter without padding lead back to the same size.
  const std::string wide = "const %w3 : float32 [3, 3, 2, 2] = {" + [] {
    std::string items = "0";
    for (int i = 1; i < 36; ++i) items += ", " + std::to_string(i);
    return items;
  }() + "}\n";
  ExpectFused(wide +
                  "%p = Pad(%x) {mode=1, before=[0, 1, 1, 0], after=[0, 1, 1, 0]}\n"
                  "%a = Conv2D(%p, %w3)\n%y = Binary(%x, %a)\noutput %y\n",
              "%y = ConvBlock(%x, %w3, %x) {pads=[1, 1, 1, 1], pad_mode=1, has_residual=true}");
  ExpectFused(wide +
                  "%r = Unary(%x)\n%a = Conv2D(%r, %w3) {pad_kind=1}\n"
                  "%y = Binary(%a, %r)\noutput %y\n",
              "%y = ConvBlock(%r, %w3, %r) {pad_kind=1, has_residual=true}");
  // Two branches of the same stride.
  ExpectFused(
      "%a = Conv2D(%x, %w) {strides=[2, 2]}\n%b = Conv2D(%x, %w) {strides=[2, 2]}\n"
      "%y = Binary(%a, %b)\noutput %y\n",
      "%a = ConvBlock(%x, %w) {strides=[2, 2]}\n"
      "%y = ConvBlock(%x, %w, %a) {strides=[2, 2], has_residual=true}");
}

TEST(FuseConvBlocks, ResidualThatMightBroadcastStays) {
  const char* additions[] = {
      // other sizes, a stranger, one channel, another stride
      "%a = Conv2D(%x, %w) {pads=[1, 0, 0, 0]}\n%y = Binary(%a, %x)\noutput %y\n",
      "input %z : float32 [?, ?, ?, 2]\n%a = Conv2D(%x, %w)\n%y = Binary(%a, %z)\noutput %y\n",
      "input %z : float32\n%a = Conv2D(%x, %w)\n%y = Binary(%a, %z)\noutput %y\n",
      R"(%m = Reduce(%x) {axes=[1, 2], keep_dims=true}
%a = Conv2D(%x, %w)
%y = Binary(%a, %m)
output %y
)",
      "%a = Conv2D(%x, %w) {strides=[2, 2]}\n%y = Binary(%a, %x)\noutput %y\n",
  };
  for (const char* text : additions) ExpectFused(text, "%y = Binary(%a, ");
}

TEST(FuseConvBlocks, InnerValuesThatOthersReadStay) {
  ExpectFused("%a = Conv2D(%x, %w)\n%y = Unary(%a)\noutput %y\noutput %a\n", "%y = Unary(%a)");
  ExpectFused("%a = Conv2D(%x, %w)\n%y = Unary(%a)\n%z = Unary(%a)\noutput %y\noutput %z\n",
              "%a = ConvBlock(%x, %w)\n%y = Unary(%a)\n%z = Unary(%a)");
  ExpectFused("%a = Conv2D(%x, %w)\n%y = Binary(%a, %a)\noutput %y\n", "%y = Binary(%a, %a)");
}

TEST(FuseConvBlocks, OrderOfTheFormulaIsKept) {
  ExpectFused("%a = Conv2D(%x, %w)\n%b = Unary(%a)\n%y = InstanceNorm(%b, %c, %c)\noutput %y\n",
              "%b = ConvBlock(%x, %w) {activation=1}\n%y = InstanceNorm");
  ExpectFused("%a = Conv2D(%x, %w)\n%b = Binary(%a, %n) {kind=2}\n%y = Binary(%b, %c)\noutput %y\n",
              "%b = ConvBlock(%x, %w) {post_scale=2}\n%y = Binary(%b, %c)");
  ExpectFused("%a = Conv2D(%x, %w)\n%y = Binary(%n, %a) {kind=1}\noutput %y\n",
              "%y = Binary(%n, %a) {kind=1}");
  ExpectFused(
      "%a = Conv2D(%x, %w)\n%b = Unary(%a) {kind=6, alpha=0.5}\n"
      "%y = Unary(%b) {kind=6, alpha=0.25}\noutput %y\n",
      "%b = ConvBlock(%x, %w) {activation=3, alpha=0.5}\n%y = Unary(%b)");
}

TEST(FuseConvBlocks, GroupsAndComputedWeightsStay) {
  ExpectUntouched(FuseConvBlocks, R"(input  %x : float32
input  %w : float32
const  %g : float32 [1, 1, 1, 2] = {1, 2}
%a = Conv2D(%x, %w)
%b = Conv2D(%x, %g) {groups=2}
%c = Conv2D(%x, %g, %w)
output %a
output %b
output %c
)");
}

TEST(FuseConvBlocks, ResidualBlocksInARow) {
  const std::string text = Net(R"(%r = Unary(%x)
%a1 = Conv2D(%r, %w) {pad_kind=1}
%a2 = InstanceNorm(%a1, %c, %c)
%a3 = Unary(%a2)
%a4 = Conv2D(%a3, %w) {pad_kind=1}
%a5 = InstanceNorm(%a4, %c, %c)
%add_1 = Binary(%r, %a5)
%b1 = Conv2D(%add_1, %w) {pad_kind=1}
%b2 = InstanceNorm(%b1, %c, %c)
%b3 = Unary(%b2)
%b4 = Conv2D(%b3, %w) {pad_kind=1}
%b5 = InstanceNorm(%b4, %c, %c)
%add_2 = Binary(%add_1, %b5)
output %add_2
)");
  const std::string after = After(FuseConvBlocks, text);
  EXPECT_NE(after.find(R"(%r = Unary(%x)
%a3 = ConvBlock(%r, %w, %c, %c) {pad_kind=1, norm=1, epsilon=1e-05, activation=1}
%add_1 = ConvBlock(%a3, %w, %c, %c, %r) {pad_kind=1, norm=1, epsilon=1e-05, has_residual=true}
%b3 = ConvBlock(%add_1, %w, %c, %c) {pad_kind=1, norm=1, epsilon=1e-05, activation=1}
%add_2 = ConvBlock(%b3, %w, %c, %c, %add_1) {pad_kind=1, norm=1, epsilon=1e-05, has_residual=true}
)"),
            std::string::npos)
      << after;
  ExpectSameNumbers(FuseConvBlocks, text, {{1, 4, 5, 2}}, 0);
}

}  // namespace
}  // namespace picabia::passes
