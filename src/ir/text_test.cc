// The text form: what it looks like, that it comes back as it went, and that no text harms the
// parser.
#include "ir/text.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

#include "ops/shape.h"

namespace picabia::ir {
namespace {

Graph MustParse(std::string_view text) {
  auto graph = Parse(text);
  EXPECT_TRUE(graph.ok()) << graph.status().message() << "\n" << text;
  return graph.ok() ? *std::move(graph) : Graph{};
}

void ExpectRoundTrip(const std::string& text) { EXPECT_EQ(Print(MustParse(text)), text); }

void ExpectError(std::string_view text, const std::string& part) {
  const auto graph = Parse(text);
  ASSERT_FALSE(graph.ok()) << text;
  EXPECT_NE(graph.status().message().find(part), std::string::npos) << graph.status().message();
}

TEST(Text, PrintsWhatItParses) {
  ExpectRoundTrip(R"(source "dir/a \"b\".pb"
format "onnx"
picture {nchw=true, out_nchw=false, bgr=true, scale=[0.5, 0.25, 1, 1], shift=[-1, -1, -1, 0], out_scale=[127.5, 127.5, 127.5, 255], out_shift=[0, 0, 0, 0]}
input  %x : float32 [?, ?, ?, 3] frozen [1, 256, 256, 3]
input  %z : float32
const  %w : float32 [1, 1, 3, 2] = {1, 2.5, -0, 1e-30, inf, nan}
const  %b : int8 [0] = {}
const  %s : int64 [] = {-9223372036854775808}
const  %h : float16 [2] = {65504, 0.33325195}
%y = Conv2D(%x, %w) {strides=[2, 1], pad_kind=1, pads=[0, 0, 3, 4]}
%"odd name\x0a" = Binary(%y, %z) {kind=2} @other
%t : int64 [] = Transpose(%s)
%r = Reduce(%y) {axes=[1, 2], keep_dims=true}
output %y
output %"odd name\x0a"
)");
}

TEST(Text, CommentsBlanksAndDefaults) {
  const Graph g =
      MustParse("# a graph\n\n  input %x:0 : float32 [] # x\r\n%y=Unary(%x:0)\noutput %y");
  EXPECT_EQ(Print(g), "input  %x:0 : float32 []\n%y = Unary(%x:0)\noutput %y\n");
  EXPECT_EQ(Print(g, {64, true}),
            "input  %x:0 : float32 []\n%y = Unary(%x:0) {kind=0, alpha=0}\noutput %y\n");
}

TEST(Text, LargeConstantsPrintWithoutContents) {
  const Graph g = MustParse("const %c : float32 [3] = {1, 2, 3}\noutput %c\n");
  const std::string text = Print(g, {2, false});
  EXPECT_EQ(text, "const  %c : float32 [3] = ...\noutput %c\n");
  ExpectError(text, "line 1: found '...', expected '{'");
}

TEST(Text, ErrorsNameTheLine) {
  ExpectError("input %x : float32\nfoo", "line 2: found 'foo', expected input");
  ExpectError("input %x : float33", "line 1: unknown element type 'float33'");
  ExpectError("input %x : float32 [-2]", "dimension -2");
  ExpectError("input %x : float32 [1", "expected ']'");
  ExpectError("input %x : float32 []]", "expected the end of the line");
  ExpectError("input %x : float32\ninput %x : float32", "line 2: %x is made a second time");
  ExpectError("%y = Unary(%x)", "%x is not made before it is used");
  ExpectError("input %x : float32\n%y = Foo(%x)", "line 2: found operator 'Foo'");
  ExpectError("input %x : float32\n%y = Unary(%x) {beta=1}", "found attribute 'beta'");
  ExpectError("input %x : float32\n%y = Unary(%x) {kind=300}", "attribute kind: found '300}'");
  ExpectError("input %x : float32\n%y = Unary(%x) {kind=200}", "node 'y' (Unary): attribute kind");
  ExpectError("input %x : float32\n%y = Conv2D(%x, %x) {pads=[1, 2]}",
              "found 2 numbers, expected 4");
  ExpectError("const %c : int8 [1] = {128}", "expected an element in range");
  ExpectError("const %c : int8 [2] = {1}", "found 1 elements, expected those of shape [2]");
  ExpectError("const %c : float32 [4000000000, 4000000000] = {1}", "found 1 elements");
  ExpectError("const %c : int8 [?] = {1}", "found 1 elements");
  ExpectError("const %c : int8 = {1}", "the constant's shape");
  ExpectError("input %\"a\\q\" : float32", "expected \\\", \\\\ or \\xHH");
  ExpectError("input %\"a", "a closing quote");
}

// A random legal graph: every operator, odd names, constants of every type.
class RandomGraph {
 public:
  explicit RandomGraph(uint32_t seed) : random_(seed) {}

