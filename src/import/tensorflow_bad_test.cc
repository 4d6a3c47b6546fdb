// TensorFlow graphs that break a rule: each error names the file, the node and the rule, and
// nothing crashes or grows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "import/testing/messages.h"

namespace picabia::import {
namespace {

using namespace testing;      // NOLINT: the messages are written in its words
using namespace testing::tf;  // NOLINT

// The whole error must be `expected`, after the file's name.
void ExpectError(const std::string& bytes, const std::string& expected) {
  EXPECT_EQ(Error(bytes), "m.pb: " + expected);
}
// For messages that end in a long list.
void ExpectErrorStart(const std::string& bytes, const std::string& expected) {
  const std::string error = Error(bytes);
  EXPECT_TRUE(error.starts_with("m.pb: " + expected)) << error;
}

std::string OnPicture(Strings nodes) {
  nodes.insert(nodes.begin(), Placeholder("x", {1, 8, 8, 3}));
  return Graph(nodes);
}
std::string Filter(float value = 0.5f) { return FloatConst("w", {3, 3, 3, 2}, Floats(54, value)); }
std::string Conv(const std::vector<Attr>& attrs) {
  return OnPicture({Filter(), Node("c", "Conv2D", {"x", "w"}, attrs)});
}
const Attr kStrides = List("strides", {1, 2, 2, 1});
const Attr kSame = String("padding", "SAME");

TEST(TensorFlowBad, case_010_DuplicateNames) {
  ExpectError(OnPicture({Node("a", "Relu", {"x"}), Node("a", "Tanh", {"x"})}),
              "two nodes have the name 'a'");
}

TEST(TensorFlowBad, case_011_EmptyNames) {
  ExpectError(OnPicture({Node("", "Relu", {"x"})}), "node 1 has an empty name");
  ExpectError(OnPicture({Node("a", "Relu", {""})}),
              "node 'a': input 0 (''): the graph has no such node");
  ExpectError(OnPicture({Node("a", "", {"x"})}), "node 'a' names no operator");
}

TEST(TensorFlowBad, case_012_Cycles) {
  ExpectError(Graph({Node("a", "Relu", {"a"})}),
              "node 'a': its inputs depend on itself: 'a' -> 'a'");
  ExpectErrorStart(Graph({Node("a", "Relu", {"b"}), Node("b", "Relu", {"a"})}),
                   "node 'b': its inputs depend on itself: 'b' -> 'a' -> 'b'");
  // Control edges carry no data, so that a cycle through one is none.
  EXPECT_EQ(Nodes(OnPicture({Node("a", "Relu", {"x", "^b"}), Node("b", "Relu", {"a"})})),
            "%a = Unary(%x)\n%b = Unary(%a)\noutput %b\n");
}

TEST(TensorFlowBad, case_012_LongCycleIsShortened) {
  Strings nodes;
  for (int i = 0; i < 1000; ++i) {
    nodes.push_back(Node("n" + std::to_string(i), "Relu", {"n" + std::to_string((i + 1) % 1000)}));
  }
  const std::string error = Error(Graph(nodes));
  EXPECT_NE(error.find("-> ... ->"), std::string::npos) << error;
  EXPECT_LT(error.size(), 300u);
}

TEST(TensorFlowBad, case_013_MissingInputsAndOutputs) {
  ExpectError(OnPicture({Node("a", "Relu", {"gone"})}),
              "node 'a': input 0 ('gone'): the graph has no such node");
  ExpectError(OnPicture({Node("a", "Relu", {"x:99"})}),
              "node 'a': input 0 ('x:99'): output 99 of node 'x' does not exist, its operator "
              "Placeholder has output 0 here");
  for (const char* input : {"x:", "x:-1", "x:0x", "x:99999999999999999999", "x::0"}) {
    ExpectErrorStart(OnPicture({Node("a", "Relu", {input})}),
                     "node 'a': input 0 ('" + std::string(input) + "'): ");
  }
  ExpectError(OnPicture({Node("op", "NoOp"), Node("a", "Relu", {"op"})}),
              "node 'a': input 0 ('op'): output 0 of node 'op' does not exist, its operator NoOp "
              "has no output here");
}

TEST(TensorFlowBad, InputCounts) {
  ExpectError(OnPicture({Node("a", "Relu", {"x", "x"})}),
              "node 'a': Relu has 2 inputs, expected 1");
  ExpectError(OnPicture({Node("a", "Add", {"x"})}), "node 'a': Add has 1 inputs, expected 2");
  ExpectError(OnPicture({Node("a", "Conv2D", {})}), "node 'a': Conv2D has 0 inputs, expected 2");
}

TEST(TensorFlowBad, case_014_Dimensions) {
  const std::string data = Content(RawBytes(Floats{1}));
  ExpectError(Graph({Const("k", kFloat, {-1}, data)}), "node 'k': a tensor has a dimension of -1");
  ExpectErrorStart(
      Graph({Const("k", kFloat, {1ll << 31}, data)}),
      "node 'k': a float32 tensor of shape [2147483648] holds 4 bytes of data, expected");
  ExpectError(Graph({Const("k", kFloat, {(1ll << 42) + 1}, data)}),
              "node 'k': shape [4398046511105] is larger than any tensor can be");
  ExpectErrorStart(Graph({Const("k", kFloat, {1ll << 32, 1ll << 32}, data)}),
                   "node 'k': shape [4294967296, 4294967296] is larger than any tensor");
  ExpectErrorStart(Graph({Const("k", kFloat, Ints(33, 1), data)}), "node 'k': byte ");
  ExpectError(Graph({Placeholder("x", {1, -2}), Node("y", "Relu", {"x"})}),
              "node 'x': a tensor has a dimension of -2");
  ExpectErrorStart(
      Graph({Placeholder("x", {1, 1ll << 40, 1ll << 40, 3}), Node("y", "Relu", {"x"})}),
      "node 'x': shape ");
}

TEST(TensorFlowBad, case_014_FilledConstantsAreBounded) {
  const std::string one = Write([](auto& w) { w.add_float(5, 1); });
  const auto graph = Import(Graph({Const("k", kFloat, {1 << 28}, one)}));
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), StatusCode::kResource);
  EXPECT_TRUE(
      graph.status().message().starts_with("m.pb: node 'k': a constant of 1073741824 bytes"))
      << graph.status().message();
  // Many small ones do not add up either.
  Strings nodes;
  for (int i = 0; i < 100; ++i) {
    nodes.push_back(Const("k" + std::to_string(i), kFloat, {1 << 20}, one));
  }
  EXPECT_EQ(Import(Graph(nodes)).status().code(), StatusCode::kResource);
}

