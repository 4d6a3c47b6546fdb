// Models, functions, and what can be asked of them.
#include "cnrt/model.h"

#include <strings.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "cnrt/handles.h"
#include "cnrt/state.h"

namespace picabia::cnrt {
namespace {

using program::OfflineFunction;
using program::OfflineModel;
using program::OfflinePort;
using Models = HandleTable<cnrtModel, const OfflineModel, HandleKind::kModel>;
using Functions = HandleTable<cnrtFunction, Function, HandleKind::kFunction>;

Models& TheModels() {
  static Models* models = new Models;  // never destroyed: see TheProcess of device.cc
  return *models;
}
Functions& TheFunctions() {
  static Functions* functions = new Functions;
  return *functions;
}

cnrtRet_t CodeOf(const Status& status) {
  PrintInfo(status.message());
  switch (status.code()) {
    case StatusCode::kOk:
      return CNRT_RET_SUCCESS;
    case StatusCode::kNotFound:
    case StatusCode::kIo:
      return CNRT_RET_ERR_SYS;
    case StatusCode::kUnsupported:
      return CNRT_RET_ERR_UNSUPPORTED;
    case StatusCode::kResource:
      return CNRT_RET_ERR_NOMEM;
    default:
      return CNRT_RET_ERR_INVALID;
  }
}

// A model of bytes that `owner` keeps alive.
cnrtRet_t AddModel(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                   const char* name, cnrtModel_t* handle) {
  auto model = program::ReadOffline(bytes, std::move(owner));
  if (!model.ok()) return CodeOf(model.status().WithContext(name));
  *handle = TheModels().Add(std::make_shared<const OfflineModel>(*std::move(model)));
  return *handle == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
}

struct AlignedFree {
  void operator()(std::byte* p) const { std::free(p); }
};

// A copy that begins where constants may be read in place.
std::shared_ptr<std::byte> AlignedCopy(const void* from, size_t bytes) {
  constexpr size_t kAlignment = 64;
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  std::shared_ptr<std::byte> copy(static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded)),
                                  AlignedFree());
  if (copy && bytes > 0) std::memcpy(copy.get(), from, bytes);
  return copy;
}

