/* The CNRT interface of Neuware 4.x, for the software MLU. Plain C; the text is this project's own,
 * names and values are those that programs written for CNRT use, so that they compile and link
 * unchanged against libcnrt.so.
 *
 * Every function returns CNRT_RET_SUCCESS or an error; none throws, none crashes on a null, stale
 * or foreign handle. An output is null or 0 after an error. Functions may be called from any
 * thread. "Asynchronous" functions only put work into a queue, which runs it in order on a thread
 * of its own; the first error of such work is what the next cnrtSyncQueue of that queue returns.
 * An argument that is null, or no live handle of its kind, is INVALID unless a function says
 * otherwise; such a queue is QUEUE, such device memory FIND_DEV_ADDR. Almost everything is INIT
 * before cnrtInit; what is about models and data on the host needs none. Sizes are bytes. Device
 * pointers are ordinary addresses and may be offset.
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
  cnrtSuccess = 0, /* its name in CNRT 5 */
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
  CNRT_1M20 = 8,
  CNRT_1M70 = 9,
  CNRT_CISS = 10,
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
/* Of the calling thread; device 0 until one is chosen. On the fake device queues, notifiers and
 * kernels give WARNING_FAKE_DEVICE; the rest is done on device 0. */
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
/* Frees each of `length` blocks, and the array where the library made it. */
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

/* ---- offline models and functions (src/cnrt/model.cc): made by picabia compile --target mlu270
 * ---- */

/* Needs no cnrtInit. SYS: cannot be read; UNSUPPORTED: a model of Cambricon's own tools, or of a
 * later version; INVALID: no model, or a damaged one. CNRT_PRINT_INFO=1 in the environment says
 * which. */
CNRT_DLL_API cnrtRet_t cnrtLoadModel(cnrtModel_t *pmodel, const char *fname);
/* The image says how long it is. The first form copies it; the second reads it in place when
 * `reuseUserMem` is set and it begins at a multiple of 64, and then it must stay. */
CNRT_DLL_API cnrtRet_t cnrtLoadModelFromMem(cnrtModel_t *pmodel, char *ptr);
CNRT_DLL_API cnrtRet_t cnrtLoadModelFromMem_V2(cnrtModel_t *pmodel, char *ptr, bool reuseUserMem);
/* Functions and contexts made of it stay usable. INVALID_POINTER for null, INVALID for a handle
 * that is none. */
CNRT_DLL_API cnrtRet_t cnrtUnloadModel(cnrtModel_t model);
/* Bytes of the file. SYS: cannot be read; INVALID: no model. */
CNRT_DLL_API cnrtRet_t cnrtGetModelSize(const char *fname, int *size);
/* Always 0. */
CNRT_DLL_API cnrtRet_t cnrtGetModelLevelFromFile(const char *fname, int *model_level);
/* The card and the number of its cores that the model was compiled for. */
CNRT_DLL_API cnrtRet_t cnrtQueryCoreVersion(cnrtModel_t model, cnrtCoreVersion_t *coreVersion);
CNRT_DLL_API cnrtRet_t cnrtQueryModelParallelism(cnrtModel_t model, int *modelParallelism);
/* MB a core: 0, as this device needs none. */
CNRT_DLL_API cnrtRet_t cnrtQueryModelStackSize(cnrtModel_t model, uint64_t *stack_size);
CNRT_DLL_API cnrtRet_t cnrtQueryModelLocalMemSize(cnrtModel_t model, uint64_t *local_mem_size);
/* Bytes of weights and intermediate tensors on the device. */
CNRT_DLL_API cnrtRet_t cnrtGetModelMemUsed(cnrtModel_t model, int64_t *pMemused);
CNRT_DLL_API cnrtRet_t cnrtGetFunctionMemUsed(cnrtFunction_t function, int64_t *pMemused);
/* How many functions the model has. */
CNRT_DLL_API cnrtRet_t cnrtGetFunctionNumber(cnrtModel_t model, int *func_num);
/* A malloc'd name, for the caller to free. NO_EXIST: no such index. */
CNRT_DLL_API cnrtRet_t cnrtGetFunctionSymbol(cnrtModel_t model, int index, char **symbol,
                                             int *name_size);
/* An empty function, for cnrtExtractFunction to fill. */
CNRT_DLL_API cnrtRet_t cnrtCreateFunction(cnrtFunction_t *pfunction);
/* Fills *pfunction, made before, from the model. NO_EXIST: no such name. */
CNRT_DLL_API cnrtRet_t cnrtExtractFunction(cnrtFunction_t *pfunction, cnrtModel_t model,
                                           const char *symbol);
