// CancelTransposes: what sinks, what is raised, what cancels, and what must stay.
#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

size_t CountTransposes(const ir::Graph& graph) {
  size_t count = 0;
  for (const ir::Node& node : graph.nodes)
    count += std::holds_alternative<ops::Transpose>(node.op) ? 1 : 0;
  return count;
}

TEST(CancelTransposes, InversePairsVanish) {
  ExpectRewrite(CancelTransposes, R"(input  %x : float32
%a = Transpose(%x) {perm=[0, 2, 3, 1]}
%b = Transpose(%a) {perm=[0, 3, 1, 2]}
%y = Unary(%b)
output %y
)",
                "input  %x : float32\n%y = Unary(%x)\noutput %y\n");
}

TEST(CancelTransposes, OtherPairsMerge) {
  ExpectRewrite(CancelTransposes, R"(input  %x : float32
%a = Transpose(%x) {perm=[1, 2, 0]}
%y = Transpose(%a) {perm=[1, 2, 0]}
output %y
)",
                "input  %x : float32\n%y = Transpose(%x) {perm=[2, 0, 1]}\noutput %y\n");
}

TEST(CancelTransposes, AnOutputKeepsItsName) {
  ExpectRewrite(CancelTransposes, R"(input  %x : float32
%r = Unary(%x)
%a = Transpose(%r) {perm=[1, 0]}
%y = Transpose(%a) {perm=[1, 0]}
output %y
)",
                "input  %x : float32\n%y = Unary(%x) @r\noutput %y\n");
}

// Two channels-first convolutions as an importer writes them, with operators of every kind that
// Transposes sink past between them.
constexpr const char* kChannelsFirst = R"(input  %x : float32 [1, 2, ?, ?]
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
const  %c : float32 [2, 1, 1] = {5, 6}
const  %s : float32 [] = {0.5}
%p = Pad(%x) {mode=1, before=[0, 0, 1, 2], after=[0, 0, 1, 2]}
%t1 = Transpose(%p) {perm=[0, 2, 3, 1]}
%conv1 = Conv2D(%t1, %w)
%t2 = Transpose(%conv1) {perm=[0, 3, 1, 2]}
%biased = Binary(%t2, %c)
%scaled = Binary(%s, %biased) {kind=2}
%r = Unary(%scaled)
%p2 = Pad(%r) {before=[0, 0, 3, 4], after=[0, 0, 5, 6]}
%t3 = Transpose(%p2) {perm=[0, 2, 3, 1]}
%conv2 = Conv2D(%t3, %w)
%t4 = Transpose(%conv2) {perm=[0, 3, 1, 2]}
%m = Reduce(%t4) {axes=[1, 2], keep_dims=true}
%d = Binary(%t4, %m) {kind=1}
%y = Clip(%d) {low=-1, high=1}
output %y
)";

TEST(CancelTransposes, LeavesOneAtTheInputAndOneAtTheOutput) {
  ExpectRewrite(CancelTransposes, kChannelsFirst, R"(input  %x : float32 [1, 2, ?, ?]
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
const  %s : float32 [] = {0.5}
const  %c/transposed : float32 [1, 1, 1, 2] = {5, 6}
%x/transposed = Transpose(%x) {perm=[0, 2, 3, 1]}
%t1 = Pad(%x/transposed) {mode=1, before=[0, 1, 2, 0], after=[0, 1, 2, 0]} @p
%conv1 = Conv2D(%t1, %w)
%biased/untransposed = Binary(%conv1, %c/transposed) @biased
%scaled/untransposed = Binary(%s, %biased/untransposed) {kind=2} @scaled
%r/untransposed = Unary(%scaled/untransposed) @r
%p2/untransposed = Pad(%r/untransposed) {before=[0, 3, 4, 0], after=[0, 5, 6, 0]} @p2
%conv2 = Conv2D(%p2/untransposed, %w)
%m/untransposed = Reduce(%conv2) {axes=[1, 3], keep_dims=true} @m
%d/untransposed = Binary(%conv2, %m/untransposed) {kind=1} @d
%y/untransposed = Clip(%d/untransposed) {low=-1, high=1} @y
%y = Transpose(%y/untransposed) {perm=[0, 3, 1, 2]}
output %y
)");
  ExpectSameNumbers(CancelTransposes, kChannelsFirst, {{1, 2, 5, 6}}, 1e-6f);
}

