// Ends each file of src/kernels/isa/: includes the kernels into its namespace and fills its table.
#include "kernels/gemm/gemm_inl.h"
#include "kernels/row/row_inl.h"
#include "kernels/row/row_quantized_inl.h"

constexpr KernelTable MakeTable(Isa isa) {
  return {isa,   RunGemmF32, RunGemmInt8, Normalize,  ScaleShift, Add,     Statistics,
          Range, Quantize8,  Quantize16,  Dequantize, Depthwise,  Sigmoid, kQuantizedKernels};
}
