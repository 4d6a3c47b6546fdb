// The pipeline as a whole: order, switches, and networks in small that go through every pass.
#include <fmt/format.h>

#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

Result<int> RunAll(ir::Graph& graph) {
  PICABIA_RETURN_IF_ERROR(RunPipeline(graph));
  return 1;
}

// Convolution k and the instance norm after it, as the lab's frozen graphs spell them.
std::string NormedConv(int k, std::string_view input) {
  constexpr const char* kText = R"(const  %w{0} : float32 [1, 1, 2, 2] = {{1, 2, 3, 4}}
const  %scale{0} : float32 [2] = {{2, 3}}
const  %shift{0} : float32 [2] = {{4, 5}}
const  %eps{0} : float32 [] = {{0.001}}
const  %half{0} : float32 [] = {{0.5}}
%w{0}/read = Identity(%w{0})
%conv{0} = Conv2D(%{1}, %w{0}/read) {{pad_kind=1}}
%mean{0} = Reduce(%conv{0}) {{axes=[1, 2], keep_dims=true}}
%stop{0} = Identity(%mean{0})
%sq{0} = Binary(%conv{0}, %stop{0}) {{kind=5}}
%variance{0} = Reduce(%sq{0}) {{axes=[1, 2], keep_dims=true}}
%sub{0} = Binary(%conv{0}, %mean{0}) {{kind=1}}
%ve{0} = Binary(%variance{0}, %eps{0})
%pow{0} = Binary(%ve{0}, %half{0}) {{kind=4}}
%div{0} = Binary(%sub{0}, %pow{0}) {{kind=3}}
%mul{0} = Binary(%scale{0}, %div{0}) {{kind=2}}
%normed{0} = Binary(%mul{0}, %shift{0})
)";
  return fmt::format(fmt::runtime(kText), k, input);
}

std::string LabNet() {
  return "input  %X_content : float32 [1, ?, ?, 2]\n" + NormedConv(0, "X_content") +
         "%relu = Unary(%normed0)\n" + NormedConv(1, "relu") + "%relu_1 = Unary(%normed1)\n" +
         NormedConv(2, "relu_1") + "%add_10 = Binary(%relu, %normed2)\n" + NormedConv(3, "add_10") +
         R"(const  %m : float32 [] = {150}
const  %s : float32 [] = {127.5}
%Tanh = Unary(%normed3) {kind=1}
%mul_16 = Binary(%Tanh, %m) {kind=2}
%add_37 = Binary(%mul_16, %s)
output %add_37
)";
}

TEST(Pipeline, TheLabsNetworkBecomesBlocks) {
  const std::string after = After(RunAll, LabNet());
  EXPECT_NE(
      after.find(
          R"(%relu = ConvBlock(%X_content, %w0, %scale0, %shift0) {pad_kind=1, norm=1, epsilon=0.001, activation=1}
%relu_1 = ConvBlock(%relu, %w1, %scale1, %shift1) {pad_kind=1, norm=1, epsilon=0.001, activation=1}
%add_10 = ConvBlock(%relu_1, %w2, %scale2, %shift2, %relu) {pad_kind=1, norm=1, epsilon=0.001, has_residual=true}
%add_37 = ConvBlock(%add_10, %w3, %scale3, %shift3) {pad_kind=1, norm=1, epsilon=0.001, activation=2, post_scale=150, post_shift=127.5}
output %add_37
)"),
      std::string::npos)
      << after;
  // Four norms round differently by some 2^-24 each and multiply that by their scales.
  ExpectSameNumbers(RunAll, LabNet(), {{1, 5, 6, 2}}, 2e-4f);
}

TEST(Pipeline, PowerDifferenceKeepsItsNode) {
  std::string text = LabNet();
  const std::string square = "%sq3 = Binary(%conv3, %stop3) {kind=5}";
  text.replace(text.find(square), square.size(), "%sq3 = PowerDifference(%conv3, %stop3, %z)");
  text = "input  %z : float32\n" + text;
  const std::string after = After(RunAll, text);
  EXPECT_NE(after.find("%conv3 = ConvBlock(%add_10, %w3) {pad_kind=1}\n"), std::string::npos)
      << after;
  EXPECT_NE(after.find("%sq3 = PowerDifference(%conv3, %mean3, %z)"), std::string::npos) << after;
}

