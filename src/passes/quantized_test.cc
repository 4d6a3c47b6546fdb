// SinkDequantize and FuseQuantized: what they rewrite, what must stay, and the same numbers.
#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

// An input in bytes on a grid that no sum of the tests leaves by rounding.
constexpr const char* kHead = R"(input  %f : float32 [?, ?, ?, 2]
const  %s : float32 [] = {0.5}
const  %t : float32 [] = {0.25}
const  %z : int8 [] = {3}
const  %u : uint8 [] = {128}
const  %w : int8 [1, 1, 2, 3] = {1, 2, 3, -4, 5, -6}
const  %ws : float32 [3] = {0.5, 0.25, 2}
const  %wz : int8 [3] = {0, 0, 0}
const  %b : float32 [3] = {1, -2, 0.5}
%q : int8 = QuantizeLinear(%f, %s, %z) {to=3}
%x = DequantizeLinear(%q, %s, %z)
)";

std::string Net(std::string_view text) { return std::string(kHead) + std::string(text); }

void ExpectIn(Pass pass, std::string_view text, std::string_view part) {
  const std::string after = After(pass, Net(text), nullptr);
  EXPECT_NE(after.find(part), std::string::npos) << after;
  ExpectSameNumbers(pass, Net(text), {{2, 3, 4, 2}}, 1e-6f);
  if (after.find("...") != std::string::npos) return;  // a table too long to be printed
  int again = 0;
  EXPECT_EQ(After(pass, after, &again), after);
  EXPECT_EQ(again, 0);
}

void ExpectKept(Pass pass, std::string_view text, std::string_view part) {
  const std::string after = After(pass, Net(text), nullptr);
  EXPECT_NE(after.find(part), std::string::npos) << after;
}

TEST(SinkDequantize, MovesBytes) {
  ExpectIn(SinkDequantize,
           "%y = Pad(%x) {mode=1, before=[0, 1, 1, 0], after=[0, 1, 1, 0]}\noutput %y\n",
           "%y/bytes : int8 = Pad(%q) {mode=1, before=[0, 1, 1, 0], after=[0, 1, 1, 0]} @y\n"
           "%y = DequantizeLinear(%y/bytes, %s, %z)");
  ExpectIn(
      SinkDequantize,
      "%r = Resize(%x) {scales=[1, 2, 2, 1]}\n%y = Transpose(%r) {perm=[0, 3, 1, 2]}\noutput %y\n",
      "%y = DequantizeLinear(%y/bytes, %s, %z)");
}

TEST(SinkDequantize, CancelsTheSameScale) {
  ExpectIn(SinkDequantize,
           "%y : int8 = QuantizeLinear(%x, %s, %z) {to=3}\n%d = DequantizeLinear(%y, %s, "
           "%z)\noutput %d\n",
           "%d = DequantizeLinear(%q, %s, %z)");
}

TEST(SinkDequantize, MovesFiltersWithTheirScales) {
  const std::string after = After(
      SinkDequantize,
      Net("const  %m : int8 [2, 3, 1, 1] = {1, 2, 3, 4, 5, 6}\nconst  %ms : float32 [2] = {1, 2}\n"
          "%d = DequantizeLinear(%m, %ms)\n%y = Transpose(%d) {perm=[2, 3, 1, 0]}\noutput %y\n"));
  EXPECT_NE(after.find("%y = DequantizeLinear(%y/bytes, %ms) {axis=3}"), std::string::npos)
      << after;
}

TEST(SinkDequantize, KeepsWhatComputes) {
  // Zeros are not the zero point; linear interpolation rounds; another scale is another number.
  ExpectKept(SinkDequantize, "%y = Pad(%x) {before=[0, 1, 1, 0], after=[0, 1, 1, 0]}\noutput %y\n",
             "%y = Pad(%x)");
  ExpectKept(SinkDequantize, "%y = Resize(%x) {scales=[1, 2, 2, 1], mode=1}\noutput %y\n",
             "%y = Resize(%x)");
  ExpectKept(SinkDequantize, "%y : int8 = QuantizeLinear(%x, %t, %z) {to=3}\noutput %y\n",
             "%y : int8 = QuantizeLinear(%x, %t, %z)");
}

