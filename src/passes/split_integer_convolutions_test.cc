// SplitIntegerConvolutions, and what the pipeline for mlu270 leaves as it is.
#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

constexpr const char* kWide = R"(input  %x : float32 [?, ?, ?, 2]
const  %w : int16 [1, 2, 2, 2] = {32767, -32768, 300, -5, 32640, 127, -129, 1}
%y = Int8Conv2D(%x, %w) {input_scale=3000, filter_scale=2000}
output %y
)";

constexpr const char* kChannels = R"(input  %x : float32 [?, ?, ?, 2]
const  %w : int8 [1, 2, 2, 2] = {127, -128, 30, -5, 64, 1, -12, 1}
%y = Int8Conv2D(%x, %w) {input_scale=13, filter_scales=[20, 300]}
output %y
)";

TEST(SplitIntegerConvolutions, DigitsOf16Bits) {
  int rewrites = 0;
  const std::string after = After(SplitIntegerConvolutions, kWide, &rewrites);
  EXPECT_EQ(rewrites, 1);
  EXPECT_EQ(after.find("int16"), std::string::npos) << after;
  EXPECT_NE(after.find("filter_excess"), std::string::npos) << after;
  // Sums of 2^31 are joined in float: a few roundings of 2^-24 of some 1e3.
  ExpectSameNumbers(SplitIntegerConvolutions, kWide, {{1, 3, 4, 2}}, 1e-3f);
}

TEST(SplitIntegerConvolutions, AScaleAChannel) {
  const std::string after = After(SplitIntegerConvolutions, kChannels, nullptr);
  EXPECT_NE(after.find("{input_scale=13}"), std::string::npos) << after;
  EXPECT_NE(after.find("= {20, 300}"), std::string::npos) << after;
  EXPECT_NE(after.find("%y = Binary(%y/sum, %y/scales) {kind=3}"), std::string::npos) << after;
  ExpectSameNumbers(SplitIntegerConvolutions, kChannels, {{2, 3, 4, 2}}, 1e-6f);
}

TEST(SplitIntegerConvolutions, LeavesOneScaleOf8Bits) {
  constexpr const char* kPlain = R"(input  %x : float32 [?, ?, ?, 2]
const  %w : int8 [1, 1, 2, 1] = {127, -128}
%y = Int8Conv2D(%x, %w) {input_scale=13, filter_scale=20}
output %y
)";
  EXPECT_EQ(After(SplitIntegerConvolutions, kPlain, nullptr), kPlain);
}

std::string Piped(Target target, std::string_view text) {
  ir::Graph graph = MustParse(text);
  PipelineOptions options;
  options.target = target;
  EXPECT_TRUE(RunPipeline(graph, options).ok());
  return ir::Print(graph);
}

TEST(PipelineForMlu270, KeepsIntegersWhole) {
  for (const char* text : {kWide, kChannels}) {
    const std::string after = Piped(Target::kMlu270, text);
    EXPECT_NE(after.find("%y = ConvBlock(%x, %w)"), std::string::npos) << after;
    EXPECT_EQ(Piped(Target::kCpu, text).find("%y = ConvBlock(%x, %w)"), std::string::npos);
  }
}

// Each of these rounds on its own on the card.
TEST(PipelineForMlu270, KeepsBiasBatchNormAndReciprocals) {
  constexpr const char* kHead = R"(input  %x : float32 [?, ?, ?, 2]
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
const  %a : float32 [2] = {2, 3}
const  %b : float32 [2] = {4, 5}
const  %eps : float32 [] = {0.001}
const  %one : float32 [] = {1}
%c = Conv2D(%x, %w)
)";
  const std::pair<const char*, const char*> cases[] = {
      {"%y = Binary(%c, %b)\noutput %y\n", "%y = Binary(%c, %b)"},
      {"%y = BatchNorm(%c, %a, %b, %b, %a)\noutput %y\n", "%y = BatchNorm(%c"},
      {R"(%mean = Reduce(%c) {axes=[1, 2], keep_dims=true}
%sq = Binary(%c, %mean) {kind=5}
%variance = Reduce(%sq) {axes=[1, 2], keep_dims=true}
%sub = Binary(%c, %mean) {kind=1}
%ve = Binary(%variance, %eps)
%root = Unary(%ve) {kind=2}
%r = Binary(%one, %root) {kind=3}
%div = Binary(%sub, %r) {kind=2}
%mul = Binary(%a, %div) {kind=2}
%y = Binary(%mul, %b)
output %y
)",
       "%div = Binary(%sub, %r) {kind=2}"},
  };
  for (const auto& [text, kept] : cases) {
    const std::string net = std::string(kHead) + text;
    const std::string after = Piped(Target::kMlu270, net);
    EXPECT_NE(after.find(kept), std::string::npos) << after;
    EXPECT_EQ(Piped(Target::kCpu, net).find(kept), std::string::npos);
  }
}

}  // namespace
}  // namespace picabia::passes
