// What the whole process shares: the count of cnrtInit, each thread's device and last error, and
// the frame in which every function of the interface runs.
#pragma once

#include <new>

#include "cnrt/cnrt.h"

namespace picabia::cnrt {

// The simulated cards: PICABIA_MLU_DEVICES of the environment, 1 to 64, 1 unless it says otherwise.
int DeviceCount();

// Which card they are: MLU270, or MLU220 where the environment's PICABIA_MLU_CARD says so.
cnrtCoreVersion_t CardVersion();

// A device's handle is its ordinal + kFirstDevice: never 0, and not mistaken for an ordinal.
constexpr cnrtDev_t kFirstDevice = 0x4D4C5500;
constexpr cnrtDev_t kFakeDevice = kFirstDevice - 1;

bool Initialised();
// In a child made by fork after cnrtInit: the threads that ran its queues are gone.
bool ForkedAway();

// The calling thread's device, an ordinal.
int CurrentDevice();
void SetCurrentDeviceOrdinal(int ordinal);
// Whether the thread has chosen the fake one: no queue, notifier or kernel is for it.
bool OnFakeDevice();

cnrtRet_t LastError();
void SetLastError(cnrtRet_t error);

// Outputs are null or 0 after an error: functions begin with this. Null addresses are skipped.
template <typename... Outs>
void Clear(Outs*... outs) noexcept {
  ((outs == nullptr ? void() : void(*outs = Outs{})), ...);
}

// Runs `body`, a function of the interface that needs no cnrtInit. Nothing is thrown across it; an
// error is remembered.
template <typename Body>
cnrtRet_t Anytime(Body&& body) noexcept {
  cnrtRet_t result = CNRT_RET_ERR_UNKNOWN;
  try {
    result = ForkedAway() ? CNRT_RET_ERR_SYS : body();
  } catch (const std::bad_alloc&) {
    result = CNRT_RET_ERR_NOMEM;
  } catch (...) {
  }
  if (result != CNRT_RET_SUCCESS) SetLastError(result);
  return result;
}

// The same for functions that need the device: INIT before cnrtInit and after the last cnrtDestroy.
template <typename Body>
cnrtRet_t Ready(Body&& body) noexcept {
  return Anytime([&] { return Initialised() ? body() : CNRT_RET_ERR_INIT; });
}

}  // namespace picabia::cnrt
