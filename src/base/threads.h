// A fixed number of worker threads over oneTBB. Work is cut by the caller, never by the scheduler,
// so that results do not depend on how many threads there are or which of them runs what.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace picabia {

class ThreadPool {
 public:
  // threads >= 1; 0 means one per core.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Calls fn(i, slot) once for every i in [0, count), in any order, at most threads() at a time.
  // `slot` is in [0, threads()) and no two calls running at the same time share one: it indexes
  // scratch memory.
  void For(int64_t count, const std::function<void(int64_t i, int slot)>& fn);

 private:
  struct Impl;
  int threads_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace picabia
