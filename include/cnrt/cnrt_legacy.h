/* The interface of the MLU100 that programs of 2018 and 2019 use: descriptors of data, functions
 * that are run without a context, streams and events. cnrt.h includes it where CNRT_LEGACY is
 * defined; the rules of cnrt.h hold. Plain C, our own text.
 *
 * A function is run in the order cnrtExtractFunction, cnrtInitFunctionMemory_V2,
 * cnrtInvokeFunction_V2. With data parallelism N there are N items back to back in each tensor's
 * memory, on the host and on the device, and a run takes all of them.
 */
#ifndef __CNRT_LEGACY_H
#define __CNRT_LEGACY_H

#include "cnrt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cnrtDataDesc *cnrtDataDesc_t, **cnrtDataDescArray_t;
typedef cnrtQueue_t cnrtStream_t;
typedef cnrtNotifier_t cnrtEvent_t;

/* ---- descriptors (src/cnrt/legacy.cc) ---- */

/* One descriptor a tensor, descArray[i]; the function owns them. INVALID_POINTER: null or no
 * function; NO_EXIST: nothing extracted yet. */
CNRT_DLL_API cnrtRet_t cnrtGetInputDataDesc(cnrtDataDescArray_t *descArray, int *num,
                                            cnrtFunction_t function);
CNRT_DLL_API cnrtRet_t cnrtGetOutputDataDesc(cnrtDataDescArray_t *descArray, int *num,
                                             cnrtFunction_t function);
/* A wrong descriptor is INVALID_DATADESC here and below. A tensor of two dimensions has h = w = 1.
 */
CNRT_DLL_API cnrtRet_t cnrtGetDataShape(cnrtDataDesc_t desc, unsigned *n, unsigned *c, unsigned *h,
                                        unsigned *w);
/* How the host has the data, for the copies below: as the device until it is said, which is NHWC.
 * UNSUPPORTED: another order than CNRT_NCHW and CNRT_NHWC. */
CNRT_DLL_API cnrtRet_t cnrtSetHostDataLayout(cnrtDataDesc_t desc, cnrtDataType_t dtype,
                                             cnrtDimOrder_t order);
/* Elements of one item. */
CNRT_DLL_API cnrtRet_t cnrtGetHostDataCount(cnrtDataDesc_t desc, int *count);
/* Bytes: 1. */
CNRT_DLL_API cnrtRet_t cnrtGetMemcpyBatchAlignment(cnrtDataDesc_t desc, unsigned int *alignment);

/* ---- device memory by descriptors ---- */

/* On the current device. The Array forms make the array of pointers, too, which cnrtFreeArray takes
 * back with the blocks. INVALID: dataParallelism below 1. */
CNRT_DLL_API cnrtRet_t cnrtMallocBatch(void **pPtr, size_t bytes, int dataParallelism);
CNRT_DLL_API cnrtRet_t cnrtMallocByDesc(void **pPtr, cnrtDataDesc_t dataDesc);
CNRT_DLL_API cnrtRet_t cnrtMallocBatchByDesc(void **pPtr, cnrtDataDesc_t dataDesc,
                                             int dataParallelism);
CNRT_DLL_API cnrtRet_t cnrtMallocByDescArray(void ***pPtrArray, cnrtDataDescArray_t dataDescArray,
                                             int length);
CNRT_DLL_API cnrtRet_t cnrtMallocBatchByDescArray(void ***pPtrArray,
                                                  cnrtDataDescArray_t dataDescArray, int length,
                                                  int dataParallelism);
/* Copies of whole tensors from host to device or back, with the conversion of type and order that
 * cnrtSetHostDataLayout asks for. UNSUPPORTED: types that cnrtCastDataType does not convert. */
CNRT_DLL_API cnrtRet_t cnrtMemcpyByDesc(void *dst, void *src, cnrtDataDesc_t dataDesc,
                                        cnrtMemTransDir_t dir);
