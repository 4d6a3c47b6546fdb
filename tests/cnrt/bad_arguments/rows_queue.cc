// Queues and notifiers. A null queue is the default one.
#include "world.h"

namespace bad_arguments {

Rows QueueRows() {
  return {
      ROW(cnrtCreateQueue, pQueue, kPointer, kInvalid, (nullptr)),
      ROW(cnrtQueueCreate, queue, kPointer, kInvalid, (nullptr)),
      ROW(cnrtDestroyQueue, queue, kHandle, kInvalid, (w.queue[bad])),
      ROW(cnrtQueueDestroy, queue, kHandle, kInvalid, (w.queue[bad])),
      ROW(cnrtSyncQueue, queue, kNotNull, kQueueError, (w.queue[bad])),
      ROW(cnrtQueueSync, queue, kNotNull, kQueueError, (w.queue[bad])),
      ROW(cnrtQueryQueue, queue, kNotNull, kQueueError, (w.queue[bad])),
      ROW(cnrtCreateNotifier, notifier, kPointer, kInvalid, (nullptr)),
      ROW(cnrtNotifierCreate, notifier, kPointer, kInvalid, (nullptr)),
      ROW(cnrtDestroyNotifier, notifier, kPointer, kInvalid, (nullptr)),
      ROW(cnrtDestroyNotifier, notifier, kHandle, kInvalid, (w.At(w.notifier[bad]))),
      ROW(cnrtNotifierDestroy, notifier, kHandle, kInvalid, (w.notifier[bad])),
      ROW(cnrtPlaceNotifier, notifier, kHandle, kInvalid, (w.notifier[bad], w.queue.live)),
      ROW(cnrtPlaceNotifier, queue, kNotNull, kQueueError, (w.notifier.live, w.queue[bad])),
      ROW(cnrtQueryNotifier, notifier, kHandle, kInvalid, (w.notifier[bad])),
      ROW(cnrtWaitNotifier, notifier, kHandle, kInvalid, (w.notifier[bad])),
      ROW(cnrtQueueWaitNotifier, notifier, kHandle, kInvalid, (w.notifier[bad], w.queue.live, 0)),
      ROW(cnrtQueueWaitNotifier, queue, kNotNull, kQueueError, (w.notifier.live, w.queue[bad], 0)),
      ROW(cnrtNotifierDuration, start, kHandle, kInvalid,
          (w.placed[bad], w.placed.live, w.Out<float>())),
      ROW(cnrtNotifierDuration, start, kPointer, CNRT_RET_ERR_CNDRV_FUNC_CALL,
          (w.notifier.live, w.placed.live, w.Out<float>())),
      ROW(cnrtNotifierDuration, end, kHandle, kInvalid,
          (w.placed.live, w.placed[bad], w.Out<float>())),
      ROW(cnrtNotifierDuration, us, kPointer, kInvalid, (w.placed.live, w.placed.live, nullptr)),
      ROW(cnrtNotifierElapsedTime, start, kHandle, kInvalid,
          (w.placed[bad], w.placed.live, w.Out<float>())),
      ROW(cnrtNotifierElapsedTime, end, kHandle, kInvalid,
          (w.placed.live, w.placed[bad], w.Out<float>())),
      ROW(cnrtNotifierElapsedTime, ms, kPointer, kInvalid, (w.placed.live, w.placed.live, nullptr)),
  };
}

}  // namespace bad_arguments
