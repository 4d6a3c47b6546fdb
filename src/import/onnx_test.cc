// Valid ONNX models: each operator in the forms that its opsets have, constants, names and sizes.
#include <gtest/gtest.h>

#include "base/half.h"
#include "import/testing/messages.h"

namespace picabia::import {
namespace {

using namespace testing;        // NOLINT: the messages are written in its words
using namespace testing::onnx;  // NOLINT

// Nodes of a model with picture "x", [1, 3, 8, 8], and output "y".
Model OnPicture(Strings nodes, Strings initializers = {}, int64_t opset = 17) {
  Model m;
  m.inputs = {ValueInfo("x", {1, 3, 8, 8})};
  m.outputs = {ValueInfo("y", {})};
  m.nodes = std::move(nodes);
  m.initializers = std::move(initializers);
  m.opset = opset;
  return m;
}

std::string Imported(const Strings& nodes, const Strings& initializers = {}, int64_t opset = 17) {
  return Nodes(OnPicture(nodes, initializers, opset).Bytes());
}

// What surrounds one spatial operator on the picture, itself written as `op`.
std::string Spatial(const std::string& op) {
  return "%x/nhwc = Transpose(%x) {perm=[0, 2, 3, 1]}\n%y/nhwc = " + op +
         " @y\n%y = Transpose(%y/nhwc) {perm=[0, 3, 1, 2]}\noutput %y\n";
}
std::string Plain(const std::string& op) { return "%y = " + op + "\noutput %y\n"; }

std::string Filter(const Ints& shape, const std::string& name = "w") {
  const int64_t count = shape[0] * shape[1] * shape[2] * shape[3];
  Floats values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i));
  return FloatTensor(name, shape, values);
}

TEST(Onnx, PictureIsFreedOfItsSize) {
  const std::string text = Text(OnPicture({Node("Relu", {"x"}, {"y"})}).Bytes());
  EXPECT_NE(text.find("format \"onnx\""), std::string::npos) << text;
  EXPECT_NE(text.find("nchw=true"), std::string::npos) << text;
  EXPECT_NE(text.find("input  %x : float32 [?, 3, ?, ?] frozen [1, 3, 8, 8]"), std::string::npos)
      << text;
}

TEST(Onnx, PictureWithChannelsLast) {
  Model m = OnPicture({Node("Relu", {"x"}, {"y"})});
  m.inputs = {ValueInfo("x", {-1, 8, 8, 3})};
  const auto graph = Import(m.Bytes());
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_FALSE(graph->picture.nchw);
  EXPECT_EQ(graph->value(graph->inputs[0]).declared_shape, (Shape{-1, -1, -1, 3}));
  EXPECT_EQ(graph->value(graph->inputs[0]).frozen_shape, (Shape{1, 8, 8, 3}));
}

TEST(Onnx, DimensionsThatAreFree) {
  Model m = OnPicture({Node("Relu", {"x"}, {"y"})});
  m.inputs = {ValueInfo("x", {-1, 3, -1, -1}), ValueInfo("z", {-1, 7})};
  const auto graph = Import(m.Bytes());
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->value(graph->inputs[0]).declared_shape, (Shape{-1, 3, -1, -1}));
  EXPECT_FALSE(graph->value(graph->inputs[0]).frozen_shape.has_value());
  EXPECT_EQ(graph->value(graph->inputs[1]).declared_shape, (Shape{-1, 7}));
}

