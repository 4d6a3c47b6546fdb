// Inputs that the host fills between two runs, as in the course's NumPy variant: the file gives
// them no shape, but what they stand for has one. Called where an offline model is made.
#pragma once

#include <optional>
#include <vector>

#include "base/status.h"
#include "ir/graph.h"

namespace picabia::studio {

// The tensor whose square deviations `input` holds: the graph reduces the input and nothing else,
// and what comes of it meets that tensor first. It has the shape of the input. None where the input
// is used otherwise.
std::optional<ir::ValueId> NormalizedTensor(const ir::Graph& graph, ir::ValueId input);

// Drops the outputs that need none of `inputs`: the host had them from the run before. Where no
// output does, all stay.
Status KeepOutputsThatNeed(ir::Graph& graph, const std::vector<ir::ValueId>& inputs);

}  // namespace picabia::studio