/* Into *dst where that is a function, else into a new one. */
CNRT_DLL_API cnrtRet_t cnrtCopyFunction(cnrtFunction_t *dst, cnrtFunction_t src);
/* Contexts made of it stay usable. */
CNRT_DLL_API cnrtRet_t cnrtDestroyFunction(cnrtFunction_t function);
/* A malloc'd array, one element a tensor; the caller may free it or keep it. INVALID_POINTER: null
 * or no function; NO_EXIST: nothing extracted yet. */
CNRT_DLL_API cnrtRet_t cnrtGetInputDataSize(int64_t **sizeArray, int *num, cnrtFunction_t function);
CNRT_DLL_API cnrtRet_t cnrtGetOutputDataSize(int64_t **sizeArray, int *num,
                                             cnrtFunction_t function);
CNRT_DLL_API cnrtRet_t cnrtGetInputDataType(cnrtDataType_t **dtype, int *num,
                                            cnrtFunction_t function);
CNRT_DLL_API cnrtRet_t cnrtGetOutputDataType(cnrtDataType_t **dtype, int *num,
                                             cnrtFunction_t function);
/* A malloc'd array for the caller to free; NHWC where it has four numbers. NO_EXIST: no such index.
 */
CNRT_DLL_API cnrtRet_t cnrtGetInputDataShape(int **dimValues, int *dimNum, int index,
                                             cnrtFunction_t function);
CNRT_DLL_API cnrtRet_t cnrtGetOutputDataShape(int **dimValues, int *dimNum, int index,
                                              cnrtFunction_t function);
/* One number an input: its first dimension. */
CNRT_DLL_API cnrtRet_t cnrtQueryBatches(cnrtFunction_t function, int *batches_array);
/* Always false and 0. */
CNRT_DLL_API cnrtRet_t cnrtQueryCacheMode(cnrtFunction_t function, bool *is_cache_mode,
                                          int *cache_num);
/* Names of the tensors, which the second one frees. */
CNRT_DLL_API cnrtRet_t cnrtGetInputAndOutputNamesFromFunction(cnrtFunction_t func,
                                                              char ***input_names,
                                                              char ***output_names, int *input_num,
                                                              int *output_num);
CNRT_DLL_API cnrtRet_t cnrtDestroyInputAndOutputNames(char **input_names, char **output_names,
                                                      int input_num, int output_num);

/* ---- runtime contexts (src/cnrt/context.cc) ---- */

/* `extra` is not used. INVALID: no function, or an empty one. */
CNRT_DLL_API cnrtRet_t cnrtCreateRuntimeContext(cnrtRuntimeContext_t *pctx, cnrtFunction_t function,
                                                void *extra);
/* Before cnrtInitRuntimeContext, else INIT. NODEV: no such ordinal. A context without one runs on
 * the device of the thread that initialises it. */
CNRT_DLL_API cnrtRet_t cnrtSetRuntimeContextDeviceId(cnrtRuntimeContext_t pctx, int dev_ordinal);
CNRT_DLL_API cnrtRet_t cnrtSetRuntimeContextChannel(cnrtRuntimeContext_t pctx,
                                                    cnrtChannelType_t channel);
/* Packs the weights and takes device memory. INIT: done already; NOMEM; UNSUPPORTED: operators that
 * this device does not have. */
CNRT_DLL_API cnrtRet_t cnrtInitRuntimeContext(cnrtRuntimeContext_t pctx, void *extra);
/* A ready context that has the same constants; `src_pctx` must be initialised. */
CNRT_DLL_API cnrtRet_t cnrtForkRuntimeContext(cnrtRuntimeContext_t *dst_pctx,
                                              cnrtRuntimeContext_t src_pctx, void *extra);
/* Runs that are queued are still done. */
CNRT_DLL_API cnrtRet_t cnrtDestroyRuntimeContext(cnrtRuntimeContext_t pctx);
/* The context's device becomes that of the calling thread. */
CNRT_DLL_API cnrtRet_t cnrtSetCurrentContextDevice(cnrtRuntimeContext_t pctx);
/* On the context's device. INIT before cnrtInitRuntimeContext. */
CNRT_DLL_API cnrtRet_t cnrtRuntimeContextCreateQueue(cnrtRuntimeContext_t pctx, cnrtQueue_t *queue);
CNRT_DLL_API cnrtRet_t cnrtRuntimeContextCreateNotifier(cnrtRuntimeContext_t pctx,
                                                        cnrtNotifier_t *pnotifier);