TEST(Onnx, ElementwiseOperators) {
  const std::pair<const char*, const char*> unary[] = {
      {"Relu", "Unary(%x)"},
      {"Tanh", "Unary(%x) {kind=1}"},
      {"Sqrt", "Unary(%x) {kind=2}"},
      {"Neg", "Unary(%x) {kind=3}"},
      {"Abs", "Unary(%x) {kind=4}"},
      {"Exp", "Unary(%x) {kind=5}"},
      {"Sigmoid", "Unary(%x) {kind=7}"},
      {"Identity", "Identity(%x)"},
      {"Dropout", "Identity(%x)"},
  };
  for (const auto& [op, expected] : unary) {
    EXPECT_EQ(Imported({Node(op, {"x"}, {"y"})}), Plain(expected));
  }
  const std::pair<const char*, const char*> binary[] = {
      {"Add", ""},          {"Sub", " {kind=1}"}, {"Mul", " {kind=2}"}, {"Div", " {kind=3}"},
      {"Pow", " {kind=4}"}, {"Min", " {kind=6}"}, {"Max", " {kind=7}"},
  };
  const std::string k = FloatTensor("k", {3, 1, 1}, {1, 2, 3});
  for (const auto& [op, expected] : binary) {
    EXPECT_EQ(Imported({Node(op, {"x", "k"}, {"y"})}, {k}),
              Plain("Binary(%x, %k)" + std::string(expected)));
  }
  EXPECT_EQ(Imported({Node("LeakyRelu", {"x"}, {"y"}, {Float("alpha", 0.25f)})}),
            Plain("Unary(%x) {kind=6, alpha=0.25}"));
}

TEST(Onnx, ClipByAttributesAndByInputs) {
  EXPECT_EQ(Imported({Node("Clip", {"x"}, {"y"}, {Float("min", 0), Float("max", 6)})}, {}, 6 + 1),
            Plain("Clip(%x) {high=6}"));
  const Strings bounds = {FloatTensor("lo", {}, {-1}), FloatTensor("hi", {}, {255})};
  EXPECT_EQ(Imported({Node("Clip", {"x", "lo", "hi"}, {"y"})}, bounds, 11),
            Plain("Clip(%x) {low=-1, high=255}"));
  EXPECT_EQ(Imported({Node("Clip", {"x", "", "hi"}, {"y"})}, bounds, 13),
            Plain("Clip(%x) {low=-inf, high=255}"));
  EXPECT_EQ(Imported({Node("Clip", {"x"}, {"y"})}, {}, 13), Plain("Clip(%x) {low=-inf, high=inf}"));
}

TEST(Onnx, ConvolutionTurnsPicturesAndFilter) {
  const Model m = OnPicture({Node("Conv", {"x", "w", "b"}, {"y"},
                                  {IntList("kernel_shape", {2, 1}), IntList("strides", {2, 1}),
                                   IntList("dilations", {1, 2}), IntList("pads", {1, 2, 3, 4}),
                                   Int("group", 1), String("auto_pad", "NOTSET")},
                                  "conv 1")},
                            {Filter({2, 3, 2, 1}), FloatTensor("b", {2}, {1, 2})});
  EXPECT_EQ(Nodes(m.Bytes()),
            "%x/nhwc = Transpose(%x) {perm=[0, 2, 3, 1]}\n"
            "%y/nhwc = Conv2D(%x/nhwc, %w/hwio, %b) {strides=[2, 1], dilations=[1, 2], "
            "pads=[1, 2, 3, 4]} @\"conv 1\"\n"
            "%y = Transpose(%y/nhwc) {perm=[0, 3, 1, 2]}\noutput %y\n");
  // OIHW [2, 3, 2, 1] counted up: element (o, i, h, 0) is 6 o + 2 i + h.
  EXPECT_NE(Text(m.Bytes()).find("const  %w/hwio : float32 [2, 1, 3, 2] = "
                                 "{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}"),
            std::string::npos)
      << Text(m.Bytes());
}

TEST(Onnx, ConvolutionAutoPadAndGroups) {
  const std::string w = Filter({3, 1, 3, 3});
  const auto conv = [&](const char* auto_pad) {
    return Imported(
        {Node("Conv", {"x", "w"}, {"y"}, {String("auto_pad", auto_pad), Int("group", 3)})}, {w});
  };
  EXPECT_EQ(conv("SAME_UPPER"), Spatial("Conv2D(%x/nhwc, %w/hwio) {pad_kind=1, groups=3}"));
  EXPECT_EQ(conv("SAME_LOWER"), Spatial("Conv2D(%x/nhwc, %w/hwio) {pad_kind=2, groups=3}"));
  EXPECT_EQ(conv("VALID"), Spatial("Conv2D(%x/nhwc, %w/hwio) {groups=3}"));
}

