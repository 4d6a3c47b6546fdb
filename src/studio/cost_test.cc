// Tests of costs.
#include "studio/cost.h"

#include <gtest/gtest.h>

namespace picabia::studio {
namespace {

// x [1,?,?,3] -> Conv2D 3x3 to 8, stride 2 -> ConvTranspose2D 3x3 to 3, stride 2.
program::Program TwoConvolutions() {
  program::Program program;
  program.values = {{"x", DType::kF32},
                    {"w", DType::kF32},
                    {"v", DType::kF32},
                    {"a", DType::kF32},
                    {"y", DType::kF32}};
  ops::Conv2D down;
  down.window.strides = {2, 2};
  down.window.pad_kind = ops::PadKind::kSameUpper;
  ops::ConvTranspose2D up;
  up.window = down.window;
  program.steps = {{"down", down, {0, 1}, {3}}, {"up", up, {3, 2}, {4}}};
  for (const int32_t value : {1, 2}) {
    program::Constant constant;
    constant.value = value;
    constant.shape = {3, 3, 3, 8};
    program.constants.push_back(constant);
  }
  program.inputs = {{.value = 0,
                     .rank_known = true,
                     .declared_shape = {-1, -1, -1, 3},
                     .default_shape = {-1, 16, 24, 3}}};
  program.outputs.resize(1);
  program.outputs[0].value = 4;
  return program;
}

TEST(Cost, CountsParametersAndMultiplyAdds) {
  const program::Program program = TwoConvolutions();
  EXPECT_EQ(Parameters(program), 2 * 3 * 3 * 3 * 8);
  const auto macs = MultiplyAdds(program, {{1, 16, 24, 3}});
  ASSERT_TRUE(macs.ok()) << macs.status().message();
  EXPECT_EQ(*macs, 2 * (8 * 12) * (3 * 3 * 3 * 8));
}

TEST(Cost, InputShapesTakeTheSizeGivenOrFrozen) {
  program::Program program = TwoConvolutions();
  EXPECT_EQ(InputShapes(program, 0, 0), (std::vector<Shape>{{1, 16, 24, 3}}));
  EXPECT_EQ(InputShapes(program, 5, 6), (std::vector<Shape>{{1, 5, 6, 3}}));
  program.inputs[0].default_shape.clear();
  EXPECT_FALSE(InputShapes(program, 0, 0));
  program.inputs[0].rank_known = false;
  EXPECT_FALSE(InputShapes(program, 5, 6));
}

TEST(Cost, RefusesShapesThatDoNotFit) {
  EXPECT_FALSE(MultiplyAdds(TwoConvolutions(), {{1, 16, 24, 4}}).ok());
}

}  // namespace
}  // namespace picabia::studio
