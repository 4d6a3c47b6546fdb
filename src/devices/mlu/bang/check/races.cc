#include "devices/mlu/bang/check/races.h"

#include <algorithm>

namespace picabia::bang {

RaceDetector::RaceDetector(int actors)
    : clocks_(static_cast<size_t>(actors), std::vector<uint32_t>(static_cast<size_t>(actors), 0)) {
  for (size_t i = 0; i < clocks_.size(); ++i) clocks_[i][i] = 1;
}

bool RaceDetector::Ordered(const Stamp& earlier, int actor) const {
  if (earlier.actor < 0 || earlier.actor == actor) return true;
  if (!HasClock(earlier.actor) || !HasClock(actor)) return false;
  return clocks_[static_cast<size_t>(actor)][static_cast<size_t>(earlier.actor)] >= earlier.epoch;
}

void RaceDetector::SplitAt(uintptr_t address) {
  auto found = intervals_.upper_bound(address);
  if (found == intervals_.begin()) return;
  --found;
  if (found->first == address || found->second.end <= address) return;
  Interval rest = found->second;
  found->second.end = address;
  intervals_.emplace_hint(std::next(found), address, rest);
}

Race RaceDetector::Meet(int actor, const Access& access, const Interval& interval) const {
  const bool same_copy = access.write && access.tag != 0 && access.tag == interval.tag;
  const bool both_atomic = access.atomic && interval.atomic;
  if (!same_copy && !both_atomic && !Ordered(interval.writer, actor))
    return {true, interval.writer, true};
  if (access.write && !access.atomic)
    for (const Stamp& reader : interval.readers)
      if (!Ordered(reader, actor)) return {true, reader, false};
  return {};
}

void RaceDetector::Update(Interval* interval, const Stamp& stamp, const Access& access) const {
  if (access.write) {
    interval->writer = stamp;
    interval->atomic = access.atomic;
    interval->tag = access.tag;
    interval->readers[0] = interval->readers[1] = {};
    return;
  }
  Stamp* readers = interval->readers;
  if (readers[0].actor < 0 || readers[0].actor == stamp.actor)
    readers[0] = stamp;
  else
    readers[1] = stamp;
}

// A scalar access just behind the last one, of the same kind and core.
bool RaceDetector::ExtendLast(const Stamp& stamp, const Access& access) {
  if (!has_last_ || last_->second.end != access.begin) return false;
  const Interval& last = last_->second;
  const Stamp& by = access.write ? last.writer : last.readers[0];
  const bool pure =
      access.write ? last.readers[0].actor < 0 : last.writer.actor < 0 && last.readers[1].actor < 0;
  if (!pure || by.actor != stamp.actor || by.epoch != stamp.epoch || last.atomic != access.atomic ||
      last.tag != access.tag || by.where.line != stamp.where.line)
    return false;
  const auto next = std::next(last_);
  if (next != intervals_.end() && next->first < access.end) return false;
  last_->second.end = access.end;
  return true;
}

// An access inside an interval that the same core has accessed in the same way since its last
// barrier changes nothing.
bool RaceDetector::Known(const Stamp& stamp, const Access& access) {
  const auto holds = [&](Map::iterator at) {
    return at->first <= access.begin && at->second.end >= access.end;
  };
  if (!has_last_ || !holds(last_)) {
    auto found = intervals_.upper_bound(access.begin);
    if (found == intervals_.begin() || !holds(--found)) return false;
    last_ = found;
    has_last_ = true;
  }
  const Interval& interval = last_->second;
  const auto same = [&](const Stamp& s) {
    return s.actor == stamp.actor && s.epoch == stamp.epoch;
  };
  if (!access.write) return same(interval.readers[0]) || same(interval.readers[1]);
  return same(interval.writer) && interval.readers[0].actor < 0 &&
         interval.atomic == access.atomic && interval.tag == access.tag;
}

Race RaceDetector::Note(int actor, Where where, const Access& access) {
  if (access.begin >= access.end) return {};
  const uint32_t epoch =
      HasClock(actor) ? clocks_[static_cast<size_t>(actor)][static_cast<size_t>(actor)] : 0;
  const Stamp stamp = {actor, epoch, where};
  if (ExtendLast(stamp, access) || Known(stamp, access)) return {};
  SplitAt(access.begin);
  SplitAt(access.end);
  Race race;
  uintptr_t at = access.begin;
  auto next = intervals_.lower_bound(access.begin);
  while (at < access.end) {
    if (next == intervals_.end() || next->first > at) {
      const uintptr_t stop =
          next == intervals_.end() ? access.end : std::min(access.end, next->first);
      Interval fresh{};
      fresh.end = stop;
      next = intervals_.emplace_hint(next, at, fresh);
    } else if (!race.found) {
      race = Meet(actor, access, next->second);
    }
    Update(&next->second, stamp, access);
    at = next->second.end;
    last_ = next;
    has_last_ = true;
    ++next;
  }
  return race;
}

void RaceDetector::Join(const std::vector<int>& actors) {
  if (actors.empty() || !HasClock(actors[0])) return;
  std::vector<uint32_t> all(clocks_.size(), 0);
  for (const int actor : actors)
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = std::max(all[i], clocks_[static_cast<size_t>(actor)][i]);
  for (const int actor : actors) {
    clocks_[static_cast<size_t>(actor)] = all;
    ++clocks_[static_cast<size_t>(actor)][static_cast<size_t>(actor)];
  }
}

void RaceDetector::Lock(int actor, int id) {
  const auto found = locks_.find(id);
  if (found == locks_.end() || !HasClock(actor)) return;
  auto& clock = clocks_[static_cast<size_t>(actor)];
  for (size_t i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], found->second[i]);
}

void RaceDetector::Unlock(int actor, int id) {
  if (!HasClock(actor)) return;
  auto& clock = clocks_[static_cast<size_t>(actor)];
  locks_[id] = clock;
  ++clock[static_cast<size_t>(actor)];
}

}  // namespace picabia::bang
