// The kernels of the process: modules come by the constructors of objects that cncc compiled.
// Called by engine.cc; a module may come and go with a library.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bang/picabia_bang_abi.h"
#include "base/status.h"
#include "devices/mlu/bang/engine.h"

namespace picabia::bang {

// Where a module's variables of each memory lie among their place holders.
struct Layout {
  uintptr_t begin[PICABIA_SPACES] = {};  // rounded down to 64 bytes
  size_t bytes[PICABIA_SPACES] = {};
  std::vector<const picabia_bang_variable*> variables[PICABIA_SPACES];  // by address
};

// The layout of a module; one that holds only what the kernel can reach.
Layout LayoutOf(const picabia_bang_module& module);
std::vector<const picabia_bang_variable*> VariablesOf(const picabia_bang_module& module,
                                                      const picabia_bang_kernel& kernel);

// The instrumented twin of a kernel, loaded from the image in its module; an empty entry when the
// module has none.
Result<KernelEntry> InstrumentedTwin(const KernelEntry& entry);

}  // namespace picabia::bang
