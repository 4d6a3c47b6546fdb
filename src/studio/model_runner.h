// Runs models that are in memory, for the quantizer: what src/quant/model.h calls an OpenFunction.
#pragma once

#include <string>

#include "ops/custom.h"
#include "quant/model.h"

namespace picabia::studio {

// Computes in float, or in integers where a model says so, whatever the precision. `name` and
// `folder` are of the file that the models come from; `operators` are custom ones that they may
// have.
quant::OpenFunction ModelRunner(const std::string& name, int threads,
                                const ops::OperatorSet& operators = {});

}  // namespace picabia::studio
