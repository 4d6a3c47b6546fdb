// One .mlu file to an object, an assembly file, or its preprocessed text.
#pragma once

#include <string>
#include <vector>

#include "apps/cncc/command_line.h"
#include "apps/cncc/process.h"
#include "base/status.h"

namespace picabia::cncc {

// The host's compiler and where our headers are.
struct Tools {
  std::string compiler;
  std::vector<std::string> include;  // folders
  std::string lib_folder;            // the folder of libcnrt.so
};
Result<Tools> FindTools();

// Compiles `input` to `output` as job.step says. `exit_code` is the compiler's when it refused the
// source, whose messages it has printed; 0 when all went well.
Status CompileMlu(const Job& job, const Tools& tools, const TemporaryFolder& folder,
                  const std::string& input, const std::string& output, int* exit_code);

// A path that no program takes for an option.
std::string SafePath(const std::string& path);

}  // namespace picabia::cncc
