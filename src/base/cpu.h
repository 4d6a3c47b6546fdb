// Which instruction sets there are, which this machine has, and which one is used.
#pragma once

#include <string>

#include "base/status.h"

namespace picabia {

// Ordered: a machine that has one has all before it.
enum class Isa { kScalar = 0, kSse4 = 1, kAvx2 = 2, kAvx512Vnni = 3, kAvx512Amx = 4 };
constexpr int kNumIsas = 5;

// "scalar", "sse4", "avx2", "avx512vnni", "avx512amx".
const char* IsaName(Isa isa);
// The best one that this machine runs.
Isa BestIsa();
// The one named by the environment variable PICABIA_ISA, or BestIsa() when it is not set. An
// unknown name, or one that this machine does not have, is an error.
Result<Isa> SelectIsa();

}  // namespace picabia
