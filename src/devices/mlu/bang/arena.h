// The memories of cores and clusters: stretches of address space, committed as far as they are
// touched, used again by later launches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "bang/picabia_bang_abi.h"

namespace picabia::bang {

// What a device has of each memory, in bytes (facts: docs/bang.md, "Memories").
struct MemorySizes {
  size_t bytes[PICABIA_SPACES];
};
MemorySizes MemorySizesOf(int arch);
const char* SpaceName(int space);

// One memory of one core or cluster. Programs are known to write up to some KiB past the end of an
// array, and before its start by mistake: there is slack on both sides.
class Arena {
 public:
  static constexpr size_t kSlack = 64 << 10;

  Arena() = default;
  ~Arena();
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;

  // At least `bytes` between the slacks. False when the host has no address space left.
  bool Reserve(size_t bytes);
  char* data() const { return base_ + kSlack; }
  size_t bytes() const { return bytes_; }
  bool Contains(const void* address) const;

 private:
  char* base_ = nullptr;
  size_t bytes_ = 0;
};

// Takes an arena of at least that size from those that earlier launches left, or makes one; and
// gives it back.
Arena TakeArena(int space, size_t bytes);
void ReturnArena(int space, Arena arena);

}  // namespace picabia::bang
