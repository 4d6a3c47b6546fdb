// A run without the work: the types that every tensor would have, and the contents of the small
// ones that shapes are computed from. Called by who wants to know whether a model takes a size.
#pragma once

#include <vector>

#include "base/status.h"
#include "ops/shape.h"
#include "program/program.h"

namespace picabia::runtime {

// `inputs`: the shapes of program.inputs. The error is that of the run, with the node's name;
// kUnsupported where a shape depends on the contents of an input.
Result<std::vector<ops::TensorType>> DryRun(const program::Program& program,
                                            const std::vector<Shape>& inputs);

}  // namespace picabia::runtime
