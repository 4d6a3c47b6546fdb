// The pool is a list of free blocks, searched for the smallest that fits without wasting half of
// it.
#include "devices/cpu/buffer_pool.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <new>

#include "base/checked.h"

namespace picabia::cpu {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr size_t kUnit = 4096;  // blocks come in pages, so that nearly equal sizes share blocks

}  // namespace

struct BufferPool::State {
  std::mutex mutex;
  std::multimap<size_t, std::byte*> free;
  int64_t held = 0;
  int64_t peak = 0;
  bool closed = false;

  static void Release(std::byte* p) { ::operator delete(p, kAlignment); }

  void DropFree() {
    for (auto& [size, p] : free) {
      Release(p);
      held -= static_cast<int64_t>(size);
    }
    free.clear();
  }

  std::byte* Take(size_t& size) {
    const std::lock_guard lock(mutex);
    const auto it = free.lower_bound(size);
    if (it != free.end() && it->first <= 2 * size) {
      std::byte* p = it->second;
      size = it->first;
      free.erase(it);
      return p;
    }
    // A block of a new size: the free ones that would fit nothing now are worth less than the peak
    // they cost.
    if (size >= (size_t{1} << 20)) DropFree();
    auto* p = static_cast<std::byte*>(::operator new(size, kAlignment, std::nothrow));
    if (p == nullptr) return nullptr;
    held += static_cast<int64_t>(size);
    peak = std::max(peak, held);
    return p;
  }

  void Give(std::byte* p, size_t size) {
    const std::lock_guard lock(mutex);
    if (closed) {
      Release(p);
      return;
    }
    free.emplace(size, p);
  }
};

BufferPool::BufferPool() : state_(std::make_shared<State>()) {}

BufferPool::~BufferPool() {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  state_->DropFree();
}

std::shared_ptr<std::byte> BufferPool::Allocate(size_t bytes) {
  size_t size = static_cast<size_t>(
      RoundUp(static_cast<int64_t>(std::max(bytes, size_t{1})), static_cast<int64_t>(kUnit)));
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
  return state_->peak;
}

}  // namespace picabia::cpu
