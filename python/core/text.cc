// GraphDefs as text and back, for the TensorFlow 1 scripts that convert them.
#include "proto/text.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string_view.h>

#include <string>

#include "proto/schema.h"
#include "python/core/bind.h"
#include "python/core/errors.h"

namespace picabia::python {
namespace {

namespace nb = nanobind;

nb::str GraphToText(const nb::bytes& graph) {
  const auto text = proto::PrintText({graph.c_str(), graph.size()}, proto::GraphDefType(), {});
  if (!text.ok()) Raise(text.status());
  return nb::str(text->data(), text->size());
}

nb::bytes GraphFromText(const std::string_view text) {
  const auto graph = proto::ParseMessageText(text, proto::GraphDefType(), {});
  if (!graph.ok()) Raise(graph.status());
  return nb::bytes(graph->data(), graph->size());
}

}  // namespace

void BindText(nb::module_& m) {
  m.def("graph_to_text", &GraphToText);
  m.def("graph_from_text", &GraphFromText);
}

}  // namespace picabia::python
