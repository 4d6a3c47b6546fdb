// Files: mapping for readers, temporary-sync-rename for writers.
#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace picabia {
namespace {

std::string ErrnoText(int error) { return std::strerror(error); }

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  // Closes now and reports what close() said: a network file system may refuse the data only here.
  int Close() { return close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

Status WriteAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return IoError("cannot write: " + ErrnoText(errno));
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return OkStatus();
}

// mkstemp makes files private; an output gets the mode that creating it directly would have given.
void ApplyUmask(int fd) {
  const mode_t mask = umask(0);
  umask(mask);
  (void)fchmod(fd, 0666 & ~mask);
}

// The name that a rename must replace: a symbolic link stays and its target is replaced.
std::string ResolveLink(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string result = resolved;
  free(resolved);
  return result;
}

}  // namespace

Result<std::shared_ptr<const FileBytes>> FileBytes::Open(const std::string& path) {
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) {
    const int error = errno;
    const std::string message = path + ": cannot open: " + ErrnoText(error);
    return error == ENOENT ? NotFound(message) : IoError(message);
  }
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return IoError(path + ": " + ErrnoText(errno));
  if (S_ISDIR(info.st_mode)) return InvalidArgument(path + ": is a folder, expected a file");
  if (!S_ISREG(info.st_mode)) return InvalidArgument(path + ": is not a regular file");
  const size_t size = static_cast<size_t>(info.st_size);
  std::span<const std::byte> bytes;
  if (size != 0) {
    void* map = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (map == MAP_FAILED) return IoError(path + ": cannot map: " + ErrnoText(errno));
    bytes = {static_cast<const std::byte*>(map), size};
  }
  return std::shared_ptr<const FileBytes>(new FileBytes(bytes));
}

FileBytes::~FileBytes() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Status WriteFileAtomically(const std::string& path, std::span<const std::byte> bytes) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    if (S_ISDIR(info.st_mode)) return IoError(path + ": is a folder, expected a file name");
    // A device or pipe (/dev/stdout, /dev/full) cannot be replaced by a rename; it is written to.
    Descriptor fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd.get() < 0) return IoError(path + ": cannot open for writing: " + ErrnoText(errno));
    return WriteAll(fd.get(), bytes).WithContext(path);
  }
  const std::string target = ResolveLink(path);
  std::string temporary = target + ".XXXXXX";
  Descriptor fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (fd.get() < 0) return IoError(path + ": cannot create: " + ErrnoText(errno));
  ApplyUmask(fd.get());
  Status status = WriteAll(fd.get(), bytes);
  if (status.ok() && fsync(fd.get()) != 0) status = IoError("cannot sync: " + ErrnoText(errno));
  if (fd.Close() != 0 && status.ok()) status = IoError("cannot close: " + ErrnoText(errno));
  if (status.ok() && rename(temporary.c_str(), target.c_str()) != 0) {
    status = IoError("cannot rename: " + ErrnoText(errno));
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status.WithContext(path);
}

Status WriteFileAtomically(const std::string& path, std::string_view text) {
  return WriteFileAtomically(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace picabia
