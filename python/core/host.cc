// Host operators; see host.h. The lock of the interpreter is taken here and nowhere else in a run.
#include "python/core/host.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <utility>

#include "python/core/arrays.h"

namespace picabia::python {
namespace {

namespace nb = nanobind;

std::string TextOf(nb::handle object) {
  const nb::object text = nb::steal(PyObject_Str(object.ptr()));
  if (!text.is_valid()) {
    PyErr_Clear();
    return "?";
  }
  return nb::borrow<nb::str>(text).c_str();
}

class Host final : public ops::CustomOperator {
 public:
  Host(size_t number, std::optional<DType> dtype, std::shared_ptr<HostObjects> objects)
      : number_(number), dtype_(dtype), objects_(std::move(objects)) {}

  Result<DType> OutputType(std::span<const DType> inputs, const std::string&) const override {
    return dtype_.value_or(inputs[0]);
  }

  Result<Shape> OutputShape(std::span<const ops::TensorType> inputs,
                            const std::string& attributes) const override {
    const nb::gil_scoped_acquire lock;
    const nb::object rule = objects_->at(number_).attr("shape");
    if (rule.is_none()) return CustomOperator::OutputShape(inputs, attributes);
    return Guarded("shape", [&]() -> Result<Shape> {
      nb::list shapes;
      for (const ops::TensorType& t : inputs) shapes.append(nb::tuple(nb::cast(t.shape)));
      return nb::cast<Shape>(nb::list(rule(*nb::tuple(shapes))));
    });
  }

  Status Compute(std::span<const Tensor> inputs, const std::string& attributes,
                 Tensor& output) const override {
    const nb::gil_scoped_acquire lock;
    return Guarded("function",
                   [&]() -> Result<bool> {
                     const nb::object function = objects_->at(number_).attr("function");
                     const nb::object compute =
                         nb::module_::import_("picabia.host").attr("compute");
                     nb::list arrays;
                     for (const Tensor& t : inputs) arrays.append(ArrayOf(t, false));
                     PICABIA_ASSIGN_OR_RETURN(const nb::dict keywords, Keywords(attributes));
                     compute(function, arrays, keywords, ArrayOf(output, true));
                     return true;
                   })
        .status();
  }

 private:
  // Calls f; what Python raises in it is kept and becomes an error.
  template <typename F>
  auto Guarded(const char* what, F f) const -> decltype(f()) {
    try {
      return f();
    } catch (nb::python_error& error) {
      const std::string message =
          TextOf(error.type().attr("__name__")) + ": " + TextOf(error.value());
      objects_->Keep(nb::borrow(error.value()));
      return InvalidArgument(std::string("its Python ") + what + " raised " + message);
    } catch (const nb::cast_error&) {
      return InvalidArgument(std::string("its Python ") + what +
                             " did not return a list of whole numbers");
    }
  }

  static Result<nb::dict> Keywords(const std::string& attributes) {
    PICABIA_ASSIGN_OR_RETURN(const auto list, ops::ParseAttributes(attributes));
    nb::dict keywords;
    for (const ops::CustomAttribute& a : list) {
      const nb::object value = std::visit(
          [](const auto& v) -> nb::object {
            if constexpr (requires { v.c_str(); }) {
              return nb::steal(PyUnicode_DecodeUTF8(v.data(), static_cast<Py_ssize_t>(v.size()),
                                                    "surrogateescape"));
            } else if (v.size() == 1) {
              return nb::cast(v[0]);
            } else {
              return nb::cast(v);
            }
          },
          a.value);
      keywords[a.name.c_str()] = value;
    }
    return keywords;
  }

  size_t number_;
  std::optional<DType> dtype_;
  std::shared_ptr<HostObjects> objects_;
};

}  // namespace

HostObjects::~HostObjects() {
  const nb::gil_scoped_acquire lock;
  Clear();
}

size_t HostObjects::Add(nb::object description) {
  descriptions_.push_back(std::move(description));
  return descriptions_.size() - 1;
}

void HostObjects::Keep(nb::object exception) {
  if (!exception_.is_valid()) exception_ = std::move(exception);
}

nb::object HostObjects::Take() { return std::exchange(exception_, nb::object()); }

int HostObjects::Visit(visitproc visit, void* arg) const {
  for (const nb::object& object : descriptions_) Py_VISIT(object.ptr());
  Py_VISIT(exception_.ptr());
  return 0;
}

void HostObjects::Clear() {
  // What they refer to may come back here while they go.
  const std::vector<nb::object> descriptions = std::exchange(descriptions_, {});
  const nb::object exception = Take();
}

ops::CustomPointer HostOperator(nb::object description, std::optional<DType> dtype,
                                std::shared_ptr<HostObjects> objects) {
  const size_t number = objects->Add(std::move(description));
  return std::make_shared<const Host>(number, dtype, std::move(objects));
}

}  // namespace picabia::python
