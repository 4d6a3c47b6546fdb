// What depends on where cards and processors are: here every card is the host itself. Also the
// sizes of stacks, which this device does not need and keeps for who asks.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "cnrt/memory.h"
#include "cnrt/queue.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

constexpr unsigned int kLeastMb = 4, kMostMb = 511;  // per core
std::atomic<unsigned int> stack_mb{kLeastMb}, local_mb{kLeastMb};

bool Valid(int ordinal) { return ordinal >= 0 && ordinal < DeviceCount(); }

cnrtRet_t SetMb(std::atomic<unsigned int>& mb, unsigned int value) {
  return Anytime([&] {
    if (value < kLeastMb || value > kMostMb) return CNRT_RET_ERR_INVALID;
    mb = value;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t GetMb(const std::atomic<unsigned int>& mb, unsigned int* value) {
  return Anytime([&] {
    if (value == nullptr) return CNRT_RET_ERR_INVALID;
    *value = mb;
    return CNRT_RET_SUCCESS;
  });
}

cnrtTopologyRelationshipEnum_t Relationship(int one, int other) {
  return one == other ? CNRT_TOPO_SELF : CNRT_TOPO_SYSTEM;
}

// At most *count ordinals for which `wanted` holds; then *count is how many there are.
template <typename Wanted>
cnrtRet_t List(uint64_t* count, uint64_t* ordinals, Wanted wanted) {
  if (count == nullptr) return CNRT_RET_ERR_INVALID;
  const uint64_t room = ordinals == nullptr ? 0 : *count;
  uint64_t found = 0;
  for (int i = 0; i < DeviceCount(); ++i) {
    if (!wanted(i)) continue;
    if (found < room) ordinals[found] = static_cast<uint64_t>(i);
    ++found;
  }
  *count = found;
  return CNRT_RET_SUCCESS;
}

cnrtRet_t CheckPeerCopy(void* dst, int dst_device, void* src, int src_device, size_t count) {
  if (!Valid(dst_device) || !Valid(src_device)) return CNRT_RET_ERR_NODEV;
  if (count == 0) return CNRT_RET_SUCCESS;
  if (dst == nullptr || src == nullptr) return CNRT_RET_ERR_INVALID;
  const cnrtRet_t result = CheckDeviceRange(dst, count, dst_device);
  return result == CNRT_RET_SUCCESS ? CheckDeviceRange(src, count, src_device) : result;
}

}  // namespace
}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnrtRet_t cnrtSetStackMem(unsigned int stacksize) { return SetMb(stack_mb, stacksize); }
cnrtRet_t cnrtGetStackMem(unsigned int* pStacksize) {
  Clear(pStacksize);
  return GetMb(stack_mb, pStacksize);
}
cnrtRet_t cnrtSetLocalMem(unsigned int local_mem_size) { return SetMb(local_mb, local_mem_size); }
cnrtRet_t cnrtGetLocalMem(unsigned int* pLocalsize) {
  Clear(pLocalsize);
  return GetMb(local_mb, pLocalsize);
}

cnrtRet_t cnrtGetDeviceAffinity(cnrtDeviceAffinity_t* affinity, int dev_ordinal) {
  Clear(affinity);
  return Ready([&] {
    if (affinity == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Valid(dev_ordinal)) return CNRT_RET_ERR_NODEV;
    constexpr unsigned int kMost = sizeof(affinity->cpu_affinity_bitmap) * 8;
    affinity->cpu_count = std::min(std::thread::hardware_concurrency(), kMost);
    for (uint32_t i = 0; i < affinity->cpu_count; ++i)
      affinity->cpu_affinity_bitmap[i / 32] |= 1u << (i % 32);
    return CNRT_RET_SUCCESS;
  });
}

// Every processor is near the card: a thread's affinity is right as it is.
cnrtRet_t cnrtSetCurrentThreadAffinity(int dev_ordinal) {
  return Ready([&] { return Valid(dev_ordinal) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_NODEV; });
}
cnrtRet_t cnrtClearCurrentThreadAffinity(int dev_ordinal) {
  return cnrtSetCurrentThreadAffinity(dev_ordinal);
}

cnrtRet_t cnrtTopologyGetRelationship(cnrtTopologyRelationshipEnum_t* relationship,
                                      int dev_ordinal1, int dev_ordinal2) {
  Clear(relationship);
  return Ready([&] {
    if (relationship == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Valid(dev_ordinal1) || !Valid(dev_ordinal2)) return CNRT_RET_ERR_NODEV;
    *relationship = Relationship(dev_ordinal1, dev_ordinal2);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtTopologyGetNearestDevices(cnrtTopologyRelationshipEnum_t relationship,
                                        uint64_t* count, uint64_t* ordinal_array, int dev_ordinal) {
  const cnrtRet_t result = Ready([&] {
    if (!Valid(dev_ordinal)) return CNRT_RET_ERR_NODEV;
    return List(count, ordinal_array,
                [&](int i) { return Relationship(i, dev_ordinal) == relationship; });
  });
  if (result != CNRT_RET_SUCCESS) Clear(count);
  return result;
}

cnrtRet_t cnrtTopologyGetCpuRelatedDevices(int cpuid, uint64_t* count, uint64_t* ordinal_array) {
  const cnrtRet_t result = Ready([&] {
    if (cpuid < 0 || cpuid >= static_cast<int>(std::thread::hardware_concurrency()))
      return CNRT_RET_ERR_INVALID;
    return List(count, ordinal_array, [](int) { return true; });
  });
  if (result != CNRT_RET_SUCCESS) Clear(count);
  return result;
}

cnrtRet_t cnrtGetPeerAccessibility(unsigned int* CanPeer, int Dev, int PeerDev) {
  Clear(CanPeer);
  return Ready([&] {
    if (CanPeer == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Valid(Dev) || !Valid(PeerDev)) return CNRT_RET_ERR_NODEV;
    *CanPeer = 1;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtMemcpyPeer(void* dst, int dstDevice, void* src, int srcDevice, size_t count) {
  return Ready([&] {
    const auto use = UseMemory();
    const cnrtRet_t checked = CheckPeerCopy(dst, dstDevice, src, srcDevice, count);
    if (checked == CNRT_RET_SUCCESS && count > 0) std::memmove(dst, src, count);
    return checked;
  });
}

cnrtRet_t cnrtMemcpyPeerAsync(void* dst, int dstDevOrdinal, void* src, int srcDevOrdinal,
                              size_t bytes, cnrtQueue_t queue) {
  return Ready([&] {
    const auto use = UseMemory();
    const cnrtRet_t checked = CheckPeerCopy(dst, dstDevOrdinal, src, srcDevOrdinal, bytes);
    if (checked != CNRT_RET_SUCCESS) return checked;
    return Enqueue(queue, [=] {
      if (bytes > 0) std::memmove(dst, src, bytes);
      return CNRT_RET_SUCCESS;
    });
  });
}

cnrtRet_t cnrtGetMLUdev(MLUdev_t* mlu_dev, cnrtDev_t cnrt_dev) {
  Clear(mlu_dev);
  return Ready([&] {
    if (mlu_dev == nullptr) return CNRT_RET_ERR_INVALID;
    if (cnrt_dev < kFirstDevice || cnrt_dev >= kFirstDevice + static_cast<cnrtDev_t>(DeviceCount()))
      return CNRT_RET_ERR_INVALID;
    *mlu_dev = cnrt_dev;
    return CNRT_RET_SUCCESS;
  });
}
