// The references of operators that move elements, on cases worked out by hand. What they do does
// not depend on the type, but its size: each runs on one type of every size.
#include "kernels/reference_test_util.h"

namespace picabia::kernels {
namespace {

const DType kSizes[] = {DType::kU8, DType::kF16, DType::kF32, DType::kI64};

Numbers Padded(ops::PadMode mode, const Tensor& x, std::vector<int64_t> before,
               std::vector<int64_t> after, float value = 0) {
  return NumbersFrom(ops::Pad{mode, std::move(before), std::move(after), value}, {x});
}

TEST(ReferencePad, EveryMode) {
  using M = ops::PadMode;
  for (DType d : kSizes) {
    SCOPED_TRACE(DTypeName(d));
    const Tensor x = Vector(d, {1, 2, 3});
    EXPECT_EQ(Padded(M::kConstant, x, {1}, {2}, 7), (Numbers{7, 1, 2, 3, 7, 7}));
    EXPECT_EQ(Padded(M::kEdge, x, {1}, {2}), (Numbers{1, 1, 2, 3, 3, 3}));
    EXPECT_EQ(Padded(M::kReflect, x, {2}, {2}), (Numbers{3, 2, 1, 2, 3, 2, 1}));
    EXPECT_EQ(Padded(M::kSymmetric, x, {2}, {3}), (Numbers{2, 1, 1, 2, 3, 3, 2, 1}));
    EXPECT_EQ(Padded(M::kWrap, x, {2}, {1}), (Numbers{2, 3, 1, 2, 3, 1}));
    EXPECT_EQ(Padded(M::kConstant, x, {-1}, {1}, 7), (Numbers{2, 3, 7}));
    EXPECT_EQ(Padded(M::kConstant, x, {0}, {-2}), Numbers{1});
    EXPECT_EQ(Padded(M::kConstant, x, {0}, {0}), (Numbers{1, 2, 3}));
  }
}

TEST(ReferencePad, ManyAxes) {
  const Tensor x = Floats({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(Padded(ops::PadMode::kConstant, x, {1, 0}, {0, 1}, 9),
            (Numbers{9, 9, 9, 1, 2, 9, 3, 4, 9}));
  EXPECT_EQ(Padded(ops::PadMode::kReflect, x, {1, 1}, {0, 0}),
            (Numbers{4, 3, 4, 2, 1, 2, 4, 3, 4}));
  // The channels of a picture stay together.
  EXPECT_EQ(
      Padded(ops::PadMode::kEdge, Floats({1, 1, 2, 2}, {1, 2, 3, 4}), {0, 1, 1, 0}, {0, 0, 0, 0}),
      (Numbers{1, 2, 1, 2, 3, 4, 1, 2, 1, 2, 3, 4}));
  EXPECT_EQ(Padded(ops::PadMode::kConstant, Floats({0, 1}, {}), {1, 0}, {0, 0}, 5), Numbers{5});
  EXPECT_EQ(Padded(ops::PadMode::kConstant, Floats({}, {3}), {}, {}), Numbers{3});
}

TEST(ReferencePad, TheValueTakesTheType) {
  EXPECT_EQ(Padded(ops::PadMode::kConstant, Vector(DType::kU8, {}), {1}, {0}, -3), Numbers{0});
  EXPECT_EQ(Padded(ops::PadMode::kConstant, Vector(DType::kI64, {}), {1}, {0}, -3), Numbers{-3});
  EXPECT_EQ(Padded(ops::PadMode::kConstant, Vector(DType::kF16, {}), {1}, {0}, 1.5), Numbers{1.5});
  EXPECT_EQ(Padded(ops::PadMode::kConstant, Vector(DType::kBool, {}), {1}, {0}, 2), Numbers{1});
}

TEST(ReferenceTranspose, MovesEveryAxis) {
  for (DType d : kSizes) {
    const Tensor x = Counting(d, {2, 3, 2});
    EXPECT_EQ(NumbersFrom(ops::Transpose{{1, 0, 2}}, {x}),
              (Numbers{0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}));
    EXPECT_EQ(NumbersFrom(ops::Transpose{{2, 0, 1}}, {x}),
              (Numbers{0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11}));
    EXPECT_EQ(NumbersFrom(ops::Transpose{{0, 1, 2}}, {x}), NumbersOf(x));
  }
}

TEST(ReferenceReshapes, KeepTheElements) {
  const Tensor x = Counting(DType::kI8, {1, 2, 3});
  for (const auto& [op, shape] :
       std::vector<std::pair<ops::Op, Shape>>{{ops::Reshape{{3, -1}, false}, {3, 2}},
                                              {ops::Flatten{2}, {2, 3}},
                                              {ops::Squeeze{{0}}, {2, 3}},
                                              {ops::Unsqueeze{{0, 4}}, {1, 1, 2, 3, 1}},
                                              {ops::Identity{}, {1, 2, 3}}}) {
    const Tensor y = OutputOf(op, {x});
    EXPECT_EQ(y.shape(), shape) << ops::OpName(op);
    EXPECT_EQ(NumbersOf(y), NumbersOf(x));
    EXPECT_EQ(y.bytes(), x.bytes());
  }
}

TEST(ReferenceExpandAndTile, RepeatElements) {
  for (DType d : kSizes) {
    EXPECT_EQ(NumbersFrom(ops::Expand{{2, 1, 2}}, {Make(d, {2, 1}, {1, 2})}),
              (Numbers{1, 1, 2, 2, 1, 1, 2, 2}));
    EXPECT_EQ(NumbersFrom(ops::Expand{{3}}, {Make(d, {}, {4})}), (Numbers{4, 4, 4}));
    const Tensor x = Make(d, {2, 2}, {1, 2, 3, 4});
    EXPECT_EQ(NumbersFrom(ops::Tile{{2, 1}}, {x}), (Numbers{1, 2, 3, 4, 1, 2, 3, 4}));
    EXPECT_EQ(NumbersFrom(ops::Tile{{1, 2}}, {x}), (Numbers{1, 2, 1, 2, 3, 4, 3, 4}));
    EXPECT_TRUE(NumbersFrom(ops::Tile{{1, 0}}, {x}).empty());
  }
}

TEST(ReferenceConcatAndSplit, AreInverse) {
  for (DType d : kSizes) {
    const Tensor a = Make(d, {2, 1}, {1, 2}), b = Make(d, {2, 2}, {3, 4, 5, 6});
    const Tensor none = Make(d, {2, 0}, {});
    const Tensor y = OutputOf(ops::Concat{1}, {a, none, b});
    EXPECT_EQ(NumbersOf(y), (Numbers{1, 3, 4, 2, 5, 6}));
    EXPECT_EQ(NumbersFrom(ops::Split{1, 0, 3, {1, 0, 2}}, {y}), NumbersOf(a));
    EXPECT_TRUE(NumbersFrom(ops::Split{1, 1, 3, {1, 0, 2}}, {y}).empty());
    EXPECT_EQ(NumbersFrom(ops::Split{1, 2, 3, {1, 0, 2}}, {y}), NumbersOf(b));
    EXPECT_EQ(NumbersFrom(ops::Concat{0}, {a, a}), (Numbers{1, 2, 1, 2}));
  }
  // Five in three parts: 2, 2, 1.
  const Tensor five = Ints({1, 2, 3, 4, 5});
  EXPECT_EQ(NumbersFrom(ops::Split{0, 1, 3, {}}, {five}), (Numbers{3, 4}));
  EXPECT_EQ(NumbersFrom(ops::Split{0, 2, 3, {}}, {five}), Numbers{5});
}

TEST(ReferenceSlice, StepsBothWays) {
  for (DType d : kSizes) {
    const Tensor x = Counting(d, {6});
    EXPECT_EQ(NumbersFrom(ops::Slice{{1}, {4}, {}, {}}, {x}), (Numbers{1, 2, 3}));
    EXPECT_EQ(NumbersFrom(ops::Slice{{-2}, {100}, {}, {}}, {x}), (Numbers{4, 5}));
    EXPECT_EQ(NumbersFrom(ops::Slice{{0}, {6}, {}, {4}}, {x}), (Numbers{0, 4}));
    EXPECT_EQ(NumbersFrom(ops::Slice{{100}, {INT64_MIN}, {}, {-2}}, {x}), (Numbers{5, 3, 1}));
    EXPECT_EQ(NumbersFrom(ops::Slice{{4}, {0}, {}, {INT64_MIN}}, {x}), Numbers{4});
    EXPECT_TRUE(NumbersFrom(ops::Slice{{4}, {2}, {}, {}}, {x}).empty());
    const Tensor matrix = Counting(d, {3, 4});
    EXPECT_EQ(NumbersFrom(ops::Slice{{1}, {3}, {1}, {}}, {matrix}), (Numbers{1, 2, 5, 6, 9, 10}));
    EXPECT_EQ(NumbersFrom(ops::Slice{{-1, 0}, {-4, 4}, {0, 1}, {-2, 3}}, {matrix}),
              (Numbers{8, 11, 0, 3}));
  }
}

TEST(ReferenceGather, LooksUpAlongAnAxis) {
  for (DType d : kSizes) {
    const Tensor x = Counting(d, {3, 2});
    const Tensor rows = OutputOf(ops::Gather{0}, {x, Make(DType::kI32, {2, 1}, {2, -3})});
    EXPECT_EQ(rows.shape(), (Shape{2, 1, 2}));
    EXPECT_EQ(NumbersOf(rows), (Numbers{4, 5, 0, 1}));
    EXPECT_EQ(NumbersFrom(ops::Gather{1}, {x, Ints({1, 1, 0})}),
              (Numbers{1, 1, 0, 3, 3, 2, 5, 5, 4}));
    EXPECT_EQ(OutputOf(ops::Gather{0}, {x, Make(DType::kI64, {}, {1})}).shape(), (Shape{2}));
  }
  for (double index : {3.0, -4.0})
    EXPECT_NE(ErrorFrom(ops::Gather{0}, {Ints({1, 2, 3}), Ints({index})}).find("[-3, 3)"),
              std::string::npos);
}

TEST(ReferenceGatherElements, LooksUpEachElement) {
  for (DType d : kSizes) {
    const Tensor x = Make(d, {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
    EXPECT_EQ(
        NumbersFrom(ops::GatherElements{0}, {x, Make(DType::kI64, {2, 3}, {1, 2, 0, 2, 0, -3})}),
        (Numbers{4, 8, 3, 7, 2, 3}));
    // Fewer rows than x has, more columns.
    EXPECT_EQ(NumbersFrom(ops::GatherElements{1},
                          {x, Make(DType::kI32, {2, 4}, {0, 0, 2, -1, 1, 1, 0, 2})}),
              (Numbers{1, 1, 3, 3, 5, 5, 4, 6}));
  }
  EXPECT_NE(ErrorFrom(ops::GatherElements{0}, {Ints({1, 2}), Ints({2})}), "");
}

TEST(ReferenceGatherNd, IndexesWithTuples) {
  for (DType d : kSizes) {
    const Tensor x = Counting(d, {2, 2, 2});
    EXPECT_EQ(NumbersFrom(ops::GatherNd{0}, {x, Make(DType::kI64, {2, 2}, {0, 1, 1, -2})}),
              (Numbers{2, 3, 4, 5}));
    EXPECT_EQ(NumbersFrom(ops::GatherNd{0}, {x, Make(DType::kI64, {1, 3}, {1, 0, 1})}), Numbers{5});
    EXPECT_EQ(NumbersFrom(ops::GatherNd{1}, {x, Make(DType::kI64, {2, 1}, {1, 0})}),
              (Numbers{2, 3, 4, 5}));
  }
  EXPECT_NE(ErrorFrom(ops::GatherNd{0}, {Ints({1, 2}), Make(DType::kI64, {1, 1}, {2})}), "");
}

TEST(ReferenceShapeOf, NamesDimensions) {
  const Tensor x = Counting(DType::kF32, {2, 3, 4});
  EXPECT_EQ(NumbersFrom(ops::ShapeOf{}, {x}), (Numbers{2, 3, 4}));
  EXPECT_EQ(NumbersFrom(ops::ShapeOf{-2, 100, DType::kI32}, {x}), (Numbers{3, 4}));
  EXPECT_EQ(NumbersFrom(ops::ShapeOf{0, -2, DType::kI64}, {x}), Numbers{2});
}

Numbers Ranged(DType d, double start, double limit, double delta) {
  return NumbersFrom(ops::Range{},
                     {Make(d, {}, {start}), Make(d, {}, {limit}), Make(d, {}, {delta})});
}

TEST(ReferenceRange, CountsBothWays) {
  for (DType d : {DType::kI32, DType::kI64, DType::kF32, DType::kF64, DType::kF16, DType::kI16}) {
    EXPECT_EQ(Ranged(d, 3, 9, 3), (Numbers{3, 6}));
    EXPECT_EQ(Ranged(d, 10, 4, -2), (Numbers{10, 8, 6}));
    EXPECT_TRUE(Ranged(d, 4, 4, 1).empty());
  }
  ExpectClose(Ranged(DType::kF32, 0, 0.35, 0.1), {0, 0.1, 0.2, 0.3});
}

TEST(ReferenceBlocks, DepthAndSpace) {
  for (DType d : kSizes) {
    // One pixel of 2 x 2 x 2 channels.
    const Tensor x = Counting(d, {1, 1, 1, 8});
    EXPECT_EQ(NumbersFrom(ops::DepthToSpace{2, ops::BlockOrder::kDcr}, {x}),
              (Numbers{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(NumbersFrom(ops::DepthToSpace{2, ops::BlockOrder::kCrd}, {x}),
              (Numbers{0, 4, 1, 5, 2, 6, 3, 7}));
    // Two pixels of 2 x 2 channels: [[0, 1], [2, 3]] beside [[4, 5], [6, 7]].
    const Tensor row = Counting(d, {1, 1, 2, 4});
    const Tensor wide = OutputOf(ops::DepthToSpace{2, ops::BlockOrder::kDcr}, {row});
    EXPECT_EQ(wide.shape(), (Shape{1, 2, 4, 1}));
    EXPECT_EQ(NumbersOf(wide), (Numbers{0, 1, 4, 5, 2, 3, 6, 7}));
    EXPECT_EQ(NumbersFrom(ops::SpaceToDepth{2}, {wide}), NumbersOf(row));
  }
}

TEST(ReferenceBlocks, BatchAndSpace) {
  for (DType d : kSizes) {
    const Tensor x = Make(d, {1, 2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8});
    const Tensor y = OutputOf(ops::SpaceToBatch{{2, 2}, {0, 0, 0, 0}}, {x});
    EXPECT_EQ(y.shape(), (Shape{4, 1, 2, 1}));
    EXPECT_EQ(NumbersOf(y), (Numbers{1, 3, 2, 4, 5, 7, 6, 8}));
    EXPECT_EQ(NumbersFrom(ops::BatchToSpace{{2, 2}, {0, 0, 0, 0}}, {y}), NumbersOf(x));
    // Two pictures of a row of three, padded to [0, 1, 2, 3] and [0, 4, 5, 6].
    const Tensor rows = Make(d, {2, 1, 3, 1}, {1, 2, 3, 4, 5, 6});
    const Tensor halves = OutputOf(ops::SpaceToBatch{{1, 2}, {0, 1, 0, 0}}, {rows});
    EXPECT_EQ(NumbersOf(halves), (Numbers{0, 2, 0, 5, 1, 3, 4, 6}));
    EXPECT_EQ(NumbersFrom(ops::BatchToSpace{{1, 2}, {0, 1, 0, 0}}, {halves}), NumbersOf(rows));
    EXPECT_EQ(NumbersFrom(ops::BatchToSpace{{1, 2}, {0, 0, 0, 2}}, {halves}),
              (Numbers{0, 1, 0, 4}));
  }
}

TEST(ReferenceParameters, ComeFromInputs) {
  const Tensor x = Counting(DType::kF32, {2, 3});
  EXPECT_EQ(OutputOf(ops::Reshape{}, {x, Ints({3, 2})}).shape(), (Shape{3, 2}));
  EXPECT_EQ(NumbersFrom(ops::Slice{}, {x, Ints({1}), Ints({3}), Ints({-1})}),
            (Numbers{1, 2, 4, 5}));
  EXPECT_EQ(NumbersFrom(ops::Reduce{ops::ReduceKind::kSum, {}, false, false}, {x, Ints({-1})}),
            (Numbers{3, 12}));
  EXPECT_EQ(NumbersFrom(ops::Pad{}, {x, Ints({0, 0, 0, 1}), Floats({}, {9})}),
            (Numbers{0, 1, 2, 9, 3, 4, 5, 9}));
}

}  // namespace
}  // namespace picabia::kernels
