#include "devices/mlu/bang/engine.h"

#include <cstdio>
#include <cstring>
#include <utility>

#include "devices/mlu/bang/core.h"
#include "devices/mlu/bang/device_memory.h"
#include "devices/mlu/bang/registry.h"
#include "devices/mlu/bang/watchers.h"

namespace picabia::bang {
namespace {

constexpr int64_t kMaxTasks = int64_t{1} << 31;

class KernelLaunch : public Launch {
 public:
  const std::string& name() const override { return plan_.name; }

  Status Run(const RunOptions& options) const override {
    const std::unique_ptr<Watchers> watchers = options.watch ? Watchers::Make(plan_) : nullptr;
    Plan plan = plan_;
    plan.threads = options.threads;
    picabia_bang_kernel instrumented = *plan.entry.kernel;
    if (watchers && watchers->wants_accesses()) {
      PICABIA_ASSIGN_OR_RETURN(const KernelEntry twin, InstrumentedTwin(plan.entry));
      if (twin.kernel != nullptr) {
        // Only launches know the name and the flags of a template's instance.
        instrumented.function = twin.kernel->function;
        instrumented.call = twin.kernel->call;
        instrumented.functions = twin.kernel->functions;
        SetEntry(&plan, {&instrumented, twin.module});
      }
    }
    if (watchers) watchers->SetPlan(&plan);
    Status status = Execution(plan, watchers.get()).Run();
    return watchers ? watchers->Conclude(std::move(status)) : status;
  }

  static void SetEntry(Plan* plan, const KernelEntry& entry) {
    plan->entry = entry;
    plan->layout = LayoutOf(*entry.module);
    plan->variables = VariablesOf(*entry.module, *entry.kernel);
  }

  Plan plan_;
  std::vector<std::vector<unsigned char>> values_;
  picabia_bang_kernel unlisted_ = {};  // a template's, which lives only as long as its call
};

std::string KernelText(const picabia_bang_kernel& kernel) {
  return std::string("kernel ") + kernel.name;
}

Status CheckGrid(const picabia_bang_kernel& kernel, Dim3 dim, int cores) {
  const bool known = cores == 1 || cores == 2 || cores == 4 || cores == 8 || cores == 16 ||
                     cores == 32 || cores == 64;
  const std::string name = KernelText(kernel);
  if (!known) return InvalidArgument(name + ": " + std::to_string(cores) + " is no function type");
  const std::string grid = std::to_string(dim.x) + " x " + std::to_string(dim.y) + " x " +
                           std::to_string(dim.z) + " tasks";
  if (dim.x == 0 || dim.y == 0 || dim.z == 0)
    return InvalidArgument(name + ": " + grid + ", at least one each is expected");
  int64_t tasks = int64_t{dim.x} * dim.y;
  if (__builtin_mul_overflow(tasks, int64_t{dim.z}, &tasks) || tasks >= kMaxTasks)
    return InvalidArgument(name + ": " + grid + ", fewer than 2^31 are expected");
  if (cores >= kCoresPerCluster && dim.x % static_cast<uint32_t>(cores) != 0)
    return InvalidArgument(name + ": " + grid + ", of type UNION" +
                           std::to_string(cores / kCoresPerCluster) + " x must be a multiple of " +
                           std::to_string(cores));
  return OkStatus();
}

std::string ParameterText(const picabia_bang_kernel& kernel, int index) {
  return KernelText(kernel) + ", parameter " + std::to_string(index + 1) + " of " +
         std::to_string(kernel.num_params);
}

// A pointer that a kernel is given must point into the device's memory, or just behind a block.
Status CheckPointer(const picabia_bang_kernel& kernel, int index, const unsigned char* bytes) {
  uintptr_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  if (value == 0) return OkStatus();
  const auto& memory = mlu::DeviceMemory::Get();
  const void* address = reinterpret_cast<const void*>(value);
  if (memory.Find(address) || memory.Find(reinterpret_cast<const void*>(value - 1)))
    return OkStatus();
  char text[32];
  std::snprintf(text, sizeof(text), "%p", address);
  return InvalidArgument(ParameterText(kernel, index) + ": " + text +
                         " is no address of device memory (cnrtMalloc); is it one of the host?");
}

Status CheckParameter(const picabia_bang_kernel& kernel, int index, const unsigned char* bytes,
                      size_t size) {
  const picabia_bang_param& wanted = kernel.params[index];
  // A longer integer's first bytes are its value; that does not hold for floating point.
  const bool fits =
      wanted.kind == PICABIA_PARAM_VALUE ? size >= wanted.bytes : size == wanted.bytes;
  if (!fits)
    return InvalidArgument(ParameterText(kernel, index) + ": " + std::to_string(size) +
                           " bytes were given, " + std::to_string(wanted.bytes) + " are expected");
  return wanted.kind == PICABIA_PARAM_POINTER ? CheckPointer(kernel, index, bytes) : OkStatus();
}

}  // namespace

Result<std::shared_ptr<const Launch>> PrepareCall(const picabia_bang_kernel& kernel,
                                                  const picabia_bang_module& module, Dim3 dim,
                                                  int cores, const void* const* arguments,
                                                  const size_t* sizes) {
  PICABIA_RETURN_IF_ERROR(CheckGrid(kernel, dim, cores));
  auto launch = std::make_shared<KernelLaunch>();
  for (int i = 0; i < kernel.num_params; ++i) {
    const auto* bytes = static_cast<const unsigned char*>(arguments[i]);
    PICABIA_RETURN_IF_ERROR(CheckParameter(kernel, i, bytes, sizes[i]));
    launch->values_.emplace_back(bytes, bytes + sizes[i]);
  }
  Plan& plan = launch->plan_;
  plan.name = kernel.name;
  plan.dim = dim;
  plan.block_cores = cores < kCoresPerCluster ? 1 : cores;
  plan.sizes = MemorySizesOf(module.arch);
  plan.arch = module.arch;
  plan.image_begin = module.image_begin;
  plan.image_end = module.image_end;
  for (const auto& value : launch->values_) plan.arguments.push_back(value.data());
  const bool listed = &kernel >= module.kernels && &kernel < module.kernels + module.num_kernels;
  if (!listed) launch->unlisted_ = kernel;
  KernelLaunch::SetEntry(&plan, {listed ? &kernel : &launch->unlisted_, &module});
  return std::shared_ptr<const Launch>(std::move(launch));
}

Result<std::shared_ptr<const Launch>> PrepareLaunch(const void* function, Dim3 dim, int cores,
                                                    const std::vector<Argument>& arguments) {
  const KernelEntry entry = FindKernel(function);
  if (entry.kernel == nullptr) {
    char address[32];
    std::snprintf(address, sizeof(address), "%p", function);
    return NotFound(
        std::string(address) +
        " is no kernel: pass the address of a __mlu_entry__ function that cncc compiled");
  }
  const int given = static_cast<int>(arguments.size());
  if (given != entry.kernel->num_params)
    return InvalidArgument(KernelText(*entry.kernel) + ": " + std::to_string(given) +
                           " parameters were given, " + std::to_string(entry.kernel->num_params) +
                           " are expected");
  std::vector<const void*> bytes;
  std::vector<size_t> sizes;
  for (const Argument& argument : arguments) {
    bytes.push_back(argument.bytes.data());
    sizes.push_back(argument.size);
  }
  return PrepareCall(*entry.kernel, *entry.module, dim, cores, bytes.data(), sizes.data());
}

}  // namespace picabia::bang
