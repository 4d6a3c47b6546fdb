// cnrtMalloc and its kin. The blocks themselves are kept by src/devices/mlu/bang/device_memory.h.
#include "cnrt/memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_set>

#include "cnrt/arrays.h"
#include "cnrt/queue.h"
#include "cnrt/state.h"
#include "devices/mlu/bang/device_memory.h"

namespace picabia::cnrt {
namespace {

using mlu::DeviceMemory;

// Blocks of cnrtMallocHost.
struct HostBlocks {
  std::mutex mutex;
  std::unordered_set<void*> live;
};
HostBlocks& TheHostBlocks() {
  static HostBlocks* blocks = new HostBlocks;  // never destroyed: see TheProcess of device.cc
  return *blocks;
}

cnrtRet_t Malloc(void** pointer, size_t bytes) {
  Clear(pointer);
  return Ready([&] {
    if (pointer == nullptr) return CNRT_RET_ERR_INVALID;
    if (bytes == 0) return CNRT_RET_SUCCESS;
    *pointer = AllocateOnDevice(CurrentDevice(), bytes);
    return *pointer == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
  });
}

std::shared_mutex& MemoryMutex() {
  static std::shared_mutex* mutex = new std::shared_mutex;
  return *mutex;
}

// What is reserved without a block; its mutex keeps the room that was found until it is taken.
struct Reserved {
  std::mutex mutex;
  std::map<int, size_t> bytes;  // by device
};
Reserved& TheReserved() {
  static Reserved* reserved = new Reserved;
  return *reserved;
}

// Under the mutex.
bool HasRoom(int device, size_t bytes) {
  const size_t used = DeviceMemory::Get().Used(device) + TheReserved().bytes[device];
  return used <= DeviceBytes() && bytes <= DeviceBytes() - used;
}

// Whether source and destination may be copied in that direction.
cnrtRet_t CheckCopy(const void* dst, const void* src, size_t bytes, cnrtMemTransDir_t dir) {
  if (dir < CNRT_MEM_TRANS_DIR_HOST2DEV || dir > CNRT_MEM_TRANS_DIR_PEER2PEER)
    return CNRT_RET_ERR_INVALID;
  if (bytes == 0) return CNRT_RET_SUCCESS;
  if (dst == nullptr || src == nullptr) return CNRT_RET_ERR_INVALID;
  const bool to_device = dir != CNRT_MEM_TRANS_DIR_DEV2HOST && dir != CNRT_MEM_TRANS_DIR_HOST2HOST;
  const bool from_device =
      dir != CNRT_MEM_TRANS_DIR_HOST2DEV && dir != CNRT_MEM_TRANS_DIR_HOST2HOST;
  if (to_device)
    if (const cnrtRet_t result = CheckDeviceRange(dst, bytes); result != CNRT_RET_SUCCESS)
      return result;
  return from_device ? CheckDeviceRange(src, bytes) : CNRT_RET_SUCCESS;
}

// Sets n units of sizeof(Unit) bytes at once or, with a queue, in its order.
template <typename Unit>
cnrtRet_t Fill(void* pointer, Unit value, size_t n, bool asynchronous, cnrtQueue_t queue) {
  return Ready([&] {
    if (n == 0) return CNRT_RET_SUCCESS;
    if (pointer == nullptr) return CNRT_RET_ERR_INVALID;
    if (n > SIZE_MAX / sizeof(Unit)) return CNRT_RET_ERR_OUT_RANGE;
    const auto use = UseMemory();
    const cnrtRet_t checked = CheckDeviceRange(pointer, n * sizeof(Unit));
    if (checked != CNRT_RET_SUCCESS) return checked;
    auto work = [pointer, value, n] {
      for (size_t i = 0; i < n; ++i)
        std::memcpy(static_cast<char*>(pointer) + i * sizeof(Unit), &value, sizeof(Unit));
      return CNRT_RET_SUCCESS;
    };
    return asynchronous ? Enqueue(queue, work) : work();
  });
}

}  // namespace

cnrtRet_t CheckDeviceRange(const void* address, size_t bytes, int device) {
  const auto block = DeviceMemory::Get().Find(address);
  if (!block || (device != kAnyDevice && block->device != device))
    return CNRT_RET_ERR_FIND_DEV_ADDR;
  const size_t offset = static_cast<size_t>(static_cast<const char*>(address) -
                                            static_cast<const char*>(block->base));
  return bytes > block->bytes - offset ? CNRT_RET_ERR_OUT_RANGE : CNRT_RET_SUCCESS;
}

size_t DeviceBytes() {
  static const size_t bytes = [] {
    constexpr unsigned long long kMegabyte = 1 << 20,
                                 kMost = DeviceMemory::kDeviceBytes / kMegabyte;
    const char* text = std::getenv("PICABIA_MLU_MEMORY_MB");
    const auto wanted = text == nullptr ? kMost : std::strtoull(text, nullptr, 10);
    return static_cast<size_t>(std::clamp(wanted, 1ULL, kMost) * kMegabyte);
  }();
  return bytes;
}

void* AllocateOnDevice(int device, size_t bytes) {
  const std::lock_guard lock(TheReserved().mutex);
  return HasRoom(device, bytes) ? DeviceMemory::Get().Allocate(device, bytes) : nullptr;
}

bool ReserveOnDevice(int device, size_t bytes) {
  const std::lock_guard lock(TheReserved().mutex);
  const bool room = HasRoom(device, bytes);
  if (room) TheReserved().bytes[device] += bytes;
  return room;
}

void ReleaseOnDevice(int device, size_t bytes) {
  const std::lock_guard lock(TheReserved().mutex);
  TheReserved().bytes[device] -= bytes;
}

void FreeOnDevice(void* base) {
  if (base != nullptr) DeviceMemory::Get().Free(base);
}

std::shared_lock<std::shared_mutex> UseMemory() { return std::shared_lock(MemoryMutex()); }

std::unique_lock<std::shared_mutex> OwnMemory() {
  WaitForAllWork();  // most of the wait, during which others may use memory
  std::unique_lock lock(MemoryMutex());
  WaitForAllWork();
  return lock;
}

void FreeAllDeviceMemory() {
  const auto own = OwnMemory();
  ForgetMappings(nullptr, SIZE_MAX);
  DeviceMemory::Get().FreeAll();
}

}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C
using picabia::mlu::DeviceMemory;