CNRT_DLL_API cnrtRet_t cnrtMemcpyBatchByDesc(void *dst, void *src, cnrtDataDesc_t dataDesc,
                                             int dataParallelism, cnrtMemTransDir_t dir);
CNRT_DLL_API cnrtRet_t cnrtMemcpyByDescArray(void **dstArray, void **srcArray,
                                             cnrtDataDescArray_t dataDescArray, int length,
                                             cnrtMemTransDir_t dir);
CNRT_DLL_API cnrtRet_t cnrtMemcpyBatchByDescArray(void **dstArray, void **srcArray,
                                                  cnrtDataDescArray_t dataDescArray, int length,
                                                  int dataParallelism, cnrtMemTransDir_t dir);
/* bytes: of one item. No conversion. */
CNRT_DLL_API cnrtRet_t cnrtMemcpyBatch(void *dst, void *src, size_t bytes, int dataParallelism,
                                       cnrtMemTransDir_t dir);

/* ---- runs without a context ---- */

/* On the current device; again is no error. What is given is a hint and not looked at. */
CNRT_DLL_API cnrtRet_t cnrtInitFunctionMemory(cnrtFunction_t function,
                                              cnrtFunctionType_t func_type);
CNRT_DLL_API cnrtRet_t cnrtInitFunctionMemory_V2(cnrtFunction_t function,
                                                 cnrtInitFuncParam_t *param);
/* Asynchronous, as cnrtInvokeRuntimeContext. INIT: no memory on the current device. extra_param:
 * null or a cnrtInvokeFuncParam_t, of which *data_parallelism is read. `dim`, `func_type` and
 * `priv`: not looked at. */
CNRT_DLL_API cnrtRet_t cnrtInvokeFunction_V2(cnrtFunction_t function, cnrtDim3_t dim, void **params,
                                             cnrtFunctionType_t func_type, cnrtQueue_t queue,
                                             void *extra_param);
CNRT_DLL_API cnrtRet_t cnrtInvokeFunction(cnrtFunction_t function, cnrtDim3_t dim, void **params,
                                          cnrtFunctionType_t c, cnrtStream_t stream, void *priv);
CNRT_DLL_API cnrtRet_t cnrtInvokeKernel(const void *function, cnrtDim3_t dim,
                                        cnrtKernelParamsBuffer_t params, cnrtFunctionType_t c,
                                        cnrtStream_t stream);

/* ---- streams are queues, events are notifiers ---- */

CNRT_DLL_API cnrtRet_t cnrtCreateStream(cnrtStream_t *pStream);
CNRT_DLL_API cnrtRet_t cnrtDestroyStream(cnrtStream_t stream);
CNRT_DLL_API cnrtRet_t cnrtSyncStream(cnrtStream_t stream);
CNRT_DLL_API cnrtRet_t cnrtQueryStream(cnrtStream_t stream);
CNRT_DLL_API cnrtRet_t cnrtCreateEvent(cnrtEvent_t *event);
/* The handle itself, where cnrtDestroyNotifier takes its address. */
CNRT_DLL_API cnrtRet_t cnrtDestroyEvent(cnrtEvent_t event);
CNRT_DLL_API cnrtRet_t cnrtPlaceEvent(cnrtEvent_t event, cnrtStream_t stream);
CNRT_DLL_API cnrtRet_t cnrtQueryEvent(cnrtEvent_t event);
CNRT_DLL_API cnrtRet_t cnrtWaitEvent(cnrtEvent_t event);
CNRT_DLL_API cnrtRet_t cnrtStreamWaitEvent(cnrtEvent_t event, cnrtStream_t stream,
                                           unsigned int flag);
/* Microseconds. */
CNRT_DLL_API cnrtRet_t cnrtEventElapsedTime(cnrtEvent_t event_start, cnrtEvent_t event_end,
                                            float *ptv);

#ifdef __cplusplus
}
#endif
#endif /* __CNRT_LEGACY_H */
