// Nodes of both formats whose type is a loaded operator.
#include <gtest/gtest.h>

#include "import/testing/messages.h"

namespace picabia::import {
namespace {

namespace t = testing;
namespace tf = testing::tf;
namespace onnx = testing::onnx;

// Gives int32 whatever comes in.
class Whole final : public ops::CustomOperator {
 public:
  Result<DType> OutputType(std::span<const DType>, const std::string&) const override {
    return DType::kI32;
  }
  Status Compute(std::span<const Tensor>, const std::string&, Tensor&) const override {
    return OkStatus();
  }
};

std::string Nodes(std::string_view bytes, const std::string& type) {
  Source source = t::SourceOf(bytes);
  source.operators = {{type, std::make_shared<Whole>()}};
  const auto graph = ImportSource(source);
  if (!graph.ok()) return "error: " + graph.status().message();
  const std::string text = ir::Print(*graph);
  return text.substr(text.find("\n%") + 1);
}

TEST(CustomNodes, TakeTheirAttributesAlong) {
  const std::string node =
      tf::Node("y", "Mine", {"x"},
               {tf::List("strides", {1, 2}), tf::String("mode", "A B"), tf::Type("T", tf::kFloat),
                tf::Shape("size", {3, 4}), tf::Type("_private", tf::kFloat)});
  EXPECT_EQ(Nodes(tf::Graph({tf::Placeholder("x", {1, 8, 8, 3}), node}), "Mine"),
            "%y : int32 = Custom(%x) {type=\"Mine\", to=6, "
            "attributes=\"strides=i:1,2;mode=s:A%20B;T=s:float32;size=i:3,4\"}\noutput %y\n");
}

TEST(CustomNodes, StandAboveTheImportersOwn) {
  const auto power = tf::Node("y", "PowerDifference", {"x", "x", "p"});
  const std::string graph =
      tf::Graph({tf::Placeholder("x", {2}), tf::Placeholder("p", {1}), power});
  EXPECT_EQ(Nodes(graph, "PowerDifference"),
            "%y : int32 = Custom(%x, %x, %p) {type=\"PowerDifference\", to=6}\noutput %y\n");
  EXPECT_EQ(Nodes(graph, "Other"), "%y = PowerDifference(%x, %x, %p)\noutput %y\n");
}

TEST(CustomNodes, OfOnnxHaveADomain) {
  onnx::Model m;
  m.inputs = {onnx::ValueInfo("x", {2})};
  m.outputs = {onnx::ValueInfo("y", {}, onnx::kInt32)};
  m.nodes = {onnx::Node("Mine", {"x"}, {"y"}, {}, "n", "org.example")};
  const std::string expected = "%y : int32 = Custom(%x) {type=\"TYPE\", to=6} @n\noutput %y\n";
  const auto with = [&](const std::string& type) {
    std::string text = expected;
    return text.replace(text.find("TYPE"), 4, type);
  };
  EXPECT_EQ(Nodes(m.Bytes(), "org.example::Mine"), with("org.example::Mine"));
  EXPECT_EQ(Nodes(m.Bytes(), "Mine"), with("Mine"));
  EXPECT_NE(Nodes(m.Bytes(), "other::Mine").find("of domain 'org.example' is not supported"),
            std::string::npos);
}

TEST(CustomNodes, WhatTheyCannotBeGivenIsNamed) {
  const auto node = [](const tf::Attr& attribute) {
    return Nodes(tf::Graph({tf::Placeholder("x", {2}), tf::Node("y", "Mine", {"x"}, {attribute})}),
                 "Mine");
  };
  EXPECT_EQ(node(tf::Tensor("value", tf::TensorProto(tf::kFloat, {1}, ""))),
            "error: m.pb: node 'y': attribute 'value' is a tensor, which no custom operator can be "
            "given");
  EXPECT_EQ(node(tf::UnknownShape("s")),
            "error: m.pb: node 'y': attribute 's' is a shape, which no custom operator can be "
            "given");
  EXPECT_NE(Nodes(tf::Graph({tf::Placeholder("x", {2}), tf::Node("y", "Mine", {"x:1"})}), "Mine")
                .find("error: m.pb: node 'y'"),
            std::string::npos);
  EXPECT_EQ(Nodes(tf::Graph({tf::Placeholder("x", {2}), tf::Node("y", "Mine", {})}), "Mine"),
            "error: m.pb: node 'y': Mine has 0 inputs, expected 1");
}

}  // namespace
}  // namespace picabia::import
