// The profiler: modelled time of each core by unit, bytes moved, use of the memories, a timeline.
// Writes, below the folder of PICABIA_BANG_PROFILE, NAME-N.trace.json (Chrome's trace format) and
// NAME-N.html a launch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "devices/mlu/bang/core.h"
#include "devices/mlu/bang/profile/cost.h"

namespace picabia::bang {

struct Event {
  int core;  // row of the timeline
  Track track;
  const char* name;
  Where where;
  double start, end;  // modelled nanoseconds
  int64_t bytes;
};

struct CoreTimes {
  std::string name;
  double now = 0;       // when the core's next instruction is issued
  double free[4] = {};  // when each unit is
  double busy[4] = {};
  double waiting = 0;  // at barriers
  double end = 0;
};

// What the reports show.
struct Profile {
  std::string kernel;
  int arch = 270;
  std::vector<CoreTimes> cores;
  std::vector<Event> events;
  int64_t dropped_events = 0;
  std::map<std::string, int64_t> bytes_by_direction;
  double products = 0;
  double vector_bytes = 0;
  double total = 0;  // of the slowest core
  struct Memory {
    std::string name;
    int64_t used, size;
  };
  std::vector<Memory> memories;
};

class Profiler : public Observer {
 public:
  explicit Profiler(const Plan* plan);

  void Start(const Core& core) override;
  void Finish(const Core& core) override;
  void Operate(const Core& core, const Operation& operation) override;
  void Misuse(const Core&, const char*, Where, const char*) override {}
  void PipelineSync(const Core& core, Where where) override;
  void Release(Sync kind, Core* const* cores, int count) override;

  Profile Take();

 private:
  CoreTimes& TimesOf(const Core& core);

  const Plan* plan_;
  CostModel model_;
  Profile profile_;
  double group_start_ = 0;
};

// "compute" or "memory", and how much of the bound the kernel reaches.
struct Bound {
  const char* name;
  double share;  // of the slowest core's time in which that unit is busy
};
Bound BoundOf(const Profile& profile);

std::string TraceJson(const Profile& profile);
std::string ProfileHtml(const Profile& profile);

// Writes both below `folder`, which is made; returns the path of the page.
Result<std::string> WriteProfile(const Profile& profile, const std::string& folder);

}  // namespace picabia::bang