TEST(TensorFlowBad, case_015_ContentOfAnotherLength) {
  for (const size_t n : {0u, 1u, 7u, 9u, 16u}) {
    if (n == 0) continue;  // no content at all fills with zeros
    ExpectError(Graph({Const("k", kFloat, {2}, Content(std::string(n, 'x')))}),
                "node 'k': a float32 tensor of shape [2] holds " + std::to_string(n) +
                    " bytes of data, expected 8");
  }
  const Floats three = {1, 2, 3};
  ExpectError(Graph({Const("k", kFloat, {2}, Write([&](auto& w) {
                             w.add_packed_float(5, three.begin(), three.end());
                           }))}),
              "node 'k': a tensor of shape [2] holds 3 values, expected 2");
}

TEST(TensorFlowBad, case_016_ContentAndTypedValues) {
  ExpectError(
      Graph({Const("k", kFloat, {1}, Content("abcd") + Write([](auto& w) { w.add_float(5, 1); }))}),
      "node 'k': a tensor has both raw data and a list of values");
}

TEST(TensorFlowBad, case_017_Types) {
  for (const int type : {0, 7, 8, 14, 20, 22, 23, 101, -1, 1 << 30}) {
    ExpectErrorStart(
        Graph({Const("k", type, {1}, Content("abcd"))}),
        "node 'k': element type " + std::to_string(type) + " of TensorFlow is not supported");
  }
  ExpectError(Graph({Const("k", kFloat, {1}, Write([](auto& w) { w.add_int32(7, 1); }))}),
              "node 'k': a float32 tensor has values of another type, expected them in field 5");
  ExpectError(Graph({Const("k", kInt8, {1}, Write([](auto& w) { w.add_int32(7, 128); }))}),
              "node 'k': element 0 is 128, which is no int8");
  ExpectErrorStart(Graph({Placeholder("x", {1}, kString), Node("y", "Relu", {"x"})}),
                   "node 'x': element type 7 of TensorFlow is not supported");
  ExpectErrorStart(Graph({Placeholder("x", {1}, kInt32), Node("y", "Tanh", {"x"})}),
                   "node 'y': input 0 (x): found type int32, expected a float type");
}

