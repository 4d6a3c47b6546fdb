// Another way to device mlu: a CNRT library that is loaded at run time, of which nothing but public
// functions of cnrt.h is used. One function of an offline model with fixed shapes; used by
// runtime/cnrt_device.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "ops/shape.h"

namespace picabia::mlu {

// A loaded library. It stays in the process for ever: its threads may.
class CnrtLibrary {
 public:
  // The error names the file, and a function that it does not have.
  static Result<std::shared_ptr<const CnrtLibrary>> Open(const std::string& path);
  ~CnrtLibrary();
  struct Api;

  const Api& api() const { return *api_; }
  // OkStatus, or which function of which file gave which code.
  Status Check(int code, const char* function) const;

 private:
  CnrtLibrary();
  std::string path_;
  std::unique_ptr<Api> api_;
  bool initialised_ = false;
};

// A function on device 0, with memory for its tensors. For one thread at a time.
class CnrtFunction {
 public:
  // `model`: an offline model with the function "subnet0", whose ports have these types.
  static Result<std::unique_ptr<CnrtFunction>> Create(std::shared_ptr<const CnrtLibrary> library,
                                                      const std::string& model,
                                                      std::vector<ops::TensorType> inputs,
                                                      std::vector<ops::TensorType> outputs);
  ~CnrtFunction();

  // `ms`: what the library's own notifiers say.
  Result<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs, double* ms);

 private:
  CnrtFunction();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace picabia::mlu
