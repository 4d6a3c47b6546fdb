// Offline models: what `picabia compile --target mlu270` writes and cnrtLoadModel reads. Functions
// of fixed shapes, each a compiled program with the form that its tensors have on the device.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "program/program.h"

namespace picabia::program {

constexpr char kTargetMlu270[] = "mlu270";

// An input or output as it lies in the device's memory: dense, row-major.
struct OfflinePort {
  std::string name;
  DType dtype = DType::kF16;
  Shape shape;                  // NHWC where it has four dimensions, whatever the program has
  bool channels_first = false;  // the program has it as NCHW
  // An input of uint8 becomes element * scale[c] + shift[c], one number a channel; empty: as it is.
  std::vector<float> scale = {}, shift = {};

  // The shape that the program has it in.
  Shape program_shape() const;
  int64_t bytes() const;
};

struct OfflineFunction {
  std::string name;  // "subnet0"
  std::vector<OfflinePort> inputs, outputs;
  int model_parallelism = 1;  // cores that it was compiled for
  int64_t memory_bytes = 0;   // of weights and intermediate tensors
  std::shared_ptr<const Program> program;
};

struct OfflineModel {
  std::string source, compiler_version;
  std::string target = kTargetMlu270;
  std::vector<OfflineFunction> functions;
};

// Bytes of the header, which says how long a file is: what must be there before OfflineSize.
constexpr size_t kOfflineHeaderBytes = 64;

// Ports that fit their programs, names that differ.
Status CheckOffline(const OfflineModel& model);
Result<std::string> WriteOffline(const OfflineModel& model);
// Refuses anything but whole, unchanged files: each byte counts in a checksum. `owner` keeps
// `bytes`, which begin at a multiple of 64, alive.
Result<OfflineModel> ReadOffline(std::span<const std::byte> bytes,
                                 std::shared_ptr<const void> owner);
// Length of the file of which these are the first kOfflineHeaderBytes bytes or more. The header has
// a checksum of its own.
Result<int64_t> OfflineSize(std::span<const std::byte> bytes);
bool LooksLikeOffline(std::span<const std::byte> bytes);
// Whether it is a model of Cambricon's own tools, which holds machine code of a real card.
bool LooksLikeVendorModel(std::span<const std::byte> bytes);
// What is said of such a file.
Status VendorModelError();

}  // namespace picabia::program
