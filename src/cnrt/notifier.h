// Notifiers: points in a queue whose time is kept.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "cnrt/cnrt.h"
#include "cnrt/queue.h"

namespace picabia::cnrt {

// A notifier; placing it again replaces the earlier time. Thread safe.
class Notifier : public std::enable_shared_from_this<Notifier> {
 public:
  using Clock = std::chrono::steady_clock;

  // The error of the queue's Put; then nothing is placed.
  cnrtRet_t PlaceIn(Queue& queue);
  // The number of the latest placement, 0 for none; and a wait for one.
  uint64_t Placed();
  void WaitFor(uint64_t placement);
  bool Done();
  // Its time; false when it was never placed or is not reached yet.
  bool Time(Clock::time_point* time);

 private:
  // The queue has come to that placement. An older one than the latest is of no interest any more.
  void Reached(uint64_t placement);

  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t placed_ = 0, reached_ = 0;
  Clock::time_point time_;
};

cnrtRet_t CreateNotifier(cnrtNotifier_t* handle);
void DestroyAllNotifiers();

}  // namespace picabia::cnrt