cnrtRet_t cnrtMalloc(void** pPtr, size_t bytes) { return Malloc(pPtr, bytes); }
cnrtRet_t cnrtMallocFrameBuffer(void** pPtr, size_t bytes) { return Malloc(pPtr, bytes); }

cnrtRet_t cnrtFree(void* ptr) {
  return Ready([&] {
    const auto block = DeviceMemory::Get().Find(ptr);
    if (!block || block->base != ptr || block->foreign) return CNRT_RET_ERR_FIND_DEV_ADDR;
    const auto own = OwnMemory();
    ForgetMappings(block->base, block->bytes);
    return DeviceMemory::Get().Free(ptr) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_FIND_DEV_ADDR;
  });
}

cnrtRet_t cnrtFreeArray(void** ptr, int length) {
  return Ready([&] {
    if (length < 0 || (ptr == nullptr && length > 0)) return CNRT_RET_ERR_INVALID;
    cnrtRet_t first = CNRT_RET_SUCCESS;
    if (length == 0) return CNRT_RET_SUCCESS;
    for (void* block : ReadArray(ptr, static_cast<size_t>(length))) {
      const cnrtRet_t result = cnrtFree(block);
      if (first == CNRT_RET_SUCCESS) first = result;
    }
    ReleaseArray(ArrayKind::kAddresses, ptr, static_cast<size_t>(length));
    return first;
  });
}

cnrtRet_t cnrtMemcpy(void* dst, void* src, size_t bytes, cnrtMemTransDir_t dir) {
  return Ready([&] {
    const auto use = UseMemory();
    const cnrtRet_t checked = CheckCopy(dst, src, bytes, dir);
    if (checked == CNRT_RET_SUCCESS && bytes > 0) std::memmove(dst, src, bytes);
    return checked;
  });
}

