// A simulated core while it runs a kernel, and the execution it is part of. Shared by the executor
// (execution.cc) and the builtins.
#pragma once

#include <pthread.h>
#include <setjmp.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bang/picabia_bang_abi.h"
#include "base/status.h"
#include "devices/mlu/bang/arena.h"
#include "devices/mlu/bang/engine.h"
#include "devices/mlu/bang/fiber.h"
#include "devices/mlu/bang/observer.h"
#include "devices/mlu/bang/registry.h"

namespace picabia::bang {

class Execution;
struct Worker;

// Cores that wait for each other. Guarded by Execution::mutex.
struct Barrier {
  std::vector<Core*> cores;
  size_t arrived = 0;
  std::atomic<uint32_t> generation{0};
};

struct Core : picabia_bang_core {
  Execution* execution = nullptr;
  Worker* worker = nullptr;
  int index = 0;    // in the execution
  int cluster = 0;  // of those that run together
  bool memory_core = false;
  bool done = false;
  // Above 0: inside code of the engine that must not be left by a jump.
  std::atomic<int> locked{0};
  std::atomic<std::mutex*> holds_sram{nullptr};  // Execution::sram_mutex

  Arena arenas[PICABIA_SPACES];  // [SRAM] is unused: clusters have it
  std::unique_ptr<FiberStack> stack;
  Context context;

  Barrier* waiting = nullptr;
  uint32_t waiting_generation = 0;
  Where waiting_where;
  const char* waiting_name = nullptr;

  bool Runnable() const { return waiting == nullptr || waiting->generation != waiting_generation; }
};

// While one lives, the core is not torn out of the engine's code.
class Uninterrupted {
 public:
  // Null: the caller is no core.
  explicit Uninterrupted(Core* core) : core_(core) { Add(1); }
  ~Uninterrupted() { Add(-1); }
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;

 private:
  // Only the core's own thread writes, and a signal handler on it reads: no locked instruction is
  // needed.
  void Add(int n) {
    if (core_ == nullptr) return;
    core_->locked.store(core_->locked.load(std::memory_order_relaxed) + n,
                        std::memory_order_relaxed);
  }
  Core* core_;
};

// A thread that runs some cores in turn.
struct Worker {
  Execution* execution = nullptr;
  std::vector<Core*> cores;
  Context scheduler;
  sigjmp_buf way_out;                   // from a fault, or from a kernel that does not end
  std::atomic<Core*> running{nullptr};  // the core whose fiber has the thread
  std::atomic<pthread_t> thread{};
  std::atomic<bool> alive{false};
};

// What a launch runs.
struct Plan {
  std::string name;
  KernelEntry entry;
  Dim3 dim{1, 1, 1};
  int block_cores = 1;  // that run together
  std::vector<const void*> arguments;
  Layout layout;
  std::vector<const picabia_bang_variable*> variables;
  MemorySizes sizes;
  int arch = 270;
  int threads = 0;  // at most; 0: any number
  // The instrumented library, for the lines of its addresses.
  const unsigned char* image_begin = nullptr;
  const unsigned char* image_end = nullptr;
};

// The cores, barriers and threads of one launch.
class Execution {
 public:
  Execution(const Plan& plan, Observer* observer);
  ~Execution();

  Status Run();

  const Plan& plan() const { return plan_; }
  Observer* observer() const { return observer_; }
  Arena& sram(int cluster) { return sram_[static_cast<size_t>(cluster)]; }
  const std::vector<std::unique_ptr<Core>>& cores() const { return cores_; }
  int clusters() const { return clusters_; }
  // Held while one core writes the SRAM of a cluster: all of its cores may ask for the same copy at
  // once.
  std::mutex& sram_mutex(int cluster) { return *sram_mutexes_[static_cast<size_t>(cluster)]; }

  // Called by a core: waits for the others. `name`: of the builtin, for messages.
  void Wait(Core* core, Sync kind, const char* name, Where where);
  // Called by a core: lets the others of its thread run.
  void Yield(Core* core);
  void Lock(Core* core, int id);
  void Unlock(Core* core, int id);

  // Ends the execution with an error; the first one counts. Cores that run are left where they are,
  // when they next look or are interrupted.
  void Abort(Status status);
  bool aborted() const { return aborted_; }
  // Sends the signal that makes threads look whether they are to end.
  void Interrupt();
  // "kernel NAME, task 3 (cluster 0, core 3)"
  std::string Describe(const Core& core) const;

 private:
  Barrier* BarrierOf(const Core& core, Sync kind);
  int WorkerOf(const Core& core, int workers) const;
  void PrepareCores();
  void PrepareBarriers();
  void SetTask(Core* core, uint32_t x, uint32_t y, uint32_t z);
  void ClearVariables(Core* core);
  Status RunBlocks();
  Status RunUnion(uint32_t first_x, uint32_t y, uint32_t z);
  void RunWorkers(const std::function<void(Worker*)>& body);
  void Schedule(Worker* worker);
  bool SwitchTo(Worker* worker, Core* core);
  bool WaitForWork(Worker* worker);
  void StartFiber(Core* core);
  bool AnyRunnable(const std::vector<Core*>& cores) const;
  void CheckForDivergence();
  static void FiberEntry();

  const Plan& plan_;
  Observer* const observer_;
  int clusters_ = 0;  // that run together; 0 for BLOCK
  bool memory_cores_ = false;
  std::vector<Arena> sram_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::unique_ptr<Worker>> workers_;

  std::vector<std::unique_ptr<std::mutex>> sram_mutexes_;  // by cluster
  std::mutex mutex_;
  std::condition_variable changed_;
  Barrier all_, all_cores_, all_memory_cores_;
  std::vector<std::unique_ptr<Barrier>> cluster_, cluster_cores_;
  size_t idle_ = 0, working_ = 0;
  std::vector<int> held_locks_;
  Status status_;
  std::atomic<bool> aborted_{false};
};

// The core of the calling thread. Only inside kernels.
inline Core* CurrentCore() { return static_cast<Core*>(picabia_bang_current); }

}  // namespace picabia::bang
