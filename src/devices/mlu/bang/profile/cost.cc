#include "devices/mlu/bang/profile/cost.h"

#include <algorithm>

namespace picabia::bang {

const char* TrackName(Track track) {
  constexpr const char* kNames[] = {"vector", "matrix", "GDRAM copies", "on-chip copies"};
  return kNames[static_cast<int>(track)];
}

CostModel CostModelOf(int arch) {
  CostModel model;
  if (arch == 220) {
    model.int8_macs = 2048;
    model.gdram_bytes = 25.6;
    model.cores = 4;
  } else if (arch == 290) {
    model.gdram_bytes = 1228;
    model.cores = 64;
  } else if (arch >= 370) {
    model.gdram_bytes = 307.2;
    model.cores = 32;
  }
  return model;
}

namespace {

int64_t BytesMoved(const Operation& operation) {
  const Range& range = operation.num_writes > 0 ? operation.writes[0] : operation.reads[0];
  return range.bytes * range.segments;
}

}  // namespace

Cost CostOf(const CostModel& model, const Operation& operation, int active_cores) {
  if (operation.unit == Unit::kMatrix) {
    const double rate = operation.element_bytes == 1 ? model.int8_macs : model.int8_macs / 2;
    const auto products = static_cast<double>(operation.elements);
    return {Track::kMatrix, model.start + products / rate, 0, products};
  }
  if (operation.unit == Unit::kCopy) {
    const int64_t bytes = BytesMoved(operation);
    const bool gdram =
        operation.writes[0].space == kGdramSpace || operation.reads[0].space == kGdramSpace;
    if (!gdram)
      return {Track::kMove, model.start + static_cast<double>(bytes) / model.move_bytes, bytes, 0};
    // The cores that run share the memory evenly.
    const double share = model.gdram_bytes / std::clamp(active_cores, 1, model.cores);
    return {Track::kIo, model.gdram_latency + static_cast<double>(bytes) / share, bytes, 0};
  }
  const int64_t bytes = operation.elements * std::max(operation.element_bytes, 1);
  return {Track::kVector, model.start + static_cast<double>(bytes) / model.vector_bytes, bytes, 0};
}

}  // namespace picabia::bang