cnrtRet_t cnrtMemcpyAsync(void* dest, void* src, size_t bytes, cnrtQueue_t queue,
                          cnrtMemTransDir_t dir) {
  return Ready([&] {
    const auto use = UseMemory();
    const cnrtRet_t checked = CheckCopy(dest, src, bytes, dir);
    if (checked != CNRT_RET_SUCCESS) return checked;
    return Enqueue(queue, [=] {
      if (bytes > 0) std::memmove(dest, src, bytes);
      return CNRT_RET_SUCCESS;
    });
  });
}

cnrtRet_t cnrtMemset(void* ptr, int c, size_t bytes) {
  if (c < 0 || c > 255) return Anytime([] { return CNRT_RET_ERR_OUT_RANGE; });
  return cnrtMemsetD8(ptr, static_cast<uint8_t>(c), bytes);
}
cnrtRet_t cnrtMemsetD8(void* ptr, uint8_t uc, size_t n) { return Fill(ptr, uc, n, false, nullptr); }
cnrtRet_t cnrtMemsetD32(void* ptr, uint32_t ui, size_t n) {
  return Fill(ptr, ui, n, false, nullptr);
}
cnrtRet_t cnrtMemsetD8Async(void* ptr, uint8_t uc, size_t n, cnrtQueue_t queue) {
  return Fill(ptr, uc, n, true, queue);
}
cnrtRet_t cnrtMemsetD32Async(void* ptr, uint32_t ui, size_t n, cnrtQueue_t queue) {
  return Fill(ptr, ui, n, true, queue);
}

cnrtRet_t cnrtMallocHost(void** pPtr, size_t bytes, cnrtMemType_t type) {
  Clear(pPtr);
  return Anytime([&] {
    if (pPtr == nullptr) return CNRT_RET_ERR_INVALID;
    if (type < CNRT_MEMTYPE_DEFAULT || type > CNRT_MEMTYPE_DEV) return CNRT_RET_ERR_INVALID;
    if (bytes == 0) return CNRT_RET_SUCCESS;
    void* block = nullptr;
    if (posix_memalign(&block, 4096, bytes) != 0) return CNRT_RET_ERR_NOMEM;
    const std::lock_guard lock(TheHostBlocks().mutex);
    TheHostBlocks().live.insert(block);
    *pPtr = block;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtFreeHost(void* ptr) {
  return Anytime([&] {
    const std::lock_guard lock(TheHostBlocks().mutex);
    if (TheHostBlocks().live.erase(ptr) == 0) return CNRT_RET_ERR_FAULT;
    std::free(ptr);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtMemGetInfo(size_t* free, size_t* total) {
  Clear(free, total);
  return Ready([&] {
    if (free == nullptr || total == nullptr) return CNRT_RET_ERR_INVALID;
    *total = DeviceBytes();
    const int device = CurrentDevice();
    const std::lock_guard lock(TheReserved().mutex);
    const size_t used = DeviceMemory::Get().Used(device) + TheReserved().bytes[device];
    *free = DeviceBytes() - std::min(DeviceBytes(), used);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetMemInfo(size_t* free, size_t* total, cnrtChannelType_t channel) {
  Clear(free, total);
  if (channel < CNRT_CHANNEL_TYPE_DUPLICATE || channel > CNRT_CHANNEL_TYPE_3)
    return Anytime([] { return CNRT_RET_ERR_INVALID; });
  return cnrtMemGetInfo(free, total);
}

cnrtRet_t cnrtGetMemorySize(void** devBasePtr, void* devPtr, size_t* bytes) {
  Clear(devBasePtr, bytes);
  return Ready([&] {
    if (devBasePtr == nullptr || bytes == nullptr) return CNRT_RET_ERR_INVALID;
    const auto block = DeviceMemory::Get().Find(devPtr);
    if (!block) return CNRT_RET_ERR_FIND_DEV_ADDR;
    *devBasePtr = block->base;
    *bytes = block->bytes;
    return CNRT_RET_SUCCESS;
  });
}
