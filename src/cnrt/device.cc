// cnrtInit, cnrtDestroy, devices, and the state of src/cnrt/state.h.
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "cnrt/context_run.h"
#include "cnrt/memory.h"
#include "cnrt/notifier.h"
#include "cnrt/queue.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

constexpr int kMaxDevices = 64;
// Of an MLU270, 4 clusters of 4; of an MLU220.
constexpr int kCores = 16, kCoresOf220 = 4;

struct Process {
  std::mutex mutex;
  int references = 0;
  unsigned int flags = 0;
  std::atomic<bool> initialised{false};
  std::atomic<bool> forked{false};
};

// Never destroyed: queues' threads and destructors of static objects may come after main.
Process& TheProcess() {
  static Process* process = new Process;
  return *process;
}

struct ThreadState {
  int device = 0;
  bool on_fake = false;  // the device is that of ordinal -1; memory and contexts are of device 0
  cnrtChannelType_t channel = CNRT_CHANNEL_TYPE_NONE;
  cnrtRet_t last_error = CNRT_RET_SUCCESS;
};
thread_local ThreadState thread_state;
std::atomic<unsigned int> device_flag{CNRT_QUEUE_SYNC_BLOCK};

void MarkForked() {
  if (TheProcess().initialised) TheProcess().forked = true;
}

cnrtRet_t Initialise(unsigned int flags) {
  Process& process = TheProcess();
  if (flags > 1) return CNRT_RET_ERR_INVALID;
  const std::lock_guard lock(process.mutex);
  static const int registered = pthread_atfork(nullptr, nullptr, MarkForked);
  if (registered != 0) return CNRT_RET_ERR_NOMEM;
  if (process.references > 0 && process.flags != flags) return CNRT_RET_ERR_INVALID_TYPE;
  process.flags = flags;
  ++process.references;
  process.initialised = true;
  return CNRT_RET_SUCCESS;
}

bool ValidOrdinal(int ordinal) { return ordinal >= 0 && ordinal < DeviceCount(); }

// The ordinal that the environment asks for, if any, else `ordinal`.
int WantedOrdinal(int ordinal) {
  const char* wanted = std::getenv("CNRT_DEFAULT_DEVICE");
  if (wanted == nullptr || *wanted == '\0') return ordinal;
  char* end = nullptr;
  const long value = std::strtol(wanted, &end, 10);
  return *end == '\0' && value >= 0 && value < kMaxDevices ? static_cast<int>(value) : ordinal;
}

}  // namespace

int DeviceCount() {
  static const int count = [] {
    const char* text = std::getenv("PICABIA_MLU_DEVICES");
    return text == nullptr ? 1 : std::clamp(std::atoi(text), 1, kMaxDevices);
  }();
  return count;
}

cnrtCoreVersion_t CardVersion() {
  static const bool is_220 = [] {
    const char* text = std::getenv("PICABIA_MLU_CARD");
    return text != nullptr && std::strcmp(text, "MLU220") == 0;
  }();
  return is_220 ? CNRT_MLU220 : CNRT_MLU270;
}

bool Initialised() { return TheProcess().initialised; }
bool ForkedAway() { return TheProcess().forked; }
int CurrentDevice() { return thread_state.device; }
bool OnFakeDevice() { return thread_state.on_fake; }
void SetCurrentDeviceOrdinal(int ordinal) {
  thread_state.device = ordinal;
  thread_state.on_fake = false;
}
cnrtRet_t LastError() { return thread_state.last_error; }
void SetLastError(cnrtRet_t error) { thread_state.last_error = error; }

}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C

cnrtRet_t cnrtInit(unsigned int flags) {
  return Anytime([&] { return Initialise(flags); });
}

