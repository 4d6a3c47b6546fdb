// Finds out what the processor and the operating system allow.
#include "base/cpu.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <string>

namespace picabia {
namespace {

constexpr const char* kNames[kNumIsas] = {"scalar",     "sse4",      "avx2",
                                          "avx512vnni", "avx512amx", "neon"};

#if defined(__x86_64__) && defined(PICABIA_SIMD) && defined(__linux__)
// Whether the processor has 8-bit tiles and the system lets this process (and the threads that it
// starts from now on) use them.
bool MayUseAmx() {
  // EDX of leaf 7: AVX512-FP16, AMX-TILE, AMX-INT8. Processors with the tiles have all three.
  constexpr unsigned kTileBits = (1u << 23) | (1u << 24) | (1u << 25);
  constexpr unsigned kOsxsave = 1u << 27;           // ECX of leaf 1
  constexpr unsigned kTileState = 3u << 17;         // XCR0: TILECFG, TILEDATA
  constexpr int kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM of Linux 5.16
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kOsxsave) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTileBits) != kTileBits) return false;
  unsigned low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & kTileState) == kTileState && syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}
#endif

#if defined(__x86_64__) && defined(PICABIA_SIMD)
void AddIsas(std::vector<Isa>& isas) {
  __builtin_cpu_init();  // includes the check that the system saves the wide registers
  if (!__builtin_cpu_supports("sse4.1")) return;
  isas.push_back(Isa::kSse4);
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("f16c")) {
    return;
  }
  isas.push_back(Isa::kAvx2);
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") ||
      !__builtin_cpu_supports("avx512vnni")) {
    return;
  }
  isas.push_back(Isa::kAvx512Vnni);
#if defined(__linux__)
  if (MayUseAmx()) isas.push_back(Isa::kAvx512Amx);
#endif
}
#elif defined(__aarch64__) && defined(PICABIA_SIMD) && defined(__linux__)
void AddIsas(std::vector<Isa>& isas) {
  if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) isas.push_back(Isa::kNeon);
}
#else
void AddIsas(std::vector<Isa>&) {}
#endif

std::vector<Isa> FindIsas() {
  std::vector<Isa> isas = {Isa::kScalar};
  AddIsas(isas);
  return isas;
}

}  // namespace

const char* IsaName(Isa isa) { return kNames[static_cast<int>(isa)]; }

const std::vector<Isa>& MachineIsas() {
  static const std::vector<Isa> isas = FindIsas();
  return isas;
}

Isa BestIsa() { return MachineIsas().back(); }

Result<Isa> SelectIsa() {
  const char* name = std::getenv("PICABIA_ISA");
  if (name == nullptr || *name == '\0') return BestIsa();
  const std::string prefix = "PICABIA_ISA=" + std::string(name) + ": ";
  const auto* found = std::find(std::begin(kNames), std::end(kNames), std::string(name));
  if (found == std::end(kNames)) {
    return InvalidArgument(
        prefix + "unknown; the names are scalar, sse4, avx2, avx512vnni, avx512amx, neon");
  }
  const auto isa = static_cast<Isa>(found - kNames);
  const std::vector<Isa>& isas = MachineIsas();
  if (std::find(isas.begin(), isas.end(), isa) == isas.end())
    return Unsupported(prefix + "this machine runs " + IsaName(isas.back()) + " at most");
  return isa;
}

}  // namespace picabia
