// Models and functions: what cnrtLoadModel and cnrtExtractFunction make, as the other files of this
// folder see it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "cnrt/cnrt.h"
#include "program/offline.h"

namespace picabia::cnrt {

// Functions and contexts keep what they need of a model alive: it may be unloaded first.
using ModelPointer = std::shared_ptr<const program::OfflineModel>;

// What a function handle stands for: empty until cnrtExtractFunction fills it.
class Function {
 public:
  void Fill(ModelPointer model, const program::OfflineFunction* function);
  void Share(std::shared_ptr<const program::OfflineFunction> function);
  // Null while it is empty. The result keeps the model alive.
  std::shared_ptr<const program::OfflineFunction> Get() const;
  // What another file keeps with a filled function, made at the first call; it goes when the
  // function is filled anew or destroyed. Null while it is empty.
  std::shared_ptr<void> Attached(
      std::shared_ptr<void> (*make)(const program::OfflineFunction& function));

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const program::OfflineFunction> function_;
  std::shared_ptr<void> attached_;
};

// Null when the handle is none of a live function.
std::shared_ptr<Function> FindFunction(cnrtFunction_t handle);
// A new handle; null when there are too many.
cnrtFunction_t AddFunction(std::shared_ptr<Function> function);

// CNRT_INVALID where the interface has no such type.
cnrtDataType_t TypeOf(DType dtype);

// Whether a variable of the environment is set, and not to nothing, 0, off, false or no.
bool IsSet(const char* variable);

// To standard error where the environment's CNRT_PRINT_INFO is set.
void PrintInfo(const std::string& text);

}  // namespace picabia::cnrt