void cnrtDestroy(void) {
  Anytime([] {
    Process& process = TheProcess();
    const std::lock_guard lock(process.mutex);
    if (process.references == 0) return CNRT_RET_ERR_INIT;
    if (--process.references > 0) return CNRT_RET_SUCCESS;
    process.initialised = false;
    DestroyAllQueues();
    DestroyAllNotifiers();
    DestroyAllContexts();
    FreeAllDeviceMemory();
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetVersion(unsigned int* ver) {
  return Anytime([&] {
    if (ver == nullptr) return CNRT_RET_ERR_INVALID;
    *ver = CNRT_VERSION;
    return CNRT_RET_SUCCESS;
  });
}

void cnrtGetLibVersion(int* major, int* minor, int* patch) {
  if (major != nullptr) *major = CNRT_MAJOR_VERSION;
  if (minor != nullptr) *minor = CNRT_MINOR_VERSION;
  if (patch != nullptr) *patch = CNRT_PATCH_VERSION;
}

cnrtRet_t cnrtGetDeviceCount(unsigned int* dev_num) {
  Clear(dev_num);
  return Anytime([&] {
    if (dev_num == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Initialised()) return CNRT_RET_ERR_INIT;
    *dev_num = static_cast<unsigned int>(DeviceCount());
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetDeviceHandle(cnrtDev_t* pdev, int ordinal) {
  Clear(pdev);
  return Anytime([&] {
    if (pdev == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Initialised()) return CNRT_RET_ERR_INIT;
    const int wanted = WantedOrdinal(ordinal);
    if (wanted != -1 && !ValidOrdinal(wanted)) return CNRT_RET_ERR_INVALID;
    *pdev = kFirstDevice + static_cast<cnrtDev_t>(static_cast<int64_t>(wanted));
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetDeviceInfo(cnrtDeviceInfo_t* info, int device_ordinal) {
  Clear(info);
  return Ready([&] {
    if (info == nullptr || !ValidOrdinal(device_ordinal)) return CNRT_RET_ERR_INVALID;
    const bool is_220 = CardVersion() == CNRT_MLU220;
    std::snprintf(info->device_name, sizeof(info->device_name), is_220 ? "MLU220" : "MLU270");
    info->core_version = CardVersion();
    info->core_num = is_220 ? kCoresOf220 : kCores;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSetCurrentDevice(cnrtDev_t dev) {
  return Ready([&] {
    const bool fake = dev == kFakeDevice;
    if (fake) dev = kFirstDevice;
    if (dev < kFirstDevice || dev >= kFirstDevice + static_cast<cnrtDev_t>(DeviceCount()))
      return CNRT_RET_ERR_INVALID;
    SetCurrentDeviceOrdinal(static_cast<int>(dev - kFirstDevice));
    thread_state.on_fake = fake;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetCurrentDevice(cnrtDev_t* pdev) {
  Clear(pdev);
  return Anytime([&] {
    if (pdev == nullptr) return CNRT_RET_ERR_INVALID;
    if (!Initialised()) return CNRT_RET_ERR_INIT;
    *pdev =
        OnFakeDevice() ? kFakeDevice : kFirstDevice + static_cast<cnrtDev_t>(thread_state.device);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetCurrentOrdinal(unsigned int* dev_ordinal) {
  Clear(dev_ordinal);
  return Ready([&] {
    if (dev_ordinal == nullptr) return CNRT_RET_ERR_INVALID;
    *dev_ordinal = static_cast<unsigned int>(thread_state.device);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSetCurrentChannel(cnrtChannelType_t channel) {
  return Anytime([&] {
    if (channel < CNRT_CHANNEL_TYPE_0 || channel > CNRT_CHANNEL_TYPE_3) return CNRT_RET_ERR_INVALID;
    thread_state.channel = channel;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetCurrentChannel(cnrtChannelType_t* pChannel) {
  return Anytime([&] {
    if (pChannel == nullptr) return CNRT_RET_ERR_INVALID;
    *pChannel = thread_state.channel;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSetDeviceFlag(unsigned int flags) {
  return Anytime([&] {
    if (flags >= CNRT_QUEUE_SYNC_MAX) return CNRT_RET_ERR_INVALID;
    device_flag = flags;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetDeviceFlag(unsigned int* flags) {
  return Anytime([&] {
    if (flags == nullptr) return CNRT_RET_ERR_INVALID;
    *flags = device_flag;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtSyncDevice(void) {
  return Ready([] { return SyncQueuesOfDevice(CurrentDevice()); });
}

cnrtRet_t cnrtSetDevice(int ordinal) {
  return Anytime([&] {
    if (!ValidOrdinal(ordinal)) return CNRT_RET_ERR_INVALID;
    if (!Initialised()) {
      const cnrtRet_t result = Initialise(0);
      if (result != CNRT_RET_SUCCESS) return result;
    }
    thread_state.device = ordinal;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetDevice(int* ordinal) {
  Clear(ordinal);
  return Ready([&] {
    if (ordinal == nullptr) return CNRT_RET_ERR_INVALID;
    *ordinal = thread_state.device;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDeviceGetAttribute(int* value, cnrtDeviceAttr_t attribute, int ordinal) {
  Clear(value);
  return Anytime([&] {
    if (value == nullptr) return CNRT_RET_ERR_INVALID;
    if (!ValidOrdinal(ordinal)) return CNRT_RET_ERR_INVALID;
    switch (attribute) {
      case cnrtAttrClusterCount:
        *value = CardVersion() == CNRT_MLU220 ? 1 : 4;
        break;
      case cnrtAttrMcorePerCluster:
        *value = 4;
        break;
      case cnrtAttrNramSizePerMcore:
        *value = 512 << 10;
        break;
      case cnrtAttrWramSizePerMcore:
        *value = 1024 << 10;
        break;
      case cnrtAttrSramSizePerMcore:
        *value = 2048 << 10;
        break;
      default:
        return CNRT_RET_ERR_INVALID;
    }
    return CNRT_RET_SUCCESS;
  });
}
