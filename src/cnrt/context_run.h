// A function on the software device: tensors from device memory into the session and back. Used by
// context.cc.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "cnrt/cnrt.h"
#include "program/offline.h"
#include "runtime/session.h"

namespace picabia::cnrt {

// One thread at a time. `function` outlives it.
class FunctionRun {
 public:
  static Result<std::unique_ptr<FunctionRun>> Create(const program::OfflineFunction& function);
  // `params`: device addresses of all inputs, then of all outputs, that were checked.
  cnrtRet_t Run(const std::vector<void*>& params);

 private:
  FunctionRun(const program::OfflineFunction& function, std::unique_ptr<runtime::Session> session)
      : function_(function), session_(std::move(session)) {}
  Status RunOrSay(const std::vector<void*>& params);
  void PrintHardwareTime() const;

  const program::OfflineFunction& function_;
  std::unique_ptr<runtime::Session> session_;
};

void DestroyAllContexts();

}  // namespace picabia::cnrt
