// The program itself in a process of its own: what it measures there is its alone.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace picabia::cli {

// Runs this program with `arguments` (without its name) and waits. What it printed on standard
// output; an exit code other than 0 is an error with what it said on standard error.
Result<std::string> RunItself(const std::vector<std::string>& arguments);

// A file that is removed again, in the folder for such files.
class TemporaryFile {
 public:
  static Result<TemporaryFile> Make(const std::string& suffix);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace picabia::cli
