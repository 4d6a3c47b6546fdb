// Model files and embedded styles; see models.h.
#include "apps/cli/models.h"

#include <cstring>

#include "base/file.h"
#include "import/import.h"
#include "import/picture.h"

namespace picabia::cli {
namespace {

PictureOrigins OriginsOfProgram() {
  constexpr char kBy[] = "from the compiled program";
  return {kBy, kBy, kBy, kBy, kBy};
}

}  // namespace

std::string StyleNames() {
  std::string names;
  for (const EmbeddedStyle& style : EmbeddedStyles()) {
    names += (names.empty() ? "" : ", ") + std::string(style.name);
  }
  return names.empty() ? "none" : names;
}

Result<EmbeddedStyle> FindStyle(const std::string& name) {
  for (const EmbeddedStyle& style : EmbeddedStyles()) {
    if (name.empty() || name == style.name) return style;
  }
  if (name.empty()) return NotFound("this program has no styles inside: give --model FILE");
  return NotFound("there is no style \"" + name + "\"; the styles are: " + StyleNames());
}

Result<ProgramPointer> LoadStyle(const std::string& name) {
  PICABIA_ASSIGN_OR_RETURN(const EmbeddedStyle style, FindStyle(name));
  auto program = program::ReadProgram(style.bytes, nullptr);  // the bytes live as long as we do
  if (!program.ok()) return program.status().WithContext(kStylePrefix + std::string(style.name));
  return std::make_shared<const program::Program>(*std::move(program));
}

namespace {

// Another output has another range.
void RecogniseAgain(ir::Graph& graph, const std::vector<std::string>& fetches) {
  const std::vector<ir::ValueId> own = graph.outputs;
  graph.outputs.clear();
  for (const std::string& name : fetches) {
    if (const auto id = graph.FindValue(name); id.ok()) graph.outputs.push_back(*id);
  }
  if (!graph.outputs.empty()) import::RecognisePicture(graph);
  graph.outputs = own;
}

Result<Model> OpenFile(const std::string& path, const ModelOptions& options) {
  Model model;
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  if (program::LooksLikeProgram(file->bytes())) {
    if (options.change) PICABIA_RETURN_IF_ERROR(options.change(nullptr));
    PICABIA_ASSIGN_OR_RETURN(model.program, compile::LoadModel(path, options.compile));
    model.origins = OriginsOfProgram();
    return model;
  }
  PICABIA_ASSIGN_OR_RETURN(ir::Graph graph, import::ImportModel(path, options.compile.operators));
  if (!options.compile.fetches.empty()) RecogniseAgain(graph, options.compile.fetches);
  if (options.change) PICABIA_RETURN_IF_ERROR(options.change(&graph));
  model.origins = graph.picture_origins;
  if (options.keep_graph) model.graph = graph;
  PICABIA_ASSIGN_OR_RETURN(program::Program program,
                           compile::CompileGraph(std::move(graph), options.compile));
  model.program = std::make_shared<const program::Program>(std::move(program));
  return model;
}

}  // namespace

Result<Model> OpenModel(const std::string& name, const ModelOptions& options) {
  Model model;
  Preprocess settings = options.preprocess;
  if (name.starts_with(kStylePrefix)) {
    if (options.change) PICABIA_RETURN_IF_ERROR(options.change(nullptr).WithContext(name));
    PICABIA_ASSIGN_OR_RETURN(model.program, LoadStyle(name.substr(std::strlen(kStylePrefix))));
    model.origins = OriginsOfProgram();
  } else {
    auto opened = OpenFile(name, options);
    if (!opened.ok()) {
      const bool named = opened.status().message().starts_with(name);
      return named ? opened.status() : opened.status().WithContext(name);
    }
    model = *std::move(opened);
    PICABIA_ASSIGN_OR_RETURN(const Preprocess sidecar, Preprocess::ReadSidecar(name));
    settings.AddDefaults(sidecar);
  }
  program::Program changed = *model.program;  // constants are shared, not copied
  PICABIA_RETURN_IF_ERROR(settings.Apply(changed.picture, model.origins).WithContext(name));
  model.program = std::make_shared<const program::Program>(std::move(changed));
  if (model.graph) model.graph->picture = model.program->picture;
  return model;
}

}  // namespace picabia::cli
