// The bytes that an importer works on. ImportTensorFlow and ImportOnnx make one of a mapped file;
// tests and fuzzers make one of memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "ir/graph.h"

namespace picabia::import {

struct Source {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  // keeps the bytes alive
  std::string name;                   // for messages
};

// Networks have thousands of nodes. A node of 22 bytes in the file takes some 600 in memory, so
// that their number is bounded as well as the file's size.
constexpr size_t kMaxNodes = size_t{1} << 20;
inline Status TooManyNodes() {
  return ResourceError("the graph has more than " + std::to_string(kMaxNodes) + " nodes");
}

// Errors do not begin with the source's name yet: that is done in one place, import.cc.
Result<ir::Graph> ReadTensorFlow(const Source& source);
Result<ir::Graph> ReadOnnx(const Source& source);

// Detects the format, imports, and puts the source's name before an error.
Result<ir::Graph> ImportSource(const Source& source);

}  // namespace picabia::import
