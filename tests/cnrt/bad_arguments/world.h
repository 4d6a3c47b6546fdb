// What the rows of wrong arguments are made of: one object of each kind, alive; the same kind,
// destroyed; and what is none at all. Used by the rows_*.cc of this folder.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "cnrt_legacy.h"

namespace bad_arguments {

enum class Bad { kNull, kStale, kForeign, kAddress };
const char* Name(Bad bad);

using Kinds = std::vector<Bad>;
extern const Kinds kPointer;    // memory of the host: only a null pointer can be told
extern const Kinds kHandle;     // all of them
extern const Kinds kNotNull;    // all but null, which means something
extern const Kinds kDestroyed;  // stale: destroyed twice

// A handle or device address in all its states: alive, and [bad].
template <typename T>
struct Object {
  T live{}, stale{}, foreign{}, address{};
  T operator[](Bad bad) const {
    return bad == Bad::kNull      ? T{}
           : bad == Bad::kStale   ? stale
           : bad == Bad::kForeign ? foreign
                                  : address;
  }
};

// Made anew for each call.
class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Where a result goes: it must be null or 0 after an error, and is not before.
  template <typename T>
  T* Out() {
    return reinterpret_cast<T*>(Sentinel(sizeof(T)));
  }
  // The first output that is not null or 0: its place among the outputs, -1 for none.
  int FirstKept() const;

  // The address of a wrong handle or of a wrong device address, for functions that want that.
  template <typename T>
  T* At(T value) {
    places_.push_back(reinterpret_cast<void*>(value));
    return reinterpret_cast<T*>(&places_.back());
  }
  // {first, second}, as inputs and outputs of a run.
  void** Params(void* first, void* second);

  Object<cnrtDev_t> device;
  Object<cnrtQueue_t> queue;
  Object<cnrtNotifier_t> notifier, placed;
  Object<cnrtModel_t> model;
  Object<cnrtFunction_t> function;
  Object<cnrtRuntimeContext_t> context, uninitialised;
  Object<cnrtParamDesc_t> desc;
  Object<cnrtParamDescArray_t> descs;
  Object<cnrtDataDesc_t> data;
  Object<cnrtDataDescArray_t> datas;
  Object<cnrtKernelParamsBuffer_t> params;
  Object<cnrtKernelInitParam_t> init;
  Object<cnrtQuantizedParam_t> quantized;
  Object<void*> block, host_block, mapped, opened, list;
  Object<cnrtIpcMemHandle> shared;
  Object<void**> array;  // of cnrtRuntimeContextMallocBySizeArray, one block long
  Object<char**> inputs, outputs;
  Object<const void*> kernel;  // stale: none

  char image[4096];   // of the model
  char memory[4096];  // of the host, zeros
  char name[8] = "x";
  int ints[8] = {1, 4, 5, 3, 1, 1, 1, 1};
  float floats[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  int order[4] = {0, 1, 2, 3};
  size_t sizes[2] = {64, 64};

 private:
  void MakeModel();
  void MakeContexts();
  void MakeDescriptors();
  void MakeKernel();
  void MakeMemory();
  char* Sentinel(size_t bytes);

  std::deque<std::vector<char>> outs_;
  std::deque<void*> places_;
  void* pair_[2];
};

// One argument of one function.
struct Row {
  const char* function;
  const char* argument;
  Kinds kinds;
  cnrtRet_t code;
  std::function<cnrtRet_t(World&, Bad)> call;
};
using Rows = std::vector<Row>;

// `args` in parentheses; they know the world `w` and how the argument is `bad`.
#define ROW(function, argument, kinds, code, args)                             \
  Row {                                                                        \
    #function, #argument, kinds, code,                                         \
        []([[maybe_unused]] World& w, [[maybe_unused]] Bad bad) -> cnrtRet_t { \
          return function args;                                                \
        }                                                                      \
  }

constexpr cnrtRet_t kOk = CNRT_RET_SUCCESS, kInvalid = CNRT_RET_ERR_INVALID,
                    kInvalidPointer = CNRT_RET_ERR_INVALID_POINTER,
                    kQueueError = CNRT_RET_ERR_QUEUE, kNoAddress = CNRT_RET_ERR_FIND_DEV_ADDR;

Rows DeviceRows();
Rows MemoryRows();
Rows QueueRows();
Rows KernelRows();
Rows ModelRows();
Rows ContextRows();
Rows DescriptorRows();
Rows MappingRows();
Rows ConversionRows();
Rows LegacyRows();

}  // namespace bad_arguments
