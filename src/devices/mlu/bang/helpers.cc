#include "devices/mlu/bang/helpers.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace picabia::bang {
namespace {

class Helper {
 public:
  Helper() {
    std::thread([this] { Loop(); }).detach();
  }
  void Start(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    work_ = std::move(work);
    changed_.notify_one();
  }

 private:
  void Loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return work_ != nullptr; });
      auto work = std::exchange(work_, nullptr);
      lock.unlock();
      work();
      lock.lock();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> work_;
};

struct Pool {
  std::mutex mutex;
  std::vector<Helper*> idle;
};
Pool& ThePool() {
  static Pool* pool = new Pool;  // its threads outlive main
  return *pool;
}

Helper* Take() {
  Pool& pool = ThePool();
  const std::lock_guard lock(pool.mutex);
  if (pool.idle.empty()) return new Helper;  // lives as long as the process
  Helper* helper = pool.idle.back();
  pool.idle.pop_back();
  return helper;
}

void GiveBack(Helper* helper) {
  Pool& pool = ThePool();
  const std::lock_guard lock(pool.mutex);
  pool.idle.push_back(helper);
}

}  // namespace

void RunTogether(int count, const std::function<void(int)>& body) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable done;
    int left;
  } shared;
  shared.left = count - 1;
  for (int i = 1; i < count; ++i) {
    Helper* helper = Take();
    helper->Start([&shared, &body, helper, i] {
      body(i);
      GiveBack(helper);
      const std::lock_guard lock(shared.mutex);
      if (--shared.left == 0) shared.done.notify_one();
    });
  }
  body(0);
  std::unique_lock lock(shared.mutex);
  shared.done.wait(lock, [&] { return shared.left == 0; });
}

int MaxThreads() {
  static const int threads = [] {
    const char* text = std::getenv("PICABIA_BANG_THREADS");
    const int wanted = text == nullptr ? 0 : std::atoi(text);
    const int host = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    return wanted > 0 ? std::min(wanted, 64) : std::min(host, 64);
  }();
  return threads;
}

}  // namespace picabia::bang
