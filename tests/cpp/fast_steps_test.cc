// The fast paths of device cpu against the scalar references, at sizes around those of vectors and
// of threads' parts, on every instruction set that this machine has.
#include "devices/cpu/fast_steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "devices/cpu/grouped_int8.h"
#include "devices/cpu/steps.h"
#include "kernels/reference/reference.h"
#include "ops/shape.h"

namespace picabia::cpu {
namespace {

constexpr uint32_t kSeed = 20251;

Tensor Random(std::mt19937& random, Shape shape) {
  Tensor t = *Tensor::Create(DType::kF32, std::move(shape));
  std::uniform_real_distribution<float> values(-3, 3);
  for (int64_t i = 0; i < t.num_elements(); ++i) t.MutableData<float>()[i] = values(random);
  if (t.num_elements() > 5) t.MutableData<float>()[3] = 0;
  return t;
}

// `fast`: whether a fast path must have taken it.
void ExpectLikeReference(const ops::Op& op, const std::vector<Tensor>& in, float tolerance,
                         bool fast = true) {
  std::vector<ops::TensorType> types;
  for (const Tensor& t : in) types.push_back({t.dtype(), t.shape()});
  const auto expected = kernels::RunReference(op, in);
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  const Tensor& want = (*expected)[0];
  for (const Isa isa : MachineIsas()) {
    for (int threads : {1, 3}) {
      ThreadPool pool(threads);
      BufferPool buffers;
      const ConvContext context{kernels::KernelsFor(isa), pool, buffers};
      const char* kernel = "";
      const auto got = RunStep(context, op, {want.dtype(), want.shape()}, in, &kernel);
      ASSERT_TRUE(got.ok()) << got.status().message();
      EXPECT_EQ(std::string(kernel) == "row", fast) << ops::OpName(op) << ": " << kernel;
      ASSERT_EQ(got->shape(), want.shape());
      ASSERT_EQ(got->dtype(), want.dtype());
      const auto a = *FloatValues(want), b = *FloatValues(*got);
      for (size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
        ASSERT_NEAR(a[i], b[i], tolerance * std::fmax(1.f, std::fabs(a[i])))
            << ops::OpName(op) << " element " << i << " on " << IsaName(isa);
      }
    }
  }
}

TEST(FastSteps, Unary) {
  std::mt19937 random(kSeed);
  using K = ops::UnaryKind;
  for (int64_t n : {1, 15, 17, 70000}) {
    const Tensor x = Random(random, {n});
    for (K kind : {K::kRelu, K::kTanh, K::kNeg, K::kAbs, K::kSqrt, K::kReciprocal, K::kSigmoid,
                   K::kHardSwish})
      ExpectLikeReference(ops::Unary{kind, 0}, {x}, 3e-7f);
    ExpectLikeReference(ops::Unary{K::kLeakyRelu, 0.3f}, {x}, 0);
    ExpectLikeReference(ops::Clip{-1, 2}, {x}, 0);
    for (K kind : {K::kExp, K::kLog, K::kErf, K::kSoftsign, K::kSoftplus, K::kMish, K::kGelu})
      ExpectLikeReference(ops::Unary{kind, 0}, {x}, 3e-7f);
    for (K kind : {K::kElu, K::kCelu, K::kSwish})
      ExpectLikeReference(ops::Unary{kind, 0.7f}, {x}, 3e-7f);
    ExpectLikeReference(ops::Unary{K::kFloor, 0}, {x}, 0, false);
  }
}

TEST(FastSteps, BinaryShapes) {
  std::mt19937 random(kSeed + 1);
  using K = ops::BinaryKind;
  const std::pair<Shape, Shape> shapes[] = {{{2, 3, 5, 7}, {2, 3, 5, 7}}, {{2, 3, 5, 7}, {7}},
                                            {{2, 3, 5, 7}, {1, 1, 1, 7}}, {{7}, {2, 3, 5, 7}},
                                            {{2, 3, 5, 7}, {}},           {{1, 1}, {3, 300}},
                                            {{1, 3, 5, 7}, {3, 5, 7}},    {{4, 5, 1}, {1, 5, 1}}};
  for (const auto& [a, b] : shapes) {
    for (K kind :
         {K::kAdd, K::kSub, K::kMul, K::kDiv, K::kMin, K::kMax, K::kSquaredDifference, K::kPRelu})
      ExpectLikeReference(ops::Binary{kind}, {Random(random, a), Random(random, b)}, 0);
  }
  for (const auto& [a, b] : {std::pair<Shape, Shape>{{2, 3, 5}, {2, 1, 5}}, {{2, 1}, {1, 2}}})
    ExpectLikeReference(ops::Binary{K::kAdd}, {Random(random, a), Random(random, b)}, 0, false);
}

TEST(FastSteps, Quantization) {
  std::mt19937 random(kSeed + 2);
  Tensor x = Random(random, {3, 1001});
  x.MutableData<float>()[0] = INFINITY;
  x.MutableData<float>()[1] = -INFINITY;
  x.MutableData<float>()[2] = NAN;
  for (int i = 0; i < 64; ++i)
    x.MutableData<float>()[10 + i] = 0.05f * (static_cast<float>(i) - 32);
  const Tensor scale = *Tensor::From<float>({}, {0.1f});
  const Tensor zero = *Tensor::From<int8_t>({}, {-5});
  ExpectLikeReference(ops::QuantizeLinear{0, DType::kI8}, {x, scale, zero}, 0);
  ExpectLikeReference(ops::QuantizeLinear{0, DType::kU8}, {x, scale}, 0);
  const auto q = kernels::RunReference(ops::QuantizeLinear{0, DType::kI8}, {x, scale, zero});
  ExpectLikeReference(ops::DequantizeLinear{0}, {(*q)[0], scale, zero}, 0);
}

TEST(FastSteps, DepthwiseConvolutions) {
  std::mt19937 random(kSeed + 3);
  for (int64_t c : {1, 3, 16, 35}) {
    for (int64_t stride : {1, 2}) {
      ops::Conv2D op;
      op.groups = c;
      op.window.strides = {stride, 1};
      op.window.dilations = {1, stride};
      op.window.pads = {1, 2, 0, 1};
      const Tensor x = Random(random, {2, 6, 9, c}), f = Random(random, {3, 2, 1, c});
      ExpectLikeReference(op, {x, f}, 4e-6f);
      ExpectLikeReference(op, {x, f, Random(random, {c})}, 4e-6f);
    }
  }
}

// Sums of K products of numbers up to 3: K roundings of 2^-24 of sums up to 9 K, in practice a few
// square roots of that.
TEST(FastSteps, ConvolutionsInGroups) {
  std::mt19937 random(kSeed + 7);
  for (int64_t groups : {1, 2, 5}) {
    for (int64_t stride : {1, 2}) {
      ops::Conv2D op;
      op.groups = groups;
      op.window.strides = {stride, 1};
      op.window.dilations = {1, stride};
      op.window.pads = {1, 2, 0, 1};
      const Tensor x = Random(random, {2, 6, 9, 3 * groups});
      for (int64_t outputs : {1, 17}) {
        const Tensor f = Random(random, {3, 2, 3, outputs * groups});
        ExpectLikeReference(op, {x, f}, 4e-6f);
        ExpectLikeReference(op, {x, f, Random(random, {outputs * groups})}, 4e-6f);
      }
    }
  }
  ops::Conv2D huge;  // a window that would not fit anywhere goes to the reference
  huge.groups = 2;
  huge.window.dilations = {INT32_MAX, INT32_MAX};
  huge.window.pads = {INT32_MAX, INT32_MAX, 0, 0};
  ExpectLikeReference(huge, {Random(random, {1, 3, 3, 4}), Random(random, {2, 2, 2, 2})}, 0, false);
}

// The error is that of the roundings, and every instruction set makes the same.
TEST(FastSteps, ConvolutionsInGroupsOfIntegers) {
  std::mt19937 random(kSeed + 5);
  struct Case {
    int64_t ci, groups, co, k, stride, dilation;
    float shift;  // of the input: about zero, all positive, all negative
  };
  for (const Case& c :
       {Case{8, 8, 8, 3, 1, 1, 0}, Case{33, 33, 33, 5, 2, 1, 4}, Case{16, 16, 16, 3, 1, 2, -4},
        Case{6, 6, 12, 3, 1, 1, 0}, Case{24, 4, 40, 3, 1, 1, 4}, Case{10, 2, 6, 1, 2, 1, 0},
        Case{5, 1, 7, 3, 1, 1, -4}}) {
    ops::Conv2D op;
    op.groups = c.groups;
    op.window.strides = {c.stride, c.stride};
    op.window.dilations = {c.dilation, c.dilation};
    op.window.pads = {1, 2, 0, 1};
    for (const Shape& size : {Shape{1, 5, 5, c.ci}, Shape{2, 9, 33, c.ci}}) {
      Tensor x = Random(random, size);
      for (int64_t i = 0; i < x.num_elements(); ++i) x.MutableData<float>()[i] += c.shift;
      const std::vector<Tensor> in{x, Random(random, {c.k, c.k, c.ci / c.groups, c.co}),
                                   Random(random, {c.co})};
      const auto expected = kernels::RunReference(op, in);
      ASSERT_TRUE(expected.ok()) << expected.status().message();
      const Tensor& want = (*expected)[0];
      ASSERT_TRUE(GroupedInt8Fits(op, in[1].shape(), want.shape()));
      // Each product: half a step of an input up to 7 in 127 of them, half of a weight up to 3;
      // with 16 bits a part in 32,000, and the float sum's own roundings.
      const auto products = static_cast<float>(c.k * c.k * (c.ci / c.groups));
      for (const bool wide : {false, true}) {
        const float steps = wide ? 32000 : 127;
        const float tolerance = products * 7 * 3 / steps + (wide ? 1e-4f : 0);
        std::optional<Tensor> first;
        for (int isa = 0; isa <= static_cast<int>(BestIsa()); ++isa)
          for (int threads : {1, 3}) {
            ThreadPool pool(threads);
            BufferPool buffers;
            const ConvContext context{kernels::KernelsFor(static_cast<Isa>(isa)), pool, buffers};
            const auto got = RunGroupedInt8(context, op, in, {}, wide, want.shape());
            ASSERT_TRUE(got.ok()) << got.status().message();
            if (!first) first = *got;
            ASSERT_EQ(std::memcmp(first->bytes(), got->bytes(), want.num_bytes()), 0)
                << IsaName(static_cast<Isa>(isa));
          }
        for (int64_t i = 0; i < want.num_elements(); ++i)
          ASSERT_NEAR(want.data<float>()[i], first->data<float>()[i], tolerance) << i;
      }
    }
  }
}

TEST(FastSteps, PixelsJoinedAndSpread) {
  std::mt19937 random(kSeed + 6);
  for (int64_t axis = 0; axis < 4; ++axis) {
    Shape a{2, 3, 5, 7}, b = a, c = a;
    b[static_cast<size_t>(axis)] = 1;
    c[static_cast<size_t>(axis)] = 0;
    ExpectLikeReference(ops::Concat{axis},
                        {Random(random, a), Random(random, b), Random(random, c)}, 0);
  }
  ExpectLikeReference(ops::Concat{3},
                      {Random(random, {1, 70, 80, 12}), Random(random, {1, 70, 80, 3})}, 0);
  for (const ops::BlockOrder order : {ops::BlockOrder::kDcr, ops::BlockOrder::kCrd})
    for (int64_t block : {1, 2, 3})
      ExpectLikeReference(ops::DepthToSpace{block, order},
                          {Random(random, {2, 3, 5, 4 * block * block})}, 0);
}

TEST(FastSteps, MatrixProducts) {
  std::mt19937 random(kSeed + 8);
  const std::pair<Shape, Shape> shapes[] = {{{1, 1}, {1, 1}},         {{5, 7}, {7, 33}},
                                            {{2, 3, 50, 8}, {8, 16}}, {{2, 3, 4, 5}, {2, 3, 5, 6}},
                                            {{4, 5}, {2, 3, 5, 100}}, {{1, 4, 5}, {3, 5, 6}}};
  for (const auto& [a, b] : shapes) {
    ExpectLikeReference(ops::MatMul{}, {Random(random, a), Random(random, b)}, 4e-6f);
    Shape turned = b;
    std::swap(turned[turned.size() - 1], turned[turned.size() - 2]);
    ExpectLikeReference(ops::MatMul{false, true}, {Random(random, a), Random(random, turned)},
                        4e-6f);
  }
  ExpectLikeReference(ops::MatMul{}, {Random(random, {2, 1, 4, 5}), Random(random, {1, 3, 5, 6})},
                      4e-6f, false);
  ExpectLikeReference(ops::MatMul{true, false}, {Random(random, {5, 4}), Random(random, {5, 6})},
                      4e-6f, false);
}

TEST(FastSteps, Softmax) {
  std::mt19937 random(kSeed + 9);
  using K = ops::SoftmaxKind;
  for (K kind : {K::kSoftmax, K::kLogSoftmax}) {
    for (int64_t n : {1, 7, 5000})
      ExpectLikeReference(ops::Softmax{kind, 2}, {Random(random, {3, 4, n})}, 1e-6f);
    ExpectLikeReference(ops::Softmax{kind, 1}, {Random(random, {3, 4, 5})}, 1e-6f, false);
  }
}

TEST(FastSteps, PoolsAndMeans) {
  std::mt19937 random(kSeed + 4);
  for (ops::PoolKind kind : {ops::PoolKind::kMax, ops::PoolKind::kAverage}) {
    for (bool ceil : {false, true}) {
      ops::Pool2D op;
      op.kind = kind;
      op.kernel = {3, 2};
      op.window.strides = {2, 2};
      op.window.pads = {1, 0, 1, 1};
      op.ceil_mode = ceil;
      ExpectLikeReference(op, {Random(random, {2, 7, 8, 5})}, 1e-6f);
    }
  }
  ExpectLikeReference(ops::Reduce{ops::ReduceKind::kMean, {1, 2}, true, false},
                      {Random(random, {2, 9, 5, 70})}, 1e-6f);
}

TEST(FastSteps, PicturesPaddedAndMoved) {
  std::mt19937 random(kSeed + 5);
  const Tensor x = Random(random, {2, 5, 6, 3});
  using M = ops::PadMode;
  for (M mode : {M::kConstant, M::kReflect, M::kEdge, M::kSymmetric, M::kWrap})
    ExpectLikeReference(ops::Pad{mode, {0, 3, 2, 0}, {0, 1, 4, 0}, 0}, {x}, 0);
  ExpectLikeReference(ops::Pad{M::kConstant, {0, 3, 2, 0}, {0, 1, 4, 0}, 2}, {x}, 0, false);
  ExpectLikeReference(ops::Pad{M::kConstant, {0, -1, 2, 0}, {0, 1, 4, 0}, 0}, {x}, 0, false);
  ExpectLikeReference(ops::Transpose{{0, 3, 1, 2}}, {x}, 0);
  ExpectLikeReference(ops::Transpose{{0, 2, 3, 1}}, {x}, 0);
  ExpectLikeReference(ops::Transpose{{1, 2, 0, 3}}, {Random(random, {1, 4, 1, 5})}, 0);
  ExpectLikeReference(ops::Transpose{{2, 1, 0, 3}}, {x}, 0, false);
  ExpectLikeReference(ops::Reshape{{2, -1}, false}, {x}, 0);
}

TEST(FastSteps, Resizes) {
  std::mt19937 random(kSeed + 6);
  for (ops::ResizeMode mode :
       {ops::ResizeMode::kNearest, ops::ResizeMode::kLinear, ops::ResizeMode::kCubic}) {
    for (ops::CoordinateMode coordinates :
         {ops::CoordinateMode::kAsymmetric, ops::CoordinateMode::kHalfPixel,
          ops::CoordinateMode::kAlignCorners}) {
      ops::Resize op;
      op.mode = mode;
      op.coordinate_mode = coordinates;
      op.axes = {1, 2};
      for (const auto& scales : {std::vector<float>{2, 3}, {0.5f, 1.7f}, {1, 0.3f}}) {
        op.scales = scales;
        ExpectLikeReference(op, {Random(random, {2, 7, 10, 5})}, 2e-6f);
      }
      op.axes = {3, 1};
      op.scales = {2, 0.3f};
      ExpectLikeReference(op, {Random(random, {2, 7, 10, 5})}, 2e-6f, false);
    }
  }
}

// Bit for bit: both sides square in the same order. (Tolerance 0 accepts any NaN for a NaN.)
TEST(FastSteps, PowerDifference) {
  std::mt19937 random(kSeed + 7);
  const std::pair<Shape, Shape> shapes[] = {{{1, 9, 30, 3}, {1, 1, 1, 3}},
                                            {{1, 1, 1, 3}, {1, 9, 30, 3}},
                                            {{1, 9, 30, 3}, {1, 9, 30, 3}},
                                            {{70001}, {}},
                                            {{}, {511}},
                                            {{2, 513}, {513}},
                                            {{1, 1}, {1}},
                                            {{40, 1000}, {1000}},
                                            {{65}, {65}}};
  for (const auto& [x, y] : shapes) {
    for (const float p :
         {2.f, 3.f, 1.f, 0.f, -1.f, -2.f, 7.f, 31.f, 65536.f, 65537.f, 0.5f, -1.5f, 1e30f, NAN})
      ExpectLikeReference(ops::PowerDifference{},
                          {Random(random, x), Random(random, y), *Tensor::From<float>({1}, {p})},
                          0);
  }
  ExpectLikeReference(
      ops::PowerDifference{},
      {Random(random, {4, 5, 3}), Random(random, {4, 1, 3}), *Tensor::From<float>({}, {2})}, 0,
      false);
}

TEST(FastSteps, PowerDifferenceOfOddNumbers) {
  const std::vector<float> odd = {0.f,      -0.f,      1e-45f, -1e-45f, 3e38f, -3e38f,
                                  INFINITY, -INFINITY, NAN,    1.f,     -1.f};
  const Tensor x = *Tensor::From<float>({11}, odd), y = *Tensor::From<float>({1}, {0});
  for (const float p : {0.f, 1.f, 2.f, 3.f, -1.f, -2.f, -3.f, 0.5f, -0.5f, 65535.f})
    ExpectLikeReference(ops::PowerDifference{}, {x, y, *Tensor::From<float>({}, {p})}, 0);
}

}  // namespace
}  // namespace picabia::cpu
