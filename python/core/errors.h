// Errors as exceptions of picabia/errors.py.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

#include "base/status.h"

namespace picabia::python {

// Raises the class of the status' code with its message; `cause` becomes its __cause__, if any.
[[noreturn]] void Raise(const Status& status, nanobind::object cause = {});

// The value, or the exception.
template <typename T>
T Unwrap(Result<T> result) {
  if (!result.ok()) Raise(result.status());
  return *std::move(result);
}
inline void Check(const Status& status) {
  if (!status.ok()) Raise(status);
}

}  // namespace picabia::python
