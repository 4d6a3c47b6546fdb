// ONNX models that break a rule: each error names the file, the node and the rule, and nothing
// crashes or grows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "import/testing/messages.h"

namespace picabia::import {
namespace {

using namespace testing;        // NOLINT: the messages are written in its words
using namespace testing::onnx;  // NOLINT

void ExpectError(const std::string& bytes, const std::string& expected) {
  EXPECT_EQ(Error(bytes), "m.pb: " + expected);
}
// For messages that end in a list.
void ExpectErrorStart(const std::string& bytes, const std::string& expected) {
  const std::string error = Error(bytes);
  EXPECT_TRUE(error.starts_with("m.pb: " + expected)) << error;
}

Model OnPicture(Strings nodes, Strings initializers = {}, int64_t opset = 17) {
  Model m;
  m.inputs = {ValueInfo("x", {1, 3, 8, 8})};
  m.outputs = {ValueInfo("y", {})};
  m.nodes = std::move(nodes);
  m.initializers = std::move(initializers);
  m.opset = opset;
  return m;
}

// One node named "n" that makes "y".
std::string One(const std::string& op, const Strings& inputs, const Strings& attrs = {},
                const Strings& initializers = {}, int64_t opset = 17) {
  return OnPicture({Node(op, inputs, {"y"}, attrs, "n")}, initializers, opset).Bytes();
}

std::string Filter(float value = 1) { return FloatTensor("w", {2, 3, 3, 3}, Floats(54, value)); }
std::string Conv(const Strings& attrs) { return One("Conv", {"x", "w"}, attrs, {Filter()}); }

TEST(OnnxBad, Models) {
  ExpectErrorStart(Write([](auto& w) { w.add_int64(1, 8); }), "the model has no graph");
  Model m = OnPicture({Node("Relu", {"x"}, {"y"})});
  m.ir_version = 2;
  ExpectError(m.Bytes(), "the model has IR version 2, Picabia reads 3 and later");
  m.ir_version = 8;
  const std::string twice = m.Bytes() + Write([&](auto& w) { w.add_message(7, m.GraphBytes()); });
  ExpectError(twice, "the model has two graphs");
  m.outputs = {};
  ExpectError(m.Bytes(), "the graph has no outputs");
  m.outputs = {ValueInfo("gone", {})};
  ExpectError(m.Bytes(), "graph output 'gone': the graph has no such value");
  m.outputs = {ValueInfo("y", {}), ValueInfo("y", {})};
  ExpectError(m.Bytes(), "graph output 'y' is listed twice");
}

TEST(OnnxBad, case_030_Opsets) {
  for (const int64_t opset : {int64_t{0}, int64_t{6}, int64_t{29}, int64_t{9999}, int64_t{-1}}) {
    ExpectError(One("Relu", {"x"}, {}, {}, opset),
                "the model uses opset " + std::to_string(opset) + ", Picabia reads 7 to 28");
  }
  const Model m = OnPicture({Node("Relu", {"x"}, {"y"})});
  const std::string opset = Write([](auto& w) {
    w.add_message(8, Write([](auto& o) {
                    o.add_string(1, "ai.onnx");
                    o.add_int64(2, 17);
                  }));
  });
  ExpectError(m.Bytes() + opset, "the model imports two operator sets of domain ai.onnx");
  const std::string none = Write([&](auto& w) {
    w.add_int64(1, 8);
    w.add_message(7, m.GraphBytes());
  });
  ExpectError(none, "the model names no opset of domain ai.onnx");
}

TEST(OnnxBad, case_010_DuplicateNames) {
  ExpectError(OnPicture({Node("Relu", {"x"}, {"y"}), Node("Tanh", {"x"}, {"y"})}).Bytes(),
              "value 'y' is defined twice");
  ExpectError(OnPicture({Node("Relu", {"x"}, {"x"})}).Bytes(), "value 'x' is defined twice");
  const std::string k = FloatTensor("k", {1}, {1});
  ExpectError(OnPicture({Node("Relu", {"x"}, {"y"})}, {k, k}).Bytes(),
              "value 'k' is defined twice");
  Model m = OnPicture({Node("Relu", {"x"}, {"y"})});
  m.inputs.push_back(m.inputs[0]);
  ExpectError(m.Bytes(), "value 'x' is defined twice");
}

TEST(OnnxBad, case_011_EmptyNames) {
  ExpectError(OnPicture({Node("Relu", {"x"}, {""}, {}, "n")}).Bytes(),
              "node 'n': it names no output");
  ExpectError(OnPicture({Node("Relu", {"x"}, {})}).Bytes(), "node 0 (Relu): it names no output");
  ExpectErrorStart(One("Relu", {""}),
                   "node 'n': Relu has 1 inputs, expected 1, the first 1 not left");
  ExpectError(OnPicture({}, {FloatTensor("", {1}, {1})}).Bytes(),
              "initializer 0 has an empty name");
  Model m = OnPicture({Node("Relu", {"x"}, {"y"})});
  m.inputs.push_back(ValueInfo("", {1}));
  ExpectError(m.Bytes(), "input 1 has an empty name");
}

TEST(OnnxBad, case_012_Cycles) {
  ExpectError(One("Relu", {"y"}), "node 'n': its inputs depend on itself: node 'n' -> node 'n'");
  ExpectErrorStart(
      OnPicture({Node("Relu", {"b"}, {"y"}, {}, "p"), Node("Relu", {"y"}, {"b"}, {}, "q")}).Bytes(),
      "node 'q': its inputs depend on itself: node 'q' -> node 'p' -> node 'q'");
}

TEST(OnnxBad, case_013_MissingInputs) {
  ExpectError(One("Relu", {"gone"}), "node 'n': input 0 ('gone'): the graph has no such value");
  ExpectError(
      OnPicture({Node("MaxPool", {"x"}, {"d", "at"}, {IntList("kernel_shape", {2, 2})}, "d"),
                 Node("Relu", {"at"}, {"y"}, {}, "n")})
          .Bytes(),
      "node 'n': value 'at' is an output of node 'd' that is not supported of MaxPool");
}

TEST(OnnxBad, InputCounts) {
  ExpectErrorStart(One("Relu", {"x", "x"}), "node 'n': Relu has 2 inputs, expected 1");
  ExpectErrorStart(One("Add", {"x"}), "node 'n': Add has 1 inputs, expected 2");
  ExpectErrorStart(One("Max", {"x", "", "x"}), "node 'n': input 1 is left out");
  ExpectErrorStart(One("Sum", {}), "node 'n': Sum has 0 inputs, expected 1");
  ExpectErrorStart(One("Conv", {"x", ""}),
                   "node 'n': Conv has 2 inputs, expected 2 to 3, the first 2");
}

TEST(OnnxBad, case_014_Dimensions) {
  const auto init = [](const Ints& dims, const std::string& data) {
    return OnPicture({Node("Relu", {"x"}, {"y"})}, {Tensor("k", kFloat, dims, data)}).Bytes();
  };
  const std::string raw = Raw("abcd");
  ExpectError(init({-1}, raw), "initializer 'k': a tensor has a dimension of -1");
  ExpectErrorStart(init({1ll << 31}, raw),
                   "initializer 'k': a float32 tensor of shape [2147483648] holds 4 bytes");
  ExpectErrorStart(init({(1ll << 42) + 1}, raw),
                   "initializer 'k': shape [4398046511105] is larger");
  ExpectErrorStart(init({1ll << 32, 1ll << 32}, raw), "initializer 'k': shape ");
  ExpectErrorStart(init(Ints(33, 1), raw), "initializer 'k': a tensor has 33 dimensions");
  ExpectErrorStart(init(Ints(100000, 1), raw), "initializer 'k': a tensor has 33 dimensions");
  // A bomb: no data, and a shape that asks for a gigabyte.
  ExpectErrorStart(init({1 << 28}, ""),
                   "initializer 'k': a tensor of shape [268435456] holds at most");
  Model m = OnPicture({Node("Relu", {"x"}, {"y"})});
  m.inputs = {ValueInfo("x", {1, -2})};
  EXPECT_NE(Error(m.Bytes()).find("a dimension is -2"), std::string::npos);
  m.inputs = {ValueInfo("x", {1ll << 40, 1ll << 40})};
  ExpectErrorStart(m.Bytes(), "input 'x': shape ");
}

TEST(OnnxBad, case_015_016_TensorData) {
  const auto init = [](const std::string& data, int type = kFloat) {
    return OnPicture({Node("Relu", {"x"}, {"y"})}, {Tensor("k", type, {2}, data)}).Bytes();
  };
  for (const size_t n : {1u, 7u, 9u, 16u}) {
    ExpectError(init(Raw(std::string(n, 'x'))),
                "initializer 'k': a float32 tensor of shape [2] holds " + std::to_string(n) +
                    " bytes of data, expected 8");
  }
  const std::string one = Write([](auto& w) { w.add_float(4, 1); });
  ExpectError(init(Raw("12345678") + one),
              "initializer 'k': a tensor has both raw data and a list of values");
  ExpectError(init(one), "initializer 'k': a tensor of shape [2] holds 1 values, expected 2");
  ExpectError(init(one + one + one),
              "initializer 'k': a tensor of shape [2] holds 3 values, expected 2");
  ExpectErrorStart(init(Write([](auto& w) { w.add_int32(5, 1); })),
                   "initializer 'k': a float32 tensor has values of another type");
  ExpectErrorStart(
      init(Write([](auto& w) { w.add_int32(5, 300); }) + Write([](auto& w) { w.add_int32(5, 1); }),
           kUint8),
      "initializer 'k': element 0 is 300, which is no uint8");
}

TEST(OnnxBad, case_017_Types) {
  for (const int type : {0, kString, 14, 15, 17, 23, -1, 1 << 30}) {
    ExpectErrorStart(
        OnPicture({Node("Relu", {"x"}, {"y"})}, {Tensor("k", type, {1}, Raw("abcd"))}).Bytes(),
        "initializer 'k': element type " + std::to_string(type) + " of ONNX is not supported");
  }
  // bfloat16 is read where weights are stored in it, and nowhere else.
  constexpr int kBfloat16 = 16;
  ExpectErrorStart(
      OnPicture({Node("Relu", {"x"}, {"y"})}, {Tensor("k", kBfloat16, {1}, Raw("abcd"))}).Bytes(),
      "initializer 'k': bfloat16 as uint16: a uint16 tensor of shape [1] holds 4 bytes");
  Model m = OnPicture({Node("Relu", {"x"}, {"y"}, {}, "n")});
  m.inputs = {ValueInfo("x", {1}, kBfloat16)};
  ExpectErrorStart(m.Bytes(), "input 'x': element type 16 of ONNX is not supported");
  m.inputs = {ValueInfo("x", {1}, kString)};
  ExpectErrorStart(m.Bytes(), "input 'x': element type 8 of ONNX is not supported");
  m.inputs = {ValueInfo("x", {1}, kInt64)};
  m.nodes = {Node("Tanh", {"x"}, {"y"}, {}, "n")};
  ExpectErrorStart(m.Bytes(), "node 'n': input 0 (x): found type int64, expected a float type");
  m.inputs = {Write([](auto& w) { w.add_string(1, "x"); })};
  ExpectError(m.Bytes(), "input 'x': it is no tensor, or its type is missing");
}

TEST(OnnxBad, case_018_019_Windows) {
  ExpectError(Conv({IntList("strides", {0, 1})}),
              "node 'n': attribute 'strides' has a value of 0, expected 1 to 16777216");
  ExpectError(Conv({IntList("dilations", {1, 0})}),
              "node 'n': attribute 'dilations' has a value of 0, expected 1 to 16777216");
  ExpectError(Conv({IntList("kernel_shape", {0, 3})}),
              "node 'n': attribute 'kernel_shape' has a value of 0, expected 1 to 16777216");
  ExpectErrorStart(
      Conv({IntList("kernel_shape", {5, 3})}),
      "node 'n': attribute 'kernel_shape' is [5, 3], the filter has shape [2, 3, 3, 3]");
  ExpectError(Conv({IntList("pads", {-1, 0, 0, 0})}),
              "node 'n': attribute 'pads' has a value of -1, expected 0 to 16777216");
  ExpectError(
      Conv({IntList("pads", {1ll << 62, 0, 0, 0})}),
      "node 'n': attribute 'pads' has a value of 4611686018427387904, expected 0 to 16777216");
  ExpectErrorStart(Conv({IntList("strides", {1})}), "node 'n': attribute 'strides' has 1 values");
  ExpectErrorStart(Conv({Int("group", 0)}), "node 'n': attribute 'group' is 0");
  ExpectErrorStart(Conv({Int("group", 2)}), "node 'n': input 1 (filter): ");
  ExpectErrorStart(Conv({String("auto_pad", "SAME")}), "node 'n': attribute 'auto_pad' is 'SAME'");
  ExpectErrorStart(Conv({String("auto_pad", "VALID"), IntList("pads", {1, 1, 1, 1})}),
                   "node 'n': attributes 'pads' and 'auto_pad' are both given");
  const auto transposed = [](const Strings& attrs) {
    return One("ConvTranspose", {"x", "w"}, attrs, {FloatTensor("w", {3, 1, 2, 2}, Floats(12, 1))});
  };
  ExpectErrorStart(transposed({IntList("output_padding", {1, 0})}),
                   "node 'n': attribute 'output_padding' is [1, 0], expected less than the stride");
  ExpectErrorStart(transposed({IntList("output_shape", {8, -1})}),
                   "node 'n': attribute 'output_shape' has a value of -1");
  ExpectErrorStart(transposed({IntList("output_shape", {8, 8, 8})}),
                   "node 'n': attribute 'output_shape' has 3 values");
  ExpectErrorStart(transposed({IntList("output_padding", {1, 0}), IntList("strides", {2, 2}),
                               String("auto_pad", "SAME_UPPER")}),
                   "node 'n': attribute 'output_padding' is given with 'auto_pad' SAME");
  ExpectErrorStart(transposed({IntList("pads", {9, 9, 9, 9})}), "node 'n': height: ");
}

TEST(OnnxBad, case_019_Pads) {
  const auto pad = [](const Ints& pads, const Strings& attrs = {}) {
    return One("Pad", {"x", "p"}, attrs,
               {IntTensor("p", {static_cast<int64_t>(pads.size())}, pads)});
  };
  ExpectErrorStart(pad({0, 0, -9, 0, 0, 0, 0, 0}), "node 'n': padding of axis 1: found -9");
  ExpectErrorStart(pad({0, 0, 1ll << 40, 0, 0, 0, 0, 0}), "node 'n': a pad is 1099511627776");
  ExpectErrorStart(pad({0, 0, 0}), "node 'n': it has 3 pads");
  ExpectErrorStart(pad({}), "node 'n': it has 0 pads");
  ExpectErrorStart(pad({0, 0, 0, 0}), "node 'n': it has pads for 2 axes of a 4-d tensor");
  ExpectErrorStart(pad({0, 0, 9, 0, 0, 0, 0, 0}, {String("mode", "reflect")}),
                   "node 'n': padding of axis 1: found 9");
  ExpectErrorStart(pad({0, 0, 9, 0, 0, 0, 0, 0}, {String("mode", "wrap")}),
                   "node 'n': padding of axis 1: found 9");
  ExpectErrorStart(pad({0, 0, 1, 0, 0, 0, 0, 0}, {String("mode", "odd")}),
                   "node 'n': attribute 'mode' is 'odd'");
  ExpectErrorStart(One("Pad", {"x", "x"}), "node 'n': input 1 (parameter): found type float32");
  const std::string p = IntTensor("p", {2}, {1, 1});
  for (const int64_t axis : {4, -5}) {
    ExpectErrorStart(One("Pad", {"x", "p", "", "a"}, {}, {p, IntTensor("a", {1}, {axis})}, 18),
                     "node 'n': axis " + std::to_string(axis));
  }
  ExpectErrorStart(One("Pad", {"x", "p", "", "a"}, {}, {p, IntTensor("a", {2}, {1, 2})}, 18),
                   "node 'n': input 1 (pads): found 1 pairs, expected one for each of 2 axes");
}

TEST(OnnxBad, case_020_Axes) {
  ExpectErrorStart(One("ReduceMean", {"x"}, {IntList("axes", {4})}),
                   "node 'n': axis 4 does not exist");
  ExpectErrorStart(One("ReduceMean", {"x"}, {IntList("axes", {-5})}),
                   "node 'n': axis -5 does not exist");
  ExpectErrorStart(One("ReduceMean", {"x"}, {IntList("axes", {1, -3})}),
                   "node 'n': axis 1 is given twice");
  for (const Ints& perm : {Ints{0, 1, 2, 2}, Ints{0, 1, 2, 4}, Ints{-1, 0, 1, 2}}) {
    ExpectErrorStart(One("Transpose", {"x"}, {IntList("perm", perm)}),
                     "node 'n': attribute 'perm' is ");
  }
  ExpectErrorStart(One("Transpose", {"x"}, {IntList("perm", {1, 0})}), "node 'n': input 0 (x)");
}

TEST(OnnxBad, case_021_Filters) {
  for (const Ints& shape : {Ints{}, Ints{54}, Ints{2, 3, 9}, Ints{1, 2, 3, 3, 3}}) {
    int64_t count = 1;
    for (const int64_t d : shape) count *= d;
    ExpectErrorStart(One("Conv", {"x", "w"}, {},
                         {FloatTensor("w", shape, Floats(static_cast<size_t>(count), 1))}),
                     "node 'n': the filter 'w' is a float32 tensor of shape ");
  }
  ExpectErrorStart(One("Conv", {"x", "w"}, {}, {FloatTensor("w", {0, 3, 3, 3}, {})}),
                   "node 'n': input 1 (filter): found shape [3, 3, 3, 0]");
  ExpectErrorStart(One("Conv", {"x", "w"}, {}, {Tensor("w", kHalf, {1, 3, 1, 1}, Raw("123456"))}),
                   "node 'n': the filter 'w' is a float16 tensor");
  ExpectErrorStart(One("Conv", {"x", "w", "b"}, {}, {Filter(), FloatTensor("b", {3}, {1, 2, 3})}),
                   "node 'n': input 2 (bias): found 3 elements");
}

TEST(OnnxBad, case_022_OptionalInputs) {
  ExpectErrorStart(One("Clip", {"", "", ""}), "node 'n': Clip has 3 inputs");
  ExpectErrorStart(One("Clip", {"x", "k"}, {}, {IntTensor("k", {}, {1})}),
                   "node 'n': bound 'min' (input 1) is int64, expected float32");
  ExpectErrorStart(One("Clip", {"x", "k"}, {}, {FloatTensor("k", {2}, {1, 2})}),
                   "node 'n': a bound has shape [2], expected one element");
  ExpectErrorStart(One("Clip", {"x", "k"}, {}, {FloatTensor("k", {}, {NAN})}),
                   "node 'n': a bound is NaN");
  ExpectErrorStart(One("Resize", {"x", "", ""}, {}), "node 'n': it needs either scales or sizes");
  ExpectErrorStart(One("Reshape", {"x"}), "node 'n': Reshape has 1 inputs");
}

TEST(OnnxBad, case_023_Normalisation) {
  const auto norm = [](float variance, float epsilon, const Strings& attrs = {}) {
    Strings all = {Float("epsilon", epsilon)};
    all.insert(all.end(), attrs.begin(), attrs.end());
    return One("BatchNormalization", {"x", "v", "v", "v", "var"}, all,
               {FloatTensor("v", {3}, {1, 1, 1}), FloatTensor("var", {3}, {1, variance, 1})});
  };
  ExpectErrorStart(norm(-1, 0.5f), "node 'n': constant 'var' has variance -1");
  ExpectErrorStart(norm(NAN, 0.5f), "node 'n': constant 'var' has an element that is NaN");
  ExpectErrorStart(norm(0, 0), "node 'n': constant 'var' has variance 0");
  ExpectErrorStart(norm(1, -1), "node 'n': attribute 'epsilon' is -1");
  ExpectErrorStart(norm(1, 1, {Int("training_mode", 1)}),
                   "node 'n': attribute 'training_mode' is 1");
  ExpectErrorStart(norm(1, 1, {Int("spatial", 0)}), "node 'n': attribute 'spatial' is not 1");
  ExpectErrorStart(One("InstanceNormalization", {"x", "v", "v"}, {Float("epsilon", NAN)},
                       {FloatTensor("v", {3}, {1, 1, 1})}),
                   "node 'n': attribute 'epsilon' is nan");
  ExpectErrorStart(
      One("InstanceNormalization", {"x", "v", "v"}, {}, {FloatTensor("v", {2}, {1, 1})}),
      "node 'n': input 1 (scale): found 2 elements");
}

TEST(OnnxBad, case_024_Bombs) {
  const std::string huge = IntTensor("s", {2}, {1 << 20, 1 << 20});
  ExpectErrorStart(One("ConstantOfShape", {"s"}, {}, {huge}), "node 'n': Expand: the output");
  const std::string by_four = IntTensor("s", {4}, {1 << 20, 1, 1 << 20, 1});
  for (const char* op : {"Tile", "Expand"}) {
    ExpectErrorStart(One(op, {"x", "s"}, {}, {by_four}), "node 'n': ");
  }
  ExpectErrorStart(One("Tile", {"x", "s"}, {}, {by_four}), "node 'n': Tile: the output");
  ExpectErrorStart(
      One("Range", {"a", "b", "c"}, {},
          {IntTensor("a", {}, {0}), IntTensor("b", {}, {1ll << 60}), IntTensor("c", {}, {1})}),
      "node 'n': range: found more than 2^40 elements");
  ExpectErrorStart(
      One("Range", {"a", "b", "a"}, {}, {IntTensor("a", {}, {0}), IntTensor("b", {}, {5})}),
      "node 'n': range: found a step of 0");
  const Model m = OnPicture({Node("Relu", {"x"}, {"y"})});
  const std::string sparse = Write([&](auto& w) {
    w.add_int64(1, 8);
    w.add_message(8, Write([](auto& o) { o.add_int64(2, 17); }));
    w.add_message(
        7, m.GraphBytes() + Write([](auto& g) { g.add_message(15, std::string("\x0A\x00", 2)); }));
  });
  ExpectError(sparse, "the graph has sparse initializers");
}

TEST(OnnxBad, case_025_Reshape) {
  const auto reshape = [](const Ints& shape, const Strings& attrs = {}) {
    return One("Reshape", {"x", "s"}, attrs,
               {IntTensor("s", {static_cast<int64_t>(shape.size())}, shape)});
  };
  ExpectErrorStart(reshape({-1, -1}),
                   "node 'n': attribute shape: found [?, ?], expected at most one -1");
  ExpectErrorStart(reshape({-2, 4}),
                   "node 'n': attribute shape: found -2, expected a number >= -1");
  ExpectErrorStart(reshape({7, -1}), "node 'n': attribute shape: ");
  ExpectErrorStart(reshape({1ll << 62, 1ll << 62}), "node 'n': attribute shape: ");
  ExpectErrorStart(reshape({1, 3, 8, 8, 0}), "node 'n': attribute shape: ");
  ExpectErrorStart(reshape({0, 3, 8, 8}, {Int("allowzero", 1)}), "node 'n': attribute shape: ");
  ExpectErrorStart(One("Reshape", {"x", "x"}), "node 'n': input 1 (parameter): found type float32");
}

TEST(OnnxBad, Resize) {
  const auto resize = [](const Floats& scales, const Strings& attrs = {}) {
    return One("Resize", {"x", "", "s"}, attrs,
               {FloatTensor("s", {static_cast<int64_t>(scales.size())}, scales)});
  };
  ExpectErrorStart(resize({1, 1, 2, 2}, {String("mode", "lanczos")}),
                   "node 'n': attribute 'mode' is 'lanczos'");
  ExpectErrorStart(resize({1, 1, 2}), "node 'n': it has 3 scales, expected 4");
  for (const int64_t axis : {4, -5}) {
    ExpectErrorStart(resize({2, 2}, {IntList("axes", {2, axis})}),
                     "node 'n': axis " + std::to_string(axis) + " does not exist");
  }
  ExpectErrorStart(resize({2, 2}, {IntList("axes", {2, -2})}), "node 'n': attribute axes: ");
  for (const float bad : {0.0f, -1.0f, NAN, INFINITY}) {
    ExpectErrorStart(resize({1, 1, bad, 2}), "node 'n': attribute scales: ");
  }
  ExpectErrorStart(resize({1, 1, 1e30f, 2}), "node 'n': resize: ");
  ExpectErrorStart(
      resize({1, 1, 2, 2}, {String("coordinate_transformation_mode", "tf_crop_and_resize")}),
      "node 'n': roi (input 1) must be a constant");
  ExpectErrorStart(resize({1, 1, 2, 2}, {String("nearest_mode", "odd")}),
                   "node 'n': attribute 'nearest_mode' is 'odd'");
  ExpectErrorStart(resize({1, 1, 2, 2}, {Int("antialias", 2)}), "node 'n': attribute 'antialias'");
  ExpectErrorStart(One("Resize", {"x", "", "", "s"}, {}, {IntTensor("s", {4}, {1, 3, 0, 8})}),
                   "node 'n': a size is 0");
  ExpectErrorStart(One("Upsample", {"x", "s"}, {}, {FloatTensor("s", {4}, {1, 1, 2, 2})}, 10),
                   "node 'n': Upsample does not exist from opset 10 on");
}

TEST(OnnxBad, SizesThatCannotBe) {
  ExpectErrorStart(
      OnPicture({Node("Shape", {"x"}, {"s"}), Node("Reshape", {"s", "i"}, {"y"}, {}, "n")},
                {IntTensor("i", {1}, {5})})
          .Bytes(),
      "node 'n': attribute shape: ");
}

TEST(OnnxBad, case_026_008_Nesting) {
  // A graph in an attribute, in an attribute, ...: never descended into.
  for (const int depth : {101, 3000}) {
    std::string graph = "";
    for (int i = 0; i < depth; ++i) {
      const std::string attr = Write([&](auto& w) {
        w.add_string(1, "body");
        w.add_message(6, graph);
        w.add_int32(20, 5);
      });
      graph = Write([&](auto& w) { w.add_message(1, Node("If", {}, {"o"}, {attr})); });
    }
    const std::string attr = Write([&](auto& w) {
      w.add_string(1, "body");
      w.add_message(6, graph);
      w.add_int32(20, 5);
    });
    ExpectErrorStart(One("If", {"x"}, {attr}), "node 'n': operator 'If' is not supported");
    ExpectError(One("Relu", {"x"}, {attr}),
                "node 'n': attribute 'body' is not known for this operator");
  }
}

TEST(OnnxBad, case_029_Names) {
  const auto relu = [](const std::string& output) {
    return OnPicture({Node("Relu", {"x"}, {output}, {}, "n")}).Bytes();
  };
  ExpectErrorStart(relu(std::string("a\0b", 3)),
                   "node 'n': output 'a\\x00b' has a control character");
  ExpectErrorStart(relu("\x1b[31m"), "node 'n': output '\\x1b[31m' has a control character");
  ExpectErrorStart(relu("\xFF"), "node 'n': output '\\xff' has a control character");
  ExpectErrorStart(relu("\xE2\x80\xAE"), "node 'n': output '\\xe2\\x80\\xae' has a control");
  ExpectErrorStart(relu(std::string(5000, 'a')), "node 'n': output 'aaa");
  ExpectErrorStart(OnPicture({Node("Relu", {"x"}, {"y"}, {}, "a\nb")}).Bytes(),
                   "node 'a\\x0ab': it 'a\\x0ab' has a control character");
  EXPECT_TRUE(Import(OnPicture({Node("Relu", {"x"}, {"y"}, {}, "Größe/図")}).Bytes()).ok());
  EXPECT_EQ(Error(One("Relu\x1b[0m", {"x"})).find('\x1b'), std::string::npos);
}

TEST(OnnxBad, case_031_UnknownOperators) {
  ExpectErrorStart(One("FancyOp", {"x"}),
                   "node 'n': operator 'FancyOp' is not supported (Picabia reads: Abs, Acos, ");
  ExpectErrorStart(OnPicture({Node("FancyOp", {"x"}, {"y"})}).Bytes(),
                   "node 0 (FancyOp): operator 'FancyOp' is not supported");
  ExpectErrorStart(OnPicture({Node("Relu", {"x"}, {"y"}, {}, "n", "com.microsoft")}).Bytes(),
                   "node 'n': operator 'Relu' of domain 'com.microsoft' is not supported");
}

TEST(OnnxBad, case_033_WeightsThatAreNotFinite) {
  for (const float bad : {NAN, INFINITY}) {
    ExpectError(One("Conv", {"x", "w"}, {}, {Filter(bad)}),
                "node 'n': constant 'w' has an element that is NaN or infinite");
    ExpectError(One("Conv", {"x", "w", "b"}, {}, {Filter(), FloatTensor("b", {2}, {1, bad})}),
                "node 'n': constant 'b' has an element that is NaN or infinite");
    ExpectError(One("ConvTranspose", {"x", "w"}, {}, {Filter(bad)}),
                "node 'n': constant 'w' has an element that is NaN or infinite");
    for (const char* op : {"PRelu", "MatMul"})
      ExpectError(One(op, {"x", "w"}, {}, {FloatTensor("w", {2, 1}, {1, bad})}),
                  "node 'n': constant 'w' has an element that is NaN or infinite");
  }
}

TEST(OnnxBad, Attributes) {
  ExpectError(One("LeakyRelu", {"x"}, {Int("alpha", 1)}),
              "node 'n': attribute 'alpha' is an integer, expected a float");
  ExpectError(One("Relu", {"x"}, {Int("magic", 1)}),
              "node 'n': attribute 'magic' is not known for this operator");
  ExpectError(Conv({Int("group", 1), Int("group", 1)}),
              "node 'n': attribute 'group' is given twice");
  ExpectErrorStart(One("Relu", {"x"}, Strings(100, Int("a", 1))),
                   "node 'n': more than 64 attributes");
  // A type that is not that of the value.
  EXPECT_NE(
      Error(One("LeakyRelu", {"x"}, {Attr("alpha", 2, Write([](auto& w) { w.add_float(2, 1); }))}))
          .find("says that it is of type 2 and holds a value of type 1"),
      std::string::npos);
  ExpectErrorStart(One("Dropout", {"x", "", "t"}, {}, {Tensor("t", kBool, {}, Raw("\x01"))}),
                   "node 'n': training_mode (input 2) must be false");
  ExpectErrorStart(One("Cast", {"x"}, {Int("to", kString)}),
                   "node 'n': element type 8 of ONNX is not supported");
  ExpectErrorStart(
      OnPicture({Node("Constant", {}, {"y"}, {String("value_string", "a")}, "n")}).Bytes(),
      "node 'n': a Constant has no tensor, float or integer value");
}

// ---- the wire

std::string SmallModel() {
  return OnPicture({Node("Conv", {"x", "w"}, {"c"}, {IntList("pads", {1, 1, 1, 1})}, "n"),
                    Node("Relu", {"c"}, {"y"})},
                   {Filter()})
      .Bytes();
}

TEST(OnnxBad, case_004_EveryPrefix) {
  const std::string whole = SmallModel();
  ASSERT_TRUE(Import(whole).ok()) << Error(whole);
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto graph = Import(whole.substr(0, size));
    ASSERT_FALSE(graph.ok()) << size;  // the graph comes last, so that every cut goes through it
    EXPECT_TRUE(graph.status().message().starts_with("m.pb: ")) << graph.status().message();
  }
}

TEST(OnnxBad, case_040_EverySingleByteChange) {
  const std::string whole = SmallModel();
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

TEST(OnnxBad, case_005_006_007_Wire) {
  const std::string whole = SmallModel();
  EXPECT_NE(Error(whole + "\x28" + std::string(10, '\x80') + "\x01").find("more than 10 bytes"),
            std::string::npos);
  EXPECT_NE(Error(whole + "\x32\x7F").find("longer than the message"), std::string::npos);
  EXPECT_NE(Error(whole + "\x0A\x01x").find("has wire type 2, expected 0 (integer)"),
            std::string::npos);
  EXPECT_NE(Error(whole + "\x40\x01").find("has wire type 0, expected 2 (bytes)"),
            std::string::npos);
}

TEST(OnnxBad, case_027_WideGraphs) {
  constexpr int kNodes = 65000;  // the most is 65536
  Strings chain, star;
  for (int i = 0; i < kNodes; ++i) {
    const std::string out = i == kNodes - 1 ? "y" : "n" + std::to_string(i);
    chain.push_back(Node("Identity", {i == 0 ? "x" : "n" + std::to_string(i - 1)}, {out}));
    star.push_back(Node("Identity", {"x"}, {out}));
  }
  std::reverse(chain.begin(), chain.end());
  EXPECT_TRUE(Import(OnPicture(chain).Bytes()).ok());
  EXPECT_TRUE(Import(OnPicture(star).Bytes()).ok());
  ExpectErrorStart(One("Add", Strings(60000, "x")), "node 'n': Add has 60000 inputs, expected 2");
  const auto wide = Import(One("Add", Strings(1000000, "x")));
  ASSERT_FALSE(wide.ok());
  EXPECT_EQ(wide.status().code(), StatusCode::kResource);
  EXPECT_EQ(wide.status().message(), "m.pb: node 'n': it has more than 65536 inputs or outputs");
  EXPECT_NE(Error(Conv({IntList("strides", Ints(1000000, 1))}))
                .find("a list has more than 65536 numbers"),
            std::string::npos);
}

TEST(OnnxBad, case_027_TooManyNodes) {
  const std::string node = Write([](auto& w) { w.add_message(1, Write([](auto&) {})); });
  std::string graph;
  for (int i = 0; i <= 100000; ++i) graph += node;
  ExpectError(Write([&](auto& w) {
                w.add_int64(1, 8);
                w.add_message(7, graph);
              }),
              "the graph has more than 65536 nodes");
}

}  // namespace
}  // namespace picabia::import
