// Handles of the C interface: numbers that name an object and its generation, never addresses, so
// that a null, stale or foreign handle is found out instead of followed. Used by every file of this
// folder.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace picabia::cnrt {

// Which interface type a handle stands for; a queue passed as a notifier is refused.
enum class HandleKind : uint64_t {
  kQueue = 1,
  kNotifier = 2,
  kKernelInit = 3,
  kQuantizedParam = 4,
  kModel = 5,
  kFunction = 6,
  kContext = 7,
  kParamDesc = 8,
  kTensor = 9,
  kPluginOp = 10,
  kDataDesc = 11,
};

// A handle is kind (8 bits), generation (32), index + 1 (24). C is the opaque struct of the header.
template <typename C, typename Object, HandleKind kind>
class HandleTable {
 public:
  C* Add(std::shared_ptr<Object> object) {
    const std::lock_guard lock(mutex_);
    size_t index = 0;
    if (free_.empty()) {
      index = slots_.size();
      if (index >= kMaxObjects) return nullptr;
      slots_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    slots_[index].object = std::move(object);
    return Encode(index, slots_[index].generation);
  }

  // Null when the handle is not one of a live object of this table.
  std::shared_ptr<Object> Get(const C* handle) const {
    const std::lock_guard lock(mutex_);
    const size_t index = Decode(handle);
    return index == kNone ? nullptr : slots_[index].object;
  }

  std::shared_ptr<Object> Remove(const C* handle) {
    const std::lock_guard lock(mutex_);
    const size_t index = Decode(handle);
    return index == kNone ? nullptr : Release(index);
  }

  std::vector<std::shared_ptr<Object>> All() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Object>> all;
    for (const Slot& slot : slots_)
      if (slot.object) all.push_back(slot.object);
    return all;
  }

  std::vector<std::shared_ptr<Object>> RemoveAll() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Object>> all;
    for (size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].object) all.push_back(Release(i));
    return all;
  }

 private:
  struct Slot {
    std::shared_ptr<Object> object;
    uint32_t generation = 1;
  };
  static constexpr size_t kNone = ~size_t{0};
  static constexpr size_t kMaxObjects = (size_t{1} << 24) - 1;

  static C* Encode(size_t index, uint32_t generation) {
    const uint64_t value =
        static_cast<uint64_t>(kind) << 56 | uint64_t{generation} << 24 | (index + 1);
    return reinterpret_cast<C*>(static_cast<uintptr_t>(value));
  }
  size_t Decode(const C* handle) const {
    const uint64_t value = reinterpret_cast<uintptr_t>(handle);
    const size_t index = (value & 0xFFFFFF) - 1;
    if (value >> 56 != static_cast<uint64_t>(kind) || index >= slots_.size()) return kNone;
    const Slot& slot = slots_[index];
    const bool live = slot.object && slot.generation == static_cast<uint32_t>(value >> 24);
    return live ? index : kNone;
  }
  std::shared_ptr<Object> Release(size_t index) {
    ++slots_[index].generation;
    free_.push_back(index);
    return std::exchange(slots_[index].object, nullptr);
  }

  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<size_t> free_;
};

}  // namespace picabia::cnrt
