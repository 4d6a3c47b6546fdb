// Names, interfaces, dead code and the verifier, on graphs written as text.
#include "ir/graph.h"

#include <gtest/gtest.h>

#include "ir/text.h"

namespace picabia::ir {
namespace {

Graph MustParse(std::string_view text) {
  auto graph = Parse(text);
  EXPECT_TRUE(graph.ok()) << graph.status().message() << "\n" << text;
  return graph.ok() ? *std::move(graph) : Graph{};
}

ValueId Find(const Graph& graph, std::string_view name) {
  const auto id = graph.FindValue(name);
  EXPECT_TRUE(id.ok()) << name;
  return id.ok() ? *id : ValueId{};
}

constexpr const char* kChain = R"(input  %x : float32 [?, 4]
input  %z : float32
const  %c : float32 [] = {2}
%a = Binary(%x, %c)
%b = Binary(%a, %z) {kind=2}
%d = Unary(%a)
output %b
)";

TEST(FindValue, ByNodeOrTensorName) {
  Graph g = MustParse(kChain);
  EXPECT_EQ(Find(g, "a"), Find(g, "a:0"));
  EXPECT_FALSE(g.FindValue("a:1").ok());
  g.value(Find(g, "d")).name = "image:0";
  EXPECT_EQ(Find(g, "image"), Find(g, "image:0"));
}

TEST(FindValue, SuggestsNearNames) {
  const Graph g = MustParse(
      "input %X_content : float32\n%add_37 = Unary(%X_content)\n%Conv2D_13 = Unary(%add_37)\n");
  const auto message = [&](std::string_view name) { return g.FindValue(name).status().message(); };
  EXPECT_EQ(g.FindValue("x_contnt").status().code(), StatusCode::kNotFound);
  EXPECT_NE(message("x_contnt").find("'X_content'"), std::string::npos) << message("x_contnt");
  EXPECT_NE(message("add_38").find("'add_37'"), std::string::npos) << message("add_38");
  EXPECT_NE(message("content").find("'X_content'"), std::string::npos) << message("content");
  EXPECT_EQ(message("nothing\nlike"), "the graph has no tensor 'nothing?like'");
  EXPECT_FALSE(g.FindValue("").ok());
  EXPECT_LT(message(std::string(1 << 20, 'a')).size(), 500u);
}

TEST(SetInterface, EmptyListsDropUnreadInputs) {
  Graph g = MustParse("input %x : float32\ninput %z : float32\n%y = Unary(%x)\noutput %y\n");
  ASSERT_TRUE(SetInterface(g, {}, {}).ok());
  EXPECT_EQ(Print(g), "input  %x : float32\n%y = Unary(%x)\noutput %y\n");
}

TEST(SetInterface, FetchingLessNeedsFewerInputs) {
  Graph g = MustParse(kChain);
  ASSERT_TRUE(SetInterface(g, {Find(g, "x")}, {Find(g, "d")}).ok());
  EXPECT_EQ(Print(g), R"(input  %x : float32 [?, 4]
const  %c : float32 [] = {2}
%a = Binary(%x, %c)
%d = Unary(%a)
output %d
)");
}

TEST(SetInterface, FeedingAnInnerValueCutsItsProducer) {
  Graph g = MustParse(kChain);
  ASSERT_TRUE(SetInterface(g, {Find(g, "a"), Find(g, "z")}, {}).ok());
  EXPECT_EQ(Print(g), R"(input  %a : float32
input  %z : float32
%b = Binary(%a, %z) {kind=2}
output %b
)");
}

TEST(SetInterface, FeedingAConstant) {
  Graph g = MustParse(kChain);
  ASSERT_TRUE(SetInterface(g, {Find(g, "x"), Find(g, "c")}, {Find(g, "a")}).ok());
  EXPECT_EQ(Print(g), R"(input  %x : float32 [?, 4]
input  %c : float32 []
%a = Binary(%x, %c)
output %a
)");
}

TEST(SetInterface, FedButNotNeededStays) {
  Graph g = MustParse(kChain);
  ASSERT_TRUE(SetInterface(g, {Find(g, "x"), Find(g, "z")}, {Find(g, "x")}).ok());
  EXPECT_EQ(Print(g), "input  %x : float32 [?, 4]\ninput  %z : float32\noutput %x\n");
}

TEST(SetInterface, NamesTheInputThatIsNotFed) {
  Graph g = MustParse(kChain);
  const Status status = SetInterface(g, {Find(g, "x")}, {});
  EXPECT_EQ(status.message(),
            "input 'z' (float32 of any shape) is not fed, and the outputs need it: 'b'");
}

TEST(SetInterface, RefusesBadIds) {
  Graph g = MustParse(kChain);
  EXPECT_FALSE(SetInterface(g, {ValueId{99}}, {}).ok());
  EXPECT_FALSE(SetInterface(g, {}, {ValueId{-1}}).ok());
  EXPECT_FALSE(SetInterface(g, {Find(g, "x"), Find(g, "x")}, {}).ok());
}

TEST(RemoveDeadCode, KeepsInputsAndWhatOutputsNeed) {
  Graph g = MustParse(kChain);
  g.outputs = {Find(g, "x")};
  RemoveDeadCode(g);
  EXPECT_EQ(Print(g), "input  %x : float32 [?, 4]\ninput  %z : float32\noutput %x\n");
  EXPECT_EQ(g.values.size(), 2u);
}

TEST(Uses, CountsNodesAndOutputs) {
  const Graph g = MustParse(kChain);
  const auto uses = UseCounts(g);
  const auto producers = Producers(g);
  const auto at = [&](const char* name) { return static_cast<size_t>(Find(g, name).index); };
  EXPECT_EQ(uses[at("a")], 2);
  EXPECT_EQ(uses[at("b")], 1);
  EXPECT_EQ(uses[at("d")], 0);
  EXPECT_EQ(producers[at("x")], -1);
  EXPECT_EQ(producers[at("b")], 1);
}

void ExpectBroken(const Graph& graph, const std::string& part) {
  const Status status = Verify(graph);
  ASSERT_FALSE(status.ok()) << part;
  EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
}

TEST(Verify, FindsBrokenStructure) {
  const Graph good = MustParse(kChain);
  Graph g = good;
  g.value(Find(g, "d")).name = "a";
  ExpectBroken(g, "two values have the name 'a'");
  g = good;
  std::swap(g.nodes[0], g.nodes[1]);
  ExpectBroken(g, "node 'b' (Binary): input 'a' is not made before it is used");
  g = good;
  g.nodes[0].inputs[0] = {77};
  ExpectBroken(g, "value 77 does not exist");
  g = good;
  g.nodes[1].outputs = g.nodes[0].outputs;
  ExpectBroken(g, "made a second time");
  g = good;
  g.nodes[0].inputs.pop_back();
  ExpectBroken(g, "node 'a' (Binary): found 1 inputs, expected 2");
  g = good;
  g.nodes[0].outputs.clear();
  ExpectBroken(g, "found 0 outputs, expected 1");
  g = good;
  g.outputs.push_back({-1});
  ExpectBroken(g, "graph outputs");
  g = good;
  g.inputs.pop_back();
  ExpectBroken(g, "input 'z' is not made before it is used");
  g = good;
  g.value(Find(g, "c")).dtype = DType::kI32;
  ExpectBroken(g, "constant 'c'");
  g = good;
  g.value(Find(g, "x")).declared_shape = Shape{-2};
  ExpectBroken(g, "dimension -2");
}

TEST(Verify, FindsWrongTypes) {
  Graph g = MustParse(kChain);
  g.value(Find(g, "z")).dtype = DType::kI32;
  ExpectBroken(g, "input 1 (y): found type int32, expected float32");
  g = MustParse(kChain);
  g.value(Find(g, "d")).dtype = DType::kI32;
  ExpectBroken(g, "output: found type int32, expected float32");
}

TEST(Verify, ConvBlocksNeedConstantWeights) {
  constexpr const char* kBlock = R"(input  %x : float32
const  %w : float32 [1, 1, 2, 1] = {1, 2}
const  %b : float32 [1] = {1}
%y = ConvBlock(%x, %w, %b) {has_bias=true}
output %y
)";
  Graph g = MustParse(kBlock);
  g.nodes[0].inputs[1] = Find(g, "x");
  ExpectBroken(g, "input 1 (filter 'x'): found a computed value, expected a constant");
  g = MustParse(kBlock);
  g.value(Find(g, "b")).constant = *Tensor::From<float>({2}, {1, 2});
  ExpectBroken(g, "input 2 (bias 'b'): found shape [2], expected rank 1 and 1 elements");
}

// 100,000 nodes in a row and 100,000 readers of one value: neither stack nor time may suffer.
TEST(Graph, DeepAndWideGraphs) {
  Graph g;
  ValueId last = g.AddValue({"x", DType::kF32, {}, {}, {}});
  g.inputs = {last};
  for (int i = 0; i < 100000; ++i) {
    last = g.AddNode("deep" + std::to_string(i), ops::Unary{}, {last});
    g.AddNode("wide" + std::to_string(i), ops::Unary{}, {g.inputs[0]});
  }
  g.outputs = {last};
  ASSERT_TRUE(SetInterface(g, {}, {}).ok());
  EXPECT_EQ(g.nodes.size(), 100000u);
  EXPECT_TRUE(Verify(g).ok());
}

}  // namespace
}  // namespace picabia::ir
