// Faults of kernels (bad addresses, division by zero) and kernels that do not end, turned into
// errors of their launch.
#pragma once

#include "devices/mlu/bang/core.h"

namespace picabia::bang {

// Installs the signal handlers of the process, once.
void InstallFaultHandlers();

// Gives the thread a stack for signals: a kernel's own may be what overflowed. Until the thread
// ends.
void PrepareThreadForFaults();

// The worker that this thread is, for the handlers.
void SetThreadWorker(Worker* worker);

// After the jump out of a handler: what happened.
Status TakeFault(const Core& core);

// Watches the clock of an execution while it lives: PICABIA_BANG_TIMEOUT seconds (120; 0: for
// ever).
class Watch {
 public:
  explicit Watch(Execution* execution);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  Execution* execution_;
};

}  // namespace picabia::bang
