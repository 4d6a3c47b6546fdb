// Parameter buffers and launches of kernels.
#include "world.h"

namespace bad_arguments {
namespace {

constexpr cnrtDim3_t kOne = {1, 1, 1};

}  // namespace

Rows KernelRows() {
  constexpr auto kBlock = CNRT_FUNC_TYPE_BLOCK;
  return {
      ROW(cnrtGetKernelParamsBuffer, params, kPointer, kInvalid, (nullptr)),
      ROW(cnrtDestroyKernelParamsBuffer, params, kHandle, kInvalid, (w.params[bad])),
      ROW(cnrtKernelParamsBufferAddParam, params, kHandle, kInvalid, (w.params[bad], w.memory, 4)),
      ROW(cnrtKernelParamsBufferAddParam, data, kPointer, kInvalid, (w.params.live, nullptr, 4)),
      ROW(cnrtKernelParamsBufferMarkInput, params, kHandle, kInvalid, (w.params[bad])),
      ROW(cnrtKernelParamsBufferMarkOutput, params, kHandle, kInvalid, (w.params[bad])),
      ROW(cnrtKernelParamsBufferMarkStatic, params, kHandle, kInvalid, (w.params[bad])),
      ROW(cnrtCopyKernelParamsBuffer, dst_params_buf, kHandle, kInvalid,
          (w.params[bad], w.params.live)),
      ROW(cnrtCopyKernelParamsBuffer, src_params_buf, kHandle, kInvalid,
          (w.params.live, w.params[bad])),
      ROW(cnrtInvokeKernel_V2, function, kHandle, kInvalid,
          (w.kernel[bad], kOne, w.params.live, kBlock, w.queue.live)),
      ROW(cnrtInvokeKernel_V2, params, kHandle, kInvalid,
          (w.kernel.live, kOne, w.params[bad], kBlock, w.queue.live)),
      ROW(cnrtInvokeKernel_V2, queue, kNotNull, kQueueError,
          (w.kernel.live, kOne, w.params.live, kBlock, w.queue[bad])),
      ROW(cnrtCreateKernelInitParam, init_param, kPointer, kInvalid, (nullptr)),
      ROW(cnrtInitKernelMemory, function, kHandle, kInvalid, (w.kernel[bad], w.init.live)),
      ROW(cnrtInitKernelMemory, init_param, kHandle, kInvalid, (w.kernel.live, w.init[bad])),
      ROW(cnrtDestroyKernelInitParamAndMemory, param, kHandle, kInvalid, (w.init[bad])),
      ROW(cnrtInvokeKernel_V3, function, kHandle, kInvalid,
          (w.kernel[bad], w.init.live, kOne, w.params.live, kBlock, w.queue.live, nullptr)),
      ROW(cnrtInvokeKernel_V3, init_param, kHandle, kInvalid,
          (w.kernel.live, w.init[bad], kOne, w.params.live, kBlock, w.queue.live, nullptr)),
      ROW(cnrtInvokeKernel_V3, params, kHandle, kInvalid,
          (w.kernel.live, w.init.live, kOne, w.params[bad], kBlock, w.queue.live, nullptr)),
      ROW(cnrtInvokeKernel_V3, queue, kNotNull, kQueueError,
          (w.kernel.live, w.init.live, kOne, w.params.live, kBlock, w.queue[bad], nullptr)),
      // A hint that is not looked at.
      ROW(cnrtInvokeKernel_V3, extra_param, kHandle, kOk,
          (w.kernel.live, w.init.live, kOne, w.params.live, kBlock, w.queue.live, w.block[bad])),
  };
}

}  // namespace bad_arguments
