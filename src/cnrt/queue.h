// Queues: work in order, on a thread of their own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "cnrt/cnrt.h"

namespace picabia::cnrt {

using Work = std::function<cnrtRet_t()>;

// One queue. Its thread starts with the first work and lives until the queue is closed and empty.
class Queue : public std::enable_shared_from_this<Queue> {
 public:
  explicit Queue(int device) : device_(device) {}
  int device() const { return device_; }

  // QUEUE when the queue is closed.
  cnrtRet_t Put(Work work);
  // Waits until all that was put into it before is done.
  void Drain();
  // The same; then the first error of the work since the last call, which it clears.
  cnrtRet_t Sync();
  bool Idle();
  // No more work is taken; what is in it is still done.
  void Close();

 private:
  void Run();

  const int device_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> work_;
  cnrtRet_t error_ = CNRT_RET_SUCCESS;
  uint64_t put_ = 0, done_ = 0;  // pieces of work
  bool started_ = false, closed_ = false;
};

// The queue of a handle; of null, the default queue of the thread's device. Null when there is
// none.
std::shared_ptr<Queue> FindQueue(cnrtQueue_t handle);

// Puts work into the queue of a handle; QUEUE when there is none.
cnrtRet_t Enqueue(cnrtQueue_t handle, Work work);

// Creates a queue on a device; NOMEM when there are too many.
cnrtRet_t CreateQueueOn(int device, cnrtQueue_t* handle);

// Waits until all that was put into any queue of any device before is done; also into those that
// are destroyed, whose work goes on.
void WaitForAllWork();

// Waits for the queues of one device, and collects the first error.
cnrtRet_t SyncQueuesOfDevice(int device);

// Closes and waits for all of them.
void DestroyAllQueues();

}  // namespace picabia::cnrt
