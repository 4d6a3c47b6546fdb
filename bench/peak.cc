// bench_peak: how many multiply-adds this machine's units do when all operands stay in registers,
// the roof of every figure that ./dev bench prints. Prints JSON; bench/machine.py reads it.
//
//     bench_peak [THREADS]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

constexpr double kSeconds = 0.05;  // long enough to reach the clock that lasts
constexpr int kRounds = 3;         // the best of them counts: others were disturbed

using Burst = int64_t (*)();  // does some work, returns its multiply-adds or bytes

#if defined(__x86_64__)

// The compiler must neither drop the work on a register nor join it with its neighbours'.
#define PICABIA_KEEP(register) asm volatile("" : "+v"(register))

constexpr int kChains = 12;  // independent sums: two units of latency 5 need 10
constexpr int kRepeats = 10000;

#define PICABIA_STEP(INSTRUCTION, sum) \
  sum = INSTRUCTION(sum, a, b);        \
  PICABIA_KEEP(sum)

// A burst of INSTRUCTION over kChains registers of TYPE, MACS multiply-adds each. Single names, not
// an array, which GCC would keep on the stack.
#define PICABIA_BURST(NAME, TARGET, TYPE, ZERO, INSTRUCTION, MACS)                                \
  __attribute__((target(TARGET))) int64_t NAME() {                                                \
    TYPE a = ZERO, b = a, s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, \
         s9 = a, s10 = a, s11 = a;                                                                \
    PICABIA_KEEP(a);                                                                              \
    PICABIA_KEEP(b);                                                                              \
    for (int i = 0; i < kRepeats; ++i) {                                                          \
      PICABIA_STEP(INSTRUCTION, s0);                                                              \
      PICABIA_STEP(INSTRUCTION, s1);                                                              \
      PICABIA_STEP(INSTRUCTION, s2);                                                              \
      PICABIA_STEP(INSTRUCTION, s3);                                                              \
      PICABIA_STEP(INSTRUCTION, s4);                                                              \
      PICABIA_STEP(INSTRUCTION, s5);                                                              \
      PICABIA_STEP(INSTRUCTION, s6);                                                              \
      PICABIA_STEP(INSTRUCTION, s7);                                                              \
      PICABIA_STEP(INSTRUCTION, s8);                                                              \
      PICABIA_STEP(INSTRUCTION, s9);                                                              \
      PICABIA_STEP(INSTRUCTION, s10);                                                             \
      PICABIA_STEP(INSTRUCTION, s11);                                                             \
    }                                                                                             \
    return int64_t{kRepeats} * kChains * (MACS);                                                  \
  }

#define PICABIA_FMA(sum, a, b) _mm256_fmadd_ps(a, b, sum)
#define PICABIA_FMA512(sum, a, b) _mm512_fmadd_ps(a, b, sum)
// What a CPU without VNNI does: 32 products in two instructions and an addition.
#define PICABIA_MADDUBS(sum, a, b) \
  _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), b))

PICABIA_BURST(Vnni512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32,
              64)
PICABIA_BURST(Vnni256, "avx512f,avx512vl,avx512vnni", __m256i, _mm256_setzero_si256(),
              _mm256_dpbusd_epi32, 32)
PICABIA_BURST(Maddubs, "avx2", __m256i, _mm256_setzero_si256(), PICABIA_MADDUBS, 32)
PICABIA_BURST(Float512, "avx512f", __m512, _mm512_setzero_ps(), PICABIA_FMA512, 16)
PICABIA_BURST(Float256, "avx2,fma", __m256, _mm256_setzero_ps(), PICABIA_FMA, 8)

struct __attribute__((packed)) TileShape {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Asks the kernel for the tile registers, which a process does not have by itself.
bool HasAmx() {
  constexpr long kRequestPermission = 0x1023,
                 kTileData = 18;           // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  constexpr unsigned kAmxInt8 = 1u << 25;  // of EDX, CPUID leaf 7
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kAmxInt8) != 0 &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

__attribute__((target("amx-tile,amx-int8"))) int64_t Amx() {
  static const TileShape shape;
  _tile_loadconfig(&shape);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (int i = 0; i < kRepeats; ++i) {  // four sums: each waits for itself only
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
  return int64_t{kRepeats} * 4 * 16 * 16 * 64;
}

#endif

// Seconds that this thread has run: a busy machine then takes longer, but measures the same.
double Now() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

// What leaves a core's own caches: bytes read and bytes written by a plain copy.
int64_t Copy() {
  constexpr size_t kBytes = size_t{32} << 20;  // beyond any level-2 cache
  thread_local std::vector<char> from(kBytes, 1), to(kBytes, 2);
  std::memcpy(to.data(), from.data(), kBytes);
  asm volatile("" : : "r"(to.data()) : "memory");
  return 2 * int64_t{kBytes};
}

// Work a second of all threads together, in billions.
double Measure(Burst burst, int threads) {
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> rates(static_cast<size_t>(threads));
    std::vector<std::thread> running;
    for (double& rate : rates) {
      running.emplace_back([burst, &rate] {
        const double start = Now();
        int64_t work = 0;
        double passed = 0;
        for (; passed < kSeconds; passed = Now() - start) work += burst();
        rate = double(work) / passed * 1e-9;
      });
    }
    double sum = 0;
    for (std::thread& thread : running) thread.join();
    for (double rate : rates) sum += rate;
    best = std::max(best, sum);
  }
  return best;
}

struct Unit {
  const char* name = "none";
  Burst burst = nullptr;
};

Unit IntegerUnit() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl")) {
    // Equal where there is one unit of 512 bits for two of 256; else the wider one is the peak.
    return Measure(Vnni512, 1) >= Measure(Vnni256, 1) ? Unit{"VPDPBUSD, 512 bits", Vnni512}
                                                      : Unit{"VPDPBUSD, 256 bits", Vnni256};
  }
  if (__builtin_cpu_supports("avx2")) return {"VPMADDUBSW, 256 bits", Maddubs};
#endif
  return {};
}

Unit FloatUnit() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return {"FMA, 512 bits", Float512};
  if (__builtin_cpu_supports("fma")) return {"FMA, 256 bits", Float256};
#endif
  return {};
}

Unit MatrixUnit() {
#if defined(__x86_64__)
  if (HasAmx()) return {"AMX", Amx};
#endif
  return {};
}

double MeasureIfAny(const Unit& unit, int threads) {
  return unit.burst != nullptr ? Measure(unit.burst, threads) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int asked = argc > 1 ? std::atoi(argv[1]) : 0;
  const int threads = asked > 0 ? asked : std::max(1, int(std::thread::hardware_concurrency()));
  const Unit integer = IntegerUnit();
  std::printf(
      "{\"threads\": %d, \"int8_vector\": \"%s\", \"int8_vector_gmacs_per_s\": %.1f, "
      "\"int8_vector_one_thread_gmacs_per_s\": %.1f, \"float_gmacs_per_s\": %.1f, "
      "\"amx_int8_gmacs_per_s\": %.1f, \"copy_gb_per_s\": %.1f}\n",
      threads, integer.name, MeasureIfAny(integer, threads), MeasureIfAny(integer, 1),
      MeasureIfAny(FloatUnit(), threads), MeasureIfAny(MatrixUnit(), threads),
      Measure(Copy, threads));
  return 0;
}
