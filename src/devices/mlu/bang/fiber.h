// A stack of its own and the switch to it: what each simulated core runs on. Fibers never change
// threads.
#pragma once

#include <cstddef>

namespace picabia::bang {

// A stack with a page below it that faults. Kept and used again by later launches.
class FiberStack {
 public:
  // Committed only as far as it is used. Kernels keep arrays of up to the whole NRAM on it.
  static constexpr size_t kBytes = size_t{2} << 20;

  FiberStack();
  ~FiberStack();
  FiberStack(const FiberStack&) = delete;
  FiberStack& operator=(const FiberStack&) = delete;

  bool ok() const { return base_ != nullptr; }
  // Whether the address is in the page that faults.
  bool InGuard(const void* address) const;
  char* base() const { return base_; }
  char* bottom() const;
  char* top() const { return base_ + kBytes; }

 private:
  char* base_ = nullptr;
};

// A suspended flow of control: all its registers lie on its stack.
struct Context {
  void* stack_pointer = nullptr;
  void* sanitizer = nullptr;  // what ThreadSanitizer or AddressSanitizer know of it
};

// Prepares `context` to call entry() on the stack. entry must not return.
void PrepareFiber(Context* context, const FiberStack& stack, void (*entry)());

// Suspends into `from`, continues `to`. `stack`: of the fiber that is entered; null on the way back
// to the thread.
void SwitchContext(Context* from, const Context& to, const FiberStack* stack);

// To be called first thing on a fiber that was entered for the first time.
void FiberStarted();

// To be called on a fiber just before a jump out of it, to what called SwitchContext(&scheduler,
// ...).
void LeavesByJump(const Context& scheduler);

// To be called on the thread after a jump out of a fiber that will not be entered again.
void LeftByJump(Context* scheduler);

}  // namespace picabia::bang