TEST(Onnx, TransposedConvolution) {
  const Model m = OnPicture({Node("ConvTranspose", {"x", "w"}, {"y"},
                                  {IntList("strides", {2, 2}), IntList("pads", {1, 1, 1, 1}),
                                   IntList("output_padding", {1, 0})})},
                            {Filter({3, 2, 1, 2})});
  EXPECT_EQ(Nodes(m.Bytes()), Spatial("ConvTranspose2D(%x/nhwc, %w/hwio) {strides=[2, 2], "
                                      "pads=[1, 1, 1, 1], output_pads=[1, 0]}"));
  // IOHW [3, 2, 1, 2] counted up: element (i, o, 0, w) is 4 i + 2 o + w; HWOI is wanted.
  EXPECT_NE(Text(m.Bytes()).find("const  %w/hwio : float32 [1, 2, 2, 3] = "
                                 "{0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11}"),
            std::string::npos)
      << Text(m.Bytes());
}

TEST(Onnx, FedFilterIsTransposedInTheGraph) {
  Model m = OnPicture({Node("Conv", {"x", "w"}, {"y"})});
  m.inputs.push_back(ValueInfo("w", {2, 3, 5, 5}));
  EXPECT_EQ(Nodes(m.Bytes()),
            "%w/hwio = Transpose(%w) {perm=[2, 3, 1, 0]}\n" + Spatial("Conv2D(%x/nhwc, %w/hwio)"));
}

TEST(Onnx, SharedFilterIsConvertedOnce) {
  const auto graph =
      Import(OnPicture({Node("Conv", {"x", "w"}, {"a"}), Node("Conv", {"a", "w"}, {"y"})},
                       {Filter({3, 3, 1, 1})})
                 .Bytes());
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->nodes.size(), 5u);  // one transpose in, two convolutions with one out each
  EXPECT_EQ(graph->nodes[1].inputs[1], graph->nodes[3].inputs[1]);
}

TEST(Onnx, Normalisation) {
  const Strings v = {FloatTensor("s", {3}, {1, 2, 3}), FloatTensor("b", {3}, {4, 5, 6}),
                     FloatTensor("m", {3}, {0, 0, 0}), FloatTensor("v", {3}, {1, 1, 1})};
  EXPECT_EQ(
      Imported({Node("InstanceNormalization", {"x", "s", "b"}, {"y"}, {Float("epsilon", 0.5f)})},
               v),
      Spatial("InstanceNorm(%x/nhwc, %s, %b) {epsilon=0.5}"));
  EXPECT_EQ(Imported({Node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"},
                           {Float("epsilon", 0.5f), Float("momentum", 0.9f)})},
                     v),
            Spatial("BatchNorm(%x/nhwc, %s, %b, %m, %v) {epsilon=0.5}"));
  EXPECT_EQ(Imported({Node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"},
                           {Float("epsilon", 0.5f), Int("spatial", 1)})},
                     v, 7),
            Spatial("BatchNorm(%x/nhwc, %s, %b, %m, %v) {epsilon=0.5}"));
}

