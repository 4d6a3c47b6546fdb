// The interface of the MLU100.
#include "world.h"

namespace bad_arguments {
namespace {

constexpr auto kIn = CNRT_MEM_TRANS_DIR_HOST2DEV;
constexpr auto kBlock = CNRT_FUNC_TYPE_BLOCK;
constexpr auto kNoDesc = CNRT_RET_ERR_INVALID_DATADESC;
constexpr cnrtDim3_t kOne = {1, 1, 1};

Rows DataDescRows() {
  using Array = cnrtDataDescArray_t;
  return {
      ROW(cnrtGetInputDataDesc, descArray, kPointer, kInvalidPointer,
          (nullptr, w.Out<int>(), w.function.live)),
      ROW(cnrtGetInputDataDesc, num, kPointer, kInvalidPointer,
          (w.Out<Array>(), nullptr, w.function.live)),
      ROW(cnrtGetInputDataDesc, function, kHandle, kInvalidPointer,
          (w.Out<Array>(), w.Out<int>(), w.function[bad])),
      ROW(cnrtGetOutputDataDesc, descArray, kPointer, kInvalidPointer,
          (nullptr, w.Out<int>(), w.function.live)),
      ROW(cnrtGetOutputDataDesc, num, kPointer, kInvalidPointer,
          (w.Out<Array>(), nullptr, w.function.live)),
      ROW(cnrtGetOutputDataDesc, function, kHandle, kInvalidPointer,
          (w.Out<Array>(), w.Out<int>(), w.function[bad])),
      ROW(cnrtGetDataShape, desc, kHandle, kNoDesc,
          (w.data[bad], w.Out<unsigned>(), w.Out<unsigned>(), w.Out<unsigned>(),
           w.Out<unsigned>())),
      ROW(cnrtGetDataShape, n, kPointer, kInvalid,
          (w.data.live, nullptr, w.Out<unsigned>(), w.Out<unsigned>(), w.Out<unsigned>())),
      ROW(cnrtGetDataShape, c, kPointer, kInvalid,
          (w.data.live, w.Out<unsigned>(), nullptr, w.Out<unsigned>(), w.Out<unsigned>())),
      ROW(cnrtGetDataShape, h, kPointer, kInvalid,
          (w.data.live, w.Out<unsigned>(), w.Out<unsigned>(), nullptr, w.Out<unsigned>())),
      ROW(cnrtGetDataShape, w, kPointer, kInvalid,
          (w.data.live, w.Out<unsigned>(), w.Out<unsigned>(), w.Out<unsigned>(), nullptr)),
      ROW(cnrtSetHostDataLayout, desc, kHandle, kNoDesc, (w.data[bad], CNRT_FLOAT32, CNRT_NCHW)),
      ROW(cnrtGetHostDataCount, desc, kHandle, kNoDesc, (w.data[bad], w.Out<int>())),
      ROW(cnrtGetHostDataCount, count, kPointer, kInvalid, (w.data.live, nullptr)),
      ROW(cnrtGetMemcpyBatchAlignment, desc, kHandle, kNoDesc, (w.data[bad], w.Out<unsigned>())),
      ROW(cnrtGetMemcpyBatchAlignment, alignment, kPointer, kInvalid, (w.data.live, nullptr)),
  };
}

Rows DataMemoryRows() {
  return {
      ROW(cnrtMallocBatch, pPtr, kPointer, kInvalid, (nullptr, 64, 1)),
      ROW(cnrtMallocBatch, dataParallelism, kPointer, kInvalid, (w.Out<void*>(), 64, 0)),
      ROW(cnrtMallocByDesc, pPtr, kPointer, kInvalid, (nullptr, w.data.live)),
      ROW(cnrtMallocByDesc, dataDesc, kHandle, kNoDesc, (w.Out<void*>(), w.data[bad])),
      ROW(cnrtMallocBatchByDesc, pPtr, kPointer, kInvalid, (nullptr, w.data.live, 2)),
      ROW(cnrtMallocBatchByDesc, dataDesc, kHandle, kNoDesc, (w.Out<void*>(), w.data[bad], 2)),
      ROW(cnrtMallocByDescArray, pPtrArray, kPointer, kInvalid, (nullptr, w.datas.live, 1)),
      ROW(cnrtMallocByDescArray, dataDescArray, (Kinds{Bad::kNull, Bad::kForeign}), kInvalid,
          (w.Out<void**>(), w.datas[bad], 1)),
      ROW(cnrtMallocByDescArray, dataDescArray, (Kinds{Bad::kStale, Bad::kAddress}), kNoDesc,
          (w.Out<void**>(), w.datas[bad], 1)),
      ROW(cnrtMallocBatchByDescArray, pPtrArray, kPointer, kInvalid, (nullptr, w.datas.live, 1, 2)),
      ROW(cnrtMallocBatchByDescArray, dataDescArray, (Kinds{Bad::kNull, Bad::kForeign}), kInvalid,
          (w.Out<void**>(), w.datas[bad], 1, 2)),
      ROW(cnrtMallocBatchByDescArray, dataDescArray, (Kinds{Bad::kStale, Bad::kAddress}), kNoDesc,
          (w.Out<void**>(), w.datas[bad], 1, 2)),
      ROW(cnrtMemcpyByDesc, dst, kPointer, kInvalid, (nullptr, w.memory, w.data.live, kIn)),
      ROW(cnrtMemcpyByDesc, dst, kNotNull, kNoAddress, (w.block[bad], w.memory, w.data.live, kIn)),
      ROW(cnrtMemcpyByDesc, src, kPointer, kInvalid, (w.block.live, nullptr, w.data.live, kIn)),
      ROW(cnrtMemcpyByDesc, dataDesc, kHandle, kNoDesc, (w.block.live, w.memory, w.data[bad], kIn)),
      ROW(cnrtMemcpyBatchByDesc, dst, kPointer, kInvalid, (nullptr, w.memory, w.data.live, 2, kIn)),
      ROW(cnrtMemcpyBatchByDesc, dst, kNotNull, kNoAddress,
          (w.block[bad], w.memory, w.data.live, 2, kIn)),
      ROW(cnrtMemcpyBatchByDesc, src, kPointer, kInvalid,
          (w.block.live, nullptr, w.data.live, 2, kIn)),
      ROW(cnrtMemcpyBatchByDesc, dataDesc, kHandle, kNoDesc,
          (w.block.live, w.memory, w.data[bad], 2, kIn)),
      ROW(cnrtMemcpyByDescArray, dstArray, kPointer, kInvalid,
          (nullptr, w.At<void*>(w.memory), w.datas.live, 1, kIn)),
      ROW(cnrtMemcpyByDescArray, dstArray, kNotNull, kNoAddress,
          (w.At(w.block[bad]), w.At<void*>(w.memory), w.datas.live, 1, kIn)),
      ROW(cnrtMemcpyByDescArray, srcArray, kPointer, kInvalid,
          (w.At(w.block.live), nullptr, w.datas.live, 1, kIn)),
      ROW(cnrtMemcpyByDescArray, dataDescArray, (Kinds{Bad::kNull, Bad::kForeign}), kInvalid,
          (w.At(w.block.live), w.At<void*>(w.memory), w.datas[bad], 1, kIn)),
      ROW(cnrtMemcpyByDescArray, dataDescArray, (Kinds{Bad::kStale, Bad::kAddress}), kNoDesc,
          (w.At(w.block.live), w.At<void*>(w.memory), w.datas[bad], 1, kIn)),
      ROW(cnrtMemcpyBatchByDescArray, dstArray, kPointer, kInvalid,
          (nullptr, w.At<void*>(w.memory), w.datas.live, 1, 2, kIn)),
      ROW(cnrtMemcpyBatchByDescArray, srcArray, kPointer, kInvalid,
          (w.At(w.block.live), nullptr, w.datas.live, 1, 2, kIn)),
      ROW(cnrtMemcpyBatchByDescArray, dataDescArray, (Kinds{Bad::kNull, Bad::kForeign}), kInvalid,
          (w.At(w.block.live), w.At<void*>(w.memory), w.datas[bad], 1, 2, kIn)),
      ROW(cnrtMemcpyBatchByDescArray, dataDescArray, (Kinds{Bad::kStale, Bad::kAddress}), kNoDesc,
          (w.At(w.block.live), w.At<void*>(w.memory), w.datas[bad], 1, 2, kIn)),
      ROW(cnrtMemcpyBatch, dst, kPointer, kInvalid, (nullptr, w.memory, 64, 2, kIn)),
      ROW(cnrtMemcpyBatch, dst, kNotNull, kNoAddress, (w.block[bad], w.memory, 64, 2, kIn)),
      ROW(cnrtMemcpyBatch, src, kPointer, kInvalid, (w.block.live, nullptr, 64, 2, kIn)),
  };
}

Rows FunctionRunRows() {
  return {
      ROW(cnrtInitFunctionMemory, function, kHandle, kInvalidPointer, (w.function[bad], kBlock)),
      ROW(cnrtInitFunctionMemory_V2, function, kHandle, kInvalidPointer,
          (w.function[bad], nullptr)),
      // Hints that are not looked at.
      ROW(cnrtInitFunctionMemory_V2, param, kPointer, kOk, (w.function.live, nullptr)),
      ROW(cnrtInvokeFunction_V2, function, kHandle, kInvalidPointer,
          (w.function[bad], kOne, w.Params(w.block.live, w.block.live), kBlock, w.queue.live,
           nullptr)),
      ROW(cnrtInvokeFunction_V2, params, kPointer, kInvalid,
          (w.function.live, kOne, nullptr, kBlock, w.queue.live, nullptr)),
      ROW(cnrtInvokeFunction_V2, params, kHandle, kInvalid,
          (w.function.live, kOne, w.Params(w.block.live, w.block[bad]), kBlock, w.queue.live,
           nullptr)),
      ROW(cnrtInvokeFunction_V2, queue, kNotNull, kQueueError,
          (w.function.live, kOne, w.Params(w.block.live, w.block.live), kBlock, w.queue[bad],
           nullptr)),
      ROW(cnrtInvokeFunction_V2, extra_param, kPointer, kOk,
          (w.function.live, kOne, w.Params(w.block.live, w.block.live), kBlock, w.queue.live,
           nullptr)),
      ROW(cnrtInvokeFunction, function, kHandle, kInvalidPointer,
          (w.function[bad], kOne, w.Params(w.block.live, w.block.live), kBlock, w.queue.live,
           nullptr)),
      ROW(cnrtInvokeFunction, params, kPointer, kInvalid,
          (w.function.live, kOne, nullptr, kBlock, w.queue.live, nullptr)),
      ROW(cnrtInvokeFunction, stream, kNotNull, kQueueError,
          (w.function.live, kOne, w.Params(w.block.live, w.block.live), kBlock, w.queue[bad],
           nullptr)),
      ROW(cnrtInvokeFunction, priv, kHandle, kOk,
          (w.function.live, kOne, w.Params(w.block.live, w.block.live), kBlock, w.queue.live,
           w.block[bad])),
      ROW(cnrtInvokeKernel, function, kHandle, kInvalid,
          (w.kernel[bad], kOne, w.params.live, kBlock, w.queue.live)),
      ROW(cnrtInvokeKernel, params, kHandle, kInvalid,
          (w.kernel.live, kOne, w.params[bad], kBlock, w.queue.live)),
      ROW(cnrtInvokeKernel, stream, kNotNull, kQueueError,
          (w.kernel.live, kOne, w.params.live, kBlock, w.queue[bad])),
  };
}

Rows StreamRows() {
  return {
      ROW(cnrtCreateStream, pStream, kPointer, kInvalid, (nullptr)),
      ROW(cnrtDestroyStream, stream, kHandle, kInvalid, (w.queue[bad])),
      ROW(cnrtSyncStream, stream, kNotNull, kQueueError, (w.queue[bad])),
      ROW(cnrtQueryStream, stream, kNotNull, kQueueError, (w.queue[bad])),
      ROW(cnrtCreateEvent, event, kPointer, kInvalid, (nullptr)),
      ROW(cnrtDestroyEvent, event, kHandle, kInvalid, (w.notifier[bad])),
      ROW(cnrtPlaceEvent, event, kHandle, kInvalid, (w.notifier[bad], w.queue.live)),
      ROW(cnrtPlaceEvent, stream, kNotNull, kQueueError, (w.notifier.live, w.queue[bad])),
      ROW(cnrtQueryEvent, event, kHandle, kInvalid, (w.notifier[bad])),
      ROW(cnrtWaitEvent, event, kHandle, kInvalid, (w.notifier[bad])),
      ROW(cnrtStreamWaitEvent, event, kHandle, kInvalid, (w.notifier[bad], w.queue.live, 0)),
      ROW(cnrtStreamWaitEvent, stream, kNotNull, kQueueError, (w.notifier.live, w.queue[bad], 0)),
      ROW(cnrtEventElapsedTime, event_start, kHandle, kInvalid,
          (w.placed[bad], w.placed.live, w.Out<float>())),
      ROW(cnrtEventElapsedTime, event_end, kHandle, kInvalid,
          (w.placed.live, w.placed[bad], w.Out<float>())),
      ROW(cnrtEventElapsedTime, ptv, kPointer, kInvalid, (w.placed.live, w.placed.live, nullptr)),
  };
}

}  // namespace

Rows LegacyRows() {
  Rows rows = DataDescRows();
  for (const Rows& more : {DataMemoryRows(), FunctionRunRows(), StreamRows()})
    rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace bad_arguments
