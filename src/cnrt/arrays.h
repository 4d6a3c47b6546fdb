// Arrays of pointers that the library hands out on the host and takes back: descriptors of tensors,
// device addresses. Their memory stays the library's after their release, zeroed and used again, so
// that one which is passed a second time is read safely and found out.
#pragma once

#include <cstddef>

namespace picabia::cnrt {

// A released array is used again for its kind only.
enum class ArrayKind { kDescriptors, kDataDescriptors, kAddresses };

// An array of `length` null pointers. Null when the host is full. length > 0.
void** MakeArray(ArrayKind kind, size_t length);

// Whether `array` is live, of that kind and length.
bool IsLiveArray(ArrayKind kind, const void* array, size_t length);

// False, and nothing is done, when it is not.
bool ReleaseArray(ArrayKind kind, void* array, size_t length);

// Whether an address can be one of memory at all: handles never are.
bool IsAddress(const void* pointer);

}  // namespace picabia::cnrt
