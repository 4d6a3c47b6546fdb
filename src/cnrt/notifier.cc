#include "cnrt/notifier.h"

#include "cnrt/handles.h"
#include "cnrt/queue.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

using Notifiers = HandleTable<cnrtNotifier, Notifier, HandleKind::kNotifier>;

Notifiers& TheNotifiers() {
  static Notifiers* notifiers = new Notifiers;  // never destroyed: see TheProcess of device.cc
  return *notifiers;
}

cnrtRet_t Destroy(cnrtNotifier_t handle) {
  return TheNotifiers().Remove(handle) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID;
}

}  // namespace

// A placement counts once it is in the queue: whoever waits for it comes behind it there.
cnrtRet_t Notifier::PlaceIn(Queue& queue) {
  const std::lock_guard lock(mutex_);
  const cnrtRet_t result = queue.Put([self = shared_from_this(), placement = placed_ + 1] {
    self->Reached(placement);
    return CNRT_RET_SUCCESS;
  });
  if (result == CNRT_RET_SUCCESS) ++placed_;
  return result;
}

void Notifier::Reached(uint64_t placement) {
  const std::lock_guard lock(mutex_);
  if (placement <= reached_) return;
  reached_ = placement;
  time_ = Clock::now();
  changed_.notify_all();
}

uint64_t Notifier::Placed() {
  const std::lock_guard lock(mutex_);
  return placed_;
}

void Notifier::WaitFor(uint64_t placement) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return reached_ >= placement; });
}

bool Notifier::Done() {
  const std::lock_guard lock(mutex_);
  return reached_ == placed_;
}

bool Notifier::Time(Clock::time_point* time) {
  const std::lock_guard lock(mutex_);
  *time = time_;
  return placed_ > 0 && reached_ == placed_;
}

cnrtRet_t CreateNotifier(cnrtNotifier_t* handle) {
  *handle = TheNotifiers().Add(std::make_shared<Notifier>());
  return *handle == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
}

void DestroyAllNotifiers() { TheNotifiers().RemoveAll(); }

}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnrtRet_t cnrtCreateNotifier(cnrtNotifier_t* notifier) {
  Clear(notifier);
  return Anytime([&] {
    if (notifier == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Initialised()) return CNRT_RET_ERR_INIT;
    return OnFakeDevice() ? CNRT_RET_WARNING_FAKE_DEVICE : CreateNotifier(notifier);
  });
}

cnrtRet_t cnrtDestroyNotifier(cnrtNotifier_t* notifier) {
  return Anytime([&] {
    if (notifier == nullptr) return CNRT_RET_ERR_INVALID;
    const cnrtRet_t result = Destroy(*notifier);
    if (result == CNRT_RET_SUCCESS) *notifier = nullptr;
    return result;
  });
}

cnrtRet_t cnrtPlaceNotifier(cnrtNotifier_t notifier, cnrtQueue_t queue) {
  return Ready([&] {
    const std::shared_ptr<Notifier> found = TheNotifiers().Get(notifier);
    if (!found) return CNRT_RET_ERR_INVALID;
    const std::shared_ptr<Queue> where = FindQueue(queue);
    if (!where) return CNRT_RET_ERR_QUEUE;
    return found->PlaceIn(*where);
  });
}

cnrtRet_t cnrtQueryNotifier(cnrtNotifier_t notifier) {
  return Ready([&] {
    const std::shared_ptr<Notifier> found = TheNotifiers().Get(notifier);
    if (!found) return CNRT_RET_ERR_INVALID;
    return found->Done() ? CNRT_RET_SUCCESS : CNRT_RET_ERR_BUSY;
  });
}

cnrtRet_t cnrtWaitNotifier(cnrtNotifier_t notifier) {
  return Ready([&] {
    const std::shared_ptr<Notifier> found = TheNotifiers().Get(notifier);
    if (!found) return CNRT_RET_ERR_INVALID;
    found->WaitFor(found->Placed());
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtQueueWaitNotifier(cnrtNotifier_t notifier, cnrtQueue_t queue, unsigned int flag) {
  return Ready([&] {
    const std::shared_ptr<Notifier> found = TheNotifiers().Get(notifier);
    if (!found || flag != 0) return CNRT_RET_ERR_INVALID;
    // The placement of now: a later one may stand behind the wait in the same queue.
    return Enqueue(queue, [found, placement = found->Placed()] {
      found->WaitFor(placement);
      return CNRT_RET_SUCCESS;
    });
  });
}

cnrtRet_t cnrtNotifierDuration(cnrtNotifier_t start, cnrtNotifier_t end, float* us) {
  Clear(us);
  return Ready([&] {
    if (us == nullptr) return CNRT_RET_ERR_INVALID;
    const std::shared_ptr<Notifier> first = TheNotifiers().Get(start);
    const std::shared_ptr<Notifier> last = TheNotifiers().Get(end);
    if (!first || !last) return CNRT_RET_ERR_INVALID;
    Notifier::Clock::time_point from;
    Notifier::Clock::time_point to;
    if (!first->Time(&from) || !last->Time(&to)) return CNRT_RET_ERR_CNDRV_FUNC_CALL;
    *us = std::chrono::duration<float, std::micro>(to - from).count();
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtNotifierCreate(cnrtNotifier_t* notifier) { return cnrtCreateNotifier(notifier); }
cnrtRet_t cnrtNotifierDestroy(cnrtNotifier_t notifier) {
  return Anytime([&] { return Destroy(notifier); });
}
cnrtRet_t cnrtNotifierElapsedTime(cnrtNotifier_t start, cnrtNotifier_t end, float* ms) {
  const cnrtRet_t result = cnrtNotifierDuration(start, end, ms);
  if (result == CNRT_RET_SUCCESS) *ms /= 1000;
  return result;
}
