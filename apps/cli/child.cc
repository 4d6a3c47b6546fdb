// Processes and files for a while; see child.h.
#include "apps/cli/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>
#include <utility>

#include "base/file.h"

extern char** environ;

namespace picabia::cli {
namespace {

constexpr char kItself[] = "/proc/self/exe";

Status SystemError(const std::string& what, int code) {
  return IoError(what + ": " + std::strerror(code));
}

std::string ReadText(const std::string& path) {
  const auto file = FileBytes::Open(path);
  if (!file.ok()) return "";
  const auto bytes = (*file)->bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Both streams into files: no pipe can fill up while nobody reads it.
Result<int> Spawn(const std::vector<std::string>& arguments, const std::string& out,
                  const std::string& err) {
  std::vector<char*> argv{const_cast<char*>("picabia")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY, 0);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, kItself, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return SystemError("cannot start a process", error);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return SystemError("cannot wait for a process", errno);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<std::string> RunItself(const std::vector<std::string>& arguments) {
  PICABIA_ASSIGN_OR_RETURN(const TemporaryFile out, TemporaryFile::Make(".out"));
  PICABIA_ASSIGN_OR_RETURN(const TemporaryFile err, TemporaryFile::Make(".err"));
  PICABIA_ASSIGN_OR_RETURN(const int code, Spawn(arguments, out.path(), err.path()));
  if (code == 0) return ReadText(out.path());
  std::string said = ReadText(err.path());
  constexpr std::string_view kName = "picabia: ";
  if (said.starts_with(kName)) said.erase(0, kName.size());
  said.erase(std::min(said.find('\n'), said.size()));
  return IoError(said.empty() ? "its process ended with " + std::to_string(code) : said);
}

Result<TemporaryFile> TemporaryFile::Make(const std::string& suffix) {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  if (error) return IoError("no folder for temporary files: " + error.message());
  std::string path = (folder / ("picabia-XXXXXX" + suffix)).string();
  const int file = mkstemps(path.data(), static_cast<int>(suffix.size()));
  if (file < 0) return SystemError(path, errno);
  close(file);
  return TemporaryFile(path);
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

}  // namespace picabia::cli
