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
  std::vector<std::string> fetches;  // tensors to compute; empty: the model's outputs
  bool as_cambricon = false;         // PowerDifference reads its exponent as the lab's kernels do
  // Of target mlu270:
  std::vector<int64_t> batches;  // one function each, subnet0 the first; empty: one picture
  std::string io_type = "half";  // of inputs and outputs: "half", "float32", "uint8" (pictures that
                                 // go in; what comes out are halves)
};

// Writes the output whole or not at all, and of target mlu270 OUTPUT_twins beside it. The error
// names the model, or the target that is unknown.
Status CompileModel(const CompileRequest& request);

}  // namespace picabia::studio
