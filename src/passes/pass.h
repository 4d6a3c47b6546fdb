// Rewrites of the graph. Each is a name, a file that opens with its algebraic identity, a test and
// a negative test; pipeline.cc is their order, and the runner verifies the graph after each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "ir/graph.h"

namespace picabia::passes {

// Whose numbers the rewrites must keep.
enum class Target {
  kCpu,  // those of real arithmetic
  // Those of a card that rounds to half after every operation: rewrites that change weights, or
  // that take a division for a multiplication, are left out (kernels/mlu/numerics.h).
  kMlu270,
};

// Every pass keeps the graph's inputs and outputs (values, names, types) and the meaning of the
// outputs. Returns how many rewrites it made.
Result<int> RemoveIdentities(ir::Graph& graph);  // Identity(x) -> x
Result<int> SplitIntegerConvolutions(
    ir::Graph& graph);  // 16 bits, or a scale a channel -> 8-bit convolutions with one scale
Result<int> FoldConstants(ir::Graph& graph);     // op(constants) -> constant, under a byte budget
Result<int> FuseInstanceNorm(ir::Graph& graph);  // the TensorFlow chain of 9 nodes -> InstanceNorm
Result<int> FoldBatchNorm(
    ir::Graph& graph);  // BatchNorm after a convolution -> its filter and bias; else Mul and Add
Result<int> CancelTransposes(
    ir::Graph& graph);  // layout: Transposes sink through elementwise operators and cancel
Result<int> SinkDequantize(
    ir::Graph& graph);  // operators that only move elements move bytes; Q(DQ(q)) -> q
Result<int> FuseQuantized(
    ir::Graph& graph);  // what stands between DequantizeLinear and QuantizeLinear, in integers
Result<int> FoldFilters(ir::Graph& graph);  // FoldConstants, also of filters kept as bytes
Result<int> FuseConvBlocks(
    ir::Graph& graph);  // pad + convolution + bias + norm + activation + residual -> ConvBlock

// Those of the last two that a card computes alike: no weights are changed, no bias joins the
// products before they are rounded, no reciprocal stands for a division.
Result<int> FuseInstanceNormExactly(ir::Graph& graph);
Result<int> FuseConvBlocksExactly(ir::Graph& graph);

struct PassInfo {
  const char* name;
  Result<int> (*run)(ir::Graph&);
  Result<int> (*run_mlu270)(ir::Graph&);  // under Target::kMlu270; null: left out
};
// In the order in which they run.
const std::vector<PassInfo>& Pipeline();

struct PipelineOptions {
  Target target = Target::kCpu;
  std::vector<std::string> disabled;  // names of passes to leave out; an unknown name is an error
  // Called after each pass with its name, rewrite count and seconds; may be empty.
  std::function<void(const PassInfo&, int rewrites, double seconds, const ir::Graph&)> observer;
};
Status RunPipeline(ir::Graph& graph, const PipelineOptions& options = {});

}  // namespace picabia::passes
