// Device memory as the other files of this folder see it: which block an address belongs to.
#pragma once

#include <cstddef>
#include <mutex>
#include <shared_mutex>

#include "cnrt/cnrt.h"

namespace picabia::cnrt {

// While it lives no block is freed: what is checked stays true, what is put into a queue is waited
// for. Not to be taken twice by one thread.
[[nodiscard]] std::shared_lock<std::shared_mutex> UseMemory();

// The opposite: while it lives nobody uses memory, and no queue has work that does.
[[nodiscard]] std::unique_lock<std::shared_mutex> OwnMemory();

constexpr int kAnyDevice = -1;

// SUCCESS when [address, address + bytes) lies in one block of the memory of `device`;
// FIND_DEV_ADDR when its start is in none, OUT_RANGE when it passes the end.
cnrtRet_t CheckDeviceRange(const void* address, size_t bytes, int device = kAnyDevice);

// What a card has: 16 GB, or as many MB as PICABIA_MLU_MEMORY_MB of the environment says.
size_t DeviceBytes();
// Null when the device or the host is full. bytes > 0.
void* AllocateOnDevice(int device, size_t bytes);
// Of a block that no client has had. Null is fine.
void FreeOnDevice(void* base);
// Room that is taken without a block, as a context does. False when the device is full.
bool ReserveOnDevice(int device, size_t bytes);
void ReleaseOnDevice(int device, size_t bytes);

// Mappings and shares of the block that begins there are gone with it (mapping.cc).
void ForgetMappings(const void* base, size_t bytes);

// When the last cnrtDestroy has emptied the queues.
void FreeAllDeviceMemory();

}  // namespace picabia::cnrt
