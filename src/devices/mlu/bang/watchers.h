// The checker and the profiler of an execution, as far as the environment asks for them:
// PICABIA_BANG_CHECK=1 or =error, PICABIA_BANG_PROFILE=DIR.
#pragma once

#include <memory>

#include "devices/mlu/bang/core.h"

namespace picabia::bang {

class Watchers : public Observer {
 public:
  // Null when nobody wants to watch: executions are faster then.
  static std::unique_ptr<Watchers> Make(const Plan& plan);

  virtual bool wants_accesses() const = 0;
  virtual void SetPlan(const Plan* plan) = 0;
  // After the execution: reports; an error when PICABIA_BANG_CHECK=error and something was found.
  virtual Status Conclude(Status status) = 0;
};

}  // namespace picabia::bang
