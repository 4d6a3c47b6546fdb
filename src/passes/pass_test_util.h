// What the test of every pass does: text in, pass, text out, and the same numbers before and after
// by the scalar reference. Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "ir/text.h"
#include "kernels/reference/reference.h"
#include "passes/pass.h"

namespace picabia::passes {

inline ir::Graph MustParse(std::string_view text) {
  auto graph = ir::Parse(text);
  EXPECT_TRUE(graph.ok()) << graph.status().message() << "\n" << text;
  return graph.ok() ? *std::move(graph) : ir::Graph{};
}

using Pass = Result<int> (*)(ir::Graph&);

// Runs the pass, checks that the graph is still legal, and returns it as text.
inline std::string After(Pass pass, std::string_view text, int* rewrites = nullptr) {
  ir::Graph graph = MustParse(text);
  const auto count = pass(graph);
  EXPECT_TRUE(count.ok()) << count.status().message();
  if (rewrites != nullptr && count.ok()) *rewrites = *count;
  const Status status = ir::Verify(graph);
  EXPECT_TRUE(status.ok()) << status.message();
  return ir::Print(graph);
}

// `text` goes in and comes out as `expected`, and a second run finds nothing more to do.
inline void ExpectRewrite(Pass pass, std::string_view text, const std::string& expected) {
  int rewrites = 0;
  const std::string once = After(pass, text, &rewrites);
  EXPECT_EQ(once, expected);
  EXPECT_GT(rewrites, 0);
  EXPECT_EQ(After(pass, once, &rewrites), expected);
  EXPECT_EQ(rewrites, 0) << once;
}

// The negative test: nothing may happen.
inline void ExpectUntouched(Pass pass, std::string_view text) {
  int rewrites = 0;
  const std::string same = ir::Print(MustParse(text));
  EXPECT_EQ(After(pass, text, &rewrites), same);
  EXPECT_EQ(rewrites, 0);
}

// Runs a graph by the scalar reference; input k holds sines of frequency k + 1.
inline std::vector<std::vector<float>> Evaluate(const ir::Graph& graph,
                                                const std::vector<Shape>& input_shapes) {
  std::map<ir::ValueId, Tensor> tensors;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (graph.values[i].constant) tensors[{static_cast<int32_t>(i)}] = *graph.values[i].constant;
  }
  for (size_t k = 0; k < graph.inputs.size(); ++k) {
    Tensor x = *Tensor::Create(DType::kF32, input_shapes.at(k));
    for (int64_t i = 0; i < x.num_elements(); ++i)
      x.MutableData<float>()[i] = std::sin(static_cast<float>(k + 1) * static_cast<float>(i));
    tensors[graph.inputs[k]] = x;
  }
  for (const ir::Node& node : graph.nodes) {
    std::vector<Tensor> inputs;
    for (ir::ValueId id : node.inputs) inputs.push_back(tensors.at(id));
    auto out = kernels::RunReference(node.op, inputs);
    EXPECT_TRUE(out.ok()) << node.name << ": " << out.status().message();
    if (!out.ok()) return {};
    tensors[node.outputs[0]] = (*out)[0];
  }
  std::vector<std::vector<float>> results;
  for (ir::ValueId id : graph.outputs) results.push_back(*FloatValues(tensors.at(id)));
  return results;
}

// `tolerance` is relative to 1 or to the value, whichever is larger.
inline void ExpectSameNumbers(const ir::Graph& before, const ir::Graph& after,
                              const std::vector<Shape>& input_shapes, float tolerance) {
  const auto a = Evaluate(before, input_shapes), b = Evaluate(after, input_shapes);
  ASSERT_EQ(a.size(), b.size());
  for (size_t k = 0; k < a.size(); ++k) {
    ASSERT_EQ(a[k].size(), b[k].size());
    for (size_t i = 0; i < a[k].size(); ++i) {
      ASSERT_NEAR(a[k][i], b[k][i], tolerance * std::fmax(1.f, std::fabs(a[k][i])))
          << "output " << k << " element " << i;
    }
  }
}

inline void ExpectSameNumbers(Pass pass, std::string_view text,
                              const std::vector<Shape>& input_shapes, float tolerance) {
  const ir::Graph before = MustParse(text);
  ir::Graph after = before;
  ASSERT_TRUE(pass(after).ok());
  ExpectSameNumbers(before, after, input_shapes, tolerance);
}

}  // namespace picabia::passes
