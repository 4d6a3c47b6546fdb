// Pictures made for measuring, the same on every machine.
#pragma once

#include <vector>

#include "base/status.h"
#include "program/program.h"
#include "runtime/session.h"

namespace picabia::studio {

constexpr unsigned kSyntheticSeed = 1;

// A tensor for each input of `program`, of the given shapes. Picture inputs take a synthetic
// picture; any other takes the number 2, the power of a variance. Inputs of `set` take what is
// there.
Result<std::vector<runtime::Feed>> SyntheticFeeds(const program::Program& program,
                                                  const std::vector<Shape>& shapes,
                                                  const std::vector<runtime::Feed>& set = {});

}  // namespace picabia::studio
