// Compilation to a file; see compile_job.h.
#include "studio/compile_job.h"

#include "base/file.h"
#include "studio/models.h"
#include "studio/offline_job.h"

namespace picabia::studio {
namespace {

// A program for cpu runs at every size; the size given is what `bench` and `inspect` take by
// default.
void SetDefaultSize(program::Program& program, int64_t height, int64_t width) {
  for (program::Port& port : program.inputs) {
    if (port.declared_shape.size() != 4) continue;
    if (port.default_shape.empty()) port.default_shape = port.declared_shape;
    const size_t first = program.picture.nchw ? 2 : 1;
    if (port.declared_shape[first] < 0) port.default_shape[first] = height;
    if (port.declared_shape[first + 1] < 0) port.default_shape[first + 1] = width;
  }
}

Status CompileForCpu(const CompileRequest& request) {
  ModelOptions options;
  options.preprocess = request.preprocess;
  options.compile.operators = request.operators;
  options.compile.fetches = request.fetches;
  if (request.as_cambricon) options.compile.power = ops::PowerConvention::kCambriconCpu;
  if (!request.sets.empty()) {
    options.change = [&request](ir::Graph* graph) {
      if (graph != nullptr) return BindInputs(*graph, request.sets);
      return Unsupported("is compiled already: --set goes with the file it was made of");
    };
  }
  PICABIA_ASSIGN_OR_RETURN(const Model model, OpenModel(request.model, options));
  program::Program program = *model.program;
  if (request.height > 0) SetDefaultSize(program, request.height, request.width);
  auto bytes = program::WriteProgram(program);
  if (!bytes.ok()) return bytes.status().WithContext(request.model);
  return WriteFileAtomically(request.output, *bytes);
}

// Both files are made before either is written, and the model last: where it stands, so does the
// text.
Status CompileForMlu270(const CompileRequest& request) {
  PICABIA_ASSIGN_OR_RETURN(const program::OfflineModel model, MakeOfflineModel(request));
  auto bytes = program::WriteOffline(model);
  if (!bytes.ok()) return bytes.status().WithContext(request.model);
  PICABIA_RETURN_IF_ERROR(
      WriteFileAtomically(request.output + "_twins", TwinsText(model, request.output)));
  return WriteFileAtomically(request.output, *bytes);
}

}  // namespace

Status CompileModel(const CompileRequest& request) {
  if (request.target == "cpu" && request.batches.empty() && request.io_type == "half")
    return CompileForCpu(request);
  if (request.target == "cpu")
    return InvalidArgument("batch and io type are for target mlu270: a program for cpu takes any");
  if (request.target == "mlu270") return CompileForMlu270(request);
  return InvalidArgument("target: found '" + request.target + "', expected cpu or mlu270");
}

}  // namespace picabia::studio