TEST(TensorFlowBad, case_018_Windows) {
  ExpectError(Conv({List("strides", {1, 0, 1, 1}), kSame}),
              "node 'c': attribute 'strides' has a value of 0, expected 1 to 16777216");
  ExpectError(Conv({List("strides", {1, 1, -1, 1}), kSame}),
              "node 'c': attribute 'strides' has a value of -1, expected 1 to 16777216");
  ExpectError(Conv({List("strides", {2, 1, 1, 1}), kSame}),
              "node 'c': attribute 'strides' is [2, 1, 1, 1], expected 1 for batch and channels");
  ExpectError(Conv({List("strides", {1, 1, 1, 2}), kSame}),
              "node 'c': attribute 'strides' is [1, 1, 1, 2], expected 1 for batch and channels");
  ExpectError(Conv({List("strides", {1, 1}), kSame}),
              "node 'c': attribute 'strides' has 2 values, expected 4");
  ExpectError(Conv({kStrides, kSame, List("dilations", {1, 0, 1, 1})}),
              "node 'c': attribute 'dilations' has a value of 0, expected 1 to 16777216");
  ExpectErrorStart(OnPicture({FloatConst("w", {0, 3, 3, 2}, {}),
                              Node("c", "Conv2D", {"x", "w"}, {kStrides, kSame})}),
                   "node 'c': input 1 (filter): found shape [0, 3, 3, 2]");
}

TEST(TensorFlowBad, case_019_Pads) {
  const Attr explicit_padding = String("padding", "EXPLICIT");
  ExpectError(Conv({kStrides, explicit_padding}),
              "node 'c': attribute 'explicit_paddings' has 0 values, expected 8");
  ExpectError(
      Conv({kStrides, explicit_padding, List("explicit_paddings", {0, 0, -1, 0, 0, 0, 0, 0})}),
      "node 'c': attribute 'explicit_paddings' has a value of -1, expected 0 to 16777216");
  ExpectError(
      Conv({kStrides, explicit_padding,
            List("explicit_paddings", {0, 0, 1ll << 60, 0, 0, 0, 0, 0})}),
      "node 'c': attribute 'explicit_paddings' has a value of 1152921504606846976, expected 0 to "
      "16777216");
  ExpectError(
      Conv({kStrides, explicit_padding, List("explicit_paddings", {1, 0, 0, 0, 0, 0, 0, 0})}),
      "node 'c': attribute 'explicit_paddings' pads batch or channels");
  ExpectError(Conv({kStrides, kSame, List("explicit_paddings", {0, 0, 1, 1, 1, 1, 0, 0})}),
              "node 'c': attribute 'explicit_paddings' is given with padding 'SAME'");
  ExpectError(
      OnPicture({IntConst("p", {4, 2}, {0, 0, -1, 0, 0, 0, 0, 0}), Node("y", "Pad", {"x", "p"})}),
      "node 'y': a padding is -1, expected 0 to 2147483647");
  ExpectErrorStart(
      OnPicture({IntConst("p", {3, 2}, {0, 0, 0, 0, 0, 0}), Node("y", "Pad", {"x", "p"})}),
      "node 'y': input 0 (x): found shape [1, 8, 8, 3], expected rank 3");
  ExpectErrorStart(
      OnPicture({IntConst("p", {8}, {0, 0, 0, 0, 0, 0, 0, 0}), Node("y", "Pad", {"x", "p"})}),
      "node 'y': the paddings have shape [8]");
  ExpectErrorStart(OnPicture({IntConst("p", {4, 2}, {0, 0, 8, 0, 0, 0, 0, 0}),
                              Node("y", "MirrorPad", {"x", "p"}, {String("mode", "REFLECT")})}),
                   "node 'y': padding of axis 1");
}

