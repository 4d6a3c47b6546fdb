// Finds out what the processor and the operating system allow.
#include "base/cpu.h"

#include <cstdlib>
#include <string>

namespace picabia {
namespace {

constexpr const char* kNames[kNumIsas] = {"scalar", "sse4", "avx2", "avx512vnni"};

}  // namespace

const char* IsaName(Isa isa) { return kNames[static_cast<int>(isa)]; }

Isa BestIsa() {
#if defined(__x86_64__) && defined(PICABIA_SIMD)
  __builtin_cpu_init();  // includes the check that the system saves the wide registers
  const bool sse4 = __builtin_cpu_supports("sse4.1");
  const bool avx2 = sse4 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c");
  const bool avx512vnni =
      avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni");
  if (avx512vnni) return Isa::kAvx512Vnni;
  if (avx2) return Isa::kAvx2;
  if (sse4) return Isa::kSse4;
#endif
  return Isa::kScalar;
}

Result<Isa> SelectIsa() {
  const Isa best = BestIsa();
  const char* name = std::getenv("PICABIA_ISA");
  if (name == nullptr || *name == '\0') return best;
  for (int i = 0; i < kNumIsas; ++i) {
    if (std::string(name) != kNames[i]) continue;
    if (i > static_cast<int>(best)) {
      return Unsupported("PICABIA_ISA=" + std::string(name) + ": this machine runs " +
                         IsaName(best) + " at most");
    }
    return static_cast<Isa>(i);
  }
  return InvalidArgument("PICABIA_ISA=" + std::string(name) +
                         ": unknown; the names are scalar, sse4, avx2, avx512vnni");
}

}  // namespace picabia
