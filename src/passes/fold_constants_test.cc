// FoldConstants: results appear under their own names, and no small graph makes large constants.
#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

TEST(FoldConstants, FoldsChains) {
  ExpectRewrite(FoldConstants, R"(input  %x : float32
const  %a : float32 [1, 2] = {1, 2}
const  %b : float32 [2, 1] = {10, 20}
%s = Binary(%a, %b)
%t = Transpose(%s) {perm=[1, 0]}
%y = Binary(%x, %t)
output %y
)",
                R"(input  %x : float32
const  %t : float32 [2, 2] = {11, 21, 12, 22}
%y = Binary(%x, %t)
output %y
)");
}

TEST(FoldConstants, AnOutputMayBecomeAConstant) {
  ExpectRewrite(FoldConstants, R"(const  %a : int32 [2] = {1, 2}
%s : int32 = Binary(%a, %a)
output %s
)",
                "const  %s : int32 [2] = {2, 4}\noutput %s\n");
}

TEST(FoldConstants, LeavesWhatIsNotConstantOrNotLegal) {
  ExpectUntouched(FoldConstants, R"(input  %x : float32
const  %a : float32 [2] = {1, 2}
const  %b : float32 [3] = {1, 2, 3}
%y = Binary(%x, %a)
%z = Binary(%a, %b)
output %y
output %z
)");
}

TEST(FoldConstants, LeavesConvolutions) {
  ExpectUntouched(FoldConstants, R"(const  %x : float32 [1, 1, 1, 1] = {1}
const  %w : float32 [1, 1, 1, 1] = {1}
%y = Conv2D(%x, %w)
output %y
)");
}

TEST(FoldConstants, LeavesWhatWouldGrow) {
  ExpectUntouched(FoldConstants, R"(const  %a : float32 [1] = {1}
%y = Pad(%a) {before=[1000000], after=[0]}
output %y
)");
}

TEST(FoldConstants, AllResultsTogetherHaveABudget) {
  // 1,000 results of 1 MB from one constant of 4 bytes: 64 MiB of them are made, no more.
  ir::Graph g;
  const ir::ValueId one = g.AddConstant("one", *Tensor::From<float>({1}, {1}));
  for (int i = 0; i < 1000; ++i) {
    const auto op = ops::Pad{ops::PadMode::kConstant, {i}, {250000 - i}, 0};
    g.outputs.push_back(g.AddNode("p" + std::to_string(i), op, {one}));
  }
  EXPECT_EQ(*FoldConstants(g), 67);  // 64 MiB / (250,001 * 4 bytes)
  EXPECT_TRUE(ir::Verify(g).ok());
}

}  // namespace
}  // namespace picabia::passes
