// Fixes shapes, compiles, and says how each tensor lies in the device's memory.
#include "studio/offline_job.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/checked.h"
#include "devices/mlu/device.h"
#include "runtime/dry_run.h"
#include "studio/host_inputs.h"
#include "studio/models.h"

namespace picabia::studio {
namespace {

using program::OfflineFunction;
using program::OfflinePort;
using program::Program;

constexpr int kCores = 16;  // of the card: what a twins file calls the core limit

std::string Named(const std::string& name) { return "input '" + name + "'"; }

// The shape that an input gets: free dimensions from batch and size, then what it was frozen at.
Result<Shape> FixedShape(const ir::Graph& graph, const ir::Value& value, int64_t batch,
                         const CompileRequest& request) {
  if (!value.declared_shape)
    return Unsupported(Named(value.name) +
                       ": its rank is not known, and an offline model has fixed shapes: freeze the "
                       "graph with a shape, or give it a value with --set");
  Shape shape = *value.declared_shape;
  const bool picture = shape.size() == 4;
  const size_t first = graph.picture.nchw ? 2 : 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool is_height = picture && i == first, is_width = picture && i == first + 1;
    const int64_t wanted = is_height ? request.height : is_width ? request.width : 0;
    if (i == 0 && picture && !request.batches.empty() && shape[i] < 0) shape[i] = batch;
    if (shape[i] >= 0 && wanted > 0 && shape[i] != wanted)
      return Unsupported(Named(value.name) + ": is frozen at shape " + ShapeString(shape) +
                         ", --size wants " + std::to_string(wanted) + " there");
    if (shape[i] >= 0) continue;
    if (wanted > 0) {
      shape[i] = wanted;
    } else if (value.frozen_shape && i < value.frozen_shape->size() &&
               (*value.frozen_shape)[i] > 0) {
      shape[i] = (*value.frozen_shape)[i];
    } else if (i == 0) {
      shape[i] = batch;
    } else {
      return InvalidArgument(Named(value.name) + ": shape " + ShapeString(shape) +
                             " is free, and an offline model has fixed shapes: " +
                             (is_height || is_width ? "give --size HxW" : "freeze the graph"));
    }
  }
  if (picture && !request.batches.empty() && shape[0] != batch)
    return Unsupported(Named(value.name) + ": is frozen at " + std::to_string(shape[0]) +
                       " pictures, --batch wants " + std::to_string(batch));
  return shape;
}

// Of a tensor of the model.
Result<Shape> ShapeOf(const std::string& tensor, const CompileRequest& request, int64_t batch);

struct Compiled {
  Program program;
  std::set<std::string> of_host;  // inputs that are no pictures: the host computes them
};

Status FixShapes(ir::Graph& graph, int64_t batch, const CompileRequest& request,
                 std::set<std::string>* of_host) {
  std::vector<ir::ValueId> without_shape;
  for (const ir::ValueId id : graph.inputs) {
    ir::Value& value = graph.value(id);
    const auto normalized = NormalizedTensor(graph, id);
    const bool infer = normalized && !value.declared_shape;
    if (normalized) of_host->insert(value.name);
    if (infer) without_shape.push_back(id);
    PICABIA_ASSIGN_OR_RETURN(const Shape shape,
                             infer ? ShapeOf(graph.value(*normalized).name, request, batch)
                                   : FixedShape(graph, value, batch, request));
    value.declared_shape = shape;
    value.frozen_shape.reset();
  }
  return without_shape.empty() || !request.fetches.empty()
             ? OkStatus()
             : KeepOutputsThatNeed(graph, without_shape);
}

// `only`: a tensor to compute instead of the outputs.
Result<Compiled> CompileAt(const CompileRequest& request, int64_t batch,
                           const std::string& only = "") {
  Compiled compiled;
  ModelOptions options;
  options.preprocess = request.preprocess;
  options.compile.operators = request.operators;
  if (only.empty()) options.compile.fetches = request.fetches;
  options.compile.pipeline.target = passes::Target::kMlu270;
  if (request.as_cambricon) options.compile.power = ops::PowerConvention::kCambriconMlu;
  options.change = [&](ir::Graph* graph) {
    if (graph == nullptr)
      return Unsupported("is compiled already: target mlu270 wants the file it was made of");
    PICABIA_RETURN_IF_ERROR(BindInputs(*graph, request.sets));
    if (!only.empty()) {
      PICABIA_ASSIGN_OR_RETURN(const ir::ValueId id, graph->FindValue(only));
      PICABIA_RETURN_IF_ERROR(ir::SetInterface(*graph, {}, {id}));
    }
    return FixShapes(*graph, batch, request, &compiled.of_host);
  };
  PICABIA_ASSIGN_OR_RETURN(const Model model, OpenModel(request.model, options));
  compiled.program = *model.program;
  return compiled;
}

Result<std::vector<ops::TensorType>> TypesOf(const Program& program, const std::string& model) {
  std::vector<Shape> shapes;
  for (const program::Port& port : program.inputs) shapes.push_back(port.declared_shape);
  auto types = runtime::DryRun(program, shapes);
  if (!types.ok()) return types.status().WithContext(model);
  return types;
}

Result<Shape> ShapeOf(const std::string& tensor, const CompileRequest& request, int64_t batch) {
  PICABIA_ASSIGN_OR_RETURN(const Compiled compiled, CompileAt(request, batch, tensor));
  PICABIA_ASSIGN_OR_RETURN(const auto types, TypesOf(compiled.program, request.model));
  return types[static_cast<size_t>(compiled.program.outputs[0].value)].shape;
}

// The card's integer unit is what an offline model is for.
Status CheckQuantized(const Program& program, const std::string& model) {
  if (mlu::ArithmeticOf(program) != "half") return OkStatus();
  return Unsupported(model +
                     ": its convolutions are floats, and target mlu270 runs integers; quantize it "
                     "first: picabia quantize " +
                     model + " -o OUT.pb");
}

Result<OfflinePort> PortOf(const std::string& name, const ops::TensorType& type,
                           bool channels_first, const std::string& io_type) {
  OfflinePort port;
  port.name = name;
  port.shape = type.shape;
  port.dtype = type.dtype;
  if (type.dtype == DType::kU64 || type.dtype == DType::kF64)
    return Unsupported("'" + name + "': " + DTypeName(type.dtype) + " is no type of the card");
  if (type.dtype == DType::kF32 && io_type != "float32") port.dtype = DType::kF16;
  if (channels_first && type.shape.size() == 4) {
    port.channels_first = true;
    port.shape = {type.shape[0], type.shape[2], type.shape[3], type.shape[1]};
  }
  return port;
}

// Pixels go in as they are; what the network wants of them is done on the device.
void TakePixels(OfflinePort& port, const PictureConvention& picture) {
  const size_t channels = port.shape.size() == 4 ? static_cast<size_t>(port.shape[3]) : 0;
  if (port.dtype != DType::kF16 || channels == 0 || channels > 4 || channels == 2) return;
  port.dtype = DType::kU8;
  port.scale.assign(picture.scale.begin(), picture.scale.begin() + channels);
  port.shift.assign(picture.shift.begin(), picture.shift.begin() + channels);
}

// Bytes of constants, and of halves that live at the same time.
int64_t MemoryOf(const Program& program, const std::vector<ops::TensorType>& types) {
  int64_t constants = 0;
  for (const program::Constant& c : program.constants)
    constants += static_cast<int64_t>(c.data.num_bytes());
  std::vector<size_t> last(program.values.size(), 0);
  for (size_t i = 0; i < program.steps.size(); ++i)
    for (const int32_t v : program.steps[i].inputs) last[static_cast<size_t>(v)] = i;
  const auto bytes = [&](int32_t v) {
    return 2 * CheckedProduct(types[static_cast<size_t>(v)].shape).value_or(0);
  };
  std::vector<bool> counted(program.values.size(), false);
  int64_t live = 0, peak = 0;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const program::Step& step = program.steps[i];
    counted[static_cast<size_t>(step.outputs[0])] = true;
    live += bytes(step.outputs[0]);
    peak = std::max(peak, live);
    for (const int32_t v : step.inputs) {
      if (last[static_cast<size_t>(v)] != i || !counted[static_cast<size_t>(v)]) continue;
      counted[static_cast<size_t>(v)] = false;
      live -= bytes(v);
    }
  }
  return constants + peak;
}

