// Custom operators as programs use them: libraries that are loaded or refused, operators and
// callbacks of this process, inside graphs that are compiled and run.
#include "runtime/operators.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "compile/compile.h"
#include "ir/text.h"
#include "program/operators.h"
#include "runtime/dry_run.h"
#include "runtime/session.h"

namespace picabia {
namespace {

const std::string kFolder = PICABIA_EXAMPLES;
const std::string kGood = kFolder + "/power_difference.so";

ops::OperatorSet Load(const std::string& path, const std::string& device = "cpu") {
  ops::OperatorRegistry registry;
  const Status status = runtime::LoadOperators(path, registry);
  EXPECT_TRUE(status.ok()) << status.message();
  return registry.For(device);
}

Status RefusalOf(const std::string& path) {
  ops::OperatorRegistry registry;
  const Status status = runtime::LoadOperators(path, registry);
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(status.message().starts_with(path)) << status.message();
  EXPECT_TRUE(registry.empty());  // all or nothing
  return status;
}

void ExpectIn(const std::string& text, const Status& status) {
  EXPECT_NE(status.message().find(text), std::string::npos) << status.message();
}

Result<program::Program> Compile(const std::string& text, compile::CompileOptions options = {}) {
  auto graph = ir::Parse(text);
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  return compile::CompileGraph(*std::move(graph), options);
}

using Outputs = Result<std::vector<Tensor>>;

Outputs RunOnce(const program::Program& program, const std::vector<runtime::Feed>& feeds,
                runtime::SessionOptions options = {}) {
  PICABIA_ASSIGN_OR_RETURN(
      const auto session,
      runtime::Session::Create(std::make_shared<program::Program>(program), options));
  return session->Run(feeds);
}

Tensor Floats(Shape shape, const std::vector<float>& values) {
  return *Tensor::From<float>(std::move(shape), values);
}

constexpr char kScale[] =
    "input  %x : float32 [?, 3]\n"
    "%y = Custom(%x) {type=\"Scale\", attributes=\"factor=f:2.5\"}\n"
    "output %y\n";

program::Program Bound(const std::string& text, const ops::OperatorSet& operators) {
  auto program = Compile(text);
  EXPECT_TRUE(program.ok()) << program.status().message();
  const Status status = program::BindOperators(*program, operators);
  EXPECT_TRUE(status.ok()) << status.message();
  return *program;
}

// ---- libraries

TEST(Operators, ALibraryRuns) {
  const auto program = Bound(kScale, Load(kGood));
  const auto y = RunOnce(program, {{"x", Floats({1, 3}, {1, -2, 4})}});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_EQ(*FloatValues((*y)[0]), (std::vector<float>{2.5, -5, 10}));
}

TEST(Operators, ByTheReferenceToo) {
  runtime::SessionOptions options;
  options.reference = true;
  const auto y = RunOnce(Bound(kScale, Load(kGood)), {{"x", Floats({1, 3}, {1, -2, 4})}}, options);
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_EQ(*FloatValues((*y)[0]), (std::vector<float>{2.5, -5, 10}));
}

TEST(Operators, StandInThePlaceOfPowerDifferenceOnTheirDevices) {
  constexpr char kPower[] =
      "input  %x : float32 [2, 2]\nconst  %p : float32 [1] = {3}\n"
      "const  %m : float32 [2] = {1, 2}\n%z = PowerDifference(%x, %m, %p)\noutput %z\n";
  const auto runs = [&](const std::string& device) {
    const auto program = Bound(kPower, Load(kGood, device));
    const auto z = RunOnce(program, {{"x", Floats({2, 2}, {3, 1, 1, 5})}});
    EXPECT_EQ(*FloatValues((*z)[0]), (std::vector<float>{8, -1, 0, 27}));
    return std::string(ops::OpName(program.steps[0].op));
  };
  EXPECT_EQ(runs("cpu"), "Custom");
  EXPECT_EQ(runs("mlu"), "PowerDifference");  // the library names cpu
}

TEST(Operators, AProgramFileKeepsTheirNames) {
  const auto program = Bound(kScale, Load(kGood));
  const auto bytes = program::WriteProgram(program);
  ASSERT_TRUE(bytes.ok());
  auto owner = std::make_shared<std::vector<std::byte>>(bytes->size() + 64);
  auto* at = owner->data() + (64 - reinterpret_cast<uintptr_t>(owner->data()) % 64) % 64;
  std::memcpy(at, bytes->data(), bytes->size());
  auto read = program::ReadProgram({at, bytes->size()}, owner);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->steps[0].op, program.steps[0].op);
  const std::vector<runtime::Feed> feeds = {{"x", Floats({1, 3}, {1, -2, 4})}};
  const auto unbound = RunOnce(*read, feeds);
  ASSERT_FALSE(unbound.ok());
  EXPECT_EQ(unbound.status().message(),
            "node 'y': operator 'Scale' is not loaded (--operators LIBRARY loads it)");
  ASSERT_TRUE(program::BindOperators(*read, Load(kGood)).ok());
  EXPECT_TRUE(RunOnce(*read, feeds).ok());
}

TEST(Operators, DryRunsAskForShapesOnly) {
  const auto program = Bound(kScale, Load(kGood));
  const auto types = runtime::DryRun(program, {{7, 3}});
  ASSERT_TRUE(types.ok()) << types.status().message();
  EXPECT_EQ((*types)[static_cast<size_t>(program.outputs[0].value)].shape, (Shape{7, 3}));
}

TEST(Operators, ALibraryIsRefused) {
  ExpectIn("cannot be loaded", RefusalOf(kFolder + "/no_such.so"));
  const std::string text = testing::TempDir() + "/picabia_text.so";
  std::ofstream(text) << "not a library\n";
  ExpectIn("cannot be loaded", RefusalOf(text));
  ExpectIn("operator 0: found interface version 2 (72 bytes), expected version 1 (72 bytes)",
           RefusalOf(kFolder + "/bad1.so"));
  ExpectIn("operator 0: found interface version 1 (64 bytes), expected version 1 (72 bytes)",
           RefusalOf(kFolder + "/bad2.so"));
  ExpectIn("found no name", RefusalOf(kFolder + "/bad3.so"));
  ExpectIn("found device 'gpu', expected cpu, mlu or none", RefusalOf(kFolder + "/bad4.so"));
  ExpectIn("has no function picabia_operators", RefusalOf(kFolder + "/bad9.so"));
  ExpectIn("operator 1: operator 'Scale' for every device is there a second time",
           RefusalOf(kFolder + "/bad10.so"));
  ExpectIn("lists 0 operators", RefusalOf(kFolder + "/bad11.so"));
}

TEST(Operators, WhatAnOperatorSaysIsChecked) {
  const auto message = [](int bad) {
    auto program = Compile(kScale);
    const auto operators = Load(kFolder + "/bad" + std::to_string(bad) + ".so");
    const Status status = program::BindOperators(*program, operators);
    if (!status.ok()) return status.message();
    const auto y = RunOnce(*program, {{"x", Floats({1, 3}, {1, 2, 3})}});
    EXPECT_FALSE(y.ok());
    return y.status().message();
  };
  EXPECT_EQ(message(5), "node 'y': operator 'Scale' gives a size of -3, expected >= 0");
  EXPECT_EQ(message(6), "node 'y': operator 'Scale' gives rank 17, expected 16 at most");
  EXPECT_EQ(message(7), "node 'y': operator 'Scale' gives element type 99, which does not exist");
  EXPECT_EQ(message(8), "node 'y': operator 'Scale': output_element failed and says no reason");
  // The text fills the buffer without a zero.
  EXPECT_EQ(message(12), "node 'y': operator 'Scale': " + std::string(512, 'x'));
}

TEST(Operators, WrongInputsAreNamed) {
  const auto operators = Load(kGood);
  auto program =
      Compile("input  %x : float32 [3]\n%y = Custom(%x, %x) {type=\"Scale\"}\noutput %y\n");
  Status status = program::BindOperators(*program, operators);
  EXPECT_EQ(status.message(), "node 'y': operator 'Scale' has 2 inputs, expected 1 to 1");
  program = Compile("input  %x : int32 [3]\n%y = Custom(%x) {type=\"Scale\"}\noutput %y\n");
  status = program::BindOperators(*program, operators);
  EXPECT_EQ(status.message(), "node 'y': operator 'Scale': every input must be float32");
}

// ---- this process

struct Counter {
  int released = 0, computed = 0;
};

picabia_operator Counting(Counter& counter) {
  picabia_operator op = {};
  op.size = sizeof(op);
  op.abi_version = PICABIA_OPERATOR_ABI_VERSION;
  op.name = "Count";
  op.min_inputs = op.max_inputs = 1;
  op.user = &counter;
  op.compute = [](void* user, const picabia_call* call, const picabia_tensor* output) {
    const int n = ++static_cast<Counter*>(user)->computed;
    for (int64_t i = 0; i < output->dims[0]; ++i)
      static_cast<float*>(output->data)[i] =
          static_cast<const float*>(call->inputs[0].data)[i] + static_cast<float>(n);
    return 0;
  };
  op.release = [](void* user) { ++static_cast<Counter*>(user)->released; };
  return op;
}

TEST(Operators, OfThisProcessAreReleasedOnce) {
  Counter counter;
  {
    ops::OperatorRegistry registry;
    ASSERT_TRUE(runtime::AddOperator(Counting(counter), registry).ok());
    const auto program =
        Bound("const  %c : float32 [2] = {1, 2}\n%y = Custom(%c) {type=\"Count\"}\noutput %y\n",
              registry.For("cpu"));
    // Constants are not folded through it: it runs in every run, once.
    EXPECT_EQ(counter.computed, 0);
    EXPECT_EQ(*FloatValues((*RunOnce(program, {}))[0]), (std::vector<float>{2, 3}));
    EXPECT_EQ(*FloatValues((*RunOnce(program, {}))[0]), (std::vector<float>{3, 4}));
    EXPECT_EQ(counter.released, 0);
  }
  EXPECT_EQ(counter.released, 1);
  Counter refused;
  ops::OperatorRegistry registry;
  picabia_operator op = Counting(refused);
  op.name = nullptr;
  EXPECT_EQ(runtime::AddOperator(op, registry).message(), "found no name");
  EXPECT_EQ(refused.released, 1);
}

// ---- callbacks

class Callback final : public ops::CustomOperator {
 public:
  explicit Callback(Status status = OkStatus()) : status_(std::move(status)) {}
  Status Compute(std::span<const Tensor> inputs, const std::string&,
                 Tensor& output) const override {
    seen_ = inputs[0].bytes();
    PICABIA_RETURN_IF_ERROR(status_);
    for (int64_t i = 0; i < output.num_elements(); ++i)
      output.MutableData<float>()[i] = inputs[0].data<float>()[i] * 10;
    return OkStatus();
  }
  const std::byte* seen() const { return seen_; }

