// The operator PowerDifference of device mlu by its kernel in BANG C, bang/power_difference.mlu.
// Called by src/devices/mlu/steps.cc.
#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"

namespace picabia::bang {

// out = (x - y)^power on halves; each operation rounded to half as the card does it. Runs on the
// simulated cores, which read and write device memory: its users fill x and y and read out there.
class PowerDifference {
 public:
  // Device memory for `most` halves an operand. An error when there is no room.
  static Result<std::unique_ptr<PowerDifference>> Create(int64_t most);
  ~PowerDifference();

  uint16_t* x() { return x_; }
  uint16_t* y() { return y_; }
  const uint16_t* out() const { return out_; }

  // Of the first `count` elements, 0 to `most`; power >= 1. `threads`: at most, 0 for all. Checker
  // and profiler, which are for the kernels of users, do not see it.
  Status Run(int power, int64_t count, int threads);

 private:
  PowerDifference(int64_t most, uint16_t* x, uint16_t* y, uint16_t* out)
      : most_(most), x_(x), y_(y), out_(out) {}

  const int64_t most_;
  uint16_t* const x_;
  uint16_t* const y_;
  uint16_t* const out_;
};

}  // namespace picabia::bang
