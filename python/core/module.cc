// picabia._core: what Python cannot do itself. The interface for users is picabia/*.py.
#include <nanobind/nanobind.h>

#include "python/core/bind.h"

NB_MODULE(_core, m) {
  m.doc() = "The compiled half of the package picabia.";
  m.attr("__version__") = PICABIA_VERSION;
  picabia::python::BindSession(m);
  picabia::python::BindStylizer(m);
  picabia::python::BindJobs(m);
  picabia::python::BindText(m);
}
