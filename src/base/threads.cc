// The thread pool: a oneTBB arena of fixed width.
#include "base/threads.h"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

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

// oneTBB as Debian builds it does not tell ThreadSanitizer what happens before what, so that every
// task would look like a race. Under it plain threads take the numbers in turn.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PICABIA_PLAIN_THREADS
#endif
#endif

#ifdef PICABIA_PLAIN_THREADS
void ThreadPool::For(int64_t count, const std::function<void(int64_t, int)>& fn) {
  std::atomic<int64_t> next{0};
  const auto work = [&](int thread) {
    for (int64_t i; (i = next.fetch_add(1)) < count;) fn(i, thread);
  };
  std::vector<std::thread> others;
  for (int t = 1; t < std::min<int64_t>(threads_, count); ++t) others.emplace_back(work, t);
  work(0);
  for (std::thread& other : others) other.join();
}
#else
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
#endif

}  // namespace picabia
