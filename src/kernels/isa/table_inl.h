// Ends each file of src/kernels/isa/: includes the kernels into its namespace and fills its table.
#include "kernels/gemm/gemm_inl.h"
#include "kernels/gemm/weights_inl.h"
#include "kernels/levels/level_sums_inl.h"
#include "kernels/levels/levels_inl.h"
#include "kernels/mlu/half_inl.h"
#include "kernels/power/power_inl.h"
#include "kernels/row/row_inl.h"
#include "kernels/row/row_quantized_inl.h"
#include "kernels/winograd/winograd_inl.h"

constexpr KernelTable MakeTable(Isa isa) {
  return {.isa = isa,
          .int8_step = kQuad,
          .gemm_f32 = RunGemmF32,
          .gemm_int8 = RunGemmInt8,
          .gemm_int8_batch = RunGemmInt8Batch,
          .gemm_levels = GemmLevels,
          .int8_done = [] {},
          .affine = Normalize,
          .scale_shift = ScaleShift,
          .add = Add,
          .statistics = Statistics,
          .range = Range,
          .quantize8 = Quantize8,
          .quantize16 = Quantize16,
          .dequantize = Dequantize,
          .depthwise = Depthwise,
          .sigmoid = Sigmoid,
          .power = Power,
          .quantize_tile = QuantizeTile,
          .map8 = MapLevels8,
          .map16 = MapLevels16,
          .map_tile = MapLevelsTile,
          .requantize = RequantizeLevels,
          .requantize_float = RequantizeFloat,
          .sum_columns = SumColumns4,
          .add_levels = AddLevels,
          .levels_to_float = LevelsToFloat,
          .winograd_input = TransformInput,
          .winograd_output = TransformOutput,
          .panel_largest = PanelLargest,
          .panel_quantize = PanelQuantize,
          .quantized = kQuantizedKernels,
          .mlu = kMluKernels};
}
