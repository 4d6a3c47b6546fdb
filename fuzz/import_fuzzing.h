// What the fuzzers of both importers share: import from memory, then look at what a valid graph
// promises.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "import/source.h"
#include "ir/graph.h"

namespace picabia::fuzz {

[[noreturn]] inline void Broken(const char* what, const std::string& detail) {
  std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
  std::abort();
}

// Of exactly this size, so that the address sanitizer sees a read past the end; at a multiple of
// 64, as a mapped file is.
inline std::shared_ptr<std::byte> ExactCopy(const void* data, size_t size) {
  constexpr std::align_val_t kAlignment{64};
  auto* bytes = static_cast<std::byte*>(::operator new(size, kAlignment));
  if (size != 0) std::memcpy(bytes, data, size);
  return {bytes, [](std::byte* p) { ::operator delete(p, kAlignment); }};
}

// An error begins with the file's name and has no control characters; a graph passes Verify() and
// every byte of its constants can be read.
inline void CheckImport(const uint8_t* data, size_t size,
                        Result<ir::Graph> (*read)(const import::Source&)) {
  const auto copy = ExactCopy(data, size);
  const import::Source source{{copy.get(), size}, nullptr, "file"};
  const Result<ir::Graph> graph = read(source);
  if (!graph.ok()) {
    for (const char c : graph.status().message()) {
      if (static_cast<unsigned char>(c) < 0x20) {
        Broken("control character in a message", graph.status().message());
      }
    }
    return;
  }
  const Status verified = ir::Verify(*graph);
  if (!verified.ok()) Broken("imported graph breaks a rule", verified.message());
  unsigned sum = 0;
  for (const ir::Value& value : graph->values) {
    if (!value.constant) continue;
    for (size_t i = 0; i < value.constant->num_bytes(); ++i) {
      sum += static_cast<unsigned>(value.constant->bytes()[i]);
    }
  }
  volatile unsigned sink = sum;
  (void)sink;
}

}  // namespace picabia::fuzz