TEST(Onnx, PadByAttributesAndByInputs) {
  const Ints pads = {0, 0, 1, 2, 0, 0, 3, 4};
  const std::string before_after = "before=[0, 1, 2, 0], after=[0, 3, 4, 0]";
  const std::pair<const char*, const char*> modes[] = {
      {"constant", ""}, {"reflect", "mode=1, "}, {"edge", "mode=2, "}};
  for (const auto& [mode, field] : modes) {
    const std::string expected =
        Spatial("Pad(%x/nhwc) {" + std::string(field) + before_after + "}");
    EXPECT_EQ(
        Imported({Node("Pad", {"x"}, {"y"}, {String("mode", mode), IntList("pads", pads)})}, {}, 9),
        expected);
    EXPECT_EQ(Imported({Node("Pad", {"x", "p"}, {"y"}, {String("mode", mode)})},
                       {IntTensor("p", {8}, pads)}, 11),
              expected);
  }
  EXPECT_EQ(
      Imported({Node("Pad", {"x"}, {"y"}, {IntList("pads", pads), Float("value", 7)})}, {}, 7),
      Spatial("Pad(%x/nhwc) {" + before_after + ", value=7}"));
  EXPECT_EQ(Imported({Node("Pad", {"x", "p", "v"}, {"y"})},
                     {IntTensor("p", {8}, pads), FloatTensor("v", {}, {7})}, 13),
            Spatial("Pad(%x/nhwc) {" + before_after + ", value=7}"));
  EXPECT_EQ(Imported({Node("Pad", {"x", "p", "", "a"}, {"y"})},
                     {IntTensor("p", {4}, {1, 2, 3, 4}), IntTensor("a", {2}, {2, -1})}, 18),
            Spatial("Pad(%x/nhwc) {" + before_after + "}"));
}

TEST(Onnx, UpsampleByAttributesAndByInputs) {
  const std::string expected = Spatial(
      "Resize(%x/nhwc) {scales=[2, 3], axes=[1, 2], coordinate_mode=0, "
      "nearest_mode=0}");
  EXPECT_EQ(Imported({Node("Upsample", {"x"}, {"y"}, {FloatList("scales", {1, 1, 2, 3})})}, {}, 7),
            expected);
  const Strings scales = {FloatTensor("s", {4}, {1, 1, 2, 3})};
  EXPECT_EQ(Imported({Node("Upsample", {"x", "s"}, {"y"}, {String("mode", "nearest")})}, scales, 9),
            expected);
  EXPECT_EQ(Imported({Node("Resize", {"x", "s"}, {"y"}, {String("mode", "nearest")})}, scales, 10),
            expected);
}

TEST(Onnx, ResizeModes) {
  const Strings scales = {FloatTensor("s", {4}, {1, 1, 2, 2}), FloatTensor("none", {0}, {})};
  const auto resize = [&](const Strings& attrs) {
    return Imported({Node("Resize", {"x", "none", "s"}, {"y"}, attrs)}, scales, 11);
  };
  EXPECT_EQ(resize({}), Spatial("Resize(%x/nhwc) {scales=[2, 2], axes=[1, 2]}"));
  const std::pair<const char*, const char*> coordinates[] = {
      {"asymmetric", ", coordinate_mode=0"},
      {"half_pixel", ""},
      {"pytorch_half_pixel", ", coordinate_mode=3"},
      {"align_corners", ", coordinate_mode=2"},
      {"half_pixel_symmetric", ", coordinate_mode=4"},
      {"tf_half_pixel_for_nn", ", coordinate_mode=5"}};
  for (const auto& [mode, field] : coordinates) {
    EXPECT_EQ(resize({String("coordinate_transformation_mode", mode),
                      String("nearest_mode", "floor"), Float("cubic_coeff_a", -0.75f)}),
              Spatial("Resize(%x/nhwc) {scales=[2, 2], axes=[1, 2]" + std::string(field) +
                      ", nearest_mode=0}"));
  }
  const std::pair<const char*, const char*> nearest[] = {{"floor", ", nearest_mode=0"},
                                                         {"ceil", ", nearest_mode=1"},
                                                         {"round_prefer_floor", ""},
                                                         {"round_prefer_ceil", ", nearest_mode=3"}};
  for (const auto& [mode, field] : nearest) {
    EXPECT_EQ(resize({String("coordinate_transformation_mode", "asymmetric"),
                      String("nearest_mode", mode)}),
              Spatial("Resize(%x/nhwc) {scales=[2, 2], axes=[1, 2], coordinate_mode=0" +
                      std::string(field) + "}"));
  }
}

