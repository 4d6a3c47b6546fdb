// Builtins that are about cores, not data: barriers, locks, atomics, printing, and the calls of
// instrumented kernels.
#include <chrono>
#include <cstdio>
#include <string>

#include "devices/mlu/bang/builtin.h"

namespace picabia::bang {
namespace {

constexpr const char* kAtomicNames[] = {
    "__bang_atomic_add",  "__bang_atomic_inc", "__bang_atomic_dec", "__bang_atomic_max",
    "__bang_atomic_min",  "__bang_atomic_and", "__bang_atomic_or",  "__bang_atomic_xor",
    "__bang_atomic_exch", "__bang_atomic_cas"};

// New value of an integer location.
template <typename T>
T NextInteger(int op, T old, T a, T b) {
  switch (op) {
    case PICABIA_ATOMIC_ADD:
      return static_cast<T>(static_cast<uint64_t>(old) + static_cast<uint64_t>(a));
    case PICABIA_ATOMIC_INC:
      return old >= a ? T{0} : static_cast<T>(old + 1);
    case PICABIA_ATOMIC_DEC:
      return old == 0 || old > a ? a : static_cast<T>(old - 1);
    case PICABIA_ATOMIC_MAX:
      return std::max(old, a);
    case PICABIA_ATOMIC_MIN:
      return std::min(old, a);
    case PICABIA_ATOMIC_AND:
      return old & a;
    case PICABIA_ATOMIC_OR:
      return old | a;
    case PICABIA_ATOMIC_XOR:
      return old ^ a;
    case PICABIA_ATOMIC_EXCH:
      return a;
    default:
      return old == a ? b : old;
  }
}

float NextFloat(int op, float old, float a, float b) {
  switch (op) {
    case PICABIA_ATOMIC_ADD:
      return old + a;
    case PICABIA_ATOMIC_INC:
      return old >= a ? 0.0f : old + 1;
    case PICABIA_ATOMIC_DEC:
      return old <= 0 || old > a ? a : old - 1;
    case PICABIA_ATOMIC_MAX:
      return std::max(old, a);
    case PICABIA_ATOMIC_MIN:
      return std::min(old, a);
    case PICABIA_ATOMIC_EXCH:
      return a;
    case PICABIA_ATOMIC_CAS:
      return old == a ? b : old;
    default:
      return (old != 0) != (a != 0) ? 1.0f : 0.0f;
  }
}

// Bits is what the host can exchange at once; next(old bits) are the new ones.
template <typename Bits, typename Next>
void Exchange(void* dst, void* memory, Next next) {
  auto* location = static_cast<Bits*>(memory);
  Bits old = __atomic_load_n(location, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(location, &old, next(old), false, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST)) {
  }
  if (dst != nullptr) std::memcpy(dst, &old, sizeof(old));
}

template <typename T>
void AtomicInteger(int op, void* dst, void* memory, const void* a, const void* b) {
  T x = 0, y = 0;
  std::memcpy(&x, a, sizeof(T));
  if (b != nullptr) std::memcpy(&y, b, sizeof(T));
  Exchange<T>(dst, memory, [&](T old) { return NextInteger<T>(op, old, x, y); });
}

void AtomicReal(int op, int type, void* dst, void* memory, const void* a, const void* b) {
  const float x = LoadFloat(type, a, 0);
  const float y = b == nullptr ? 0 : LoadFloat(type, b, 0);
  const auto next = [&](auto old) {
    decltype(old) bits = 0;
    StoreFloat(type, &bits, 0, NextFloat(op, LoadFloat(type, &old, 0), x, y));
    return bits;
  };
  if (type == PICABIA_HALF)
    Exchange<uint16_t>(dst, memory, next);
  else
    Exchange<uint32_t>(dst, memory, next);
}

void AtomicOne(int op, int type, void* dst, void* memory, const void* a, const void* b) {
  switch (type) {
    case PICABIA_INT16:
      return AtomicInteger<int16_t>(op, dst, memory, a, b);
    case PICABIA_UINT16:
      return AtomicInteger<uint16_t>(op, dst, memory, a, b);
    case PICABIA_INT32:
      return AtomicInteger<int32_t>(op, dst, memory, a, b);
    case PICABIA_UINT32:
      return AtomicInteger<uint32_t>(op, dst, memory, a, b);
    default:
      return AtomicReal(op, type, dst, memory, a, b);
  }
}

// One conversion of a format, its argument printed. `%hf` is a half, which comes as a double.
std::string PrintOne(std::string spec, const picabia_bang_value& value) {
  const char conversion = spec.back();
  std::string plain;  // without length modifiers: ours are given anew
  for (const char c : spec.substr(0, spec.size() - 1))
    if (std::strchr("hlLqjzt", c) == nullptr) plain += c;
  char text[512];
  const bool real = std::strchr("fFeEgGaA", conversion) != nullptr;
  if (real) {
    plain += conversion;
    std::snprintf(text, sizeof(text), plain.c_str(),
                  value.kind == 1 ? value.d : static_cast<double>(value.i));
  } else if (conversion == 's') {
    plain += 's';
    std::snprintf(text, sizeof(text), plain.c_str(), value.kind == 2 ? value.s : "(no string)");
  } else if (conversion == 'c') {
    plain += 'c';
    std::snprintf(text, sizeof(text), plain.c_str(), static_cast<int>(value.i));
  } else if (conversion == 'p') {
    plain += 'p';
    std::snprintf(text, sizeof(text), plain.c_str(),
                  reinterpret_cast<void*>(value.kind == 2 ? reinterpret_cast<intptr_t>(value.s)
                                                          : static_cast<intptr_t>(value.i)));
  } else {
    plain += "ll";
    plain += conversion;
    long long integer = value.kind == 1 ? static_cast<long long>(value.d) : value.i;
    const bool is_unsigned = std::strchr("uoxX", conversion) != nullptr;
    if (is_unsigned && spec.find('l') == std::string::npos)
      integer = static_cast<long long>(static_cast<uint32_t>(integer));
    std::snprintf(text, sizeof(text), plain.c_str(), integer);
  }
  return text;
}

Sync SyncOf(int kind) {
  constexpr Sync kKinds[] = {Sync::kCluster,        Sync::kAll,          Sync::kAllCores,
                             Sync::kAllMemoryCores, Sync::kClusterCores, Sync::kPipeline};
  return kKinds[kind];
}

}  // namespace
}  // namespace picabia::bang

