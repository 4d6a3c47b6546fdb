// (x - y)^p on device mlu: by the kernel in BANG C where p is a whole number of at least 1, and the
// same bits as a loop over halves written here; before and after a program went through a file.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <string>

#include "base/half.h"
#include "compile/compile.h"
#include "ir/text.h"
#include "program/program.h"
#include "runtime/session.h"

namespace picabia {
namespace {

float Half(float v) { return HalfToFloat(FloatToHalf(std::fmin(std::fmax(v, -65504.f), 65504.f))); }

// One rounding an operation, repeated multiplication; a reciprocal at the end for p < 0.
float Expected(float x, float y, float p) {
  const float d = Half(Half(x) - Half(y));
  if (p != std::floor(p)) {
    const float z = std::pow(d, p);
    return std::isnan(z) ? 65504.f : Half(z);  // the card has no NaN
  }
  if (p == 0) return 1;
  float z = d;
  for (int i = 1; i < std::fabs(p); ++i) z = Half(z * d);
  return p > 0 ? z : Half(1 / z);
}

struct Ran {
  std::vector<float> values;
  std::string kernel;
};

Ran RunOnMlu(const program::Program& program, const Tensor& x, const Tensor& y, float p,
             int threads) {
  runtime::SessionOptions options;
  options.device = runtime::DeviceKind::kMlu;
  options.threads = threads;
  auto session =
      runtime::Session::Create(std::make_shared<const program::Program>(program), options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  const auto z = (*session)->Run({{"x", x}, {"y", y}, {"p", *Tensor::From<float>({}, {p})}});
  EXPECT_TRUE(z.ok()) << z.status().message();
  return {*FloatValues((*z)[0]), (*session)->profile().back().kernel};
}

program::Program Compiled() {
  auto graph = ir::Parse(
      "input  %x : float32\ninput  %y : float32\ninput  %p : float32\n"
      "%z = PowerDifference(%x, %y, %p)\noutput %z\n");
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  compile::CompileOptions options;
  options.pipeline.target = passes::Target::kMlu270;
  auto program = compile::CompileGraph(*std::move(graph), options);
  EXPECT_TRUE(program.ok()) << program.status().message();
  return *program;
}

program::Program ThroughAFile(const program::Program& program) {
  const auto bytes = program::WriteProgram(program);
  EXPECT_TRUE(bytes.ok());
  auto owner = std::make_shared<std::vector<std::byte>>(bytes->size() + 64);
  auto* at = owner->data() + (64 - reinterpret_cast<uintptr_t>(owner->data()) % 64) % 64;
  std::memcpy(at, bytes->data(), bytes->size());
  auto read = program::ReadProgram({at, bytes->size()}, owner);
  EXPECT_TRUE(read.ok()) << read.status().message();
  return *read;
}

Tensor Random(std::mt19937& random, Shape shape) {
  Tensor t = *Tensor::Create(DType::kF32, std::move(shape));
  for (int64_t i = 0; i < t.num_elements(); ++i)
    t.MutableData<float>()[i] = static_cast<float>(random() % 8001) / 1000 - 4;
  return t;
}

class MluPowerDifference : public testing::Test {
 protected:
  // y's element for element i of the result.
  void Check(const Shape& xs, const Shape& ys, float p,
             const std::function<int64_t(int64_t)>& place) {
    const Tensor x = Random(random_, xs), y = Random(random_, ys);
    for (const program::Program* program : {&online_, &offline_}) {
      const Ran ran = RunOnMlu(*program, x, y, p, p == 2 ? 3 : 1);
      const bool whole = p >= 1 && p == std::floor(p);
      EXPECT_EQ(ran.kernel == "bang-power-difference", whole) << ran.kernel << " for " << p;
      ASSERT_EQ(static_cast<int64_t>(ran.values.size()), x.num_elements());
      for (int64_t i = 0; i < x.num_elements(); ++i)
        ASSERT_EQ(ran.values[static_cast<size_t>(i)],
                  Expected(x.data<float>()[i], y.data<float>()[place(i)], p))
            << "element " << i << " of " << ShapeString(xs) << ", p = " << p;
    }
  }

  const program::Program online_ = Compiled(), offline_ = ThroughAFile(online_);
  std::mt19937 random_{2026};
};

TEST_F(MluPowerDifference, SizesAndPowers) {
  for (const int64_t n : {1, 63, 64, 65, 32768, 32769, 262143, 262145, 524289})
    for (const float p : {1.f, 2.f, 3.f, 5.f}) Check({n}, {n}, p, [](int64_t i) { return i; });
  for (const float p : {0.f, -1.f, -2.f, 0.5f, 7.f, 64.f})
    Check({65}, {65}, p, [](int64_t i) { return i; });
}

TEST_F(MluPowerDifference, Broadcasts) {
  Check({1, 5, 7, 3}, {1, 1, 1, 3}, 2, [](int64_t i) { return i % 3; });
  Check({1, 64, 64, 32}, {1, 1, 1, 32}, 2, [](int64_t i) { return i % 32; });
  Check({2, 3, 4}, {1}, 3, [](int64_t) { return 0; });
  Check({2, 3, 4}, {}, 1, [](int64_t) { return 0; });
  Check({4, 3}, {4, 1}, 2, [](int64_t i) { return i / 3; });
}

TEST_F(MluPowerDifference, Nothing) {
  const Tensor none = *Tensor::Create(DType::kF32, {0, 3});
  EXPECT_TRUE(RunOnMlu(online_, none, none, 2, 1).values.empty());
}

// (x - y)^2 as the network has it, against doubles: 0.1 % of the sum at most.
TEST_F(MluPowerDifference, IsExactEnough) {
  const Tensor x = Random(random_, {32768}), y = Random(random_, {32768});
  const Ran ran = RunOnMlu(online_, x, y, 2, 2);
  double wrong = 0, all = 0;
  for (int64_t i = 0; i < 32768; ++i) {
    const double d = double{x.data<float>()[i]} - y.data<float>()[i];
    wrong += std::fabs(ran.values[static_cast<size_t>(i)] - d * d);
    all += d * d;
  }
  EXPECT_LE(wrong, 0.001 * all);
}

}  // namespace
}  // namespace picabia
