// Compiles the models of a folder that can be imported, as seeds for the fuzzer of compiled
// programs. Called by tools/fuzz.py.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "compile/compile.h"
#include "import/import.h"

int main(int argc, char** argv) {
  using namespace picabia;
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODELS PROGRAMS\n", argv[0]);
    return 2;
  }
  constexpr size_t kMaxBytes = 8192;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    auto graph = import::ImportModel(entry.path());
    if (!graph.ok()) continue;
    graph->source = "model";
    const auto program = compile::CompileGraph(*std::move(graph));
    if (!program.ok()) continue;
    const auto bytes = program::WriteProgram(*program);
    if (!bytes.ok() || bytes->size() > kMaxBytes) continue;
    const auto path = std::filesystem::path(argv[2]) / entry.path().filename();
    std::ofstream(path, std::ios::binary) << *bytes;
  }
  return 0;
}
