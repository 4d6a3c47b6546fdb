// What cncc and cnas were asked to do. Both take what the tools of the card take, as far as
// programs are known to use it.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace picabia::cncc {

enum class Step { kLink, kObject, kAssembly, kPreprocess };

struct Job {
  Step step = Step::kLink;
  std::string output;  // empty: not given
  std::vector<std::string> inputs;
  int arch = 270;  // 220, 270, 290, 370 ...
  bool verbose = false, version = false, help = false;
  std::vector<std::string> preprocess;  // options for the preprocessor
  std::vector<std::string> compile;     // for the compiler
  std::vector<std::string> link;        // for the linker, libraries in their order
  std::vector<std::string> ignored;     // of the card's tools, without a meaning here
};

Result<Job> ReadCncc(const std::vector<std::string>& arguments);
Result<Job> ReadCnas(const std::vector<std::string>& arguments);

}  // namespace picabia::cncc
