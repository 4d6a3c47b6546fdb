// The device's memory (GDRAM): blocks of the host's memory that the runtime has given out, and to
// which block an address belongs. Shared by the CNRT library, the kernels' engine and its checker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>

namespace picabia::mlu {

class DeviceMemory {
 public:
  struct Block {
    void* base;
    size_t bytes;
    int device;
    int file = -1;         // of a block that is shared
    bool foreign = false;  // another process has given it out
  };
  // What one card has.
  static constexpr size_t kDeviceBytes = size_t{16} << 30;
  // Known programs read and write up to some KiB past the end of their arrays, which the card does
  // not notice.
  static constexpr size_t kSlack = 4096;

  // One for the process; it outlives all static objects.
  static DeviceMemory& Get();

  // Null when the device or the host is full. 4096-byte aligned; contents undefined. bytes > 0.
  void* Allocate(int device, size_t bytes);
  // Moves a block into shared memory of that name, at the same address, and returns its file, which
  // Free() closes; -1 when it is not the start of a live block or the system refuses. Nobody may
  // use the block meanwhile.
  int Share(void* base, const char* name);
  // A block that another process shares; the file may be closed then. Null when the system refuses.
  void* Import(int file, size_t bytes, int device);
  // False when it is not the start of a live block.
  bool Free(void* base);
  void FreeAll();
  // The block that holds the address; its end does not belong to it.
  std::optional<Block> Find(const void* address) const;
  // The block near whose ends, outside, the address lies: what a small mistake of an index reaches.
  std::optional<Block> FindNear(const void* address) const;
  size_t Used(int device) const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<uintptr_t, Block> blocks_;  // by address
  std::map<int, size_t> used_;
};

}  // namespace picabia::mlu
