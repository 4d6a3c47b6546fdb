// A CNRT library that writes down what it is asked and has another library do it: a stand-in for
// Cambricon's own, with nothing in it but public functions. PICABIA_RECORD_FORWARD names the
// library, PICABIA_RECORD_FILE the record, PICABIA_RECORD_FAIL a function that gives UNSUPPORTED.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sstream>
#include <string>

#include "cnrt.h"

namespace {

void* Forward() {
  static void* library = dlopen(std::getenv("PICABIA_RECORD_FORWARD"), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) std::abort();
  return library;
}

template <typename T>
std::string Text(T value) {
  std::ostringstream out;
  if constexpr (std::is_pointer_v<T> && !std::is_same_v<T, const char*>)
    out << static_cast<const void*>(value);
  else
    out << value;
  return out.str();
}

template <typename... Args>
void Record(const char* name, Args... args) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::string line = name;
  ((line += " " + Text(args)), ...);
  std::FILE* file = std::fopen(std::getenv("PICABIA_RECORD_FILE"), "a");
  if (file == nullptr) std::abort();
  std::fprintf(file, "%s\n", line.c_str());
  std::fclose(file);
}

// Calls the other library's function of that name.
template <typename... Args>
cnrtRet_t Call(const char* name, Args... args) {
  const char* fail = std::getenv("PICABIA_RECORD_FAIL");
  if (fail != nullptr && std::strcmp(fail, name) == 0) return CNRT_RET_ERR_UNSUPPORTED;
  const auto function = reinterpret_cast<cnrtRet_t (*)(Args...)>(dlsym(Forward(), name));
  return function == nullptr ? CNRT_RET_ERR_NOSYS : function(args...);
}

}  // namespace

// What a function makes is recorded after the call, by the address that it gave.
#define MAKES(name, type)                       \
  cnrtRet_t name(type* made) {                  \
    const cnrtRet_t result = Call(#name, made); \
    Record(#name, *made);                       \
    return result;                              \
  }
#define TAKES(name, type)         \
  cnrtRet_t name(type argument) { \
    Record(#name, argument);      \
    return Call(#name, argument); \
  }

extern "C" {

TAKES(cnrtInit, unsigned int)
MAKES(cnrtGetDeviceCount, unsigned int)
TAKES(cnrtSetCurrentDevice, cnrtDev_t)
MAKES(cnrtCreateFunction, cnrtFunction_t)
TAKES(cnrtSyncQueue, cnrtQueue_t)
TAKES(cnrtFree, void*)
TAKES(cnrtDestroyQueue, cnrtQueue_t)
TAKES(cnrtDestroyRuntimeContext, cnrtRuntimeContext_t)
TAKES(cnrtDestroyFunction, cnrtFunction_t)
TAKES(cnrtUnloadModel, cnrtModel_t)

void cnrtDestroy(void) {
  Record("cnrtDestroy");
  reinterpret_cast<void (*)()>(dlsym(Forward(), "cnrtDestroy"))();
}

const char* cnrtGetErrorStr(cnrtRet_t code) {
  Record("cnrtGetErrorStr", code);
  return "recorded error";
}

cnrtRet_t cnrtGetDeviceHandle(cnrtDev_t* device, int ordinal) {
  const cnrtRet_t result = Call("cnrtGetDeviceHandle", device, ordinal);
  Record("cnrtGetDeviceHandle", *device, ordinal);
  return result;
}

cnrtRet_t cnrtLoadModelFromMem(cnrtModel_t* model, char* image) {
  const cnrtRet_t result = Call("cnrtLoadModelFromMem", model, image);
  Record("cnrtLoadModelFromMem", *model, std::string(image, 7).c_str());
  return result;
}

cnrtRet_t cnrtExtractFunction(cnrtFunction_t* function, cnrtModel_t model, const char* symbol) {
  Record("cnrtExtractFunction", *function, model, symbol);
  return Call("cnrtExtractFunction", function, model, symbol);
}

cnrtRet_t cnrtCreateRuntimeContext(cnrtRuntimeContext_t* context, cnrtFunction_t function,
                                   void* extra) {
  const cnrtRet_t result = Call("cnrtCreateRuntimeContext", context, function, extra);
  Record("cnrtCreateRuntimeContext", *context, function, extra);
  return result;
}

cnrtRet_t cnrtSetRuntimeContextDeviceId(cnrtRuntimeContext_t context, int ordinal) {
  Record("cnrtSetRuntimeContextDeviceId", context, ordinal);
  return Call("cnrtSetRuntimeContextDeviceId", context, ordinal);
}

cnrtRet_t cnrtInitRuntimeContext(cnrtRuntimeContext_t context, void* extra) {
  Record("cnrtInitRuntimeContext", context, extra);
  return Call("cnrtInitRuntimeContext", context, extra);
}

cnrtRet_t cnrtRuntimeContextCreateQueue(cnrtRuntimeContext_t context, cnrtQueue_t* queue) {
  const cnrtRet_t result = Call("cnrtRuntimeContextCreateQueue", context, queue);
  Record("cnrtRuntimeContextCreateQueue", context, *queue);
  return result;
}

cnrtRet_t cnrtRuntimeContextCreateNotifier(cnrtRuntimeContext_t context, cnrtNotifier_t* notifier) {
  const cnrtRet_t result = Call("cnrtRuntimeContextCreateNotifier", context, notifier);
  Record("cnrtRuntimeContextCreateNotifier", context, *notifier);
  return result;
}

cnrtRet_t cnrtMalloc(void** block, size_t bytes) {
  const cnrtRet_t result = Call("cnrtMalloc", block, bytes);
  Record("cnrtMalloc", *block, bytes);
  return result;
}

cnrtRet_t cnrtMemcpy(void* to, void* from, size_t bytes, cnrtMemTransDir_t dir) {
  const bool in = dir == CNRT_MEM_TRANS_DIR_HOST2DEV;
  Record("cnrtMemcpy", in ? to : from, bytes, in ? "in" : "out");
  return Call("cnrtMemcpy", to, from, bytes, dir);
}

cnrtRet_t cnrtPlaceNotifier(cnrtNotifier_t notifier, cnrtQueue_t queue) {
  Record("cnrtPlaceNotifier", notifier, queue);
  return Call("cnrtPlaceNotifier", notifier, queue);
}

cnrtRet_t cnrtInvokeRuntimeContext(cnrtRuntimeContext_t context, void** params, cnrtQueue_t queue,
                                   void* extra) {
  Record("cnrtInvokeRuntimeContext", context, params[0], params[1], queue, extra);
  return Call("cnrtInvokeRuntimeContext", context, params, queue, extra);
}

cnrtRet_t cnrtNotifierDuration(cnrtNotifier_t start, cnrtNotifier_t end, float* us) {
  Record("cnrtNotifierDuration", start, end);
  return Call("cnrtNotifierDuration", start, end, us);
}

cnrtRet_t cnrtDestroyNotifier(cnrtNotifier_t* notifier) {
  Record("cnrtDestroyNotifier", *notifier);
  return Call("cnrtDestroyNotifier", notifier);
}

}  // extern "C"
