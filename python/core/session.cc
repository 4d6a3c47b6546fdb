// Session: the compiled half of picabia/session.py.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <mutex>
#include <utility>

#include "python/core/arrays.h"
#include "python/core/bind.h"
#include "python/core/errors.h"
#include "python/core/host.h"
#include "studio/online.h"

namespace picabia::python {
namespace {

namespace nb = nanobind;

// Releases the lock of the interpreter, then waits for the session: the other way round, two
// threads could wait for each other.
class Turn {
 public:
  explicit Turn(std::mutex& mutex) : lock_(mutex) {}

 private:
  nb::gil_scoped_release released_;
  std::lock_guard<std::mutex> lock_;
};

struct TensorInfo {
  std::string name;
  DType dtype = DType::kF32;
  std::optional<Shape> shape, frozen_shape;
};

std::vector<TensorInfo> InfoOf(const program::Program& program,
                               const std::vector<program::Port>& ports) {
  std::vector<TensorInfo> infos;
  for (const program::Port& port : ports) {
    const program::Value& value = program.values[static_cast<size_t>(port.value)];
    TensorInfo info{value.name, value.dtype, {}, {}};
    if (port.rank_known) info.shape = port.declared_shape;
    if (!port.default_shape.empty()) info.frozen_shape = port.default_shape;
    infos.push_back(std::move(info));
  }
  return infos;
}

std::string Repr(const TensorInfo& info) {
  const auto text = [](const std::optional<Shape>& shape) {
    return shape ? ShapeString(*shape) : std::string("None");
  };
  return "TensorInfo(name='" + info.name + "', dtype=" + DTypeName(info.dtype) +
         ", shape=" + text(info.shape) + ", frozen_shape=" + text(info.frozen_shape) + ")";
}

class Session {
 public:
  Session(const nb::object& model, const std::string& device, const std::string& precision,
          int threads, bool fast, const std::string& mlu_numerics, bool as_cambricon,
          const std::vector<std::string>& libraries, const nb::dict& functions,
          const nb::dict& callbacks) {
    studio::OnlineOptions options;
    options.session = Unwrap(SessionOptionsOf(device, precision, threads, fast, mlu_numerics));
    options.model.compile.pipeline.target = TargetOf(options.session);
    options.model.compile.operators = Unwrap(OperatorsOf(libraries, functions, device, objects_));
    if (as_cambricon)
      options.model.compile.power = device == "mlu" ? ops::PowerConvention::kCambriconMlu
                                                    : ops::PowerConvention::kCambriconCpu;
    Check(Open(model, options));
    Check(SetCallbacks(callbacks));
  }

  nb::list Run(const std::optional<std::vector<std::string>>& fetches,
               const std::vector<std::pair<std::string, Array>>& arrays) {
    std::vector<runtime::Feed> feeds;
    for (const auto& [name, array] : arrays) {
      auto tensor = TensorOf(array);
      if (!tensor.ok()) Raise(tensor.status().WithContext("feed '" + name + "'"));
      feeds.push_back({name, *std::move(tensor)});
    }
    Result<std::vector<Tensor>> outputs = std::vector<Tensor>{};
    {
      const Turn turn(mutex_);
      outputs = model_->Run(fetches.value_or(std::vector<std::string>{}), feeds);
    }
    nb::object cause = objects_->Take();
    if (!outputs.ok()) Raise(outputs.status(), std::move(cause));

    nb::list results;  // while `feeds` is there, what was fed is somebody else's
    for (Tensor& tensor : *outputs) results.append(ResultOf(std::exchange(tensor, {})));
    return results;
  }

  std::vector<TensorInfo> Inputs() const {
    return InfoOf(model_->program(), model_->program().inputs);
  }
  std::vector<TensorInfo> Outputs() const {
    return InfoOf(model_->program(), model_->program().outputs);
  }
  std::vector<std::string> TensorNames() const { return model_->TensorNames(); }

