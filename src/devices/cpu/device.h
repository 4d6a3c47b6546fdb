// Device cpu: runs a program at whatever sizes the inputs have. Made once a session; keeps what
// does not depend on the size (weights in the order of the kernels) and the plans of the sizes seen
// last.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "devices/cpu/conv.h"
#include "program/program.h"

namespace picabia::cpu {

enum class Arithmetic { kFp32, kInt8, kInt16 };

struct DeviceOptions {
  Arithmetic arithmetic = Arithmetic::kFp32;
  int threads = 0;         // 0: one per core
  bool reference = false;  // only scalar references
  bool fast = false;  // kInt8 with 8-bit factors everywhere, and what this machine does fastest
};

struct StepReport {
  std::string kernel;
  double ms = 0;
  int64_t macs = 0;
  bool integer = false;
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
                                  std::vector<StepReport>& reports);
  int64_t peak_bytes() const;

 private:
  Device();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace picabia::cpu
