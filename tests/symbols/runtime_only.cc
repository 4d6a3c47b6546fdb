// The smallest program of somebody who deploys: runs a compiled file, has no compiler. Linked with
// the whole of every library of the deployed half, so that tools/check_symbols.py sees all of it.
#include <cstdio>

#include "base/file.h"
#include "program/program.h"
#include "runtime/session.h"

namespace {

picabia::Status Load(const char* path) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, picabia::FileBytes::Open(path));
  PICABIA_ASSIGN_OR_RETURN(auto program, picabia::program::ReadProgram(file->bytes(), file));
  auto shared = std::make_shared<const picabia::program::Program>(std::move(program));
  return picabia::runtime::Session::Create(shared, {}).status();
}

}  // namespace

int main(int argc, char** argv) {
  const picabia::Status status = argc == 2 ? Load(argv[1]) : picabia::InvalidArgument("one file");
  std::printf("%s\n", status.ok() ? "loaded" : status.message().c_str());
  return status.ok() ? 0 : 1;
}
