#include "cnrt/arrays.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace picabia::cnrt {
namespace {

using Form = std::pair<ArrayKind, size_t>;  // what it is for, and its length

struct Arrays {
  std::mutex mutex;
  std::unordered_map<const void*, Form> live;  // by address
  std::map<Form, std::vector<void**>> released;
};
Arrays& TheArrays() {
  static Arrays* arrays = new Arrays;  // never destroyed: see TheProcess of device.cc
  return *arrays;
}

}  // namespace

void** MakeArray(ArrayKind kind, const std::vector<void*>& pointers) {
  const size_t length = pointers.size();
  Arrays& arrays = TheArrays();
  const std::lock_guard lock(arrays.mutex);
  std::vector<void**>& released = arrays.released[{kind, length}];
  void** array = nullptr;
  if (released.empty()) {
    array = static_cast<void**>(std::calloc(length, sizeof(void*)));
  } else {
    array = released.back();
    released.pop_back();
  }
  if (array == nullptr) return nullptr;
  std::copy(pointers.begin(), pointers.end(), array);
  arrays.live[array] = {kind, length};
  return array;
}

std::vector<void*> ReadArray(const void* array, size_t length) {
  const std::lock_guard lock(TheArrays().mutex);
  const auto* pointers = static_cast<void* const*>(array);
  return {pointers, pointers + length};
}

bool IsLiveArray(ArrayKind kind, const void* array, size_t length) {
  Arrays& arrays = TheArrays();
  const std::lock_guard lock(arrays.mutex);
  const auto found = arrays.live.find(array);
  return found != arrays.live.end() && found->second == Form(kind, length);
}

bool ReleaseArray(ArrayKind kind, void* array, size_t length) {
  Arrays& arrays = TheArrays();
  const std::lock_guard lock(arrays.mutex);
  const auto found = arrays.live.find(array);
  if (found == arrays.live.end() || found->second != Form(kind, length)) return false;
  arrays.live.erase(found);
  auto** pointers = static_cast<void**>(array);
  std::fill(pointers, pointers + length, nullptr);
  arrays.released[{kind, length}].push_back(pointers);
  return true;
}

bool IsAddress(const void* pointer) {
  constexpr int kAddressBits = 56;  // above them handles have their kind; no host maps more
  return pointer != nullptr && reinterpret_cast<uintptr_t>(pointer) >> kAddressBits == 0;
}

}  // namespace picabia::cnrt
