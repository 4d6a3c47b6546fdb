// The order of the passes, and the runner that times each and verifies the graph after it. Called
// by compile/.
#include <algorithm>
#include <chrono>

#include "passes/pass.h"

namespace picabia::passes {

const std::vector<PassInfo>& Pipeline() {
  static const std::vector<PassInfo> passes = {
      // Frozen graphs read weights through Identities: nothing sees constants before they are gone.
      {"remove_identities", RemoveIdentities, RemoveIdentities},
      {"split_integer_convolutions", SplitIntegerConvolutions, nullptr},
      // The filters of quantized convolutions take their layout while they are bytes.
      {"transpose_quantized_filters", SinkDequantize, SinkDequantize},
      {"fold_constants", FoldConstants, FoldConstants},
      // Settles the layout, so that the fusions below see spatial operators side by side.
      {"cancel_transposes", CancelTransposes, CancelTransposes},
      {"sink_dequantize", SinkDequantize, SinkDequantize},
      {"fuse_quantized", FuseQuantized, FuseQuantized},
      {"fold_filters", FoldFilters, FoldFilters},
      {"fuse_instance_norm", FuseInstanceNorm, FuseInstanceNormExactly},
      {"fold_batch_norm", FoldBatchNorm, nullptr},
      {"fuse_conv_blocks", FuseConvBlocks, FuseConvBlocksExactly},
  };
  return passes;
}

Status RunPipeline(ir::Graph& graph, const PipelineOptions& options) {
  for (const std::string& name : options.disabled) {
    const auto& all = Pipeline();
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const PassInfo& p) { return name == p.name; });
    if (known) continue;
    std::string names;
    for (const PassInfo& p : all) names += (names.empty() ? "" : ", ") + std::string(p.name);
    return InvalidArgument("found pass '" + name + "', expected one of " + names);
  }
  PICABIA_RETURN_IF_ERROR(ir::Verify(graph));
  for (const PassInfo& pass : Pipeline()) {
    const auto& disabled = options.disabled;
    if (std::find(disabled.begin(), disabled.end(), pass.name) != disabled.end()) continue;
    const auto run = options.target == Target::kCpu ? pass.run : pass.run_mlu270;
    if (run == nullptr) continue;
    const auto start = std::chrono::steady_clock::now();
    Result<int> rewrites = run(graph);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const Status status = rewrites.ok() ? ir::Verify(graph) : rewrites.status();
    if (!status.ok()) return status.WithContext(std::string("pass ") + pass.name);
    if (options.observer) options.observer(pass, *rewrites, seconds.count(), graph);
  }
  return OkStatus();
}

}  // namespace picabia::passes
