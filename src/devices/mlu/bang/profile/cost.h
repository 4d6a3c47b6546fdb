// How long the card would take: a model, from the published figures of docs/bang.md, never a
// measurement. Called by profiler.cc.
#pragma once

#include <cstdint>

#include "devices/mlu/bang/observer.h"

namespace picabia::bang {

// The unit whose time an operation takes: vector, matrix, the copies between GDRAM and the chip,
// those on the chip.
enum class Track { kVector = 0, kMatrix = 1, kIo = 2, kMove = 3, kTracks = 4 };
const char* TrackName(Track track);

// Of one device, at 1 GHz: a cycle is a nanosecond.
struct CostModel {
  double vector_bytes = 128;   // a cycle and core
  double int8_macs = 4096;     // a cycle and core; half of that for 16 bits
  double gdram_bytes = 102.4;  // a cycle, of all cores together
  double move_bytes = 128;     // a cycle and core, between NRAM, WRAM and SRAM
  double gdram_latency = 500;  // cycles before the first byte
  double start = 16;           // cycles of any operation
  int cores = 16;              // that share the GDRAM
};
CostModel CostModelOf(int arch);

struct Cost {
  Track track;
  double cycles;
  int64_t bytes;    // moved, or worked on
  double products;  // of the matrix unit
};
Cost CostOf(const CostModel& model, const Operation& operation, int active_cores);

}  // namespace picabia::bang
