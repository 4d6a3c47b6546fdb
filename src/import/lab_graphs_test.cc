// The graphs of the AI Computing Systems lab, where they are there: real files with constants
// behind Identity nodes, sizes named in constants and Cambricon's int8 operators. Their weights are
// not free, so that they are no part of the project; without them these tests are skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "import/import.h"
#include "ir/graph.h"
#include "ops/shape.h"

namespace picabia::import {
namespace {

std::string ModelsDir() {
  const char* shared = std::getenv("PICABIA_SHARED");
  return (shared != nullptr ? std::string(shared) : PICABIA_SOURCE_DIR "/../shared") + "/models";
}

class LabGraphs : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    path_ = ModelsDir() + "/" + GetParam() + ".pb";
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << path_ << " is not there";
  }
  std::string path_;
};

std::map<std::string, int> OpCounts(const ir::Graph& graph) {
  std::map<std::string, int> counts;
  for (const ir::Node& n : graph.nodes) ++counts[ops::OpName(n.op)];
  return counts;
}

bool Contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// The shape of `fetch` when every input has the frozen size times `factor`.
Shape ShapeAt(const ir::Graph& graph, const std::string& fetch, int64_t factor) {
  std::map<int32_t, ops::TensorType> types;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const ir::Value& v = graph.values[i];
    if (v.constant) types[static_cast<int32_t>(i)] = {v.dtype, v.constant->shape()};
  }
  for (const ir::ValueId id : graph.inputs) {
    Shape shape = graph.value(id).frozen_shape.value_or(Shape{1, 256, 256, 3});
    if (graph.value(id).name == "moments_15/PowerDifference_z") shape = {};
    if (shape.size() == 4) shape[1] *= factor, shape[2] *= factor;
    types[id.index] = {graph.value(id).dtype, shape};
  }
  for (const ir::Node& n : graph.nodes) {
    std::vector<ops::TensorType> inputs;
    for (const ir::ValueId id : n.inputs) inputs.push_back(types.at(id.index));
    const auto outputs = ops::InferOutputs(n.op, inputs);
    EXPECT_TRUE(outputs.ok()) << n.name << ": " << outputs.status().message();
    if (!outputs.ok()) return {};
    types[n.outputs[0].index] = (*outputs)[0];
  }
  const auto id = graph.FindValue(fetch);
  EXPECT_TRUE(id.ok());
  return id.ok() ? types.at(id->index).shape : Shape{};
}

TEST_P(LabGraphs, ImportsWithAllItsNodes) {
  const auto graph = ImportModel(path_);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  const std::string name = GetParam();
  const bool int8 = Contains(name, "int8");
  const bool numpy = Contains(name, "numpy");
  const bool power = Contains(name, "power_diff") && !numpy;
  auto counts = OpCounts(*graph);
  EXPECT_EQ(counts[int8 ? "Int8Conv2D" : "Conv2D"], 14);
  EXPECT_EQ(counts[int8 ? "Int8ConvTranspose2D" : "ConvTranspose2D"], 2);
  EXPECT_EQ(counts["Reduce"], 32);
  EXPECT_EQ(counts["Identity"], 48 + 16);  // reads of weights, and StopGradient
  EXPECT_EQ(counts["Unary"], 11);
  EXPECT_EQ(counts["PowerDifference"], power ? 1 : 0);
  EXPECT_EQ(counts["Binary"], 38 + 17 + 16 + 16 + 16 + (power || numpy ? 15 : 16));
  EXPECT_EQ(graph->inputs.size(), power || numpy ? 2u : 1u);
  EXPECT_FALSE(graph->picture.nchw);
  EXPECT_EQ(graph->format, "tensorflow");
}

TEST_P(LabGraphs, FrozenSizeIsFreed) {
  const auto graph = ImportModel(path_);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  const auto id = graph->FindValue("X_content:0");
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(graph->value(*id).declared_shape, (Shape{-1, -1, -1, 3}));
  EXPECT_EQ(graph->value(*id).frozen_shape, (Shape{1, 256, 256, 3}));
  EXPECT_EQ(ShapeAt(*graph, "add_37", 1), (Shape{1, 256, 256, 3}));
  EXPECT_EQ(ShapeAt(*graph, "add_37", 3), (Shape{1, 768, 768, 3}));
}

TEST_P(LabGraphs, NodesCanBeFetchedByName) {
  const auto graph = ImportModel(path_);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  for (const char* name : {"Conv2D_13", "moments_15/StopGradient", "add_37:0", "Variable_3/read"}) {
    EXPECT_TRUE(graph->FindValue(name).ok()) << name;
  }
  std::vector<std::string> outputs;
  for (const ir::ValueId id : graph->outputs) outputs.push_back(graph->value(id).name);
  EXPECT_TRUE(std::count(outputs.begin(), outputs.end(), "add_37") == 1);
  EXPECT_EQ(outputs.size(), Contains(GetParam(), "numpy") ? 2u : 1u);
}

TEST_P(LabGraphs, EveryPrefixAtAKilobyteIsRefused) {
  const auto file = FileBytes::Open(path_);
  ASSERT_TRUE(file.ok());
  // Cuts inside of nodes; a file that ends between two nodes is a graph, and lacks an input.
  const std::filesystem::path cut = ::testing::TempDir() + "picabia_cut.pb";
  for (size_t size = 1000; size < 200000; size += 9973) {
    ASSERT_TRUE(WriteFileAtomically(cut.string(), (*file)->bytes().first(size)).ok());
    const auto graph = ImportModel(cut.string());
    ASSERT_FALSE(graph.ok()) << size;
    EXPECT_TRUE(graph.status().message().starts_with(cut.string())) << graph.status().message();
  }
  std::filesystem::remove(cut);
}

INSTANTIATE_TEST_SUITE_P(All, LabGraphs,
                         ::testing::Values("udnie", "udnie_power_diff", "udnie_power_diff_numpy",
                                           "udnie_int8", "udnie_int8_power_diff",
                                           "udnie_int8_power_diff_numpy"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace picabia::import
