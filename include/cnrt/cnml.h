/* What programs with plug-in operators use of CNML: tensors, plug-in operators made of a kernel and
 * its parameter buffer, and their execution. Plain C, our own text; part of libcnrt.so, which
 * libcnml.so and libcnplugin.so stand for.
 *
 * Every function returns CNML_STATUS_SUCCESS or an error; handles may be null, stale or foreign.
 */
#ifndef __CNML_H
#define __CNML_H

#include "cnrt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CNML_STATUS_SUCCESS = 0,
  CNML_STATUS_NODEVICE = 1,
  CNML_STATUS_DOMAINERR = 2,
  CNML_STATUS_INVALIDARG = 3,
  CNML_STATUS_LENGTHERR = 4,
  CNML_STATUS_OUTOFRANGE = 5,
  CNML_STATUS_RANGEERR = 6,
  CNML_STATUS_OVERFLOWERR = 7,
  CNML_STATUS_UNDERFLOWERR = 8,
  CNML_STATUS_INVALIDPARAM = 9,
  CNML_STATUS_BADALLOC = 10
} cnmlStatus_t;

typedef enum { CNML_TENSOR = 0, CNML_FILTER = 1, CNML_CONST = 2 } cnmlTensorType_t;

typedef enum {
  CNML_DATA_INVALID = CNRT_INVALID,
  CNML_DATA_FLOAT16 = CNRT_FLOAT16,
  CNML_DATA_FLOAT32 = CNRT_FLOAT32,
  CNML_DATA_INT8 = CNRT_INT8,
  CNML_DATA_INT16 = CNRT_INT16,
  CNML_DATA_INT32 = CNRT_INT32,
  CNML_DATA_UINT8 = CNRT_UINT8,
  CNML_DATA_BOOL = CNRT_BOOL
} cnmlDataType_t;

typedef enum {
  CNML_1H8 = 0,
  CNML_1H16 = 1,
  CNML_MLU100 = 3,
  CNML_MLU270 = 5,
  CNML_MLU220 = 6
} cnmlCoreVersion_t;

typedef struct cnmlTensor *cnmlTensor_t;
typedef struct cnmlBaseOp *cnmlBaseOp_t;

CNRT_DLL_API cnmlStatus_t cnmlInit(int flag);
CNRT_DLL_API cnmlStatus_t cnmlExit(void);

CNRT_DLL_API cnmlStatus_t cnmlCreateTensor_V2(cnmlTensor_t *tensor, cnmlTensorType_t tensor_type);
CNRT_DLL_API cnmlStatus_t cnmlDestroyTensor(cnmlTensor_t *tensor);
/* The shape is kept for cnmlGetTensorLen; strides must be null. */
CNRT_DLL_API cnmlStatus_t cnmlSetTensorShape(cnmlTensor_t tensor, int dim_num, int dim_values[]);
CNRT_DLL_API cnmlStatus_t cnmlSetTensorShape_V2(cnmlTensor_t tensor, int dim_num, int dim_values[],
                                                int *dim_strides);
CNRT_DLL_API cnmlStatus_t cnmlSetTensorDataType(cnmlTensor_t tensor, cnmlDataType_t data_type);
/* Elements. */
CNRT_DLL_API cnmlStatus_t cnmlGetTensorLen(cnmlTensor_t tensor, int *len);

/* `kernel`: the address of a kernel that cncc compiled; `params`: its parameters, tensors marked in
 * their places. The buffer is copied and may be destroyed. Tensors may be null where the kernel's
 * parameters say all. */
CNRT_DLL_API cnmlStatus_t cnmlCreatePluginOp(cnmlBaseOp_t *op, const char *name, void *kernel,
                                             cnrtKernelParamsBuffer_t params,
                                             cnmlTensor_t *input_tensors, int input_num,
                                             cnmlTensor_t *output_tensors, int output_num,
                                             cnmlTensor_t *static_tensors, int static_num);
CNRT_DLL_API cnmlStatus_t cnmlDestroyBaseOp(cnmlBaseOp_t *op);
/* core_limit 1: one task; 4, 8, 16, 32: a union of so many cores. */
CNRT_DLL_API cnmlStatus_t cnmlCompileBaseOp(cnmlBaseOp_t op, cnmlCoreVersion_t version,
                                            int core_limit);
CNRT_DLL_API cnmlStatus_t cnmlCompileBaseOp_V2(cnmlBaseOp_t op);
CNRT_DLL_API cnmlStatus_t cnmlSetBaseOpCoreVersion(cnmlBaseOp_t op, cnmlCoreVersion_t version);
CNRT_DLL_API cnmlStatus_t cnmlSetBaseOpCorenum(cnmlBaseOp_t op, int core_limit);
/* Device memory of a static tensor. */
CNRT_DLL_API cnmlStatus_t cnmlBindConstData_V2(cnmlTensor_t tensor, void *data, bool free_after);

/* Asynchronous: inputs and outputs are device pointers in the order of the marks.
 * `compute_forw_param`, `extra`: without effect. */
CNRT_DLL_API cnmlStatus_t cnmlComputePluginOpForward_V3(cnmlBaseOp_t op, void *inputs[],
                                                        int input_num, void *outputs[],
                                                        int output_num,
                                                        cnrtInvokeFuncParam_t *compute_forw_param,
                                                        cnrtQueue_t queue);
CNRT_DLL_API cnmlStatus_t cnmlComputePluginOpForward_V4(
    cnmlBaseOp_t op, cnmlTensor_t input_tensors[], void *inputs[], int input_num,
    cnmlTensor_t output_tensors[], void *outputs[], int output_num, cnrtQueue_t queue, void *extra);

#ifdef __cplusplus
}
#endif
#endif /* __CNML_H */
