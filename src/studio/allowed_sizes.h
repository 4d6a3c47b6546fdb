// Which sizes a model takes, found by trying them: for the message when it does not take one.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "program/program.h"
#include "runtime/session.h"

namespace picabia::studio {

// `failed`, the error of a run with inputs of these shapes, with what the model allows behind it
// ("its height must be a multiple of 4, at least 16"), where the shapes are why it failed.
Status WithAllowedSizes(const Status& failed, const program::Program& program,
                        const std::vector<Shape>& shapes);
// The same with what was fed.
Status WithAllowedSizes(const Status& failed, const program::Program& program,
                        const std::vector<runtime::Feed>& feeds);

// From the sizes 1, 2, ... that are allowed: "a multiple of 4, at least 16", "at least 9", "64",
// "one of 1, 2, 5", or "" where every one is or none is.
std::string SizesText(const std::vector<bool>& allowed);

}  // namespace picabia::studio
