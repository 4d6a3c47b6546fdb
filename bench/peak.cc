// bench_peak: how many multiply-adds this machine's units do when all operands stay in registers,
// the roof of every figure that ./dev bench prints. Prints JSON; bench/machine.py reads it.
//
//     bench_peak [THREADS]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
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

constexpr double kSeconds = 0.1;  // long enough to reach the clock that lasts
constexpr int kRounds = 3;        // the best of them counts: others were disturbed

using Burst = int64_t (*)();  // does some work, returns its multiply-adds

#if defined(__x86_64__)

// The compiler must neither drop the work on a register nor join it with its neighbours'.
#define PICABIA_KEEP(register) asm volatile("" : "+v"(register))

constexpr int kChains = 12;  // independent sums; two units of latency 5 need 10
constexpr int kRepeats = 10000;

// A burst of INSTRUCTION over kChains registers of TYPE, MACS multiply-adds each.
#define PICABIA_BURST(NAME, TARGET, TYPE, ZERO, INSTRUCTION, MACS) \
  __attribute__((target(TARGET))) int64_t NAME() {                 \
    TYPE sums[kChains], a = ZERO, b = ZERO;                        \
    for (TYPE & sum : sums) sum = ZERO;                            \
    PICABIA_KEEP(a);                                               \
    PICABIA_KEEP(b);                                               \
    for (int i = 0; i < kRepeats; ++i) {                           \
      _Pragma("GCC unroll 12") for (int j = 0; j < kChains; ++j) { \
        sums[j] = INSTRUCTION(sums[j], a, b);                      \
        PICABIA_KEEP(sums[j]);                                     \
      }                                                            \
    }                                                              \
    return int64_t{kRepeats} * kChains * (MACS);                   \
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

// Multiply-adds a second of all threads together, in billions.
double Measure(Burst burst, int threads) {
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> rates(static_cast<size_t>(threads));
    std::vector<std::thread> running;
    for (double& rate : rates) {
      running.emplace_back([burst, &rate] {
        const double start = Now();
        int64_t macs = 0;
        double passed = 0;
        for (; passed < kSeconds; passed = Now() - start) macs += burst();
        rate = double(macs) / passed * 1e-9;
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
      "\"amx_int8_gmacs_per_s\": %.1f}\n",
      threads, integer.name, MeasureIfAny(integer, threads), MeasureIfAny(integer, 1),
      MeasureIfAny(FloatUnit(), threads), MeasureIfAny(MatrixUnit(), threads));
  return 0;
}
