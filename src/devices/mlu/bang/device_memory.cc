#include "devices/mlu/bang/device_memory.h"

#include <cstdlib>
#include <iterator>
#include <mutex>

namespace picabia::mlu {

DeviceMemory& DeviceMemory::Get() {
  static DeviceMemory* memory = new DeviceMemory;  // used by threads that main does not wait for
  return *memory;
}

void* DeviceMemory::Allocate(int device, size_t bytes) {
  const std::lock_guard lock(mutex_);
  size_t& used = used_[device];
  if (bytes > kDeviceBytes - used) return nullptr;
  void* block = nullptr;
  if (posix_memalign(&block, kSlack, bytes + 2 * kSlack) != 0) return nullptr;
  void* base = static_cast<char*>(block) + kSlack;
  blocks_[reinterpret_cast<uintptr_t>(base)] = {base, bytes, device};
  used += bytes;
  return base;
}

bool DeviceMemory::Free(void* base) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(reinterpret_cast<uintptr_t>(base));
  if (found == blocks_.end()) return false;
  used_[found->second.device] -= found->second.bytes;
  blocks_.erase(found);
  std::free(static_cast<char*>(base) - kSlack);
  return true;
}

void DeviceMemory::FreeAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [address, block] : blocks_) std::free(static_cast<char*>(block.base) - kSlack);
  blocks_.clear();
  used_.clear();
}

std::optional<DeviceMemory::Block> DeviceMemory::Find(const void* address) const {
  const std::shared_lock lock(mutex_);
  const uintptr_t wanted = reinterpret_cast<uintptr_t>(address);
  auto found = blocks_.upper_bound(wanted);
  if (found == blocks_.begin()) return std::nullopt;
  --found;
  if (wanted - found->first >= found->second.bytes) return std::nullopt;
  return found->second;
}

std::optional<DeviceMemory::Block> DeviceMemory::FindNear(const void* address) const {
  const std::shared_lock lock(mutex_);
  const uintptr_t wanted = reinterpret_cast<uintptr_t>(address);
  const auto next = blocks_.upper_bound(wanted);
  if (next != blocks_.begin()) {
    const auto& [base, block] = *std::prev(next);
    if (wanted - base >= block.bytes && wanted - base < block.bytes + kSlack) return block;
  }
  if (next != blocks_.end() && next->first - wanted <= kSlack) return next->second;
  return std::nullopt;
}

size_t DeviceMemory::Used(int device) const {
  const std::shared_lock lock(mutex_);
  const auto found = used_.find(device);
  return found == used_.end() ? 0 : found->second;
}

}  // namespace picabia::mlu
