// Runs a compiled program: binds it to the sizes of its inputs (cached), plans memory, runs it on a
// device. Thread rule: one Session may be used by one thread at a time; a Program may be shared by
// any number of Sessions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "base/status.h"
#include "base/tensor.h"
#include "devices/mlu/device.h"
#include "program/program.h"

namespace picabia::runtime {

enum class Precision {
  kFp32,   // float, the same bits for any number of threads
  kInt8,   // convolutions in 8-bit integers with the ranges of this picture; the same bits on every
           // machine
  kInt16,  // the same in 16-bit integers
};
Result<Precision> ParsePrecision(const std::string& name);  // "fp32", "int8", "int16"
const char* PrecisionName(Precision precision);

// Where a program runs, and with which numbers.
enum class DeviceKind {
  kCpu,
  kMlu,  // the software MLU270 (devices/mlu/device.h); programs compiled for mlu270 give the card's
         // numbers, others come close
};

enum class MluNumerics {
  kFaithful,  // half after each operation, as the card
  kWide,      // float between the convolutions
};

// What the card would be asked for. It changes no number: only the modelled time.
struct MluOptions {
  MluNumerics numerics = MluNumerics::kFaithful;
  int cores = 16;             // 1 to 16
  int data_parallelism = 1;   // pictures at a time
  int model_parallelism = 1;  // cores a picture
  bool watch = false;         // Session::saturated() is wanted; costs time
  // In this process also where PICABIA_CNRT of the environment names a CNRT library, which
  // otherwise is what faithful numerics run on.
  bool in_process = false;
};

struct SessionOptions {
  // Of device mlu the model itself decides: kFp32 takes it as it is, others refuse a model that was
  // not quantized so.
  Precision precision = Precision::kFp32;
  int threads = 0;  // 0: one per core
  bool reference =
      false;  // the scalar reference of every operator instead of the fast path (fp32 only)
  // Under kInt8: speed before exactness (docs/numerics.md). The bits may differ between instruction
  // sets, not between numbers of threads.
  bool fast = false;
  DeviceKind device = DeviceKind::kCpu;
  MluOptions mlu = {};
};

struct Feed {
  std::string name;  // "node" or "node:0"
  Tensor tensor;
};

// One step of the last run.
struct StepProfile {
  std::string name;
  std::string kernel;  // which kernel ran it, for example "conv-int8-avx512vnni"
  double ms = 0;
  int64_t macs = 0;      // multiply-adds, as a direct convolution counts them
  bool integer = false;  // done in integers
};

class Session {
 public:
  static Result<std::unique_ptr<Session>> Create(std::shared_ptr<const program::Program> program,
                                                 const SessionOptions& options);
  ~Session();

  const program::Program& program() const;
  const SessionOptions& options() const;
  Isa isa() const;

  // Runs the program once. Every input must be fed, with its type; numbers convert exactly where
  // they can (an integer picture fed to a float input). Returns the outputs in the program's order.
  // The error names the input or the step.
  Result<std::vector<Tensor>> Run(const std::vector<Feed>& feeds);

  // What the convolutions compute in: the precision's name, or of device mlu "int8", "int16",
  // "half", "mixed" or "none", as the model says.
  std::string arithmetic() const;

  // Means over the picture of the last Run whose sums saturate on the card (MluOptions::watch).
  const std::vector<mlu::SaturatedMean>& saturated() const;

  // The steps of the last Run.
  const std::vector<StepProfile>& profile() const;
  // Bytes of intermediate tensors and scratch memory of the last Run.
  int64_t arena_bytes() const;

 private:
  Session();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace picabia::runtime