const Strings kAsymmetric = {String("coordinate_transformation_mode", "asymmetric"),
                             String("nearest_mode", "floor")};

TEST(Onnx, ResizeToAConstantSizeBecomesAFactor) {
  EXPECT_EQ(Imported({Node("Resize", {"x", "", "", "s"}, {"y"}, kAsymmetric)},
                     {IntTensor("s", {4}, {1, 3, 16, 24})}),
            Spatial("Resize(%x/nhwc) {scales=[2, 3], axes=[1, 2], coordinate_mode=0, "
                    "nearest_mode=0}"));
}

TEST(Onnx, ResizeOfListedAxes) {
  EXPECT_EQ(Imported({Node("Resize", {"x", "", "s"}, {"y"},
                           {IntList("axes", {3, -2}), kAsymmetric[0], kAsymmetric[1]})},
                     {FloatTensor("s", {2}, {3, 2})}, 18),
            Spatial("Resize(%x/nhwc) {scales=[3, 2], axes=[2, 1], coordinate_mode=0, "
                    "nearest_mode=0}"));
  EXPECT_EQ(Imported({Node("Resize", {"x", "", "", "s"}, {"y"},
                           {IntList("axes", {2, 3}), kAsymmetric[0], kAsymmetric[1]})},
                     {IntTensor("s", {2}, {16, 24})}, 18),
            Spatial("Resize(%x/nhwc) {scales=[2, 3], axes=[1, 2], coordinate_mode=0, "
                    "nearest_mode=0}"));
}

// The chain that PyTorch writes for interpolate(scale_factor=2), both as sizes and as scales.
Strings SizeChain() {
  return {Node("Shape", {"x"}, {"shape"}),
          Node("Constant", {}, {"i2"}, {TensorAttr("value", IntTensor("", {}, {2}))}),
          Node("Constant", {}, {"i3"}, {TensorAttr("value", IntTensor("", {}, {3}))}),
          Node("Gather", {"shape", "i2"}, {"h"}, {Int("axis", 0)}),
          Node("Gather", {"shape", "i3"}, {"w"}, {Int("axis", 0)}),
          Node("Constant", {}, {"two"}, {TensorAttr("value", FloatTensor("", {}, {2}))}),
          Node("Cast", {"h"}, {"hf"}, {Int("to", kFloat)}),
          Node("Cast", {"w"}, {"wf"}, {Int("to", kFloat)}),
          Node("Mul", {"hf", "two"}, {"h2"}),
          Node("Mul", {"wf", "two"}, {"w2"}),
          Node("Floor", {"h2"}, {"h3"}),
          Node("Floor", {"w2"}, {"w3"})};
}

TEST(Onnx, ScalesComputedFromThePictureAreParameters) {
  Strings nodes = SizeChain();
  for (const char* d : {"h", "w"}) {
    const std::string n = d;
    nodes.push_back(Node("Div", {n + "3", n + "f"}, {n + "s"}));
    nodes.push_back(Node("Unsqueeze", {n + "s"}, {n + "u"}, {IntList("axes", {0})}));
  }
  nodes.push_back(Node("Constant", {}, {"one"}, {FloatList("value_floats", {1, 1})}));
  nodes.push_back(Node("Concat", {"one", "hu", "wu"}, {"scales"}, {Int("axis", 0)}));
  nodes.push_back(Node("Upsample", {"x", "scales"}, {"y"}));
  const std::string expected =
      Spatial("Resize(%x/nhwc, %scales) {axes=[0, 3, 1, 2], coordinate_mode=0, nearest_mode=0}");
  EXPECT_TRUE(Imported(nodes, {}, 9).ends_with(expected)) << Imported(nodes, {}, 9);
  Model m = OnPicture(nodes, {}, 9);
  m.inputs = {ValueInfo("x", {-1, 3, -1, -1})};
  EXPECT_TRUE(Nodes(m.Bytes()).ends_with(expected));
}

