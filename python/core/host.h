// Python functions as operators and callbacks of a graph.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>

#include "ops/custom.h"

namespace picabia::python {

// What a function raised during the current call of a session, until somebody takes it.
class Raised {
 public:
  // The lock of the interpreter is held for both. The first exception of a call is kept.
  void Keep(nanobind::object exception);
  nanobind::object Take();

 private:
  nanobind::object exception_;
};

// An object with the attributes of picabia.host.Operator or Callback. `dtype`: of the output, or
// nothing where it is that of input 0. The result may be dropped by any thread.
ops::CustomPointer HostOperator(nanobind::object description, std::optional<DType> dtype,
                                std::shared_ptr<Raised> raised);

}  // namespace picabia::python
