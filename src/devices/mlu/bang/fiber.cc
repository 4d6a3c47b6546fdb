#include "devices/mlu/bang/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PICABIA_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define PICABIA_TSAN 1
#endif
#endif
#if defined(PICABIA_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(PICABIA_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

// void picabia_bang_switch(void** from, void* to): pushes what a called function must keep, stores
// the stack pointer in *from, takes `to` for it, and returns there.
#if defined(__x86_64__)
asm(R"(
.text
.hidden picabia_bang_switch
.type picabia_bang_switch, @function
picabia_bang_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size picabia_bang_switch, .-picabia_bang_switch
)");
#elif defined(__aarch64__)
asm(R"(
.text
.hidden picabia_bang_switch
.type picabia_bang_switch, %function
picabia_bang_switch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size picabia_bang_switch, .-picabia_bang_switch
)");
#else
#error "fibers are written for x86-64 and 64-bit ARM"
#endif
extern "C" void picabia_bang_switch(void** from, void* to);

namespace picabia::bang {
namespace {

constexpr size_t kGuard = 64 << 10;  // one frame may skip a page, hardly sixteen

#if defined(PICABIA_ASAN)
// Where the stack of this thread lies, as the sanitizer told when a fiber was entered.
struct ThreadStack {
  const void* bottom = nullptr;
  size_t size = 0;
};
thread_local ThreadStack thread_stack;
#endif

}  // namespace

FiberStack::FiberStack() {
  void* block = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) return;
  if (mprotect(block, kGuard, PROT_NONE) != 0) {
    munmap(block, kBytes);
    return;
  }
  base_ = static_cast<char*>(block);
}

FiberStack::~FiberStack() {
  if (base_ != nullptr) munmap(base_, kBytes);
}

bool FiberStack::InGuard(const void* address) const {
  const auto at = reinterpret_cast<uintptr_t>(address);
  const auto base = reinterpret_cast<uintptr_t>(base_);
  return at >= base && at < base + kGuard;
}

char* FiberStack::bottom() const { return base_ + kGuard; }

void PrepareFiber(Context* context, const FiberStack& stack, void (*entry)()) {
#if defined(__x86_64__)
  // Six registers, the return address, and 8 bytes so that the entry sees the alignment of a call.
  void** top = reinterpret_cast<void**>(stack.top()) - 8;
  std::memset(top, 0, 8 * sizeof(void*));
  top[6] = reinterpret_cast<void*>(entry);
#else
  char* frame = stack.top() - 160;
  std::memset(frame, 0, 160);
  std::memcpy(frame + 88, &entry, sizeof(entry));  // x30
  void* top = frame;
#endif
  context->stack_pointer = top;
#if defined(PICABIA_TSAN)
  if (context->sanitizer == nullptr) context->sanitizer = __tsan_create_fiber(0);
#endif
}

void SwitchContext(Context* from, const Context& to, [[maybe_unused]] const FiberStack* stack) {
#if defined(PICABIA_ASAN)
  const bool entering = stack != nullptr;
  const void* bottom = entering ? stack->bottom() : thread_stack.bottom;
  const size_t size =
      entering ? static_cast<size_t>(stack->top() - stack->bottom()) : thread_stack.size;
  __sanitizer_start_switch_fiber(&from->sanitizer, bottom, size);
  picabia_bang_switch(&from->stack_pointer, to.stack_pointer);
  // On a fiber again, the thread may be another call's: its stack is told anew.
  if (entering)
    __sanitizer_finish_switch_fiber(from->sanitizer, nullptr, nullptr);
  else
    __sanitizer_finish_switch_fiber(from->sanitizer, &thread_stack.bottom, &thread_stack.size);
#elif defined(PICABIA_TSAN)
  from->sanitizer = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(to.sanitizer, 0);
  picabia_bang_switch(&from->stack_pointer, to.stack_pointer);
#else
  picabia_bang_switch(&from->stack_pointer, to.stack_pointer);
#endif
}

void FiberStarted() {
#if defined(PICABIA_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, &thread_stack.bottom, &thread_stack.size);
#endif
}

void LeavesByJump([[maybe_unused]] const Context& scheduler) {
#if defined(PICABIA_TSAN)
  __tsan_switch_to_fiber(scheduler.sanitizer, 0);
#endif
}

void LeftByJump([[maybe_unused]] Context* scheduler) {
#if defined(PICABIA_ASAN)
  __sanitizer_start_switch_fiber(nullptr, thread_stack.bottom, thread_stack.size);
  __sanitizer_finish_switch_fiber(scheduler->sanitizer, nullptr, nullptr);
#endif
}

}  // namespace picabia::bang
