#include "devices/mlu/bang/device_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <iterator>
#include <mutex>

namespace picabia::mlu {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

DeviceMemory& DeviceMemory::Get() {
  static DeviceMemory* memory = new DeviceMemory;  // used by threads that main does not wait for
  return *memory;
}

void* DeviceMemory::Allocate(int device, size_t bytes) {
  const std::lock_guard lock(mutex_);
  size_t& used = used_[device];
  if (bytes > kDeviceBytes - used) return nullptr;
  void* block = nullptr;
  const bool large = bytes >= 4 * kHugePage;
  if (posix_memalign(&block, large ? kHugePage : kSlack, bytes + 2 * kSlack) != 0) return nullptr;
  // Kernels walk large arrays in strides of rows: with small pages each row costs a miss of the
  // TLB.
  if (large) madvise(block, bytes + 2 * kSlack, MADV_HUGEPAGE);
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
