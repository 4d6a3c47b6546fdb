// The operator PowerDifference of device mlu by its kernel in BANG C, bang/power_difference.mlu.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace picabia::bang {

// out = (x - y)^power on n halves, power >= 1; each operation rounded to half as the card does it.
// The arrays may be the same. Runs on the simulated cores, which read and write device memory of
// their own.
Status PowerDifference(const uint16_t* x, const uint16_t* y, int power, uint16_t* out, int64_t n);

}  // namespace picabia::bang
