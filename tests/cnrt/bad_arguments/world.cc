#include "world.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "cnrt/small_model.h"

extern "C" void Nothing(void* out, int n);  // kernels.mlu

namespace bad_arguments {

const Kinds kPointer = {Bad::kNull};
const Kinds kHandle = {Bad::kNull, Bad::kStale, Bad::kForeign, Bad::kAddress};
const Kinds kNotNull = {Bad::kStale, Bad::kForeign, Bad::kAddress};
const Kinds kDestroyed = {Bad::kStale};

const char* Name(Bad bad) {
  constexpr const char* kNames[] = {"null", "stale", "foreign", "an address"};
  return kNames[static_cast<int>(bad)];
}

namespace {

// `foreign`: a live handle of another kind.
template <typename T, typename Foreign>
void SetWrong(Object<T>* object, T stale, Foreign foreign, void* address) {
  object->stale = stale;
  object->foreign = reinterpret_cast<T>(foreign);
  object->address = reinterpret_cast<T>(address);
}

#define MUST(call) EXPECT_EQ(call, CNRT_RET_SUCCESS) << #call

}  // namespace

World::World() : image{}, memory{} {
  MUST(cnrtInit(0));
  MUST(cnrtGetDeviceHandle(&device.live, 0));
  MUST(cnrtCreateQueue(&queue.live));
  MUST(cnrtCreateNotifier(&notifier.live));
  cnrtQueue_t old_queue = nullptr;
  cnrtNotifier_t old_notifier = nullptr;
  MUST(cnrtCreateQueue(&old_queue));
  MUST(cnrtCreateNotifier(&old_notifier));
  SetWrong(&queue, old_queue, notifier.live, memory);
  SetWrong(&notifier, old_notifier, queue.live, memory);
  MUST(cnrtDestroyQueue(old_queue));
  MUST(cnrtDestroyNotifier(&old_notifier));
  placed = notifier;
  MUST(cnrtCreateNotifier(&placed.live));
  MUST(cnrtPlaceNotifier(placed.live, queue.live));
  MUST(cnrtSyncQueue(queue.live));
  device.stale = device.live + 64;  // no card of that number
  device.foreign = reinterpret_cast<cnrtDev_t>(queue.live);
  device.address = reinterpret_cast<cnrtDev_t>(memory);
  MakeModel();
  MakeMemory();
  MakeContexts();
  MakeDescriptors();
  MakeKernel();
  MUST(cnrtFree(block.stale));  // last: its address is that of the next block
}

// Some are destroyed by the call itself.
World::~World() {
  cnrtDestroyFunction(function.live);
  cnrtUnloadModel(model.live);
  cnrtDestroyParamDescArray(descs.live, 1);
  cnrtDestroyParamDesc(desc.live);
  cnrtDestroyKernelParamsBuffer(params.live);
  cnrtDestroyKernelInitParamAndMemory(init.live);
  cnrtDestroyQuantizedParam(quantized.live);
  cnrtDestroyInputAndOutputNames(inputs.live, outputs.live, 1, 1);
  cnrtFreeHost(host_block.live);
  cnrtUnmap(mapped.live);
  cnrtUnMapMemHandle(opened.live);
  cnrtDestroyParam(list.live);
  cnrtDestroy();
}

int World::FirstKept() const {
  for (size_t i = 0; i < outs_.size(); ++i)
    for (const char c : outs_[i])
      if (c != 0) return static_cast<int>(i);
  return -1;
}

void** World::Params(void* first, void* second) {
  pair_[0] = first;
  pair_[1] = second;
  return pair_;
}

char* World::Sentinel(size_t bytes) {
  outs_.emplace_back(bytes, '\x5A');
  return outs_.back().data();
}

void World::MakeModel() {
  const std::string bytes = picabia::cnrt::SmallModelBytes();
  ASSERT_LE(bytes.size(), sizeof(image));
  std::memcpy(image, bytes.data(), bytes.size());
  cnrtModel_t old_model = nullptr;
  cnrtFunction_t old_function = nullptr;
  MUST(cnrtLoadModelFromMem(&model.live, image));
  MUST(cnrtLoadModelFromMem(&old_model, image));
  MUST(cnrtCreateFunction(&function.live));
  MUST(cnrtExtractFunction(&function.live, model.live, "subnet0"));
  MUST(cnrtCreateFunction(&old_function));
  MUST(cnrtExtractFunction(&old_function, model.live, "subnet0"));
  int num_in = 0, num_out = 0;
  char **old_inputs = nullptr, **old_outputs = nullptr;
  MUST(cnrtGetInputAndOutputNamesFromFunction(function.live, &inputs.live, &outputs.live, &num_in,
                                              &num_out));
  MUST(cnrtGetInputAndOutputNamesFromFunction(function.live, &old_inputs, &old_outputs, &num_in,
                                              &num_out));
  MUST(cnrtDestroyInputAndOutputNames(old_inputs, old_outputs, 1, 1));
  SetWrong(&inputs, old_inputs, queue.live, memory);
  SetWrong(&outputs, old_outputs, queue.live, memory);
  SetWrong(&model, old_model, queue.live, memory);
  SetWrong(&function, old_function, queue.live, memory);
  MUST(cnrtUnloadModel(old_model));
  MUST(cnrtDestroyFunction(old_function));
}

void World::MakeMemory() {
  void *old_block = nullptr, *old_host = nullptr, *old_mapped = nullptr, *old_list = nullptr;
  MUST(cnrtMalloc(&block.live, 4096));
  MUST(cnrtMalloc(&old_block, 4096));
  MUST(cnrtMallocHost(&host_block.live, 64, CNRT_MEMTYPE_DEFAULT));
  MUST(cnrtMallocHost(&old_host, 64, CNRT_MEMTYPE_DEFAULT));
  MUST(cnrtMap(&mapped.live, block.live));
  MUST(cnrtMap(&old_mapped, old_block));
  MUST(cnrtUnmap(old_mapped));
  MUST(cnrtAcquireMemHandle(&shared.live, block.live));
  MUST(cnrtAcquireMemHandle(&shared.stale, old_block));
  MUST(cnrtMapMemHandle(&opened.live, shared.live, 0));
  MUST(cnrtMapMemHandle(&opened.stale, shared.stale, 0));
  MUST(cnrtUnMapMemHandle(opened.stale));
  MUST(cnrtAllocParam(&list.live));
  MUST(cnrtAllocParam(&old_list));
  MUST(cnrtDestroyParam(old_list));
  SetWrong(&block, old_block, queue.live, memory);
  SetWrong(&host_block, old_host, queue.live, memory);
  SetWrong(&mapped, old_mapped, queue.live, memory);
  SetWrong(&opened, opened.stale, queue.live, memory);
  SetWrong(&list, old_list, queue.live, memory);
  SetWrong(&shared, shared.stale, queue.live, memory);
  MUST(cnrtFreeHost(old_host));
}

void World::MakeContexts() {
  cnrtRuntimeContext_t old_context = nullptr;
  MUST(cnrtCreateRuntimeContext(&context.live, function.live, nullptr));
  MUST(cnrtInitRuntimeContext(context.live, nullptr));
  MUST(cnrtCreateRuntimeContext(&uninitialised.live, function.live, nullptr));
  MUST(cnrtCreateRuntimeContext(&old_context, function.live, nullptr));
  void** old_array = nullptr;
  MUST(cnrtRuntimeContextMallocBySizeArray(context.live, &array.live, sizes, 1));
  MUST(cnrtRuntimeContextMallocBySizeArray(context.live, &old_array, sizes, 1));
  MUST(cnrtRuntimeContextFreeArray(context.live, old_array, 1));
  SetWrong(&array, old_array, queue.live, memory);
  SetWrong(&context, old_context, queue.live, memory);
  SetWrong(&uninitialised, old_context, queue.live, memory);
  MUST(cnrtDestroyRuntimeContext(old_context));
}

void World::MakeDescriptors() {
  cnrtParamDesc_t old_desc = nullptr;
  cnrtParamDescArray_t old_descs = nullptr;
  MUST(cnrtCreateParamDesc(&desc.live));
  MUST(cnrtCreateParamDesc(&old_desc));
  MUST(cnrtDestroyParamDesc(old_desc));
  MUST(cnrtCreateParamDescArray(&descs.live, 1));
  MUST(cnrtCreateParamDescArray(&old_descs, 1));
  MUST(cnrtDestroyParamDescArray(old_descs, 1));
  int num = 0;
  cnrtFunction_t gone = nullptr;
  MUST(cnrtGetInputDataDesc(&datas.live, &num, function.live));
  MUST(cnrtCopyFunction(&gone, function.live));
  MUST(cnrtGetInputDataDesc(&datas.stale, &num, gone));
  data.live = datas.live[0];
  SetWrong(&data, datas.stale[0], queue.live, memory);
  SetWrong(&datas, datas.stale, queue.live, memory);
  MUST(cnrtDestroyFunction(gone));
  MUST(cnrtInitFunctionMemory_V2(function.live, nullptr));
  SetWrong(&desc, old_desc, queue.live, memory);
  SetWrong(&descs, old_descs, queue.live, memory);
}

void World::MakeKernel() {
  cnrtKernelParamsBuffer_t old_params = nullptr;
  cnrtKernelInitParam_t old_init = nullptr;
  cnrtQuantizedParam_t old_quantized = nullptr;
  int n = 0;
  kernel.live = reinterpret_cast<const void*>(&Nothing);
  SetWrong(&kernel, static_cast<const void*>(memory), queue.live, memory);
  MUST(cnrtGetKernelParamsBuffer(&params.live));
  MUST(cnrtKernelParamsBufferAddParam(params.live, &block.live, sizeof(void*)));
  MUST(cnrtKernelParamsBufferAddParam(params.live, &n, sizeof(n)));
  MUST(cnrtGetKernelParamsBuffer(&old_params));
  MUST(cnrtDestroyKernelParamsBuffer(old_params));
  MUST(cnrtCreateKernelInitParam(&init.live));
  MUST(cnrtInitKernelMemory(kernel.live, init.live));
  MUST(cnrtCreateKernelInitParam(&old_init));
  MUST(cnrtDestroyKernelInitParamAndMemory(old_init));
  MUST(cnrtCreateQuantizedParam(&quantized.live, 0, 1, 0));
  MUST(cnrtCreateQuantizedParam(&old_quantized, 0, 1, 0));
  MUST(cnrtDestroyQuantizedParam(old_quantized));
  SetWrong(&params, old_params, queue.live, memory);
  SetWrong(&init, old_init, queue.live, memory);
  SetWrong(&quantized, old_quantized, queue.live, memory);
}

}  // namespace bad_arguments