Result<OfflineFunction> MakeFunction(const CompileRequest& request, int64_t batch) {
  PICABIA_ASSIGN_OR_RETURN(Compiled compiled, CompileAt(request, batch));
  Program& program = compiled.program;
  PICABIA_RETURN_IF_ERROR(CheckQuantized(program, request.model));
  PICABIA_ASSIGN_OR_RETURN(const auto types, TypesOf(program, request.model));
  OfflineFunction function;
  const auto port_of = [&](const program::Port& port, bool channels_first,
                           const std::string& io_type) {
    const auto v = static_cast<size_t>(port.value);
    return PortOf(program.values[v].name, types[v], channels_first, io_type);
  };
  for (const program::Port& port : program.inputs) {
    PICABIA_ASSIGN_OR_RETURN(OfflinePort made,
                             port_of(port, program.picture.nchw, request.io_type));
    if (request.io_type == "uint8" && !compiled.of_host.contains(made.name))
      TakePixels(made, program.picture);
    function.inputs.push_back(std::move(made));
  }
  for (const program::Port& port : program.outputs) {
    PICABIA_ASSIGN_OR_RETURN(OfflinePort made,
                             port_of(port, program.picture.out_nchw, request.io_type));
    function.outputs.push_back(std::move(made));
  }
  function.memory_bytes = MemoryOf(program, types);
  function.program = std::make_shared<const Program>(std::move(program));
  return function;
}

}  // namespace

