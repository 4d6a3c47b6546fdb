// Tests of inputs by name.
#include "studio/set_inputs.h"

#include <gtest/gtest.h>

namespace picabia::studio {
namespace {

const InputInfo kVector{"w", DType::kF32, Shape{4}, {}};

std::vector<float> Values(const InputInfo& input, const std::string& value) {
  const auto tensor = ValueTensor(input, value);
  EXPECT_TRUE(tensor.ok()) << tensor.status().message();
  if (!tensor.ok() || !*tensor) return {};
  const auto values = FloatValues(**tensor);
  return values.ok() ? *values : std::vector<float>{};
}
Shape ShapeOf(const InputInfo& input, const std::string& value) {
  const auto tensor = ValueTensor(input, value);
  EXPECT_TRUE(tensor.ok()) << tensor.status().message();
  return tensor.ok() && *tensor ? (*tensor)->shape() : Shape{-7};
}
void ExpectError(const InputInfo& input, const std::string& value, const std::string& part) {
  const auto tensor = ValueTensor(input, value);
  ASSERT_FALSE(tensor.ok()) << value;
  EXPECT_NE(tensor.status().message().find(part), std::string::npos) << tensor.status().message();
  EXPECT_TRUE(tensor.status().message().starts_with("--set " + input.name));
}

TEST(ParseSets, TakesNamesAndValues) {
  const auto sets = ParseSets({"a=1", "b:0=x=y.npy"});
  ASSERT_TRUE(sets.ok());
  EXPECT_EQ((*sets)[1].name, "b:0");
  EXPECT_EQ((*sets)[1].value, "x=y.npy");
  const std::vector<std::vector<std::string>> bad = {{"a"}, {"=1"},         {"a="},
                                                     {""},  {"a=1", "a=2"}, {"a=1", "a:0=2"}};
  for (const auto& texts : bad) EXPECT_FALSE(ParseSets(texts).ok()) << texts[0];
}

TEST(ValueTensor, Numbers) {
  EXPECT_EQ(Values(kVector, "0.5"), (std::vector<float>(4, 0.5f)));
  EXPECT_EQ(Values(kVector, "1,-2,3e1,.5"), (std::vector<float>{1, -2, 30, 0.5f}));
  EXPECT_EQ(Values(kVector, "3:0.25,0:-1"), (std::vector<float>{-1, 0, 0, 0.25f}));
  EXPECT_EQ(ShapeOf({"s", DType::kF32, Shape{}, {}}, "7"), Shape{});
  EXPECT_EQ(ShapeOf({"s", DType::kF32, std::nullopt, {}}, "7"), Shape{});
  EXPECT_EQ(ShapeOf({"s", DType::kF32, std::nullopt, {}}, "7,8"), Shape{2});
  EXPECT_EQ(ShapeOf({"s", DType::kF32, Shape{-1}, {}}, "7,8,9"), Shape{3});
  EXPECT_EQ(ShapeOf({"s", DType::kF32, Shape{-1, 3}, {}}, "7,8,9"), (Shape{1, 3}));
  EXPECT_EQ(ShapeOf({"s", DType::kF32, Shape{-1, -1, -1, 3}, {1, 2, 2, 3}}, "7"),
            (Shape{1, 2, 2, 3}));
}

TEST(ValueTensor, OtherTypes) {
  for (const DType dtype : {DType::kF64, DType::kF16, DType::kI8, DType::kU8, DType::kI16,
                            DType::kI32, DType::kI64, DType::kBool}) {
    const InputInfo input{"n", dtype, Shape{2}, {}};
    EXPECT_EQ(Values(input, "1,0"), (std::vector<float>{1, 0})) << DTypeName(dtype);
  }
  ExpectError({"n", DType::kI8, Shape{2}, {}}, "128", "fit its type");
  ExpectError({"n", DType::kU8, Shape{2}, {}}, "-1", "fit its type");
  ExpectError({"n", DType::kI64, Shape{2}, {}}, "0.5", "fit its type");
  ExpectError({"n", DType::kI64, Shape{2}, {}}, "1e300", "fit its type");
  ExpectError({"n", DType::kBool, Shape{2}, {}}, "2", "fit its type");
  ExpectError({"n", DType::kF32, Shape{2}, {}}, "1e300", "fit its type");
}

TEST(ValueTensor, ErrorsNameInputShapeAndFound) {
  ExpectError(kVector, "1,2,3",
              "found \"1,2,3\", expected 1 or 4 numbers, not 3; the input is "
              "float32 [4]");
  ExpectError(kVector, "1,,2,3", "separated by commas");
  ExpectError(kVector, "1.2.3", "separated by commas");
  ExpectError(kVector, "4:1", "indices from 0 to 3");
  ExpectError(kVector, "-1:1", "indices from 0 to 3");
  ExpectError(kVector, "1:1,1:2", "every index once");
  ExpectError(kVector, "1:1,2", "INDEX:WEIGHT");
  ExpectError(kVector, "1.5:1", "INDEX:WEIGHT");
  ExpectError(kVector, "1:2:3", "INDEX:WEIGHT");
  ExpectError(kVector, "99999999999999999999:1", "INDEX:WEIGHT");
  ExpectError(kVector, "none.npy", "none.npy");
  ExpectError({"x", DType::kF32, Shape{-1, -1, -1, 3}, {}}, "1", "its size is free");
  ExpectError({"x", DType::kF32, std::nullopt, {}}, "1:2", "its size is free");
  ExpectError({"x", DType::kF32, Shape{1 << 20, 1 << 20}, {}}, "1", "too large");
  ExpectError({"x", DType::kF32, Shape{1 << 20, 1 << 20}, {}}, "1:1", "so large");
  const auto file = ValueTensor(kVector, "photo.jpg");
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->has_value());
}

TEST(IsPictureInput, NeedsChannels) {
  EXPECT_TRUE(IsPictureInput({"x", DType::kF32, Shape{-1, -1, -1, 3}, {}}));
  EXPECT_TRUE(IsPictureInput({"x", DType::kF32, Shape{1, 1, -1, -1}, {}}));
  EXPECT_FALSE(IsPictureInput({"x", DType::kF32, Shape{1, 2, 8, 8}, {}}));
  EXPECT_FALSE(IsPictureInput({"x", DType::kI32, Shape{1, 3, 8, 8}, {}}));
  EXPECT_FALSE(IsPictureInput({"x", DType::kF32, Shape{3}, {}}));
  EXPECT_FALSE(IsPictureInput({"x", DType::kF32, std::nullopt, {}}));
}

}  // namespace
}  // namespace picabia::studio
