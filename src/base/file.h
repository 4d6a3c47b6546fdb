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
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit FileBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

// Writes `bytes` to a temporary file beside `path`, syncs it and renames it over `path`: the file
// appears whole or not at all, and the temporary is removed on failure.
Status WriteFileAtomically(const std::string& path, std::span<const std::byte> bytes);
Status WriteFileAtomically(const std::string& path, std::string_view text);

}  // namespace picabia
