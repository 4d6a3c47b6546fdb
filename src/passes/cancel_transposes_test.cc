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

// A channels-first operator between two spatial ones, as an importer writes it. Whatever it is, no
// Transpose may remain but those at the ends.
std::string Between(const std::string& nodes) {
  return R"(input  %x : float32 [1, 4, ?, ?]
input  %style : float32 [4]
const  %w : float32 [1, 1, 4, 4] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 9}
const  %scale : float32 [] = {0.25}
const  %zero : int8 [] = {1}
const  %condition : bool [4, 1, 1] = {1, 0, 1, 1}
%t1 = Transpose(%x) {perm=[0, 2, 3, 1]}
%conv1 = Conv2D(%t1, %w)
%a = Transpose(%conv1) {perm=[0, 3, 1, 2]}
)" + nodes +
         R"(%t2 = Transpose(%b) {perm=[0, 2, 3, 1]}
%last = Unary(%t2) {kind=1}
%y = Transpose(%last) {perm=[0, 3, 1, 2]}
output %y
)";
}

TEST(CancelTransposes, SinkPastOperatorsThatSpeakOfAxes) {
  const char* operators[] = {
      "%b = Concat(%a, %a) {axis=1}\n",
      "%p = Split(%a) {axis=1, index=1, parts=2}\n%q = Split(%a) {axis=1, parts=2}\n"
      "%b = Binary(%p, %q) {kind=1}\n",
      "%b = Slice(%a) {starts=[1, 0], ends=[4, 2], axes=[1, 3]}\n",
      "%b = Slice(%a) {starts=[0, 2], ends=[1, 3]}\n",
      "%b = Softmax(%a) {axis=1}\n",
      "%b = Normalize(%a) {axes=[1, 3]}\n",
      "%q : int8 = QuantizeLinear(%a, %scale, %zero) {to=3}\n"
      "%b = DequantizeLinear(%q, %scale, %zero)\n",
      "%h : float16 = Cast(%a) {to=1}\n%b = Cast(%h)\n",
      "%n = Unary(%a) {kind=3}\n%b = Where(%condition, %a, %n)\n",
      "%b = Resize(%a) {scales=[2, 3], axes=[2, 3], mode=1}\n",
      "%b = Reduce(%a) {axes=[1], keep_dims=true, kind=2}\n",
      "%r = Reshape(%style) {shape=[1, -1, 1, 1]}\n%b = Binary(%a, %r) {kind=2}\n",
      "%r = Unsqueeze(%style) {axes=[1, 2]}\n%b = Binary(%r, %a) {kind=1}\n",
  };
  for (const char* text : operators) {
    const std::string graph = Between(text);
    const std::string after = After(CancelTransposes, graph);
    EXPECT_EQ(CountTransposes(MustParse(after)), 2u) << after;
    ExpectSameNumbers(CancelTransposes, graph, {{1, 4, 5, 6}, {4}}, 1e-6f);
  }
}

TEST(CancelTransposes, ShapesOfTransposedValues) {
  const std::string graph = Between(R"(%n = Unary(%a) {kind=3}
%s : int64 = ShapeOf(%a)
%tail : int64 = ShapeOf(%a) {start=-3}
const  %one : int64 [1] = {1}
%whole : int64 = Concat(%one, %tail)
%b = Reshape(%n, %s)
)");
  const std::string after = After(CancelTransposes, graph);
  EXPECT_NE(after.find("Gather(%s/of_source, %s/order)"), std::string::npos) << after;
  ExpectSameNumbers(CancelTransposes, graph, {{1, 4, 5, 6}, {4}}, 1e-6f);
}

TEST(CancelTransposes, OfDimensionsOfOneAreReshapes) {
  const std::string graph = Between(
      "%m = Reduce(%a) {axes=[2, 3], keep_dims=true}\n"
      "%f = Flatten(%m)\n%r = Reshape(%f) {shape=[1, 4, 1, 1]}\n%b = Binary(%a, %r)\n");
  EXPECT_EQ(CountTransposes(MustParse(After(CancelTransposes, graph))), 2u);
  ExpectSameNumbers(CancelTransposes, graph, {{1, 4, 5, 6}, {4}}, 1e-6f);
}

TEST(CancelTransposes, WhatCannotBePassedStays) {
  const char* barriers[] = {
      "%f = Reshape(%a) {shape=[0, 4, -1]}\n%s : int64 = ShapeOf(%x)\n%b = Reshape(%f, %s)\n",
      "%b = Binary(%a, %x)\n",
      "%b = Concat(%a, %x) {axis=1}\n",
  };
  for (const char* text : barriers) {
    const std::string graph = Between(text);
    const std::string after = After(CancelTransposes, graph);
    EXPECT_NE(after.find("%a = Transpose("), std::string::npos) << after;
    ExpectSameNumbers(CancelTransposes, graph, {{1, 4, 5, 6}, {4}}, 1e-6f);
  }
}

}  // namespace
}  // namespace picabia::passes
