// Device memory in the host's addresses (here the same addresses), its sharing with other
// processes, and the lists of named values of cnrtMallocBufferEx.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cnrt/memory.h"
#include "cnrt/state.h"
#include "devices/mlu/bang/device_memory.h"

namespace picabia::cnrt {
namespace {

using mlu::DeviceMemory;

// The mappings that clients hold: host address -> how many bytes of device memory stand there.
struct Mappings {
  std::mutex mutex;
  std::map<uintptr_t, size_t> mapped;     // by cnrtMap and cnrtMapRange
  std::map<uintptr_t, uintptr_t> shared;  // cnrtAcquireMemHandle: handle -> address, 0: freed
  std::map<uintptr_t, int> opened;        // cnrtMapMemHandle: address -> times
  unsigned shares = 0;                    // how many there were
};
Mappings& TheMappings() {
  static Mappings* mappings = new Mappings;  // never destroyed: see TheProcess of device.cc
  return *mappings;
}

uintptr_t Number(const void* p) { return reinterpret_cast<uintptr_t>(p); }

// The mapping that an address lies in; null when there is none.
const std::pair<const uintptr_t, size_t>* FindMapping(const Mappings& m, const void* host) {
  auto found = m.mapped.upper_bound(Number(host));
  if (found == m.mapped.begin()) return nullptr;
  --found;
  return Number(host) - found->first < found->second ? &*found : nullptr;
}

// A handle names the file in which a block is shared: by process and number, and, since numbers
// come again, by the block's own, which is in the file's name with its size and device.
constexpr int kFileBits = 20, kShareBits = 20;
constexpr char kShareName[] = "picabia-cnrt-%u-%zu-%d";

uintptr_t HandleOf(pid_t process, unsigned share, int file) {
  return (static_cast<uintptr_t>(process) << kShareBits | share) << kFileBits |
         static_cast<uintptr_t>(file);
}

// A block of another process; null when the handle is none, or is stale.
void* Import(uintptr_t handle) {
  constexpr uintptr_t kFile = (1 << kFileBits) - 1, kShare = (1 << kShareBits) - 1;
  char path[64], link[128];
  std::snprintf(path, sizeof(path), "/proc/%ld/fd/%ld",
                static_cast<long>(handle >> (kFileBits + kShareBits)),
                static_cast<long>(handle & kFile));
  const ssize_t length = readlink(path, link, sizeof(link) - 1);
  if (length <= 0) return nullptr;
  link[length] = '\0';
  constexpr size_t kPrefix = sizeof("/memfd:") - 1;
  unsigned share = 0;
  size_t bytes = 0;
  int device = 0;
  if (static_cast<size_t>(length) < kPrefix ||
      std::sscanf(link + kPrefix, kShareName, &share, &bytes, &device) != 3)
    return nullptr;
  if (share != (handle >> kFileBits & kShare) || device < 0 || device >= DeviceCount())
    return nullptr;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  struct stat status;
  void* const block = fstat(file, &status) == 0 && static_cast<size_t>(status.st_size) >= bytes
                          ? DeviceMemory::Get().Import(file, bytes, device)
                          : nullptr;
  close(file);
  return block;
}

// size 0: to the end of the block.
cnrtRet_t Map(void** host, void* device, size_t size) {
  if (host == nullptr) return CNRT_RET_ERR_INVALID;
  *host = nullptr;
  const auto block = DeviceMemory::Get().Find(device);
  if (!block) return CNRT_RET_ERR_FIND_DEV_ADDR;
  const size_t rest = block->bytes - (Number(device) - Number(block->base));
  if (size > rest) return CNRT_RET_ERR_OUT_RANGE;
  Mappings& m = TheMappings();
  const std::lock_guard lock(m.mutex);
  if (!m.mapped.emplace(Number(device), size == 0 ? rest : size).second) return CNRT_RET_ERR_MAP;
  *host = device;
  return CNRT_RET_SUCCESS;
}

cnrtRet_t CacheOperation(void* host, size_t size, cnrtCacheOps_t operation) {
  if (operation != CNRT_FLUSH_CACHE && operation != CNRT_INVALID_CACHE) return CNRT_RET_ERR_INVALID;
  Mappings& m = TheMappings();
  const std::lock_guard lock(m.mutex);
  const auto* mapping = FindMapping(m, host);
  if (mapping == nullptr) return CNRT_RET_ERR_INVALID;
  // Nothing is cached between the host and this device.
  return size > mapping->second - (Number(host) - mapping->first) ? CNRT_RET_ERR_OUT_RANGE
                                                                  : CNRT_RET_SUCCESS;
}

using ParamList = std::map<std::string, std::vector<char>>;
struct ParamLists {
  std::mutex mutex;
  std::map<void*, std::unique_ptr<ParamList>> live;
};
ParamLists& TheParamLists() {
  static ParamLists* lists = new ParamLists;
  return *lists;
}

// Calls body(ParamList&) under the lock; INVALID when it is no live list.
template <typename Body>
cnrtRet_t WithList(void* handle, Body&& body) {
  return Anytime([&] {
    const std::lock_guard lock(TheParamLists().mutex);
    const auto found = TheParamLists().live.find(handle);
    return found == TheParamLists().live.end() ? CNRT_RET_ERR_INVALID : body(*found->second);
  });
}

// A number of a list, of four or eight bytes; false where it is none.
bool TakeNumber(const ParamList& list, const char* name, uint64_t* value) {
  const auto found = list.find(name);
  if (found == list.end()) return false;
  *value = 0;
  const size_t bytes = found->second.size();
  if (bytes != 4 && bytes != 8) return false;
  std::memcpy(value, found->second.data(), bytes);
  return true;
}

}  // namespace

void ForgetMappings(const void* base, size_t bytes) {
  Mappings& m = TheMappings();
  const std::lock_guard lock(m.mutex);
  const auto inside = [&](uintptr_t address) { return address - Number(base) < bytes; };
  std::erase_if(m.mapped, [&](const auto& mapping) { return inside(mapping.first); });
  std::erase_if(m.opened, [&](const auto& opened) { return inside(opened.first); });
  for (auto& [handle, address] : m.shared)
    if (inside(address)) address = 0;
}

}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnrtRet_t cnrtMap(void** host_ptr, void* dev_ptr) {
  Clear(host_ptr);
  return Ready([&] { return Map(host_ptr, dev_ptr, 0); });
}