/* CNRT_RT_CTX_FUNCTION: a handle that lives as long as the context. Others: an int, of which four
 * bytes are written. */
CNRT_DLL_API cnrtRet_t cnrtGetRuntimeContextInfo(cnrtRuntimeContext_t pctx,
                                                 cnrtRuntimeContextInfo_t key, void **out);
/* Asynchronous. params: device addresses of all inputs, then of all outputs, copied before it
 * returns. A context may be used by several threads and queues; its runs wait for each other. INIT:
 * not initialised; INVALID: an address with too little memory behind it; QUEUE: none, or of another
 * device. `extra` is a hint and not looked at. */
CNRT_DLL_API cnrtRet_t cnrtInvokeRuntimeContext(cnrtRuntimeContext_t pctx, void **params,
                                                cnrtQueue_t queue, void *extra);
/* The same. Shapes are fixed: descriptors are not looked at; batch sizes must be those of the
 * inputs. */
CNRT_DLL_API cnrtRet_t cnrtInvokeRuntimeContext_V2(cnrtRuntimeContext_t pctx,
                                                   cnrtParamDesc_t *param_descs,
                                                   void **param_buffers, cnrtQueue_t queue,
                                                   void *extra);
CNRT_DLL_API cnrtRet_t cnrtInvokeRuntimeContext_V3(cnrtRuntimeContext_t pctx, int *batch_sizes,
                                                   void **param_buffers, cnrtQueue_t queue,
                                                   void *extra);
/* Device memory on the context's device. The array of pointers is made by the first and freed by
 * the last. */
CNRT_DLL_API cnrtRet_t cnrtRuntimeContextMallocBySizeArray(cnrtRuntimeContext_t pctx, void ***ptr,
                                                           size_t *bytesArray, int length);
CNRT_DLL_API cnrtRet_t cnrtRuntimeContextFree(cnrtRuntimeContext_t pctx, void *ptr);
CNRT_DLL_API cnrtRet_t cnrtRuntimeContextFreeArray(cnrtRuntimeContext_t pctx, void **ptr,
                                                   int length);

/* ---- descriptors of tensors (src/cnrt/param_desc.cc) ---- */

/* The array may be indexed; its elements are descriptors that it owns. */
CNRT_DLL_API cnrtRet_t cnrtCreateParamDesc(cnrtParamDesc_t *param_desc);
CNRT_DLL_API cnrtRet_t cnrtDestroyParamDesc(cnrtParamDesc_t param_desc);
CNRT_DLL_API cnrtRet_t cnrtCreateParamDescArray(cnrtParamDescArray_t *param_descs, int param_num);
CNRT_DLL_API cnrtRet_t cnrtDestroyParamDescArray(cnrtParamDescArray_t param_descs, int param_num);
/* Arguments are copied. */
CNRT_DLL_API cnrtRet_t cnrtSetShapeToParamDesc(cnrtParamDesc_t param_desc, int *dims, int dim_num);
CNRT_DLL_API cnrtRet_t cnrtSetDataTypeToParamDesc(cnrtParamDesc_t param_desc, cnrtDataType_t dtype);
CNRT_DLL_API cnrtRet_t cnrtSetNameToParamDesc(cnrtParamDesc_t param_desc, char *name,
                                              int name_size);
/* malloc'd, for the caller to free. */
CNRT_DLL_API cnrtRet_t cnrtGetShapeFromParamDesc(cnrtParamDesc_t param_desc, int **dims,
                                                 int *dim_num);
CNRT_DLL_API cnrtRet_t cnrtGetNameFromParamDesc(cnrtParamDesc_t param_desc, char **name,
                                                int *name_size);
/* What was set, or what cnrtInferFunctionOutputShape filled in. */
CNRT_DLL_API cnrtRet_t cnrtGetDataTypeFromParamDesc(cnrtParamDesc_t param_desc,
                                                    cnrtDataType_t *dtype);
CNRT_DLL_API cnrtRet_t cnrtGetDimOrderFromParamDesc(cnrtParamDesc_t param_desc,
                                                    cnrtDimOrder_t *dim_order);
