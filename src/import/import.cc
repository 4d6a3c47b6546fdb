// The entrances of the folder: files in, graphs out; every error begins with the file's name.
// Called by the command line, the compiler's front end and the C interface.
#include "import/import.h"

#include "import/picture.h"
#include "import/source.h"

namespace picabia::import {
namespace {

// Protobuf itself ends here, and so do the 32-bit indices of the graph.
constexpr size_t kMaxFileBytes = (size_t{1} << 31) - 1;

Result<ir::Graph> Import(const Source& source, Result<ir::Graph> (*read)(const Source&)) {
  Result<ir::Graph> graph = [&]() -> Result<ir::Graph> {
    if (source.bytes.size() > kMaxFileBytes) {
      return ResourceError("the file has " + std::to_string(source.bytes.size()) +
                           " bytes; protobuf messages have at most " +
                           std::to_string(kMaxFileBytes));
    }
    return read(source);
  }();
  if (graph.ok()) {
    RecognisePicture(*graph);
    return graph;
  }
  return graph.status().WithContext(source.name);
}

Result<ir::Graph> DetectAndRead(const Source& source) {
  PICABIA_ASSIGN_OR_RETURN(const ModelFormat format, DetectFormat(source.bytes));
  return format == ModelFormat::kOnnx ? ReadOnnx(source) : ReadTensorFlow(source);
}

Source SourceOf(std::shared_ptr<const FileBytes> file, const std::string& name) {
  const std::span<const std::byte> bytes = file->bytes();
  Source source{bytes, std::move(file), name};
  return source;
}

// "." for a name without a folder.
std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, slash + 1);
}

}  // namespace

Result<ir::Graph> ImportSource(const Source& source) { return Import(source, DetectAndRead); }

Result<ir::Graph> ImportTensorFlow(std::shared_ptr<const FileBytes> file, const std::string& name) {
  return Import(SourceOf(std::move(file), name), ReadTensorFlow);
}

Result<ir::Graph> ImportOnnx(std::shared_ptr<const FileBytes> file, const std::string& name) {
  return Import(SourceOf(std::move(file), name), ReadOnnx);
}

Result<ir::Graph> ImportModel(const std::string& path, const ops::OperatorSet& operators) {
  PICABIA_ASSIGN_OR_RETURN(std::shared_ptr<const FileBytes> file, FileBytes::Open(path));
  Source source = SourceOf(std::move(file), path);
  source.folder = FolderOf(path);
  source.operators = operators;
  return ImportSource(source);
}

}  // namespace picabia::import
