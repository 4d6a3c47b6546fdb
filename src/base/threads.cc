// The thread pool: a oneTBB arena of fixed width.
#include "base/threads.h"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <thread>

namespace picabia {

struct ThreadPool::Impl {
  // TBB starts as many workers as there are cores; more are asked for when the caller wants more.
  explicit Impl(int threads)
      : limit(tbb::global_control::max_allowed_parallelism,
              static_cast<size_t>(std::max(threads, 1))),
        arena(threads, 1) {}
  tbb::global_control limit;
  tbb::task_arena arena;
};

ThreadPool::ThreadPool(int threads)
    : threads_(threads > 0 ? threads
                           : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {
  if (threads_ > 1) impl_ = std::make_unique<Impl>(threads_);
}

ThreadPool::~ThreadPool() = default;

void ThreadPool::For(int64_t count, const std::function<void(int64_t, int)>& fn) {
  if (count <= 0) return;
  if (impl_ == nullptr || count == 1) {
    for (int64_t i = 0; i < count; ++i) fn(i, 0);
    return;
  }
  impl_->arena.execute([&] {
    tbb::parallel_for(
        int64_t{0}, count, [&](int64_t i) { fn(i, tbb::this_task_arena::current_thread_index()); },
        tbb::simple_partitioner());
  });
}

}  // namespace picabia