TEST(CancelTransposes, ReductionsThatDropAxes) {
  constexpr const char* kText = R"(input  %x : float32
%r = Unary(%x) {kind=1}
%keep = Unary(%r)
%t = Transpose(%r) {perm=[0, 3, 1, 2]}
%m = Reduce(%t) {axes=[1]}
%y = Unary(%m) {kind=3}
output %y
output %keep
)";
  // The axes that stay are in order: nothing is left to transpose.
  EXPECT_EQ(After(CancelTransposes, kText), R"(input  %x : float32
%r = Unary(%x) {kind=1}
%keep = Unary(%r)
%m/untransposed = Reduce(%r) {axes=[3]} @m
%y = Unary(%m/untransposed) {kind=3}
output %y
output %keep
)");
}

TEST(CancelTransposes, ResidualBlocks) {
  constexpr const char* kText = R"(input  %x : float32 [1, 2, ?, ?]
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
%t1 = Transpose(%x) {perm=[0, 2, 3, 1]}
%conv1 = Conv2D(%t1, %w)
%a = Transpose(%conv1) {perm=[0, 3, 1, 2]}
%r = Unary(%a)
%t2 = Transpose(%r) {perm=[0, 2, 3, 1]}
%conv2 = Conv2D(%t2, %w)
%b = Transpose(%conv2) {perm=[0, 3, 1, 2]}
%sum = Binary(%b, %r)
%t3 = Transpose(%sum) {perm=[0, 2, 3, 1]}
%conv3 = Conv2D(%t3, %w)
%y = Transpose(%conv3) {perm=[0, 3, 1, 2]}
output %y
)";
  ir::Graph g = MustParse(kText);
  ASSERT_TRUE(CancelTransposes(g).ok());
  EXPECT_EQ(CountTransposes(g), 2u) << ir::Print(g);
  ExpectSameNumbers(CancelTransposes, kText, {{1, 2, 3, 4}}, 0);
}

TEST(CancelTransposes, ReadersThatNeedTheValueGetIt) {
  // A Reshape reads the channels-first elements: one Transpose is written for all such readers.
  constexpr const char* kText = R"(input  %x : float32
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
%conv = Conv2D(%x, %w)
%t = Transpose(%conv) {perm=[0, 3, 1, 2]}
%flat = Reshape(%t) {shape=[-1]}
%flat2 = Reshape(%t) {shape=[1, -1]}
%back = Transpose(%t) {perm=[0, 2, 3, 1]}
%y = Conv2D(%back, %w)
output %flat
output %flat2
output %y
)";
  ExpectRewrite(CancelTransposes, kText, R"(input  %x : float32
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
%conv = Conv2D(%x, %w)
%t = Transpose(%conv) {perm=[0, 3, 1, 2]}
%flat = Reshape(%t) {shape=[-1]}
%flat2 = Reshape(%t) {shape=[1, -1]}
%y = Conv2D(%conv, %w)
output %flat
output %flat2
output %y
)");
}

TEST(CancelTransposes, PureElementwiseGraphLosesThemAll) {
  ExpectRewrite(CancelTransposes, R"(input  %x : float32 [?, ?]
%a = Transpose(%x) {perm=[1, 0]}
%r = Unary(%a)
%y = Transpose(%r) {perm=[1, 0]}
output %y
)",
                "input  %x : float32 [?, ?]\n%y = Unary(%x) @r\noutput %y\n");
}

TEST(CancelTransposes, WhatCannotMoveStays) {
  // Different permutations meet; a computed operand is not transposed; a constant has more axes.
  ExpectUntouched(CancelTransposes, R"(input  %x : float32 [2, 2]
const  %c : float32 [1, 1, 1] = {1}
const  %w : float32 [1, 1, 1, 1] = {1}
%a = Transpose(%x) {perm=[1, 0]}
%y = Binary(%a, %x)
%z = Binary(%a, %c)
output %y
output %z
)");
}

TEST(CancelTransposes, DeepChainsAreLinear) {
  ir::Graph g;
  ir::ValueId last = g.AddValue({"x", DType::kF32, Shape{-1, -1}, {}, {}});
  g.inputs = {last};
  const ir::ValueId c = g.AddConstant("c", *Tensor::From<float>({2, 1}, {1, 2}));
  for (int i = 0; i < 50000; ++i) {
    const std::string n = std::to_string(i);
    last = g.AddNode("t" + n, ops::Transpose{{1, 0}}, {last});
    last = g.AddNode("r" + n, ops::Binary{}, {last, c});
  }
  g.outputs = {last};
  ASSERT_TRUE(CancelTransposes(g).ok());
  EXPECT_TRUE(ir::Verify(g).ok());
  EXPECT_LE(CountTransposes(g), 1u);
}

}  // namespace
}  // namespace picabia::passes
