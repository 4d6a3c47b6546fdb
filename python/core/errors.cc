// Exceptions; see errors.h.
#include "python/core/errors.h"

namespace picabia::python {
namespace {

namespace nb = nanobind;

const char* ClassName(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case StatusCode::kInvalidModel:
      return "InvalidModel";
    case StatusCode::kUnsupported:
      return "Unsupported";
    case StatusCode::kNotFound:
      return "NotFound";
    case StatusCode::kIo:
      return "IoError";
    case StatusCode::kResource:
      return "ResourceError";
    case StatusCode::kOk:
      break;
  }
  return "Error";
}

// Messages may hold the bytes of a file that are no UTF-8.
nb::object Text(const std::string& bytes) {
  return nb::steal(PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()),
                                        "backslashreplace"));
}

}  // namespace

void Raise(const Status& status, nb::object cause) {
  // An interrupt or exit is no error of a model: it goes on as it is.
  if (cause.is_valid() && PyObject_IsInstance(cause.ptr(), PyExc_Exception) == 0) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(cause.ptr())), cause.ptr());
    throw nb::python_error();
  }
  const nb::object type = nb::module_::import_("picabia.errors").attr(ClassName(status.code()));
  const nb::object error = type(Text(status.message()));
  if (cause.is_valid()) PyException_SetCause(error.ptr(), cause.release().ptr());
  PyErr_SetObject(type.ptr(), error.ptr());
  throw nb::python_error();
}

}  // namespace picabia::python
