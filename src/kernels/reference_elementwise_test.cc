// The references of elementwise operators and conversions, on cases worked out by hand.
#include <cmath>

#include "kernels/reference_test_util.h"

namespace picabia::kernels {
namespace {

using B = ops::BinaryKind;
using U = ops::UnaryKind;

Numbers Two(B kind, DType dtype, const Numbers& x, const Numbers& y) {
  return NumbersFrom(ops::Binary{kind}, {Vector(dtype, x), Vector(dtype, y)});
}
Numbers One(U kind, DType dtype, const Numbers& x, float alpha = 0) {
  return NumbersFrom(ops::Unary{kind, alpha}, {Vector(dtype, x)});
}

const DType kFloats[] = {DType::kF32, DType::kF16, DType::kF64};
const DType kSigned[] = {DType::kI8, DType::kI16, DType::kI32, DType::kI64};
const DType kUnsigned[] = {DType::kU8, DType::kU16, DType::kU32, DType::kU64};

TEST(ReferenceBinary, ArithmeticOnEveryNumericType) {
  for (int i = 0; i < kNumDTypes; ++i) {
    const DType d = static_cast<DType>(i);
    if (d == DType::kBool) continue;
    SCOPED_TRACE(DTypeName(d));
    EXPECT_EQ(Two(B::kAdd, d, {1, 100}, {2, 20}), (Numbers{3, 120}));
    EXPECT_EQ(Two(B::kSub, d, {7, 5}, {2, 5}), (Numbers{5, 0}));
    EXPECT_EQ(Two(B::kMul, d, {3, 0}, {5, 9}), (Numbers{15, 0}));
    EXPECT_EQ(Two(B::kDiv, d, {12, 0}, {4, 3}), (Numbers{3, 0}));
    EXPECT_EQ(Two(B::kPow, d, {3, 2, 9}, {4, 6, 0}), (Numbers{81, 64, 1}));
    EXPECT_EQ(Two(B::kSquaredDifference, d, {3, 9}, {8, 7}), (Numbers{25, 4}));
    EXPECT_EQ(Two(B::kMin, d, {3, 9}, {8, 7}), (Numbers{3, 7}));
    EXPECT_EQ(Two(B::kMax, d, {3, 9}, {8, 7}), (Numbers{8, 9}));
    EXPECT_EQ(Two(B::kMod, d, {7, 9}, {4, 3}), (Numbers{3, 0}));
    EXPECT_EQ(Two(B::kFmod, d, {7, 9}, {4, 3}), (Numbers{3, 0}));
    EXPECT_EQ(Two(B::kFloorDiv, d, {7, 9}, {4, 3}), (Numbers{1, 3}));
    EXPECT_EQ(Two(B::kPRelu, d, {7, 0}, {4, 3}), (Numbers{7, 0}));
    EXPECT_EQ(Two(B::kLess, d, {1, 2, 3}, {2, 2, 2}), (Numbers{1, 0, 0}));
    EXPECT_EQ(Two(B::kGreaterOrEqual, d, {1, 2, 3}, {2, 2, 2}), (Numbers{0, 1, 1}));
  }
}

TEST(ReferenceBinary, SignsOfQuotientsAndRemainders) {
  const Numbers x = {7, -7, 7, -7}, y = {3, 3, -3, -3};
  for (DType d : kSigned) {
    SCOPED_TRACE(DTypeName(d));
    EXPECT_EQ(Two(B::kDiv, d, x, y), (Numbers{2, -2, -2, 2}));
    EXPECT_EQ(Two(B::kFloorDiv, d, x, y), (Numbers{2, -3, -3, 2}));
    EXPECT_EQ(Two(B::kMod, d, x, y), (Numbers{1, 2, -2, -1}));
    EXPECT_EQ(Two(B::kFmod, d, x, y), (Numbers{1, -1, 1, -1}));
    EXPECT_EQ(Two(B::kPRelu, d, {-3, 3}, {5, 5}), (Numbers{-15, 3}));
    EXPECT_EQ(Two(B::kPow, d, {-2, 1, -1, -1, 2}, {3, -5, -3, -4, -1}), (Numbers{-8, 1, -1, 1, 0}));
  }
  for (DType d : kFloats) {
    EXPECT_EQ(Two(B::kFloorDiv, d, x, y), (Numbers{2, -3, -3, 2}));
    EXPECT_EQ(Two(B::kMod, d, x, y), (Numbers{1, 2, -2, -1}));
    EXPECT_EQ(Two(B::kFmod, d, x, y), (Numbers{1, -1, 1, -1}));
  }
}

TEST(ReferenceBinary, IntegersWrapAndRefuseToDivideByZero) {
  EXPECT_EQ(Two(B::kAdd, DType::kI8, {127}, {1}), Numbers{-128});
  EXPECT_EQ(Two(B::kMul, DType::kI32, {65536}, {65536}), Numbers{0});
  EXPECT_EQ(Two(B::kSub, DType::kU8, {1}, {2}), Numbers{255});
  EXPECT_EQ(Two(B::kDiv, DType::kI8, {-128}, {-1}), Numbers{-128});
  EXPECT_EQ(Two(B::kFloorDiv, DType::kI64, {-0x1p63}, {-1}), Numbers{-0x1p63});
  EXPECT_EQ(Two(B::kMod, DType::kI32, {-0x1p31}, {-1}), Numbers{0});
  EXPECT_EQ(Two(B::kPow, DType::kU8, {3}, {6}), Numbers{729 % 256});
  for (B kind : {B::kDiv, B::kMod, B::kFmod, B::kFloorDiv})
    EXPECT_NE(ErrorFrom(ops::Binary{kind}, {Ints({1}), Ints({0})}).find("divisor of 0"),
              std::string::npos);
  EXPECT_NE(ErrorFrom(ops::Binary{B::kPow}, {Ints({0}), Ints({-1})}), "");
}

TEST(ReferenceBinary, BitsAndShifts) {
  for (DType d : kUnsigned) {
    const double bits = static_cast<double>(DTypeSize(d) * 8);
    SCOPED_TRACE(DTypeName(d));
    EXPECT_EQ(Two(B::kBitAnd, d, {12}, {10}), Numbers{8});
    EXPECT_EQ(Two(B::kBitOr, d, {12}, {10}), Numbers{14});
    EXPECT_EQ(Two(B::kBitXor, d, {12}, {10}), Numbers{6});
    EXPECT_EQ(Two(B::kShiftLeft, d, {3, 3, 3}, {2, bits - 1, bits}),
              (Numbers{12, std::ldexp(1.0, static_cast<int>(bits) - 1), 0}));
    EXPECT_EQ(Two(B::kShiftRight, d, {12, 12}, {2, bits}), (Numbers{3, 0}));
  }
  EXPECT_EQ(Two(B::kShiftRight, DType::kI8, {-8, -8, 8}, {1, 9, 9}), (Numbers{-4, -1, 0}));
}

TEST(ReferenceBinary, NanAndBool) {
  for (DType d : kFloats) {
    ExpectClose(Two(B::kMin, d, {kNan, 1}, {1, kNan}), {kNan, kNan});
    ExpectClose(Two(B::kMax, d, {kNan, 1}, {1, kNan}), {kNan, kNan});
    EXPECT_EQ(Two(B::kEqual, d, {kNan, 1}, {kNan, 1}), (Numbers{0, 1}));
    EXPECT_EQ(Two(B::kNotEqual, d, {kNan, 1}, {kNan, 1}), (Numbers{1, 0}));
    EXPECT_EQ(Two(B::kLessOrEqual, d, {kNan, 1}, {1, 1}), (Numbers{0, 1}));
  }
  const Numbers x = {0, 0, 1, 1}, y = {0, 1, 0, 1};
  EXPECT_EQ(Two(B::kAnd, DType::kBool, x, y), (Numbers{0, 0, 0, 1}));
  EXPECT_EQ(Two(B::kOr, DType::kBool, x, y), (Numbers{0, 1, 1, 1}));
  EXPECT_EQ(Two(B::kXor, DType::kBool, x, y), (Numbers{0, 1, 1, 0}));
  EXPECT_EQ(Two(B::kEqual, DType::kBool, x, y), (Numbers{1, 0, 0, 1}));
  EXPECT_EQ(Two(B::kGreater, DType::kBool, x, y), (Numbers{0, 0, 1, 0}));
  // Any byte but 0 is true.
  Tensor two = Vector(DType::kBool, {1});
  *two.MutableData<uint8_t>() = 2;
  EXPECT_EQ(NumbersFrom(ops::Binary{B::kEqual}, {two, Vector(DType::kBool, {1})}), Numbers{1});
}

TEST(ReferenceBinary, HalfRoundsEachResultOnce) {
  // 1 + 2^-11 lies between two halves: to even. 2048 + 1.
  EXPECT_EQ(Two(B::kAdd, DType::kF16, {2048, 2050}, {1, 1}), (Numbers{2048, 2052}));
  EXPECT_EQ(Two(B::kMul, DType::kF16, {60000}, {2}), Numbers{kInf});
}

TEST(ReferenceBinary, BroadcastsEveryWay) {
  const Tensor matrix = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const ops::Binary sub{B::kSub};
  EXPECT_EQ(NumbersFrom(sub, {matrix, Floats({}, {1})}), (Numbers{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(NumbersFrom(sub, {Floats({}, {1}), matrix}), (Numbers{0, -1, -2, -3, -4, -5}));
  EXPECT_EQ(NumbersFrom(sub, {matrix, Floats({3}, {1, 2, 3})}), (Numbers{0, 0, 0, 3, 3, 3}));
  EXPECT_EQ(NumbersFrom(sub, {matrix, Floats({2, 1}, {1, 4})}), (Numbers{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(NumbersFrom(sub, {Floats({2, 1}, {10, 20}), Floats({1, 3}, {1, 2, 3})}),
            (Numbers{9, 8, 7, 19, 18, 17}));
  const Tensor none = OutputOf(sub, {Floats({0, 3}, {}), Floats({1, 3}, {1, 2, 3})});
  EXPECT_EQ(none.shape(), (Shape{0, 3}));
}

TEST(ReferenceWhere, BroadcastsThreeWaysOnEveryType) {
  const Tensor condition = Make(DType::kBool, {2, 1}, {1, 0});
  for (int i = 0; i < kNumDTypes; ++i) {
    const DType d = static_cast<DType>(i);
    const Tensor y = OutputOf(ops::Where{}, {condition, Vector(d, {1, 0, 1}), Make(d, {}, {0})});
    EXPECT_EQ(y.shape(), (Shape{2, 3})) << DTypeName(d);
    EXPECT_EQ(NumbersOf(y), (Numbers{1, 0, 1, 0, 0, 0})) << DTypeName(d);
  }
}

TEST(ReferenceUnary, FloatKindsFromTheirDefinitions) {
  const double e = std::exp(1.0);
  struct Case {
    U kind;
    float alpha;
    double x, y;
  };
  const Case cases[] = {
      {U::kRelu, 0, -2, 0},
      {U::kTanh, 0, 0.5, std::tanh(0.5)},
      {U::kSqrt, 0, 9, 3},
      {U::kSqrt, 0, -1, kNan},
      {U::kNeg, 0, 2, -2},
      {U::kAbs, 0, -2, 2},
      {U::kExp, 0, 1, e},
      {U::kLeakyRelu, 0.5f, -2, -1},
      {U::kSigmoid, 0, 0, 0.5},
      {U::kLog, 0, 1, 0},
      {U::kErf, 0, 0, 0},
      {U::kFloor, 0, -1.5, -2},
      {U::kCeil, 0, -1.5, -1},
      {U::kSign, 0, -3, -1},
      {U::kReciprocal, 0, 4, 0.25},
      {U::kSoftplus, 0, 0, std::log(2.0)},
      {U::kSoftplus, 0, 1000, 1000},
      {U::kSoftsign, 0, -3, -0.75},
      {U::kElu, 2, -1, 2 * (1 / e - 1)},
      {U::kCelu, 2, -2, 2 * (1 / e - 1)},
      {U::kHardSwish, 0, 1.5, 1.125},
      {U::kMish, 0, 0, 0},
      {U::kGelu, 0, 1, 0.8413447460685429},
      {U::kGeluTanh, 0, 1, 0.8411919906082768},
      {U::kRound, 0, 2.5, 2},
      {U::kRound, 0, -1.5, -2},
      {U::kAsin, 0, 1, std::acos(-1.0) / 2},
      {U::kCos, 0, 0, 1},
      {U::kAcosh, 0, 1, 0},
      {U::kAtanh, 0, 0, 0},
      {U::kThresholdedRelu, 1, 1, 0},
      {U::kThresholdedRelu, 1, 1.5, 1.5},
      {U::kSwish, 2, 0.5, 0.5 / (1 + 1 / e)},
      {U::kRelu, 0, kNan, kNan},
      {U::kSign, 0, kNan, kNan},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(static_cast<int>(c.kind));
    ExpectClose(One(c.kind, DType::kF32, {c.x}, c.alpha), {c.y});
    ExpectClose(One(c.kind, DType::kF64, {c.x}, c.alpha), {c.y});
    const double half = One(c.kind, DType::kF16, {c.x}, c.alpha)[0];
    if (c.y == c.y) EXPECT_NEAR(half, c.y, 1e-3);
  }
}

TEST(ReferenceUnary, IntegersBoolsAndTests) {
  for (DType d : kSigned) {
    EXPECT_EQ(One(U::kRelu, d, {-3, 3}), (Numbers{0, 3}));
    EXPECT_EQ(One(U::kNeg, d, {-3, 3}), (Numbers{3, -3}));
    EXPECT_EQ(One(U::kAbs, d, {-3, 3}), (Numbers{3, 3}));
    EXPECT_EQ(One(U::kSign, d, {-3, 0, 3}), (Numbers{-1, 0, 1}));
    EXPECT_EQ(One(U::kBitNot, d, {0, 5}), (Numbers{-1, -6}));
  }
  EXPECT_EQ(One(U::kAbs, DType::kI8, {-128}), Numbers{-128});
  EXPECT_EQ(One(U::kNeg, DType::kU8, {1}), Numbers{255});
  EXPECT_EQ(One(U::kSign, DType::kU8, {200}), Numbers{1});
  EXPECT_EQ(One(U::kNot, DType::kBool, {0, 1}), (Numbers{1, 0}));
  for (DType d : kFloats) {
    const Numbers x = {1, kNan, kInf, -kInf};
    EXPECT_EQ(One(U::kIsNan, d, x), (Numbers{0, 1, 0, 0}));
    EXPECT_EQ(One(U::kIsInfinite, d, x), (Numbers{0, 0, 1, 1}));
    EXPECT_EQ(One(U::kIsInfinite, d, x, 1), (Numbers{0, 0, 1, 0}));
    EXPECT_EQ(One(U::kIsInfinite, d, x, -1), (Numbers{0, 0, 0, 1}));
  }
}

Numbers CastTo(DType to, DType from, const Numbers& x) {
  return NumbersFrom(ops::Cast{to}, {Vector(from, x)});
}

TEST(ReferenceCast, EveryTypeToEveryType) {
  for (int i = 0; i < kNumDTypes; ++i)
    for (int k = 0; k < kNumDTypes; ++k)
      EXPECT_EQ(CastTo(static_cast<DType>(k), static_cast<DType>(i), {0, 1}), (Numbers{0, 1}))
          << i << " to " << k;
}

TEST(ReferenceCast, SaturatesFloatsAndWrapsIntegers) {
  const Numbers x = {1.9, -1.9, 300, -300, kNan, kInf, -kInf};
  EXPECT_EQ(CastTo(DType::kI8, DType::kF32, x), (Numbers{1, -1, 127, -128, 0, 127, -128}));
  EXPECT_EQ(CastTo(DType::kU8, DType::kF64, x), (Numbers{1, 0, 255, 0, 0, 255, 0}));
  EXPECT_EQ(CastTo(DType::kI64, DType::kF32, {1e30, -1e30}), (Numbers{0x1p63, -0x1p63}));
  EXPECT_EQ(CastTo(DType::kU64, DType::kF64, {1e30, -1}), (Numbers{0x1p64, 0}));
  EXPECT_EQ(CastTo(DType::kU8, DType::kI32, {257, -1}), (Numbers{1, 255}));
  EXPECT_EQ(CastTo(DType::kI8, DType::kU64, {255, 128}), (Numbers{-1, -128}));
  EXPECT_EQ(CastTo(DType::kBool, DType::kF16, {0.5, -0.0, kNan, 0}), (Numbers{1, 0, 1, 0}));
  EXPECT_EQ(CastTo(DType::kF16, DType::kI32, {65519, 65520, -70000}),
            (Numbers{65504, kInf, -kInf}));
}

TEST(ReferenceCast, DoubleToHalfRoundsOnce) {
  // Just above the middle of 1 and 1 + 2^-10, by less than a float can tell.
  EXPECT_EQ(CastTo(DType::kF16, DType::kF64, {1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 1e300, -1e-300}),
            (Numbers{1 + 0x1p-10, 1, kInf, 0}));
}

TEST(ReferenceQuantize, PerTensor) {
  const Tensor x = Floats({-1, 0.25, 0.75, 1.25, 1000, -1000});
  const Tensor scale = Floats({}, {0.5});
  // x / 0.5 = -2, 0.5, 1.5, 2.5: halves to even.
  EXPECT_EQ(NumbersFrom(ops::QuantizeLinear{0, DType::kI8}, {x, scale}),
            (Numbers{-2, 0, 2, 2, 127, -128}));
  EXPECT_EQ(NumbersFrom(ops::QuantizeLinear{0, DType::kU8}, {x, scale, Make(DType::kU8, {}, {10})}),
            (Numbers{8, 10, 12, 12, 255, 0}));
  EXPECT_EQ(NumbersFrom(ops::QuantizeLinear{0, DType::kU16}, {x, scale}),
            (Numbers{0, 0, 2, 2, 2000, 0}));
  EXPECT_EQ(NumbersFrom(ops::QuantizeLinear{0, DType::kI16}, {Vector(DType::kI32, {7}), scale}),
            Numbers{14});
}

TEST(ReferenceQuantize, PerAxisAndBack) {
  const Tensor x = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor rows = Floats({1, 2}), columns = Floats({1, 2, 4});
  const Tensor zeros = Vector(DType::kI8, {0, 10});
  const Tensor q = OutputOf(ops::QuantizeLinear{0, DType::kI8}, {x, rows, zeros});
  EXPECT_EQ(NumbersOf(q), (Numbers{1, 2, 3, 12, 12, 13}));
  EXPECT_EQ(NumbersFrom(ops::DequantizeLinear{0}, {q, rows, zeros}), (Numbers{1, 2, 3, 4, 4, 6}));
  EXPECT_EQ(NumbersFrom(ops::DequantizeLinear{1}, {q, columns}), (Numbers{1, 4, 12, 12, 24, 52}));
  const Tensor half = OutputOf(ops::DequantizeLinear{0},
                               {Vector(DType::kI32, {-3, 5}), Make(DType::kF16, {}, {0.5})});
  EXPECT_EQ(half.dtype(), DType::kF16);
  EXPECT_EQ(NumbersOf(half), (Numbers{-1.5, 2.5}));
}

Numbers Power(const Numbers& x, const Numbers& y, double p) {
  return NumbersFrom(ops::PowerDifference{},
                     {Vector(DType::kF32, x), Vector(DType::kF32, y), Vector(DType::kF32, {p})});
}

TEST(ReferencePowerDifference, EveryKindOfPower) {
  EXPECT_EQ(Power({5, 2, -1}, {2}, 2), (Numbers{9, 0, 9}));
  EXPECT_EQ(Power({5, 2, -1}, {2}, 3), (Numbers{27, 0, -27}));
  EXPECT_EQ(Power({5, 2, -1}, {2}, 1), (Numbers{3, 0, -3}));
  EXPECT_EQ(Power({5, 2, INFINITY, NAN}, {2}, 0), (Numbers{1, 1, 1, 1}));
  EXPECT_EQ(Power({4, 2, -2}, {2}, -1), (Numbers{0.5, INFINITY, -0.25}));
  EXPECT_EQ(Power({4, 2, -2}, {2}, -2), (Numbers{0.25, INFINITY, 0.0625}));
  EXPECT_EQ(Power({6, 2}, {2}, 0.5), (Numbers{2, 0}));
  EXPECT_TRUE(std::isnan(Power({1}, {2}, 0.5)[0]));
  // Broadcasting, both ways.
  EXPECT_EQ(Power({2}, {5, 2, -1}, 3), (Numbers{-27, 0, 27}));
}

// The squarings stay within (log2(p) + 1) * 2^-53 of the C library's pow() times p, far below the
// half unit of 2^-24 that the float result is rounded by: the floats differ by one unit at most.
TEST(ReferencePowerDifference, LikeTheLibrarysPow) {
  for (const float d : {1.0001f, -1.0001f, 0.97f, -0.97f, 3.25f, -1e-3f}) {
    for (const int p : {1, 2, 3, 5, 8, 13, 100, 255, 1023, 65536, -1, -2, -7, -300}) {
      const float expected = static_cast<float>(std::pow(static_cast<double>(d), p));
      const float found = static_cast<float>(Power({d}, {0}, p)[0]);
      EXPECT_TRUE(found == expected || found == std::nextafter(expected, found)) << d << "^" << p;
    }
  }
}

TEST(ReferencePowerDifference, ConventionsOfTheLab) {
  const auto power = [](ops::PowerConvention convention, Tensor p) {
    return NumbersFrom(ops::PowerDifference{convention},
                       {Vector(DType::kF32, {5, -1}), Vector(DType::kF32, {2}), std::move(p)});
  };
  using C = ops::PowerConvention;
  const Tensor zeros = Vector(DType::kF32, {0, 0}), three = Vector(DType::kF32, {3});
  EXPECT_EQ(power(C::kValue, zeros), (Numbers{1, 1}));
  EXPECT_EQ(power(C::kCambriconCpu, zeros), (Numbers{3, -3}));  // never 1
  EXPECT_EQ(power(C::kCambriconCpu, Vector(DType::kF32, {-4})), (Numbers{3, -3}));
  EXPECT_EQ(power(C::kCambriconCpu, Vector(DType::kF32, {2.9})), (Numbers{9, 9}));
  EXPECT_EQ(power(C::kCambriconCpu, three), (Numbers{27, -27}));
  EXPECT_EQ(power(C::kCambriconMlu, zeros), (Numbers{9, 9}));  // two elements
  EXPECT_EQ(power(C::kCambriconMlu, three), (Numbers{3, -3}));
  EXPECT_EQ(power(C::kCambriconMlu, *Tensor::From<float>({}, {3})), (Numbers{27, -27}));
}

}  // namespace
}  // namespace picabia::kernels
