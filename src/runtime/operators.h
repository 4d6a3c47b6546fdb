// Custom operators of the C interface (include/picabia/operator.h): from a shared library, or from
// a struct in this process.
#pragma once

#include <string>

#include "base/status.h"
#include "ops/custom.h"
#include "picabia/operator.h"

namespace picabia::runtime {

// Loads a shared library, which runs its code, and adds all its operators; it stays loaded as long
// as one of them is in use. Nothing is added on an error, which names the file and says what is
// wrong: no such file, no symbol picabia_operators, another version of the interface, a field that
// breaks a rule, an operator that is there already.
Status LoadOperators(const std::string& path, ops::OperatorRegistry& registry);

// Adds one operator of this process. What the struct points to must stay until `release` is called,
// which is also called on an error.
Status AddOperator(const picabia_operator& op, ops::OperatorRegistry& registry);

}  // namespace picabia::runtime
