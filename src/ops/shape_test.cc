// Shape rules against figures worked out by hand from TensorFlow's and ONNX's definitions, and the
// refusal of everything that breaks a rule.
#include "ops/shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace picabia::ops {
namespace {

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

TensorType F32(Shape shape) { return {DType::kF32, std::move(shape)}; }
TensorType I8(Shape shape) { return {DType::kI8, std::move(shape)}; }

Shape Infer(const Op& op, std::vector<TensorType> inputs) {
  const auto out = InferOutputs(op, inputs);
  EXPECT_TRUE(out.ok()) << out.status().message();
  return out.ok() ? (*out)[0].shape : Shape{-1};
}

void ExpectError(const Op& op, std::vector<TensorType> inputs, const std::string& part) {
  const auto out = InferOutputs(op, inputs);
  ASSERT_FALSE(out.ok()) << part;
  EXPECT_NE(out.status().message().find(part), std::string::npos) << out.status().message();
}

Window Same(int64_t stride, PadKind kind = PadKind::kSameUpper) {
  return {{stride, stride}, {1, 1}, kind, {0, 0, 0, 0}};
}

TEST(ConvExtent, SamePadsAsTensorFlow) {
  struct Row {
    int64_t stride, input, kernel, output, before, after;
  };
  const Row rows[] = {
      {1, 256, 9, 256, 4, 4}, {2, 256, 3, 128, 0, 1}, {2, 255, 3, 128, 1, 1}, {1, 1, 3, 1, 1, 1},
      {1, 5, 2, 5, 0, 1},     {3, 7, 2, 3, 0, 1},     {4, 8, 1, 2, 0, 0},     {2, 0, 3, 0, 0, 0},
  };
  for (const Row& r : rows) {
    const auto e = ConvExtent(Same(r.stride), 0, r.input, r.kernel);
    ASSERT_TRUE(e.ok()) << e.status().message();
    EXPECT_EQ(e->output, r.output) << r.input;
    EXPECT_EQ(e->pad_before, r.before) << r.input;
    EXPECT_EQ(e->pad_after, r.after) << r.input;
  }
}

TEST(ConvExtent, SameLowerPutsTheOddOneFirst) {
  const auto e = ConvExtent(Same(2, PadKind::kSameLower), 1, 256, 3);
  ASSERT_TRUE(e.ok());
  EXPECT_EQ(e->pad_before, 1);
  EXPECT_EQ(e->pad_after, 0);
}

TEST(ConvExtent, DilationWidensTheKernel) {
  Window w = Same(1);
  w.dilations = {4, 1};
  EXPECT_EQ(ConvExtent(w, 0, 100, 3)->pad_before, 4);
  w.pad_kind = PadKind::kExplicit;
  EXPECT_EQ(ConvExtent(w, 0, 100, 3)->output, 92);
  EXPECT_EQ(ConvExtent(w, 1, 100, 3)->output, 98);
}

TEST(ConvExtent, ExplicitPads) {
  const Window w{{2, 1}, {1, 1}, PadKind::kExplicit, {1, 2, 3, 4}};
  EXPECT_EQ(ConvExtent(w, 0, 10, 3)->output, 6);   // (10 + 1 + 3 - 3) / 2 + 1
  EXPECT_EQ(ConvExtent(w, 1, 10, 3)->output, 14);  // 10 + 2 + 4 - 3 + 1
  EXPECT_EQ(ConvExtent(w, 1, 10, 3)->pad_before, 2);
}

TEST(ConvExtent, RefusesWhatCannotBe) {
  Window w;
  EXPECT_FALSE(ConvExtent(w, 0, 2, 3).ok());
  EXPECT_FALSE(ConvExtent(w, 2, 5, 3).ok());
  EXPECT_FALSE(ConvExtent(w, 0, -1, 3).ok());
  EXPECT_FALSE(ConvExtent(w, 0, 5, 0).ok());
  w.strides = {0, 1};
  EXPECT_FALSE(ConvExtent(w, 0, 5, 3).ok());
  w = Window{{1, 1}, {kHuge, 1}, PadKind::kExplicit, {0, 0, 0, 0}};
  EXPECT_FALSE(ConvExtent(w, 0, 5, 3).ok());
  w = Window{{1, 1}, {1, 1}, PadKind::kExplicit, {kHuge, 0, kHuge, 0}};
  EXPECT_FALSE(ConvExtent(w, 0, 5, 3).ok());
  EXPECT_TRUE(ConvExtent(Same(kHuge), 0, kHuge, 3).ok());
}

TEST(ConvTransposeExtent, UndoesSameConvolutions) {
  // Every size that leads back to `input` is reached by a shrink in [0, stride).
  for (int64_t stride = 1; stride <= 4; ++stride) {
    for (int64_t out = 1; out <= 20; ++out) {
      const auto forward = ConvExtent(Same(stride), 0, out, 3);
      const int64_t shrink = forward->output * stride - out;
      const auto back = ConvTransposeExtent(Same(stride), 0, forward->output, 3, 0, shrink);
      ASSERT_TRUE(back.ok()) << back.status().message();
      EXPECT_EQ(back->output, out);
      EXPECT_EQ(back->pad_before, forward->pad_before);
      EXPECT_EQ(back->pad_after, forward->pad_after);
    }
  }
}

TEST(ConvTransposeExtent, Explicit) {
  const Window w{{2, 2}, {1, 1}, PadKind::kExplicit, {1, 1, 1, 1}};
  EXPECT_EQ(ConvTransposeExtent(w, 0, 64, 3, 1, 0)->output, 128);
  EXPECT_EQ(ConvTransposeExtent(w, 0, 64, 3, 0, 0)->output, 127);
  EXPECT_FALSE(ConvTransposeExtent(w, 0, 64, 3, -1, 0).ok());
  EXPECT_FALSE(ConvTransposeExtent(w, 0, 1, 1, 0, 0).ok());  // pads of 2 cut off an output of 1
  EXPECT_FALSE(ConvTransposeExtent(Same(2), 0, 64, 3, 0, 2).ok());
  EXPECT_FALSE(ConvTransposeExtent(Same(2), 0, 0, 3, 0, 1).ok());
  EXPECT_FALSE(ConvTransposeExtent(w, 0, kHuge / 2 + 2, 3, 0, 0).ok());
}

TEST(Conv2D, Shapes) {
  EXPECT_EQ(Infer(Conv2D{Same(2), 1}, {F32({2, 9, 8, 3}), F32({3, 3, 3, 5}), F32({5})}),
            (Shape{2, 5, 4, 5}));
  EXPECT_EQ(Infer(Conv2D{Same(1), 4}, {F32({1, 9, 8, 8}), F32({3, 3, 2, 12})}),
            (Shape{1, 9, 8, 12}));
  EXPECT_EQ(Infer(Conv2D{Same(1), 1}, {F32({0, 9, 8, 3}), F32({3, 3, 3, 5})}), (Shape{0, 9, 8, 5}));
}

TEST(Conv2D, Refusals) {
  const TensorType x = F32({1, 9, 8, 3}), f = F32({3, 3, 3, 5});
  ExpectError(Conv2D{}, {x}, "found 1 inputs, expected 2 to 3");
  ExpectError(Conv2D{}, {F32({9, 8, 3}), f}, "input 0 (x): found shape [9, 8, 3], expected rank 4");
  ExpectError(Conv2D{}, {x, F32({3, 3, 4, 5})}, "input 1 (filter): found shape [3, 3, 4, 5]");
  ExpectError(Conv2D{}, {x, F32({3, 3, 3})}, "input 1 (filter)");
  ExpectError(Conv2D{}, {x, I8({3, 3, 3, 5})}, "found type int8, expected float32");
  ExpectError(Conv2D{}, {x, F32({0, 3, 3, 5})}, "expected no empty dimension");
  ExpectError(Conv2D{}, {x, f, F32({4})}, "input 2 (bias): found 4 elements");
  ExpectError(Conv2D{}, {F32({1, 2, 8, 3}), f}, "height");
  ExpectError(Conv2D{Window{{1, 0}, {1, 1}}, 1}, {x, f}, "attribute strides: found 0");
  ExpectError(Conv2D{Window{{1, 1}, {-1, 1}}, 1}, {x, f}, "attribute dilations: found -1");
  ExpectError(Conv2D{Window{}, 0}, {x, f}, "attribute groups: found 0");
  ExpectError(Conv2D{Window{}, 3}, {x, F32({3, 3, 1, 5})}, "multiple of the 3 groups");
  ExpectError(Conv2D{Window{{1, 1}, {1, 1}, PadKind::kExplicit, {0, 0, -1, 0}}, 1}, {x, f},
              "attribute pads: found -1");
  ExpectError(Conv2D{Window{{1, 1}, {1, 1}, static_cast<PadKind>(7)}, 1}, {x, f},
              "attribute pad_kind: found 7");
  ExpectError(Conv2D{}, {F32({1, kHuge, kHuge, 3}), f}, "input 0: found shape");
  ExpectError(Conv2D{}, {F32({1, -1, 8, 3}), f}, "input 0: found shape");
}

TEST(ConvTranspose2D, Shapes) {
  EXPECT_EQ(Infer(ConvTranspose2D{Same(2), {0, 0}, {0, 1}, 1},
                  {F32({1, 64, 64, 128}), F32({3, 3, 64, 128})}),
            (Shape{1, 128, 127, 64}));
  EXPECT_EQ(
      Infer(ConvTranspose2D{Same(2), {0, 0}, {0, 0}, 2}, {F32({1, 4, 4, 6}), F32({3, 3, 5, 6})}),
      (Shape{1, 8, 8, 10}));
  ExpectError(ConvTranspose2D{}, {F32({1, 4, 4, 6}), F32({3, 3, 6, 5})}, "input 1 (filter)");
  ExpectError(ConvTranspose2D{Same(2), {0, 0}, {2, 0}, 1}, {F32({1, 4, 4, 6}), F32({3, 3, 5, 6})},
              "attribute output_shrink");
}

TEST(Int8Convolutions, Shapes) {
  EXPECT_EQ(Infer(Int8Conv2D{Same(1), 2, 3}, {F32({1, 4, 4, 6}), I8({3, 3, 6, 5})}),
            (Shape{1, 4, 4, 5}));
  EXPECT_EQ(
      Infer(Int8ConvTranspose2D{Same(2), {0, 0}, 2, 3}, {F32({1, 4, 4, 6}), I8({3, 3, 5, 6})}),
      (Shape{1, 8, 8, 5}));
  ExpectError(Int8Conv2D{Same(1), 2, 3}, {F32({1, 4, 4, 6}), F32({3, 3, 6, 5})}, "expected int8");
  ExpectError(Int8Conv2D{Same(1), 0, 3}, {F32({1, 4, 4, 6}), I8({3, 3, 6, 5})}, "input_scale");
  ExpectError(Int8Conv2D{Same(1), 1e30f, 1e30f}, {F32({1, 4, 4, 6}), I8({3, 3, 6, 5})},
              "attribute input_scale * filter_scale");
}

TEST(Norms, Shapes) {
  const TensorType x = F32({1, 4, 5, 3}), c = F32({3});
  EXPECT_EQ(Infer(InstanceNorm{}, {x, c, c}), x.shape);
  EXPECT_EQ(Infer(BatchNorm{}, {x, c, c, c, c}), x.shape);
  ExpectError(InstanceNorm{}, {x, c, F32({4})}, "input 2 (shift)");
  ExpectError(BatchNorm{}, {x, c, c, c, F32({1, 3})}, "input 4 (variance)");
  ExpectError(InstanceNorm{std::nanf("")}, {x, c, c}, "epsilon");
}

TEST(Elementwise, Shapes) {
  EXPECT_EQ(Infer(Binary{}, {F32({4, 1, 3}), F32({2, 1})}), (Shape{4, 2, 3}));
  EXPECT_EQ(Infer(Binary{}, {F32({4, 0}), F32({1})}), (Shape{4, 0}));
  EXPECT_EQ(Infer(Binary{}, {F32({}), F32({})}), (Shape{}));
  ExpectError(Binary{}, {F32({4, 2}), F32({3})}, "shapes [4, 2] and [3] do not broadcast");
  ExpectError(Binary{}, {F32({4}), I8({4})}, "input 1 (y): found type int8");
  EXPECT_EQ(Infer(Unary{}, {F32({7})}), (Shape{7}));
  ExpectError(Unary{UnaryKind::kTanh, 0}, {I8({7})}, "input 0 (x)");
  ExpectError(Unary{UnaryKind::kCelu, 0}, {F32({7})}, "attribute alpha");
  EXPECT_EQ(Infer(PowerDifference{}, {F32({2, 3}), F32({3}), F32({5})}), (Shape{2, 3}));
  ExpectError(PowerDifference{}, {F32({2}), F32({2}), F32({0})}, "input 2 (power)");
}

TEST(Reduce, Shapes) {
  const TensorType x = F32({2, 3, 4, 5});
  EXPECT_EQ(Infer(Reduce{ReduceKind::kMean, {1, 2}, true}, {x}), (Shape{2, 1, 1, 5}));
  EXPECT_EQ(Infer(Reduce{ReduceKind::kMax, {0, 3}, false}, {x}), (Shape{3, 4}));
  EXPECT_EQ(Infer(Reduce{ReduceKind::kMax, {}, false}, {x}), x.shape);
  ExpectError(Reduce{ReduceKind::kMean, {4}, true}, {x}, "found axis 4");
  ExpectError(Reduce{ReduceKind::kMean, {2, 1}, true}, {x}, "attribute axes");
  ExpectError(Reduce{ReduceKind::kMean, {1, 1}, true}, {x}, "attribute axes");
  ExpectError(Reduce{ReduceKind::kMean, {-1}, true}, {x}, "attribute axes");
}

TEST(Pad, Shapes) {
  const TensorType x = F32({3, 4});
  EXPECT_EQ(Infer(Pad{PadMode::kConstant, {10, 0}, {0, 9}, 1}, {x}), (Shape{13, 13}));
  EXPECT_EQ(Infer(Pad{PadMode::kReflect, {2, 3}, {2, 3}, 0}, {x}), (Shape{7, 10}));
  EXPECT_EQ(Infer(Pad{PadMode::kSymmetric, {3, 4}, {3, 4}, 0}, {x}), (Shape{9, 12}));
  EXPECT_EQ(Infer(Pad{PadMode::kEdge, {30, 4}, {3, 4}, 0}, {x}), (Shape{36, 12}));
  ExpectError(Pad{PadMode::kReflect, {3, 0}, {0, 0}, 0}, {x}, "expected at most 2");
  ExpectError(Pad{PadMode::kSymmetric, {4, 0}, {0, 0}, 0}, {x}, "expected at most 3");
  ExpectError(Pad{PadMode::kEdge, {1, 0}, {0, 0}, 0}, {F32({0, 4})}, "expected at most 0");
  ExpectError(Pad{PadMode::kConstant, {1}, {1}, 0}, {x}, "expected rank 1");
  ExpectError(Pad{PadMode::kConstant, {1, 2}, {1}, 0}, {x}, "attribute after");
  EXPECT_EQ(Infer(Pad{PadMode::kConstant, {1, -2}, {1, 3}, 0}, {x}), (Shape{5, 5}));
  ExpectError(Pad{PadMode::kConstant, {1, -5}, {1, 3}, 0}, {x}, "padding of axis 1");
  ExpectError(Pad{PadMode::kReflect, {1, -2}, {1, 3}, 0}, {x}, "attribute before");
  ExpectError(Pad{PadMode::kConstant, {kHuge, 0}, {kHuge, 0}, 0}, {x}, "64 bits");
  ExpectError(Pad{PadMode::kConstant, {kHuge / 2, 0}, {0, 0}, 0}, {x}, "larger than a tensor");
}

TEST(Movement, Shapes) {
  const auto scaled = [](std::vector<float> scales) {
    Resize op;
    op.scales = std::move(scales);
    op.axes = {1, 2};
    return op;
  };
  EXPECT_EQ(Infer(scaled({2, 0.5f}), {F32({1, 5, 5, 3})}), (Shape{1, 10, 2, 3}));
  EXPECT_EQ(Infer(scaled({0.7f, 1}), {F32({1, 10, 5, 3})}), (Shape{1, 7, 5, 3}));
  ExpectError(scaled({0, 1}), {F32({1, 10, 5, 3})}, "attribute scales");
  ExpectError(scaled({1e38f, 1}), {F32({1, 10, 5, 3})}, "too large");
  ExpectError(scaled({1}), {F32({1, 10, 5, 3})}, "attribute axes");
  ExpectError(scaled({2, 2}), {F32({1, 10})}, "found axis 2");
  ExpectError(Resize{}, {F32({1, 10})}, "neither scales nor sizes");
  Resize sized;
  sized.sizes = {7, 8};
  EXPECT_EQ(Infer(sized, {F32({3, 4})}), (Shape{7, 8}));
  sized.aspect_policy = AspectPolicy::kNotLarger;
  EXPECT_EQ(Infer(sized, {F32({3, 4})}), (Shape{6, 8}));
  sized.aspect_policy = AspectPolicy::kNotSmaller;
  EXPECT_EQ(Infer(sized, {F32({3, 4})}), (Shape{7, 9}));
  EXPECT_EQ(Infer(Transpose{{0, 3, 1, 2}}, {F32({1, 10, 5, 3})}), (Shape{1, 3, 10, 5}));
  ExpectError(Transpose{{0, 1, 1, 2}}, {F32({1, 10, 5, 3})}, "attribute perm");
  ExpectError(Transpose{{0, 1, 4, 2}}, {F32({1, 10, 5, 3})}, "attribute perm");
  ExpectError(Transpose{{1, 0}}, {F32({1, 10, 5, 3})}, "input 0 (x)");
}

TEST(Reshape, Shapes) {
  EXPECT_EQ(Infer(Reshape{{0, -1}}, {F32({2, 3, 4})}), (Shape{2, 12}));
  EXPECT_EQ(Infer(Reshape{{}}, {F32({1, 1})}), (Shape{}));
  EXPECT_EQ(Infer(Reshape{{0, 5}}, {F32({0, 5})}), (Shape{0, 5}));
  ExpectError(Reshape{{-1, -1}}, {F32({4})}, "at most one -1");
  ExpectError(Reshape{{-1, 3}}, {F32({4})}, "attribute shape");
  ExpectError(Reshape{{2, 3}}, {F32({4})}, "attribute shape");
  ExpectError(Reshape{{4, 0}}, {F32({4})}, "attribute shape");
  ExpectError(Reshape{{-1, 0}}, {F32({5, 0})}, "attribute shape");
  ExpectError(Reshape{{kHuge, kHuge}}, {F32({4})}, "attribute shape");
}

TEST(Slice, ClampsAndCountsBackwards) {
  const TensorType x = F32({10, 4});
  EXPECT_EQ(Infer(Slice{{2}, {INT64_MAX}, {}, {3}}, {x}), (Shape{3, 4}));
  EXPECT_EQ(Infer(Slice{{-1}, {INT64_MIN}, {0}, {-4}}, {x}), (Shape{3, 4}));
  EXPECT_EQ(Infer(Slice{{-3}, {-1}, {1}, {}}, {x}), (Shape{10, 2}));
  EXPECT_EQ(Infer(Slice{{5}, {2}, {0}, {}}, {x}), (Shape{0, 4}));
  EXPECT_EQ(Infer(Slice{{9}, {-100}, {0}, {INT64_MIN}}, {x}), (Shape{1, 4}));
  EXPECT_EQ(Infer(Slice{{0}, {100}, {0}, {INT64_MAX}}, {x}), (Shape{1, 4}));
  ExpectError(Slice{{0}, {1}, {0}, {0}}, {x}, "attribute steps");
  ExpectError(Slice{{0, 0}, {1, 1}, {1, 1}, {}}, {x}, "attribute axes");
  ExpectError(Slice{{0}, {1}, {2}, {}}, {x}, "found axis 2");
}

TEST(Split, PiecesBySizeOrNumber) {
  const TensorType x = F32({7, 2});
  EXPECT_EQ(Infer(Split{0, 1, 2, {}}, {x}), (Shape{3, 2}));
  EXPECT_EQ(Infer(Split{0, 3, 4, {}}, {x}), (Shape{1, 2}));
  EXPECT_EQ(Infer(Split{0, 1, 1, {2, 5}}, {x}), (Shape{5, 2}));
  ExpectError(Split{0, 0, 1, {2, 4}}, {x}, "expected the sum 7");
  ExpectError(Split{0, 2, 2, {}}, {x}, "attribute index");
}

TEST(CumSum, KeepsTheShape) {
  EXPECT_EQ(Infer(CumSum{1, true, false}, {F32({3, 0, 4})}), (Shape{3, 0, 4}));
  ExpectError(CumSum{3, false, false}, {F32({3, 2, 4})}, "found axis 3");
  ExpectError(CumSum{-1, false, false}, {F32({3})}, "attribute axis");
  ExpectError(CumSum{}, {{DType::kBool, {3}}}, "expected numbers");
}

TEST(MatMul, VectorsAndBatches) {
  EXPECT_EQ(Infer(MatMul{}, {F32({5, 1, 2, 3}), F32({4, 3, 7})}), (Shape{5, 4, 2, 7}));
  EXPECT_EQ(Infer(MatMul{}, {F32({3}), F32({4, 3, 7})}), (Shape{4, 7}));
  EXPECT_EQ(Infer(MatMul{}, {F32({3}), F32({3})}), (Shape{}));
  EXPECT_EQ(Infer(MatMul{true, true}, {F32({3, 2}), F32({7, 3})}), (Shape{2, 7}));
  ExpectError(MatMul{}, {F32({2, 3}), F32({2, 3})}, "inner dimensions differ: 3 against 2");
  ExpectError(MatMul{}, {F32({}), F32({2, 3})}, "at least one dimension");
}

TEST(Pool2D, CeilModeNeverStartsInThePadding) {
  Pool2D op;
  op.kernel = {2, 2};
  op.window.strides = {2, 2};
  EXPECT_EQ(Infer(op, {F32({1, 5, 6, 3})}), (Shape{1, 2, 3, 3}));
  op.ceil_mode = true;
  EXPECT_EQ(Infer(op, {F32({1, 5, 6, 3})}), (Shape{1, 3, 3, 3}));
  op.window.pads = {1, 1, 1, 1};
  EXPECT_EQ(Infer(op, {F32({1, 5, 6, 3})}),
            (Shape{1, 3, 4, 3}));  // a 4th row would begin in the padding
  op.kernel = {1, 1};
  op.window.pads = {0, 0, 1, 1};
  EXPECT_EQ(Infer(op, {F32({1, 4, 4, 3})}), (Shape{1, 2, 2, 3}));
}

TEST(Movement, Joins) {
  EXPECT_EQ(Infer(Concat{1}, {F32({2, 3}), F32({2, 0}), F32({2, 5})}), (Shape{2, 8}));
  ExpectError(Concat{1}, {F32({2, 3}), F32({3, 3})}, "input 1 (part)");
  ExpectError(Concat{1}, {F32({2, 3}), I8({2, 3})}, "found type int8, expected float32");
  ExpectError(Concat{2}, {F32({2, 3})}, "found axis 2");
  EXPECT_EQ(Infer(Flatten{0}, {F32({2, 3, 4})}), (Shape{1, 24}));
  EXPECT_EQ(Infer(Flatten{3}, {F32({2, 3, 4})}), (Shape{24, 1}));
  EXPECT_EQ(Infer(Squeeze{{0, 2}}, {F32({1, 3, 1})}), (Shape{3}));
  EXPECT_EQ(Infer(Squeeze{}, {F32({1, 3, 1})}), (Shape{3}));
  ExpectError(Squeeze{{1}}, {F32({1, 3, 1})}, "expected a dimension of 1");
  EXPECT_EQ(Infer(Unsqueeze{{0, 3}}, {F32({2, 3})}), (Shape{1, 2, 3, 1}));
  ExpectError(Unsqueeze{{4}}, {F32({2, 3})}, "attribute axes");
  EXPECT_EQ(Infer(Expand{{4, 1, 3}}, {F32({2, 1})}), (Shape{4, 2, 3}));
  ExpectError(Expand{{4}}, {F32({2, 3})}, "do not broadcast");
  EXPECT_EQ(Infer(Tile{{2, 0}}, {F32({2, 3})}), (Shape{4, 0}));
  ExpectError(Tile{{kHuge, 8}}, {F32({9, 3})}, "64 bits");
  EXPECT_EQ(Infer(SpaceToBatch{{2, 3}, {1, 0, 0, 2}}, {F32({2, 5, 7, 3})}), (Shape{12, 3, 3, 3}));
  EXPECT_EQ(Infer(BatchToSpace{{2, 3}, {1, 0, 0, 2}}, {F32({12, 3, 3, 3})}), (Shape{2, 5, 7, 3}));
  EXPECT_EQ(Infer(DepthToSpace{2, BlockOrder::kCrd}, {F32({1, 2, 3, 8})}), (Shape{1, 4, 6, 2}));
  ExpectError(DepthToSpace{2, BlockOrder::kCrd}, {F32({1, 2, 3, 6})}, "multiple of the block, 4");
}

Shape InferWith(const Op& op, const std::vector<TensorType>& types,
                const std::vector<Tensor>& parameters) {
  std::vector<const Tensor*> values(types.size(), nullptr);
  std::vector<TensorType> all = types;
  for (const Tensor& t : parameters) {
    values.push_back(&t);
    all.push_back({t.dtype(), t.shape()});
  }
  const auto out = InferOutputs(op, all, values);
  EXPECT_TRUE(out.ok()) << out.status().message();
  return out.ok() ? (*out)[0].shape : Shape{-1};
}

TEST(Parameters, ReplaceAttributes) {
  const auto ints = [](std::vector<int64_t> v) {
    return *Tensor::From<int64_t>({static_cast<int64_t>(v.size())}, v);
  };
  const TensorType x = F32({2, 3, 4});
  EXPECT_EQ(InferWith(Reshape{}, {x}, {ints({0, -1})}), (Shape{2, 12}));
  EXPECT_EQ(InferWith(Slice{}, {x}, {ints({1}), ints({9}), ints({-1})}), (Shape{2, 3, 3}));
  EXPECT_EQ(InferWith(Pad{}, {x}, {ints({1, 0, 0, 0, 0, 5})}), (Shape{3, 3, 9}));
  EXPECT_EQ(InferWith(Pad{}, {x}, {*Tensor::From<int64_t>({3, 2}, {1, 0, 0, 0, 0, 5})}),
            (Shape{3, 3, 9}));
  EXPECT_EQ(InferWith(Pad{}, {x}, {ints({7, 0}), *Tensor::From<float>({}, {0.0f}), ints({-1})}),
            (Shape{2, 3, 11}));
  EXPECT_EQ(InferWith(Resize{}, {x}, {*Tensor::From<float>({3}, {1, 2, 3})}), (Shape{2, 6, 12}));
  EXPECT_EQ(InferWith(Resize{}, {x}, {ints({5, 6, 7})}), (Shape{5, 6, 7}));
  EXPECT_EQ(InferWith(Range{}, {},
                      {*Tensor::From<float>({}, {1}), *Tensor::From<float>({}, {2}),
                       *Tensor::From<float>({}, {0.3f})}),
            (Shape{4}));
  const TensorType i64{DType::kI64, {2}};
  ExpectError(Reshape{}, {x, i64}, "input 1 (shape): its contents are not known");
}

TEST(ConvBlock, InputsAsTheFlagsSay) {
  ConvBlock op;
  op.window = Same(1);
  op.has_bias = true;
  op.norm = Norm::kInstance;
  op.has_residual = true;
  const TensorType x = F32({1, 8, 8, 4}), f = F32({3, 3, 4, 6}), c = F32({6}),
                   r = F32({1, 8, 8, 6});
  EXPECT_EQ(Infer(op, {x, f, c, c, c, r}), r.shape);
  ExpectError(op, {x, f, c, c, c}, "found 5 inputs, expected 6");
  ExpectError(op, {x, f, c, c, F32({5}), r}, "input 4 (norm shift)");
  ExpectError(op, {x, f, c, c, c, F32({1, 1, 8, 6})}, "input 5 (residual)");
  op.transposed = true;
  EXPECT_EQ(Infer(op, {x, F32({3, 3, 6, 4}), c, c, c, r}), r.shape);
}

TEST(ConvBlock, PaddingModes) {
  ConvBlock op;
  op.window.pads = {4, 4, 4, 4};
  op.pad_mode = PadMode::kReflect;
  const TensorType f = F32({9, 9, 3, 6});
  EXPECT_EQ(Infer(op, {F32({1, 5, 6, 3}), f}), (Shape{1, 5, 6, 6}));
  ExpectError(op, {F32({1, 5, 4, 3}), f}, "padding of axis 2");
  op.window.pad_kind = PadKind::kSameUpper;
  ExpectError(op, {F32({1, 5, 6, 3}), f}, "attribute pad_mode");
}

TEST(ConvBlock, Int8WhenScalesAreSet) {
  ConvBlock op;
  op.input_scale = 2;
  op.filter_scale = 3;
  EXPECT_EQ(Infer(op, {F32({1, 5, 6, 3}), I8({1, 1, 3, 2})}), (Shape{1, 5, 6, 2}));
  ExpectError(op, {F32({1, 5, 6, 3}), F32({1, 1, 3, 2})}, "expected int8");
  op.input_scale = 0;
  ExpectError(op, {F32({1, 5, 6, 3}), I8({1, 1, 3, 2})}, "attribute input_scale");
}

}  // namespace
}  // namespace picabia::ops
