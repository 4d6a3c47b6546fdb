// The pool is two ranges of addresses, for small and for large blocks (so that small ones do not
// stand between large ones), each cut best fit first, as high as touched pages go, which leaves the
// largest holes; free neighbours join. Pages that were used stay: a second run of the same sizes
// touches no new one, and the memory held is the highest addresses that were ever needed.
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
constexpr size_t kLarge = 4 * kHugePage;

// One range of addresses. Not synchronised.
class Range {
 public:
  Range() {
    for (reserved_ = kReserve; reserved_ >= kLeastReserve; reserved_ /= 4) {
      void* p = mmap(nullptr, reserved_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (p == MAP_FAILED) continue;
      base_ = static_cast<std::byte*>(p);
      if (reserved_ < kReserve && reserved_ > kLeastReserve) {
        // Addresses are limited: half of them, since all others in this process need some, too.
        reserved_ /= 2;
        munmap(base_ + reserved_, reserved_);
      }
      // Large pages make first use cheap; where the system has none this does nothing.
      madvise(p, reserved_, MADV_HUGEPAGE);
      Insert(0, reserved_);
      return;
    }
    reserved_ = 0;
  }
  ~Range() {
    if (base_ != nullptr) munmap(base_, reserved_);
  }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

  std::byte* Take(size_t size) {
    auto found = by_size_.lower_bound({size, 0});
    if (found == by_size_.end()) return nullptr;
    found = std::prev(by_size_.upper_bound({found->first, reserved_}));
    const auto [whole, begin] = *found;
    Erase(free_.find(begin));
    // The last free block is the untouched rest: it is cut at its begin.
    const size_t end = begin + whole;
    const size_t offset = end == reserved_ ? begin : end - size;
    if (offset > begin) Insert(begin, offset - begin);
    if (offset + size < end) Insert(offset + size, end - offset - size);
    high_water_ = std::max(high_water_, offset + size);
    return base_ + offset;
  }

  void Give(std::byte* p, size_t size) {
    auto offset = static_cast<size_t>(p - base_);
    auto next = free_.lower_bound(offset);
    if (next != free_.end() && next->first == offset + size) {
      size += next->second;
      Erase(std::exchange(next, std::next(next)));
    }
    if (next != free_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == offset) {
        offset = before->first;
        size += before->second;
        Erase(before);
      }
    }
    Insert(offset, size);
  }

  size_t high_water() const { return high_water_; }

 private:
  void Insert(size_t offset, size_t size) {
    free_[offset] = size;
    by_size_.emplace(size, offset);
  }
  void Erase(std::map<size_t, size_t>::iterator it) {
    by_size_.erase({it->second, it->first});
    free_.erase(it);
  }

  std::byte* base_ = nullptr;
  size_t reserved_ = 0;
  std::map<size_t, size_t> free_;                // offset to size
  std::set<std::pair<size_t, size_t>> by_size_;  // (size, offset) of the same
  size_t high_water_ = 0;
};

}  // namespace

struct BufferPool::State {
  std::mutex mutex;
  Range small, large;

  Range& For(size_t size) { return size < kLarge ? small : large; }
};

BufferPool::BufferPool() : state_(std::make_shared<State>()) {}

BufferPool::~BufferPool() = default;

std::shared_ptr<std::byte> BufferPool::Allocate(size_t bytes) {
  if (bytes > kReserve) return nullptr;
  // Large blocks begin on large pages, small ones share them.
  const size_t unit = bytes >= kLarge ? kHugePage : kUnit;
  const auto size = static_cast<size_t>(
      RoundUp(static_cast<int64_t>(std::max(bytes, size_t{1})), static_cast<int64_t>(unit)));
  const std::lock_guard lock(state_->mutex);
  std::byte* p = state_->For(size).Take(size);
  if (p == nullptr) return nullptr;
  return {p, [state = state_, size](std::byte* block) {
            const std::lock_guard give(state->mutex);
            state->For(size).Give(block, size);
          }};
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
  return static_cast<int64_t>(state_->small.high_water() + state_->large.high_water());
}

}  // namespace picabia::cpu