TEST(Onnx, SizesComputedFromThePictureAreParameters) {
  Strings nodes = SizeChain();
  for (const char* d : {"h", "w"}) {
    const std::string n = d;
    nodes.push_back(Node("Cast", {n + "3"}, {n + "i"}, {Int("to", kInt64)}));
    nodes.push_back(Node("Unsqueeze", {n + "i", "zero"}, {n + "u"}));
  }
  nodes.push_back(Node("Constant", {}, {"zero"}, {IntList("value_ints", {0})}));
  nodes.push_back(Node("Slice", {"shape", "zero", "end", "zero"}, {"nc"}));
  nodes.push_back(Node("Constant", {}, {"end"}, {IntList("value_ints", {2})}));
  nodes.push_back(Node("Concat", {"nc", "hu", "wu"}, {"sizes"}, {Int("axis", 0)}));
  nodes.push_back(Node("Resize", {"x", "", "", "sizes"}, {"y"}, kAsymmetric));
  Model m = OnPicture(nodes);
  const std::string expected =
      Spatial("Resize(%x/nhwc, %sizes) {axes=[0, 3, 1, 2], coordinate_mode=0, nearest_mode=0}");
  EXPECT_TRUE(Nodes(m.Bytes()).ends_with(expected)) << Nodes(m.Bytes());
  m.inputs = {ValueInfo("x", {-1, 3, -1, -1})};
  EXPECT_TRUE(Nodes(m.Bytes()).ends_with(expected));
}

// PyTorch's way from its own order of pads (last axis first) to ONNX's.
TEST(Onnx, PadsComputedFromConstantsAreAttributes) {
  const std::string nodes = Imported(
      {Node("ConstantOfShape", {"four"}, {"zeros"}, {TensorAttr("value", IntTensor("", {1}, {0}))}),
       Node("Concat", {"torch", "zeros"}, {"all"}, {Int("axis", 0)}),
       Node("Reshape", {"all", "pairs"}, {"rows"}),
       Node("Slice", {"rows", "first", "last", "axis", "back"}, {"turned"}),
       Node("Transpose", {"turned"}, {"columns"}, {IntList("perm", {1, 0})}),
       Node("Reshape", {"columns", "flat"}, {"list"}),
       Node("Cast", {"list"}, {"pads"}, {Int("to", kInt64)}),
       Node("Pad", {"x", "pads"}, {"y"}, {String("mode", "reflect")})},
      {IntTensor("torch", {4}, {2, 4, 1, 3}), IntTensor("four", {1}, {4}),
       IntTensor("pairs", {2}, {-1, 2}), IntTensor("first", {1}, {-1}),
       IntTensor("last", {1}, {INT64_MIN + 1}), IntTensor("axis", {1}, {0}),
       IntTensor("back", {1}, {-1}), IntTensor("flat", {1}, {-1})});
  EXPECT_TRUE(
      nodes.ends_with(Spatial("Pad(%x/nhwc) {mode=1, before=[0, 1, 2, 0], after=[0, 3, 4, 0]}")))
      << nodes;
}

TEST(Onnx, ReductionsByAttributesAndByInputs) {
  EXPECT_EQ(Imported({Node("ReduceMean", {"x"}, {"y"}, {IntList("axes", {-1, 2})})}),
            Plain("Reduce(%x) {axes=[2, 3], keep_dims=true}"));
  EXPECT_EQ(Imported({Node("ReduceMean", {"x", "a"}, {"y"}, {Int("keepdims", 0)})},
                     {IntTensor("a", {1}, {1})}, 18),
            Plain("Reduce(%x) {axes=[1]}"));
  EXPECT_EQ(Imported({Node("ReduceMean", {"x"}, {"y"})}),
            Plain("Reduce(%x) {axes=[0, 1, 2, 3], keep_dims=true}"));
  EXPECT_EQ(Imported({Node("ReduceMean", {"x"}, {"y"}, {Int("noop_with_empty_axes", 1)})}, {}, 18),
            Plain("Reduce(%x) {keep_dims=true}"));
  EXPECT_EQ(Imported({Node("ReduceSum", {"x"}, {"y"}, {IntList("axes", {1})})}, {}, 11),
            Plain("Reduce(%x) {kind=1, axes=[1], keep_dims=true}"));
}

