// Python functions as operators and callbacks of a graph.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <optional>
#include <vector>

#include "ops/custom.h"

namespace picabia::python {

// The Python objects that the operators of one session use, and what one of them has raised. The
// session visits them for the garbage collector: a function may refer to its session. All calls
// need the lock of the interpreter.
class HostObjects {
 public:
  ~HostObjects();

  // The number of an object with the attributes of picabia.host.Operator or Callback.
  size_t Add(nanobind::object description);
  nanobind::object at(size_t number) const { return descriptions_.at(number); }

  // The first exception of a call is kept until somebody takes it.
  void Keep(nanobind::object exception);
  nanobind::object Take();

  int Visit(visitproc visit, void* arg) const;
  void Clear();

 private:
  std::vector<nanobind::object> descriptions_;
  nanobind::object exception_;
};

// The operator of a description. `dtype`: of the output, or nothing where it is that of input 0.
// The result may be dropped by any thread.
ops::CustomPointer HostOperator(nanobind::object description, std::optional<DType> dtype,
                                std::shared_ptr<HostObjects> objects);

// The slots tp_traverse and tp_clear of a class that has objects().
template <typename T>
int TraverseHost(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nanobind::inst_ready(self)) return 0;
  return nanobind::inst_ptr<T>(self)->objects().Visit(visit, arg);
}
template <typename T>
int ClearHost(PyObject* self) {
  if (nanobind::inst_ready(self)) nanobind::inst_ptr<T>(self)->objects().Clear();
  return 0;
}

}  // namespace picabia::python
