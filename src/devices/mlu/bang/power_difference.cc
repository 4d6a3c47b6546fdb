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

// Device memory for n halves, given back at the end.
class Halves {
 public:
  explicit Halves(int64_t n)
      : data_(mlu::DeviceMemory::Get().Allocate(kDevice,
                                                static_cast<size_t>(n) * sizeof(uint16_t))) {}
  ~Halves() {
    if (data_ != nullptr) mlu::DeviceMemory::Get().Free(data_);
  }
  Halves(const Halves&) = delete;
  Halves& operator=(const Halves&) = delete;
  void* data() const { return data_; }

 private:
  void* data_;
};

template <typename T>
Argument ArgumentOf(T value) {
  Argument argument;
  std::memcpy(argument.bytes.data(), &value, sizeof(value));
  argument.size = sizeof(value);
  return argument;
}

}  // namespace

Status PowerDifference(const uint16_t* x, const uint16_t* y, int power, uint16_t* out, int64_t n) {
  if (n == 0) return OkStatus();
  if (n < 0 || n > std::numeric_limits<int>::max() || power < 1)
    return InvalidArgument("PowerDifference: " + std::to_string(n) + " elements to the power of " +
                           std::to_string(power) +
                           ", fewer than 2^31 and a power of at least 1 are expected");
  const Halves dx(n), dy(n), result(n);
  if (dx.data() == nullptr || dy.data() == nullptr || result.data() == nullptr)
    return ResourceError("PowerDifference: device memory is full");
  const size_t bytes = static_cast<size_t>(n) * sizeof(uint16_t);
  std::memcpy(dx.data(), x, bytes);
  std::memcpy(dy.data(), y, bytes);
  const std::vector<Argument> arguments = {ArgumentOf(dx.data()), ArgumentOf(dy.data()),
                                           ArgumentOf(power), ArgumentOf(result.data()),
                                           ArgumentOf(static_cast<int>(n))};
  PICABIA_ASSIGN_OR_RETURN(const auto launch,
                           PrepareLaunch(reinterpret_cast<const void*>(&PowerDifferenceKernel),
                                         {kTasks, 1, 1}, 1, arguments));
  PICABIA_RETURN_IF_ERROR(launch->Run());
  std::memcpy(out, result.data(), bytes);
  return OkStatus();
}

}  // namespace picabia::bang
