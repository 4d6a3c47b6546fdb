// compile_style IN OUT: compiles a model of styles/ while the project is built, so that the program
// can carry it. The subcommand `picabia compile` does the same, but is not there yet by then.
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "compile/compile.h"
#include "program/program.h"

namespace {

picabia::Status Compile(const char* in, const char* out) {
  PICABIA_ASSIGN_OR_RETURN(const auto loaded, picabia::compile::LoadModel(in));
  picabia::program::Program program = *loaded;
  // The same bytes wherever the project is built.
  program.source = std::filesystem::path(in).filename().string();
  PICABIA_ASSIGN_OR_RETURN(const std::string bytes, picabia::program::WriteProgram(program));
  return picabia::WriteFileAtomically(out, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: compile_style IN OUT\n", stderr), 2;
  const picabia::Status status = Compile(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "compile_style: %s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
