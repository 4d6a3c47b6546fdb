#include "cnrt/queue.h"

#include <map>
#include <system_error>
#include <thread>
#include <vector>

#include "cnrt/handles.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

constexpr size_t kMaxQueues = 4094;  // of an MLU270

struct Queues {
  HandleTable<cnrtQueue, Queue, HandleKind::kQueue> table;
  std::mutex mutex;  // guards what is below
  std::map<int, std::shared_ptr<Queue>> by_default;
  std::vector<std::weak_ptr<Queue>> made;  // also those that are destroyed and not yet empty
};

Queues& TheQueues() {
  static Queues* queues = new Queues;  // never destroyed: see TheProcess of device.cc
  return *queues;
}

// The mutex is held.
std::shared_ptr<Queue> MakeQueue(int device) {
  auto& made = TheQueues().made;
  std::erase_if(made, [](const auto& queue) { return queue.expired(); });
  auto queue = std::make_shared<Queue>(device);
  made.push_back(queue);
  return queue;
}

std::shared_ptr<Queue> DefaultQueue(int device) {
  Queues& queues = TheQueues();
  const std::lock_guard lock(queues.mutex);
  std::shared_ptr<Queue>& queue = queues.by_default[device];
  if (!queue) queue = MakeQueue(device);
  return queue;
}

std::vector<std::shared_ptr<Queue>> QueuesOfDevice(int device) {
  std::vector<std::shared_ptr<Queue>> found;
  for (auto& queue : TheQueues().table.All())
    if (queue->device() == device) found.push_back(queue);
  found.push_back(DefaultQueue(device));
  return found;
}

}  // namespace

cnrtRet_t Queue::Put(Work work) {
  const std::lock_guard lock(mutex_);
  if (closed_) return CNRT_RET_ERR_QUEUE;
  work_.push_back(std::move(work));
  ++put_;
  if (!started_) {
    try {
      std::thread([self = shared_from_this()] { self->Run(); }).detach();
    } catch (const std::system_error&) {
      work_.pop_back();
      --put_;
      return CNRT_RET_ERR_NORES;
    }
    started_ = true;
  }
  changed_.notify_all();
  return CNRT_RET_SUCCESS;
}

void Queue::Run() {
  SetCurrentDeviceOrdinal(device_);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return closed_ || !work_.empty(); });
    if (work_.empty()) return;
    Work work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    cnrtRet_t result = CNRT_RET_ERR_UNKNOWN;
    try {
      result = work();
    } catch (const std::bad_alloc&) {
      result = CNRT_RET_ERR_NOMEM;
    } catch (...) {
    }
    work = nullptr;
    lock.lock();
    ++done_;
    if (error_ == CNRT_RET_SUCCESS) error_ = result;
    changed_.notify_all();
  }
}

void Queue::Drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this, wanted = put_] { return done_ >= wanted; });
}

cnrtRet_t Queue::Sync() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this, wanted = put_] { return done_ >= wanted; });
  return std::exchange(error_, CNRT_RET_SUCCESS);
}

bool Queue::Idle() {
  const std::lock_guard lock(mutex_);
  return done_ == put_;
}

void Queue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::shared_ptr<Queue> FindQueue(cnrtQueue_t handle) {
  return handle == nullptr ? DefaultQueue(CurrentDevice()) : TheQueues().table.Get(handle);
}

cnrtRet_t Enqueue(cnrtQueue_t handle, Work work) {
  const std::shared_ptr<Queue> queue = FindQueue(handle);
  return queue ? queue->Put(std::move(work)) : CNRT_RET_ERR_QUEUE;
}

cnrtRet_t CreateQueueOn(int device, cnrtQueue_t* handle) {
  if (QueuesOfDevice(device).size() > kMaxQueues) return CNRT_RET_ERR_NOMEM;
  std::shared_ptr<Queue> queue;
  {
    const std::lock_guard lock(TheQueues().mutex);
    queue = MakeQueue(device);
  }
  *handle = TheQueues().table.Add(std::move(queue));
  return *handle == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
}

void WaitForAllWork() {
  std::vector<std::weak_ptr<Queue>> made;
  {
    const std::lock_guard lock(TheQueues().mutex);
    made = TheQueues().made;
  }
  for (const auto& weak : made)
    if (const auto queue = weak.lock()) queue->Drain();
}

cnrtRet_t SyncQueuesOfDevice(int device) {
  cnrtRet_t first = CNRT_RET_SUCCESS;
  for (const auto& queue : QueuesOfDevice(device)) {
    const cnrtRet_t result = queue->Sync();
    if (first == CNRT_RET_SUCCESS) first = result;
  }
  return first;
}

void DestroyAllQueues() {
  auto all = TheQueues().table.RemoveAll();
  {
    const std::lock_guard lock(TheQueues().mutex);
    for (auto& [device, queue] : TheQueues().by_default) all.push_back(queue);
    TheQueues().by_default.clear();
  }
  for (const auto& queue : all) {
    queue->Drain();
    queue->Close();
  }
}

}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnrtRet_t cnrtCreateQueue(cnrtQueue_t* pQueue) {
  Clear(pQueue);
  return Anytime([&] {
    if (pQueue == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Initialised()) return CNRT_RET_ERR_INIT;
    return OnFakeDevice() ? CNRT_RET_WARNING_FAKE_DEVICE : CreateQueueOn(CurrentDevice(), pQueue);
  });
}

cnrtRet_t cnrtDestroyQueue(cnrtQueue_t queue) {
  return Anytime([&] {
    const std::shared_ptr<Queue> found = TheQueues().table.Remove(queue);
    if (!found) return CNRT_RET_ERR_INVALID;
    found->Close();
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSyncQueue(cnrtQueue_t queue) {
  return Ready([&] {
    const std::shared_ptr<Queue> found = FindQueue(queue);
    return found ? found->Sync() : CNRT_RET_ERR_QUEUE;
  });
}

cnrtRet_t cnrtQueryQueue(cnrtQueue_t queue) {
  return Ready([&] {
    const std::shared_ptr<Queue> found = FindQueue(queue);
    if (!found) return CNRT_RET_ERR_QUEUE;
    return found->Idle() ? CNRT_RET_SUCCESS : CNRT_RET_ERR_BUSY;
  });
}

cnrtRet_t cnrtQueueCreate(cnrtQueue_t* queue) { return cnrtCreateQueue(queue); }
cnrtRet_t cnrtQueueDestroy(cnrtQueue_t queue) { return cnrtDestroyQueue(queue); }
cnrtRet_t cnrtQueueSync(cnrtQueue_t queue) { return cnrtSyncQueue(queue); }
