// Cambricon's key device_mode: what the nodes of a written graph say of where they run.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace picabia::quant {

enum class DeviceMode {
  kClean,   // nothing
  kMlu,     // the card
  kOrigin,  // what they said before
};
// A TensorFlow graph whose nodes say so.
Result<std::string> SetDevices(std::string_view model, DeviceMode mode);

}  // namespace picabia::quant
