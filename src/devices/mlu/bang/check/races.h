// Races: two accesses of one byte by cores between which no barrier or lock lies, one of them a
// write. Happens-before is kept by a vector clock a core; accesses by intervals of addresses.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "devices/mlu/bang/observer.h"

namespace picabia::bang {

// Who accessed, and when by that one's own clock.
struct Stamp {
  int actor = -1;
  uint32_t epoch = 0;
  Where where;
};

struct Race {
  bool found = false;
  Stamp earlier;
  bool earlier_writes = false;
};

class RaceDetector {
 public:
  // actors: cores that have clocks, all of one execution; those without (tasks of BLOCK) are never
  // ordered.
  explicit RaceDetector(int actors);

  struct Access {
    uintptr_t begin, end;
    bool write;
    bool atomic;   // does not race with other atomics
    uint64_t tag;  // not 0: equal writes of equal tags do not race (the same copy by all cores of a
                   // cluster)
  };
  // Takes note of the access and tells the first race with earlier ones.
  Race Note(int actor, Where where, const Access& access);

  void Join(const std::vector<int>& actors);
  void Lock(int actor, int id);
  void Unlock(int actor, int id);

 private:
  struct Interval {
    uintptr_t end;
    Stamp writer;
    bool atomic = false;
    uint64_t tag = 0;
    Stamp readers[2];  // two different actors suffice to find a writer that is neither, or not both
  };
  using Map = std::map<uintptr_t, Interval>;

  bool Ordered(const Stamp& earlier, int actor) const;
  bool HasClock(int actor) const { return actor < static_cast<int>(clocks_.size()); }
  void SplitAt(uintptr_t address);
  Race Meet(int actor, const Access& access, const Interval& interval) const;
  void Update(Interval* interval, const Stamp& stamp, const Access& access) const;
  bool ExtendLast(const Stamp& stamp, const Access& access);
  bool Known(const Stamp& stamp, const Access& access);

  std::vector<std::vector<uint32_t>> clocks_;
  std::map<int, std::vector<uint32_t>> locks_;
  Map intervals_;
  Map::iterator last_;  // for runs of scalar accesses
  bool has_last_ = false;
};

}  // namespace picabia::bang