TEST(TensorFlowBad, case_020_Axes) {
  const auto mean = [](const std::vector<int32_t>& axes) {
    return OnPicture(
        {IntConst("a", {static_cast<int64_t>(axes.size())}, axes), Node("y", "Mean", {"x", "a"})});
  };
  ExpectError(mean({4}), "node 'y': axis 4 does not exist in a tensor of rank 4");
  ExpectError(mean({-5}), "node 'y': axis -5 does not exist in a tensor of rank 4");
  ExpectError(mean({1, -3}), "node 'y': axis 1 is given twice");
  ExpectError(OnPicture({Node("y", "Mean", {"x", "x"})}),
              "node 'y': the axes (input 1) is float32, expected int32 or int64");
  ExpectError(OnPicture({FloatConst("a", {1}, {1}), Node("y", "Mean", {"x", "a"})}),
              "node 'y': the axes (input 1) is float32, expected int32 or int64");
  ExpectErrorStart(
      OnPicture({IntConst("a", {4}, {0, 1, 1, 2}), Node("y", "Transpose", {"x", "a"})}),
      "node 'y': [0, 1, 1, 2] is no permutation");
}

TEST(TensorFlowBad, case_021_FilterShapes) {
  ExpectError(OnPicture({FloatConst("w", {3}, {1, 2, 3}),
                         Node("c", "Conv2D", {"x", "w"}, {kStrides, kSame})}),
              "node 'c': the filter 'w' has shape [3], expected 4 dimensions");
  ExpectErrorStart(OnPicture({FloatConst("w", {1, 1, 4, 1}, Floats(4, 1)),
                              Node("c", "Conv2D", {"x", "w"}, {kStrides, kSame})}),
                   "node 'c': input 1 (filter): found shape [1, 1, 4, 1]");
  ExpectError(OnPicture({IntConst("w", {1, 1, 3, 1}, {1, 2, 3}),
                         Node("c", "Conv2D", {"x", "w"}, {kStrides, kSame})}),
              "node 'c': the filter 'w' is int32, expected float32");
  ExpectError(OnPicture({Filter(), Node("c", "Int8Conv2D", {"x", "w"},
                                        {kStrides, kSame, Float("input_scale", 1),
                                         Float("filter_scale", 1)})}),
              "node 'c': the filter 'w' is float32, expected int8");
}

TEST(TensorFlowBad, case_023_BatchNormalisation) {
  const auto norm = [](float variance, float epsilon, bool training) {
    return OnPicture({FloatConst("v", {3}, {1, 1, 1}), FloatConst("var", {3}, {1, variance, 1}),
                      Node("y", "FusedBatchNorm", {"x", "v", "v", "v", "var"},
                           {Float("epsilon", epsilon), Bool("is_training", training)})});
  };
  ExpectErrorStart(norm(-1, 0.5f, false), "node 'y': constant 'var' has variance -1");
  ExpectErrorStart(norm(0, 0, false), "node 'y': constant 'var' has variance 0");
  ExpectErrorStart(norm(NAN, 0.5f, false), "node 'y': constant 'var' has variance nan");
  ExpectErrorStart(norm(1, -1, false), "node 'y': attribute 'epsilon' is -1");
  ExpectErrorStart(norm(1, NAN, false), "node 'y': attribute 'epsilon' is nan");
  ExpectErrorStart(norm(1, 1, true), "node 'y': a batch normalisation is in training mode");
}

TEST(TensorFlowBad, case_033_WeightsThatAreNotFinite) {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    ExpectError(OnPicture({Filter(bad), Node("w/read", "Identity", {"w"}),
                           Node("c", "Conv2D", {"x", "w/read"}, {kStrides, kSame})}),
                "node 'c': constant 'w' has an element that is NaN or infinite");
  }
}