TEST(Onnx, TransposeReshapeCast) {
  EXPECT_EQ(Imported({Node("Transpose", {"x"}, {"y"}, {IntList("perm", {0, 2, 3, 1})})}),
            Plain("Transpose(%x) {perm=[0, 2, 3, 1]}"));
  EXPECT_EQ(Imported({Node("Transpose", {"x"}, {"y"})}),
            Plain("Transpose(%x) {perm=[3, 2, 1, 0]}"));
  EXPECT_EQ(Imported({Node("Reshape", {"x", "s"}, {"y"})}, {IntTensor("s", {3}, {0, 3, -1})}),
            Plain("Reshape(%x) {shape=[0, 3, -1]}"));
  EXPECT_EQ(Imported({Node("Cast", {"x"}, {"y"}, {Int("to", kFloat)})}), Plain("Identity(%x)"));
}

TEST(Onnx, DropoutOfNewOpsets) {
  const Strings k = {FloatTensor("r", {}, {0.5f}),
                     Tensor("t", kBool, {}, Raw(std::string(1, '\0')))};
  EXPECT_EQ(Imported({Node("Dropout", {"x", "r", "t"}, {"y", "mask"})}, k, 13),
            "%y/shape : int64 = ShapeOf(%x) @y\n%mask : bool = Expand(%y/kept, %y/shape) @y\n" +
                Plain("Identity(%x)"));
}

// The constant "k" as text.
std::string ConstText(const std::string& node_or_tensor, bool is_node) {
  Model m;
  m.outputs = {ValueInfo("k", {})};
  (is_node ? m.nodes : m.initializers).push_back(node_or_tensor);
  const std::string text = Text(m.Bytes());
  const size_t at = text.find("const  %k : ");
  if (at == std::string::npos) return text;
  return text.substr(at + 12, text.find('\n', at) - at - 12);
}

TEST(Onnx, ConstantNodesInEveryForm) {
  const auto constant = [](const std::string& attr) {
    return ConstText(Node("Constant", {}, {"k"}, {attr}), true);
  };
  EXPECT_EQ(constant(Float("value_float", 0.5f)), "float32 [] = {0.5}");
  EXPECT_EQ(constant(FloatList("value_floats", {1, 2})), "float32 [2] = {1, 2}");
  EXPECT_EQ(constant(Int("value_int", -3)), "int64 [] = {-3}");
  EXPECT_EQ(constant(IntList("value_ints", {1, -2})), "int64 [2] = {1, -2}");
  EXPECT_EQ(constant(TensorAttr("value", FloatTensor("", {1, 2}, {1, 2}))),
            "float32 [1, 2] = {1, 2}");
}

