// The references of reductions, products and pools, on cases worked out by hand.
#include <cmath>

#include "kernels/reference_test_util.h"

namespace picabia::kernels {
namespace {

using R = ops::ReduceKind;

Numbers Reduced(R kind, const Tensor& x, std::vector<int64_t> axes) {
  return NumbersFrom(ops::Reduce{kind, std::move(axes), false, true}, {x});
}

TEST(ReferenceReduce, EveryAxisOnEveryNumericType) {
  for (int i = 0; i < kNumDTypes; ++i) {
    const DType d = static_cast<DType>(i);
    if (d == DType::kBool) continue;
    SCOPED_TRACE(DTypeName(d));
    const Tensor x = Make(d, {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
    EXPECT_EQ(Reduced(R::kSum, x, {}), Numbers{36});
    EXPECT_EQ(Reduced(R::kSum, x, {0}), (Numbers{6, 8, 10, 12}));
    EXPECT_EQ(Reduced(R::kSum, x, {1}), (Numbers{4, 6, 12, 14}));
    EXPECT_EQ(Reduced(R::kSum, x, {2}), (Numbers{3, 7, 11, 15}));
    EXPECT_EQ(Reduced(R::kSum, x, {0, 2}), (Numbers{14, 22}));
    EXPECT_EQ(Reduced(R::kMean, x, {1}), (Numbers{2, 3, 6, 7}));
    EXPECT_EQ(Reduced(R::kMax, x, {0, 1}), (Numbers{7, 8}));
    EXPECT_EQ(Reduced(R::kMin, x, {1, 2}), (Numbers{1, 5}));
    EXPECT_EQ(Reduced(R::kProduct, x, {2}), (Numbers{2, 12, 30, 56}));
    EXPECT_EQ(Reduced(R::kL1, x, {2}), (Numbers{3, 7, 11, 15}));
    EXPECT_EQ(Reduced(R::kSumSquare, x, {2}), (Numbers{5, 25, 61, 113}));
    EXPECT_EQ(Reduced(R::kL2, Make(d, {2}, {3, 4}), {0}), Numbers{5});
    EXPECT_EQ(Reduced(R::kLogSum, Make(d, {1}, {1}), {0}), Numbers{0});
  }
}

TEST(ReferenceReduce, EmptyAxesMeanAllOrNone) {
  const Tensor x = Floats({1, 2}, {3, -4});
  EXPECT_EQ(NumbersFrom(ops::Reduce{R::kSumSquare, {}, true, true}, {x}), Numbers{25});
  EXPECT_EQ(NumbersFrom(ops::Reduce{R::kSumSquare, {}, true, false}, {x}), (Numbers{9, 16}));
  const Tensor y = OutputOf(ops::Reduce{R::kMean, {0}, true, false}, {x});
  EXPECT_EQ(y.shape(), (Shape{1, 2}));
}

TEST(ReferenceReduce, OfNothing) {
  const Tensor x = Floats({2, 0}, {});
  EXPECT_EQ(Reduced(R::kSum, x, {1}), (Numbers{0, 0}));
  EXPECT_EQ(Reduced(R::kProduct, x, {1}), (Numbers{1, 1}));
  EXPECT_EQ(Reduced(R::kMax, x, {1}), (Numbers{-kInf, -kInf}));
  EXPECT_EQ(Reduced(R::kLogSumExp, x, {1}), (Numbers{-kInf, -kInf}));
  ExpectClose(Reduced(R::kMean, x, {1}), {kNan, kNan});
  EXPECT_TRUE(Reduced(R::kSum, x, {0}).empty());
  EXPECT_EQ(Reduced(R::kMax, Make(DType::kI8, {0}, {}), {0}), Numbers{-128});
  EXPECT_EQ(Reduced(R::kMax, Make(DType::kBool, {0}, {}), {0}), Numbers{0});
  EXPECT_EQ(Reduced(R::kAll, Make(DType::kBool, {0}, {}), {0}), Numbers{1});
  EXPECT_NE(ErrorFrom(ops::Reduce{R::kMean, {0}, false, true}, {Make(DType::kI32, {0}, {})}), "");
}

TEST(ReferenceReduce, IntegersWrapAndMeansTruncate) {
  EXPECT_EQ(Reduced(R::kSum, Vector(DType::kI8, {100, 100}), {0}), Numbers{-56});
  EXPECT_EQ(Reduced(R::kMean, Vector(DType::kI8, {100, 101}), {0}), Numbers{100});
  EXPECT_EQ(Reduced(R::kMean, Vector(DType::kI32, {-3, -4}), {0}), Numbers{-3});
  EXPECT_EQ(Reduced(R::kL1, Vector(DType::kI32, {-3, 4}), {0}), Numbers{7});
}

TEST(ReferenceReduce, BoolsNanAndInfinities) {
  const Tensor b = Make(DType::kBool, {2, 2}, {1, 1, 0, 1});
  EXPECT_EQ(Reduced(R::kAll, b, {1}), (Numbers{1, 0}));
  EXPECT_EQ(Reduced(R::kAny, b, {0}), (Numbers{1, 1}));
  EXPECT_EQ(Reduced(R::kMin, b, {0}), (Numbers{0, 1}));
  EXPECT_EQ(Reduced(R::kMax, b, {1}), (Numbers{1, 1}));
  const Tensor x = Floats({3, 2}, {1, kNan, kNan, 5, 2, 3});
  ExpectClose(Reduced(R::kMax, x, {1}), {kNan, kNan, 3});
  ExpectClose(Reduced(R::kMin, x, {0}), {kNan, kNan});
  ExpectClose(
      Reduced(R::kLogSumExp, Floats({4, 2}, {1000, 1000, -kInf, -kInf, kInf, 0, kNan, 0}), {1}),
      {1000 + std::log(2.0), -kInf, kInf, kNan});
}

TEST(ReferenceReduce, SumsInDouble) {
  EXPECT_EQ(Reduced(R::kSum, Floats({1e8, 1, -1e8}), {0}), Numbers{1});
}

TEST(ReferenceArgReduce, FirstOrLastAndNan) {
  const auto arg = [](ops::ArgKind kind, bool last, int64_t axis, const Tensor& x) {
    return NumbersFrom(ops::ArgReduce{kind, axis, false, last}, {x});
  };
  const ops::ArgKind max = ops::ArgKind::kMax, min = ops::ArgKind::kMin;
  for (DType d : {DType::kF32, DType::kF16, DType::kI8, DType::kU64}) {
    const Tensor x = Make(d, {2, 3}, {1, 3, 3, 2, 2, 0});
    EXPECT_EQ(arg(max, false, 1, x), (Numbers{1, 0}));
    EXPECT_EQ(arg(max, true, 1, x), (Numbers{2, 1}));
    EXPECT_EQ(arg(min, false, 0, x), (Numbers{0, 1, 1}));
  }
  const Tensor nan = Floats({1, kNan, 5, kNan});
  for (ops::ArgKind kind : {max, min}) {
    EXPECT_EQ(arg(kind, false, 0, nan), Numbers{1});
    EXPECT_EQ(arg(kind, true, 0, nan), Numbers{3});
  }
}

TEST(ReferenceSoftmax, AlongAnyAxis) {
  const double a = 1 / (1 + std::exp(1.0)), b = 1 - a;
  const ops::SoftmaxKind soft = ops::SoftmaxKind::kSoftmax;
  ExpectClose(NumbersFrom(ops::Softmax{soft, 1}, {Floats({2, 2}, {0, 1, 1001, 1000})}),
              {a, b, b, a});
  ExpectClose(NumbersFrom(ops::Softmax{soft, 0}, {Floats({2, 2}, {0, 5, 1, 5})}), {a, 0.5, b, 0.5});
  ExpectClose(NumbersFrom(ops::Softmax{soft, 0}, {Floats({0, -kInf})}), {1, 0});
  ExpectClose(NumbersFrom(ops::Softmax{soft, 0}, {Floats({0, kNan})}), {kNan, kNan});
  ExpectClose(NumbersFrom(ops::Softmax{ops::SoftmaxKind::kLogSoftmax, 0}, {Floats({0, 1})}),
              {std::log(a), std::log(b)});
  EXPECT_EQ(NumbersFrom(ops::Softmax{ops::SoftmaxKind::kHardmax, 0}, {Floats({1, 7, 7, 2})}),
            (Numbers{0, 1, 0, 0}));
  EXPECT_TRUE(NumbersFrom(ops::Softmax{soft, 1}, {Floats({2, 0}, {})}).empty());
}

TEST(ReferenceNormalize, OverAxes) {
  // Mean 2, variance 1; mean 20, variance 100.
  ExpectClose(NumbersFrom(ops::Normalize{{1}, 0}, {Floats({2, 2}, {1, 3, 10, 30})}),
              {-1, 1, -1, 1});
  ExpectClose(NumbersFrom(ops::Normalize{{0}, 3}, {Floats({2, 2}, {1, 5, 3, 5})}),
              {-0.5, 0, 0.5, 0});
  const Tensor image = Floats({1, 2, 2, 1}, {1e6, 1e6 + 2, 1e6 + 2, 1e6});
  ExpectClose(NumbersFrom(ops::Normalize{{1, 2}, 0}, {image}), {-1, 1, 1, -1});
}

TEST(ReferenceMatMul, TransposedBatchedAndVectors) {
  for (DType d : {DType::kF32, DType::kF64, DType::kF16, DType::kI32, DType::kI64, DType::kU32,
                  DType::kU64}) {
    SCOPED_TRACE(DTypeName(d));
    const Tensor a = Make(d, {2, 3}, {1, 2, 3, 4, 5, 6}), b = Make(d, {3, 1}, {1, 2, 3});
    const Tensor at = Make(d, {3, 2}, {1, 4, 2, 5, 3, 6}), bt = Make(d, {1, 3}, {1, 2, 3});
    EXPECT_EQ(NumbersFrom(ops::MatMul{}, {a, b}), (Numbers{14, 32}));
    EXPECT_EQ(NumbersFrom(ops::MatMul{true, true}, {at, bt}), (Numbers{14, 32}));
    const Tensor v = Vector(d, {1, 2, 3});
    EXPECT_EQ(OutputOf(ops::MatMul{}, {a, v}).shape(), (Shape{2}));
    EXPECT_EQ(NumbersFrom(ops::MatMul{}, {a, v}), (Numbers{14, 32}));
    EXPECT_EQ(NumbersFrom(ops::MatMul{}, {Vector(d, {1, 2}), a}), (Numbers{9, 12, 15}));
    EXPECT_EQ(NumbersFrom(ops::MatMul{}, {v, v}), Numbers{14});
  }
}

TEST(ReferenceMatMul, BroadcastsBatches) {
  // Two pictures of [1, 2] against three of [2, 1].
  const Tensor a = Floats({2, 1, 1, 2}, {1, 2, 3, 4});
  const Tensor b = Floats({3, 2, 1}, {1, 0, 0, 1, 1, 1});
  const Tensor y = OutputOf(ops::MatMul{}, {a, b});
  EXPECT_EQ(y.shape(), (Shape{2, 3, 1, 1}));
  EXPECT_EQ(NumbersOf(y), (Numbers{1, 2, 3, 3, 4, 7}));
  EXPECT_EQ(NumbersFrom(ops::MatMul{}, {Floats({2, 0}, {}), Floats({0, 2}, {})}),
            (Numbers{0, 0, 0, 0}));
}

ops::Pool2D Pool(ops::PoolKind kind, int64_t kernel, int64_t stride, int64_t pad) {
  ops::Pool2D op;
  op.kind = kind;
  op.kernel = {1, kernel};
  op.window.strides = {1, stride};
  op.window.pads = {0, pad, 0, pad};
  return op;
}

TEST(ReferencePool, MaximumIgnoresPadding) {
  const ops::Pool2D op = Pool(ops::PoolKind::kMax, 3, 2, 1);
  EXPECT_EQ(NumbersFrom(op, {Floats({1, 1, 5, 1}, {-5, -4, -3, -2, -1})}), (Numbers{-4, -2, -1}));
  EXPECT_EQ(NumbersFrom(op, {Make(DType::kI8, {1, 1, 5, 1}, {-5, -4, -3, -2, -1})}),
            (Numbers{-4, -2, -1}));
  EXPECT_EQ(NumbersFrom(op, {Make(DType::kU8, {1, 1, 2, 2}, {1, 8, 2, 7})}), (Numbers{2, 8}));
  ops::Pool2D dilated = Pool(ops::PoolKind::kMax, 2, 1, 0);
  dilated.window.dilations = {1, 2};
  EXPECT_EQ(NumbersFrom(dilated, {Floats({1, 1, 4, 1}, {1, 9, 2, 3})}), (Numbers{2, 9}));
  ops::Pool2D square = Pool(ops::PoolKind::kMax, 2, 2, 0);
  square.kernel = square.window.strides = {2, 2};
  EXPECT_EQ(NumbersFrom(square, {Counting(DType::kF32, {1, 2, 4, 1})}), (Numbers{5, 7}));
}

TEST(ReferencePool, AverageCountsWhatItIsToldTo) {
  const Tensor x = Floats({1, 1, 5, 1}, {1, 2, 3, 4, 5});
  ops::Pool2D op = Pool(ops::PoolKind::kAverage, 3, 2, 1);
  ExpectClose(NumbersFrom(op, {x}), {1.5, 3, 4.5});
  op.include_pad = true;
  ExpectClose(NumbersFrom(op, {x}), {1, 3, 3});
  // The last window begins at element 4 of [1, 2, 3, 4, 5]; two of its three elements are nowhere,
  // or one in the padding and one behind it.
  ops::Pool2D ceil = Pool(ops::PoolKind::kAverage, 3, 3, 0);
  ceil.ceil_mode = true;
  ExpectClose(NumbersFrom(ceil, {x}), {2, 4.5});
  ceil.window.pads = {0, 0, 0, 1};
  ceil.window.strides = {1, 4};
  ceil.include_pad = true;
  ExpectClose(NumbersFrom(ceil, {x}), {2, 2.5});
  ops::Pool2D same = Pool(ops::PoolKind::kAverage, 2, 1, 0);
  same.window.pad_kind = ops::PadKind::kSameUpper;
  ExpectClose(NumbersFrom(same, {x}), {1.5, 2.5, 3.5, 4.5, 5});
  same.window.pad_kind = ops::PadKind::kSameLower;
  ExpectClose(NumbersFrom(same, {x}), {1, 1.5, 2.5, 3.5, 4.5});
}

}  // namespace
}  // namespace picabia::kernels
