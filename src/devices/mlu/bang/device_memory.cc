#include "devices/mlu/bang/device_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <mutex>

namespace picabia::mlu {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr int kReadWrite = PROT_READ | PROT_WRITE;

// What of the file is mapped for a block; the slack behind it has room for the rest of the page.
size_t WholePages(size_t bytes) {
  return (bytes + DeviceMemory::kSlack - 1) / DeviceMemory::kSlack * DeviceMemory::kSlack;
}

void Release(const DeviceMemory::Block& block) {
  char* const begin = static_cast<char*>(block.base) - DeviceMemory::kSlack;
  const size_t pages = WholePages(block.bytes);
  if (block.foreign) {
    munmap(begin, pages + 2 * DeviceMemory::kSlack);
    return;
  }
  if (block.file >= 0) {
    mmap(block.base, pages, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    close(block.file);
  }
  std::free(begin);
}

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

int DeviceMemory::Share(void* base, const char* name) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(reinterpret_cast<uintptr_t>(base));
  if (found == blocks_.end()) return -1;
  Block& block = found->second;
  if (block.file >= 0 || block.foreign) return block.file;
  const size_t pages = WholePages(block.bytes);
  const int file = memfd_create(name, MFD_CLOEXEC);
  if (file < 0) return -1;
  void* copy = ftruncate(file, static_cast<off_t>(pages)) == 0
                   ? mmap(nullptr, pages, kReadWrite, MAP_SHARED, file, 0)
                   : MAP_FAILED;
  if (copy != MAP_FAILED) {
    std::memcpy(copy, base, block.bytes);
    if (mremap(copy, pages, pages, MREMAP_MAYMOVE | MREMAP_FIXED, base) != MAP_FAILED)
      return block.file = file;
    munmap(copy, pages);
  }
  close(file);
  return -1;
}

void* DeviceMemory::Import(int file, size_t bytes, int device) {
  const size_t pages = WholePages(bytes);
  void* const begin =
      mmap(nullptr, pages + 2 * kSlack, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED) return nullptr;
  void* const base = static_cast<char*>(begin) + kSlack;
  if (mmap(base, pages, kReadWrite, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) {
    munmap(begin, pages + 2 * kSlack);
    return nullptr;
  }
  const std::lock_guard lock(mutex_);
  blocks_[reinterpret_cast<uintptr_t>(base)] = {base, bytes, device, -1, true};
  return base;
}

bool DeviceMemory::Free(void* base) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(reinterpret_cast<uintptr_t>(base));
  if (found == blocks_.end()) return false;
  if (!found->second.foreign) used_[found->second.device] -= found->second.bytes;
  Release(found->second);
  blocks_.erase(found);
  return true;
}

void DeviceMemory::FreeAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [address, block] : blocks_) Release(block);
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
