// Finds out what the processor and the operating system allow.
#include "base/cpu.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <cstdlib>
#include <string>

namespace picabia {
namespace {

constexpr const char* kNames[kNumIsas] = {"scalar", "sse4", "avx2", "avx512vnni", "avx512amx"};

#if defined(__x86_64__) && defined(PICABIA_SIMD) && defined(__linux__)
// Whether the processor has 8-bit tiles and the system lets this process (and the threads that it
// starts from now on) use them.
bool MayUseAmx() {
  constexpr unsigned kTileBits = (1u << 24) | (1u << 25);  // EDX of leaf 7: AMX-TILE, AMX-INT8
  constexpr unsigned kOsxsave = 1u << 27;                  // ECX of leaf 1
  constexpr unsigned kTileState = 3u << 17;                // XCR0: TILECFG, TILEDATA
  constexpr int kRequest = 0x1023, kTileData = 18;         // ARCH_REQ_XCOMP_PERM of Linux 5.16
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kOsxsave) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTileBits) != kTileBits) return false;
  unsigned low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & kTileState) == kTileState && syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}
#endif

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
#if defined(__linux__)
  static const bool amx = avx512vnni && MayUseAmx();
  if (amx) return Isa::kAvx512Amx;
#endif
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
                         ": unknown; the names are scalar, sse4, avx2, avx512vnni, avx512amx");
}

}  // namespace picabia