CNRT_DLL_API cnrtRet_t cnrtGetIdFromParamDesc(cnrtParamDesc_t param_desc, int *id);
CNRT_DLL_API cnrtRet_t cnrtGetParamElementNum(cnrtParamDesc_t param_desc, size_t *num);
CNRT_DLL_API cnrtRet_t cnrtGetParamDescSize(cnrtParamDesc_t param_desc, int64_t *size);
/* NO_EXIST: no descriptor has that name. */
CNRT_DLL_API cnrtRet_t cnrtGetIndexFromParamDescArrayByName(int *index,
                                                            cnrtParamDescArray_t param_descs,
                                                            int param_num, const char *name);
CNRT_DLL_API cnrtRet_t cnrtGetParamDescFromParamDescArrayByName(cnrtParamDesc_t *param_desc,
                                                                cnrtParamDescArray_t param_descs,
                                                                int param_num, const char *name);
/* Fills both arrays. INVALID: other numbers of tensors; FUNC_CALL: an input shape with another
 * number of elements. */
CNRT_DLL_API cnrtRet_t cnrtInferFunctionOutputShape(cnrtFunction_t func, int input_num,
                                                    cnrtParamDescArray_t input_params,
                                                    int output_num,
                                                    cnrtParamDescArray_t output_params);
/* Of an input or output by its name; the index is that of cnrtInvokeRuntimeContext's params.
 * NO_EXIST: no such name. */
CNRT_DLL_API cnrtRet_t cnrtGetParamIndexByName(cnrtFunction_t func, const char *name, int *index);
CNRT_DLL_API cnrtRet_t cnrtGetSupportedParamDataTypeByName(cnrtFunction_t func, const char *name,
                                                           cnrtDataType_t *dtype);
CNRT_DLL_API cnrtRet_t cnrtGetSupportedParamDimNumberByName(cnrtFunction_t func, const char *name,
                                                            int *dim_num);
CNRT_DLL_API cnrtRet_t cnrtGetSupportedParamLayoutByName(cnrtFunction_t func, const char *name,
                                                         cnrtDimOrder_t *dorder);
CNRT_DLL_API cnrtRet_t cnrtGetSupportedParamShapeByName(cnrtFunction_t func, const char *name,
                                                        int *dim_shape);

/* ---- mapped and shared memory, lists of named values (src/cnrt/mapping.cc) ---- */

/* Device memory in the host's addresses: here the same ones. */
CNRT_DLL_API cnrtRet_t cnrtMap(void **host_ptr, void *dev_ptr);
CNRT_DLL_API cnrtRet_t cnrtMapRange(void **host_ptr, void *dev_ptr, size_t size);
CNRT_DLL_API cnrtRet_t cnrtUnmap(void *host_ptr);
/* The start of the mapping, and the very place. */
CNRT_DLL_API cnrtRet_t cnrtFindDevAddrByMappedAddr(void *mappped_host_ptr, void **dev_ptr);
CNRT_DLL_API cnrtRet_t cnrtFindDevAddrWithOffsetByMappedAddr(void *mapped_host_ptr, void **dev_ptr);
/* INVALID when it is not mapped. Nothing to do otherwise. */
CNRT_DLL_API cnrtRet_t cnrtCacheOperation(void *host_ptr, cnrtCacheOps_t opr);
CNRT_DLL_API cnrtRet_t cnrtCacheOperationRange(void *host_ptr, size_t size, cnrtCacheOps_t opr);
/* Of a whole block; the same handle each time. It may be mapped in any process of the same user
 * while the block lives; there it is read, written and unmapped, not freed. NORES: the system gives
 * no shared memory. */
CNRT_DLL_API cnrtRet_t cnrtAcquireMemHandle(cnrtIpcMemHandle *handle, void *devPtr);
CNRT_DLL_API cnrtRet_t cnrtMapMemHandle(void **devPtr, cnrtIpcMemHandle handle, int flag);
CNRT_DLL_API cnrtRet_t cnrtUnMapMemHandle(void *devPtr);
/* A list of values by name; `len` and `outlen` are bytes. NO_EXIST: no such name; OUT_RANGE:
 * `outlen` is too small. */
