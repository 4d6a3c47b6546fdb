// Notifiers: points in a queue whose time is kept.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "cnrt/cnrt.h"

namespace picabia::cnrt {

// A notifier; placing it again replaces the earlier time. Thread safe.
class Notifier {
 public:
  using Clock = std::chrono::steady_clock;

  // The number of this placement, for Reached and Wait.
  uint64_t Place();
  // The queue has come to that placement. An older one than the latest is of no interest any more.
  void Reached(uint64_t placement);
  // Waits for the latest placement; at once when there is none.
  void Wait();
  bool Done();
  // Its time; false when it was never placed or is not reached yet.
  bool Time(Clock::time_point* time);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t placed_ = 0, reached_ = 0;
  Clock::time_point time_;
};

cnrtRet_t CreateNotifier(cnrtNotifier_t* handle);
void DestroyAllNotifiers();

}  // namespace picabia::cnrt
