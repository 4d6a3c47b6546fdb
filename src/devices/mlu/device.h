// Device mlu: a software MLU270. It runs a program with the numbers that the card computes
// (kernels/mlu/numerics.h): convolutions on integers or halves, everything else rounded to half
// after each operation.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/status.h"
#include "base/tensor.h"
#include "devices/cpu/device.h"
#include "program/program.h"

namespace picabia::mlu {

struct DeviceOptions {
  int threads = 0;         // of this machine; 0: one per core
  bool reference = false;  // only scalar references
  bool watch = false;      // look for means whose sums saturate; Device::saturated() has them
  // Give memory that is free back to the system: import and compiler leave much. Takes
  // milliseconds.
  bool trim = true;
};

// A mean over the picture whose sum did not fit a half in some channels: what the card would get,
// and what it should be.
struct SaturatedMean {
  std::string node;
  std::string what;       // "mean", "variance" (of an instance norm)
  int64_t channels = 0;   // of the tensor, over the batch
  int64_t saturated = 0;  // of them
  // Of the channel that is wrong by the largest factor.
  double exact = 0;
  double given = 0;
  double limit = 0;  // what no mean over so many values can exceed: 65504 / n

  // By how much it is wrong. Saturated rows of both signs may cancel: what is given then is next to
  // nothing, and the limit says more than it.
  double factor() const { return std::abs(exact) / std::max(std::abs(given), limit); }
};

class Device {
 public:
  // `program` has passed CheckProgram and outlives the device.
  static Result<std::unique_ptr<Device>> Create(const program::Program& program,
                                                const DeviceOptions& options);
  ~Device();

  Isa isa() const;
  // `inputs` in the order of program.inputs, of their types. Returns the outputs in order; fills
  // one report a step.
  Result<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs,
                                  std::vector<cpu::StepReport>& reports);
  int64_t peak_bytes() const;
  // Of the last run, where `watch` is set.
  const std::vector<SaturatedMean>& saturated() const;

 private:
  Device();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What a program's convolutions compute in: "int8", "int16", "half", "mixed", or "none".
std::string ArithmeticOf(const program::Program& program);

}  // namespace picabia::mlu
