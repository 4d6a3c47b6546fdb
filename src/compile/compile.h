// Graphs into programs: runs the passes, lowers each node to a step, packs the weights.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "compile/host.h"
#include "ir/graph.h"
#include "passes/pass.h"
#include "program/program.h"

namespace picabia::compile {

struct CompileOptions {
  // Tensor names that the caller will feed and fetch; empty: the model's own inputs and outputs.
  // Any inner tensor may be fed or fetched.
  std::vector<std::string> feeds;
  std::vector<std::string> fetches;
  bool optimize =
      true;  // false: no passes, one step a node, as the file says (the reference interpreter)
  passes::PipelineOptions pipeline;
  ops::OperatorSet operators;           // loaded ones, which stand above Picabia's own
  std::vector<HostCallback> callbacks;  // not of compiled programs: they have lost inner tensors
  ops::PowerConvention power = ops::PowerConvention::kValue;  // of every PowerDifference
};

Result<program::Program> CompileGraph(ir::Graph graph, const CompileOptions& options = {});

// A compiled program has no inner tensors: feeds and fetches must be its own. The error lists them.
Status CheckNames(const program::Program& program, const CompileOptions& options);

// Checks names, binds operators, sets the convention of powers; callbacks are refused.
Status PrepareProgram(program::Program& program, const CompileOptions& options);

// A model file of any kind: a compiled program is mapped, a TensorFlow or ONNX model is imported
// and compiled. A compiled program has lost its inner tensors: feeds and fetches then must be its
// own.
Result<std::shared_ptr<const program::Program>> LoadModel(const std::string& path,
                                                          const CompileOptions& options = {});

}  // namespace picabia::compile
