/* The CNRT interface of Neuware 4.x, for the software MLU. Plain C; the text is this project's own,
 * names and values are those that programs written for CNRT use, so that they compile and link
 * unchanged against libcnrt.so.
 *
 * Every function returns CNRT_RET_SUCCESS or an error; none throws, none crashes on a null, stale
 * or foreign handle. An output is null or 0 after an error. Functions may be called from any
 * thread. "Asynchronous" functions only put work into a queue, which runs it in order on a thread
 * of its own; the first error of such work is what the next cnrtSyncQueue of that queue returns.
 * Sizes are bytes. Device pointers are ordinary addresses and may be offset.
 */
#ifndef __CNRT_H
#define __CNRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CNRT_MAJOR_VERSION 4
#define CNRT_MINOR_VERSION 3
#define CNRT_PATCH_VERSION 0
#define CNRT_VERSION (CNRT_MAJOR_VERSION * 10000 + CNRT_MINOR_VERSION * 100 + CNRT_PATCH_VERSION)

#ifndef CNRT_DLL_API
#define CNRT_DLL_API __attribute__((visibility("default")))
#endif

#ifndef __CAMB_TYPES_H
#define __CAMB_TYPES_H
typedef uint64_t u64_t;
typedef int64_t i64_t;
typedef uint32_t u32_t;
typedef int32_t i32_t;
typedef uint16_t u16_t;
typedef int16_t i16_t;
typedef uint8_t u8_t;
typedef int8_t i8_t;
#endif

#define CNRT_PARAM_END ((void *)0xFFFFFFFF)

