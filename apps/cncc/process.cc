#include "apps/cncc/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace picabia::cncc {
namespace {

namespace fs = std::filesystem;

constexpr int kCannotRun = 127;

}  // namespace

namespace {

// A number of an environment variable; `otherwise` when it is none.
double NumberOf(const char* variable, double otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  return end != text && value >= 0 ? value : otherwise;
}

// What a compiler may take, 0: any amount.
struct Limits {
  double seconds = NumberOf("PICABIA_CNCC_TIMEOUT", 300);
  double mebibytes = NumberOf("PICABIA_CNCC_MEMORY", 4096);
};

constexpr rlim_t kMebibyte = rlim_t{1} << 20;

void Limit(decltype(RLIMIT_AS) resource, rlim_t most) {
  const rlimit limit = {most, most};
  setrlimit(resource, &limit);
}

// In the child, before it becomes the program: calls of the system only.
[[noreturn]] void Become(const Limits& limits, char* const* arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Limit(RLIMIT_CORE, 0);
  Limit(RLIMIT_FSIZE, kMaxFileBytes);
  if (limits.seconds > 0) Limit(RLIMIT_CPU, static_cast<rlim_t>(limits.seconds) + 1);
  if (limits.mebibytes > 0) Limit(RLIMIT_AS, static_cast<rlim_t>(limits.mebibytes) * kMebibyte);
  execv(arguments[0], arguments);
  _exit(kCannotRun);
}

// False when the time is over and the child is still there. Without pidfd_open, which old kernels
// do not have, the limit of its processor time alone ends it.
bool EndsInTime(pid_t child, double seconds) {
  const int file = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  if (file < 0 || seconds <= 0) return true;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  pollfd wait = {file, POLLIN, 0};
  int ready = 0;
  do {
    const auto left =
        std::chrono::duration<double, std::milli>(end - std::chrono::steady_clock::now());
    ready = poll(&wait, 1, std::max(0, static_cast<int>(std::min(left.count(), 1e9))));
  } while (ready < 0 && errno == EINTR);
  close(file);
  return ready != 0;
}

std::string Text(double number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", number);
  return text;
}

Status TookTooLong(const std::string& program, double seconds) {
  return ResourceError(program + ": still running after " + Text(seconds) +
                       " s, ended (PICABIA_CNCC_TIMEOUT)");
}

// What a signal means that the limits send.
Result<int> EndOf(const std::string& program, int status, const Limits& limits) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotRun)
    return IoError(program + ": cannot be run");
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    // What clang makes of a signal that stopped its work, lack of memory among them.
    if (code < 70 || limits.mebibytes <= 0) return code;
    return ResourceError(program + ": ended by itself (exit code " + std::to_string(code) +
                         "): it found a fault, or needs more than " + Text(limits.mebibytes) +
                         " MiB (PICABIA_CNCC_MEMORY)");
  }
  const int signal = WTERMSIG(status);
  if (signal == SIGXCPU) return TookTooLong(program, limits.seconds);
  if (signal == SIGXFSZ)
    return ResourceError(program + ": wrote more than " +
                         std::to_string(kMaxFileBytes / kMebibyte) + " MiB, ended");
  return ResourceError(program + ": ended by signal " + std::to_string(signal) +
                       "; it may need more than " + Text(limits.mebibytes) +
                       " MiB (PICABIA_CNCC_MEMORY)");
}

}  // namespace

Result<int> RunProgram(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const Limits limits;
  const pid_t child = fork();
  if (child < 0) return IoError(arguments[0] + ": cannot be run: " + std::strerror(errno));
  if (child == 0) Become(limits, pointers.data());
  const bool in_time = EndsInTime(child, limits.seconds);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return IoError(arguments[0] + ": cannot be waited for");
  if (!in_time) return TookTooLong(arguments[0], limits.seconds);
  return EndOf(arguments[0], status, limits);
}

std::string FindProgram(const std::vector<std::string>& names) {
  const char* path = std::getenv("PATH");
  for (const std::string& name : names) {
    if (name.find('/') != std::string::npos) {
      if (access(name.c_str(), X_OK) == 0) return name;
      continue;
    }
    std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
      const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
      if (access(candidate.c_str(), X_OK) == 0 && !fs::is_directory(candidate)) return candidate;
    }
  }
  return "";
}

Result<TemporaryFolder> TemporaryFolder::Make() {
  const char* parent = std::getenv("TMPDIR");
  std::string path =
      std::string(parent == nullptr || *parent == '\0' ? "/tmp" : parent) + "/cncc-XXXXXX";
  if (mkdtemp(path.data()) == nullptr)
    return IoError(path + ": cannot be made: " + std::strerror(errno));
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

Result<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return IoError(path + ": cannot be read");
  return text.str();
}

Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return file ? OkStatus() : IoError(path + ": cannot be written");
}

Status MoveFile(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return OkStatus();
  // Another file system: beside its place first, so that it appears whole.
  const std::string beside = to + ".cncc-" + std::to_string(getpid());
  fs::copy_file(from, beside, fs::copy_options::overwrite_existing, error);
  if (!error) fs::rename(beside, to, error);
  if (!error) return OkStatus();
  std::error_code ignored;
  fs::remove(beside, ignored);
  return IoError(to + ": cannot be written: " + error.message());
}

std::string ProgramFolder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace picabia::cncc