 private:
  Status status_;
  mutable const std::byte* seen_ = nullptr;
};

// The placeholder stands in front of what its inputs are made by.
constexpr char kHole[] =
    "input  %x : float32 [?]\ninput  %hole : float32\n"
    "%r = Unary(%hole) {kind=4}\n%a = Unary(%x) {kind=3}\n%y = Binary(%r, %a)\noutput %y\n";

compile::CompileOptions With(const std::string& tensor, std::vector<std::string> inputs,
                             ops::CustomPointer implementation) {
  compile::CompileOptions options;
  options.callbacks = {{tensor, std::move(inputs), std::move(implementation)}};
  return options;
}

TEST(Callbacks, FillAPlaceholderInsideOneRun) {
  const auto callback = std::make_shared<Callback>();
  const auto program = Compile(kHole, With("hole:0", {"a"}, callback));
  ASSERT_TRUE(program.ok()) << program.status().message();
  ASSERT_EQ(program->inputs.size(), 1u);
  const Tensor x = Floats({2}, {1, -2});
  // a = -x, hole = 10 a, y = |hole| + a
  EXPECT_EQ(*FloatValues((*RunOnce(*program, {{"x", x}}))[0]), (std::vector<float>{9, 22}));
  // What is fed is handed on as it is.
  const auto direct = Compile(kHole, With("hole", {"x"}, callback));
  ASSERT_TRUE(RunOnce(*direct, {{"x", x}}).ok());
  EXPECT_EQ(callback->seen(), x.bytes());
}

TEST(Callbacks, StandInThePlaceOfANode) {
  const auto program = Compile(kHole, With("a", {"x"}, std::make_shared<Callback>()));
  ASSERT_TRUE(program.ok()) << program.status().message();
  const auto y = RunOnce(*program, {{"x", Floats({1}, {2})}, {"hole", Floats({1}, {-3})}});
  EXPECT_EQ(*FloatValues((*y)[0]), (std::vector<float>{23}));
}

TEST(Callbacks, AreRefused) {
  const auto refused = [](const compile::CompileOptions& options) {
    const auto program = Compile(kHole, options);
    EXPECT_FALSE(program.ok());
    return program.status().message();
  };
  const auto callback = std::make_shared<Callback>();
  EXPECT_EQ(refused(With("hole", {"y"}, callback)),
            "the inputs of a callback depend on what it gives: 'y' -> 'hole' -> 'r' -> 'y'");
  EXPECT_EQ(refused(With("hole", {}, callback)),
            "callback for 'hole': found no input, expected one at least");
  EXPECT_TRUE(refused(With("hole", {"nothing"}, callback)).starts_with("callback for 'hole': "));
  EXPECT_TRUE(refused(With("nothing", {"x"}, callback)).starts_with("callback for 'nothing': "));
  compile::CompileOptions twice = With("hole", {"x"}, callback);
  twice.callbacks.push_back(twice.callbacks[0]);
  EXPECT_EQ(refused(twice), "callback for 'hole': it has a callback already");
}

TEST(Callbacks, AnErrorLeavesTheSessionUsable) {
  class Once final : public ops::CustomOperator {
   public:
    Status Compute(std::span<const Tensor>, const std::string&, Tensor& output) const override {
      if (!failed_) {
        failed_ = true;
        return InvalidArgument("not today");
      }
      for (int64_t i = 0; i < output.num_elements(); ++i) output.MutableData<float>()[i] = 7;
      return OkStatus();
    }
    mutable bool failed_ = false;
  };
  const auto program = Compile(kHole, With("hole", {"x"}, std::make_shared<Once>()));
  auto session = runtime::Session::Create(std::make_shared<program::Program>(*program), {});
  const std::vector<runtime::Feed> feeds = {{"x", Floats({1}, {2})}};
  EXPECT_EQ((*session)->Run(feeds).status().message(), "node 'hole': not today");
  EXPECT_EQ(*FloatValues((*(*session)->Run(feeds))[0]), (std::vector<float>{5}));
}

TEST(Callbacks, AWrongShapeAndAMissingFeedLeaveTheSessionUsable) {
  class Shaped final : public ops::CustomOperator {
   public:
    Result<Shape> OutputShape(std::span<const ops::TensorType>, const std::string&) const override {
      return shape_;
    }
    Status Compute(std::span<const Tensor>, const std::string&, Tensor& output) const override {
      for (int64_t i = 0; i < output.num_elements(); ++i) output.MutableData<float>()[i] = 7;
      return OkStatus();
    }
    mutable Shape shape_ = {7};
  };
  const auto callback = std::make_shared<Shaped>();
  const auto program = Compile(kHole, With("hole", {"x"}, callback));
  ASSERT_TRUE(program.ok()) << program.status().message();
  auto session = runtime::Session::Create(std::make_shared<program::Program>(*program), {});
  const std::vector<runtime::Feed> feeds = {{"x", Floats({2}, {2, 3})}};
  const auto wrong = (*session)->Run(feeds);
  ASSERT_FALSE(wrong.ok());
  ExpectIn("node 'y'", wrong.status());
  ExpectIn("[7]", wrong.status());
  callback->shape_ = {2};
  const auto nothing = (*session)->Run({});
  ASSERT_FALSE(nothing.ok());
  ExpectIn("'x'", nothing.status());
  // The shapes of a size are found once: another size asks again.
  callback->shape_ = {3};
  const auto y = (*session)->Run({{"x", Floats({3}, {2, 3, 4})}});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_EQ(*FloatValues((*y)[0]), (std::vector<float>{5, 4, 3}));
}

TEST(Operators, OfARefusedListAreReleased) {
  Counter counter;
  ops::OperatorRegistry registry;
  for (int i = 0; i < 3; ++i) {
    const Status status = runtime::AddOperator(Counting(counter), registry);
    EXPECT_EQ(status.ok(), i == 0) << status.message();  // the name is taken
  }
  EXPECT_EQ(counter.released, 2);
  registry = {};
  EXPECT_EQ(counter.released, 3);
}

// ---- attributes

TEST(Attributes, GoRoundThroughText) {
  const std::vector<ops::CustomAttribute> all = {
      {"strides", std::vector<int64_t>{1, -2, INT64_MAX}},
      {"none", std::vector<int64_t>{}},
      {"f", std::vector<double>{0.1, -1e300, 3}},
      {"odd name=;", std::string("a;b=c,\n\xff%41")},
      {"empty", std::string()}};
  const std::string text = ops::WriteAttributes(all);
  EXPECT_TRUE(text.starts_with("strides=i:1,-2,9223372036854775807;none=i:;f=f:0.1,")) << text;
  const auto parsed = ops::ParseAttributes(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message() << text;
  EXPECT_EQ(*parsed, all);
  for (const char* bad : {"a", "a=", "a=i", "a=x:1", "=i:1", "a=i:1,", "a=i:1.5", "a=s:%4",
                          "a=s:%zz", "a=i:99999999999999999999", ";", "a=i:1;;", "a=s:\n"})
    EXPECT_FALSE(ops::ParseAttributes(bad).ok()) << bad;
}

}  // namespace
}  // namespace picabia
