// Names and texts of the error codes, cnrtCheck, the last error.
#include <cstdio>
#include <iterator>

#include "cnrt/state.h"

namespace {

struct ErrorText {
  cnrtRet_t code;
  const char* name;
  const char* text;
};

constexpr ErrorText kErrors[] = {
    {CNRT_RET_SUCCESS, "CNRT_RET_SUCCESS", "no error"},
    {CNRT_RET_WARNING_FAKE_DEVICE, "CNRT_RET_WARNING_FAKE_DEVICE", "the device is a fake one"},
    {CNRT_RET_ERR_NOT_READY, "CNRT_RET_ERR_NOT_READY", "not ready yet"},
    {CNRT_RET_ERR_INVALID, "CNRT_RET_ERR_INVALID", "invalid argument"},
    {CNRT_RET_ERR_NOMEM, "CNRT_RET_ERR_NOMEM", "out of memory"},
    {CNRT_RET_ERR_NODEV, "CNRT_RET_ERR_NODEV", "no such device"},
    {CNRT_RET_ERR_IO, "CNRT_RET_ERR_IO", "input or output error"},
    {CNRT_RET_ERR_SYS, "CNRT_RET_ERR_SYS", "the operating system refused"},
    {CNRT_RET_ERR_ACCES, "CNRT_RET_ERR_ACCES", "permission denied"},
    {CNRT_RET_ERR_FAULT, "CNRT_RET_ERR_FAULT", "bad address"},
    {CNRT_RET_ERR_BUSY, "CNRT_RET_ERR_BUSY", "busy"},
    {CNRT_RET_ERR_TIMEOUT, "CNRT_RET_ERR_TIMEOUT", "time ran out"},
    {CNRT_RET_ERR_EXIST, "CNRT_RET_ERR_EXIST", "exists already"},
    {CNRT_RET_ERR_NOSYS, "CNRT_RET_ERR_NOSYS", "function not implemented"},
    {CNRT_RET_ERR_AGAIN, "CNRT_RET_ERR_AGAIN", "try again"},
    {CNRT_RET_ERR_NORES, "CNRT_RET_ERR_NORES", "out of a resource"},
    {CNRT_RET_ERR_UNSUPPORTED, "CNRT_RET_ERR_UNSUPPORTED", "unsupported"},
    {CNRT_RET_ERR_INVALID_POINTER, "CNRT_RET_ERR_INVALID_POINTER", "invalid pointer"},
    {CNRT_RET_ERR_NO_EXIST, "CNRT_RET_ERR_NO_EXIST", "does not exist"},
    {CNRT_RET_ERR_BROKEN, "CNRT_RET_ERR_BROKEN", "broken data transmission"},
    {CNRT_RET_ERR_INIT, "CNRT_RET_ERR_INIT", "not initialised, or initialised already"},
    {CNRT_RET_ERR_QUEUE, "CNRT_RET_ERR_QUEUE", "queue error"},
    {CNRT_RET_ERR_OUT_RANGE, "CNRT_RET_ERR_OUT_RANGE", "out of range"},
    {CNRT_RET_ERR_MATH_OVERFLOW, "CNRT_RET_ERR_MATH_OVERFLOW", "a result does not fit"},
    {CNRT_RET_ERR_FUNC_CALL, "CNRT_RET_ERR_FUNC_CALL", "a call inside the runtime failed"},
    {CNRT_RET_ERR_UNHANDLED, "CNRT_RET_ERR_UNHANDLED", "unhandled error"},
    {CNRT_RET_ERR_INVALID_TYPE, "CNRT_RET_ERR_INVALID_TYPE", "invalid type"},
    {CNRT_RET_ERR_INVALID_OP, "CNRT_RET_ERR_INVALID_OP", "invalid operation"},
    {CNRT_RET_ERR_MLU, "CNRT_RET_ERR_MLU", "device error"},
    {CNRT_RET_ERR_ONCHIP_CORE, "CNRT_RET_ERR_ONCHIP_CORE", "a kernel failed"},
    {CNRT_RET_ERR_NOTIFIER, "CNRT_RET_ERR_NOTIFIER", "notifier error"},
    {CNRT_RET_ERR_RESHAPE, "CNRT_RET_ERR_RESHAPE", "reshaping failed"},
    {CNRT_RET_ERR_MEMCPY, "CNRT_RET_ERR_MEMCPY", "copying failed"},
    {CNRT_RET_ERR_ENCRYPT, "CNRT_RET_ERR_ENCRYPT", "decryption failed"},
    {CNRT_RET_ERR_INVALID_DATADESC, "CNRT_RET_ERR_INVALID_DATADESC", "invalid data descriptor"},
    {CNRT_RET_ERR_MAP, "CNRT_RET_ERR_MAP", "mapping failed"},
    {CNRT_RET_ERR_UNMAP, "CNRT_RET_ERR_UNMAP", "unmapping failed"},
    {CNRT_RET_ERR_CACHE, "CNRT_RET_ERR_CACHE", "cache operation failed"},
    {CNRT_RET_ERR_FIND_DEV_ADDR, "CNRT_RET_ERR_FIND_DEV_ADDR", "not an address of device memory"},
    {CNRT_RET_ERR_KERNEL_VERSION_TOO_HIGH, "CNRT_RET_ERR_KERNEL_VERSION_TOO_HIGH",
     "the kernel was compiled for a newer runtime"},
    {CNRT_RET_ERR_CNDRV_FUNC_CALL, "CNRT_RET_ERR_CNDRV_FUNC_CALL", "a call of the driver failed"},
    {CNRT_RET_ERR_CNDEV_FUNC_CALL, "CNRT_RET_ERR_CNDEV_FUNC_CALL",
     "a call of the device management failed"},
    {CNRT_RET_ERR_UNKNOWN, "CNRT_RET_ERR_UNKNOWN", "unknown error"},
};

const ErrorText& Find(cnrtRet_t code) {
  for (const ErrorText& error : kErrors)
    if (error.code == code) return error;
  return *std::prev(std::end(kErrors));
}

}  // namespace

const char* cnrtGetErrorStr(cnrtRet_t err_code) { return Find(err_code).text; }
const char* cnrtGetErrorName(cnrtRet_t err_code) { return Find(err_code).name; }

cnrtRet_t cnrtPeekLastErr(void) { return picabia::cnrt::LastError(); }

cnrtRet_t cnrtGetLastErr(void) {
  const cnrtRet_t last = picabia::cnrt::LastError();
  picabia::cnrt::SetLastError(CNRT_RET_SUCCESS);
  return last;
}

void cnrtCheck(cnrtRet_t result, const char* const func, const char* const file, int const line) {
  if (result == CNRT_RET_SUCCESS) return;
  std::fprintf(stderr, "[%s:%d] %s: CNRT error, code: %d, %s (%s)\n", file == nullptr ? "?" : file,
               line, func == nullptr ? "?" : func, static_cast<int>(result),
               cnrtGetErrorStr(result), cnrtGetErrorName(result));
}
