// Tests of what users say of pictures.
#include "studio/preprocess.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace picabia::studio {
namespace {

namespace fs = std::filesystem;

PictureConvention Applied(const Result<Preprocess>& settings, PictureConvention convention = {}) {
  EXPECT_TRUE(settings.ok()) << settings.status().message();
  PictureOrigins origins;
  if (settings.ok()) EXPECT_TRUE(settings->Apply(convention, origins).ok());
  return convention;
}
PictureConvention Applied(const std::string& text, PictureConvention convention = {}) {
  return Applied(Preprocess::Parse(text, "x"), convention);
}

void ExpectError(const Result<Preprocess>& settings, const std::string& part) {
  ASSERT_FALSE(settings.ok());
  EXPECT_NE(settings.status().message().find(part), std::string::npos)
      << settings.status().message();
}

TEST(Preprocess, Ranges) {
  EXPECT_EQ(Applied("0..255"), PictureConvention{});
  const PictureConvention unit = Applied("0..1");
  EXPECT_FLOAT_EQ(unit.scale[0], 1 / 255.0f);
  EXPECT_FLOAT_EQ(unit.out_scale[2], 255);
  const PictureConvention both = Applied("-1..1");
  EXPECT_FLOAT_EQ(both.scale[1], 2 / 255.0f);
  EXPECT_EQ(both.shift, EveryChannel(-1));
  EXPECT_EQ(both.out_scale, EveryChannel(127.5f));
  EXPECT_EQ(both.out_shift, EveryChannel(127.5f));
  const PictureConvention apart = Applied("range=-0.5..0.5,output-range=0...5");
  EXPECT_EQ(apart.shift, EveryChannel(-0.5f));
  EXPECT_EQ(apart.out_scale, EveryChannel(510));
}

TEST(Preprocess, MeansAndDeviations) {
  const PictureConvention p = Applied("imagenet");
  EXPECT_FLOAT_EQ(p.scale[0], 1 / (255 * 0.229f));
  EXPECT_FLOAT_EQ(p.shift[2], -0.406f / 0.225f);
  EXPECT_FLOAT_EQ(p.scale[3], 1 / 255.0f);  // alpha has no mean
  EXPECT_EQ(p.out_scale, EveryChannel(1));
  const PictureConvention caffe = Applied("caffe");
  EXPECT_TRUE(caffe.bgr);
  EXPECT_EQ(caffe.shift, (PerChannel{-103.939f, -116.779f, -123.68f, 0}));
  const PictureConvention out = Applied("output-range=0..1,output-mean=0.5,output-std=2:2:2:1");
  EXPECT_EQ(out.out_scale, (PerChannel{510, 510, 510, 255}));
  EXPECT_EQ(out.out_shift, EveryChannel(127.5f));
  // Without a range, in the range that the model has.
  PictureConvention unit = Applied("0..1");
  EXPECT_FLOAT_EQ(Applied("mean=0.5,std=0.5", unit).shift[0], -1);
}

TEST(Preprocess, OrderAndLayout) {
  const PictureConvention p = Applied("order=bgr,layout=nchw,output-layout=nhwc");
  EXPECT_TRUE(p.bgr && p.nchw);
  EXPECT_FALSE(p.out_nchw);
  EXPECT_TRUE(Applied("layout=nchw").out_nchw);
  EXPECT_FALSE(Applied("caffe,order=rgb").bgr);
}

TEST(Preprocess, ErrorsNameKeyFoundAndExpected) {
  const auto expect = [](const std::string& text, const std::string& part) {
    SCOPED_TRACE(text);
    ExpectError(Preprocess::Parse(text, "x"), part);
  };
  expect("", "unknown preset \"\"");
  expect("vgg", "unknown preset \"vgg\"; the presets are: imagenet, caffe, 0..1");
  expect("rnage=0..1", "unknown key \"rnage\"; the keys are: range, mean");
  expect("range=0-1", "key \"range\": found \"0-1\", expected LOW..HIGH");
  expect("range=1..1", "two different numbers");
  for (const char* bad : {"0..nan", "0..inf", "0..", "..1", "a..b", "0..1e999", "0..1x", " 0..1"}) {
    expect("range=" + std::string(bad), "expected LOW..HIGH");
  }
  for (const char* bad : {"1:2", "1:2:3:4:5", "", ":", "1::2", "1:2:x", "1;2;3"}) {
    expect("mean=" + std::string(bad), "1, 3 or 4 numbers separated by colons");
  }
  expect("std=1:0:1", "other than 0");
  expect("order=grb", "found \"grb\", expected rgb or bgr");
  expect("layout=NCHW", "expected nhwc or nchw");
  expect("range=0..1,range=0..2", "\"range\" is there twice");
  expect("range=0..1,imagenet", "expected KEY=VALUE");
  expect("imagenet,", "found \"\", expected KEY=VALUE");
  PictureConvention convention;
  PictureOrigins origins;
  const auto far = Preprocess::Parse("range=0..3e38,std=1e-30", "x");
  ASSERT_TRUE(far.ok());
  EXPECT_FALSE(far->Apply(convention, origins).ok());
  EXPECT_EQ(convention, PictureConvention{});
}

TEST(Preprocess, JsonSaysTheSame) {
  const auto json = [](const std::string& text) { return Preprocess::ParseJson(text, "x"); };
  EXPECT_EQ(Applied(json(R"({"range": [0, 1], "mean": [0.485, 0.456, 0.406], "std":
                             "0.229:0.224:0.225", "order": "rgb"})")),
            Applied("imagenet"));
  EXPECT_EQ(Applied(json(R"({"order": "rgb", "preset": "caffe"})")), Applied("caffe,order=rgb"));
  EXPECT_EQ(Applied(json(R"({"std": 2})")), Applied("std=2"));
  EXPECT_EQ(Applied(json("{}")), PictureConvention{});
  ExpectError(json(""), "is no JSON");
  ExpectError(json("{\"range\": "), "is no JSON");
  ExpectError(json("[1]"), "expected a JSON object");
  ExpectError(json(R"({"colour": 1})"), "unknown key \"colour\"");
  ExpectError(json(R"({"colour": {}})"), "unknown key \"colour\"");
  ExpectError(json(R"({"mean": [1, "x", 3]})"), "key \"mean\"");
  ExpectError(json(R"({"mean": [1, 2]})"), "1, 3 or 4 numbers");
  ExpectError(json(R"({"mean": null})"), "key \"mean\"");
  ExpectError(json(R"({"range": 1})"), "found \"1\", expected LOW..HIGH");
  ExpectError(json(R"({"preset": 7})"), "unknown preset");
  ExpectError(json(R"({"std": 1, "std": 2})"), "\"std\" is there twice");
  ExpectError(json(std::string(60'000, '[')), "is no JSON");
  ExpectError(json(std::string(30'000, '[') + std::string(30'000, ']')), "JSON object");
}

TEST(Preprocess, TheFirstSayerWins) {
  auto option = Preprocess::Parse("order=bgr", "option");
  const auto sidecar = Preprocess::Parse("order=rgb,range=0..1", "sidecar");
  ASSERT_TRUE(option.ok() && sidecar.ok());
  option->AddDefaults(*sidecar);
  PictureConvention convention;
  PictureOrigins origins;
  ASSERT_TRUE(option->Apply(convention, origins).ok());
  EXPECT_TRUE(convention.bgr);
  EXPECT_EQ(origins.order, "option");
  EXPECT_EQ(origins.range, "sidecar");
  EXPECT_EQ(origins.out_range, "assumed");
}

TEST(Preprocess, Sidecars) {
  std::string folder = (fs::temp_directory_path() / "preprocess_test.XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string model = folder + "/m.onnx", path = model + ".picabia.json";
  EXPECT_EQ(Applied(Preprocess::ReadSidecar(model)), PictureConvention{});
  std::ofstream(path) << R"({"order": "bgr"})";
  EXPECT_TRUE(Applied(Preprocess::ReadSidecar(model)).bgr);
  std::ofstream(path) << R"({"order": 1})";
  ExpectError(Preprocess::ReadSidecar(model), path + ": key \"order\"");
  std::ofstream(path) << "{" << std::string(65536, ' ') << "}";
  ExpectError(Preprocess::ReadSidecar(model), "expected at most 65536");
  fs::remove(path);
  fs::create_directory(path);
  ExpectError(Preprocess::ReadSidecar(model), path);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace picabia::studio
