// The fast paths between quantizations against the scalar references, bit for bit, at sizes around
// those of tiles and strips, on every instruction set that this machine has.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "devices/cpu/quantized_conv.h"
#include "devices/cpu/steps.h"
#include "kernels/reference/reference.h"

namespace picabia::cpu {
namespace {

constexpr uint32_t kSeed = 99177;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor RandomBytes(std::mt19937& random, DType dtype, Shape shape) {
  Tensor t = *Tensor::Create(dtype, std::move(shape));
  // Extremes often, so that any saturation of partial sums shows.
  for (int64_t i = 0; i < t.num_elements(); ++i)
    t.MutableData<uint8_t>()[i] =
        static_cast<uint8_t>(random() % 4 == 0 ? 127 + random() % 2 : random());
  return t;
}

Tensor RandomFloats(std::mt19937& random, Shape shape, float low, float high) {
  Tensor t = *Tensor::Create(DType::kF32, std::move(shape));
  std::uniform_real_distribution<float> values(low, high);
  for (int64_t i = 0; i < t.num_elements(); ++i) t.MutableData<float>()[i] = values(random);
  return t;
}

void ExpectSame(const Tensor& want, const Tensor& got, const std::string& what) {
  ASSERT_EQ(got.shape(), want.shape());
  ASSERT_EQ(got.dtype(), want.dtype());
  const auto a = *FloatValues(want), b = *FloatValues(got);
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_TRUE(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))
        << what << " element " << i << ": " << a[i] << " against " << b[i];
}

// f(context, name) on every instruction set and for one thread and three.
template <typename F>
void Everywhere(F f) {
  for (const Isa isa : MachineIsas())
    for (int threads : {1, 3}) {
      ThreadPool pool(threads);
      BufferPool buffers;
      f(ConvContext{kernels::KernelsFor(isa), pool, buffers}, std::string(IsaName(isa)));
    }
}

void ExpectConvolution(const ops::QuantizedConv2D& op, const std::vector<Tensor>& in) {
  const auto want = kernels::RunReference(op, in);
  ASSERT_TRUE(want.ok()) << want.status().message();
  const Shape& out = (*want)[0].shape();
  ASSERT_TRUE(QuantizedConvFits(op, in[1].shape(), out));
  const auto filter = MakeQuantizedFilter(op, in[1]);
  Everywhere([&](const ConvContext& context, const std::string& isa) {
    const auto got = RunQuantizedConv(context, op, *filter, in[0], in[2], in[3], out);
    ASSERT_TRUE(got.ok()) << got.status().message();
    ExpectSame((*want)[0], *got, isa);
  });
}

struct ConvCase {
  Shape x, filter;
  int64_t groups = 1;
  ops::Window window{};
};

const ConvCase kCases[] = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}},
    {{1, 8, 8, 16}, {1, 1, 16, 33}},
    {{2, 13, 11, 5}, {3, 3, 5, 18}, 1, {{1, 1}, {1, 1}, ops::PadKind::kExplicit, {1, 1, 1, 1}}},
    {{1, 9, 100, 4}, {3, 3, 4, 8}, 1, {{1, 1}, {1, 1}, ops::PadKind::kSameUpper}},
    {{1, 17, 19, 3}, {3, 3, 3, 16}, 1, {{2, 2}, {1, 1}, ops::PadKind::kExplicit, {0, 0, 1, 1}}},
    {{1, 12, 9, 6}, {3, 2, 6, 7}, 1, {{1, 2}, {2, 3}, ops::PadKind::kExplicit, {2, 0, 3, 5}}},
    {{2, 7, 9, 40}, {3, 3, 1, 40}, 40, {{1, 1}, {1, 1}, ops::PadKind::kSameLower}},
    {{1, 16, 15, 17}, {3, 3, 1, 17}, 17, {{2, 2}, {1, 1}, ops::PadKind::kExplicit, {1, 1, 1, 1}}},
    {{1, 10, 9, 12}, {3, 3, 4, 21}, 3, {{1, 1}, {1, 1}, ops::PadKind::kExplicit, {1, 1, 1, 1}}},
    {{1, 5, 6, 6}, {1, 3, 1, 12}, 6, {}},
    {{1, 3, 2, 2}, {2, 2, 2, 3}, 1, {{1, 1}, {1, 1}, ops::PadKind::kExplicit, {9, 0, 0, 9}}},
    {{0, 3, 2, 2}, {2, 2, 2, 3}},
};

TEST(QuantizedConv, EqualsTheReference) {
  std::mt19937 random(kSeed);
  for (const ConvCase& c : kCases)
    for (const DType from : {DType::kI8, DType::kU8})
      for (const DType to : {DType::kI8, DType::kU8, DType::kF32}) {
        ops::QuantizedConv2D op{c.window, c.groups, from == DType::kI8 ? -7 : 131};
        op.to = to;
        op.zero = to == DType::kI8 ? -3 : to == DType::kU8 ? 128 : 0;
        if (to == DType::kU8) op.high = 40;
        if (to == DType::kF32) op.low = -1000;
        ExpectConvolution(
            op, {RandomBytes(random, from, c.x), RandomBytes(random, DType::kI8, c.filter),
                 RandomFloats(random, {c.filter[3]}, 1e-4f, 3e-3f),
                 RandomFloats(random, {c.filter[3]}, -30, 30)});
      }
}