cnrtRet_t LoadFromMemory(cnrtModel_t* handle, char* image, bool reuse) {
  return Anytime([&] {
    if (handle == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    *handle = nullptr;
    if (image == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    // No length is given: the first bytes are looked at one after the other, and the rest only when
    // they are those of a whole header.
    const auto* bytes = reinterpret_cast<const std::byte*>(image);
    for (size_t n = 4; n <= 8; n += 4) {
      if (program::LooksLikeVendorModel({bytes, n})) return CodeOf(program::VendorModelError());
      if (std::memcmp(image, "PICBMLU\n", n) != 0)
        return CodeOf(InvalidModel("the image in memory is not an offline model"));
    }
    const auto size = program::OfflineSize({bytes, program::kOfflineHeaderBytes});
    if (!size.ok()) return CodeOf(size.status());
    const auto length = static_cast<size_t>(*size);
    const bool aligned = reinterpret_cast<uintptr_t>(image) % 64 == 0;
    if (reuse && aligned) return AddModel({bytes, length}, nullptr, "image in memory", handle);
    const auto copy = AlignedCopy(image, length);
    if (!copy) return CNRT_RET_ERR_NOMEM;
    return AddModel({copy.get(), length}, copy, "image in memory", handle);
  });
}

// Calls body(model) of a live handle; the code that is documented for others.
template <typename Body>
cnrtRet_t WithModel(cnrtModel_t handle, Body&& body) {
  return Anytime([&] {
    const ModelPointer model = TheModels().Get(handle);
    return model ? body(*model) : CNRT_RET_ERR_INVALID;
  });
}

template <typename Body>
cnrtRet_t WithFunction(cnrtFunction_t handle, Body&& body) {
  return Anytime([&] {
    const auto function = FindFunction(handle);
    if (!function) return CNRT_RET_ERR_INVALID_POINTER;
    const auto filled = function->Get();
    return filled ? body(*filled) : CNRT_RET_ERR_NO_EXIST;
  });
}

// A malloc'd array of what `value` says of each port. Each call gives a fresh one: some clients
// free it, most keep it for ever, also past cnrtDestroyFunction.
template <typename T, typename Value>
cnrtRet_t FillArray(const std::vector<OfflinePort>& ports, T** array, int* num, Value value) {
  auto* made = static_cast<T*>(std::malloc(std::max<size_t>(ports.size(), 1) * sizeof(T)));
  if (made == nullptr) return CNRT_RET_ERR_NOMEM;
  for (size_t i = 0; i < ports.size(); ++i) made[i] = value(ports[i]);
  *array = made;
  *num = static_cast<int>(ports.size());
  return CNRT_RET_SUCCESS;
}

using PortsOf = std::vector<OfflinePort> OfflineFunction::*;

template <typename T, typename Value>
cnrtRet_t PortArray(PortsOf ports, T** array, int* num, cnrtFunction_t handle, Value value) {
  if (array != nullptr) *array = nullptr;
  if (num != nullptr) *num = 0;
  return WithFunction(handle, [&](const OfflineFunction& function) {
    if (array == nullptr || num == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    return FillArray(function.*ports, array, num, value);
  });
}

cnrtRet_t DataSizes(PortsOf ports, int64_t** sizes, int* num, cnrtFunction_t handle) {
  return PortArray(ports, sizes, num, handle, [](const OfflinePort& p) { return p.bytes(); });
}

cnrtRet_t DataTypes(PortsOf ports, cnrtDataType_t** types, int* num, cnrtFunction_t handle) {
  return PortArray(ports, types, num, handle, [](const OfflinePort& p) { return TypeOf(p.dtype); });
}

cnrtRet_t DataShape(PortsOf ports, int** values, int* num, int index, cnrtFunction_t handle) {
  if (values != nullptr) *values = nullptr;
  if (num != nullptr) *num = 0;
  return WithFunction(handle, [&](const OfflineFunction& function) {
    if (values == nullptr || num == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    const auto& list = function.*ports;
    if (index < 0 || static_cast<size_t>(index) >= list.size()) return CNRT_RET_ERR_NO_EXIST;
    const Shape& shape = list[static_cast<size_t>(index)].shape;
    auto* made = static_cast<int*>(std::malloc(std::max<size_t>(shape.size(), 1) * sizeof(int)));
    if (made == nullptr) return CNRT_RET_ERR_NOMEM;
    for (size_t i = 0; i < shape.size(); ++i) made[i] = static_cast<int>(shape[i]);
    *values = made;
    *num = static_cast<int>(shape.size());
    return CNRT_RET_SUCCESS;
  });
}

char* NewText(const std::string& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

char** NewNames(const std::vector<OfflinePort>& ports) {
  auto** names = static_cast<char**>(std::calloc(std::max<size_t>(ports.size(), 1), sizeof(char*)));
  if (names == nullptr) throw std::bad_alloc();
  for (size_t i = 0; i < ports.size(); ++i) names[i] = NewText(ports[i].name);
  return names;
}

// The live lists of names, so that one is not freed twice.
struct NameLists {
  std::mutex mutex;
  std::unordered_map<char**, int> live;  // how many
};
NameLists& TheNameLists() {
  static NameLists* lists = new NameLists;
  return *lists;
}

void FreeNames(char** names, int count) {
  for (int i = 0; names != nullptr && i < count; ++i) std::free(names[i]);
  std::free(names);
}

// Size of a model file by its header.
cnrtRet_t SizeOfFile(const char* name, int64_t* size) {
  const auto file = FileBytes::Open(name);
  if (!file.ok()) {
    PrintInfo(file.status().message());
    return CNRT_RET_ERR_SYS;
  }
  const auto found = program::OfflineSize((*file)->bytes());
  if (!found.ok()) {
    CodeOf(found.status().WithContext(name));
    return CNRT_RET_ERR_INVALID;
  }
  if (*found != static_cast<int64_t>((*file)->bytes().size())) return CNRT_RET_ERR_INVALID;
  *size = *found;
  return CNRT_RET_SUCCESS;
}

}  // namespace

void Function::Fill(ModelPointer model, const OfflineFunction* function) {
  Share({std::move(model), function});
}

void Function::Share(std::shared_ptr<const OfflineFunction> function) {
  std::shared_ptr<void> old;  // destroyed when the lock is gone
  const std::lock_guard lock(mutex_);
  function_ = std::move(function);
  old.swap(attached_);
}

std::shared_ptr<void> Function::Attached(std::shared_ptr<void> (*make)(const OfflineFunction&)) {
  const std::lock_guard lock(mutex_);
  if (!attached_ && function_) attached_ = make(*function_);
  return attached_;
}

std::shared_ptr<const OfflineFunction> Function::Get() const {
  const std::lock_guard lock(mutex_);
  return function_;
}

std::shared_ptr<Function> FindFunction(cnrtFunction_t handle) { return TheFunctions().Get(handle); }
cnrtFunction_t AddFunction(std::shared_ptr<Function> function) {
  return TheFunctions().Add(std::move(function));
}

cnrtDataType_t TypeOf(DType dtype) {
  constexpr cnrtDataType_t kTypes[kNumDTypes] = {
      CNRT_FLOAT32, CNRT_FLOAT16, CNRT_FLOAT64, CNRT_INT8,   CNRT_UINT8,  CNRT_INT16,
      CNRT_INT32,   CNRT_INT64,   CNRT_BOOL,    CNRT_UINT16, CNRT_UINT32, CNRT_INVALID};
  const auto i = static_cast<size_t>(dtype);
  return i < kNumDTypes ? kTypes[i] : CNRT_INVALID;
}

bool IsSet(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return false;
  for (const char* off : {"", "0", "off", "false", "no"})  // scripts for a card write OFF
    if (strcasecmp(text, off) == 0) return false;
  return true;
}

void PrintInfo(const std::string& text) {
  if (!text.empty() && IsSet("CNRT_PRINT_INFO")) std::fprintf(stderr, "CNRT: %s\n", text.c_str());
}

}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C
using picabia::program::OfflineFunction;
using picabia::program::OfflineModel;

cnrtRet_t cnrtLoadModel(cnrtModel_t* pmodel, const char* fname) {
  Clear(pmodel);
  return Anytime([&] {
    if (pmodel == nullptr) return CNRT_RET_ERR_INVALID;
    if (fname == nullptr) return CNRT_RET_ERR_INVALID;
    const auto file = picabia::FileBytes::Open(fname);
    if (!file.ok()) return CodeOf(file.status());
    // A copy, not the mapping: the file may be written again while the model is in use.
    const auto bytes = (*file)->bytes();
    const auto copy = AlignedCopy(bytes.data(), bytes.size());
    if (!copy && !bytes.empty()) return CNRT_RET_ERR_NOMEM;
    return AddModel({copy.get(), bytes.size()}, copy, fname, pmodel);
  });
}

cnrtRet_t cnrtLoadModelFromMem(cnrtModel_t* pmodel, char* ptr) {
  return LoadFromMemory(pmodel, ptr, false);
}
cnrtRet_t cnrtLoadModelFromMem_V2(cnrtModel_t* pmodel, char* ptr, bool reuseUserMem) {
  return LoadFromMemory(pmodel, ptr, reuseUserMem);
}

cnrtRet_t cnrtUnloadModel(cnrtModel_t model) {
  return Anytime([&] {
    if (model == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    return TheModels().Remove(model) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID;
  });
}

cnrtRet_t cnrtGetModelSize(const char* fname, int* size) {
  Clear(size);
  return Anytime([&] {
    if (size == nullptr) return CNRT_RET_ERR_INVALID;
    if (fname == nullptr) return CNRT_RET_ERR_INVALID;
    int64_t found = 0;
    const cnrtRet_t result = SizeOfFile(fname, &found);
    if (result == CNRT_RET_SUCCESS) *size = static_cast<int>(found);  // a file is below 2 GB
    return result;
  });
}

cnrtRet_t cnrtGetModelLevelFromFile(const char* fname, int* model_level) {
  Clear(model_level);
  return Anytime([&] {
    if (model_level == nullptr) return CNRT_RET_ERR_INVALID;
    if (fname == nullptr) return CNRT_RET_ERR_INVALID;
    int64_t size = 0;
    return SizeOfFile(fname, &size);
  });
}

cnrtRet_t cnrtQueryCoreVersion(cnrtModel_t model, cnrtCoreVersion_t* coreVersion) {
  Clear(coreVersion);
  return WithModel(model, [&](const OfflineModel&) {
    if (coreVersion == nullptr) return CNRT_RET_ERR_INVALID;
    *coreVersion = CNRT_MLU270;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtQueryModelParallelism(cnrtModel_t model, int* modelParallelism) {
  Clear(modelParallelism);
  return WithModel(model, [&](const OfflineModel& m) {
    if (modelParallelism == nullptr) return CNRT_RET_ERR_INVALID;
    for (const OfflineFunction& f : m.functions)
      *modelParallelism = std::max(*modelParallelism, f.model_parallelism);
    return CNRT_RET_SUCCESS;
  });
}

namespace {

// The software device needs no stack of its own.
cnrtRet_t QueryLocal(cnrtModel_t model, uint64_t* size) {
  if (size != nullptr) *size = 0;
  return WithModel(model, [&](const OfflineModel&) {
    return size == nullptr ? CNRT_RET_ERR_INVALID : CNRT_RET_SUCCESS;
  });
}

}  // namespace

cnrtRet_t cnrtQueryModelStackSize(cnrtModel_t model, uint64_t* stack_size) {
  return QueryLocal(model, stack_size);
}
cnrtRet_t cnrtQueryModelLocalMemSize(cnrtModel_t model, uint64_t* local_mem_size) {
  return QueryLocal(model, local_mem_size);
}

cnrtRet_t cnrtGetFunctionNumber(cnrtModel_t model, int* func_num) {
  Clear(func_num);
  return WithModel(model, [&](const OfflineModel& m) {
    if (func_num == nullptr) return CNRT_RET_ERR_INVALID;
    *func_num = static_cast<int>(m.functions.size());
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetFunctionSymbol(cnrtModel_t model, int index, char** symbol, int* name_size) {
  Clear(symbol, name_size);
  return WithModel(model, [&](const OfflineModel& m) {
    if (symbol == nullptr || name_size == nullptr) return CNRT_RET_ERR_INVALID;
    if (index < 0 || static_cast<size_t>(index) >= m.functions.size()) return CNRT_RET_ERR_NO_EXIST;
    const std::string& name = m.functions[static_cast<size_t>(index)].name;
    *symbol = NewText(name);
    *name_size = static_cast<int>(name.size());
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetModelMemUsed(cnrtModel_t model, int64_t* pMemused) {
  Clear(pMemused);
  return WithModel(model, [&](const OfflineModel& m) {
    if (pMemused == nullptr) return CNRT_RET_ERR_INVALID;
    for (const OfflineFunction& f : m.functions) *pMemused += f.memory_bytes;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtGetFunctionMemUsed(cnrtFunction_t function, int64_t* pMemused) {
  Clear(pMemused);
  return WithFunction(function, [&](const OfflineFunction& f) {
    if (pMemused == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    *pMemused = f.memory_bytes;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtCreateFunction(cnrtFunction_t* pfunction) {
  Clear(pfunction);
  return Anytime([&] {
    if (pfunction == nullptr) return CNRT_RET_ERR_INVALID;
    *pfunction = AddFunction(std::make_shared<Function>());
    return *pfunction == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDestroyFunction(cnrtFunction_t function) {
  return Anytime(
      [&] { return TheFunctions().Remove(function) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID; });
}

cnrtRet_t cnrtCopyFunction(cnrtFunction_t* dst, cnrtFunction_t src) {
  return WithFunction(src, [&](const OfflineFunction&) {
    if (dst == nullptr) return CNRT_RET_ERR_INVALID;
    auto target = FindFunction(*dst);  // clients make it first; others get a new one
    if (!target) {
      target = std::make_shared<Function>();
      *dst = AddFunction(target);
      if (*dst == nullptr) return CNRT_RET_ERR_NOMEM;
    }
    const auto source = FindFunction(src);
    if (const auto from = source ? source->Get() : nullptr; from) target->Share(from);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtExtractFunction(cnrtFunction_t* pfunction, cnrtModel_t model, const char* symbol) {
  return Anytime([&] {
    if (pfunction == nullptr || symbol == nullptr) return CNRT_RET_ERR_INVALID;
    const ModelPointer found = TheModels().Get(model);
    const auto function = FindFunction(*pfunction);
    if (!found || !function) return CNRT_RET_ERR_INVALID;
    for (const OfflineFunction& f : found->functions) {
      if (f.name != symbol) continue;
      function->Fill(found, &f);
      return CNRT_RET_SUCCESS;
    }
    return CNRT_RET_ERR_NO_EXIST;
  });
}

cnrtRet_t cnrtGetInputDataSize(int64_t** sizeArray, int* num, cnrtFunction_t function) {
  return DataSizes(&OfflineFunction::inputs, sizeArray, num, function);
}
cnrtRet_t cnrtGetOutputDataSize(int64_t** sizeArray, int* num, cnrtFunction_t function) {
  return DataSizes(&OfflineFunction::outputs, sizeArray, num, function);
}
cnrtRet_t cnrtGetInputDataType(cnrtDataType_t** dtype, int* num, cnrtFunction_t function) {
  return DataTypes(&OfflineFunction::inputs, dtype, num, function);
}
cnrtRet_t cnrtGetOutputDataType(cnrtDataType_t** dtype, int* num, cnrtFunction_t function) {
  return DataTypes(&OfflineFunction::outputs, dtype, num, function);
}
cnrtRet_t cnrtGetInputDataShape(int** dimValues, int* dimNum, int index, cnrtFunction_t function) {
  return DataShape(&OfflineFunction::inputs, dimValues, dimNum, index, function);
}
cnrtRet_t cnrtGetOutputDataShape(int** dimValues, int* dimNum, int index, cnrtFunction_t function) {
  return DataShape(&OfflineFunction::outputs, dimValues, dimNum, index, function);
}

cnrtRet_t cnrtQueryBatches(cnrtFunction_t function, int* batches_array) {
  return WithFunction(function, [&](const OfflineFunction& f) {
    if (batches_array == nullptr) return CNRT_RET_ERR_INVALID_POINTER;
    for (size_t i = 0; i < f.inputs.size(); ++i)
      batches_array[i] = f.inputs[i].shape.empty() ? 1 : static_cast<int>(f.inputs[i].shape[0]);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtQueryCacheMode(cnrtFunction_t function, bool* is_cache_mode, int* cache_num) {
  Clear(is_cache_mode, cache_num);
  return WithFunction(function, [&](const OfflineFunction&) {
    const bool there = is_cache_mode != nullptr && cache_num != nullptr;
    return there ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID_POINTER;
  });
}

cnrtRet_t cnrtGetInputAndOutputNamesFromFunction(cnrtFunction_t func, char*** input_names,
                                                 char*** output_names, int* input_num,
                                                 int* output_num) {
  Clear(input_names, output_names, input_num, output_num);
  return WithFunction(func, [&](const OfflineFunction& f) {
    if (input_names == nullptr || output_names == nullptr || input_num == nullptr ||
        output_num == nullptr)
      return CNRT_RET_ERR_INVALID_POINTER;
    *input_names = NewNames(f.inputs);
    *input_num = static_cast<int>(f.inputs.size());
    *output_names = NewNames(f.outputs);
    *output_num = static_cast<int>(f.outputs.size());
    const std::lock_guard lock(TheNameLists().mutex);
    TheNameLists().live[*input_names] = *input_num;
    TheNameLists().live[*output_names] = *output_num;
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtDestroyInputAndOutputNames(char** input_names, char** output_names, int input_num,
                                         int output_num) {
  return Anytime([&] {
    {
      NameLists& lists = TheNameLists();
      const std::lock_guard lock(lists.mutex);
      const auto inputs = lists.live.find(input_names), outputs = lists.live.find(output_names);
      if (inputs == lists.live.end() || outputs == lists.live.end() || inputs == outputs ||
          inputs->second != input_num || outputs->second != output_num)
        return CNRT_RET_ERR_INVALID;
      lists.live.erase(inputs);
      lists.live.erase(outputs);
    }
    FreeNames(input_names, input_num);
    FreeNames(output_names, output_num);
    return CNRT_RET_SUCCESS;
  });
}
