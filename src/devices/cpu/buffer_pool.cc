// The pool is one range of addresses that is cut into blocks, best fit first, lowest address among
// equals; free neighbours join. Pages that were used stay, so that a second run of the same sizes
// touches no new one, and the memory held is the highest address that was ever needed.
#include "devices/cpu/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/checked.h"

namespace picabia::cpu {
namespace {

constexpr size_t kUnit = 4096;
constexpr size_t kHugePage = size_t{2} << 20;
// Addresses cost nothing until they are used; a system that limits them gets fewer.
constexpr size_t kReserve = size_t{1} << 40;
constexpr size_t kLeastReserve = size_t{1} << 28;

}  // namespace

struct BufferPool::State {
  std::mutex mutex;
  std::byte* base = nullptr;
  size_t reserved = 0;
  std::map<size_t, size_t> free;                // offset to size
  std::set<std::pair<size_t, size_t>> by_size;  // (size, offset) of the same
  size_t high_water = 0;

  State() {
    for (reserved = kReserve; reserved >= kLeastReserve; reserved /= 4) {
      void* p = mmap(nullptr, reserved, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (p == MAP_FAILED) continue;
      base = static_cast<std::byte*>(p);
      // Large pages make first use cheap; where the system has none this does nothing.
      madvise(p, reserved, MADV_HUGEPAGE);
      Insert(0, reserved);
      return;
    }
    reserved = 0;
  }
  ~State() {
    if (base != nullptr) munmap(base, reserved);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void Insert(size_t offset, size_t size) {
    free[offset] = size;
    by_size.emplace(size, offset);
  }

  void Erase(std::map<size_t, size_t>::iterator it) {
    by_size.erase({it->second, it->first});
    free.erase(it);
  }

  std::byte* Take(size_t size) {
    const std::lock_guard lock(mutex);
    const auto found = by_size.lower_bound({size, 0});
    if (found == by_size.end()) return nullptr;
    const auto [whole, offset] = *found;
    Erase(free.find(offset));
    if (whole > size) Insert(offset + size, whole - size);
    high_water = std::max(high_water, offset + size);
    return base + offset;
  }

  void Give(std::byte* p, size_t size) {
    const std::lock_guard lock(mutex);
    auto offset = static_cast<size_t>(p - base);
    auto next = free.lower_bound(offset);
    if (next != free.end() && next->first == offset + size) {
      size += next->second;
      Erase(std::exchange(next, std::next(next)));
    }
    if (next != free.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == offset) {
        offset = before->first;
        size += before->second;
        Erase(before);
      }
    }
    Insert(offset, size);
  }
};

BufferPool::BufferPool() : state_(std::make_shared<State>()) {}

BufferPool::~BufferPool() = default;

std::shared_ptr<std::byte> BufferPool::Allocate(size_t bytes) {
  if (bytes > kReserve) return nullptr;
  // Large blocks begin on large pages, small ones share them.
  const size_t unit = bytes >= 4 * kHugePage ? kHugePage : kUnit;
  const auto size = static_cast<size_t>(
      RoundUp(static_cast<int64_t>(std::max(bytes, size_t{1})), static_cast<int64_t>(unit)));
  std::byte* p = state_->Take(size);
  if (p == nullptr) return nullptr;
  return {p, [state = state_, size](std::byte* block) { state->Give(block, size); }};
}

Result<Tensor> BufferPool::AllocateTensor(DType dtype, const Shape& shape) {
  const auto count = CheckedProduct(shape);
  const auto bytes =
      count ? CheckedMul(*count, static_cast<int64_t>(DTypeSize(dtype))) : std::nullopt;
  if (!bytes || *bytes > Tensor::kMaxBytes) {
    return ResourceError("a tensor of shape " + ShapeString(shape) + " is too large");
  }
  auto block = Allocate(static_cast<size_t>(*bytes));
  if (block == nullptr)
    return ResourceError("no memory for a tensor of shape " + ShapeString(shape));
  const std::span<const std::byte> data(block.get(), static_cast<size_t>(*bytes));
  return Tensor::View(dtype, shape, data, std::move(block));
}

int64_t BufferPool::peak_bytes() const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<int64_t>(state_->high_water);
}

}  // namespace picabia::cpu
