#include "devices/mlu/bang/registry.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>

namespace picabia::bang {
namespace {

// A library of instrumented kernels that has been loaded.
struct Twin {
  const picabia_bang_module* module = nullptr;
  const picabia_bang_instance* instances = nullptr;
};

struct Registry {
  std::mutex mutex;
  std::vector<const picabia_bang_module*> modules;
  std::unordered_map<const void*, KernelEntry> by_address;
  std::map<const picabia_bang_module*, Twin> instrumented;
};

// Never destroyed: modules of libraries leave after main.
Registry& TheRegistry() {
  static Registry* registry = new Registry;
  return *registry;
}

bool WriteAll(int file, const unsigned char* data, size_t bytes) {
  while (bytes > 0) {
    const ssize_t written = write(file, data, bytes);
    if (written <= 0) return false;
    data += written;
    bytes -= static_cast<size_t>(written);
  }
  return true;
}

// Loads a shared object that lies in memory.
Result<Twin> LoadImage(const picabia_bang_module& module) {
  const int file = memfd_create("picabia-bang-checked", MFD_CLOEXEC);
  if (file < 0) return IoError("cannot make a file in memory for the checked kernels");
  const auto bytes = static_cast<size_t>(module.image_end - module.image_begin);
  const bool written = WriteAll(file, module.image_begin, bytes);
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  void* library = written ? dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL) : nullptr;
  const char* error = library == nullptr && written ? dlerror() : "cannot write it";
  // Loaded, it stays open: the loader knows libraries by their names, and under the next file of
  // this number it would give out this library again.
  if (library == nullptr) close(file);
  if (library == nullptr) return IoError("cannot load the checked kernels: " + std::string(error));
  const void* symbol = dlsym(library, "picabia_bang_checked_module");
  if (symbol == nullptr) return IoError("the checked kernels have no module");
  Twin twin = {static_cast<const picabia_bang_module*>(symbol), nullptr};
  const void* list = dlsym(library, "picabia_bang_checked_instances");
  if (list != nullptr)
    twin.instances = **static_cast<const picabia_bang_instance* const* const*>(list);
  return twin;
}

bool IsListed(const KernelEntry& entry) {
  const picabia_bang_module& module = *entry.module;
  for (int i = 0; i < module.num_kernels; ++i)
    if (module.kernels + i == entry.kernel) return true;
  return false;
}

// Of a kernel that the module lists, or of a template's instance.
const picabia_bang_kernel* TwinKernel(const KernelEntry& entry, const Twin& twin) {
  if (IsListed(entry)) {
    const auto i = entry.kernel - entry.module->kernels;
    return i < twin.module->num_kernels ? twin.module->kernels + i : nullptr;
  }
  for (const auto* i = twin.instances; i != nullptr; i = i->next)
    if (entry.kernel->file != nullptr && std::strcmp(i->name, entry.kernel->file) == 0)
      return &i->kernel;
  return nullptr;
}

}  // namespace

Layout LayoutOf(const picabia_bang_module& module) {
  Layout layout;
  for (const picabia_bang_variable* v = module.variables_begin; v != module.variables_end; ++v)
    if (v->module == &module && v->space >= 0 && v->space < PICABIA_SPACES)
      layout.variables[v->space].push_back(v);
  for (int space = 0; space < PICABIA_SPACES; ++space) {
    auto& variables = layout.variables[space];
    if (variables.empty()) continue;
    std::sort(variables.begin(), variables.end(),
              [](const auto* a, const auto* b) { return a->address < b->address; });
    const auto first = reinterpret_cast<uintptr_t>(variables.front()->address);
    const auto last = reinterpret_cast<uintptr_t>(variables.back()->address);
    layout.begin[space] = first & ~uintptr_t{63};
    layout.bytes[space] = last + variables.back()->bytes - layout.begin[space];
  }
  return layout;
}

std::vector<const picabia_bang_variable*> VariablesOf(const picabia_bang_module& module,
                                                      const picabia_bang_kernel& kernel) {
  std::vector<const picabia_bang_variable*> found;
  for (const picabia_bang_variable* v = module.variables_begin; v != module.variables_end; ++v) {
    if (v->module != &module) continue;
    bool reached = v->function < 0 || kernel.functions == nullptr;
    for (const int* f = kernel.functions; !reached && *f >= 0; ++f) reached = *f == v->function;
    if (reached) found.push_back(v);
  }
  return found;
}

KernelEntry FindKernel(const void* function) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.by_address.find(function);
  return found == registry.by_address.end() ? KernelEntry{} : found->second;
}

Result<KernelEntry> InstrumentedTwin(const KernelEntry& entry) {
  const picabia_bang_module& module = *entry.module;
  if (module.image_begin == module.image_end) return KernelEntry{};
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  Twin& twin = registry.instrumented[entry.module];
  if (twin.module == nullptr) {
    PICABIA_ASSIGN_OR_RETURN(twin, LoadImage(*entry.module));
  }
  const picabia_bang_kernel* kernel = TwinKernel(entry, twin);
  const bool old_instance = kernel == nullptr && twin.instances == nullptr && !IsListed(entry);
  if (old_instance) return KernelEntry{};
  if (twin.module->abi != PICABIA_BANG_ABI || kernel == nullptr)
    return Unsupported("the checked kernels do not match the others");
  return KernelEntry{kernel, twin.module};
}

}  // namespace picabia::bang

void picabia_bang_register(const picabia_bang_module* module) {
  if (module->abi != PICABIA_BANG_ABI) return;  // its launches say that they find no kernel
  auto& registry = picabia::bang::TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.modules.push_back(module);
  for (int i = 0; i < module->num_kernels; ++i)
    for (int a = 0; a < module->kernels[i].num_addresses; ++a)
      registry.by_address[module->kernels[i].addresses[a]] = {&module->kernels[i], module};
}

void picabia_bang_unregister(const picabia_bang_module* module) {
  auto& registry = picabia::bang::TheRegistry();
  const std::lock_guard lock(registry.mutex);
  std::erase(registry.modules, module);
  std::erase_if(registry.by_address, [&](const auto& e) { return e.second.module == module; });
  registry.instrumented.erase(module);
}