#ifdef __cplusplus
extern "C" {
#endif

/* ---- results ---- */

typedef enum {
  CNRT_RET_SUCCESS = 0,
  CNRT_RET_WARNING_FAKE_DEVICE = 1,
  CNRT_RET_ERR_NOT_READY = 632006,
  CNRT_RET_ERR_INVALID = 632007,
  CNRT_RET_ERR_NOMEM = 632008,
  CNRT_RET_ERR_NODEV = 632009,
  CNRT_RET_ERR_IO = 632010,
  CNRT_RET_ERR_SYS = 632011,
  CNRT_RET_ERR_ACCES = 632012,
  CNRT_RET_ERR_ACCESS = CNRT_RET_ERR_ACCES,
  CNRT_RET_ERR_FAULT = 632013,
  CNRT_RET_ERR_BUSY = 632014,
  CNRT_RET_ERR_TIMEOUT = 632015,
  CNRT_RET_ERR_EXIST = 632016,
  CNRT_RET_ERR_NOSYS = 632017,
  CNRT_RET_ERR_AGAIN = 632018,
  CNRT_RET_ERR_NORES = 632019,
  CNRT_RET_ERR_UNSUPPORTED = 632020,
  CNRT_RET_ERR_INVALID_POINTER = 632021,
  CNRT_RET_ERR_NO_EXIST = 632022,
  CNRT_RET_ERR_BROKEN = 632023,
  CNRT_RET_ERR_INIT = 632024,
  CNRT_RET_ERR_QUEUE = 632025,
  CNRT_RET_ERR_STREAM = CNRT_RET_ERR_QUEUE,
  CNRT_RET_ERR_OUT_RANGE = 632026,
  CNRT_RET_ERR_MATH_OVERFLOW = 632027,
  CNRT_RET_ERR_FUNC_CALL = 632028,
  CNRT_RET_ERR_UNHANDLED = 632029,
  CNRT_RET_ERR_INVALID_TYPE = 632030,
  CNRT_RET_ERR_INVALID_OP = 632031,
  CNRT_RET_ERR_MLU = 632032,
  CNRT_RET_ERR_ONCHIP_CORE = 632033,
  CNRT_RET_ERR_NOTIFIER = 632034,
  CNRT_RET_ERR_EVENT = CNRT_RET_ERR_NOTIFIER,
  CNRT_RET_ERR_RESHAPE = 632035,
  CNRT_RET_ERR_MEMCPY = 632036,
  CNRT_RET_ERR_ENCRYPT = 632037,
  CNRT_RET_ERR_INVALID_DATADESC = 632038,
  CNRT_RET_ERR_MAP = 632039,
  CNRT_RET_ERR_UNMAP = 632040,
  CNRT_RET_ERR_CACHE = 632041,
  CNRT_RET_ERR_FIND_DEV_ADDR = 632042,
  CNRT_RET_ERR_KERNEL_VERSION_TOO_HIGH = 632043,
  CNRT_RET_ERR_CNDRV_FUNC_CALL = 632046,
  CNRT_RET_ERR_CNDEV_FUNC_CALL = 632047,
  CNRT_RET_ERR_UNKNOWN = 999991,
  CNRT_RET_ERR_MAX = 999992
} cnrtRet_t;

/* ---- enumerations ---- */

/* The second names are those of CNRT 5. */
typedef enum {
  CNRT_MEM_TRANS_DIR_HOST2DEV = 0,
  CNRT_MEM_TRANS_DIR_DEV2DEV = 1,
  CNRT_MEM_TRANS_DIR_DEV2HOST = 2,
  CNRT_MEM_TRANS_DIR_HOST2HOST = 3,
  CNRT_MEM_TRANS_DIR_PEER2PEER = 4,
  CNRT_MEM_TRANS_DIR_NODIR = 5,
  cnrtMemcpyHostToDev = CNRT_MEM_TRANS_DIR_HOST2DEV,
  cnrtMemcpyDevToDev = CNRT_MEM_TRANS_DIR_DEV2DEV,
  cnrtMemcpyDevToHost = CNRT_MEM_TRANS_DIR_DEV2HOST,
  cnrtMemcpyHostToHost = CNRT_MEM_TRANS_DIR_HOST2HOST,
  cnrtMemcpyPeerToPeer = CNRT_MEM_TRANS_DIR_PEER2PEER,
  cnrtMemcpyNoDirection = CNRT_MEM_TRANS_DIR_NODIR
} cnrtMemTransDir_t;

typedef enum cnrtDataType {
  CNRT_INVALID = 0x0,
  CNRT_FLOAT16 = 0x12,
  CNRT_FLOAT32 = 0x13,
  CNRT_FLOAT64 = 0x14,
  CNRT_INT4 = 0x20,
  CNRT_INT8 = 0x21,
  CNRT_INT16 = 0x22,
  CNRT_INT32 = 0x23,
  CNRT_INT64 = 0x24,
  CNRT_AUTO = 0x25,
  CNRT_UINT8 = 0x31,
  CNRT_UINT16 = 0x32,
  CNRT_UINT32 = 0x33,
  CNRT_FIX8 = 0x41,
  CNRT_QUANT8 = 0x51,
  CNRT_BOOL = 0x61
} cnrtDataType_t;

typedef enum cnrtDimOrder {
  CNRT_NCHW = 0x0123,
  CNRT_NHWC = 0x0231,
  CNRT_HWCN = 0x2310,
  CNRT_TNC = 0x401,
  CNRT_NTC = 0x041,
  CNRT_NCDHW = 0x01523,
  CNRT_NDHWC = 0x05231,
  CNRT_DHWCN = 0x52310
} cnrtDimOrder_t;

/* The value is the number of cores that run one task block together. */
typedef enum {
  CNRT_FUNC_TYPE_BLOCK = 1,
  CNRT_FUNC_TYPE_BLOCK0 = 1,
  CNRT_FUNC_TYPE_BLOCK1 = 2,
  CNRT_FUNC_TYPE_UNION1 = 4,
  CNRT_FUNC_TYPE_UNION2 = 8,
  CNRT_FUNC_TYPE_UNION4 = 16,
  CNRT_FUNC_TYPE_UNION8 = 32,
  CNRT_FUNC_TYPE_UNION16 = 64,
  CNRT_FUNC_TYPE_MUTABLE = -1,
  CNRT_JOB_TYPE_BLOCK = 1,
  CNRT_JOB_TYPE_UNION1 = 4,
  CNRT_JOB_TYPE_UNION2 = 8,
  CNRT_JOB_TYPE_UNION4 = 16,
  cnrtFuncTypeBlock = 1,
  cnrtFuncTypeUnion1 = 4,
  cnrtFuncTypeUnion2 = 8,
  cnrtFuncTypeUnion4 = 16,
  cnrtFuncTypeUnion8 = 32,
  cnrtFuncTypeUnion16 = 64
} cnrtFunctionType_t;
typedef cnrtFunctionType_t cnrtJobType_t;

typedef enum {
  CNRT_CHANNEL_TYPE_DUPLICATE = -2,
  CNRT_CHANNEL_TYPE_NONE = -1,
  CNRT_CHANNEL_TYPE_0 = 0,
  CNRT_CHANNEL_TYPE_1 = 1,
  CNRT_CHANNEL_TYPE_2 = 2,
  CNRT_CHANNEL_TYPE_3 = 3
} cnrtChannelType_t;

typedef enum {
  CNRT_MEMTYPE_DEFAULT = 0,
  CNRT_MEMTYPE_LOCKED = 1,
  CNRT_MEMTYPE_DEV = 2
} cnrtMemType_t;
typedef enum { CNRT_MALLOC_EX_PARALLEL_FRAMEBUFFER = 1 } cnrtMallocExType_t;
typedef enum { CNRT_FLUSH_CACHE = 1, CNRT_INVALID_CACHE = 2 } cnrtCacheOps_t;
typedef enum { CNRT_INVOKE_PARAM_TYPE_0 = 0 } cnrtInvokeParamType_t;

typedef enum cnrtRuntimeContextInfo {
  CNRT_RT_CTX_FUNCTION = 1,
  CNRT_RT_CTX_DEV_ORDINAL = 2,
  CNRT_RT_CTX_CORE_NUMBER = 3,
  CNRT_RT_CTX_MODEL_PARALLEL = 4,
  CNRT_RT_CTX_CHANNEL = 5,
  CNRT_RT_CTX_MAX_BATCH_NUM = 6
} cnrtRuntimeContextInfo_t;

typedef enum cnrtCoreVersion {
  CNRT_1H8 = 0,
  CNRT_1H16 = 1,
  CNRT_MLU100 = 3,
  CNRT_1H8MINI = 4,
  CNRT_MLU270 = 5,
  CNRT_MLU220 = 6,
  CNRT_MLU290 = 7,
  CNRT_MLU370 = 11
} cnrtCoreVersion_t;

typedef enum {
  CNRT_TOPO_SELF = 0,
  CNRT_TOPO_INTERNAL = 1,
  CNRT_TOPO_SINGLE = 2,
  CNRT_TOPO_MULTIPLE = 3,
  CNRT_TOPO_HOST_BRIDGE = 4,
  CNRT_TOPO_CPU = 5,
  CNRT_TOPO_SYSTEM = 6
} cnrtTopologyRelationshipEnum_t;

typedef enum {
  CNRT_QUEUE_SYNC_SPIN = 0,
  CNRT_QUEUE_SYNC_BLOCK = 1,
  CNRT_QUEUE_SYNC_YIELD = 2,
  CNRT_QUEUE_SYNC_MAX = 3
} cnrt_queue_sync_type;

/* ---- structures and handles ---- */

typedef u64_t cnrtDev_t; /* 0 is no device */
typedef u64_t MLUdev_t;
typedef void *cnrtIpcMemHandle;
typedef struct cnrtModel *cnrtModel_t;
typedef struct cnrtFunction *cnrtFunction_t;
typedef struct cnrtQueue *cnrtQueue_t;
typedef struct cnrtNotifier *cnrtNotifier_t;
typedef struct cnrtRuntimeContext *cnrtRuntimeContext_t;
typedef struct cnrtParamDesc *cnrtParamDesc_t;
typedef struct cnrtParamDesc **cnrtParamDescArray_t;
typedef struct cnrtQuantizedParam *cnrtQuantizedParam_t;
typedef struct cnrtKernelInitParam *cnrtKernelInitParam_t;
typedef struct cnrtPluginOpDimInfo *cnrtPluginOpDimInfo_t;

typedef struct {
  unsigned int x;
  unsigned int y;
  unsigned int z;
} cnrtDim3_t;

typedef struct {
  int *data_parallelism;
  unsigned int *affinity;
  void *end; /* CNRT_PARAM_END */
} cnrtInvokeFuncParam_t;

typedef struct {
  bool *muta;
  int *data_parallelism;
  unsigned int *affinity;
  void *end; /* CNRT_PARAM_END */
} cnrtInitFuncParam_t;

typedef struct {
  unsigned int *affinity; /* bit c: cluster c may run it */
} cnrtClusterAffinity_t;

typedef struct {
  cnrtInvokeParamType_t invoke_param_type;
  cnrtClusterAffinity_t cluster_affinity;
} cnrtInvokeParam_t;

typedef struct {
  char device_name[64];
  cnrtCoreVersion_t core_version;
  int core_num;
} cnrtDeviceInfo_t;

typedef struct {
  uint32_t cpu_count;
  uint32_t cpu_affinity_bitmap[1024];
} cnrtDeviceAffinity_t;

/* Filled by cnrtKernelParamsBufferAddParam and the Mark functions; read only. One slot of 8 bytes a
 * parameter. */
typedef struct cnrtKernelParamsBuffer {
  void *host_ptr;
  unsigned int max_param;
  unsigned int cur_param;
  int *input_index;
  int num_input;
  int *output_index;
  int num_output;
  int *static_index;
  int num_static;
  cnrtPluginOpDimInfo_t dim_info;
  int num_dim_info;
} *cnrtKernelParamsBuffer_t;

/* ---- errors ---- */

/* The text of a code, constant; never null. */
CNRT_DLL_API const char *cnrtGetErrorStr(cnrtRet_t err_code);
/* The name of the enumerator. */
CNRT_DLL_API const char *cnrtGetErrorName(cnrtRet_t err_code);
/* The last error of this thread, and clears it; cnrtPeekLastErr keeps it. */
CNRT_DLL_API cnrtRet_t cnrtGetLastErr(void);
CNRT_DLL_API cnrtRet_t cnrtPeekLastErr(void);
/* Prints file, line, call and error to standard error when `result` is one. Does not exit. */
CNRT_DLL_API void cnrtCheck(cnrtRet_t result, const char *const func, const char *const file,
                            int const line);
#define CNRT_CHECK(val) cnrtCheck((val), #val, __FILE__, __LINE__)

/* ---- process and device (src/cnrt/device.cc) ---- */

/* flags: 0 the device, 1 a fake one. Counted: each call wants its cnrtDestroy. INVALID (other
 * flags), INVALID_TYPE (flags that differ from those of an earlier call). */
CNRT_DLL_API cnrtRet_t cnrtInit(unsigned int flags);
/* Undoes one cnrtInit; the last one waits for all queues and releases everything. */
CNRT_DLL_API void cnrtDestroy(void);
CNRT_DLL_API cnrtRet_t cnrtGetVersion(unsigned int *ver);
CNRT_DLL_API void cnrtGetLibVersion(int *major, int *minor, int *patch);
CNRT_DLL_API cnrtRet_t cnrtGetDeviceCount(unsigned int *dev_num);
/* ordinal -1 is the fake device; the environment's CNRT_DEFAULT_DEVICE comes before `ordinal`. */
CNRT_DLL_API cnrtRet_t cnrtGetDeviceHandle(cnrtDev_t *pdev, int ordinal);
CNRT_DLL_API cnrtRet_t cnrtGetDeviceInfo(cnrtDeviceInfo_t *info, int device_ordinal);
/* Of the calling thread; device 0 until one is chosen. */
CNRT_DLL_API cnrtRet_t cnrtSetCurrentDevice(cnrtDev_t dev);
CNRT_DLL_API cnrtRet_t cnrtGetCurrentDevice(cnrtDev_t *pdev);
CNRT_DLL_API cnrtRet_t cnrtGetCurrentOrdinal(unsigned int *dev_ordinal);
CNRT_DLL_API cnrtRet_t cnrtSetCurrentChannel(cnrtChannelType_t channel);
CNRT_DLL_API cnrtRet_t cnrtGetCurrentChannel(cnrtChannelType_t *pChannel);
/* How a thread waits: 0 spins, 1 blocks, 2 yields. Kept, and without effect: waiting blocks. */
CNRT_DLL_API cnrtRet_t cnrtSetDeviceFlag(unsigned int flags);
CNRT_DLL_API cnrtRet_t cnrtGetDeviceFlag(unsigned int *flags);
/* Waits until all queues of the current device are empty. */
CNRT_DLL_API cnrtRet_t cnrtSyncDevice(void);

/* ---- memory (src/cnrt/memory.cc) ---- */

/* 0 bytes: success and a null pointer. NOMEM when the device is full. Contents undefined. */
CNRT_DLL_API cnrtRet_t cnrtMalloc(void **pPtr, size_t bytes);
CNRT_DLL_API cnrtRet_t cnrtMallocFrameBuffer(void **pPtr, size_t bytes);
/* Waits for the queues of the device first: work that is under way may use the block. FIND_DEV_ADDR
 * when unknown. */
CNRT_DLL_API cnrtRet_t cnrtFree(void *ptr);
/* Frees each of `length` blocks, not the array. */
CNRT_DLL_API cnrtRet_t cnrtFreeArray(void **ptr, int length);
/* Blocks until the copy is done. INVALID for null or an unknown direction, OUT_RANGE when a device
 * side passes the end of its block, FIND_DEV_ADDR when it is no device memory. */
CNRT_DLL_API cnrtRet_t cnrtMemcpy(void *dst, void *src, size_t bytes, cnrtMemTransDir_t dir);
/* In the order of the queue; host memory must live until then. */
CNRT_DLL_API cnrtRet_t cnrtMemcpyAsync(void *dest, void *src, size_t bytes, cnrtQueue_t queue,
                                       cnrtMemTransDir_t dir);
/* c: 0..255, else OUT_RANGE. */
CNRT_DLL_API cnrtRet_t cnrtMemset(void *ptr, int c, size_t bytes);
CNRT_DLL_API cnrtRet_t cnrtMemsetD8(void *ptr, uint8_t uc, size_t n);
CNRT_DLL_API cnrtRet_t cnrtMemsetD32(void *ptr, uint32_t ui, size_t n);
CNRT_DLL_API cnrtRet_t cnrtMemsetD8Async(void *ptr, uint8_t uc, size_t n, cnrtQueue_t queue);
CNRT_DLL_API cnrtRet_t cnrtMemsetD32Async(void *ptr, uint32_t ui, size_t n, cnrtQueue_t queue);
CNRT_DLL_API cnrtRet_t cnrtMallocHost(void **pPtr, size_t bytes, cnrtMemType_t type);
/* FAULT when it is no live block of cnrtMallocHost. */
CNRT_DLL_API cnrtRet_t cnrtFreeHost(void *ptr);
CNRT_DLL_API cnrtRet_t cnrtGetMemInfo(size_t *free, size_t *total, cnrtChannelType_t channel);
/* Start and size of the block that holds devPtr. */
CNRT_DLL_API cnrtRet_t cnrtGetMemorySize(void **devBasePtr, void *devPtr, size_t *bytes);

/* ---- queues and notifiers (src/cnrt/queue.cc, src/cnrt/notifier.cc) ---- */

CNRT_DLL_API cnrtRet_t cnrtCreateQueue(cnrtQueue_t *pQueue);
/* Returns at once; what is in the queue is still done. */
CNRT_DLL_API cnrtRet_t cnrtDestroyQueue(cnrtQueue_t queue);
/* Null is the default queue of the current device. Returns the first error of the work done since
 * the last call. */
CNRT_DLL_API cnrtRet_t cnrtSyncQueue(cnrtQueue_t queue);
/* SUCCESS when all is done, BUSY otherwise. */
CNRT_DLL_API cnrtRet_t cnrtQueryQueue(cnrtQueue_t queue);
CNRT_DLL_API cnrtRet_t cnrtCreateNotifier(cnrtNotifier_t *notifier);
CNRT_DLL_API cnrtRet_t cnrtDestroyNotifier(cnrtNotifier_t *notifier);
/* Asynchronous; the time at which the queue comes to it. Placing again replaces the earlier time.
 */
CNRT_DLL_API cnrtRet_t cnrtPlaceNotifier(cnrtNotifier_t notifier, cnrtQueue_t queue);
CNRT_DLL_API cnrtRet_t cnrtQueryNotifier(cnrtNotifier_t notifier);
CNRT_DLL_API cnrtRet_t cnrtWaitNotifier(cnrtNotifier_t notifier);
CNRT_DLL_API cnrtRet_t cnrtQueueWaitNotifier(cnrtNotifier_t notifier, cnrtQueue_t queue,
                                             unsigned int flag);
/* Microseconds of the host's clock. CNDRV_FUNC_CALL when one was never placed or not reached yet.
 */
CNRT_DLL_API cnrtRet_t cnrtNotifierDuration(cnrtNotifier_t start, cnrtNotifier_t end, float *us);

/* ---- kernels (src/cnrt/launch.cc) ---- */

CNRT_DLL_API cnrtRet_t cnrtGetKernelParamsBuffer(cnrtKernelParamsBuffer_t *params);
CNRT_DLL_API cnrtRet_t cnrtDestroyKernelParamsBuffer(cnrtKernelParamsBuffer_t params);
/* Appends a copy of 1 to 8 bytes, in the order of the kernel's parameters. INVALID for other sizes
 * or a full buffer. */
CNRT_DLL_API cnrtRet_t cnrtKernelParamsBufferAddParam(cnrtKernelParamsBuffer_t params, void *data,
                                                      size_t bytes);
/* Places for the tensors of a plug-in operator (cnml.h). */
CNRT_DLL_API cnrtRet_t cnrtKernelParamsBufferMarkInput(cnrtKernelParamsBuffer_t params);
CNRT_DLL_API cnrtRet_t cnrtKernelParamsBufferMarkOutput(cnrtKernelParamsBuffer_t params);
CNRT_DLL_API cnrtRet_t cnrtKernelParamsBufferMarkStatic(cnrtKernelParamsBuffer_t params);
CNRT_DLL_API cnrtRet_t cnrtCopyKernelParamsBuffer(cnrtKernelParamsBuffer_t dst_params_buf,
                                                  cnrtKernelParamsBuffer_t src_params_buf);
/* Asynchronous. `function`: address of a kernel that cncc compiled. The buffer may be destroyed at
 * once. INVALID: no such kernel, parameters that do not fit it, a grid that the type does not
 * allow, a host address for a device pointer; the reason goes to standard error. */
CNRT_DLL_API cnrtRet_t cnrtInvokeKernel_V2(const void *function, cnrtDim3_t dim,
                                           cnrtKernelParamsBuffer_t params,
                                           cnrtFunctionType_t func_type, cnrtQueue_t queue);
CNRT_DLL_API cnrtRet_t cnrtCreateKernelInitParam(cnrtKernelInitParam_t *init_param);
CNRT_DLL_API cnrtRet_t cnrtInitKernelMemory(const void *function, cnrtKernelInitParam_t init_param);
CNRT_DLL_API cnrtRet_t cnrtDestroyKernelInitParamAndMemory(cnrtKernelInitParam_t param);
/* As _V2. INIT: `init_param` was not prepared by cnrtInitKernelMemory; INVALID: it was, for another
 * kernel. */
CNRT_DLL_API cnrtRet_t cnrtInvokeKernel_V3(const void *function, cnrtKernelInitParam_t init_param,
                                           cnrtDim3_t dim, cnrtKernelParamsBuffer_t params,
                                           cnrtFunctionType_t func_type, cnrtQueue_t queue,
                                           void *extra_param);

/* ---- data on the host (src/cnrt/convert.cc): no device is needed ---- */

/* One value. To half: halves away from zero, saturating at 65504; from half: infinities become
 * 65504. */
CNRT_DLL_API cnrtRet_t cnrtConvertFloatToHalf(uint16_t *f16, float d);
CNRT_DLL_API cnrtRet_t cnrtConvertHalfToFloat(float *d, uint16_t f16);
CNRT_DLL_API cnrtRet_t cnrtConvertDoubleToHalf(uint16_t *f16, double x);
CNRT_DLL_API cnrtRet_t cnrtConvertHalfToDouble(double *d, uint16_t f16);
/* Bytes of one element; 4 for a type without a size. */
CNRT_DLL_API int cnrtDataTypeSize(cnrtDataType_t dt);
/* q = round(x * scale / 2^pos + offset), x = (q - offset) * 2^pos / scale. The caller owns the
 * result. */
CNRT_DLL_API cnrtRet_t cnrtCreateQuantizedParam(cnrtQuantizedParam_t *param, int pos, float scale,
                                                int offset);
/* One of each for each of dimValues[channelDim] channels of data of that shape. */
CNRT_DLL_API cnrtRet_t cnrtCreateQuantizedParamByChannel(cnrtQuantizedParam_t *param, int *poses,
                                                         float *scales, float *offsets, int dimNum,
                                                         int *dimValues, int channelDim);
CNRT_DLL_API cnrtRet_t cnrtDestroyQuantizedParam(cnrtQuantizedParam_t param);
/* Without param: f32->f16/u8/f32, i64->f16, f16->f32/u8, u8->f32/f16. With:
 * f32->f16/i16/i8/i32/f32, i32/i16/i8->f32, f16->i16. Others: UNSUPPORTED. Arrays may not overlap
 * unless they are the same and the types have one size. */
CNRT_DLL_API cnrtRet_t cnrtCastDataType(void *src_addr, cnrtDataType_t src_data_type,
                                        void *dst_addr, cnrtDataType_t dst_data_type, int data_num,
                                        cnrtQuantizedParam_t param);
/* Dimension i of the result is dimension dimOrder[i] of the source, whose shape is dimValues. At
 * most 8 dimensions. */
CNRT_DLL_API cnrtRet_t cnrtTransDataOrder(void *src_addr, cnrtDataType_t data_type, void *dst_addr,
                                          int dimNum, int dimValues[], int dimOrder[]);
CNRT_DLL_API cnrtRet_t cnrtTransOrderAndCast(void *src_addr, cnrtDataType_t src_type,
                                             void *dst_addr, cnrtDataType_t dst_type,
                                             cnrtQuantizedParam_t param, int dimNum,
                                             int dimValues[], int dimOrder[]);
/* Dimension i of the result is dimValues[i] + dimStride[i] long; what is added is zero. */
CNRT_DLL_API cnrtRet_t cnrtAddDataStride(void *src_addr, cnrtDataType_t data_type, void *dst_addr,
                                         int dimNum, int *dimValues, int *dimStride);
CNRT_DLL_API cnrtRet_t cnrtReshapeNCHWToNHWC(void *dst, void *src, int n, int h, int w, int c,
                                             cnrtDataType_t type);
CNRT_DLL_API cnrtRet_t cnrtReshapeNHWCToNCHW(void *dst, void *src, int n, int h, int w, int c,
                                             cnrtDataType_t type);
/* A filter [n][h][w][c] into the order of the weight memory's 64 lanes (docs/bang.md). n: a
 * multiple of 64. */
CNRT_DLL_API cnrtRet_t cnrtFilterReshape(void *dst, void *src, int n, int h, int w, int c,
                                         cnrtDataType_t type);

/* ---- names of CNRT 5, for single-source programs ---- */

typedef enum {
  cnrtAttrClusterCount = 1,
  cnrtAttrMcorePerCluster = 2,
  cnrtAttrNramSizePerMcore = 3,
  cnrtAttrWramSizePerMcore = 4,
  cnrtAttrSramSizePerMcore = 5
} cnrtDeviceAttr_t;

/* Chooses the device of this thread; the first call does cnrtInit(0). */
CNRT_DLL_API cnrtRet_t cnrtSetDevice(int ordinal);
CNRT_DLL_API cnrtRet_t cnrtGetDevice(int *ordinal);
CNRT_DLL_API cnrtRet_t cnrtDeviceGetAttribute(int *value, cnrtDeviceAttr_t attribute, int ordinal);
CNRT_DLL_API cnrtRet_t cnrtMemGetInfo(size_t *free, size_t *total);
CNRT_DLL_API cnrtRet_t cnrtQueueCreate(cnrtQueue_t *queue);
CNRT_DLL_API cnrtRet_t cnrtQueueDestroy(cnrtQueue_t queue);
CNRT_DLL_API cnrtRet_t cnrtQueueSync(cnrtQueue_t queue);
CNRT_DLL_API cnrtRet_t cnrtNotifierCreate(cnrtNotifier_t *notifier);
CNRT_DLL_API cnrtRet_t cnrtNotifierDestroy(cnrtNotifier_t notifier);
/* Milliseconds. */
CNRT_DLL_API cnrtRet_t cnrtNotifierElapsedTime(cnrtNotifier_t start, cnrtNotifier_t end, float *ms);

#ifdef __cplusplus
}
#endif
#endif /* __CNRT_H */
