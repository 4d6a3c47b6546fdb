#include "devices/mlu/bang/arena.h"

#include <sys/mman.h>

#include <mutex>
#include <utility>
#include <vector>

namespace picabia::bang {
namespace {

struct Pool {
  std::mutex mutex;
  std::vector<Arena> free[PICABIA_SPACES];
};
Pool& ThePool() {
  static Pool* pool = new Pool;  // used by threads that main does not wait for
  return *pool;
}

}  // namespace

MemorySizes MemorySizesOf(int arch) {
  constexpr size_t kKiB = 1024;
  const size_t local = 16384 * kKiB;  // of the card's memory: as much as one core is given
  if (arch >= 370 && arch < 590) return {{768 * kKiB, 1024 * kKiB, 4096 * kKiB, local}};
  if (arch >= 590) return {{512 * kKiB, 512 * kKiB, 2048 * kKiB, local}};
  if (arch == 220 || arch == 290) return {{512 * kKiB, 512 * kKiB, 2048 * kKiB, local}};
  return {{512 * kKiB, 1024 * kKiB, 2048 * kKiB, local}};
}

const char* SpaceName(int space) {
  constexpr const char* kNames[] = {"NRAM", "WRAM", "SRAM", "LDRAM"};
  return space >= 0 && space < PICABIA_SPACES ? kNames[space] : "GDRAM";
}

Arena::~Arena() {
  if (base_ != nullptr) munmap(base_, bytes_ + 2 * kSlack);
}

Arena::Arena(Arena&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

bool Arena::Reserve(size_t bytes) {
  if (base_ != nullptr && bytes <= bytes_) return true;
  bytes = (bytes + 4095) & ~size_t{4095};
  void* block = mmap(nullptr, bytes + 2 * kSlack, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) return false;
  madvise(block, bytes + 2 * kSlack, MADV_HUGEPAGE);
  if (base_ != nullptr) munmap(base_, bytes_ + 2 * kSlack);
  base_ = static_cast<char*>(block);
  bytes_ = bytes;
  return true;
}

bool Arena::Contains(const void* address) const {
  const auto offset = reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(base_);
  return base_ != nullptr && offset < bytes_ + 2 * kSlack;
}

Arena TakeArena(int space, size_t bytes) {
  Arena arena;
  {
    Pool& pool = ThePool();
    const std::lock_guard lock(pool.mutex);
    auto& free = pool.free[space];
    if (!free.empty()) {
      arena = std::move(free.back());
      free.pop_back();
    }
  }
  arena.Reserve(bytes);
  return arena;
}

void ReturnArena(int space, Arena arena) {
  Pool& pool = ThePool();
  const std::lock_guard lock(pool.mutex);
  pool.free[space].push_back(std::move(arena));
}

}  // namespace picabia::bang
