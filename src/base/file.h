// Files: read whole, map, and replace atomically.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace picabia {

// A whole regular file, mapped read-only (or read, for an empty one). The bytes live as long as the
// object.
class FileBytes {
 public:
  static Result<std::shared_ptr<const FileBytes>> Open(const std::string& path);
  // The same for a file that somebody names who is not trusted: a regular file below `folder`,
  // reached without "..", symbolic links or mount tricks, and with no other hard link. Never blocks
  // and opens nothing else. The error does not repeat the name.
  static Result<std::shared_ptr<const FileBytes>> OpenBeneath(const std::string& folder,
                                                              std::string_view name);
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit FileBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  static Result<std::shared_ptr<const FileBytes>> Map(int fd, size_t size);
  std::span<const std::byte> bytes_;
};

// Writes `bytes` to a temporary file beside `path`, syncs it and renames it over `path`: the file
// appears whole or not at all, and the temporary is removed on failure.
Status WriteFileAtomically(const std::string& path, std::span<const std::byte> bytes);
Status WriteFileAtomically(const std::string& path, std::string_view text);

}  // namespace picabia