  nb::list Profile() {
    std::vector<runtime::StepProfile> profile;
    {
      const Turn turn(mutex_);
      profile = model_->profile();
    }
    nb::list list;
    for (const runtime::StepProfile& step : profile) {
      nb::dict entry;
      entry["name"] = step.name;
      entry["kernel"] = step.kernel;
      entry["ms"] = step.ms;
      entry["macs"] = step.macs;
      entry["integer"] = step.integer;
      list.append(entry);
    }
    return list;
  }

  std::string Isa() { return Unwrap(model_->isa()); }

  HostObjects& objects() { return *objects_; }

 private:
  Status Open(const nb::object& model, const studio::OnlineOptions& options) {
    Result<std::unique_ptr<studio::OnlineModel>> opened = InvalidArgument("");
    if (PyBytes_Check(model.ptr())) {
      const std::string bytes(PyBytes_AS_STRING(model.ptr()),
                              static_cast<size_t>(PyBytes_GET_SIZE(model.ptr())));
      const nb::gil_scoped_release released;
      opened = studio::OnlineModel::OpenBytes(bytes, "the model", options);
    } else {
      const auto name = nb::cast<std::string>(model);
      const nb::gil_scoped_release released;
      opened = studio::OnlineModel::Open(name, options);
    }
    if (!opened.ok()) return opened.status();
    model_ = *std::move(opened);
    return OkStatus();
  }

  Status SetCallbacks(const nb::dict& callbacks) {
    std::vector<compile::HostCallback> list;
    for (const auto& [key, callback] : callbacks) {
      compile::HostCallback host;
      host.tensor = nb::cast<std::string>(key);
      host.inputs = nb::cast<std::vector<std::string>>(nb::list(callback.attr("inputs")));
      PICABIA_ASSIGN_OR_RETURN(const DType dtype, model_->TypeOf(host.tensor));
      host.implementation = HostOperator(nb::borrow(callback), dtype, objects_);
      list.push_back(std::move(host));
    }
    if (list.empty()) return OkStatus();
    const nb::gil_scoped_release released;
    return model_->SetCallbacks(std::move(list));
  }

  std::shared_ptr<HostObjects> objects_ = std::make_shared<HostObjects>();
  std::mutex mutex_;
  std::unique_ptr<studio::OnlineModel> model_;
};

// A callback may refer to its session: the garbage collector has to see that.
PyType_Slot kSlots[] = {{Py_tp_traverse, reinterpret_cast<void*>(TraverseHost<Session>)},
                        {Py_tp_clear, reinterpret_cast<void*>(ClearHost<Session>)},
                        {0, nullptr}};

}  // namespace

void BindSession(nb::module_& m) {
  nb::class_<TensorInfo>(m, "TensorInfo", "An input or output of a model.")
      .def_ro("name", &TensorInfo::name)
      .def_prop_ro(
          "dtype", [](const TensorInfo& info) { return NumpyType(info.dtype); },
          "The numpy.dtype of the elements.")
      .def_ro("shape", &TensorInfo::shape, "Sizes, -1 where free; None where any rank will do.")
      .def_ro("frozen_shape", &TensorInfo::frozen_shape,
              "The sizes that the model was frozen at, where `shape` is free of them; or None.")
      .def("__repr__", &Repr);
  nb::class_<Session>(m, "Session", nb::type_slots(kSlots))
      .def(nb::init<const nb::object&, const std::string&, const std::string&, int, bool,
                    const std::string&, bool, const std::vector<std::string>&, const nb::dict&,
                    const nb::dict&>())
      .def("run", &Session::Run, nb::arg("fetches").none(), nb::arg("feeds"))
      .def("inputs", &Session::Inputs)
      .def("outputs", &Session::Outputs)
      .def("tensor_names", &Session::TensorNames)
      .def("profile", &Session::Profile)
      .def("isa", &Session::Isa);
}

}  // namespace picabia::python