TEST(TensorFlowBad, Attributes) {
  ExpectError(Conv({kStrides}),
              "node 'c': attribute 'padding' is '', expected 'SAME', 'VALID' or "
              "'EXPLICIT'");
  ExpectErrorStart(Conv({kStrides, String("padding", "FULL")}),
                   "node 'c': attribute 'padding' is 'FULL'");
  ExpectErrorStart(Conv({kStrides, kSame, String("data_format", "NCHW_VECT_C")}),
                   "node 'c': attribute 'data_format' is 'NCHW_VECT_C', expected 'NHWC' or 'NCHW'");
  ExpectError(Conv({Float("strides", 1), kSame}),
              "node 'c': attribute 'strides' is a float, expected a list of integers");
  ExpectError(Conv({kStrides, kSame, Int("magic", 1)}),
              "node 'c': attribute 'magic' is not known for this operator");
  ExpectError(Conv({kStrides, kStrides, kSame}), "node 'c': attribute 'strides' is given twice");
  ExpectErrorStart(OnPicture({Node("y", "Relu", {"x"}, std::vector<Attr>(300, kSame))}),
                   "node 'y': more than 256 attributes");
  ExpectError(Graph({Node("k", "Const")}), "node 'k': a Const has no tensor in attribute 'value'");
  ExpectError(Graph({Node("x", "Placeholder")}),
              "node 'x': a Placeholder has no attribute 'dtype'");
}

TEST(TensorFlowBad, CambriconAttributes) {
  const auto conv = [](const Attr& attr) {
    return OnPicture(
        {Const("w", kInt8, {1, 1, 3, 1}, Content("abc")),
         Node("c", "Int8Conv2D", {"x", "w"},
              {kStrides, kSame, Float("input_scale", 1), Float("filter_scale", 1), attr})});
  };
  ExpectError(conv(Int("input_position", 3)),
              "node 'c': attribute 'input_position' is 3, only 1024 is supported");
  ExpectErrorStart(conv(Float("mean_r", 3)), "node 'c': attribute 'mean_r' is 3");
  ExpectErrorStart(conv(Int("mlu_group", 2)), "node 'c': attribute 'mlu_group' is 2");
  ExpectErrorStart(conv(Float("std", 2)), "node 'c': attribute 'std' is 2");
  ExpectErrorStart(conv(List("filter_positions", {1})),
                   "node 'c': attribute 'filter_positions' is [1]");
  ExpectErrorStart(conv(List("paddings", {0, 1, 0, 0})), "node 'c': attribute 'paddings' is ");
  for (const float scale : {0.0f, -1.0f, INFINITY, NAN}) {
    ExpectErrorStart(
        OnPicture({Const("w", kInt8, {1, 1, 3, 1}, Content("abc")),
                   Node("c", "Int8Conv2D", {"x", "w"},
                        {kStrides, kSame, Float("input_scale", scale), Float("filter_scale", 1)})}),
        "node 'c': attribute 'input_scale' is ");
  }
}

TEST(TensorFlowBad, CambriconFirstConvolution) {
  const auto conv = [](const char* op, std::vector<int64_t> shape, const char* content,
                       const Attr& attr) {
    std::vector<std::string> inputs{"x", "w"};
    if (std::string_view(op).ends_with("Input")) inputs = {"s", "w", "x"};
    return OnPicture({Const("w", kInt8, shape, Content(content)), IntConst("s", {4}, {1, 7, 8, 1}),
                      Node("c", op, inputs,
                           {kStrides, kSame, Float("input_scale", 1), Float("filter_scale", 1),
                            Bool("use_convfirst", true), attr})});
  };
  ExpectErrorStart(conv("Int8Conv2D", {1, 1, 3, 1}, "abc", Float("std", 0)),
                   "node 'c': attribute 'std' is 0");
  ExpectErrorStart(conv("Int8Conv2D", {1, 1, 3, 1}, "abc", Float("mean_g", INFINITY)),
                   "node 'c': attribute 'mean_g' is inf");
  ExpectErrorStart(conv("Int8Conv2D", {1, 1, 1, 3}, "abc", Float("std", 2)),
                   "node 'c': attribute 'use_convfirst' is true for a filter of 1 channels");
  ExpectErrorStart(conv("Int8Conv2DBackpropInput", {1, 1, 1, 3}, "abc", Float("std", 2)),
                   "node 'c': attribute 'use_convfirst' is true, which a transposed");
}

