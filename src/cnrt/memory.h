// Device memory as the other files of this folder see it: which block an address belongs to.
#pragma once

#include <cstddef>

#include "cnrt/cnrt.h"

namespace picabia::cnrt {

// SUCCESS when [address, address + bytes) lies in one block of device memory; FIND_DEV_ADDR when
// its start is in none, OUT_RANGE when it passes the end.
cnrtRet_t CheckDeviceRange(const void* address, size_t bytes);

// When the last cnrtDestroy has emptied the queues.
void FreeAllDeviceMemory();

}  // namespace picabia::cnrt
