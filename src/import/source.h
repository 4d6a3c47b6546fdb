// The bytes that an importer works on. ImportTensorFlow and ImportOnnx make one of a mapped file;
// tests and fuzzers make one of memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "ir/graph.h"
#include "ops/custom.h"

namespace picabia::import {

struct Source {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  // keeps the bytes alive
  std::string name;                   // for messages
  std::string folder = {};            // where other files may be that it names; empty: nowhere
  ops::OperatorSet operators = {};    // loaded ones, which stand above Picabia's own
};

// The largest networks have some ten thousand nodes. A node of 16 bytes in the file takes up to
// 1,040 in memory on the way to a program; this many take less than 64 MB more than ten times the
// file, and less than a second.
constexpr size_t kMaxNodes = 65536;
inline Status TooManyNodes() {
  return ResourceError("the graph has more than " + std::to_string(kMaxNodes) + " nodes");
}

// Errors do not begin with the source's name yet: that is done in one place, import.cc.
Result<ir::Graph> ReadTensorFlow(const Source& source);
Result<ir::Graph> ReadOnnx(const Source& source);

// Detects the format, imports, and puts the source's name before an error.
Result<ir::Graph> ImportSource(const Source& source);

}  // namespace picabia::import
