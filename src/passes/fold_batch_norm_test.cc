// FoldBatchNorm: into a convolution, or into Mul and Add; and what must stay.
#include <fmt/format.h>

#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

// factor = scale / sqrt(variance + epsilon) = {2, 3}; shift - mean * factor = {3, 2}
constexpr const char* kParameters = R"(const  %scale : float32 [2] = {4, 3}
const  %shift : float32 [2] = {5, 5}
const  %mean : float32 [2] = {1, 1}
const  %variance : float32 [2] = {3.75, 0.75}
)";

TEST(FoldBatchNorm, IntoAConvolution) {
  ExpectRewrite(FoldBatchNorm,
                fmt::format(R"(input  %x : float32
const  %w : float32 [1, 1, 2, 2] = {{1, 2, 3, 4}}
{}%conv = Conv2D(%x, %w)
%y = BatchNorm(%conv, %scale, %shift, %mean, %variance) {{epsilon=0.25}}
output %y
)",
                            kParameters),
                R"(input  %x : float32
const  %w/folded : float32 [1, 1, 2, 2] = {2, 6, 6, 12}
const  %y/bias : float32 [2] = {3, 2}
%y = Conv2D(%x, %w/folded, %y/bias)
output %y
)");
}

TEST(FoldBatchNorm, IntoATransposedConvolutionWithBiasAndGroups) {
  const std::string text = fmt::format(R"(input  %x : float32
const  %w : float32 [1, 1, 1, 4] = {{1, 2, 3, 4}}
const  %b : float32 [2] = {{10, 100}}
{}%conv = ConvTranspose2D(%x, %w, %b) {{strides=[2, 2], pad_kind=1, groups=2}}
%y = BatchNorm(%conv, %scale, %shift, %mean, %variance) {{epsilon=0.25}}
output %y
)",
                                       kParameters);
  EXPECT_EQ(After(FoldBatchNorm, text), R"(input  %x : float32
const  %w/folded : float32 [1, 1, 1, 4] = {2, 4, 9, 12}
const  %y/bias : float32 [2] = {23, 302}
%y = ConvTranspose2D(%x, %w/folded, %y/bias) {strides=[2, 2], pad_kind=1, groups=2}
output %y
)");
  // Factors and sums are exact here but for the products of the sines: a few 2^-24 of 302.
  ExpectSameNumbers(FoldBatchNorm, text, {{1, 3, 2, 4}}, 1e-6f);
}

TEST(FoldBatchNorm, WithoutAConvolution) {
  ExpectRewrite(FoldBatchNorm,
                fmt::format(R"(input  %x : float32
{}%y = BatchNorm(%x, %scale, %shift, %mean, %variance) {{epsilon=0.25}}
%z = BatchNorm(%y, %scale, %shift, %mean, %variance) {{epsilon=0.25}}
output %z
)",
                            kParameters),
                R"(input  %x : float32
const  %y/factor : float32 [2] = {2, 3}
const  %y/offset : float32 [2] = {3, 2}
%y/scaled = Binary(%x, %y/factor) {kind=2}
%y = Binary(%y/scaled, %y/offset)
%z/scaled = Binary(%y, %y/factor) {kind=2}
%z = Binary(%z/scaled, %y/offset)
output %z
)");
}

TEST(FoldBatchNorm, NotIntoAConvolutionThatOthersRead) {
  const std::string after = After(FoldBatchNorm, fmt::format(R"(input  %x : float32
const  %w : float32 [1, 1, 2, 2] = {{1, 2, 3, 4}}
{}%conv = Conv2D(%x, %w)
%y = BatchNorm(%conv, %scale, %shift, %mean, %variance) {{epsilon=0.25}}
output %y
output %conv
)",
                                                             kParameters));
  EXPECT_NE(after.find("%conv = Conv2D(%x, %w)\n%y/scaled = Binary(%conv, %y/factor)"),
            std::string::npos)
      << after;
}

TEST(FoldBatchNorm, NotIntoAFilterThatOthersRead) {
  const std::string after = After(FoldBatchNorm, fmt::format(R"(input  %x : float32
const  %w : float32 [1, 1, 2, 2] = {{1, 2, 3, 4}}
{}%conv = Conv2D(%x, %w)
%y = BatchNorm(%conv, %scale, %shift, %mean, %variance) {{epsilon=0.25}}
%z = Conv2D(%y, %w)
output %z
)",
                                                             kParameters));
  EXPECT_NE(after.find("%conv = Conv2D(%x, %w)"), std::string::npos) << after;
  EXPECT_NE(after.find("%z = Conv2D(%y, %w)"), std::string::npos) << after;
}

TEST(FoldBatchNorm, ComputedOrBrokenParametersStay) {
  ExpectUntouched(FoldBatchNorm, fmt::format(R"(input  %x : float32
input  %v : float32
{}%y = BatchNorm(%x, %scale, %shift, %mean, %v)
output %y
)",
                                             R"(const  %scale : float32 [1] = {1}
const  %shift : float32 [1] = {1}
const  %mean : float32 [1] = {1}
)"));
  ExpectUntouched(FoldBatchNorm, R"(input  %x : float32
const  %c : float32 [1] = {-1}
%y = BatchNorm(%x, %c, %c, %c, %c)
output %y
)");
}

}  // namespace
}  // namespace picabia::passes