TEST(TensorFlowBad, CambriconProducts) {
  const auto product = [](const std::string& matrix, const std::string& more) {
    return Graph(
        {matrix, IntConst("s", {2}, {-1, 3}), Node("x", "Placeholder", {}, {Type("dtype", kFloat)}),
         Node("r", "Reshape", {"x", "s"}), more,
         Node("y", "Int8MatMul", {"r", "w"}, {Float("input_scale", 1), Float("filter_scale", 1)})});
  };
  const std::string none = Node("n", "NoOp");
  ExpectErrorStart(product(Const("w", kInt8, {3}, Content("abc")), none),
                   "node 'y': the matrix (input 1) is int8 [3]");
  ExpectErrorStart(product(FloatConst("w", {3, 1}, {1, 2, 3}), none),
                   "node 'y': the matrix (input 1) is float32 [3, 1]");
  ExpectErrorStart(product(Node("w", "Placeholder", {}, {Type("dtype", kInt8)}), none),
                   "node 'y': the matrix (input 1) is not a constant");
}

TEST(TensorFlowBad, SizesOfTransposedConvolutions) {
  const auto transposed = [](const std::vector<int32_t>& sizes, const char* padding,
                             const char* op = "Conv2DBackpropInput") {
    const bool int8 = std::string(op).starts_with("Int8");
    std::vector<Attr> attrs = {kStrides, String("padding", padding)};
    if (int8) attrs.insert(attrs.end(), {Float("input_scale", 1), Float("filter_scale", 1)});
    return OnPicture({int8 ? Const("w", kInt8, {3, 3, 2, 3}, Content(std::string(54, 'a')))
                           : FloatConst("w", {3, 3, 2, 3}, Floats(54, 1)),
                      IntConst("sizes", {static_cast<int64_t>(sizes.size())}, sizes),
                      Node("t", op, {"sizes", "w", "x"}, attrs)});
  };
  ExpectError(transposed({1, 14, 16, 2}, "SAME"),
              "node 't': input_sizes names a height of 14, expected 16 with stride 2");
  ExpectError(transposed({1, 16, 17, 2}, "SAME"),
              "node 't': input_sizes names a width of 17, expected 16 with stride 2");
  ExpectError(transposed({1, 19, 17, 2}, "VALID"),
              "node 't': input_sizes names a height of 19, expected 17 with stride 2");
  ExpectErrorStart(transposed({1, 16, 16, 5}, "SAME"),
                   "node 't': input_sizes is [1, 16, 16, 5], expected batch 1 and 2 channels");
  ExpectErrorStart(transposed({1, -1, 16, 2}, "SAME"), "node 't': input_sizes is [1, ?, 16, 2]");
  ExpectErrorStart(transposed({1, 16, 2}, "SAME"), "node 't': input_sizes has 3 values");
  ExpectErrorStart(transposed({1, 18, 17, 2}, "VALID", "Int8Conv2DBackpropInput"),
                   "node 't': input_sizes asks for rows or columns beyond");
}

TEST(TensorFlowBad, Reshape) {
  ExpectErrorStart(OnPicture({IntConst("s", {2}, {-1, -1}), Node("y", "Reshape", {"x", "s"})}),
                   "node 'y': attribute shape: found [?, ?], expected at most one -1");
  ExpectErrorStart(OnPicture({IntConst("s", {2}, {-1, 7}), Node("y", "Reshape", {"x", "s"})}),
                   "node 'y': attribute shape");
  ExpectErrorStart(OnPicture({IntConst("s", {2}, {-2, 7}), Node("y", "Reshape", {"x", "s"})}),
                   "node 'y': attribute shape: found -2");
}

TEST(TensorFlowBad, ShapesThatDoNotFit) {
  ExpectErrorStart(OnPicture({FloatConst("b", {2}, {1, 2}), Node("y", "Add", {"x", "b"})}),
                   "node 'y': shapes [1, 8, 8, 3] and [2] do not broadcast");
}

