// Custom operators of a program: bound when it is loaded, because a file holds only their names.
#pragma once

#include "base/status.h"
#include "ops/custom.h"
#include "program/program.h"

namespace picabia::program {

// Gives each Custom step its implementation, where `operators` has it. One that is named
// PowerDifference also takes the place of the steps that compute it otherwise. The error names the
// step whose output would have another type than the program was made for.
Status BindOperators(Program& program, const ops::OperatorSet& operators);

// An error naming the first Custom step without implementation.
Status CheckBound(const Program& program);

}  // namespace picabia::program
