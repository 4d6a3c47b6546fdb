// Device memory as the other files of this folder see it: which block an address belongs to.
#pragma once

#include <cstddef>

#include "cnrt/cnrt.h"

namespace picabia::cnrt {

// SUCCESS when [address, address + bytes) lies in one block of device memory; FIND_DEV_ADDR when
// its start is in none, OUT_RANGE when it passes the end.
cnrtRet_t CheckDeviceRange(const void* address, size_t bytes);

// What a card has: 16 GB, or as many MB as PICABIA_MLU_MEMORY_MB of the environment says.
size_t DeviceBytes();
// Null when the device or the host is full. bytes > 0.
void* AllocateOnDevice(int device, size_t bytes);
// Null is fine.
void FreeOnDevice(void* base);

// Mappings and shares of the block that begins there are gone with it (mapping.cc).
void ForgetMappings(const void* base, size_t bytes);

// When the last cnrtDestroy has emptied the queues.
void FreeAllDeviceMemory();

}  // namespace picabia::cnrt