  Graph Make() {
    graph_.format = Pick(2) == 0 ? "text" : "onnx";
    graph_.picture.nchw = Pick(2) == 0;
    graph_.picture.out_nchw = Pick(2) == 0;
    graph_.picture.scale[Pick(4)] = Positive();
    graph_.inputs.push_back(graph_.AddValue({Name(), DType::kF32, Shape{-1, -1, -1, 3}, {}, {}}));
    graph_.inputs.push_back(graph_.AddValue({Name(), DType::kF32, {}, Shape{1, 2}, {}}));
    for (int i = 0; i < kNumDTypes; ++i) AddConstant(static_cast<DType>(i));
    for (int i = 0; i < 12; ++i) AddRandomNode();
    for (int i = 0; i < 2; ++i) graph_.outputs.push_back(graph_.nodes[Pick(12)].outputs[0]);
    return std::move(graph_);
  }

 private:
  uint32_t Pick(uint32_t n) { return random_() % n; }
  float Float() { return std::bit_cast<float>(static_cast<uint32_t>(random_())); }
  float Positive() { return static_cast<float>(1 + Pick(1000)) / 7; }

  std::string Name() {
    std::string name = std::to_string(graph_.values.size()).append("_");
    for (uint32_t i = Pick(4); i > 0; --i) name += static_cast<char>(Pick(256));
    return name;
  }

  void AddConstant(DType dtype) {
    Tensor t = *Tensor::Create(dtype, {2, static_cast<int64_t>(Pick(3))});
    for (size_t i = 0; i < t.num_bytes(); ++i)
      t.MutableData<uint8_t>()[i] =
          static_cast<uint8_t>(dtype == DType::kBool ? Pick(2) : Pick(256));
    graph_.AddConstant(Name(), std::move(t));
  }

  ValueId FloatValue() {
    ValueId id;
    do {
      id = {static_cast<int32_t>(Pick(static_cast<uint32_t>(graph_.values.size())))};
    } while (graph_.value(id).dtype != DType::kF32);
    return id;
  }

  ops::Op RandomResize() {
    ops::Resize op;
    op.scales = {Positive(), 2};
    op.axes = {0, 1};
    op.antialias = Pick(2) != 0;
    return op;
  }
  ops::Op RandomOp() {
    ops::Op op;
    switch (Pick(8)) {
      case 0:
        return ops::Conv2D{
            {{1 + Pick(3), 1}, {1, 1 + Pick(3)}, static_cast<ops::PadKind>(Pick(3)), {}},
            1 + Pick(4)};
      case 1:
        return ops::ConvTranspose2D{{{2, 2}}, {Pick(3), 0}, {0, Pick(2)}, 1};
      case 2:
        return ops::InstanceNorm{Positive()};
      case 3:
        return ops::Pad{static_cast<ops::PadMode>(Pick(4)), {Pick(5), 1}, {0, Pick(5)}, Float()};
      case 4:
        return ops::Clip{-Positive(), std::numeric_limits<float>::infinity()};
      case 5:
        return RandomResize();
      case 6:
        return ops::Transpose{{2, 0, 1}};
      default:
        return ops::Reshape{{-1, 0, Pick(100)}};
    }
  }

  void AddRandomNode() {
    const ops::Op op = RandomOp();
    std::vector<ValueId> inputs;
    for (size_t i = 0; i < ops::InputArity(op).min; ++i) inputs.push_back(FloatValue());
    const ValueId id = graph_.AddNode(Name(), op, std::move(inputs));
    if (Pick(3) == 0) graph_.nodes.back().name = Name() + "x";
    if (Pick(3) == 0) graph_.value(id).declared_shape = Shape{-1, Pick(9)};
  }

  std::mt19937 random_;
  Graph graph_;
};

TEST(Text, RandomGraphsComeBack) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    const Graph graph = RandomGraph(seed).Make();
    ASSERT_TRUE(Verify(graph).ok()) << seed << Verify(graph).message();
    const std::string text = Print(graph);
    const auto back = Parse(text);
    ASSERT_TRUE(back.ok()) << "seed " << seed << ": " << back.status().message() << "\n" << text;
    ASSERT_EQ(Print(*back), text) << "seed " << seed;
    ASSERT_EQ(back->nodes.size(), graph.nodes.size());
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      ASSERT_EQ(back->nodes[i].name, graph.nodes[i].name);
      ASSERT_EQ(back->nodes[i].op.index(), graph.nodes[i].op.index());
    }
    ASSERT_EQ(back->picture, graph.picture);
  }
}

TEST(Text, GarbageIsRefusedOrParsed) {
  std::mt19937 random(1);
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const std::string text = Print(RandomGraph(seed).Make());
    for (int i = 0; i < 30; ++i) {
      std::string bad = text;
      for (uint32_t n = 1 + random() % 4; n > 0 && !bad.empty(); --n) {
        const size_t at = random() % bad.size();
        switch (random() % 4) {
          case 0:
            bad[at] = static_cast<char>(random() % 256);
            break;
          case 1:
            bad.resize(at);
            break;
          case 2:
            bad.erase(at, random() % 8);
            break;
          default:
            bad.insert(at, bad.substr(random() % bad.size(), random() % 16));
        }
      }
      const auto graph = Parse(bad);
      EXPECT_TRUE(!graph.ok() || Parse(Print(*graph)).ok()) << bad;
    }
  }
}

}  // namespace
}  // namespace picabia::ir
