#include "devices/mlu/bang/faults.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>
#include <utility>

namespace picabia::bang {
namespace {

constexpr int kFaultSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
// Ignored unless somebody handles it, and free of use by the C library.
constexpr int kInterrupt = SIGURG;
constexpr int kMaxSignals = 64;
constexpr size_t kSignalStack = 64 << 10;

struct Fault {
  int signal = 0;
  const void* address = nullptr;
};

thread_local Worker* thread_worker = nullptr;
thread_local Fault thread_fault;
struct sigaction earlier[kMaxSignals];

// Code that may be left at any instruction: the kernel's own and the builtins', not the C
// library's, which may hold locks.
struct CodeRange {
  uintptr_t begin = 0, end = 0;
};
CodeRange engine_code;

CodeRange CodeAround(const void* address) {
  struct Search {
    uintptr_t wanted;
    CodeRange found;
  } search{reinterpret_cast<uintptr_t>(address), {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto* s = static_cast<Search*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          const uintptr_t begin = info->dlpi_addr + header.p_vaddr;
          if (header.p_type != PT_LOAD || !(header.p_flags & PF_X)) continue;
          if (s->wanted >= begin && s->wanted < begin + header.p_memsz)
            s->found = {begin, begin + header.p_memsz};
        }
        return s->found.end != 0 ? 1 : 0;
      },
      &search);
  return search.found;
}

uintptr_t ProgramCounter(void* context) {
  const auto* machine = &static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<uintptr_t>(machine->gregs[REG_RIP]);
#else
  return machine->pc;
#endif
}

void CallEarlier(int signal, siginfo_t* info, void* context) {
  const struct sigaction& before = earlier[signal];
  if (before.sa_flags & SA_SIGINFO) {
    if (before.sa_sigaction != nullptr) before.sa_sigaction(signal, info, context);
  } else if (before.sa_handler == SIG_DFL) {
    if (signal == kInterrupt) return;
    ::signal(signal, SIG_DFL);  // the fault happens again, to its default end
  } else if (before.sa_handler != SIG_IGN) {
    before.sa_handler(signal);
  }
}

// Inside the engine, too: its locks are not held where it follows addresses of the kernel, except
// one that SwitchTo of execution.cc gives back.
void OnFault(int signal, siginfo_t* info, void* context) {
  Worker* worker = thread_worker;
  if (worker == nullptr || worker->running.load() == nullptr)
    return CallEarlier(signal, info, context);
  thread_fault = {signal, info->si_addr};
  LeavesByJump(worker->scheduler);
  siglongjmp(worker->way_out, 1);
}

thread_local CodeRange kernel_code;

void OnInterrupt(int signal, siginfo_t* info, void* context) {
  Worker* worker = thread_worker;
  Core* core = worker == nullptr ? nullptr : worker->running.load();
  if (core == nullptr) return CallEarlier(signal, info, context);
  if (!worker->execution->aborted() || core->locked > 0) return;
  const uintptr_t pc = ProgramCounter(context);
  const auto in = [pc](const CodeRange& range) { return pc >= range.begin && pc < range.end; };
  if (!in(kernel_code) && !in(engine_code)) return;  // it will be asked again
  thread_fault = {};
  LeavesByJump(worker->scheduler);
  siglongjmp(worker->way_out, 1);
}

double TimeoutSeconds() {
  static const double seconds = [] {
    const char* text = std::getenv("PICABIA_BANG_TIMEOUT");
    if (text == nullptr) return 120.0;
    char* end = nullptr;
    const double value = std::strtod(text, &end);
    return end != text && value >= 0 ? value : 120.0;
  }();
  return seconds;
}

// One thread that looks at the clock for all executions.
class Clock {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void Add(Execution* execution) {
    const std::lock_guard lock(mutex_);
    const auto limit = std::chrono::duration<double>(TimeoutSeconds());
    deadlines_[execution] = std::chrono::steady_clock::now() +
                            std::chrono::duration_cast<std::chrono::nanoseconds>(limit);
    if (!started_) std::thread([this] { Run(); }).detach();
    started_ = true;
    changed_.notify_one();
  }
  void Remove(Execution* execution) {
    const std::lock_guard lock(mutex_);
    deadlines_.erase(execution);
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (deadlines_.empty()) {
        changed_.wait(lock);
        continue;
      }
      // Executions end much sooner than their deadline: no need to be told.
      const auto now = std::chrono::steady_clock::now();
      auto next = now + std::chrono::milliseconds(500);
      for (auto& [execution, deadline] : deadlines_) {
        if (execution->aborted() || deadline <= now) {
          Expire(execution);
          next = std::min(next, now + std::chrono::milliseconds(10));  // until all have heard
        } else {
          next = std::min(next, deadline);
        }
      }
      changed_.wait_until(lock, next);
    }
  }
  static void Expire(Execution* execution) {
    if (!execution->aborted()) {
      char seconds[32];
      std::snprintf(seconds, sizeof(seconds), "%g", TimeoutSeconds());
      execution->Abort(ResourceError("kernel " + execution->plan().name + ": still running after " +
                                     seconds + " s, ended (PICABIA_BANG_TIMEOUT)"));
    }
    execution->Interrupt();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Execution*, Time> deadlines_;
  bool started_ = false;
};

Clock& TheClock() {
  static Clock* clock = new Clock;  // its thread outlives main
  return *clock;
}

}  // namespace

