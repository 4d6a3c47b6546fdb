#include "devices/mlu/bang/power_difference.h"

#include <cstring>
#include <limits>
#include <vector>

#include "devices/mlu/bang/device_memory.h"
#include "devices/mlu/bang/engine.h"

extern "C" void PowerDifferenceKernel(uint16_t*, uint16_t*, int, uint16_t*, int);

namespace picabia::bang {
namespace {

constexpr int kDevice = 0;
constexpr unsigned kTasks = 16;  // the cores of an MLU270

// One block of device memory for all three, each at a line of the chip's memories.
constexpr int64_t kLineHalves = 64;

template <typename T>
Argument ArgumentOf(T value) {
  Argument argument;
  std::memcpy(argument.bytes.data(), &value, sizeof(value));
  argument.size = sizeof(value);
  return argument;
}

}  // namespace

Result<std::unique_ptr<PowerDifference>> PowerDifference::Create(int64_t most) {
  if (most < 1 || most > std::numeric_limits<int>::max())
    return InvalidArgument("PowerDifference: " + std::to_string(most) +
                           " elements, 1 to 2^31 - 1 are expected");
  const int64_t each = (most + kLineHalves - 1) / kLineHalves * kLineHalves;
  void* block =
      mlu::DeviceMemory::Get().Allocate(kDevice, static_cast<size_t>(3 * each) * sizeof(uint16_t));
  if (block == nullptr) return ResourceError("PowerDifference: device memory is full");
  auto* x = static_cast<uint16_t*>(block);
  return std::unique_ptr<PowerDifference>(new PowerDifference(most, x, x + each, x + 2 * each));
}

PowerDifference::~PowerDifference() { mlu::DeviceMemory::Get().Free(x_); }

Status PowerDifference::Run(int power, int64_t count, int threads) {
  if (count == 0) return OkStatus();
  if (count < 0 || count > most_ || power < 1)
    return InvalidArgument("PowerDifference: " + std::to_string(count) +
                           " elements to the power of " + std::to_string(power) + ", up to " +
                           std::to_string(most_) + " and a power of at least 1 are expected");
  const std::vector<Argument> arguments = {ArgumentOf(x_), ArgumentOf(y_), ArgumentOf(power),
                                           ArgumentOf(out_), ArgumentOf(static_cast<int>(count))};
  PICABIA_ASSIGN_OR_RETURN(const auto launch,
                           PrepareLaunch(reinterpret_cast<const void*>(&PowerDifferenceKernel),
                                         {kTasks, 1, 1}, 1, arguments));
  return launch->Run({.threads = threads, .watch = false});
}

}  // namespace picabia::bang