constexpr const char* kConv =
    "%wf = DequantizeLinear(%w, %ws, %wz) {axis=3}\n"
    "%c = Conv2D(%x, %wf, %b)\n";

TEST(FuseQuantized, ConvolutionWithItsTail) {
  ExpectIn(FuseQuantized,
           std::string(kConv) +
               "%r = Unary(%c)\n%k = Clip(%r) {high=6}\n"
               "%y : uint8 = QuantizeLinear(%k, %t, %u) {to=4}\noutput %y\n",
           "%y : uint8 = QuantizedConv2D(%q, %c/filter, %c/scale, %c/bias) "
           "{x_zero=3, low=0, high=24, to=4, zero=128}");
}

TEST(FuseQuantized, ConvolutionToFloats) {
  ExpectIn(FuseQuantized, std::string(kConv) + "%y = Unary(%c) {kind=1}\noutput %y\n",
           "%c = QuantizedConv2D(%q, %c/filter, %c/scale, %c/bias) {x_zero=3}");
}

TEST(FuseQuantized, FiltersWithAZeroPoint) {
  ExpectIn(FuseQuantized,
           "const  %wu : uint8 [1, 1, 2, 1] = {0, 255}\n"
           "%wf = DequantizeLinear(%wu, %t, %u)\n%c = Conv2D(%x, %wf)\noutput %c\n",
           "%c/filter : int8 [1, 1, 2, 1] = {-128, 127}");
  // 255 less 0 does not fit in int8.
  ExpectKept(FuseQuantized,
             "const  %wu : uint8 [1, 1, 2, 1] = {0, 255}\n"
             "%wf = DequantizeLinear(%wu, %t)\n%c = Conv2D(%x, %wf)\noutput %c\n",
             "%c = Conv2D(%x, %wf)");
}

TEST(FuseQuantized, InnerValuesThatOthersRead) {
  ExpectKept(
      FuseQuantized,
      std::string(kConv) + "%y : int8 = QuantizeLinear(%c, %t, %z) {to=3}\noutput %y\noutput %c\n",
      "%y : int8 = QuantizeLinear(%c, %t, %z)");
}

TEST(FuseQuantized, Binary) {
  ExpectIn(FuseQuantized,
           "%g = Binary(%f, %x) {kind=1}\n%r = Unary(%g)\n"
           "%y : int8 = QuantizeLinear(%r, %t, %z) {to=3}\noutput %y\n",
           "%y : int8 = QuantizedBinary(%f, %q) "
           "{kind=1, y_scale=0.5, y_zero=3, low=0, to=3, scale=0.25, zero=3}");
  ExpectIn(FuseQuantized, "%y = Binary(%x, %x) {kind=2}\noutput %y\n",
           "%y = QuantizedBinary(%q, %q) {kind=2, x_scale=0.5, x_zero=3, y_scale=0.5, y_zero=3}");
  ExpectKept(FuseQuantized, "%y = Binary(%f, %f) {kind=2}\noutput %y\n", "%y = Binary(%f, %f)");
  ExpectKept(FuseQuantized, "%y = Binary(%x, %f) {kind=4}\noutput %y\n", "%y = Binary(%x, %f)");
}

TEST(FuseQuantized, FunctionsOfOneNumber) {
  ExpectIn(FuseQuantized,
           "%a = Unary(%x) {kind=7}\n%g = Binary(%t, %a) {kind=2}\n"
           "%y : int8 = QuantizeLinear(%g, %t, %z) {to=3}\noutput %y\n",
           "%y : int8 = Lookup(%q, %y/table)");
  ExpectIn(FuseQuantized, "%y = Unary(%x) {kind=1}\noutput %y\n", "%y = Lookup(%q, %y/table)");
  ExpectKept(FuseQuantized, "%y = Unary(%f) {kind=1}\noutput %y\n", "%y = Unary(%f)");
}

}  // namespace
}  // namespace picabia::passes
