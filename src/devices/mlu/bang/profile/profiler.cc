#include "devices/mlu/bang/profile/profiler.h"

#include <algorithm>

namespace picabia::bang {
namespace {

constexpr size_t kMaxEvents = 20000;  // of one launch: more make no picture

const char* const kDirections[] = {
    "GDRAM2NRAM", "NRAM2GDRAM",  "LDRAM2NRAM",  "NRAM2LDRAM",  "GDRAM2WRAM", "WRAM2GDRAM",
    "LDRAM2WRAM", "WRAM2LDRAM",  "NRAM2NRAM",   "NRAM2WRAM",   "WRAM2NRAM",  "GDRAM2SRAM",
    "SRAM2GDRAM", "LDRAM2SRAM",  "SRAM2LDRAM",  "SRAM2NRAM",   "NRAM2SRAM",  "SRAM2WRAM",
    "WRAM2SRAM",  "GDRAM2GDRAM", "GDRAM2LDRAM", "LDRAM2GDRAM", "SRAM2SRAM"};

}  // namespace

Profiler::Profiler(const Plan* plan) : plan_(plan), model_(CostModelOf(plan->arch)) {
  profile_.kernel = plan->name;
  profile_.arch = plan->arch;
  for (int space = 0; space < PICABIA_SPACES; ++space) {
    int64_t used = 0;
    for (const picabia_bang_variable* v : plan->variables)
      if (v->space == space) used += static_cast<int64_t>((v->bytes + 63) & ~uint64_t{63});
    if (used > 0)
      profile_.memories.push_back(
          {SpaceName(space), used, static_cast<int64_t>(plan->sizes.bytes[space])});
  }
}

// Tasks of BLOCK take the cores of the card in turn.
CoreTimes& Profiler::TimesOf(const Core& core) {
  const size_t row = core.clusterDim == 0 ? static_cast<size_t>(core.taskId % model_.cores)
                                          : static_cast<size_t>(core.index);
  while (profile_.cores.size() <= row) profile_.cores.emplace_back();
  CoreTimes& times = profile_.cores[row];
  if (times.name.empty())
    times.name = core.clusterDim == 0 ? "core " + std::to_string(row)
                 : core.memory_core   ? "cluster " + std::to_string(core.clusterId) + " memory core"
                                      : "cluster " + std::to_string(core.clusterId) + " core " +
                                          std::to_string(core.coreId);
  return times;
}

void Profiler::Start(const Core& core) {
  CoreTimes& times = TimesOf(core);
  if (core.clusterDim == 0) return;
  if (core.index == 0) group_start_ = profile_.total;  // groups of a union run one after the other
  times.now = std::max(times.now, group_start_);
}

void Profiler::Finish(const Core& core) {
  CoreTimes& times = TimesOf(core);
  times.end = std::max(times.now, *std::max_element(times.free, times.free + 4));
  times.now = times.end;
  profile_.total = std::max(profile_.total, times.end);
}

void Profiler::Operate(const Core& core, const Operation& operation) {
  CoreTimes& times = TimesOf(core);
  const int64_t tasks = int64_t{plan_->dim.x} * plan_->dim.y * plan_->dim.z;
  const int active = core.clusterDim == 0 ? static_cast<int>(std::min<int64_t>(tasks, model_.cores))
                                          : core.clusterDim * kCoresPerCluster;
  const Cost cost = CostOf(model_, operation, active);
  const int track = static_cast<int>(cost.track);
  const double start = std::max(times.now, times.free[track]);
  times.free[track] = start + cost.cycles;
  times.busy[track] += cost.cycles;
  if (!operation.asynchronous) times.now = times.free[track];
  profile_.products += cost.products;
  if (cost.track == Track::kVector) profile_.vector_bytes += static_cast<double>(cost.bytes);
  if (operation.direction >= 0)
    profile_.bytes_by_direction[kDirections[operation.direction]] += cost.bytes;
  if (profile_.events.size() < kMaxEvents)
    profile_.events.push_back(
        {static_cast<int>(&times - profile_.cores.data()), cost.track,
         operation.direction >= 0 ? kDirections[operation.direction] : operation.name,
         operation.where, start, times.free[track], cost.bytes});
  else
    ++profile_.dropped_events;
}

void Profiler::PipelineSync(const Core& core, Where /*where*/) {
  CoreTimes& times = TimesOf(core);
  times.now = std::max(times.now, *std::max_element(times.free, times.free + 4));
}

void Profiler::Release(Sync /*kind*/, Core* const* cores, int count) {
  double latest = 0;
  for (int i = 0; i < count; ++i) {
    PipelineSync(*cores[i], {});
    latest = std::max(latest, TimesOf(*cores[i]).now);
  }
  for (int i = 0; i < count; ++i) {
    CoreTimes& times = TimesOf(*cores[i]);
    times.waiting += latest - times.now;
    times.now = latest;
  }
}

Profile Profiler::Take() { return std::move(profile_); }

Bound BoundOf(const Profile& profile) {
  double busy[4] = {};
  for (const CoreTimes& core : profile.cores)
    for (int t = 0; t < 4; ++t) busy[t] = std::max(busy[t], core.busy[t]);
  const double compute = std::max(busy[0], busy[1]);
  const double memory = std::max(busy[2], busy[3]);
  const double total = std::max(profile.total, 1.0);
  return compute >= memory ? Bound{"compute", compute / total} : Bound{"memory", memory / total};
}

}  // namespace picabia::bang