cnrtRet_t cnrtMapRange(void** host_ptr, void* dev_ptr, size_t size) {
  Clear(host_ptr);
  return Ready([&] { return size == 0 ? CNRT_RET_ERR_INVALID : Map(host_ptr, dev_ptr, size); });
}

cnrtRet_t cnrtUnmap(void* host_ptr) {
  return Anytime([&] {
    const std::lock_guard lock(TheMappings().mutex);
    return TheMappings().mapped.erase(Number(host_ptr)) == 0 ? CNRT_RET_ERR_UNMAP
                                                             : CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtFindDevAddrByMappedAddr(void* mappped_host_ptr, void** dev_ptr) {
  Clear(dev_ptr);
  return Ready([&] {
    if (dev_ptr == nullptr) return CNRT_RET_ERR_INVALID;
    const std::lock_guard lock(TheMappings().mutex);
    const auto* mapping = FindMapping(TheMappings(), mappped_host_ptr);
    if (mapping == nullptr) return CNRT_RET_ERR_FIND_DEV_ADDR;
    *dev_ptr = reinterpret_cast<void*>(mapping->first);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtFindDevAddrWithOffsetByMappedAddr(void* mapped_host_ptr, void** dev_ptr) {
  const cnrtRet_t result = cnrtFindDevAddrByMappedAddr(mapped_host_ptr, dev_ptr);
  if (result == CNRT_RET_SUCCESS) *dev_ptr = mapped_host_ptr;
  return result;
}

cnrtRet_t cnrtCacheOperation(void* host_ptr, cnrtCacheOps_t opr) {
  return Ready([&] { return CacheOperation(host_ptr, 0, opr); });
}
cnrtRet_t cnrtCacheOperationRange(void* host_ptr, size_t size, cnrtCacheOps_t opr) {
  return Ready([&] { return CacheOperation(host_ptr, size, opr); });
}

cnrtRet_t cnrtAcquireMemHandle(cnrtIpcMemHandle* handle, void* devPtr) {
  Clear(handle);
  return Ready([&] {
    if (handle == nullptr) return CNRT_RET_ERR_INVALID;
    const auto own = OwnMemory();
    const auto block = DeviceMemory::Get().Find(devPtr);
    if (!block || block->base != devPtr || block->foreign) return CNRT_RET_ERR_FIND_DEV_ADDR;
    Mappings& m = TheMappings();
    const std::lock_guard lock(m.mutex);
    for (const auto& [known, address] : m.shared) {
      if (address != Number(devPtr)) continue;
      *handle = reinterpret_cast<cnrtIpcMemHandle>(known);
      return CNRT_RET_SUCCESS;
    }
    const unsigned share = ++m.shares % (1 << kShareBits);
    char name[64];
    std::snprintf(name, sizeof(name), kShareName, share, block->bytes, block->device);
    const int file = DeviceMemory::Get().Share(devPtr, name);
    if (file < 0 || file >> kFileBits != 0) return CNRT_RET_ERR_NORES;
    const uintptr_t number = HandleOf(getpid(), share, file);
    m.shared[number] = Number(devPtr);
    *handle = reinterpret_cast<cnrtIpcMemHandle>(number);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtMapMemHandle(void** devPtr, cnrtIpcMemHandle handle, int /*flag*/) {
  Clear(devPtr);
  return Ready([&] {
    if (devPtr == nullptr) return CNRT_RET_ERR_INVALID;
    Mappings& m = TheMappings();
    const std::lock_guard lock(m.mutex);
    const auto own = m.shared.find(Number(handle));
    void* const address =
        own == m.shared.end() ? Import(Number(handle)) : reinterpret_cast<void*>(own->second);
    if (address == nullptr)
      return own == m.shared.end() ? CNRT_RET_ERR_INVALID : CNRT_RET_ERR_FIND_DEV_ADDR;
    ++m.opened[Number(address)];
    *devPtr = address;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtUnMapMemHandle(void* devPtr) {
  return Anytime([&] {
    const auto block = DeviceMemory::Get().Find(devPtr);
    const auto own = block && block->foreign ? OwnMemory() : std::unique_lock<std::shared_mutex>();
    Mappings& m = TheMappings();
    const std::lock_guard lock(m.mutex);
    const auto found = m.opened.find(Number(devPtr));
    if (found == m.opened.end()) return CNRT_RET_ERR_INVALID;
    if (--found->second == 0) m.opened.erase(found);
    if (own.owns_lock()) DeviceMemory::Get().Free(devPtr);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtMallocPeerAble(void** pPtr, size_t bytes) { return cnrtMalloc(pPtr, bytes); }

cnrtRet_t cnrtAllocParam(void** pParam) {
  Clear(pParam);
  return Anytime([&] {
    if (pParam == nullptr) return CNRT_RET_ERR_INVALID;
    auto list = std::make_unique<ParamList>();
    void* handle = list.get();
    const std::lock_guard lock(TheParamLists().mutex);
    TheParamLists().live[handle] = std::move(list);
    *pParam = handle;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtAddParam(void* param, char* name, int len, void* data) {
  return WithList(param, [&](ParamList& list) {
    if (name == nullptr || len < 1 || data == nullptr) return CNRT_RET_ERR_INVALID;
    const char* from = static_cast<const char*>(data);
    list[name].assign(from, from + len);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetParam(void* param, char* name, void* out, int outlen) {
  if (out != nullptr && outlen > 0) std::memset(out, 0, static_cast<size_t>(outlen));
  return WithList(param, [&](ParamList& list) {
    if (name == nullptr || out == nullptr || outlen < 1) return CNRT_RET_ERR_INVALID;
    const auto found = list.find(name);
    if (found == list.end()) return CNRT_RET_ERR_NO_EXIST;
    if (found->second.size() > static_cast<size_t>(outlen)) return CNRT_RET_ERR_OUT_RANGE;
    std::memcpy(out, found->second.data(), found->second.size());
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDestroyParam(void* param) {
  return Anytime([&] {
    const std::lock_guard lock(TheParamLists().mutex);
    return TheParamLists().live.erase(param) == 0 ? CNRT_RET_ERR_INVALID : CNRT_RET_SUCCESS;
  });
}
#undef cnrtDestoryParam
extern "C" CNRT_DLL_API cnrtRet_t cnrtDestoryParam(void* param);
cnrtRet_t cnrtDestoryParam(void* param) { return cnrtDestroyParam(param); }

cnrtRet_t cnrtMallocBufferEx(void** pPtr, void* param) {
  Clear(pPtr);
  if (pPtr == nullptr) return Anytime([] { return CNRT_RET_ERR_INVALID; });
  uint64_t type = 0, parallelism = 1, bytes = 0;
  const cnrtRet_t checked = WithList(param, [&](ParamList& list) {
    TakeNumber(list, "data_parallelism", &parallelism);
    const bool sized = TakeNumber(list, "size", &bytes);
    const bool known =
        TakeNumber(list, "type", &type) && type == CNRT_MALLOC_EX_PARALLEL_FRAMEBUFFER;
    const bool fits =
        sized && parallelism >= 1 && !__builtin_mul_overflow(bytes, parallelism, &bytes);
    return known && fits ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID;
  });
  return checked == CNRT_RET_SUCCESS ? cnrtMalloc(pPtr, bytes) : checked;
}