Result<program::OfflineModel> MakeOfflineModel(const CompileRequest& request) {
  if (request.io_type != "half" && request.io_type != "float32" && request.io_type != "uint8")
    return InvalidArgument("io type: found '" + request.io_type +
                           "', expected half, float32 or uint8");
  std::vector<int64_t> batches = request.batches;
  if (batches.empty()) batches.push_back(1);
  program::OfflineModel model;
  for (const int64_t batch : batches) {
    if (batch < 1 || batch > 65536)
      return InvalidArgument("batch: found " + std::to_string(batch) + ", expected 1 to 65536");
    PICABIA_ASSIGN_OR_RETURN(OfflineFunction function, MakeFunction(request, batch));
    function.name = "subnet" + std::to_string(model.functions.size());
    model.functions.push_back(std::move(function));
  }
  model.source = model.functions[0].program->source;
  model.compiler_version = model.functions[0].program->compiler_version;
  return model;
}

namespace {

const char* CnrtTypeName(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "CNRT_FLOAT32";
    case DType::kF16:
      return "CNRT_FLOAT16";
    case DType::kI8:
      return "CNRT_INT8";
    case DType::kU8:
      return "CNRT_UINT8";
    case DType::kI16:
      return "CNRT_INT16";
    case DType::kI32:
      return "CNRT_INT32";
    case DType::kI64:
      return "CNRT_INT64";
    case DType::kBool:
      return "CNRT_BOOL";
    case DType::kU16:
      return "CNRT_UINT16";
    case DType::kU32:
      return "CNRT_UINT32";
    default:
      return "CNRT_INVALID";
  }
}

void AddPort(std::string& text, const char* kind, size_t i, const OfflinePort& port, int32_t id) {
  constexpr char kMask[] = "338036233";  // the same in every file of the vendor's tools
  text += "  " + std::string(kind) + " #" + std::to_string(i) + ".\n    Mask: " + kMask +
          "\n    Shape(dim):";
  for (const int64_t d : port.shape) text += " " + std::to_string(d);
  text += "\n    Name: " + port.name + "\n    Id: " + std::to_string(id) +
          "\n    Data type: " + CnrtTypeName(port.dtype) + "\n    Dim Order: CNRT_NHWC" +
          "\n    Quantize position: 0\n    Quantize scale: 1\n";
}

}  // namespace

std::string TwinsText(const program::OfflineModel& model, const std::string& name) {
  std::string text = "This is the Twins File of \"" +
                     std::filesystem::path(name).filename().string() +
                     "\".\nFunction number: " + std::to_string(model.functions.size()) +
                     "\n-------------------- kernel graph --------------------\n";
  for (size_t i = 0; i < model.functions.size(); ++i) {
    const OfflineFunction& f = model.functions[i];
    text += "Function #" + std::to_string(i) +
            " {\n  Kernel num: 1\n  Cache mode: false\n  Name: " + f.name +
            "\n  Input number: " + std::to_string(f.inputs.size()) + "\n";
    for (size_t k = 0; k < f.inputs.size(); ++k)
      AddPort(text, "Input", k, f.inputs[k], f.program->inputs[k].value);
    text += "  Output number: " + std::to_string(f.outputs.size()) + "\n";
    for (size_t k = 0; k < f.outputs.size(); ++k)
      AddPort(text, "Output", k, f.outputs[k], f.program->outputs[k].value);
    text += "  Kernel header #0:\n    Name: " + f.name + "0\n    Core version: \n" +
            "    Model Parallelism: " + std::to_string(f.model_parallelism) +
            "\n    Core limit: " + std::to_string(kCores) + "\n    Inst data split: true\n}\n";
  }
  return text;
}

}  // namespace picabia::studio