CNRT_DLL_API cnrtRet_t cnrtAllocParam(void **pParam);
CNRT_DLL_API cnrtRet_t cnrtAddParam(void *param, char *name, int len, void *data);
CNRT_DLL_API cnrtRet_t cnrtGetParam(void *param, char *name, void *out, int outlen);
CNRT_DLL_API cnrtRet_t cnrtDestroyParam(void *param);
#define cnrtDestoryParam cnrtDestroyParam /* as older programs spell it */
/* Of a list: "type" (CNRT_MALLOC_EX_PARALLEL_FRAMEBUFFER), "size", "data_parallelism". */
CNRT_DLL_API cnrtRet_t cnrtMallocBufferEx(void **pPtr, void *param);

/* ---- cards and processors (src/cnrt/topology.cc): every card is the host ---- */

/* MB a core, 4 to 511, kept and not needed. INVALID outside. */
CNRT_DLL_API cnrtRet_t cnrtSetStackMem(unsigned int stacksize);
CNRT_DLL_API cnrtRet_t cnrtGetStackMem(unsigned int *pStacksize);
CNRT_DLL_API cnrtRet_t cnrtSetLocalMem(unsigned int local_mem_size);
CNRT_DLL_API cnrtRet_t cnrtGetLocalMem(unsigned int *pLocalsize);
/* All processors. NODEV: no such ordinal. */
CNRT_DLL_API cnrtRet_t cnrtGetDeviceAffinity(cnrtDeviceAffinity_t *affinity, int dev_ordinal);
CNRT_DLL_API cnrtRet_t cnrtSetCurrentThreadAffinity(int dev_ordinal);
CNRT_DLL_API cnrtRet_t cnrtClearCurrentThreadAffinity(int dev_ordinal);
/* SELF for one card, SYSTEM for two. Lists: *count is the room, then how many there are. */
CNRT_DLL_API cnrtRet_t cnrtTopologyGetRelationship(cnrtTopologyRelationshipEnum_t *relationship,
                                                   int dev_ordinal1, int dev_ordinal2);
CNRT_DLL_API cnrtRet_t cnrtTopologyGetNearestDevices(cnrtTopologyRelationshipEnum_t relationship,
                                                     uint64_t *count, uint64_t *ordinal_array,
                                                     int dev_ordinal);
CNRT_DLL_API cnrtRet_t cnrtTopologyGetCpuRelatedDevices(int cpuid, uint64_t *count,
                                                        uint64_t *ordinal_array);
/* Cards reach each other's memory. */
CNRT_DLL_API cnrtRet_t cnrtGetPeerAccessibility(unsigned int *CanPeer, int Dev, int PeerDev);
CNRT_DLL_API cnrtRet_t cnrtMemcpyPeer(void *dst, int dstDevice, void *src, int srcDevice,
                                      size_t count);
CNRT_DLL_API cnrtRet_t cnrtMemcpyPeerAsync(void *dst, int dstDevOrdinal, void *src,
                                           int srcDevOrdinal, size_t bytes, cnrtQueue_t queue);
CNRT_DLL_API cnrtRet_t cnrtMallocPeerAble(void **pPtr, size_t bytes);
CNRT_DLL_API cnrtRet_t cnrtGetMLUdev(MLUdev_t *mlu_dev, cnrtDev_t cnrt_dev);

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
/* Channel i of the result is channel colorOrder[i] of the source, of shape dimValues[4] in that
 * order. */
CNRT_DLL_API cnrtRet_t cnrtTransDataColorOrder(void *src_addr, void *dst_addr,
                                               cnrtDataType_t data_type, cnrtDimOrder_t dim_order,
                                               int dimValues[], int colorOrder[]);
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
/* Other names of what is above. */
static inline cnrtRet_t cnrtGetLastError(void) { return cnrtGetLastErr(); }
static inline cnrtRet_t cnrtPeekAtLastError(void) { return cnrtPeekLastErr(); }
static inline cnrtRet_t cnrtQueueQuery(cnrtQueue_t queue) { return cnrtQueryQueue(queue); }
static inline cnrtRet_t cnrtNotifierWait(cnrtNotifier_t notifier) {
  return cnrtWaitNotifier(notifier);
}
static inline cnrtRet_t cnrtNotifierQuery(cnrtNotifier_t notifier) {
  return cnrtQueryNotifier(notifier);
}
static inline cnrtRet_t cnrtHostMalloc(void **host, size_t bytes) {
  return cnrtMallocHost(host, bytes, CNRT_MEMTYPE_DEFAULT);
}

#ifdef __cplusplus
}
#endif

/* What programs for the MLU100 use beside it. */
#ifdef CNRT_LEGACY
#include "cnrt_legacy.h"
#endif
#endif /* __CNRT_H */
