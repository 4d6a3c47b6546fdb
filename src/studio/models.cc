// Model files and embedded styles; see models.h.
#include "studio/models.h"

#include <cstring>
#include <utility>

#include "base/file.h"
#include "import/import.h"
#include "import/picture.h"
#include "import/source.h"
#include "program/offline.h"

namespace picabia::studio {
namespace {

// Offline models run by libcnrt.so, not here: they have lost what this program works on.
Status CheckNotOffline(std::span<const std::byte> bytes) {
  if (program::LooksLikeVendorModel(bytes)) return program::VendorModelError();
  if (program::LooksLikeOffline(bytes))
    return Unsupported(
        "is an offline model, which programs on libcnrt.so run; expected the model that it was "
        "made of");
  return OkStatus();
}

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

// Bytes that begin where a program's must.
struct Aligned {
  std::unique_ptr<std::byte[]> memory;
  std::span<const std::byte> bytes;
};
std::shared_ptr<const Aligned> AlignedCopy(const std::string& bytes) {
  constexpr size_t kAlignment = 64;
  auto copy = std::make_shared<Aligned>();
  copy->memory = std::make_unique<std::byte[]>(bytes.size() + kAlignment);
  const size_t misplaced = reinterpret_cast<uintptr_t>(copy->memory.get()) % kAlignment;
  std::byte* const begin = copy->memory.get() + (kAlignment - misplaced) % kAlignment;
  std::memcpy(begin, bytes.data(), bytes.size());
  copy->bytes = {begin, bytes.size()};
  return copy;
}

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

Result<Model> ModelOfProgram(Result<ProgramPointer> program, const ModelOptions& options) {
  if (options.change) PICABIA_RETURN_IF_ERROR(options.change(nullptr));
  Model model;
  PICABIA_ASSIGN_OR_RETURN(model.program, std::move(program));
  model.origins = OriginsOfProgram();
  return model;
}

Result<Model> ModelOfGraph(Result<ir::Graph> imported, const ModelOptions& options) {
  PICABIA_ASSIGN_OR_RETURN(ir::Graph graph, std::move(imported));
  if (!options.compile.fetches.empty()) RecogniseAgain(graph, options.compile.fetches);
  if (options.change) PICABIA_RETURN_IF_ERROR(options.change(&graph));
  Model model;
  model.origins = graph.picture_origins;
  if (options.keep_graph) model.graph = graph;
  PICABIA_ASSIGN_OR_RETURN(program::Program program,
                           compile::CompileGraph(std::move(graph), options.compile));
  model.program = std::make_shared<const program::Program>(std::move(program));
  return model;
}

Result<Model> OpenFile(const std::string& path, const ModelOptions& options) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  PICABIA_RETURN_IF_ERROR(CheckNotOffline(file->bytes()));
  if (program::LooksLikeProgram(file->bytes()))
    return ModelOfProgram(compile::LoadModel(path, options.compile), options);
  return ModelOfGraph(import::ImportModel(path, options.compile.operators), options);
}

// The convention is settled: what is set stands above what the model says.
Result<Model> Settle(Model model, const Preprocess& settings, const std::string& name) {
  program::Program changed = *model.program;  // constants are shared, not copied
  PICABIA_RETURN_IF_ERROR(settings.Apply(changed.picture, model.origins).WithContext(name));
  model.program = std::make_shared<const program::Program>(std::move(changed));
  if (model.graph) model.graph->picture = model.program->picture;
  return model;
}

Status Named(const Status& status, const std::string& name) {
  return status.message().starts_with(name) ? status : status.WithContext(name);
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
    if (!opened.ok()) return Named(opened.status(), name);
    model = *std::move(opened);
    PICABIA_ASSIGN_OR_RETURN(const Preprocess sidecar, Preprocess::ReadSidecar(name));
    settings.AddDefaults(sidecar);
  }
  return Settle(std::move(model), settings, name);
}

Result<Model> OpenModelBytes(const std::string& bytes, const std::string& name,
                             const ModelOptions& options) {
  const auto owner = AlignedCopy(bytes);
  auto opened = [&]() -> Result<Model> {
    PICABIA_RETURN_IF_ERROR(CheckNotOffline(owner->bytes));
    if (program::LooksLikeProgram(owner->bytes)) {
      auto program = program::ReadProgram(owner->bytes, owner);
      if (!program.ok()) return program.status();
      PICABIA_RETURN_IF_ERROR(compile::PrepareProgram(*program, options.compile));
      return ModelOfProgram(std::make_shared<const program::Program>(*std::move(program)), options);
    }
    import::Source source{owner->bytes, owner, name};
    source.operators = options.compile.operators;
    return ModelOfGraph(import::ImportSource(source), options);
  }();
  if (!opened.ok()) return Named(opened.status(), name);
  return Settle(*std::move(opened), options.preprocess, name);
}

}  // namespace picabia::studio