void InstallFaultHandlers() {
  static const bool installed = [] {
    engine_code = CodeAround(reinterpret_cast<const void*>(&InstallFaultHandlers));
    struct sigaction action = {};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    action.sa_sigaction = OnFault;
    for (const int signal : kFaultSignals) sigaction(signal, &action, &earlier[signal]);
    action.sa_sigaction = OnInterrupt;
    action.sa_flags |= SA_RESTART;
    sigaction(kInterrupt, &action, &earlier[kInterrupt]);
    return true;
  }();
  (void)installed;
}

void PrepareThreadForFaults() {
  struct SignalStack {
    SignalStack() {
      stack_t now = {};
      if (sigaltstack(nullptr, &now) == 0 && !(now.ss_flags & SS_DISABLE)) return;
      memory = std::malloc(kSignalStack);
      if (memory == nullptr) return;
      stack_t ours = {};
      ours.ss_sp = memory;
      ours.ss_size = kSignalStack;
      sigaltstack(&ours, nullptr);
    }
    ~SignalStack() {
      if (memory == nullptr) return;
      stack_t none = {};
      none.ss_flags = SS_DISABLE;
      sigaltstack(&none, nullptr);
      std::free(memory);
    }
    void* memory = nullptr;
  };
  static thread_local SignalStack stack;
  (void)stack;
}

void SetThreadWorker(Worker* worker) {
  thread_worker = worker;
  if (worker == nullptr) return;
  static thread_local const void* last = nullptr;
  const void* code = worker->execution->plan().entry.kernel->function;
  if (code != last) kernel_code = CodeAround(code);
  last = code;
}

Status TakeFault(const Core& core) {
  const Fault fault = std::exchange(thread_fault, {});
  if (fault.signal == 0) return OkStatus();  // it was only told to stop
  char address[32];
  std::snprintf(address, sizeof(address), "%p", fault.address);
  std::string text;
  switch (fault.signal) {
    case SIGFPE:
      text = "integer division by zero";
      break;
    case SIGILL:
      text = "illegal instruction, or a check that the kernel made itself";
      break;
    default:
      text = core.stack->InGuard(fault.address)
                 ? "its stack is full: the device has no room for recursion or large local arrays"
                 : std::string("access to ") + address + ", which is no memory";
  }
  return IoError(core.execution->Describe(core) + ": " + text);
}

Watch::Watch(Execution* execution) : execution_(TimeoutSeconds() > 0 ? execution : nullptr) {
  if (execution_ != nullptr) TheClock().Add(execution_);
}
Watch::~Watch() {
  if (execution_ != nullptr) TheClock().Remove(execution_);
}

}  // namespace picabia::bang