TEST(Onnx, InitializersOfEveryType) {
  const auto init = [](int type, const Ints& dims, const std::string& rest) {
    return ConstText(Tensor("k", type, dims, rest), false);
  };
  EXPECT_EQ(init(kFloat, {2}, Raw(RawBytes(Floats{1, 2}))), "float32 [2] = {1, 2}");
  EXPECT_EQ(init(kDouble, {1}, Raw(RawBytes(std::vector<double>{0.5}))), "float64 [1] = {0.5}");
  EXPECT_EQ(init(kHalf, {1}, Raw(RawBytes(std::vector<uint16_t>{FloatToHalf(2)}))),
            "float16 [1] = {2}");
  EXPECT_EQ(init(kInt8, {2}, Raw("\x01\xFF")), "int8 [2] = {1, -1}");
  EXPECT_EQ(init(kUint8, {2}, Raw("\x01\xFF")), "uint8 [2] = {1, 255}");
  EXPECT_EQ(init(kBool, {1}, Raw("\x01")), "bool [1] = {1}");
  const Ints ints = {-1, 2};
  const Floats floats = {1, 2};
  const std::vector<double> doubles = {1, 2};
  EXPECT_EQ(init(kFloat, {2},
                 Write([&](auto& w) { w.add_packed_float(4, floats.begin(), floats.end()); })),
            "float32 [2] = {1, 2}");
  EXPECT_EQ(init(kDouble, {2},
                 Write([&](auto& w) { w.add_packed_double(10, doubles.begin(), doubles.end()); })),
            "float64 [2] = {1, 2}");
  EXPECT_EQ(
      init(kInt64, {2}, Write([&](auto& w) { w.add_packed_int64(7, ints.begin(), ints.end()); })),
      "int64 [2] = {-1, 2}");
  for (const int type : {kInt32, kInt16, kInt8}) {
    EXPECT_TRUE(
        init(type, {2}, Write([&](auto& w) { w.add_packed_int64(5, ints.begin(), ints.end()); }))
            .ends_with(" [2] = {-1, 2}"));
  }
  EXPECT_EQ(init(kHalf, {1}, Write([](auto& w) { w.add_int32(5, FloatToHalf(3)); })),
            "float16 [1] = {3}");
}

TEST(Onnx, InitializersListedAsInputsAreNoInputs) {
  Model m = OnPicture({Node("Add", {"x", "k"}, {"y"})}, {FloatTensor("k", {1}, {5})}, 7);
  m.ir_version = 3;
  m.inputs.push_back(ValueInfo("k", {1}));
  const auto graph = Import(m.Bytes());
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->inputs.size(), 1u);
}

TEST(Onnx, OddNames) {
  Model m = OnPicture(
      {Node("Relu", {"x"}, {"12:0"}, {}, "a b"), Node("Tanh", {"12:0"}, {"y"}, {}, "a b")});
  const auto graph = Import(m.Bytes());
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_TRUE(graph->FindValue("12:0").ok());
  EXPECT_EQ(graph->nodes[0].name, "a b");
  EXPECT_EQ(graph->nodes[1].name, "a b");
}

TEST(Onnx, NamesMadeUpDoNotMeetNamesOfTheFile) {
  EXPECT_EQ(Imported({Node("Relu", {"x"}, {"x/nhwc"}), Node("Conv", {"x", "w"}, {"y"})},
                     {Filter({2, 3, 1, 1})}),
            "%x/nhwc = Unary(%x)\n%x/nhwc_1 = Transpose(%x) {perm=[0, 2, 3, 1]}\n"
            "%y/nhwc = Conv2D(%x/nhwc_1, %w/hwio) @y\n"
            "%y = Transpose(%y/nhwc) {perm=[0, 3, 1, 2]}\noutput %y\n");
}

TEST(Onnx, OpsetsAndDomains) {
  for (const int64_t opset : {7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}) {
    EXPECT_EQ(Imported({Node("Relu", {"x"}, {"y"})}, {}, opset), Plain("Unary(%x)")) << opset;
  }
  EXPECT_EQ(Imported({Node("Relu", {"x"}, {"y"}, {}, "", "ai.onnx")}), Plain("Unary(%x)"));
}

TEST(Onnx, NodesComeInOrderWhateverTheFileSays) {
  EXPECT_EQ(Imported({Node("Tanh", {"a"}, {"y"}), Node("Relu", {"x"}, {"a"})}),
            "%a = Unary(%x)\n%y = Unary(%a) {kind=1}\noutput %y\n");
}

}  // namespace
}  // namespace picabia::import
