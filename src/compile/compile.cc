// The way from a graph to a program: interface, passes, lowering; and from a model file of any kind
// to a program.
#include "compile/compile.h"

#include <utility>
#include <vector>

#include "base/file.h"
#include "compile/pack.h"
#include "import/import.h"
#include "ops/shape.h"
#include "program/operators.h"

namespace picabia::compile {
namespace {

using ir::ValueId;

Result<std::vector<ValueId>> FindAll(const ir::Graph& graph,
                                     const std::vector<std::string>& names) {
  std::vector<ValueId> ids;
  for (const std::string& name : names) {
    PICABIA_ASSIGN_OR_RETURN(const ValueId id, graph.FindValue(name));
    ids.push_back(id);
  }
  return ids;
}

// Numbers the values that the program needs and writes steps and constants.
class Lowering {
 public:
  explicit Lowering(const ir::Graph& graph)
      : graph_(graph), plain_(graph.values.size(), -1), packed_(graph.values.size(), -1) {}

  Result<program::Program> Run() {
    program_.source = graph_.source;
    program_.compiler_version = PICABIA_VERSION;
    program_.picture = graph_.picture;
    program_.steps.reserve(graph_.nodes.size());
    program_.values.reserve(graph_.values.size());
    for (const ValueId id : graph_.inputs) program_.inputs.push_back(MakePort(id));
    for (const ir::Node& node : graph_.nodes)
      PICABIA_RETURN_IF_ERROR(LowerNode(node).WithContext("node '" + node.name + "'"));
    for (const ValueId id : graph_.outputs) {
      if (graph_.value(id).constant) {
        PICABIA_RETURN_IF_ERROR(NumberOfConstant(id, false, false).status());
      }
      program_.outputs.push_back(MakePort(id));
    }
    PICABIA_RETURN_IF_ERROR(program::CheckProgram(program_));
    return std::move(program_);
  }

 private:
  int32_t NumberOf(ValueId id) {
    int32_t& number = plain_[static_cast<size_t>(id.index)];
    if (number < 0) number = AddValue(graph_.value(id));
    return number;
  }

  int32_t AddValue(const ir::Value& value) {
    program_.values.push_back({value.name, value.dtype});
    return static_cast<int32_t>(program_.values.size()) - 1;
  }

  // A constant may be wanted both packed and plain: two values then.
  Result<int32_t> NumberOfConstant(ValueId id, bool packed, bool transposed) {
    int32_t& number = (packed ? packed_ : plain_)[static_cast<size_t>(id.index)];
    if (number >= 0) return number;
    const ir::Value& value = graph_.value(id);
    number = AddValue(value);
    if (packed) {
      PICABIA_ASSIGN_OR_RETURN(program::Constant c,
                               PackFilter(number, *value.constant, transposed));
      program_.constants.push_back(std::move(c));
    } else {
      PICABIA_ASSIGN_OR_RETURN(program::Constant c, PackPlain(number, *value.constant));
      program_.constants.push_back(std::move(c));
    }
    return number;
  }

  Status LowerNode(const ir::Node& node) {
    program::Step step{node.name, node.op, {}, {}};
    const auto* block = std::get_if<ops::ConvBlock>(&node.op);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (!graph_.value(id).constant) {
        step.inputs.push_back(NumberOf(id));
        continue;
      }
      const bool packed = block != nullptr && i == 1;
      PICABIA_ASSIGN_OR_RETURN(const int32_t number,
                               NumberOfConstant(id, packed, packed && block->transposed));
      step.inputs.push_back(number);
    }
    for (const ValueId id : node.outputs) step.outputs.push_back(NumberOf(id));
    program_.steps.push_back(std::move(step));
    return OkStatus();
  }

  program::Port MakePort(ValueId id) {
    const ir::Value& value = graph_.value(id);
    program::Port port;
    port.value = NumberOf(id);
    port.rank_known = value.declared_shape.has_value();
    if (value.declared_shape) port.declared_shape = *value.declared_shape;
    if (value.frozen_shape) port.default_shape = *value.frozen_shape;
    return port;
  }

  const ir::Graph& graph_;
  program::Program program_;
  // The number in the program of each value, plain and packed; -1: none.
  std::vector<int32_t> plain_, packed_;
};

}  // namespace

Status CheckNames(const program::Program& program, const CompileOptions& options) {
  const auto check = [&](const std::vector<std::string>& names,
                         const std::vector<program::Port>& ports, const char* what) {
    for (const std::string& name : names) {
      std::string known;
      bool found = false;
      for (const program::Port& port : ports) {
        const std::string& own = program.values[static_cast<size_t>(port.value)].name;
        found = found || own == name || own + ":0" == name;
        known += (known.empty() ? "" : ", ") + own;
      }
      if (!found)
        return NotFound("tensor '" + name + "' is no " + what +
                        " of this compiled program; it has: " + known);
    }
    return OkStatus();
  };
  PICABIA_RETURN_IF_ERROR(check(options.feeds, program.inputs, "input"));
  return check(options.fetches, program.outputs, "output");
}

namespace {

template <typename Nodes>
void SetPowerConvention(Nodes& nodes, ops::PowerConvention convention) {
  if (convention == ops::PowerConvention::kValue) return;
  for (auto& node : nodes)
    if (auto* op = std::get_if<ops::PowerDifference>(&node.op)) op->convention = convention;
}

}  // namespace

Status PrepareProgram(program::Program& program, const CompileOptions& options) {
  PICABIA_RETURN_IF_ERROR(CheckNames(program, options));
  if (!options.callbacks.empty())
    return Unsupported("callback for '" + options.callbacks[0].tensor +
                       "': the program is compiled and has lost its inner tensors: expected the "
                       "model that it was made of");
  SetPowerConvention(program.steps, options.power);
  return program::BindOperators(program, options.operators);
}

Result<program::Program> CompileGraph(ir::Graph graph, const CompileOptions& options) {
  SetPowerConvention(graph.nodes, options.power);
  PICABIA_RETURN_IF_ERROR(BindCallbacks(graph, options.callbacks));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<ValueId> feeds, FindAll(graph, options.feeds));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<ValueId> fetches, FindAll(graph, options.fetches));
  PICABIA_RETURN_IF_ERROR(ir::SetInterface(graph, feeds, fetches));
  PICABIA_RETURN_IF_ERROR(ir::Verify(graph));
  if (options.optimize) PICABIA_RETURN_IF_ERROR(passes::RunPipeline(graph, options.pipeline));
  return Lowering(graph).Run();
}

Result<std::shared_ptr<const program::Program>> LoadModel(const std::string& path,
                                                          const CompileOptions& options) {
  PICABIA_ASSIGN_OR_RETURN(const std::shared_ptr<const FileBytes> file, FileBytes::Open(path));
  const auto load = [&]() -> Result<program::Program> {
    if (program::LooksLikeProgram(file->bytes())) {
      PICABIA_ASSIGN_OR_RETURN(program::Program program, program::ReadProgram(file->bytes(), file));
      PICABIA_RETURN_IF_ERROR(PrepareProgram(program, options));
      return program;
    }
    PICABIA_ASSIGN_OR_RETURN(ir::Graph graph, import::ImportModel(path, options.operators));
    auto program = CompileGraph(std::move(graph), options);
    if (!program.ok()) return program.status().WithContext(path);
    return program;
  };
  auto program = load();
  if (program.ok()) return std::make_shared<const program::Program>(*std::move(program));
  const std::string& message = program.status().message();
  return message.starts_with(path) ? program.status() : program.status().WithContext(path);
}

}  // namespace picabia::compile
