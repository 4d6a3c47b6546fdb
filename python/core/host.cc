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
  Host(nb::object description, std::optional<DType> dtype, std::shared_ptr<Raised> raised)
      : function_(description.attr("function")),
        shape_(description.attr("shape")),
        compute_(nb::module_::import_("picabia.host").attr("compute")),
        dtype_(dtype),
        raised_(std::move(raised)) {}
  ~Host() override {
    const nb::gil_scoped_acquire lock;
    function_.reset();
    shape_.reset();
    compute_.reset();
    raised_.reset();
  }

  Result<DType> OutputType(std::span<const DType> inputs, const std::string&) const override {
    return dtype_.value_or(inputs[0]);
  }

  Result<Shape> OutputShape(std::span<const ops::TensorType> inputs,
                            const std::string& attributes) const override {
    const nb::gil_scoped_acquire lock;
    if (shape_.is_none()) return CustomOperator::OutputShape(inputs, attributes);
    return Guarded("shape", [&]() -> Result<Shape> {
      nb::list shapes;
      for (const ops::TensorType& t : inputs) shapes.append(nb::tuple(nb::cast(t.shape)));
      return nb::cast<Shape>(nb::list(shape_(*nb::tuple(shapes))));
    });
  }

  Status Compute(std::span<const Tensor> inputs, const std::string& attributes,
                 Tensor& output) const override {
    const nb::gil_scoped_acquire lock;
    return Guarded("function",
                   [&]() -> Result<bool> {
                     nb::list arrays;
                     for (const Tensor& t : inputs) arrays.append(ArrayOf(t, false));
                     PICABIA_ASSIGN_OR_RETURN(const nb::dict keywords, Keywords(attributes));
                     compute_(function_, arrays, keywords, ArrayOf(output, true));
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
      raised_->Keep(nb::borrow(error.value()));
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

  nb::object function_, shape_, compute_;
  std::optional<DType> dtype_;
  std::shared_ptr<Raised> raised_;
};

}  // namespace

void Raised::Keep(nb::object exception) {
  if (!exception_.is_valid()) exception_ = std::move(exception);
}

nb::object Raised::Take() { return std::exchange(exception_, nb::object()); }

ops::CustomPointer HostOperator(nb::object description, std::optional<DType> dtype,
                                std::shared_ptr<Raised> raised) {
  return std::make_shared<const Host>(std::move(description), dtype, std::move(raised));
}

}  // namespace picabia::python
