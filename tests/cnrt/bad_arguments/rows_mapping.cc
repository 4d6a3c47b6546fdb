// Mapped and shared memory, lists of named values.
#include "world.h"

namespace bad_arguments {

Rows MappingRows() {
  constexpr auto kFlush = CNRT_FLUSH_CACHE;
  return {
      ROW(cnrtMap, host_ptr, kPointer, kInvalid, (nullptr, w.block.live)),
      ROW(cnrtMap, dev_ptr, kHandle, kNoAddress, (w.Out<void*>(), w.block[bad])),
      ROW(cnrtMapRange, host_ptr, kPointer, kInvalid, (nullptr, w.block.live, 64)),
      ROW(cnrtMapRange, dev_ptr, kHandle, kNoAddress, (w.Out<void*>(), w.block[bad], 64)),
      ROW(cnrtUnmap, host_ptr, kHandle, CNRT_RET_ERR_UNMAP, (w.mapped[bad])),
      ROW(cnrtFindDevAddrByMappedAddr, mappped_host_ptr, kHandle, kNoAddress,
          (w.mapped[bad], w.Out<void*>())),
      ROW(cnrtFindDevAddrByMappedAddr, dev_ptr, kPointer, kInvalid, (w.mapped.live, nullptr)),
      ROW(cnrtFindDevAddrWithOffsetByMappedAddr, mapped_host_ptr, kHandle, kNoAddress,
          (w.mapped[bad], w.Out<void*>())),
      ROW(cnrtFindDevAddrWithOffsetByMappedAddr, dev_ptr, kPointer, kInvalid,
          (w.mapped.live, nullptr)),
      ROW(cnrtCacheOperation, host_ptr, kHandle, kInvalid, (w.mapped[bad], kFlush)),
      ROW(cnrtCacheOperationRange, host_ptr, kHandle, kInvalid, (w.mapped[bad], 1, kFlush)),
      ROW(cnrtAcquireMemHandle, handle, kPointer, kInvalid, (nullptr, w.block.live)),
      ROW(cnrtAcquireMemHandle, devPtr, kHandle, kNoAddress,
          (w.Out<cnrtIpcMemHandle>(), w.block[bad])),
      ROW(cnrtMapMemHandle, devPtr, kPointer, kInvalid, (nullptr, w.shared.live, 0)),
      ROW(cnrtMapMemHandle, handle, kPointer, kInvalid, (w.Out<void*>(), nullptr, 0)),
      // The handle is known, and its block is gone.
      ROW(cnrtMapMemHandle, handle, kDestroyed, kNoAddress, (w.Out<void*>(), w.shared[bad], 0)),
      ROW(cnrtMapMemHandle, handle, (Kinds{Bad::kForeign, Bad::kAddress}), kInvalid,
          (w.Out<void*>(), w.shared[bad], 0)),
      ROW(cnrtUnMapMemHandle, devPtr, kHandle, kInvalid, (w.opened[bad])),
      ROW(cnrtAllocParam, pParam, kPointer, kInvalid, (nullptr)),
      ROW(cnrtAddParam, param, kHandle, kInvalid, (w.list[bad], w.name, 1, w.memory)),
      ROW(cnrtAddParam, name, kPointer, kInvalid, (w.list.live, nullptr, 1, w.memory)),
      ROW(cnrtAddParam, data, kPointer, kInvalid, (w.list.live, w.name, 1, nullptr)),
      ROW(cnrtGetParam, param, kHandle, kInvalid, (w.list[bad], w.name, w.Out<int>(), 4)),
      ROW(cnrtGetParam, name, kPointer, kInvalid, (w.list.live, nullptr, w.Out<int>(), 4)),
      ROW(cnrtGetParam, name, kPointer, CNRT_RET_ERR_NO_EXIST,
          (w.list.live, w.name, w.Out<int>(), 4)),
      ROW(cnrtGetParam, out, kPointer, kInvalid, (w.list.live, w.name, nullptr, 4)),
      ROW(cnrtDestroyParam, param, kHandle, kInvalid, (w.list[bad])),
      ROW(cnrtMallocBufferEx, pPtr, kPointer, kInvalid, (nullptr, w.list.live)),
      ROW(cnrtMallocBufferEx, param, kHandle, kInvalid, (w.Out<void*>(), w.list[bad])),
  };
}

}  // namespace bad_arguments
