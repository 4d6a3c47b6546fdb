// The lab's variants of a graph: one node that squares a difference becomes the custom operator
// PowerDifference, or a placeholder whose value the host computes. Called by the command line.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace picabia::quant {

enum class VariantOp { kPowerDifference, kPlaceholder };

// A TensorFlow graph in which node `name` (SquaredDifference, or PowerDifference for a placeholder)
// is replaced by NAME_OF_ITS_SCOPE/PowerDifference; whoever read it reads that. PowerDifference
// gets its power from a new placeholder, which ends in PowerDifference_z. No other node changes.
// The error lists the nodes that can be replaced.
Result<std::string> MakeVariant(std::string_view model, const std::string& name, VariantOp op);

}  // namespace picabia::quant
