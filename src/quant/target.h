// Which layers need more than 8 bits for a picture of a given quality. Called by the command line.
#pragma once

#include <string>
#include <vector>

#include "quant/evaluate.h"

namespace picabia::quant {

struct TargetOptions {
  double psnr = 0;      // dB, to be reached on the pictures
  double seconds = 60;  // after which the search takes the best that it has
  EvaluateOptions evaluate;
};

struct TargetResult {
  std::vector<LayerPlan> plans;
  std::vector<std::string> log;  // what was tried, a line each
};

// The fewest layers in 16 bits, then in float, that reach the target. Layers are raised in the
// order of the harm that each does alone; then each is lowered again where the rest will do.
Result<TargetResult> ReachTarget(const Source& source, const Calibration& calibration,
                                 const Options& options, const Pictures& pictures,
                                 const TargetOptions& target);

}  // namespace picabia::quant
