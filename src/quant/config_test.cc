// Ini files: Python's dialect, defaults, and what is said of what is wrong.
#include "quant/config.h"

#include <gtest/gtest.h>

namespace picabia::quant {
namespace {

constexpr char kModel[] =
    "[model]\noriginal_models_path = a.pb\nsave_model_path=b.pb\n"
    "input_tensor_names: x:0\noutput_tensor_names = y:0, z:0\n[data]\ndata_path = list\n";

std::string ErrorOf(const std::string& text) {
  const auto config = ParseConfig(text);
  return config.ok() ? "" : config.status().message();
}

TEST(Config, TakesDefaultsAndTheDialect) {
  const auto config =
      ParseConfig(std::string("\xEF\xBB\xBF# note\r\n; note\r\n") + kModel +
                  "[PreProcess]\nMEAN = 1, 2,\n  3 ; the rest of the line\nstd : 2.5\n");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->mean, (std::array<float, 3>{1, 2, 3}));
  EXPECT_EQ(config->std, 2.5F);
  EXPECT_EQ(config->output_tensor_names, (std::vector<std::string>{"y:0", "z:0"}));
  EXPECT_EQ(config->bits(), 8);
  EXPECT_EQ(config->num_runs, 1);
  EXPECT_TRUE(config->warnings.empty());
}

TEST(Config, WarnsOfUnknownAndRepeatedKeys) {
  const auto config =
      ParseConfig(std::string(kModel) + "[data]\nsize = 3\ndata_path = b\n[x]\ny=1\n");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->data_path, "b");
  EXPECT_EQ(config->warnings,
            (std::vector<std::string>{
                "line 9: unknown key 'size' in [data], it is not used",
                "line 10: key 'data_path' stands in line 7, too; the last one counts",
                "line 12: unknown key 'y' in [x], it is not used"}));
}

TEST(Config, RefusesBadValuesByNameAndLine) {
  const std::string model(kModel);
  EXPECT_EQ(ErrorOf(model + "[config]\nquantization_type = int4\n"),
            "line 9: key 'quantization_type' of [config] is 'int4', expected int8 or int16");
  EXPECT_EQ(ErrorOf(model + "[config]\ndevice_mode = \n"),
            "line 9: key 'device_mode' of [config] is '', expected clean, mlu or origin");
  EXPECT_EQ(ErrorOf(model + "[preprocess]\nstd = nan\n"),
            "line 9: key 'std' of [preprocess] is 'nan', expected a number other than 0");
  EXPECT_EQ(ErrorOf("key = 1\n"), "line 1: found 'key = 1', expected [section]");
  EXPECT_EQ(ErrorOf(""), "the key original_models_path of [model] is missing");
}

}  // namespace
}  // namespace picabia::quant
