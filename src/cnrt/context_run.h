// A function on the software device: tensors from device memory to the program and back. Used by
// context.cc.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "cnrt/cnrt.h"
#include "devices/mlu/device.h"
#include "program/offline.h"

namespace picabia::cnrt {

// One thread at a time. `function` outlives it.
class FunctionRun {
 public:
  static Result<std::unique_ptr<FunctionRun>> Create(const program::OfflineFunction& function);
  // `params`: device addresses of all inputs, then of all outputs, that were checked.
  cnrtRet_t Run(const std::vector<void*>& params);

 private:
  FunctionRun(const program::OfflineFunction& function, std::unique_ptr<mlu::Device> device)
      : function_(function), device_(std::move(device)) {}
  Status RunOrSay(const std::vector<void*>& params);
  void PrintHardwareTime() const;

  const program::OfflineFunction& function_;
  std::unique_ptr<mlu::Device> device_;
  std::vector<cpu::StepReport> reports_;  // of the last run
};

void DestroyAllContexts();

}  // namespace picabia::cnrt