TEST(QuantizedConv, SpecialNumbers) {
  std::mt19937 random(kSeed + 1);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const Tensor scale = *Tensor::From<float>({3}, {kNan, kInfinity, 1e30f});
  const Tensor bias = *Tensor::From<float>({3}, {0, -kInfinity, 1e30f});
  for (const DType to : {DType::kI8, DType::kU8, DType::kF32}) {
    ops::QuantizedConv2D op;
    op.to = to;
    ExpectConvolution(op, {RandomBytes(random, DType::kU8, {1, 4, 4, 2}),
                           RandomBytes(random, DType::kI8, {1, 1, 2, 3}), scale, bias});
  }
}

TEST(QuantizedConv, RefusesSumsThatLeaveInt32) {
  const ops::QuantizedConv2D op;
  const auto shapes = [&](int64_t channels) {
    return ops::InferOutputs(op, std::vector<ops::TensorType>{{DType::kU8, {1, 1, 1, channels}},
                                                              {DType::kI8, {1, 1, channels, 1}},
                                                              {DType::kF32, {1}},
                                                              {DType::kF32, {1}}});
  };
  EXPECT_TRUE(shapes(65793).ok());
  EXPECT_FALSE(shapes(65794).ok());
}

// A geometry whose strip would not fit anywhere goes to the reference.
TEST(QuantizedConv, RefusesHugeStrips) {
  ops::QuantizedConv2D op;
  EXPECT_TRUE(QuantizedConvFits(op, {3, 3, 8, 8}, {1, 9, 9, 8}));
  op.window.dilations = {INT32_MAX, INT32_MAX};
  EXPECT_FALSE(QuantizedConvFits(op, {3, 3, 8, 8}, {1, 9, 9, 8}));
}

void ExpectStep(const ops::Op& op, const std::vector<Tensor>& in) {
  const auto want = kernels::RunReference(op, in);
  ASSERT_TRUE(want.ok()) << want.status().message();
  Everywhere([&](const ConvContext& context, const std::string& isa) {
    const char* kernel = "";
    const auto got = RunStep(context, op, {(*want)[0].dtype(), (*want)[0].shape()}, in, &kernel);
    ASSERT_TRUE(got.ok()) << got.status().message();
    EXPECT_STREQ(kernel, "row") << ops::OpName(op);
    ExpectSame((*want)[0], *got, isa + " " + ops::OpName(op));
  });
}

TEST(QuantizedSteps, BinaryOfBytesAndFloats) {
  std::mt19937 random(kSeed + 2);
  using K = ops::BinaryKind;
  const std::pair<Shape, Shape> shapes[] = {{{2, 3, 5, 7}, {2, 3, 5, 7}},
                                            {{2, 3, 5, 7}, {1, 1, 7}},
                                            {{3, 700, 2, 3}, {3}},
                                            {{1, 1, 1, 4}, {2, 30, 40, 4}},
                                            {{4, 5}, {}},
                                            {{1}, {1}},
                                            {{70000}, {70000}}};
  for (const auto& [a, b] : shapes)
    for (const K kind :
         {K::kAdd, K::kSub, K::kMul, K::kDiv, K::kSquaredDifference, K::kMin, K::kMax})
      for (const DType left : {DType::kF32, DType::kI8})
        for (const DType right : {DType::kF32, DType::kU8})
          for (const DType to : {DType::kF32, DType::kI8, DType::kU8}) {
            ops::QuantizedBinary op{kind, 0.31f, -12, 0.027f, 99};
            op.to = to;
            op.scale = 0.05f;
            op.zero = to == DType::kU8 ? 3 : -4;
            if (to == DType::kI8) op.low = -2.5f;
            const auto make = [&](DType dtype, const Shape& shape) {
              return dtype == DType::kF32 ? RandomFloats(random, shape, -3, 3)
                                          : RandomBytes(random, dtype, shape);
            };
            ExpectStep(op, {make(left, a), make(right, b)});
          }
}

TEST(QuantizedSteps, QuantizeAndBack) {
  std::mt19937 random(kSeed + 3);
  for (const int64_t n : {1, 15, 17, 70001}) {
    Tensor x = RandomFloats(random, {n}, -300, 300);
    x.MutableData<float>()[n / 2] = std::numeric_limits<float>::quiet_NaN();
    x.MutableData<float>()[n / 3] = kInfinity;
    const Tensor scale = *Tensor::From<float>({}, {0.75f});
    for (const DType dtype : {DType::kI8, DType::kU8}) {
      Tensor zero = *Tensor::Create(dtype, {});
      *zero.MutableData<uint8_t>() = 77;
      ExpectStep(ops::QuantizeLinear{0, dtype}, {x, scale, zero});
      ExpectStep(ops::DequantizeLinear{}, {RandomBytes(random, dtype, {n}), scale, zero});
    }
  }
}

TEST(QuantizedSteps, Lookup) {
  std::mt19937 random(kSeed + 4);
  for (const DType dtype : {DType::kI8, DType::kU8}) {
    const Tensor x = RandomBytes(random, dtype, {3, 333});
    ExpectStep(ops::Lookup{}, {x, RandomFloats(random, {256}, -1, 1)});
    ExpectStep(ops::Lookup{}, {x, RandomBytes(random, DType::kI8, {256})});
    ExpectStep(ops::Lookup{}, {x, RandomBytes(random, DType::kU8, {256})});
  }
}

}  // namespace
}  // namespace picabia::cpu