using namespace picabia::bang;  // NOLINT: the interface below is C

void picabia_bang_sync(int kind, const char* name, picabia_bang_where where) {
  Core* core = CurrentCore();
  if (core == nullptr) return;
  if (kind == PICABIA_SYNC_PIPELINE) {
    if (!core->watched) return;  // copies are done when they are asked for
    const Uninterrupted uninterrupted(core);
    return core->execution->observer()->PipelineSync(*core, From(where));
  }
  core->execution->Wait(core, SyncOf(kind), name, From(where));
}

void picabia_bang_lock(int id0, int id1) {
  Core* core = CurrentCore();
  if (core != nullptr) core->execution->Lock(core, id0 * 32 + id1);
}

void picabia_bang_unlock(int id0, int id1) {
  Core* core = CurrentCore();
  if (core != nullptr) core->execution->Unlock(core, id0 * 32 + id1);
}

void picabia_bang_atomic(int op, int type, void* dst, void* memory, const void* a, const void* b,
                         int64_t n, picabia_bang_where where) {
  if (n <= 0) return;
  const int64_t bytes = BytesOf(type);
  if (Watched()) {
    Operation operation{kAtomicNames[op], From(where), Unit::kScalar, {}, 0, {}, 0};
    operation.atomic = true;
    operation.writes[operation.num_writes++] = {memory, n * bytes, 0, 1};
    Tell(operation);
    if (dst != nullptr) {
      Operation result{kAtomicNames[op], From(where), Unit::kScalar, {}, 0, {}, 0};
      result.writes[result.num_writes++] = {dst, n * bytes, 0, 1};
      Tell(result);
    }
  }
  const auto at = [](const void* p, int64_t offset) {
    return p == nullptr ? nullptr : static_cast<const char*>(p) + offset;
  };
  for (int64_t i = 0; i < n * bytes; i += bytes)
    AtomicOne(op, type, dst == nullptr ? nullptr : static_cast<char*>(dst) + i,
              static_cast<char*>(memory) + i, at(a, i), at(b, i));
}

int picabia_bang_printf(const char* format, const picabia_bang_value* values, int count) {
  const Uninterrupted uninterrupted(CurrentCore());
  std::string out;
  int used = 0;
  for (const char* p = format; *p != '\0'; ++p) {
    if (*p != '%') {
      out += *p;
      continue;
    }
    std::string spec = "%";
    while (*++p != '\0' && std::strchr("diouxXfFeEgGaAcsp%", *p) == nullptr) {
      if (*p == '*' && used < count)
        spec += std::to_string(values[used++].i);
      else
        spec += *p;
    }
    if (*p == '\0') break;
    spec += *p;
    if (*p == '%')
      out += '%';
    else if (used < count)
      out += PrintOne(spec, values[used++]);
    else
      out += spec;
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
  return static_cast<int>(out.size());
}

void picabia_bang_fail(const char* what, picabia_bang_where where) {
  Core* core = CurrentCore();
  if (core == nullptr) return;
  {
    const Uninterrupted uninterrupted(core);
    std::string text = core->execution->Describe(*core) + ": " + what;
    if (where.file != nullptr)
      text += " at " + std::string(where.file) + ":" + std::to_string(where.line);
    core->execution->Abort(picabia::IoError(text));
  }
  core->execution->Yield(core);  // an execution that is over enters no fiber again
}

void picabia_bang_exit(void) {
  Core* core = CurrentCore();
  if (core == nullptr) return;
  core->done = true;
  core->execution->Yield(core);
}

uint64_t picabia_bang_clock(void) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

void picabia_bang_access(const void* address, size_t bytes, int write, const void* pc) {
  Core* core = CurrentCore();
  if (core == nullptr || core->locked > 0) return;
  const Uninterrupted uninterrupted(core);
  if (core->watched) core->execution->observer()->Access(*core, address, bytes, write != 0, pc);
}

void picabia_bang_bad_index(const char* file, int line, long long index) {
  Core* core = CurrentCore();
  if (core == nullptr || !core->watched) return;
  const Uninterrupted uninterrupted(core);
  core->execution->observer()->BadIndex(*core, {file, line}, index);
}
