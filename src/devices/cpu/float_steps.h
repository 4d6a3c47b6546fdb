// Which steps that multiply pictures by weights run in float where integers are asked for, and why:
// what `picabia inspect` says. All others are integers or have no products.
#pragma once

#include <string>
#include <vector>

#include "program/program.h"

namespace picabia::cpu {

struct FloatStep {
  std::string node;
  std::string op;
  std::string reason;
};

// `program` has passed CheckProgram.
std::vector<FloatStep> StepsInFloat(const program::Program& program);

}  // namespace picabia::cpu
