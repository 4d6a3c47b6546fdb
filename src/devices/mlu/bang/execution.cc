// Runs the cores of a launch as fibers: the tasks of BLOCK one after the other on each thread, the
// cores of UNION in turn, switching where they wait for each other.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "devices/mlu/bang/core.h"
#include "devices/mlu/bang/faults.h"
#include "devices/mlu/bang/helpers.h"

__thread picabia_bang_core* picabia_bang_current = nullptr;

namespace picabia::bang {
namespace {

constexpr int kLocks = 1024;  // id0 * 32 + id1
constexpr int kNobody = -1;

bool HasVariables(const Plan& plan, int space) { return plan.layout.bytes[space] != 0; }

// Stacks are dear to make and cheap to keep.
struct StackPool {
  std::mutex mutex;
  std::vector<std::unique_ptr<FiberStack>> free;
};
StackPool& TheStacks() {
  static StackPool* pool = new StackPool;  // used by threads that main does not wait for
  return *pool;
}

std::unique_ptr<FiberStack> TakeStack() {
  StackPool& pool = TheStacks();
  const std::lock_guard lock(pool.mutex);
  if (pool.free.empty()) return std::make_unique<FiberStack>();
  auto stack = std::move(pool.free.back());
  pool.free.pop_back();
  return stack;
}

void ReturnStack(std::unique_ptr<FiberStack> stack) {
  StackPool& pool = TheStacks();
  const std::lock_guard lock(pool.mutex);
  pool.free.push_back(std::move(stack));
}

}  // namespace

Execution::Execution(const Plan& plan, Observer* observer) : plan_(plan), observer_(observer) {
  clusters_ = plan.block_cores / kCoresPerCluster;
  memory_cores_ = clusters_ > 0 && (plan.entry.kernel->flags & PICABIA_KERNEL_MEMORY_CORE) != 0;
  held_locks_.assign(kLocks, kNobody);
}

Execution::~Execution() {
  for (auto& core : cores_) {
    for (int space = 0; space < PICABIA_SPACES; ++space)
      if (core->arenas[space].bytes() != 0) ReturnArena(space, std::move(core->arenas[space]));
    if (core->stack) ReturnStack(std::move(core->stack));
  }
  for (Arena& arena : sram_) ReturnArena(PICABIA_SRAM, std::move(arena));
}

std::string Execution::Describe(const Core& core) const {
  std::string text = "kernel " + plan_.name + ", task " + std::to_string(core.taskId);
  if (core.clusterDim == 0) return text;
  text += " (cluster " + std::to_string(core.clusterId);
  return text +
         (core.memory_core ? ", its memory core)" : ", core " + std::to_string(core.coreId) + ")");
}

// A cluster's cores on one thread wait for nobody else's at its barriers, and find what they share
// in its cache: so when clusters or threads divide each other.
int Execution::WorkerOf(const Core& core, int workers) const {
  if (clusters_ == 0 || (clusters_ % workers != 0 && workers % clusters_ != 0))
    return core.index % workers;
  if (workers <= clusters_) return core.cluster % workers;
  const int each = workers / clusters_;
  const int within = core.memory_core ? kCoresPerCluster : core.coreId;
  return core.cluster * each + within % each;
}

void Execution::PrepareCores() {
  const bool block = clusters_ == 0;
  const int64_t tasks = int64_t{plan_.dim.x} * plan_.dim.y * plan_.dim.z;
  const int each = kCoresPerCluster + (memory_cores_ ? 1 : 0);
  const int wanted = plan_.threads > 0 ? std::min(plan_.threads, MaxThreads()) : MaxThreads();
  const int threads = observer_ != nullptr ? 1 : wanted;
  const int count = block ? static_cast<int>(std::min<int64_t>(threads, tasks)) : clusters_ * each;
  for (int i = 0; i < std::max(clusters_, 1); ++i) {
    sram_mutexes_.push_back(std::make_unique<std::mutex>());
    sram_.push_back(TakeArena(
        PICABIA_SRAM, std::max(plan_.layout.bytes[PICABIA_SRAM], plan_.sizes.bytes[PICABIA_SRAM])));
  }
  const int worker_count = std::min(threads, count);
  for (int i = 0; i < worker_count; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->execution = this;
  }
  for (int i = 0; i < count; ++i) {
    auto core = std::make_unique<Core>();
    core->execution = this;
    core->index = i;
    core->coreDim = kCoresPerCluster;
    core->clusterDim = clusters_;
    core->cluster = block ? 0 : i / each;
    core->clusterId = core->cluster;
    core->memory_core = !block && i % each == kCoresPerCluster;
    core->coreId = block ? 0 : core->memory_core ? kMemoryCoreId : i % each;
    core->watched = observer_ != nullptr;
    core->stack = TakeStack();
    core->worker = workers_[static_cast<size_t>(WorkerOf(*core, worker_count))].get();
    core->worker->cores.push_back(core.get());
    for (int space = 0; space < PICABIA_SPACES; ++space) {
      char* memory = nullptr;
      if (space == PICABIA_SRAM) {
        memory = sram_[static_cast<size_t>(core->cluster)].data();
      } else if (HasVariables(plan_, space) || space == PICABIA_NRAM) {
        // The memory core has none of its own on the card; here it is scratch that nobody sees.
        core->arenas[space] =
            TakeArena(space, std::max(plan_.layout.bytes[space], plan_.sizes.bytes[space]));
        memory = core->arenas[space].data();
      }
      core->delta[space] =
          reinterpret_cast<intptr_t>(memory) - static_cast<intptr_t>(plan_.layout.begin[space]);
    }
    cores_.push_back(std::move(core));
  }
}

void Execution::PrepareBarriers() {
  const auto join = [](Barrier* barrier, Core* core) { barrier->cores.push_back(core); };
  for (int i = 0; i < clusters_; ++i) {
    cluster_.push_back(std::make_unique<Barrier>());
    cluster_cores_.push_back(std::make_unique<Barrier>());
  }
  for (auto& core : cores_) {
    if (clusters_ == 0) break;
    join(&all_, core.get());
    join(cluster_[static_cast<size_t>(core->cluster)].get(), core.get());
    if (core->memory_core) {
      join(&all_memory_cores_, core.get());
    } else {
      join(&all_cores_, core.get());
      join(cluster_cores_[static_cast<size_t>(core->cluster)].get(), core.get());
    }
  }
}

Barrier* Execution::BarrierOf(const Core& core, Sync kind) {
  switch (kind) {
    case Sync::kCluster:
      return cluster_[static_cast<size_t>(core.cluster)].get();
    case Sync::kClusterCores:
      return cluster_cores_[static_cast<size_t>(core.cluster)].get();
    case Sync::kAll:
      return &all_;
    case Sync::kAllCores:
      return &all_cores_;
    default:
      return &all_memory_cores_;
  }
}

void Execution::SetTask(Core* core, uint32_t x, uint32_t y, uint32_t z) {
  const auto signed_of = [](uint32_t v) { return static_cast<int>(v); };
  core->taskIdX = signed_of(x);
  core->taskIdY = signed_of(y);
  core->taskIdZ = signed_of(z);
  core->taskDimX = signed_of(plan_.dim.x);
  core->taskDimY = signed_of(plan_.dim.y);
  core->taskDimZ = signed_of(plan_.dim.z);
  core->taskDim = core->taskDimX * core->taskDimY * core->taskDimZ;
  core->taskId = (core->taskIdZ * core->taskDimY + core->taskIdY) * core->taskDimX + core->taskIdX;
}

// What is on the chip when a kernel starts is undefined on the card. Zeros are the same for
// everybody.
void Execution::ClearVariables(Core* core) {
  for (const picabia_bang_variable* v : plan_.variables) {
    const bool shared = v->space == PICABIA_SRAM;
    if (shared && (core->memory_core || core->coreId != 0)) continue;
    std::memset(reinterpret_cast<char*>(const_cast<void*>(v->address)) + core->delta[v->space], 0,
                v->bytes);
  }
}

void Execution::FiberEntry() {
  FiberStarted();
  Core* core = CurrentCore();
  const KernelEntry& entry = core->execution->plan_.entry;
  if (entry.module->initialise != nullptr) entry.module->initialise();
  entry.kernel->call(entry.kernel->function,
                     const_cast<void* const*>(core->execution->plan_.arguments.data()));
  core->done = true;
  SwitchContext(&core->context, core->worker->scheduler, nullptr);
  std::abort();  // nobody enters a fiber that is done
}

void Execution::StartFiber(Core* core) {
  core->done = false;
  core->waiting = nullptr;
  core->locked = 0;
  PrepareFiber(&core->context, *core->stack, &FiberEntry);
}

// False when the execution is over for this thread.
bool Execution::SwitchTo(Worker* worker, Core* core) {
  if (aborted_) return false;
  if (sigsetjmp(worker->way_out, 0) == 0) {
    picabia_bang_current = core;
    worker->running = core;
    SwitchContext(&worker->scheduler, core->context, core->stack.get());
    worker->running = nullptr;
    picabia_bang_current = nullptr;
    return !aborted_;
  }
  LeftByJump(&worker->scheduler);
  Core* failed = worker->running.exchange(nullptr);
  picabia_bang_current = nullptr;
  if (std::mutex* held = failed->holds_sram.exchange(nullptr)) held->unlock();
  const Status fault = TakeFault(*failed);
  if (!fault.ok()) Abort(fault);
  return false;
}

bool Execution::AnyRunnable(const std::vector<Core*>& cores) const {
  return std::any_of(cores.begin(), cores.end(),
                     [](const Core* core) { return !core->done && core->Runnable(); });
}

// Under the mutex: when nobody can go on, somebody waits at a barrier that others never reach.
void Execution::CheckForDivergence() {
  if (working_ == 0 || idle_ < working_ || aborted_) return;
  for (const auto& core : cores_)
    if (!core->done && core->Runnable()) return;
  std::string text = "kernel " + plan_.name + ": cores wait for each other in vain:";
  int waiting = 0, ended = 0;
  for (const auto& core : cores_) {
    if (core->done) {
      ++ended;
      continue;
    }
    if (++waiting > 3) continue;
    text += std::string(waiting > 1 ? "," : "") + " task " + std::to_string(core->taskId) +
            (core->memory_core ? " (memory core)" : "") + " in " + core->waiting_name;
    if (core->waiting_where.file != nullptr)
      text += " at " + std::string(core->waiting_where.file) + ":" +
              std::to_string(core->waiting_where.line);
  }
  if (waiting > 3) text += " and " + std::to_string(waiting - 3) + " more";
  if (ended > 0) text += "; " + std::to_string(ended) + " cores have ended without it";
  status_ = IoError(text);
  aborted_ = true;
  changed_.notify_all();
}

// All cores of the worker wait. False when the execution is over.
bool Execution::WaitForWork(Worker* worker) {
  std::unique_lock lock(mutex_);
  ++idle_;
  CheckForDivergence();
  changed_.wait(lock, [&] { return aborted_ || AnyRunnable(worker->cores); });
  --idle_;
  return !aborted_;
}

void Execution::Schedule(Worker* worker) {
  for (;;) {
    bool progress = false;
    bool left = false;
    // One cluster after the other, each for some turns: its memories stay in the cache. No longer,
    // since a core may wait for a lock that one of another cluster holds.
    constexpr int kTurns = 64;
    for (size_t begin = 0, end; begin < worker->cores.size(); begin = end) {
      for (end = begin; end < worker->cores.size() &&
                        worker->cores[end]->cluster == worker->cores[begin]->cluster;)
        ++end;
      bool ran = true;
      for (int turn = 0; ran && turn < kTurns; ++turn, progress |= ran) {
        ran = false;
        for (size_t i = begin; i < end; ++i) {
          Core* core = worker->cores[i];
          left |= !core->done;
          if (core->done || !core->Runnable()) continue;
          core->waiting = nullptr;
          ran = true;
          if (!SwitchTo(worker, core)) return;
        }
      }
    }
    if (!left) break;
    if (!progress && !WaitForWork(worker)) return;
  }
  const std::lock_guard lock(mutex_);
  --working_;
  CheckForDivergence();
}

void Execution::RunWorkers(const std::function<void(Worker*)>& body) {
  RunTogether(static_cast<int>(workers_.size()), [&](int i) {
    Worker* worker = workers_[static_cast<size_t>(i)].get();
    PrepareThreadForFaults();
    SetThreadWorker(worker);
    worker->thread = pthread_self();
    worker->alive = true;
    body(worker);
    {
      const std::lock_guard lock(mutex_);  // Interrupt must not signal a thread that went on
      worker->alive = false;
    }
    SetThreadWorker(nullptr);
  });
}

Status Execution::RunBlocks() {
  const int64_t tasks = int64_t{plan_.dim.x} * plan_.dim.y * plan_.dim.z;
  std::atomic<int64_t> next{0};
  RunWorkers([&](Worker* worker) {
    Core* core = worker->cores.front();
    ClearVariables(core);
    for (int64_t task; (task = next++) < tasks;) {
      const auto x = static_cast<uint32_t>(task % plan_.dim.x);
      const auto y = static_cast<uint32_t>(task / plan_.dim.x % plan_.dim.y);
      SetTask(core, x, y, static_cast<uint32_t>(task / plan_.dim.x / plan_.dim.y));
      StartFiber(core);
      if (observer_ != nullptr) observer_->Start(*core);
      while (!core->done)
        if (!SwitchTo(worker, core)) return;
      if (observer_ != nullptr) observer_->Finish(*core);
    }
  });
  return status_;
}

Status Execution::RunUnion(uint32_t first_x, uint32_t y, uint32_t z) {
  const int each = kCoresPerCluster + (memory_cores_ ? 1 : 0);
  for (auto& core : cores_) {
    // The card's memory core has no task of its own; it reads that of its cluster's first core.
    const int within = core->memory_core ? 0 : core->index % each;
    SetTask(core.get(), first_x + static_cast<uint32_t>(core->cluster * kCoresPerCluster + within),
            y, z);
    ClearVariables(core.get());
    StartFiber(core.get());
    if (observer_ != nullptr) observer_->Start(*core);
  }
  working_ = workers_.size();
  idle_ = 0;
  RunWorkers([this](Worker* worker) { Schedule(worker); });
  if (observer_ != nullptr && status_.ok())
    for (auto& core : cores_) observer_->Finish(*core);
  return status_;
}

Status Execution::Run() {
  InstallFaultHandlers();
  PrepareCores();
  for (const auto& core : cores_)
    if (!core->stack->ok() || core->arenas[PICABIA_NRAM].bytes() == 0)
      return ResourceError("kernel " + plan_.name + ": the host has no memory for its cores");
  PrepareBarriers();
  const Watch watch(this);
  if (clusters_ == 0) return RunBlocks();
  for (uint32_t z = 0; z < plan_.dim.z; ++z)
    for (uint32_t y = 0; y < plan_.dim.y; ++y)
      for (uint32_t x = 0; x < plan_.dim.x; x += static_cast<uint32_t>(plan_.block_cores))
        PICABIA_RETURN_IF_ERROR(RunUnion(x, y, z));
  return OkStatus();
}

void Execution::Yield(Core* core) {
  SwitchContext(&core->context, core->worker->scheduler, nullptr);
}

void Execution::Wait(Core* core, Sync kind, const char* name, Where where) {
  if (clusters_ == 0) return;
  bool last = false;
  {
    const Uninterrupted uninterrupted(core);
    if (observer_ != nullptr) observer_->Arrive(*core, kind, where);
    const std::lock_guard lock(mutex_);
    Barrier* barrier = BarrierOf(*core, kind);
    if (barrier->cores.size() < 2) return;
    last = ++barrier->arrived == barrier->cores.size();
    if (last) {
      barrier->arrived = 0;
      ++barrier->generation;
      if (observer_ != nullptr)
        observer_->Release(kind, barrier->cores.data(), static_cast<int>(barrier->cores.size()));
      if (idle_ > 0) changed_.notify_all();
    } else {
      core->waiting = barrier;
      core->waiting_generation = barrier->generation;
      core->waiting_where = where;
      core->waiting_name = name;
    }
  }
  if (!last) Yield(core);
}

void Execution::Lock(Core* core, int id) {
  for (;;) {
    {
      const Uninterrupted uninterrupted(core);
      const std::lock_guard lock(mutex_);
      int& holder = held_locks_[static_cast<size_t>(id & (kLocks - 1))];
      if (holder == kNobody) {
        holder = core->index;
        if (observer_ != nullptr) observer_->Lock(*core, id);
        return;
      }
    }
    Yield(core);
  }
}

void Execution::Unlock(Core* core, int id) {
  const Uninterrupted uninterrupted(core);
  const std::lock_guard lock(mutex_);
  held_locks_[static_cast<size_t>(id & (kLocks - 1))] = kNobody;
  if (observer_ != nullptr) observer_->Unlock(*core, id);
}

void Execution::Abort(Status status) {
  const std::lock_guard lock(mutex_);
  if (!aborted_) status_ = std::move(status);
  aborted_ = true;
  changed_.notify_all();
}

void Execution::Interrupt() {
  const std::lock_guard lock(mutex_);
  for (const auto& worker : workers_)
    if (worker->alive) pthread_kill(worker->thread, SIGURG);
}

}  // namespace picabia::bang
