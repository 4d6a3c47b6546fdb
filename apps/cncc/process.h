// Other programs, without a shell, and temporary files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace picabia::cncc {

// No file that a program writes may be larger.
constexpr uintmax_t kMaxFileBytes = uintmax_t{256} << 20;

// Runs a program with exactly these arguments and waits for its exit code. An error when it cannot
// be run, or was ended: it and what it runs may take PICABIA_CNCC_TIMEOUT seconds (300) and
// PICABIA_CNCC_MEMORY MiB of memory (4096); 0 is no limit.
Result<int> RunProgram(const std::vector<std::string>& arguments);

// The first of the names that is a program on PATH; empty when none is.
std::string FindProgram(const std::vector<std::string>& names);

// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> Make();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Result<std::string> ReadText(const std::string& path);
Status WriteText(const std::string& path, const std::string& text);
// Moves a finished file to its place, where it appears whole; across file systems, too.
Status MoveFile(const std::string& from, const std::string& to);

// The folder of the running program.
std::string ProgramFolder();

}  // namespace picabia::cncc