// A network in the manner of PyTorch's fast_neural_style, as an importer of ONNX writes it.
constexpr const char* kChannelsFirst = R"(input  %x : float32 [1, 2, ?, ?]
const  %w : float32 [1, 1, 2, 2] = {1, 2, 3, 4}
const  %w2 : float32 [1, 1, 2, 2] = {1, 3, 2, 5}
const  %b : float32 [2] = {5, 6}
%pad = Pad(%x) {mode=1, before=[0, 0, 1, 1], after=[0, 0, 1, 1]}
%t1 = Transpose(%pad) {perm=[0, 2, 3, 1]}
%c1 = Conv2D(%t1, %w, %b)
%t2 = Transpose(%c1) {perm=[0, 3, 1, 2]}
%t3 = Transpose(%t2) {perm=[0, 2, 3, 1]}
%n1 = InstanceNorm(%t3, %b, %b)
%t4 = Transpose(%n1) {perm=[0, 3, 1, 2]}
%r1 = Unary(%t4)
%t5 = Transpose(%r1) {perm=[0, 2, 3, 1]}
%c2 = Conv2D(%t5, %w2, %b)
%t6 = Transpose(%c2) {perm=[0, 3, 1, 2]}
%t7 = Transpose(%t6) {perm=[0, 2, 3, 1]}
%n2 = BatchNorm(%t7, %b, %b, %b, %b)
%t8 = Transpose(%n2) {perm=[0, 3, 1, 2]}
%sum = Binary(%t8, %r1)
%t9 = Transpose(%sum) {perm=[0, 2, 3, 1]}
%up = Resize(%t9) {scales=[2, 2], axes=[1, 2]}
%t10 = Transpose(%up) {perm=[0, 3, 1, 2]}
%pad2 = Pad(%t10) {mode=1, before=[0, 0, 1, 1], after=[0, 0, 1, 1]}
%t11 = Transpose(%pad2) {perm=[0, 2, 3, 1]}
%c3 = Conv2D(%t11, %w, %b)
%y = Transpose(%c3) {perm=[0, 3, 1, 2]}
output %y
)";

TEST(Pipeline, ChannelsFirstNetwork) {
  ir::Graph g = MustParse(kChannelsFirst);
  ASSERT_TRUE(RunPipeline(g).ok());
  std::string kinds;
  for (const ir::Node& node : g.nodes) kinds += std::string(ops::OpName(node.op)) + " ";
  EXPECT_EQ(kinds, "Transpose ConvBlock ConvBlock Resize ConvBlock Transpose ") << ir::Print(g);
  // The instance norm multiplies a rounding of 2^-24 by its scale of 6, the convolutions by
  // some 10.
  ExpectSameNumbers(RunAll, kChannelsFirst, {{1, 2, 4, 5}}, 1e-5f);
}

TEST(Pipeline, PassesCanBeSwitchedOff) {
  ir::Graph g = MustParse(LabNet());
  PipelineOptions options;
  options.disabled = {"fuse_instance_norm", "fuse_conv_blocks"};
  std::vector<std::string> names;
  options.observer = [&](const PassInfo& pass, int rewrites, double seconds, const ir::Graph&) {
    EXPECT_GE(rewrites, 0);
    EXPECT_GE(seconds, 0);
    names.push_back(pass.name);
  };
  ASSERT_TRUE(RunPipeline(g, options).ok());
  EXPECT_EQ(names, (std::vector<std::string>{"remove_identities", "split_integer_convolutions",
                                             "transpose_quantized_filters", "fold_constants",
                                             "cancel_transposes", "sink_dequantize",
                                             "fuse_quantized", "fold_filters", "fold_batch_norm"}));
  EXPECT_NE(ir::Print(g).find("%conv3 = Conv2D"), std::string::npos);
}

TEST(Pipeline, RefusesUnknownNamesAndBrokenGraphs) {
  ir::Graph g = MustParse(LabNet());
  PipelineOptions options;
  options.disabled = {"fuse_everything"};
  const Status status = RunPipeline(g, options);
  EXPECT_NE(
      status.message().find("found pass 'fuse_everything', expected one of remove_identities"),
      std::string::npos)
      << status.message();
  g.nodes[0].inputs.clear();
  EXPECT_FALSE(RunPipeline(g).ok());
}

// One value with 100,000 readers and a chain of 100,000 nodes.
TEST(Pipeline, LargeGraphsTakeLinearTime) {
  ir::Graph g;
  ir::ValueId last = g.AddValue({"x", DType::kF32, Shape{1, -1, -1, 1}, {}, {}});
  g.inputs = {last};
  const ir::ValueId w = g.AddConstant("w", *Tensor::From<float>({1, 1, 1, 1}, {1}));
  const ir::ValueId c = g.AddConstant("c", *Tensor::From<float>({}, {1}));
  for (int i = 0; i < 50000; ++i) {
    const std::string n = std::to_string(i);
    const ir::ValueId conv = g.AddNode("conv" + n, ops::Conv2D{}, {g.inputs[0], w});
    const ir::ValueId shifted = g.AddNode("shifted" + n, ops::Binary{}, {conv, c});
    last = g.AddNode("sum" + n, ops::Binary{}, {last, shifted});
  }
  g.outputs = {last};
  const Status status = RunPipeline(g);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(g.nodes.size(), 50000u);
}

}  // namespace
}  // namespace picabia::passes
