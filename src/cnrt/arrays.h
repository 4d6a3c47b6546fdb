// Arrays of pointers that the library hands out on the host and takes back: descriptors of tensors,
// device addresses. Their memory stays the library's after their release, zeroed and used again, so
// that one which is passed a second time is read safely and found out.
#pragma once

#include <cstddef>
#include <vector>

namespace picabia::cnrt {

// A released array is used again for its kind only.
enum class ArrayKind { kDescriptors, kDataDescriptors, kAddresses };

// Null when the host is full. pointers: at least one.
void** MakeArray(ArrayKind kind, const std::vector<void*>& pointers);

// What stands in an array, of the library or of a client; IsAddress(array). No other thread
// releases one meanwhile.
std::vector<void*> ReadArray(const void* array, size_t length);

// Whether `array` is live, of that kind and length.
bool IsLiveArray(ArrayKind kind, const void* array, size_t length);

// False, and nothing is done, when it is not.
bool ReleaseArray(ArrayKind kind, void* array, size_t length);

// Whether an address can be one of memory at all: handles never are.
bool IsAddress(const void* pointer);

}  // namespace picabia::cnrt
