// Runs BANG C kernels on the host: the registry of compiled kernels, the checks of a launch, and
// its execution by cores that are fibers on a few threads. Called by src/cnrt/launch.cc, and by
// `Kernel<<<...>>>` through bang.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bang/picabia_bang_abi.h"
#include "base/status.h"

namespace picabia::bang {

struct Dim3 {
  uint32_t x, y, z;
};

// One parameter's bytes, padded to the slot that the card reads.
struct Argument {
  std::array<unsigned char, 8> bytes{};
  size_t size = 0;
};

// Cores that run a block of tasks together: 1 for BLOCK, 4 times the clusters for UNION.
constexpr int kCoresPerCluster = 4;
constexpr int kMemoryCoreId = 0x80;

struct RunOptions {
  int threads = 0;    // at most; 0: all that kernels may have
  bool watch = true;  // whether checker and profiler see it, where they are asked for
};

// A launch that was checked and may run, once or more often.
class Launch {
 public:
  virtual ~Launch() = default;
  virtual const std::string& name() const = 0;
  // Runs it on this thread and helpers and returns when all cores have. An error tells which
  // kernel, where and why; it leaves the process and other launches as they were.
  virtual Status Run(const RunOptions& options = {}) const = 0;
};

// Looks the kernel up by an address of its symbol and checks grid, parameters and that pointers
// point into device memory.
Result<std::shared_ptr<const Launch>> PrepareLaunch(const void* function, Dim3 dim, int cores,
                                                    const std::vector<Argument>& arguments);

// The same for a kernel that is called with values of its own types.
Result<std::shared_ptr<const Launch>> PrepareCall(const picabia_bang_kernel& kernel,
                                                  const picabia_bang_module& module, Dim3 dim,
                                                  int cores, const void* const* arguments,
                                                  const size_t* sizes);

// The kernel at an address; null when there is none.
struct KernelEntry {
  const picabia_bang_kernel* kernel = nullptr;
  const picabia_bang_module* module = nullptr;
};
KernelEntry FindKernel(const void* function);

}  // namespace picabia::bang
