// Convolution blocks from graph to result: the fast path against the scalar reference over random
// geometries, the integer modes against the reference (static scales: equal) and against themselves
// on every instruction set and number of threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>

#include "base/checked.h"
#include "compile/compile.h"
#include "ir/text.h"
#include "ops/shape.h"
#include "runtime/session.h"

namespace picabia {
namespace {

using runtime::Precision;

constexpr uint32_t kSeed = 411;

struct Case {
  ops::ConvBlock op;
  Shape x;
  int64_t kh = 3, kw = 3, co = 16;
  DType filter = DType::kI8;  // where the scales are static
};

Tensor RandomTensor(const Shape& shape, float low, float high, std::mt19937& rng) {
  Tensor t = *Tensor::Create(DType::kF32, shape);
  std::uniform_real_distribution<float> d(low, high);
  for (int64_t i = 0; i < t.num_elements(); ++i) t.MutableData<float>()[i] = d(rng);
  return t;
}

int64_t Pick(std::mt19937& rng, std::initializer_list<int64_t> choices) {
  return *(choices.begin() + rng() % choices.size());
}

// A geometry with at least one output pixel; half of them with the sizes that networks use.
Case RandomCase(std::mt19937& rng, bool is_static) {
  Case c;
  ops::ConvBlock& op = c.op;
  c.kh = Pick(rng, {1, 2, 3, 5, 9});
  c.kw = Pick(rng, {1, 2, 3, 4, 9});
  c.co = Pick(rng, {1, 3, 4, 15, 16, 17, 32, 33, 64});
  const int64_t ci = Pick(rng, {1, 2, 3, 4, 5, 16, 31, 32, 33, 65});
  c.x = {Pick(rng, {1, 1, 2}), Pick(rng, {1, 2, 3, 9, 16, 21}), Pick(rng, {1, 4, 8, 13, 14, 30}),
         ci};
  op.transposed = rng() % 3 == 0;
  op.window.strides = {Pick(rng, {1, 2, 2, 3}), Pick(rng, {1, 2, 2, 3})};
  op.window.dilations = {Pick(rng, {1, 1, 2}), Pick(rng, {1, 1, 3})};
  op.window.pad_kind = static_cast<ops::PadKind>(rng() % 3);
  if (op.window.pad_kind == ops::PadKind::kExplicit) {
    for (size_t a = 0; a < 2; ++a) {
      const int64_t reach = ((a == 0 ? c.kh : c.kw) - 1) * op.window.dilations[a];
      op.window.pads[a] = reach == 0 ? 0 : static_cast<int64_t>(rng()) % (reach + 1);
      op.window.pads[a + 2] = reach - op.window.pads[a];
    }
    if (rng() % 2)
      op.pad_mode = op.transposed ? ops::PadMode::kEdge : static_cast<ops::PadMode>(1 + rng() % 3);
  } else if (op.transposed) {
    for (size_t a = 0; a < 2; ++a)
      op.output_shrink[a] = static_cast<int64_t>(rng()) % op.window.strides[a];
  }
  if (is_static) {
    op.input_scale = 0.7f;
    op.filter_scale = 31.f;
  }
  op.has_bias = rng() % 2;
  op.norm = rng() % 2 ? ops::Norm::kInstance : ops::Norm::kNone;
  op.epsilon = 1e-3f;
  op.activation = static_cast<ops::Activation>(rng() % 4);
  op.alpha = 0.1f;
  if (rng() % 4 == 0) {
    op.post_scale = 150;
    op.post_shift = 127.5f;
  }
  op.has_residual = rng() % 3 == 0;
  op.activation2 = rng() % 4 == 0 ? ops::Activation::kRelu : ops::Activation::kNone;
  return c;
}

struct Built {
  std::shared_ptr<const program::Program> program;
  std::vector<runtime::Feed> feeds;
  std::string text;
};

// The block alone in a graph; nothing when the geometry is impossible.
std::optional<Built> Build(const Case& c, std::mt19937& rng) {
  ir::Graph graph;
  Built built;
  const auto input = [&](const char* name, const Shape& shape) {
    ir::Value value;
    value.name = name;
    value.declared_shape = shape;
    const ir::ValueId id = graph.AddValue(value);
    graph.inputs.push_back(id);
    built.feeds.push_back({name, RandomTensor(shape, -100, 120, rng)});
    return id;
  };
  std::vector<ir::ValueId> in = {input("x", c.x)};
  Shape filter_shape = {c.kh, c.kw, c.x[3], c.co};
  if (c.op.transposed) std::swap(filter_shape[2], filter_shape[3]);
  std::vector<ops::TensorType> types = {{DType::kF32, c.x}};
  if (c.op.input_scale > 0) {
    Tensor filter = *Tensor::Create(c.filter, filter_shape);
    for (size_t i = 0; i < filter.num_bytes(); ++i)
      filter.MutableData<uint8_t>()[i] = static_cast<uint8_t>(rng());
    if (c.filter == DType::kI16)  // the largest ones are made of other bytes
      for (int64_t i = 0; i < filter.num_elements(); i += 7)
        filter.MutableData<int16_t>()[i] = static_cast<int16_t>(32767 - i % 3);
    in.push_back(graph.AddConstant("w", filter));
    types.push_back({c.filter, filter_shape});
  } else {
    in.push_back(graph.AddConstant("w", RandomTensor(filter_shape, -1, 1, rng)));
    types.push_back({DType::kF32, filter_shape});
  }
  const auto vector = [&](const char* name) {
    in.push_back(graph.AddConstant(name, RandomTensor({c.co}, -2, 2, rng)));
    types.push_back({DType::kF32, {c.co}});
  };
  if (c.op.has_bias) vector("bias");
  if (c.op.norm != ops::Norm::kNone) {
    vector("scale");
    vector("shift");
  }
  if (c.op.has_residual) {
    // The residual has the output's shape, which the rule without a residual gives.
    ops::ConvBlock plain = c.op;
    plain.has_residual = false;
    auto out = ops::InferOutputs(plain, types);
    if (!out.ok() || *CheckedProduct((*out)[0].shape) == 0) return std::nullopt;
    in.push_back(input("r", (*out)[0].shape));
    types.push_back((*out)[0]);
  }
  auto out = ops::InferOutputs(c.op, types);
  if (!out.ok() || *CheckedProduct((*out)[0].shape) == 0) return std::nullopt;
  graph.outputs.push_back(graph.AddNode("y", c.op, in));
  built.text =
      ir::Print(graph, {0, false}) + " x " + ShapeString(c.x) + " w " + ShapeString(filter_shape);
  compile::CompileOptions options;
  options.optimize = false;
  auto program = compile::CompileGraph(graph, options);
  EXPECT_TRUE(program.ok()) << program.status().message();
  built.program = std::make_shared<const program::Program>(*std::move(program));
  return built;
}

Tensor RunOnce(const Built& built, const runtime::SessionOptions& options) {
  auto session = runtime::Session::Create(built.program, options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  auto out = (*session)->Run(built.feeds);
  EXPECT_TRUE(out.ok()) << out.status().message();
  return (*out)[0];
}

double LargestMagnitude(const Tensor& t) {
  double largest = 0;
  for (int64_t i = 0; i < t.num_elements(); ++i)
    largest = std::max(largest, std::fabs(static_cast<double>(t.data<float>()[i])));
  return largest;
}

double LargestDifference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  double largest = 0;
  for (int64_t i = 0; i < a.num_elements(); ++i)
    largest =
        std::max(largest, std::fabs(static_cast<double>(a.data<float>()[i]) - b.data<float>()[i]));
  return largest;
}

TEST(ConvBlock, FastFloatMatchesTheReference) {
  std::mt19937 rng(kSeed);
  int run = 0;
  for (int i = 0; i < 400; ++i) {
    const auto built = Build(RandomCase(rng, false), rng);
    if (!built) continue;
    ++run;
    const Tensor expected = RunOnce(*built, {Precision::kFp32, 1, true});
    const Tensor found = RunOnce(*built, {Precision::kFp32, 2, false});
    // Sums of up to 81 * 32 products of about 100: float rounding stays below 1e-5 of the largest
    // value.
    ASSERT_LE(LargestDifference(expected, found),
              3e-5 * std::max(LargestMagnitude(expected), 100.0))
        << "seed " << kSeed << " case " << i << "\n"
        << built->text;
  }
  EXPECT_GT(run, 300);
}

TEST(ConvBlock, StaticScalesEqualTheReference) {
  std::mt19937 rng(kSeed + 1);
  for (int i = 0; i < 200; ++i) {
    Case c = RandomCase(rng, true);
    c.op.norm = ops::Norm::kNone;  // what follows the convolution in float is compared above
    c.op.activation = ops::Activation::kRelu;
    const auto built = Build(c, rng);
    if (!built) continue;
    const Tensor expected = RunOnce(*built, {Precision::kFp32, 1, true});
    const Tensor found = RunOnce(*built, {Precision::kFp32, 2, false});
    ASSERT_EQ(LargestDifference(expected, found), 0)
        << "seed " << kSeed + 1 << " case " << i << "\n"
        << built->text;
  }
}

// The result of every instruction set and thread count, which must be one.
Tensor SameEverywhere(const Built& built, Precision precision) {
  std::optional<Tensor> first;
  for (const Isa isa : MachineIsas()) {
    setenv("PICABIA_ISA", IsaName(isa), 1);
    for (int threads : {1, 3}) {
      const Tensor found = RunOnce(built, {precision, threads, false});
      if (!first) first = found;
      EXPECT_EQ(std::memcmp(found.bytes(), first->bytes(), found.num_bytes()), 0)
          << IsaName(isa) << ", " << threads << " threads";
    }
    unsetenv("PICABIA_ISA");
  }
  return *first;
}

TEST(ConvBlock, IntegerResultsAreTheSameOnEveryInstructionSetAndThreadCount) {
  std::mt19937 rng(kSeed + 2);
  for (int i = 0; i < 120; ++i) {
    const auto built = Build(RandomCase(rng, false), rng);
    if (!built) continue;
    SCOPED_TRACE(testing::Message() << "seed " << kSeed + 2 << " case " << i << "\n"
                                    << built->text);
    const auto& op = std::get<ops::ConvBlock>(built->program->steps[0].op);
    std::optional<Tensor> reference;
    for (const Precision precision : {Precision::kInt8, Precision::kInt16}) {
      const Tensor found = SameEverywhere(*built, precision);
      if (testing::Test::HasFailure()) return;
      // Without a norm the error is that of the roundings: 1/510 of the input's and 1/254 of the
      // weights' range, random in sign.
      if (op.norm != ops::Norm::kNone || op.activation == ops::Activation::kTanh) continue;
      if (!reference) reference = RunOnce(*built, {Precision::kFp32, 1, true});
      const double bound = precision == Precision::kInt8 ? 0.05 : 3e-4;
      ASSERT_LE(LargestDifference(*reference, found),
                bound * std::max(LargestMagnitude(*reference), 200.0));
    }
  }
}

// On device mlu, whose halves leave no room for tolerance. (Tanh is left to others: nobody rounds
// it correctly.)
Case MluCase(std::mt19937& rng) {
  Case c = RandomCase(rng, true);
  if (rng() % 2) {
    c.filter = DType::kI16;
    c.op.input_scale = 170.f;
    c.op.filter_scale = 8000.f;
  }
  if (rng() % 3 == 0)
    for (int64_t m = 0; m < c.co; ++m)
      c.op.filter_scales.push_back(20.f + static_cast<float>(rng() % 1000));
  for (ops::Activation* a : {&c.op.activation, &c.op.activation2})
    if (*a == ops::Activation::kTanh) *a = ops::Activation::kRelu;
  return c;
}

runtime::SessionOptions OnMlu(int threads, bool reference) {
  runtime::SessionOptions options{Precision::kFp32, threads, reference};
  options.device = runtime::DeviceKind::kMlu;
  return options;
}

TEST(ConvBlock, IntegersOnDeviceMluEqualItsReference) {
  std::mt19937 rng(kSeed + 3);
  int run = 0;
  for (int i = 0; i < 300; ++i) {
    const auto built = Build(MluCase(rng), rng);
    if (!built) continue;
    ++run;
    const Tensor expected = RunOnce(*built, OnMlu(1, true));
    for (const Isa isa : MachineIsas()) {
      setenv("PICABIA_ISA", IsaName(isa), 1);
      const Tensor found = RunOnce(*built, OnMlu(i % 3 + 1, false));
      unsetenv("PICABIA_ISA");
      ASSERT_EQ(LargestDifference(expected, found), 0)
          << IsaName(isa) << " seed " << kSeed + 3 << " case " << i << "\n"
          << built->text;
    }
  }
  EXPECT_GT(run, 200);
}

TEST(ConvBlock, FloatsOnDeviceMluAreWithinAHalfOfItsReference) {
  std::mt19937 rng(kSeed + 4);
  for (int i = 0; i < 150; ++i) {
    Case c = RandomCase(rng, false);
    c.op.norm = ops::Norm::kNone;  // a small deviation would make any difference large
    const auto built = Build(c, rng);
    if (!built) continue;
    const Tensor expected = RunOnce(*built, OnMlu(1, true));
    const Tensor found = RunOnce(*built, OnMlu(2, false));
    // Sums in another order round to another half (2^-11 of the value), which is multiplied by 150
    // and added to others; a tanh is within 2^-11 of 1.
    ASSERT_LE(LargestDifference(expected, found),
              std::ldexp(4, -11) * std::max(LargestMagnitude(expected), 100.0))
        << "seed " << kSeed + 4 << " case " << i << "\n"
        << built->text;
  }
}

}  // namespace
}  // namespace picabia
