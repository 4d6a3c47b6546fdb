// Runtime contexts and runs.
#include "world.h"

namespace bad_arguments {
namespace {

using Context = cnrtRuntimeContext_t;

Rows MakingRows() {
  return {
      ROW(cnrtCreateRuntimeContext, pctx, kPointer, kInvalid, (nullptr, w.function.live, nullptr)),
      ROW(cnrtCreateRuntimeContext, function, kHandle, kInvalid,
          (w.Out<Context>(), w.function[bad], nullptr)),
      ROW(cnrtSetRuntimeContextDeviceId, pctx, kHandle, kInvalid, (w.context[bad], 0)),
      ROW(cnrtSetRuntimeContextChannel, pctx, kHandle, kInvalid,
          (w.context[bad], CNRT_CHANNEL_TYPE_0)),
      ROW(cnrtInitRuntimeContext, pctx, kHandle, kInvalid, (w.context[bad], nullptr)),
      ROW(cnrtForkRuntimeContext, dst_pctx, kPointer, kInvalid, (nullptr, w.context.live, nullptr)),
      ROW(cnrtForkRuntimeContext, src_pctx, kHandle, kInvalid,
          (w.Out<Context>(), w.context[bad], nullptr)),
      ROW(cnrtForkRuntimeContext, src_pctx, kPointer, CNRT_RET_ERR_INIT,
          (w.Out<Context>(), w.uninitialised.live, nullptr)),
      // Hints that are not looked at.
      ROW(cnrtCreateRuntimeContext, extra, kHandle, kOk,
          (w.Out<Context>(), w.function.live, w.block[bad])),
      ROW(cnrtInitRuntimeContext, extra, kHandle, kOk, (w.uninitialised.live, w.block[bad])),
      ROW(cnrtForkRuntimeContext, extra, kHandle, kOk,
          (w.Out<Context>(), w.context.live, w.block[bad])),
      ROW(cnrtDestroyRuntimeContext, pctx, kHandle, kInvalid, (w.context[bad])),
      ROW(cnrtSetCurrentContextDevice, pctx, kHandle, kInvalid, (w.context[bad])),
      ROW(cnrtRuntimeContextCreateQueue, pctx, kHandle, kInvalid,
          (w.context[bad], w.Out<cnrtQueue_t>())),
      ROW(cnrtRuntimeContextCreateQueue, pctx, kPointer, CNRT_RET_ERR_INIT,
          (w.uninitialised.live, w.Out<cnrtQueue_t>())),
      ROW(cnrtRuntimeContextCreateQueue, queue, kPointer, kInvalidPointer,
          (w.context.live, nullptr)),
      ROW(cnrtRuntimeContextCreateNotifier, pctx, kHandle, kInvalid,
          (w.context[bad], w.Out<cnrtNotifier_t>())),
      ROW(cnrtRuntimeContextCreateNotifier, pctx, kPointer, CNRT_RET_ERR_INIT,
          (w.uninitialised.live, w.Out<cnrtNotifier_t>())),
      ROW(cnrtRuntimeContextCreateNotifier, pnotifier, kPointer, kInvalidPointer,
          (w.context.live, nullptr)),
      ROW(cnrtGetRuntimeContextInfo, pctx, kHandle, kInvalid,
          (w.context[bad], CNRT_RT_CTX_FUNCTION, w.Out<void*>())),
      ROW(cnrtGetRuntimeContextInfo, out, kPointer, kInvalidPointer,
          (w.context.live, CNRT_RT_CTX_FUNCTION, nullptr)),
  };
}

Rows RunRows() {
  return {
      ROW(cnrtInvokeRuntimeContext, pctx, kHandle, kInvalid,
          (w.context[bad], w.Params(w.block.live, w.block.live), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext, pctx, kPointer, CNRT_RET_ERR_INIT,
          (w.uninitialised.live, w.Params(w.block.live, w.block.live), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext, params, kPointer, kInvalid,
          (w.context.live, nullptr, w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext, params, kHandle, kInvalid,
          (w.context.live, w.Params(w.block[bad], w.block.live), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext, params, kHandle, kInvalid,
          (w.context.live, w.Params(w.block.live, w.block[bad]), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext, queue, kNotNull, kQueueError,
          (w.context.live, w.Params(w.block.live, w.block.live), w.queue[bad], nullptr)),
      ROW(cnrtInvokeRuntimeContext_V2, pctx, kHandle, kInvalid,
          (w.context[bad], nullptr, w.Params(w.block.live, w.block.live), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext_V2, param_buffers, kPointer, kInvalid,
          (w.context.live, nullptr, nullptr, w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext_V2, param_buffers, kHandle, kInvalid,
          (w.context.live, nullptr, w.Params(w.block.live, w.block[bad]), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext_V2, queue, kNotNull, kQueueError,
          (w.context.live, nullptr, w.Params(w.block.live, w.block.live), w.queue[bad], nullptr)),
      ROW(cnrtInvokeRuntimeContext_V3, pctx, kHandle, kInvalid,
          (w.context[bad], w.ints, w.Params(w.block.live, w.block.live), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext_V3, batch_sizes, kPointer, kOk,
          (w.context.live, nullptr, w.Params(w.block.live, w.block.live), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext_V3, batch_sizes, kPointer, kInvalid,
          (w.context.live, w.ints + 1, w.Params(w.block.live, w.block.live), w.queue.live,
           nullptr)),
      ROW(cnrtInvokeRuntimeContext_V3, param_buffers, kPointer, kInvalid,
          (w.context.live, w.ints, nullptr, w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext_V3, param_buffers, kHandle, kInvalid,
          (w.context.live, w.ints, w.Params(w.block[bad], w.block.live), w.queue.live, nullptr)),
      ROW(cnrtInvokeRuntimeContext_V3, queue, kNotNull, kQueueError,
          (w.context.live, w.ints, w.Params(w.block.live, w.block.live), w.queue[bad], nullptr)),
      // Hints that are not looked at, dangling in known clients; descriptors of fixed shapes.
      ROW(cnrtInvokeRuntimeContext, extra, kHandle, kOk,
          (w.context.live, w.Params(w.block.live, w.block.live), w.queue.live, w.block[bad])),
      ROW(cnrtInvokeRuntimeContext_V2, extra, kHandle, kOk,
          (w.context.live, nullptr, w.Params(w.block.live, w.block.live), w.queue.live,
           w.block[bad])),
      ROW(cnrtInvokeRuntimeContext_V3, extra, kHandle, kOk,
          (w.context.live, w.ints, w.Params(w.block.live, w.block.live), w.queue.live,
           w.block[bad])),
      ROW(cnrtInvokeRuntimeContext_V2, param_descs, kHandle, kOk,
          (w.context.live, w.descs[bad], w.Params(w.block.live, w.block.live), w.queue.live,
           nullptr)),
  };
}

Rows ContextMemoryRows() {
  return {
      ROW(cnrtRuntimeContextMallocBySizeArray, pctx, kHandle, kInvalid,
          (w.context[bad], w.Out<void**>(), w.sizes, 2)),
      ROW(cnrtRuntimeContextMallocBySizeArray, ptr, kPointer, kInvalid,
          (w.context.live, nullptr, w.sizes, 2)),
      ROW(cnrtRuntimeContextMallocBySizeArray, bytesArray, kPointer, kInvalid,
          (w.context.live, w.Out<void**>(), nullptr, 2)),
      ROW(cnrtRuntimeContextFree, pctx, kHandle, kInvalid, (w.context[bad], w.block.live)),
      ROW(cnrtRuntimeContextFree, ptr, kHandle, kNoAddress, (w.context.live, w.block[bad])),
      ROW(cnrtRuntimeContextFreeArray, pctx, kHandle, kInvalid, (w.context[bad], w.array.live, 1)),
      ROW(cnrtRuntimeContextFreeArray, ptr, kHandle, kInvalid, (w.context.live, w.array[bad], 1)),
      ROW(cnrtRuntimeContextFreeArray, length, kPointer, kInvalid,
          (w.context.live, w.array.live, 2)),
  };
}

}  // namespace

Rows ContextRows() {
  Rows rows = MakingRows();
  for (const Row& row : RunRows()) rows.push_back(row);
  for (const Row& row : ContextMemoryRows()) rows.push_back(row);
  return rows;
}

}  // namespace bad_arguments
