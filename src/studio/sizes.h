// Which picture sizes a network takes, and how a picture of any other size is brought to one.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "program/program.h"

namespace picabia::studio {

// A network that halves a picture and doubles it again gives back the size it was given only for
// multiples of its strides; one that pads by reflection needs more pixels than it reflects.
struct SizeRule {
  int64_t multiple = 1;
  int64_t minimum = 1;
};

// From the steps: the least common multiple of how much the picture is reduced at any of them, and
// the widest reflection at any of them, in pixels of the picture.
SizeRule SizeRuleOf(const program::Program& program);

// The smallest size >= `size` that the rule allows.
int64_t PaddedSize(int64_t size, const SizeRule& rule);

// Which of `size` pixels stands at each of `padded` >= size places: mirrored at the far edge
// without repeating it, and back again where one mirroring does not reach (0 1 2 1 0 1 ...).
std::vector<int64_t> ReflectIndices(int64_t size, int64_t padded);

// "HxW", both in 1..65536, as {H, W}.
Result<std::pair<int64_t, int64_t>> ParseSize(const std::string& text);

}  // namespace picabia::studio