TEST(TensorFlowBad, case_029_Names) {
  ExpectErrorStart(OnPicture({Node(std::string("a\0b", 3), "Relu", {"x"})}),
                   "node 1 'a\\x00b' has a control character");
  ExpectErrorStart(OnPicture({Node("a\nm.pb: all is well", "Relu", {"x"})}),
                   "node 1 'a\\x0am.pb: all is well' has a control character");
  ExpectErrorStart(OnPicture({Node("\x1b[31m", "Relu", {"x"})}),
                   "node 1 '\\x1b[31m' has a control");
  ExpectErrorStart(OnPicture({Node("\xC3\x28", "Relu", {"x"})}), "node 1 '\\xc3(' has a control");
  ExpectErrorStart(OnPicture({Node("a:0", "Relu", {"x"})}), "node 'a:0' has a ':'");
  ExpectErrorStart(OnPicture({Node("^a", "Relu", {"x"})}), "node '^a' has a ':' or a leading '^'");
  const std::string error = Error(OnPicture({Node(std::string(1 << 20, 'n'), "Relu", {"x"})}));
  EXPECT_LT(error.size(), 400u);
  EXPECT_NE(error.find("has a name of 1048576 bytes, expected at most 4096"), std::string::npos);
  const std::string op =
      Error(OnPicture({Node("a", "\x1b]0;x\x07" + std::string(1 << 20, 'n'), {"x"})}));
  EXPECT_LT(op.size(), 1600u);
  EXPECT_EQ(op.find('\x1b'), std::string::npos);
}

TEST(TensorFlowBad, case_031_UnknownOperators) {
  ExpectErrorStart(OnPicture({Node("a", "FancyOp", {"x"})}),
                   "node 'a': operator 'FancyOp' is not supported (Picabia reads: Abs, Acos, ");
  // Also one that nothing reads.
  ExpectErrorStart(OnPicture({Node("a", "SaveV2"), Node("b", "Relu", {"x"})}),
                   "node 'a': operator 'SaveV2' is not supported");
}

TEST(TensorFlowBad, NoNodes) {
  ExpectErrorStart(
      Write([](auto& w) { w.add_message(4, Write([](auto& v) { v.add_int32(1, 38); })); }),
      "the file has no graph in it");
}

// ---- the wire

std::string SmallGraph() {
  return OnPicture({Filter(), IntConst("sizes", {4}, {1, 8, 8, 3}),
                    Node("c", "Conv2D", {"x", "w"}, {kStrides, kSame}),
                    Node("t", "Conv2DBackpropInput", {"sizes", "w", "c"}, {kStrides, kSame}),
                    Node("y", "Tanh", {"t"})});
}

TEST(TensorFlowBad, case_004_EveryPrefix) {
  const std::string whole = SmallGraph();
  ASSERT_TRUE(Import(whole).ok()) << Error(whole);
  int accepted = 0;
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto graph = Import(whole.substr(0, size));
    if (graph.ok()) {
      ++accepted;
      continue;
    }
    EXPECT_TRUE(graph.status().message().starts_with("m.pb: ")) << graph.status().message();
  }
  // A cut behind a node leaves a graph of its own, for each of the six nodes.
  EXPECT_EQ(accepted, 6);
}

TEST(TensorFlowBad, case_040_EverySingleByteChange) {
  const std::string whole = SmallGraph();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int change : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ change);
      const auto graph = Import(changed);
      if (graph.ok()) continue;  // a letter of a name, or a weight
      const std::string& message = graph.status().message();
      EXPECT_TRUE(message.starts_with("m.pb: ")) << message;
      for (const char c : message) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << message;
    }
  }
}

TEST(TensorFlowBad, case_005_LongVarint) {
  const std::string bytes = OnPicture({}) + "\x18" + std::string(10, '\x80') + "\x01";
  ExpectErrorStart(bytes, "in or after node 'x': byte ");
  EXPECT_NE(Error(bytes).find("more than 10 bytes"), std::string::npos);
}

TEST(TensorFlowBad, case_006_FieldLongerThanTheRest) {
  for (const std::string& length : {std::string("\x7F"), std::string("\xFF\xFF\xFF\xFF\x0F"),
                                    std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
                                    // 2^32 + 1, which 32 bits would take for 1
                                    std::string("\x81\x80\x80\x80\x10") + "a"}) {
    const std::string bytes = OnPicture({}) + "\x0A" + length;
    EXPECT_NE(Error(bytes).find("a field is longer than the message that it is in"),
              std::string::npos)
        << Error(bytes);
  }
}

