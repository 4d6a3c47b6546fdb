// Files: mapping for readers, temporary-sync-rename for writers.
#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
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

// The parts of a relative path that cannot lead upwards.
Result<std::vector<std::string>> SafeParts(std::string_view name) {
  if (name.empty()) return InvalidModel("the name is empty");
  if (name.size() >= PATH_MAX) return InvalidModel("the name is too long");
  if (name.find('\0') != std::string_view::npos) return InvalidModel("the name has a zero byte");
  if (name.starts_with('/')) {
    return InvalidModel("the name is absolute, expected one below the model's folder");
  }
  std::vector<std::string> parts;
  while (!name.empty()) {
    const size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    if (part == "..")
      return InvalidModel("the name has '..', expected one below the model's folder");
    if (slash == name.size() - 1 && name.back() == '/') {
      return InvalidModel("the name ends in '/', expected that of a file");
    }
    if (!part.empty() && part != ".") parts.emplace_back(part);
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  if (parts.empty()) return InvalidModel("the name is that of a folder, expected that of a file");
  return parts;
}

Status OpenError(const std::string& what, int error) {
  if (error == ELOOP || error == ENOTDIR) {
    return InvalidModel(what + ": " + ErrnoText(error) + " (symbolic links are not followed)");
  }
  const std::string message = what + ": " + ErrnoText(error);
  return error == ENOENT ? NotFound(message) : IoError(message);
}

// A hard link can be a name for a file that is somewhere else.
Status CheckPlainFile(const struct stat& info) {
  if (S_ISLNK(info.st_mode)) return InvalidModel("it is a symbolic link, expected a regular file");
  if (!S_ISREG(info.st_mode)) return InvalidModel("it is no regular file");
  if (info.st_nlink == 1) return OkStatus();
  return InvalidModel("it has " + std::to_string(info.st_nlink) +
                      " hard links, expected 1: copy it, or it could be any file of this disk");
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
  auto file = Map(fd.get(), static_cast<size_t>(info.st_size));
  if (!file.ok()) return file.status().WithContext(path);
  return file;
}

Result<std::shared_ptr<const FileBytes>> FileBytes::Map(int fd, size_t size) {
  std::span<const std::byte> bytes;
  if (size != 0) {
    void* map = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) return IoError("cannot map: " + ErrnoText(errno));
    bytes = {static_cast<const std::byte*>(map), size};
  }
  return std::shared_ptr<const FileBytes>(new FileBytes(bytes));
}

Result<std::shared_ptr<const FileBytes>> FileBytes::OpenBeneath(const std::string& folder,
                                                                std::string_view name) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<std::string> parts, SafeParts(name));
  int at = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; at >= 0 && i + 1 < parts.size(); ++i) {
    const Descriptor above(at);
    at = openat(above.get(), parts[i].c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  if (at < 0) return OpenError("its folder cannot be opened", errno);
  const Descriptor inner(at);
  const char* last = parts.back().c_str();
  // O_PATH looks at what it is without opening it: a device may act on being opened.
  const Descriptor seen(openat(inner.get(), last, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (seen.get() < 0) return OpenError("cannot open it", errno);
  struct stat before;
  if (fstat(seen.get(), &before) != 0) return IoError(ErrnoText(errno));
  PICABIA_RETURN_IF_ERROR(CheckPlainFile(before));
  const Descriptor fd(openat(inner.get(), last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) return OpenError("cannot open it", errno);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return IoError(ErrnoText(errno));
  PICABIA_RETURN_IF_ERROR(CheckPlainFile(info));
  return Map(fd.get(), static_cast<size_t>(info.st_size));
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
