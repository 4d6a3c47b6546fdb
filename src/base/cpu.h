// Which instruction sets there are, which this machine has, and which one is used.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace picabia {

// kNeon: 64-bit ARM with the dot product extension.
enum class Isa { kScalar = 0, kSse4 = 1, kAvx2 = 2, kAvx512Vnni = 3, kAvx512Amx = 4, kNeon = 5 };
constexpr int kNumIsas = 6;

// "scalar", "sse4", "avx2", "avx512vnni", "avx512amx", "neon".
const char* IsaName(Isa isa);
// Those that this machine runs, from the slowest to the fastest.
const std::vector<Isa>& MachineIsas();
// The last of them.
Isa BestIsa();
// The one named by the environment variable PICABIA_ISA, or BestIsa() when it is not set. An
// unknown name, or one that this machine does not have, is an error.
Result<Isa> SelectIsa();

}  // namespace picabia