TEST(TensorFlowBad, case_007_WrongWireTypes) {
  const auto with_node_field = [](const std::string& field) {
    const std::string node = Node("n", "Relu", {"x"}) + field;
    return OnPicture({node});
  };
  for (const uint32_t number : {1u, 2u, 3u, 5u}) {
    const std::string bytes = with_node_field(Write([&](auto& w) { w.add_int32(number, 1); }));
    EXPECT_NE(Error(bytes).find("has wire type 0, expected 2 (bytes)"), std::string::npos)
        << Error(bytes);
  }
  EXPECT_NE(Error(with_node_field("\x0B\x0C")).find("unknown or a group"), std::string::npos);
  EXPECT_NE(Error(with_node_field(std::string("\x00\x01", 2))).find("has a number that protobuf"),
            std::string::npos);
  // A top-level field of a type that the format does not have there.
  EXPECT_NE(Error(OnPicture({}) + "\x08\x01").find("has wire type 0, expected 2"),
            std::string::npos);
}

TEST(TensorFlowBad, case_008_Nesting) {
  // attr -> func -> attr -> func ..., as deep as 32 MB carry it; never descended into.
  for (const int depth : {101, 3000}) {
    std::string value = Write([](auto& w) { w.add_int64(3, 1); });
    for (int i = 0; i < depth; ++i) {
      const std::string func = Write([&](auto& w) {
        w.add_string(1, "f");
        w.add_message(2, Write([&](auto& entry) {
                        entry.add_string(1, "a");
                        entry.add_message(2, value);
                      }));
      });
      value = Write([&](auto& w) { w.add_message(10, func); });
    }
    ExpectError(OnPicture({Node("y", "Relu", {"x"}, {{"f", value}})}),
                "node 'y': attribute 'f' is not known for this operator");
  }
  // 100,000 deep without copying: lengths that all claim the rest are cut at the first level.
  const std::string bomb = OnPicture({}) + [] {
    std::string s;
    for (int i = 0; i < 100000; ++i) s += "\x0A\x7F";
    return s;
  }();
  EXPECT_FALSE(Import(bomb).ok());
}

TEST(TensorFlowBad, PackedFloatsOfOddLength) {
  EXPECT_NE(Error(Graph({Const("k", kFloat, {1}, Write([](auto& w) { w.add_bytes(5, "abc"); }))}))
                .find("not a multiple of its element's size"),
            std::string::npos);
}

TEST(TensorFlowBad, case_027_WideGraphs) {
  constexpr int kNodes = 65000;  // the most is 65536
  Strings chain = {Placeholder("x", {1, 8, 8, 3})}, star = chain;
  for (int i = 0; i < kNodes; ++i) {
    const std::string name = "n" + std::to_string(i);
    chain.push_back(Node(name, "Identity", {i == 0 ? "x" : "n" + std::to_string(i - 1)}));
    star.push_back(Node(name, "Identity", {"x"}));
  }
  std::reverse(chain.begin(), chain.end());  // the worst order for a depth-first walk
  const auto graph = Import(Graph(chain));
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->nodes.size(), static_cast<size_t>(kNodes));
  EXPECT_EQ(graph->outputs.size(), 1u);
  EXPECT_TRUE(Import(Graph(star)).ok());
  // One node with as many edges.
  ExpectError(OnPicture({Node("y", "Add", Strings(60000, "x"))}),
              "node 'y': Add has 60000 inputs, expected 2");
  ExpectError(OnPicture({Node("y", "Add", Strings(1000000, "x"))}),
              "node 'y': it has more than 65536 inputs or outputs");
}

TEST(TensorFlowBad, case_027_TooManyNodes) {
  const std::string node =
      Write([](auto& w) { w.add_message(1, Write([](auto& n) { n.add_string(1, "a"); })); });
  std::string bytes;
  for (int i = 0; i <= 65536; ++i) bytes += node;
  ExpectError(bytes, "the graph has more than 65536 nodes");
}

}  // namespace
}  // namespace picabia::import
