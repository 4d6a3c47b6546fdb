// Valid TensorFlow graphs: each operator, constants in every form, names and sizes.
#include <gtest/gtest.h>

#include "base/half.h"
#include "import/testing/messages.h"

namespace picabia::import {
namespace {

using namespace testing;      // NOLINT: the messages are written in its words
using namespace testing::tf;  // NOLINT

const std::vector<Attr> kSame1 = {List("strides", {1, 1, 1, 1}), String("padding", "SAME")};
const std::vector<Attr> kSame2 = {List("strides", {1, 2, 2, 1}), String("padding", "SAME")};
const std::vector<Attr> kValid2 = {List("strides", {1, 2, 2, 1}), String("padding", "VALID")};

std::vector<Attr> With(std::vector<Attr> attrs, const std::vector<Attr>& more) {
  attrs.insert(attrs.end(), more.begin(), more.end());
  return attrs;
}

// Nodes of a graph with picture "x", [1, 8, 8, 3].
std::string OnPicture(Strings nodes) {
  nodes.insert(nodes.begin(), Placeholder("x", {1, 8, 8, 3}));
  return Graph(nodes);
}

std::string Filter(const Ints& shape = {3, 3, 3, 2}, const std::string& name = "w") {
  const int64_t count = shape[0] * shape[1] * shape[2] * shape[3];
  return FloatConst(name, shape, Floats(static_cast<size_t>(count), 0.5f));
}

TEST(TensorFlow, WeightsArriveThroughIdentity) {
  EXPECT_EQ(Nodes(OnPicture({Filter(), Node("w/read", "Identity", {"w"}, {Type("T", kFloat)}),
                             Node("c", "Conv2D", {"x", "w/read:0"}, kSame2)})),
            "%w/read = Identity(%w)\n"
            "%c = Conv2D(%x, %w/read) {strides=[2, 2], pad_kind=1}\n"
            "output %c\n");
}

TEST(TensorFlow, PictureIsFreedOfItsSize) {
  EXPECT_EQ(Text(OnPicture({Node("y", "Relu", {"x"})})),
            "source \"m.pb\"\nformat \"tensorflow\"\n"
            "input  %x : float32 [?, ?, ?, 3] frozen [1, 8, 8, 3]\n"
            "%y = Unary(%x)\noutput %y\n");
}

TEST(TensorFlow, OtherPlaceholdersKeepTheirShape) {
  const std::string text = Text(
      Graph({Placeholder("a", {2, 5}), Placeholder("b", {1, 8, 8, 7}),
             Placeholder("c", {1, 8, 8, 3}, kUint8), Placeholder("d", {-1, 4}),
             Node("e", "Placeholder", {}, {Type("dtype", kFloat), UnknownShape("shape")}),
             Node("f", "Placeholder", {}, {Type("dtype", kFloat)}), Node("y", "Relu", {"a"})}));
  EXPECT_NE(text.find("input  %a : float32 [2, 5]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("input  %b : float32 [1, 8, 8, 7]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("input  %c : uint8 [1, 8, 8, 3]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("input  %d : float32 [?, 4]\n"), std::string::npos) << text;
  const auto graph =
      Import(Graph({Node("e", "Placeholder", {}, {Type("dtype", kFloat), UnknownShape("shape")}),
                    Node("y", "Relu", {"e"})}));
  ASSERT_TRUE(graph.ok());
  EXPECT_FALSE(graph->value(graph->inputs[0]).declared_shape.has_value());
}

TEST(TensorFlow, FreePictureHasNoFrozenSize) {
  const auto graph = Import(Graph({Placeholder("x", {-1, -1, -1, 3}), Node("y", "Relu", {"x"})}));
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(graph->value(graph->inputs[0]).declared_shape, (picabia::Shape{-1, -1, -1, 3}));
  EXPECT_FALSE(graph->value(graph->inputs[0]).frozen_shape.has_value());
}

TEST(TensorFlow, NodesComeInOrderWhateverTheFileSays) {
  EXPECT_EQ(Nodes(Graph({Node("c", "Add", {"b", "a"}), Node("b", "Tanh", {"a"}),
                         Node("a", "Relu", {"x"}), Placeholder("x", {1, 8, 8, 3})})),
            "%a = Unary(%x)\n%b = Unary(%a) {kind=1}\n%c = Binary(%b, %a)\noutput %c\n");
}

TEST(TensorFlow, ControlInputsCarryNoData) {
  EXPECT_EQ(Nodes(OnPicture({Node("init", "NoOp"), Node("y", "Relu", {"x", "^init", "^gone"})})),
            "%y = Unary(%x)\noutput %y\n");
}

TEST(TensorFlow, OutputsAreWhatNothingReads) {
  EXPECT_EQ(
      Nodes(OnPicture({Filter(), Node("dead/read", "Identity", {"w"}), Node("a", "Relu", {"x"}),
                       Node("b", "Tanh", {"a"}), Node("c", "Neg", {"a"}), Node("op", "NoOp")})),
      "%dead/read = Identity(%w)\n%a = Unary(%x)\n%b = Unary(%a) {kind=1}\n"
      "%c = Unary(%a) {kind=3}\noutput %b\noutput %c\n");
}

TEST(TensorFlow, ElementwiseOperators) {
  const std::pair<const char*, const char*> unary[] = {
      {"Relu", "Unary(%x)"},
      {"Tanh", "Unary(%x) {kind=1}"},
      {"Sqrt", "Unary(%x) {kind=2}"},
      {"Neg", "Unary(%x) {kind=3}"},
      {"Abs", "Unary(%x) {kind=4}"},
      {"Exp", "Unary(%x) {kind=5}"},
      {"Sigmoid", "Unary(%x) {kind=7}"},
      {"Identity", "Identity(%x)"},
      {"StopGradient", "Identity(%x)"},
      {"Square", "Binary(%x, %x) {kind=2}"},
      {"Relu6", "Clip(%x) {high=6}"},
  };
  for (const auto& [op, expected] : unary) {
    EXPECT_EQ(Nodes(OnPicture({Node("y", op, {"x"}, {Type("T", kFloat)})})),
              "%y = " + std::string(expected) + "\noutput %y\n");
  }
  const std::pair<const char*, const char*> binary[] = {
      {"Add", ""},
      {"AddV2", ""},
      {"Sub", " {kind=1}"},
      {"Mul", " {kind=2}"},
      {"RealDiv", " {kind=3}"},
      {"Pow", " {kind=4}"},
      {"SquaredDifference", " {kind=5}"},
      {"Minimum", " {kind=6}"},
      {"Maximum", " {kind=7}"},
      {"BiasAdd", ""},
  };
  for (const auto& [op, expected] : binary) {
    EXPECT_EQ(Nodes(OnPicture({FloatConst("b", {3}, {1, 2, 3}), Node("y", op, {"x", "b"})})),
              "%y = Binary(%x, %b)" + std::string(expected) + "\noutput %y\n");
  }
}

TEST(TensorFlow, LeakyRelu) {
  EXPECT_EQ(Nodes(OnPicture({Node("y", "LeakyRelu", {"x"}, {Float("alpha", 0.5f)})})),
            "%y = Unary(%x) {kind=6, alpha=0.5}\noutput %y\n");
}

TEST(TensorFlow, Rsqrt) {
  EXPECT_EQ(Nodes(OnPicture({Node("y", "Rsqrt", {"x"})})),
            "%y/sqrt = Unary(%x) {kind=2} @y\n%y = Binary(%y/one, %y/sqrt) {kind=3}\noutput %y\n");
}

TEST(TensorFlow, NamesMadeUpDoNotMeetNamesOfTheFile) {
  EXPECT_EQ(Nodes(OnPicture({Node("y/sqrt", "Relu", {"x"}), Node("y", "Rsqrt", {"y/sqrt"})})),
            "%y/sqrt = Unary(%x)\n%y/sqrt_1 = Unary(%y/sqrt) {kind=2} @y\n"
            "%y = Binary(%y/one, %y/sqrt_1) {kind=3}\noutput %y\n");
}

TEST(TensorFlow, PowerDifference) {
  EXPECT_EQ(
      Nodes(OnPicture({Node("z", "Placeholder", {}, {Type("dtype", kFloat), UnknownShape("shape")}),
                       Node("m", "Neg", {"x"}), Node("y", "PowerDifference", {"x", "m", "z"})})),
      "%m = Unary(%x) {kind=3}\n%y = PowerDifference(%x, %m, %z)\noutput %y\n");
}

TEST(TensorFlow, PlaceholderWithDefaultIsItsDefault) {
  EXPECT_EQ(Nodes(OnPicture({FloatConst("d", {}, {2}),
                             Node("p", "PlaceholderWithDefault", {"d"},
                                  {Type("dtype", kFloat), Shape("shape", {})}),
                             Node("y", "Mul", {"x", "p"})})),
            "%p = Identity(%d)\n%y = Binary(%x, %p) {kind=2}\noutput %y\n");
}

TEST(TensorFlow, ReductionAxesAreCountedFromTheFront) {
  for (const std::vector<int32_t>& axes : {std::vector<int32_t>{1, 2}, {2, 1}, {-3, -2}, {-2, 1}}) {
    EXPECT_EQ(Nodes(OnPicture({IntConst("a", {2}, axes),
                               Node("y", "Mean", {"x", "a"},
                                    {Bool("keep_dims", true), Type("Tidx", kInt32)})})),
              "%y = Reduce(%x) {axes=[1, 2], keep_dims=true}\noutput %y\n");
  }
  // One axis may be a scalar, of either integer type; the rank is known without a frozen size.
  EXPECT_EQ(Nodes(Graph({Placeholder("x", {-1, -1, -1, 3}),
                         Const("a", kInt64, {}, Content(RawBytes(Ints{-1}))),
                         Node("y", "Sum", {"x", "a"})})),
            "%y = Reduce(%x) {kind=1, axes=[3]}\noutput %y\n");
}

TEST(TensorFlow, ConvolutionPadding) {
  EXPECT_EQ(Nodes(OnPicture({Filter(), Node("c", "Conv2D", {"x", "w"}, kValid2)})),
            "%c = Conv2D(%x, %w) {strides=[2, 2]}\noutput %c\n");
  EXPECT_EQ(
      Nodes(OnPicture({Filter(), Node("c", "Conv2D", {"x", "w"},
                                      {List("strides", {1, 1, 2, 1}), String("padding", "EXPLICIT"),
                                       List("explicit_paddings", {0, 0, 1, 2, 3, 4, 0, 0}),
                                       List("dilations", {1, 2, 1, 1})})})),
      "%c = Conv2D(%x, %w) {strides=[1, 2], dilations=[2, 1], pads=[1, 3, 2, 4]}\noutput %c\n");
}

TEST(TensorFlow, ChannelsFirstIsTransposed) {
  const std::vector<Attr> attrs = {List("strides", {1, 1, 2, 3}), String("padding", "SAME"),
                                   String("data_format", "NCHW")};
  EXPECT_EQ(Nodes(Graph({Placeholder("x", {1, 3, 8, 8}), Filter(), FloatConst("b", {2}, {1, 2}),
                         Node("c", "Conv2D", {"x", "w"}, attrs),
                         Node("y", "BiasAdd", {"c", "b"}, {String("data_format", "NCHW")})})),
            "%x/nhwc = Transpose(%x) {perm=[0, 2, 3, 1]}\n"
            "%c/result = Conv2D(%x/nhwc, %w) {strides=[2, 3], pad_kind=1} @c\n"
            "%c = Transpose(%c/result) {perm=[0, 3, 1, 2]}\n"
            "%y/column = Reshape(%b) {shape=[-1, 1, 1]} @y\n"
            "%y = Binary(%c, %y/column)\noutput %y\n");
}

// Transposed convolution from [1, 4, 4, 2] to the size that a constant names.
std::string TransposedTo(const std::vector<int32_t>& sizes, const std::vector<Attr>& attrs) {
  return Nodes(
      Graph({Placeholder("x", {1, 8, 8, 3}), Filter(), Node("c", "Conv2D", {"x", "w"}, kSame2),
             IntConst("sizes", {static_cast<int64_t>(sizes.size())}, sizes),
             Node("y", "Conv2DBackpropInput", {"sizes", "w", "c"}, attrs)}));
}

std::string TransposedNodes(const std::string& fields) {
  return "%c = Conv2D(%x, %w) {strides=[2, 2], pad_kind=1}\n"
         "%y = ConvTranspose2D(%c, %w) {strides=[2, 2]" +
         fields + "}\noutput %y\n";
}

TEST(TensorFlow, TransposedConvolutionFollowsThePicture) {
  EXPECT_EQ(TransposedTo({1, 8, 8, 3}, kSame2), TransposedNodes(", pad_kind=1"));
  EXPECT_EQ(TransposedTo({1, 8, 7, 3}, kSame2),
            TransposedNodes(", pad_kind=1, output_shrink=[0, 1]"));
  EXPECT_EQ(TransposedTo({7, 8}, kSame2), TransposedNodes(", pad_kind=1, output_shrink=[1, 0]"));
  EXPECT_EQ(TransposedTo({1, 9, 9, 3}, kValid2), TransposedNodes(""));
  EXPECT_EQ(TransposedTo({1, 9, 10, 3}, kValid2), TransposedNodes(", output_pads=[0, 1]"));
}

TEST(TensorFlow, SizesComputedInTheGraphAreLeftOut) {
  EXPECT_EQ(
      Nodes(Graph({Placeholder("x", {-1, -1, -1, 3}), Filter(),
                   Node("c", "Conv2D", {"x", "w"}, kSame2), Node("s", "Shape", {"c"}),
                   IntConst("one", {1}, {1}), Node("h", "StridedSlice", {"s", "one", "one", "one"}),
                   Node("h2", "Mul", {"h", "one"}), Node("size", "Pack", {"h2", "h2"}),
                   Node("y", "Conv2DBackpropInput", {"size", "w", "c"}, kSame2)})),
      "%c = Conv2D(%x, %w) {strides=[2, 2], pad_kind=1}\n"
      "%y = ConvTranspose2D(%c, %w) {strides=[2, 2], pad_kind=1}\noutput %y\n");
}

TEST(TensorFlow, SizesThatAreReadElsewhereMustBeKnownOperators) {
  EXPECT_NE(Error(Graph({Placeholder("x", {-1, -1, -1, 3}), Filter(),
                         Node("c", "Conv2D", {"x", "w"}, kSame2), Node("s", "FancySize", {"c"}),
                         Node("other", "Neg", {"s"}),
                         Node("y", "Conv2DBackpropInput", {"s", "w", "c"}, kSame2)}))
                .find("node 's': operator 'FancySize' is not supported"),
            std::string::npos);
}

const std::vector<Attr> kScales = {Float("input_scale", 0.5f), Float("filter_scale", 8)};

std::string Int8Filter() {
  return Const("w", kInt8, {3, 3, 3, 2}, Content(std::string(54, '\x7F')));
}

TEST(TensorFlow, CambriconConvolutions) {
  EXPECT_EQ(
      Nodes(OnPicture(
          {Int8Filter(),
           Node("c", "Int8Conv2D", {"x", "w"},
                With(With(kSame2, kScales),
                     {Type("FilterT", kInt8), Type("InT", kFloat), List("paddings", {0, 0, 0, 0}),
                      Int("filter_position", 1024), Int("input_position", 1024),
                      List("filter_positions", {}), List("filter_scales", {}), Int("mlu_group", 1),
                      Float("mean_r", 0), Float("std", 1), Bool("use_convfirst", false)})),
           IntConst("sizes", {4}, {1, 7, 8, 3}),
           Node("y", "Int8Conv2DBackpropInput", {"sizes", "w", "c"}, With(kSame2, kScales))})),
      "%c = Int8Conv2D(%x, %w) {strides=[2, 2], pad_kind=1, input_scale=0.5, filter_scale=8}\n"
      "%y = Int8ConvTranspose2D(%c, %w) {strides=[2, 2], pad_kind=1, output_shrink=[1, 0], "
      "input_scale=0.5, filter_scale=8}\noutput %y\n");
}

TEST(TensorFlow, CambriconFirstConvolutionAndProduct) {
  EXPECT_EQ(
      Nodes(OnPicture({Int8Filter(), Node("c", "Int8Conv2D", {"x", "w"},
                                          With(With(kSame2, kScales),
                                               {Float("mean_r", 1), Float("mean_b", 3),
                                                Float("std", 2), Bool("use_convfirst", true)}))})),
      "%c/centered = Binary(%x, %c/mean) {kind=1} @c\n"
      "%c/prepared = Binary(%c/centered, %c/std) {kind=3} @c\n"
      "%c = Int8Conv2D(%c/prepared, %w) {strides=[2, 2], pad_kind=1, input_scale=0.5, "
      "filter_scale=8}\noutput %c\n");
  EXPECT_EQ(Nodes(OnPicture(
                {Const("w", kInt8, {2, 3}, Content("abcdef")), IntConst("s", {2}, {-1, 3}),
                 Node("r", "Reshape", {"x", "s"}),
                 Node("y", "Int8MatMul", {"r", "w"}, With(kScales, {Bool("transpose_b", true)}))})),
            "%r = Reshape(%x) {shape=[-1, 3], allow_zero=true}\n"
            "%y/pixels = Reshape(%r) {shape=[-1, 1, 1, 3]} @y\n"
            "%y/product = Int8Conv2D(%y/pixels, %y/filter) {input_scale=0.5, filter_scale=8} @y\n"
            "%y = Reshape(%y/product) {shape=[-1, 2]}\noutput %y\n");
}

TEST(TensorFlow, Pads) {
  const std::string pads = IntConst("p", {4, 2}, {0, 0, 1, 2, 3, 4, 0, 0});
  const std::string before_after = "before=[0, 1, 3, 0], after=[0, 2, 4, 0]";
  EXPECT_EQ(Nodes(OnPicture({pads, Node("y", "Pad", {"x", "p"}, {Type("Tpaddings", kInt32)})})),
            "%y = Pad(%x) {" + before_after + "}\noutput %y\n");
  EXPECT_EQ(Nodes(OnPicture({pads, FloatConst("v", {}, {9}), Node("y", "PadV2", {"x", "p", "v"})})),
            "%y = Pad(%x) {" + before_after + ", value=9}\noutput %y\n");
  EXPECT_EQ(
      Nodes(OnPicture({pads, Node("y", "MirrorPad", {"x", "p"}, {String("mode", "REFLECT")})})),
      "%y = Pad(%x) {mode=1, " + before_after + "}\noutput %y\n");
  EXPECT_EQ(
      Nodes(OnPicture({pads, Node("y", "MirrorPad", {"x", "p"}, {String("mode", "SYMMETRIC")})})),
      "%y = Pad(%x) {mode=3, " + before_after + "}\noutput %y\n");
}

TEST(TensorFlow, BatchNormResizeReshapeTranspose) {
  const std::string vec = FloatConst("v", {3}, {1, 1, 1});
  EXPECT_EQ(Nodes(OnPicture({vec, Node("y", "FusedBatchNormV3", {"x", "v", "v", "v", "v"},
                                       {Float("epsilon", 0.5f), Bool("is_training", false),
                                        Type("U", kFloat)})})),
            "%y = BatchNorm(%x, %v, %v, %v, %v) {epsilon=0.5}\noutput %y\n");
  EXPECT_EQ(
      Nodes(OnPicture(
          {IntConst("s", {2}, {16, 24}), Node("y", "ResizeNearestNeighbor", {"x", "s"})})),
      "%y = Resize(%x) {scales=[2, 3], axes=[1, 2], coordinate_mode=0, nearest_mode=0}\noutput "
      "%y\n");
  EXPECT_EQ(Nodes(OnPicture({IntConst("s", {2}, {-1, 3}), Node("y", "Reshape", {"x", "s"})})),
            "%y = Reshape(%x) {shape=[-1, 3], allow_zero=true}\noutput %y\n");
  EXPECT_EQ(
      Nodes(OnPicture({IntConst("s", {4}, {0, 3, 1, 2}), Node("y", "Transpose", {"x", "s"})})),
      "%y = Transpose(%x) {perm=[0, 3, 1, 2]}\noutput %y\n");
}

// The constant as text.
std::string ConstText(int dtype, const Ints& dims, const std::string& rest) {
  const std::string text = Text(Graph({Const("k", dtype, dims, rest)}));
  const size_t at = text.find("const  %k : ");
  if (at == std::string::npos) return text;
  return text.substr(at + 12, text.find('\n', at) - at - 12);
}

TEST(TensorFlow, ConstantsOfEveryType) {
  EXPECT_EQ(ConstText(kFloat, {2}, Content(RawBytes(Floats{1, -2}))), "float32 [2] = {1, -2}");
  EXPECT_EQ(ConstText(kDouble, {2}, Content(RawBytes(std::vector<double>{1, -2}))),
            "float64 [2] = {1, -2}");
  EXPECT_EQ(ConstText(kHalf, {1}, Content(RawBytes(std::vector<uint16_t>{FloatToHalf(1.5f)}))),
            "float16 [1] = {1.5}");
  EXPECT_EQ(ConstText(kInt8, {2}, Content("\x01\xFF")), "int8 [2] = {1, -1}");
  EXPECT_EQ(ConstText(kUint8, {2}, Content("\x01\xFF")), "uint8 [2] = {1, 255}");
  EXPECT_EQ(ConstText(kInt16, {1}, Content(RawBytes(std::vector<int16_t>{-300}))),
            "int16 [1] = {-300}");
  EXPECT_EQ(ConstText(kInt64, {1}, Content(RawBytes(Ints{-5000000000}))),
            "int64 [1] = {-5000000000}");
  EXPECT_EQ(ConstText(kBool, {2}, Content(std::string("\x00\x01", 2))), "bool [2] = {0, 1}");
  EXPECT_EQ(ConstText(kFloat, {0}, ""), "float32 [0] = {}");
}

TEST(TensorFlow, ConstantsInTypedFields) {
  const Floats floats = {1, 2, 3};
  const Ints ints = {-1, 2, 3};
  const auto field = [](auto fill) { return Write(fill); };
  EXPECT_EQ(ConstText(kFloat, {3},
                      field([&](auto& w) { w.add_packed_float(5, floats.begin(), floats.end()); })),
            "float32 [3] = {1, 2, 3}");
  EXPECT_EQ(ConstText(kFloat, {2}, field([&](auto& w) {
                        w.add_float(5, 4);
                        w.add_float(5, 5);
                      })),
            "float32 [2] = {4, 5}");
  EXPECT_EQ(ConstText(kDouble, {1}, field([&](auto& w) { w.add_double(6, 0.25); })),
            "float64 [1] = {0.25}");
  for (const int type : {kInt32, kInt16, kInt8}) {
    const std::string text = ConstText(
        type, {3}, field([&](auto& w) { w.add_packed_int64(7, ints.begin(), ints.end()); }));
    EXPECT_TRUE(text.ends_with(" [3] = {-1, 2, 3}")) << text;
  }
  EXPECT_EQ(ConstText(kUint8, {1}, field([&](auto& w) { w.add_int32(7, 255); })),
            "uint8 [1] = {255}");
  EXPECT_EQ(ConstText(kInt64, {1}, field([&](auto& w) { w.add_int64(10, 1ll << 40); })),
            "int64 [1] = {1099511627776}");
  EXPECT_EQ(ConstText(kBool, {1}, field([&](auto& w) { w.add_bool(11, true); })), "bool [1] = {1}");
  EXPECT_EQ(ConstText(kHalf, {1}, field([&](auto& w) { w.add_int32(13, FloatToHalf(-2)); })),
            "float16 [1] = {-2}");
}

TEST(TensorFlow, LastValueFillsTheShape) {
  const auto two = Write([](auto& w) {
    w.add_float(5, 1);
    w.add_float(5, 7);
  });
  EXPECT_EQ(ConstText(kFloat, {2, 2}, two), "float32 [2, 2] = {1, 7, 7, 7}");
  EXPECT_EQ(ConstText(kInt32, {3}, Write([](auto& w) { w.add_int32(7, -4); })),
            "int32 [3] = {-4, -4, -4}");
  EXPECT_EQ(ConstText(kFloat, {2}, ""), "float32 [2] = {0, 0}");
}

TEST(TensorFlow, AlignedConstantsAreViews) {
  // 4 KiB of floats somewhere in the file: one of four paddings of a name aligns them.
  int views = 0;
  for (const char* name : {"a", "ab", "abc", "abcd"}) {
    const Source source = SourceOf(Graph({FloatConst(name, {1024}, Floats(1024, 1.0f))}));
    const auto graph = ImportSource(source);
    ASSERT_TRUE(graph.ok()) << graph.status().message();
    const std::byte* data = graph->values[0].constant->bytes();
    const bool inside =
        data >= source.bytes.data() && data < source.bytes.data() + source.bytes.size();
    views += inside ? 1 : 0;
    EXPECT_EQ(graph->values[0].constant->data<float>()[1023], 1.0f);
  }
  EXPECT_EQ(views, 1);
}

TEST(TensorFlow, GraphOutlivesItsSource) {
  auto graph = [] { return Import(Graph({FloatConst("a", {64}, Floats(64, 3.0f))})); }();
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(graph->values[0].constant->data<float>()[63], 3.0f);
}

}  // namespace
}  // namespace picabia::import
