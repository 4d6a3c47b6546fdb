// A model file into a compiled program: the work behind `picabia compile` and Python's compile().
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "ops/custom.h"
#include "studio/preprocess.h"
#include "studio/set_inputs.h"

namespace picabia::studio {

struct CompileRequest {
  std::string model, output;
  std::string target = "cpu";     // "cpu" or "mlu270"
  int64_t height = 0, width = 0;  // the usual size of pictures; 0: what the model was frozen at
  Preprocess preprocess;
  std::vector<SetOption> sets;  // inputs that become constants
  ops::OperatorSet operators;
};

// Writes the output whole or not at all. The error names the model, or the target that is unknown.
Status CompileModel(const CompileRequest& request);

}  // namespace picabia::studio
